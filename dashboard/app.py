"""The staff service as one ASGI application: API, stream and pictures native, Dash mounted at /."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from math import inf
from typing import Any

from a2wsgi import WSGIMiddleware
from anyio import to_thread
from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.types import ASGIApp

from alerts.quiet import store as quiet_store
from alerts.settings import AlertsSettings
from alerts.warnings.store import notices
from dashboard import api, evidence_page, health, operations_store, problems, store
from dashboard.api.common import Services
from dashboard.api.operations import canary_json
from dashboard.api.warning_shapes import notice_json
from dashboard.door.callbacks import protect
from dashboard.door.gate import Gate, Headered, content_policy, security_headers
from dashboard.door.password_page import PasswordPage
from dashboard.door.signin import SignIn
from dashboard.pages import CALLBACK_RIGHTS, create_dash
from dashboard.pages.static import map_routes, vendor_routes
from dashboard.problems import Problem
from dashboard.settings import DashboardSettings
from dashboard.shapes import iso
from dashboard.stream.hub import Hub
from dashboard.stream.live import Live, Pulse, Silent, utc_now
from dashboard.walls.page import WallPage
from dashboard.walls.view import wall_view
from database import books
from database.heartbeat import beat
from database.pool import Connection, Pool, connect
from database.settings import DatabaseSettings
from gis.site import MapSite

VERSION = "0.1.0"
# Callbacks are synchronous; each of these threads can hold one of them up.
CALLBACK_THREADS = 16
# Without ingest nothing comes in, without alerts nobody is told: the desk says so.
WATCHED = ("ingest", "alerts")
SILENT_AFTER_S = 15.0  # processes beat every one or two seconds
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


class Staff:
    """The service and what it holds open; `app` is what the server runs.

    clock: what the desks show as the present; aware. alerts: shifts and what counts as noise.
    """

    def __init__(
        self,
        database: DatabaseSettings,
        settings: DashboardSettings,
        site: MapSite,
        clock: Callable[[], datetime] = utc_now,
        alerts: AlertsSettings | None = None,
    ) -> None:
        self.up_since = datetime.now(UTC)
        self.pool = Pool(database, "staff", application="staff")
        self.wall_hub = Hub()
        self.live = Live(
            partial(_listener, database),
            store.Source(),
            Hub(),
            interval_s=settings.staff.push_interval_s,
            pulse=self._say_alive,
            clock=clock,
            walls=(self.wall_hub, wall_view(owners=settings.wall_owners)),
        )
        if site.ground is None:
            raise ValueError("the staff service needs a map opened with public=False")
        self.alerts = alerts or AlertsSettings()
        services = Services(self.pool, self.live, settings, site.ground, self.alerts)
        self.routes = _routes(services, self._lifespan, WallPage(services, self.wall_hub).router)
        self.routes.routes.extend([*vendor_routes(), *map_routes(site)])
        local = lambda: clock().astimezone(settings.zone)  # noqa: E731 - a clock
        dash = create_dash(self.pool, settings, local, services.thresholds)
        protect(dash.server, dash.callback_map, CALLBACK_RIGHTS)
        pages: Any = WSGIMiddleware(dash.server, workers=CALLBACK_THREADS)
        self.routes.mount("/", pages)
        headers = security_headers(
            content_policy(dash.csp_hashes(), site.outside), https=settings.staff.secure_cookies
        )
        service = settings.staff
        gate = Gate(self.routes, self.pool, service.session_hours, service.writes_per_minute)
        self.app: ASGIApp = Headered(gate, headers)

    def end_streams(self) -> None:
        """Before stopping: viewers would otherwise keep their connections for ever."""
        self.live.hub.close()
        self.wall_hub.close()

    def _say_alive(self, conn: Connection) -> Pulse:
        """Beat for this process, and look who of the others does not."""
        detail = {
            "viewers": len(self.live.hub.viewers),
            "walls": len(self.wall_hub.viewers),
            "screen_p95_s": self.live.delay_p95_s(),
        }
        beat(conn, "staff", self.up_since, detail)
        silent = [Silent(*row) for row in operations_store.silent(conn, WATCHED, SILENT_AFTER_S)]
        worst = max(
            books.canaries(conn),
            key=lambda one: inf if one.age_s is None else one.age_s,
            default=None,
        )
        flood = quiet_store.flood_now(conn, self.live.now(), self.alerts.quiet)
        told = {"since": iso(flood.since), "count": flood.count} if flood else None
        found = notices(conn, self.alerts.warnings.notice_min)
        canary = canary_json(worst) if worst else None
        return Pulse(silent, canary, told, tuple(map(notice_json, found)))

    @asynccontextmanager
    async def _lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        self.live.start(asyncio.get_running_loop())
        yield
        self.end_streams()
        await to_thread.run_sync(self.live.stop)
        self.pool.close()


def _routes(services: Services, lifespan: Callable[[FastAPI], object], wall: APIRouter) -> FastAPI:
    routes = FastAPI(
        title="Dongtai",
        version=VERSION,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,  # type: ignore[arg-type] # a bound method of the wanted shape
    )
    routes.state.services = services
    problems.install(routes)
    pages = SignIn(services.pool, services.settings)
    for router in (
        *api.routers(),
        evidence_page.router,
        health.router,
        pages.router,
        PasswordPage(pages).router,
        wall,
    ):
        routes.include_router(router)
    # Dash answers every path with its page: what the API does not know must not get that far.
    for path in ("/api/{rest:path}", "/cam/{rest:path}"):
        routes.add_api_route(path, _nothing, methods=_METHODS, include_in_schema=False)
    return routes


async def _nothing(request: Request) -> None:
    raise Problem(404, f"there is nothing at {request.url.path}")


def _listener(database: DatabaseSettings) -> Connection:
    return connect(database, "staff", application="staff live")
