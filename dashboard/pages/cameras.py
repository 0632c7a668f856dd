"""The camera wall: every camera's newest picture with its age; nothing is written on a picture."""

from dash import html

from dashboard.pages.layout import Say, aria, frame, icon_button
from dashboard.pages.viewer import Viewer


def layout(say: Say, viewer: Viewer, title: str) -> html.Div:
    heading = html.Div(
        [html.H2(say("Pictures")), html.Span(id="wall-count", className="secondary")],
        className="wall-head",
    )
    none = html.P(say("No cameras"), id="wall-none", className="quiet none", hidden=True)
    main = html.Main(
        [heading, none, html.Div(id="wall", className="wall-grid")],
        id="content",
        className="wall-main",
        tabIndex=-1,
    )
    return frame("wall", "/cameras", say, viewer, title, main, _viewer(say))


def _viewer(say: Say) -> html.Dialog:
    picture = html.Figure(
        [
            html.Img(alt="", hidden=True),
            html.Figcaption([html.B(), html.Span(className="secondary")]),
        ],
        id="viewer-picture",
    )
    return html.Dialog(
        [picture, icon_button("viewer-close", "i-close", say("Close"))],
        id="viewer",
        className="viewer",
        **aria(label=say("Large picture")),
    )
