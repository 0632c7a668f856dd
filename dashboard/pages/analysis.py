"""Views of the environment page that look for reasons: trends, roses, distributions."""

from dash import html
from dash.development.base_component import Component

from dashboard.pages.layout import Say, aria


def layouts(say: Say) -> list[html.Div]:
    return [_trends(say), _roses(say), _spread(say)]


def _trends(say: Say) -> html.Div:
    chart = html.Div(
        [
            html.P(id="trends-readout", className="ana-readout", role="status"),
            html.Div(
                id="trends-plot",
                className="ana-plot ana-lines",
                tabIndex=0,
                role="group",
                **aria(label=say("Chart: the arrow keys move the reading line")),
            ),
        ]
    )
    return _view(
        "trends",
        _controls(say, "trends"),
        _figure(say("Lines"), "trends-lines", chart),
        _table(say("In figures"), "trends"),
    )


def _roses(say: Say) -> html.Div:
    return _view(
        "roses",
        _controls(say, "roses"),
        html.P(id="roses-basis", className="ana-basis secondary"),
        html.Div(
            [
                _figure(say("Wind rose"), "roses-wind", _plot("roses-wind")),
                _figure(say("Mean by wind direction"), "roses-mean", _plot("roses-mean")),
                _figure(say("Probability of high values"), "roses-high", _plot("roses-high")),
            ],
            className="ana-grid three",
        ),
        _table(say("In figures"), "roses"),
    )


def _spread(say: Say) -> html.Div:
    return _view(
        "spread",
        _controls(say, "spread"),
        html.P(id="spread-basis", className="ana-basis secondary"),
        html.Div(
            [
                _figure(say("Distribution"), "spread-bins", _plot("spread-bins")),
                _figure(say("Course of the day"), "spread-day", _plot("spread-day")),
                _figure(say("Week and hour"), "spread-week", _plot("spread-week")),
                _figure(say("Paired hours"), "spread-pairs", _plot("spread-pairs")),
            ],
            className="ana-grid two",
        ),
        _table(say("Stations compared"), "spread"),
        _table(say("Hours of the day"), "spread-hours"),
    )


def _view(name: str, *body: Component) -> html.Div:
    return html.Div(list(body), id=f"view-{name}", className="view analysis", hidden=True)


def _controls(say: Say, name: str) -> html.Section:
    return html.Section(
        [
            html.Div(id=f"{name}-pick", className="ana-pick"),
            html.Div(id=f"{name}-range", className="ana-range"),
        ],
        className="ana-controls",
        **aria(label=say("What is chosen")),
    )


def _plot(name: str) -> html.Div:
    return html.Div(id=f"{name}-plot", className="ana-plot")


def _figure(title: str, name: str, body: Component) -> html.Section:
    heading = html.H2([title, html.Span(id=f"{name}-note", className="secondary")])
    head = html.Div([heading, html.Span(id=f"{name}-tools")], className="part-head")
    return html.Section(
        [head, body], id=name, className="data-part ana-figure", **aria(label=title)
    )


def _table(title: str, name: str) -> html.Section:
    return html.Section(
        [
            html.H2([title, html.Span(id=f"{name}-note", className="secondary")]),
            html.Div(id=f"{name}-table", className="table-holder", tabIndex=0),
        ],
        className="data-part",
        **aria(label=title),
    )
