"""The environment page: limits at a glance, trends, discharge and air as judged, and why."""

from dash import html
from dash.development.base_component import Component

from dashboard.pages import analysis, thresholds
from dashboard.pages.layout import Say, aria, data, frame
from dashboard.pages.viewer import Viewer

# The first is what the page opens with; each has its part in assets/environment/environment.mjs.
VIEWS = (
    ("thresholds", "Thresholds"),
    ("trends", "Trends"),
    ("discharge", "Discharge compliance"),
    ("air", "Air quality"),
    ("roses", "Wind roses"),
    ("spread", "Distribution and day"),
)
PERIODS = (
    ("today", "Today"),
    ("yesterday", "Yesterday"),
    ("week", "Last 7 days"),
    ("month", "Last 30 days"),
)
# Of GB 3095: nature reserves and the like; where people live and work.
CLASSES = (("1", "Class 1"), ("2", "Class 2"))


def layout(say: Say, viewer: Viewer, title: str) -> html.Div:
    main = html.Main(
        [
            html.P(id="data-problem", className="data-problem", role="alert", hidden=True),
            thresholds.view(say),
            _discharge(say),
            _air(say),
            *analysis.layouts(say),
        ],
        id="content",
        className="data-main",
        tabIndex=-1,
    )
    return frame("environment", "/environment", say, viewer, title, _bar(say), main)


def _bar(say: Say) -> html.Section:
    return html.Section(
        [
            html.Nav(
                [_switch(say(label), view=name) for name, label in VIEWS],
                className="switches",
                **aria(label=say("Parts of this page")),
            ),
            html.Span(className="spring"),
            html.Span(id="data-as-of", className="secondary"),
            html.Div(
                [_switch(say(label), period=name) for name, label in PERIODS],
                id="periods",
                className="switches",
                role="group",
                **aria(label=say("Time range")),
            ),
            html.A("CSV", id="csv", className="button", title=say("This table as a file")),
        ],
        className="data-bar",
        **aria(label=say("What is shown")),
    )


def _switch(label: str, **named: str) -> html.Button:
    return html.Button(label, type="button", className="switch", **data(**named))


def _discharge(say: Say) -> html.Div:
    return html.Div(
        [
            html.Section(
                [
                    html.Div(id="verdicts", className="verdicts"),
                    html.P(id="compliance-period", className="secondary"),
                ],
                className="verdict-band",
                **aria(label=say("Verdicts")),
            ),
            _part(say("Outfalls and stacks"), "compliance"),
            _footnotes(say, "compliance"),
        ],
        id="view-discharge",
        className="view",
        hidden=True,
    )


def _air(say: Say) -> html.Div:
    stations = html.Div(_part(say("Stations"), "air-stations"), className="data-left")
    station = html.Div(
        [
            _part(say("Days"), "air-days"),
            _part(
                say("Above the limits of GB 3095"),
                "exceedance",
                html.Div(
                    [_switch(say(label), of=number) for number, label in CLASSES],
                    className="switches",
                    role="group",
                    **aria(label=say("Class of the area")),
                ),
                html.A(
                    "CSV",
                    id="exceedance-csv",
                    className="button",
                    title=say("This table as a file"),
                ),
            ),
            _footnotes(say, "air"),
        ],
        className="data-right air-right",
    )
    return html.Div(
        html.Div([stations, station], className="data-columns"),
        id="view-air",
        className="view",
        hidden=True,
    )


def _part(title: str, name: str, *tools: Component) -> html.Section:
    heading = html.H2([title, html.Span(id=f"{name}-note", className="secondary")])
    head = html.Div([heading, *tools], className="part-head") if tools else heading
    return html.Section(
        [head, html.Div(id=f"{name}-table", className="table-holder", tabIndex=0)],
        className="data-part",
        **aria(label=title),
    )


def _footnotes(say: Say, name: str) -> html.Section:
    """What the figures rest on: beside them, not behind a button."""
    return html.Section(
        [html.P(id=f"{name}-basis"), html.Ul(id=f"{name}-doubts")],
        className="footnotes",
        **aria(label=say("What this rests on")),
    )
