"""The staff pages: one Dash application. Its callbacks serve what a person does; what moves live
comes by server-sent events to the scripts in dashboard/assets.
"""

import json
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

import dash
import flask
import psycopg2
from dash import Dash, Input, Output, html

from dashboard.environment.thresholds_kept import Remembered
from dashboard.pages import accounts, cameras, data, desk, duty, environment, rules, warnings
from dashboard.pages.chart import Request, chart
from dashboard.pages.day import station_names
from dashboard.pages.not_found import install_not_found
from dashboard.pages.strings import page_data
from dashboard.pages.tokens import ASSETS
from dashboard.pages.trend import TrendRequest, trend
from dashboard.pages.viewer import viewer
from dashboard.settings import DashboardSettings
from dashboard.text import text
from dashboard.walls import facts as wall_facts
from database.pool import Pool

PLOTLY = "/assets/vendor/plotly-basic.min.js"  # before Dash's own bundle, which it replaces
MAPLIBRE_CSS = "/assets/vendor/maplibre-gl.css"
# Dash loads the style sheets and the entry module; that imports the others.
# A wall has a page of its own, and styles for a whole screen.
NOT_BY_ITSELF = r"^(?!boot\.mjs$|(?!wall\.)\w+\.css$).*"
# path, module name in Dash's registry, layout, its name in the title
PAGES = (
    ("/", "desk", desk.layout, "Desk"),
    ("/duty", "duty", duty.layout, "Duty"),
    ("/environment", "environment", environment.layout, "Environment"),
    ("/warnings", "warnings", warnings.layout, "Warnings"),
    ("/rules", "rules", rules.layout, "Rules"),
    ("/cameras", "cameras", cameras.layout, "Pictures"),
    ("/data", "data", data.layout, "Data"),
    ("/account", "account", accounts.own, "My account"),
    ("/accounts", "accounts", accounts.people, "Accounts"),
    ("/audit", "audit", accounts.audit, "Audit"),
)
# The right that each callback needs (dashboard/door/access.py); Dash's own page switch included.
CALLBACK_RIGHTS = {
    "chart.figure": "see",
    "threshold-chart.figure": "see",
    "_pages_content.children": "see",
    "_pages_store.data": "see",
    "_pages_dummy.children": "see",
}

log = logging.getLogger(__name__)

UNSCRIPTED = "This screen needs JavaScript: switch it on, or telephone who has the desk."
INDEX = """<!DOCTYPE html>
<html lang="{lang}"{theme}>
<head>
{metas}
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
{css}
</head>
<body data-link="connecting">
<noscript><p class="unscripted">{unscripted}</p></noscript>
{app_entry}
<script type="application/json" id="page">{page}</script>
{config}
{scripts}
{renderer}
</body>
</html>
"""


def create_dash(
    pool: Pool,
    settings: DashboardSettings,
    clock: Callable[[], datetime],
    thresholds: Remembered | None = None,
) -> Dash:
    """The application, served under `/`. pool: of the role staff; clock: local time.

    thresholds: what the API has of them, too.
    """
    known = thresholds or Remembered()
    app = StaffDash(
        pool,
        settings,
        clock,
        name="dashboard.pages",
        assets_folder=str(ASSETS),
        assets_ignore=NOT_BY_ITSELF,
        pages_folder="",
        use_pages=True,
        include_pages_meta=False,
        external_scripts=[PLOTLY],
        external_stylesheets=[MAPLIBRE_CSS],
        title=settings.title.zh,
        update_title="",
        enable_mcp=False,
        add_log_handler=False,
    )
    for path, name, layout, label in PAGES:
        dash.register_page(  # type: ignore[no-untyped-call] # Dash's own
            name, path=path, title=_title(label, settings), layout=_page(layout, settings)
        )

    @app.callback(Output("chart", "figure"), Input("chart-request", "data"))
    def show_chart(wanted: object) -> Any:
        request = Request.read(wanted)
        return chart(pool, request, clock(), settings.zone) if request else dash.no_update

    @app.callback(Output("threshold-chart", "figure"), Input("threshold-request", "data"))
    def show_trend(wanted: object) -> Any:
        request = TrendRequest.read(wanted)
        if request is None:
            return dash.no_update
        return trend(pool, known, request, clock(), settings.zone)

    install_not_found(app.server, {path for path, *_ in PAGES}, settings)
    return app


class StaffDash(Dash):
    """Dash whose page carries language, theme and the texts of the scripts from the first byte."""

    def __init__(
        self,
        pool: Pool,
        settings: DashboardSettings,
        clock: Callable[[], datetime],
        **options: Any,
    ) -> None:
        self._pool, self._settings, self._clock = pool, settings, clock
        super().__init__(**options)

    def interpolate_index(self, **parts: Any) -> str:  # type: ignore[override] # Dash names each part
        who = viewer(self._settings.language)
        page = page_data(who.lang, self._settings.time_zone, self._names(), who.name)
        page["bound"] = who.bound
        page["water"] = self._water() if flask.request.path == "/" else {}
        return INDEX.format(
            lang="zh-CN" if who.lang == "zh" else "en",
            theme=f' data-theme="{who.theme}"' if who.theme else "",
            unscripted=text(who.lang)(UNSCRIPTED),
            page=json.dumps(page, ensure_ascii=False).replace("<", "\\u003c"),
            **(parts | {"title": _title(_label(flask.request.path), self._settings)()}),
        )

    def _names(self) -> dict[str, str]:
        """While the database is away the page still comes, and says that the link is lost."""
        try:
            with self._pool.transaction() as conn:
                return station_names(conn)
        except psycopg2.Error as error:
            log.warning("the page has no station names to search: %s", str(error).strip())
            return {}

    def _water(self) -> dict[str, Any]:
        """What each reservoir holds when full, for its marker on the map; empty: not known."""
        try:
            with self._pool.transaction() as conn:
                return wall_facts.water(conn, self._clock())
        except psycopg2.Error as error:
            log.warning("the map cannot say how full reservoirs are: %s", str(error).strip())
            return {}


def _label(path: str) -> str | None:
    return next((label for of, _, _, label in PAGES if of == path), None)


def _title(label: str | None, settings: DashboardSettings) -> Callable[..., str]:
    """The browser's title, in the viewer's language: Dash sets it anew when its page has come."""

    def of_request(**_: Any) -> str:
        lang = viewer(settings.language).lang
        title = settings.title.zh if lang == "zh" else settings.title.en
        return f"{text(lang)(label)} · {title}" if label else title

    return of_request


def _page(layout: Callable[..., html.Div], settings: DashboardSettings) -> Callable[..., html.Div]:
    def of_request(**_: Any) -> html.Div:
        who = viewer(settings.language)
        title = settings.title.zh if who.lang == "zh" else settings.title.en
        return layout(text(who.lang), who, title)

    return of_request
