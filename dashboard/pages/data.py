"""The data page: the ledger with its gap, the stations' completeness, the quarantine."""

from dash import html

from dashboard.door.access import INSPECT, REPLAY, RIGHTS
from dashboard.pages.layout import Say, aria, data, frame
from dashboard.pages.viewer import Viewer

SPANS = (("24", "24 h"), ("168", "7 days"))


def layout(say: Say, viewer: Viewer, title: str) -> html.Div:
    rights = RIGHTS.get(viewer.role, set())
    main = html.Main(
        [
            html.P(id="data-problem", className="data-problem", role="alert", hidden=True),
            _books(say),
            _quarantine(say, inspects=INSPECT in rights),
        ],
        id="content",
        className="data-main",
        tabIndex=-1,
        **data(replays="yes" if REPLAY in rights else "no"),
    )
    return frame("data", "/data", say, viewer, title, _bar(say, inspects=INSPECT in rights), main)


def _bar(say: Say, *, inspects: bool) -> html.Section:
    views = [("books", say("Ledger and stations"))]
    if inspects:
        views.append(("quarantine", say("Quarantine")))
    tabs = [
        html.Button(
            [label, html.B(id=f"tab-{name}-count", className="tab-count")],
            type="button",
            className="switch",
            **data(view=name),
        )
        for name, label in views
    ]
    spans = [
        html.Button(say(label), type="button", className="switch", **data(hours=hours))
        for hours, label in SPANS
    ]
    return html.Section(
        [
            html.Nav(tabs, className="switches", **aria(label=say("Parts of this page"))),
            html.Span(className="spring"),
            html.Span(id="data-as-of", className="secondary"),
            html.Div(
                spans,
                id="data-spans",
                className="switches",
                role="group",
                **aria(label=say("Time range")),
            ),
        ],
        className="data-bar",
        **aria(label=say("What is shown")),
    )


# ---- the ledger and the stations


def _books(say: Say) -> html.Div:
    balance = html.Section(
        [
            html.Div(id="balance", className="balance"),
            html.Div(id="equation", className="equation"),
            html.Div(id="canaries", className="canaries"),
        ],
        className="balance-band",
        **aria(label=say("Balance")),
    )
    ledger = html.Div(
        [
            _part(say("By source"), "feeds", say("One row a source; choose one to see its hours")),
            _part(say("By hour"), "hours", ""),
        ],
        className="data-left",
    )
    stations = html.Div(
        _part(
            say("Stations"),
            "stations",
            say("Completeness: usable readings of those expected by the station's interval"),
        ),
        className="data-right",
    )
    return html.Div(
        [balance, html.Div([ledger, stations], className="data-columns")],
        id="view-books",
        className="view",
    )


def _part(title: str, name: str, note: str) -> html.Section:
    heading = html.H2([title, html.Span(note, id=f"{name}-note", className="secondary")])
    return html.Section(
        [heading, html.Div(id=f"{name}-table", className="table-holder", tabIndex=0)],
        className="data-part",
        **aria(label=title),
    )


# ---- the quarantine


def _quarantine(say: Say, *, inspects: bool) -> html.Div:
    groups = html.Section(
        [
            html.H2([say("By reason"), html.Span(id="groups-note", className="secondary")]),
            html.Ul(id="groups", className="groups"),
            html.P(say("Nothing is quarantined"), id="groups-none", className="none", hidden=True),
        ],
        className="data-part group-part",
        **aria(label=say("By reason")),
    )
    group = html.Section(
        [
            html.Div(
                [
                    html.H2([html.Span(id="group-name"), html.Span(id="group-code")]),
                    html.Button(
                        say("Replay this group"),
                        id="replay",
                        type="button",
                        className="button primary",
                        hidden=True,
                    ),
                ],
                className="group-head",
            ),
            html.P(id="group-why", className="group-why"),
            html.P(id="replay-said", className="replay-said", role="status"),
            html.Ul(id="replays", className="replays"),
            html.Ul(id="messages", className="messages"),
            html.Button(
                say("Older messages"), id="older", type="button", className="button", hidden=True
            ),
        ],
        id="group",
        className="data-part message-part",
        hidden=True,
        **aria(label=say("Messages of this reason")),
    )
    none = html.P(
        say("Choose a reason to see its messages"),
        id="group-none",
        className="group-none",
        hidden=True,
    )
    parts = [groups, group, none] if inspects else []
    return html.Div(parts, id="view-quarantine", className="view quarantine", hidden=True)
