"""The duty desk: places for the board, list, map and drawer, which the scripts fill and keep."""

from typing import Any

from dash import dcc, html

from dashboard.door.access import ACKNOWLEDGE, ENTER, MARK, RIGHTS, SERVICE, WARN
from dashboard.pages import map_tools, outlook, plume, replay
from dashboard.pages.layout import Say, aria, data, frame, icon_button
from dashboard.pages.viewer import Viewer

# plotly: no cloud buttons, no logo, nothing to zoom by accident (MEASURED: 7).
CHART_CONFIG: Any = {
    "displayModeBar": False,
    "displaylogo": False,
    "showSendToCloud": False,
    "plotlyServerURL": "",
    "scrollZoom": False,
    "doubleClick": False,
}


def layout(say: Say, viewer: Viewer, title: str) -> html.Div:
    board = html.Section(id="board", className="board", **aria(label=say("Severity board")))
    main = html.Main(
        [_list(say), _map(say), _drawer(say, viewer)], id="content", className="main", tabIndex=-1
    )
    past, strip = replay.banner(say), replay.strip(say)
    parts = (past, _tabs(say), board, _flood(say), main, strip)
    return frame("desk", "/", say, viewer, title, *parts)


def _flood(say: Say) -> html.Section:
    """One line while more alerts come than anybody can take in; the script fills it."""
    return html.Section(
        [
            html.B(id="flood-what"),
            html.Span(id="flood-first", className="flood-first"),
            html.Span(id="flood-kinds", className="flood-kinds"),
        ],
        id="flood",
        className="flood",
        hidden=True,
        **aria(label=say("Alarm flood")),
    )


def _tabs(say: Say) -> html.Nav:
    buttons = [
        html.Button(say(label), type="button", className="tab", **data(tab=name))
        for name, label in (("list", "List"), ("map", "Map"))
    ]
    buttons.append(html.Button(say("Replay"), id="replay-tab", type="button", className="tab"))
    return html.Nav(buttons, className="tabs", **aria(label=say("List or map")))


# ---- list


def _list(say: Say) -> html.Section:
    none = html.P(say("Nothing to acknowledge"), id="waiting-none", className="quiet none")
    return html.Section(
        [
            html.Div(
                [
                    _part(say("To acknowledge"), "waiting", none),
                    _part(say("Acknowledged"), "taken"),
                    _part(say("Over, acknowledged by nobody"), "returned"),
                    _part(say("Set aside"), "aside"),
                    _part(say("No data and stale"), "silent"),
                ],
                className="list-scroll",
            ),
            _keys(say),
            replay.keys(say),
        ],
        className="list",
        **aria(label=say("Alerts")),
    )


def _part(title: str, name: str, *more: html.P) -> html.Div:
    heading = html.H2([title, " ", html.B("0", id=f"{name}-count")], className="list-title")
    rest = html.Button(id=f"{name}-more", type="button", className="list-more", hidden=True)
    rows = html.Ul(id=name, className="rows")
    return html.Div([heading, *more, rows, rest], id=f"{name}-part")


def _keys(say: Say) -> html.Div:
    keys = (("J K", "next"), ("A", "ack"), ("S", "shelve"), ("M", "map"), ("/", "search"))
    return html.Div(
        [
            html.Span([*(html.Kbd(key) for key in names.split()), say(label)])
            for names, label in keys
        ],
        className="keys",
    )


# ---- map


def _map(say: Say) -> html.Div:
    tools = html.Div(
        [
            icon_button("zoom-in", "i-plus", say("Zoom in")),
            icon_button("zoom-out", "i-minus", say("Zoom out")),
            icon_button("zoom-home", "i-home", say("Whole district")),
            *map_tools.buttons(say),
            icon_button("replay-open", "i-replay", say("Replay (R)")),
        ],
        className="tools",
    )
    overview = html.Div(
        [
            html.Canvas(id="overview-map"),
            html.Div(id="overview-frame", className="overview-frame"),
        ],
        className="overview",
        **aria(hidden="true"),
    )
    return html.Div(
        [
            html.Div(id="map", className="map"),
            html.Div(id="pointers", className="pointers"),
            html.Div(id="map-tip", className="map-tip", hidden=True),
            html.Ul(
                id="place-list",
                className="place-list",
                hidden=True,
                **aria(label=say("Stations at this place")),
            ),
            *plume.card(say),
            tools,
            *map_tools.panels(say),
            overview,
        ],
        className="map-panel",
    )


# ---- drawer


def _drawer(say: Say, viewer: Viewer) -> html.Aside:
    head = html.Div(
        [
            html.Span(id="drawer-shape", className="drawer-shape"),
            html.Div(
                [
                    html.H2(
                        [html.Span(id="drawer-name"), html.Span(id="drawer-sample")],
                        className="drawer-name",
                    ),
                    html.P(
                        [html.Span(id="drawer-facts"), html.Span(id="drawer-words")],
                        id="drawer-state",
                        className="secondary",
                    ),
                ],
                className="drawer-title",
            ),
            icon_button("drawer-close", "i-close", say("Close")),
        ],
        className="drawer-head",
    )
    body = [
        *(_values(say), _why(say), _act(say, viewer), outlook.block(say)),
        *(_chart(say), _report(say), _marks(say, viewer)),
        *(_hazard(say, viewer), _toxic(say)),
        *(_look(say), _todo(say), _told(say), *_warn(say, viewer), _life(say)),
    ]
    return html.Aside(
        [head, html.Div(body, id="drawer-body", className="drawer-body", tabIndex=0)],
        id="drawer",
        className="drawer",
        hidden=True,
        **aria(label=say("Station")),
    )


def _values(say: Say) -> html.Div:
    return html.Div(
        id="drawer-values", className="values", role="group", **aria(label=say("Values"))
    )


def _report(say: Say) -> html.P:
    """Where the day's verdicts of an outfall, stack or air station stand."""
    link = html.A(say("Means against their limits"), id="drawer-report", href="/environment")
    return html.P(link, className="part secondary", hidden=True)


def _why(say: Say) -> html.Section:
    return html.Section(
        [html.Ul(id="why-list"), html.P(id="drawer-flap", className="secondary", hidden=True)],
        id="drawer-why",
        className="part whys",
        hidden=True,
        **aria(label=say("Why")),
    )


def _act(say: Say, viewer: Viewer) -> html.Section:
    """What keeps it quiet, and what a person can do; the script fills it and opens the forms."""
    rights = RIGHTS.get(viewer.role, ())
    return html.Section(
        [
            html.Ul(id="act-facts", className="act-facts"),
            html.Div(id="act-buttons", className="act-buttons"),
            html.Div(id="act-form"),
        ],
        id="drawer-act",
        className="part",
        hidden=True,
        **data(
            act="yes" if ACKNOWLEDGE in rights else "no",
            service="yes" if SERVICE in rights else "no",
        ),
        **aria(label=say("What can be done")),
    )


def _told(say: Say) -> html.Section:
    """Who was told of the alert, by which way."""
    title = html.H3([say("Told to"), " ", html.Span(id="told-note", className="quiet")])
    return html.Section(
        [title, html.Ul(id="told-list")],
        id="drawer-told",
        className="part tolds",
        hidden=True,
        **aria(label=say("Told to")),
    )


def _chart(say: Say) -> html.Section:
    title = html.H3(
        [
            *(html.Span(id="chart-title"), " ", html.Span(id="chart-unit", className="quiet")),
            html.Span(id="chart-tools"),
        ],
        className="part-title",
    )
    graph = dcc.Graph(id="chart", config=CHART_CONFIG, responsive=True, style={"height": "100%"})
    return html.Section(
        [
            title,
            html.Div([graph, html.P(id="chart-wait", className="chart-wait")], className="chart"),
            dcc.Store(id="chart-request"),
        ],
        id="drawer-chart",
        className="part",
        **aria(label=say("Chart")),
    )


def _marks(say: Say, viewer: Viewer) -> html.Section:
    """What people said of the readings above; the script fills it and opens the form."""
    opener = html.Button(
        say("Mark readings"),
        id="mark-open",
        type="button",
        className="button small",
        **aria(expanded="false", controls="mark-form"),
    )
    head = html.Div(
        [
            html.H3([say("Marks"), " ", html.B(id="marks-count")], className="part-title"),
            *([opener] if MARK in RIGHTS.get(viewer.role, ()) else []),
        ],
        className="marks-head",
    )
    more = html.Button(id="marks-more", type="button", className="link-button", hidden=True)
    return html.Section(
        [head, html.Div(id="mark-form"), html.Ul(id="marks", className="marks"), more],
        id="drawer-marks",
        className="part",
        hidden=True,
        **aria(label=say("Marks")),
    )


def _hazard(say: Say, viewer: Viewer) -> html.Section:
    """A plant as a major hazard, and its tanks; the script fills it and opens the form."""
    return html.Section(
        [
            html.H3(
                [say("Major hazard"), html.Span(id="hazard-standard", className="quiet")],
                className="part-title between",
            ),
            html.Dl(id="hazard-grades", className="hazard-grades"),
            html.Ul(id="tanks", className="tanks"),
            html.P(id="hazard-notes", className="secondary small-print"),
        ],
        id="drawer-hazard",
        className="part",
        hidden=True,
        **data(enter="yes" if ENTER in RIGHTS.get(viewer.role, ()) else "no"),
        **aria(label=say("Major hazard")),
    )


def _toxic(say: Say) -> html.Section:
    return html.Section(
        [
            html.H3(id="toxic-title", className="part-title"),
            html.Ul(id="toxic", className="toxic"),
            html.P(id="toxic-notes", className="secondary small-print"),
        ],
        id="drawer-toxic",
        className="part",
        hidden=True,
        **aria(label=say("Toxic limits")),
    )


def _look(say: Say) -> html.Div:
    picture = html.Figure(
        [
            html.Img(alt="", hidden=True),
            html.Figcaption([html.Span(), html.Span(className="secondary")]),
        ],
        id="drawer-picture",
        className="picture",
        hidden=True,
    )
    neighbours = html.Div(
        [html.H3(say("Neighbours"), className="part-title"), html.Ul(id="neighbours")],
        className="neighbours",
    )
    return html.Div([picture, neighbours], className="part look")


def _todo(say: Say) -> html.Section:
    rows = [
        html.Div([html.H3(say(title), className="part-title"), html.P(id=name)])
        for name, title in (
            ("todo-action", "What to do"),
            ("todo-call", "Whom to call"),
            ("todo-consequence", "If nothing is done"),
            ("todo-cause", "Likely cause"),
        )
    ]
    return html.Section(rows, id="drawer-todo", className="part todo", hidden=True)


def _warn(say: Say, viewer: Viewer) -> list[html.P]:
    """To a warning to the public, written of the alert that is shown."""
    if WARN not in RIGHTS.get(viewer.role, ()):
        return []
    link = html.A(
        say("Warn the public of this"), id="drawer-warn", className="button", href="/warnings"
    )
    return [html.P(link, className="part warn-link", hidden=True)]


def _life(say: Say) -> html.Section:
    title = html.H3(
        [say("Course of the alert"), html.Span(id="life-rule", className="quiet")],
        className="part-title between",
    )
    return html.Section(
        [
            title,
            html.Ol(id="life", className="life"),
            html.Dl(id="evidence", hidden=True),
            html.P(
                [
                    html.A(say("Evidence"), id="evidence-link", target="_blank", rel="noopener"),
                    html.Span(id="evidence-seal", className="secondary"),
                ],
                className="evidence-line",
            ),
        ],
        id="drawer-life",
        className="part",
        hidden=True,
    )
