"""Thresholds at a glance: every series with limits, and beside it the one that is chosen."""

from dash import dcc, html

from dashboard.pages.desk import CHART_CONFIG
from dashboard.pages.layout import Say, aria, data
from dashboard.pages.trend import DEFAULT_H, LENGTHS_H


def view(say: Say) -> html.Div:
    return html.Div(
        [_table(say), _side(say)],
        id="view-thresholds",
        className="view thresholds",
    )


def _table(say: Say) -> html.Section:
    return html.Section(
        [
            html.Div(
                [
                    html.H2(say("Thresholds")),
                    html.P(id="threshold-counts", className="secondary"),
                    # The script puts the fields here: typing is the browser's own business.
                    html.Div(id="threshold-filter", className="th-filter"),
                ],
                className="th-head",
            ),
            html.P(id="threshold-apart", className="th-apart", role="status"),
            html.Div(id="threshold-table", className="th-scroll"),
            html.P(
                [
                    html.Kbd("J"), " ", html.Kbd("K"), " ",
                    html.Span(say("next, previous row")),
                ],
                className="th-keys secondary",
            ),
        ],
        id="threshold-left",
        className="th-left",
        **aria(label=say("Thresholds")),
    )  # fmt: skip


def _side(say: Say) -> html.Section:
    return html.Section(
        [
            html.P(say("Choose a row"), id="threshold-none", className="none quiet"),
            html.Div(
                [
                    html.Button(
                        say("Back to the table"),
                        id="threshold-close",
                        type="button",
                        className="button th-close",
                    ),
                    _trend(say),
                    _calendar(say),
                    html.Div([_quality(say), _ledger(say)], className="th-bottom"),
                ],
                id="threshold-side-body",
                hidden=True,
            ),
        ],
        id="threshold-side",
        className="th-right",
        tabIndex=-1,
        **aria(label=say("The chosen series")),
    )


def _trend(say: Say) -> html.Section:
    spans = [
        html.Button(
            say("{h} h", h=h) if h < 168 else say("{n} days", n=h // 24),
            type="button",
            className="switch",
            **data(hours=str(h)),
            **aria(pressed=str(h == DEFAULT_H).lower()),
        )
        for h in LENGTHS_H
    ]
    graph = dcc.Graph(
        id="threshold-chart", config=CHART_CONFIG, responsive=True, style={"height": "100%"}
    )
    return html.Section(
        [
            html.Div(
                [
                    html.H2(id="threshold-title"),
                    html.P(id="threshold-of", className="secondary"),
                    html.Div(spans, className="switches", role="group",
                             **aria(label=say("Time range"))),
                ],
                className="th-head",
            ),
            html.P(id="threshold-words", className="th-sentence"),
            html.Div(
                [graph, html.P(id="threshold-wait", className="chart-wait")],
                id="threshold-plot",
                className="th-chart",
            ),
            dcc.Store(id="threshold-request"),
        ],
        className="th-part",
        **aria(label=say("Trend")),
    )  # fmt: skip


def _calendar(say: Say) -> html.Section:
    return html.Section(
        [
            html.Div(
                [
                    html.H2(say("Exceedance calendar")),
                    html.P(id="threshold-calendar-of", className="secondary"),
                    html.P(id="threshold-legend", className="th-legend secondary"),
                ],
                className="th-head",
            ),
            html.Div(id="threshold-calendar", className="th-calendar"),
            html.P(id="threshold-day", className="th-day secondary", role="status"),
        ],
        className="th-part",
        **aria(label=say("Exceedance calendar")),
    )


def _quality(say: Say) -> html.Section:
    return html.Section(
        [
            html.Div(
                [
                    html.H2(say("Data quality")),
                    html.P(
                        say("last 24 h, a cell an hour: full, doubtful, missing"),
                        className="secondary",
                    ),
                ],
                className="th-head",
            ),
            html.Div(id="threshold-quality"),
        ],
        className="th-part",
        **aria(label=say("Data quality")),
    )


def _ledger(say: Say) -> html.Section:
    return html.Section(
        html.Dl(id="threshold-ledger"),
        className="th-ledger",
        **aria(label=say("Ledger of today")),
    )
