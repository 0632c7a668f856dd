"""The rules page: which rules there are, one of them to read or edit, and what it would have done.

The scripts fill the places and own what is written in them: nothing that comes live touches a form.
"""

from dash import html

from dashboard.door.access import RIGHTS, TUNE
from dashboard.pages.layout import Say, aria, data, frame
from dashboard.pages.viewer import Viewer

SHOWN = (("in_force", "In force"), ("retired", "Retired"), ("all", "All"))
PARTS = (("form", "Rule"), ("versions", "Versions"))


def layout(say: Say, viewer: Viewer, title: str) -> html.Div:
    may = TUNE in RIGHTS.get(viewer.role, set())
    main = html.Main(
        [
            html.P(id="data-problem", className="data-problem", role="alert", hidden=True),
            html.Div([_list(say), _rule(say, may=may)], className="rules-columns"),
        ],
        id="content",
        className="data-main",
        tabIndex=-1,
        **data(may="tune" if may else "see"),
    )
    return frame("rules", "/rules", say, viewer, title, _bar(say, may=may), main)


def _bar(say: Say, *, may: bool) -> html.Section:
    switches = [
        html.Button(say(label), type="button", className="switch", **data(state=name))
        for name, label in SHOWN
    ]
    new = html.Button(say("New rule"), id="rule-new", type="button", className="button")
    return html.Section(
        [
            html.Div(
                switches, className="switches", role="group", **aria(label=say("Which rules"))
            ),
            html.Span(className="spring"),
            html.Span(id="data-as-of", className="secondary"),
            *([new] if may else []),
        ],
        className="data-bar",
        **aria(label=say("What is shown")),
    )


def _list(say: Say) -> html.Section:
    return html.Section(
        [
            # The script puts the field here: typing is the browser's own business.
            html.Div(id="rules-find", className="rules-find"),
            html.Ul(id="rules-list", className="rules-list"),
            html.P(say("No rule is like that."), id="rules-none", className="quiet none"),
        ],
        className="rules-left",
        **aria(label=say("Rules")),
    )


def _rule(say: Say, *, may: bool) -> html.Section:
    parts = [
        html.Button(say(label), type="button", className="switch", **data(part=name))
        for name, label in PARTS
    ]
    head = html.Div(
        [
            html.Button(
                say("All rules"), id="rule-back", type="button", className="button rule-back"
            ),
            html.Div(
                [
                    html.H2(id="rule-name"),
                    html.P(id="rule-line", className="secondary"),
                ],
                className="rule-title",
            ),
            html.Div(parts, className="switches", role="group", **aria(label=say("What of it"))),
        ],
        className="rule-head",
    )
    trial = html.Section(id="rule-trial", className="rule-trial", **aria(label=say("Back-test")))
    return html.Section(
        [
            html.P(say("Choose a rule."), id="rule-none", className="quiet none"),
            html.Div(
                [
                    head,
                    html.P(id="rule-news", className="rule-news", role="status", hidden=True),
                    html.Div(
                        [html.Div(id="rule-form", className="rule-form-holder"), trial],
                        id="rule-work",
                        className="rule-work",
                    ),
                    html.Ol(id="rule-versions", className="rule-versions", hidden=True),
                ],
                id="rule",
                className="rule",
                hidden=True,
            ),
        ],
        className="rules-right",
        **aria(label=say("Rule")),
        **data(trial="yes" if may else "no"),
    )
