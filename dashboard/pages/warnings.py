"""The page of warnings: what is written, waits and holds; an editor; the second person's panel."""

from dash import html

from dashboard.door.access import APPROVE, RIGHTS, WARN
from dashboard.pages.layout import Say, aria, data, frame
from dashboard.pages.viewer import Viewer


def layout(say: Say, viewer: Viewer, title: str) -> html.Div:
    rights = RIGHTS.get(viewer.role, set())
    main = html.Main(
        [_list(say, writes=WARN in rights), _message(say), _side(say)],
        id="content",
        className="warn-main",
        tabIndex=-1,
        **data(
            writes="yes" if WARN in rights else "no",
            approves="yes" if APPROVE in rights else "no",
        ),
    )
    return frame("warnings", "/warnings", say, viewer, title, main)


def _list(say: Say, *, writes: bool) -> html.Section:
    new = html.Button(say("New warning"), id="warn-new", type="button", className="button")
    return html.Section(
        [
            html.Div(
                [
                    html.H2(say("Warnings")),
                    html.Span(className="spring"),
                    *([new] if writes else []),
                ],
                className="warn-head",
            ),
            html.P(id="data-problem", className="data-problem", role="alert", hidden=True),
            html.P(
                say("No warning has been written yet."),
                id="warn-empty",
                className="group-none",
                hidden=True,
            ),
            html.Div(id="warn-list", className="warn-list"),
        ],
        className="warn-left",
        **aria(label=say("Warnings")),
    )


def _message(say: Say) -> html.Section:
    none = html.P(
        say("Choose a warning, or write a new one. A second person approves it."),
        id="warn-none",
        className="group-none",
    )
    return html.Section(
        [none, html.Div(id="warn-message", className="warn-message", hidden=True)],
        className="warn-middle",
        **aria(label=say("Warning")),
    )


def _side(say: Say) -> html.Section:
    return html.Section(
        [
            html.Div(
                [
                    html.Div(
                        id="warn-map",
                        className="warn-map",
                        role="group",
                        **aria(label=say("Map of the area")),
                    ),
                    html.P(id="warn-map-said", className="warn-map-said", role="status"),
                ],
                className="warn-map-holder",
            ),
            html.Section(
                [
                    html.Div(
                        [
                            html.H3(say("As the public sees it"), className="part-title"),
                            html.Div(
                                [
                                    html.Button(
                                        label,
                                        type="button",
                                        className="switch",
                                        lang=lang,
                                        **data(preview=lang),
                                    )
                                    for lang, label in (("zh", "中文"), ("en", "English"))
                                ],
                                className="switches",
                                role="group",
                                **aria(label=say("Language of the preview")),
                            ),
                        ],
                        className="warn-preview-head",
                    ),
                    html.Div(id="warn-preview", className="warn-preview"),
                ],
                id="warn-preview-part",
                className="warn-part",
                **aria(label=say("As the public sees it")),
            ),
        ],
        id="warn-side",
        className="warn-side",
        hidden=True,
        **aria(label=say("Area and preview")),
    )
