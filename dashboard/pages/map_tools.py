"""The tools of the desk's map: layers, measuring, what is near; places that the scripts fill."""

from dash import html
from dash.development.base_component import Component

from dashboard.pages.layout import Say, aria, data, icon_button


def buttons(say: Say) -> list[html.Button]:
    return [
        _opener("map-layers", "i-layers", say("Layers of the map"), "layers-panel"),
        html.Button(
            id="map-measure",
            type="button",
            title=say("Measure"),
            className="icon-button",
            **aria(label=say("Measure"), pressed="false"),
            **data(icon="i-ruler"),
        ),
    ]


def _opener(name: str, icon: str, label: str, controls: str) -> html.Button:
    return html.Button(
        id=name,
        type="button",
        title=label,
        className="icon-button",
        **aria(label=label, expanded="false", controls=controls),
        **data(icon=icon),
    )


def panels(say: Say) -> list[Component]:
    hidden = html.Button(
        [html.Span(**data(icon="i-layers")), html.Span(id="map-hidden-words")],
        id="map-hidden",
        type="button",
        className="map-float map-hidden",
        hidden=True,
    )
    cross = html.Div(id="map-cross", className="map-cross", hidden=True, **aria(hidden="true"))
    pin = html.Div(id="map-pin", className="map-pin", hidden=True, **aria(hidden="true"))
    return [hidden, cross, pin, _layers(say), _measure(say), _near(say)]


def _layers(say: Say) -> html.Section:
    head = html.Div(
        [
            html.H2(say("Layers of the map"), className="float-title"),
            icon_button("layers-close", "i-close", say("Close")),
        ],
        className="float-head",
    )
    return html.Section(
        [head, html.Div(id="layers-body", className="layers-body")],
        id="layers-panel",
        className="map-float layers-panel",
        hidden=True,
        **aria(label=say("Layers of the map")),
    )


def _measure(say: Say) -> html.Section:
    kinds = [
        html.Button(
            say(label),
            type="button",
            className="switch",
            **data(measure=name),
            **aria(pressed="false"),
        )
        for name, label in (("distance", "Distance"), ("area", "Surface area"))
    ]
    back = html.Button(
        say("Remove the last point"), id="measure-back", type="button", className="button small"
    )
    end = html.Button(say("End"), id="measure-end", type="button", className="button small")
    said = html.Div(
        [
            html.B("—", id="measure-result", className="measure-result"),
            html.Span(id="measure-note", className="secondary"),
        ],
        className="measure-said",
        role="status",
    )
    return html.Section(
        [
            html.Div(kinds, className="switches"),
            said,
            html.Div([back, end], className="float-acts"),
        ],
        id="measure-box",
        className="map-float measure-box",
        hidden=True,
        **aria(label=say("Measure")),
    )


def _near(say: Say) -> html.Section:
    head = html.Div(
        [
            html.H2(say("Near this place"), id="near-title", className="float-title", tabIndex=-1),
            icon_button("near-close", "i-close", say("Close")),
        ],
        className="float-head",
    )
    place = html.P(
        [
            html.B(id="near-at"),
            html.Span("WGS-84", className="quiet"),
            html.Button(say("Copy"), id="near-copy", type="button", className="link-button"),
            html.Span(id="near-said", className="secondary", role="status"),
        ],
        className="near-at",
    )
    columns = ("Within", "People", "Schools", "Hospitals", "Care homes", "Shelters")
    people = html.Table(
        [
            html.Thead(html.Tr([html.Th(say(each), scope="col") for each in columns])),
            html.Tbody(id="near-people"),
        ],
        className="near-table",
    )
    body = [
        place,
        html.Ul(id="near-over", className="near-over"),
        html.P(id="near-wind", className="secondary"),
        html.Ul(id="near-stations", className="near-stations"),
        people,
        html.P(id="near-source", className="quiet small-print"),
    ]
    return html.Section(
        [
            head,
            html.Div(
                body,
                className="near-body",
                tabIndex=0,
                role="group",
                **aria(label=say("Near this place")),
            ),
        ],
        id="near-card",
        className="map-float near-card",
        hidden=True,
        **aria(label=say("Near this place")),
    )
