"""The card of a footprint on the map: places that assets/map/plume_card.mjs fills."""

from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard.pages.layout import Say, aria, data, icon_button


def card(say: Say) -> list[Component]:
    """The places for reaches on the map, the card, and the button that brings it back."""
    shown = html.Section(
        [_head(say), html.Div(_body(say), className="plume-body")],
        id="plume-card",
        className="plume-card",
        hidden=True,
        tabIndex=0,
        **aria(label=say("Footprint (estimate)")),
    )
    opener = html.Button(
        say("Footprint (estimate)"),
        id="plume-open",
        type="button",
        className="button plume-open",
        hidden=True,
        **data(icon="i-people"),
    )
    leaders = html.Div(id="plume-leaders", className="leaders", **aria(hidden="true"))
    return [leaders, shown, opener]


def _head(say: Say) -> html.Div:
    return html.Div(
        [
            html.Span(**data(icon="i-people")),
            html.H2(say("Footprint (estimate)"), className="plume-title"),
            html.Span(say("what-if"), id="plume-what-if", className="plume-if", hidden=True),
            html.Span(id="plume-time", className="plume-time"),
            icon_button("plume-centre", "i-locate", say("Show the whole footprint")),
            icon_button("plume-close", "i-close", say("Close the footprint")),
        ],
        className="plume-head",
    )


def _body(say: Say) -> list[Component]:
    places = [say("Places"), " ", html.B(id="plume-places-count")]
    return [
        html.P(id="plume-headline", className="plume-headline", role="status"),
        html.P(id="plume-first", className="plume-first"),
        html.Ul(id="plume-legend", className="plume-legend"),
        html.P(id="plume-rests", className="plume-rests"),
        html.Ul(id="plume-grave", className="plume-grave"),
        html.Div(
            [
                _more("plume-advice-part", say("What to do"), html.Ol(id="plume-advice")),
                _more("plume-places-part", places, html.Ul(id="plume-places")),
                _more("plume-basis-part", say("Basis"), html.Ul(id="plume-caveats")),
            ],
            className="plume-folded",
        ),
        html.Div(_buttons(say), className="plume-buttons"),
        html.Form(id="plume-form", className="plume-form", hidden=True),
    ]


def _buttons(say: Say) -> list[Component]:
    return [
        html.Button(
            say("What if"),
            id="plume-try",
            type="button",
            className="button small",
            **aria(expanded="false", controls="plume-form"),
        ),
        html.Button(
            say("Back to live"),
            id="plume-back",
            type="button",
            className="button small",
            hidden=True,
        ),
    ]


def _more(name: str, title: Any, content: Component) -> html.Details:
    """Folded away until somebody wants it."""
    return html.Details([html.Summary(title), content], id=name, className="plume-more")
