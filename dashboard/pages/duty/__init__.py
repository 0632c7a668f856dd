"""The duty page: how the shift goes, what is noisy, stale or set aside, who is on duty, was told.

A section a module: its `block` makes the places, a script of its own name in assets/duty/
fills them (duty.mjs lists these).
"""

from collections.abc import Callable

from dash import html

from dashboard.pages.duty import chatter, receipts, rota, score, shelved, stale
from dashboard.pages.layout import Say, aria, frame
from dashboard.pages.viewer import Viewer

# In the order of the page: who is there comes before how it went.
SECTIONS: tuple[Callable[[Say, Viewer], html.Section], ...] = (
    rota.block,
    score.block,
    shelved.block,
    stale.block,
    chatter.block,
    receipts.block,
)


def layout(say: Say, viewer: Viewer, title: str) -> html.Div:
    main = html.Main(
        [
            html.P(id="data-problem", className="data-problem", role="alert", hidden=True),
            html.Div([block(say, viewer) for block in SECTIONS], className="duty-sections"),
        ],
        id="content",
        className="data-main",
        tabIndex=-1,
    )
    return frame("duty", "/duty", say, viewer, title, _bar(say), main)


def _bar(say: Say) -> html.Section:
    return html.Section(
        [
            html.Span(id="duty-shift", className="duty-shift"),
            html.Span(className="spring"),
            html.Span(id="data-as-of", className="secondary"),
        ],
        className="data-bar",
        **aria(label=say("What is shown")),
    )
