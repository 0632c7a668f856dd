"""The public service put together: fast documents, API, stream, pictures, files, health."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import orjson
from fastapi import FastAPI, Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from dashboard import problems
from dashboard.problems import Problem
from dashboard.public import api, warnings_api
from dashboard.public.assets import Assets
from dashboard.public.documents import Document, document
from dashboard.public.fast import App, Fast
from dashboard.public.http import FOR_EVER, answer
from dashboard.public.keeper import Keeper
from dashboard.public.live import BEAT_S, Hub
from dashboard.public.render import plain_html
from dashboard.public.snapshot import HTML, JSON
from dashboard.settings import PublicSettings
from dashboard.stream.packing import takes_packed
from dashboard.text import LANGUAGES, language_of

LOOPBACK = ("127.0.0.1", "::1")
READY_WITHIN_S = 30.0
PAGES = ("data", "accessibility")


def create_app(
    keeper: Keeper,
    hub: Hub,
    transaction: api.Transaction,
    settings: PublicSettings,
    assets: Assets,
    default_language: str = "zh",
) -> App:
    """The ASGI application. The keeper starts and stops with it."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        hub.open(asyncio.get_running_loop())
        keeper.start()
        beats = asyncio.create_task(_beat_for_ever(hub, keeper))
        try:
            yield
        finally:
            beats.cancel()
            hub.close()
            await asyncio.to_thread(keeper.stop)

    app = FastAPI(
        title="Dongtai, public API",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        lifespan=lifespan,
    )
    problems.install(app)
    app.include_router(api.routes(keeper, transaction))
    app.include_router(warnings_api.routes(keeper, transaction))
    fast = Fast(app, keeper, default_language)
    _describe(app, keeper)
    _pages(app, settings, assets, default_language)
    _stream(app, keeper, hub)
    _health(app, keeper, hub, fast)
    return fast


def _describe(app: FastAPI, keeper: Keeper) -> None:
    """Routes that the fast way answers: here for OpenAPI, and so that every route can be walked."""

    @app.get("/api/v1/stations")
    def stations(request: Request) -> Response:
        """Public stations with their latest values, as a GeoJSON FeatureCollection."""
        return answer(request, keeper.snapshot.fixed["stations"])

    @app.get("/api/v1/cameras")
    def cameras(request: Request) -> Response:
        """Public cameras, each with its newest released picture or none."""
        return answer(request, keeper.snapshot.fixed["cameras"])


def _pages(app: FastAPI, settings: PublicSettings, assets: Assets, default: str) -> None:
    made = {
        (name, lang, large): document(
            plain_html(f"{name}.html", lang, settings, assets, here=name, large=large), HTML
        )
        for name in PAGES
        for lang in LANGUAGES
        for large in (False, True)
    }

    def page(request: Request) -> Response:
        lang = language_of(
            request.query_params.get("lang"), request.headers.get("accept-language"), default
        )
        large = request.query_params.get("size") == "large"
        return answer(request, made[request.url.path.strip("/"), lang, large])

    for name in PAGES:
        app.add_api_route(f"/{name}", page, include_in_schema=False)

    @app.get("/assets/{stamp}/{name}", include_in_schema=False)
    def asset(request: Request, stamp: str, name: str) -> Response:
        found: Document | None = assets.files.get(name)
        if found is None:
            raise Problem(404, f"there is nothing at {request.url.path}")
        current = stamp == assets.stamp
        return answer(request, found, cache=FOR_EVER if current else "no-cache")


def _stream(app: FastAPI, keeper: Keeper, hub: Hub) -> None:
    @app.get("/live", include_in_schema=False)
    async def live(request: Request) -> StreamingResponse:
        """Server-sent events: hello, change, beat. Public values only."""
        pack = takes_packed(request.headers.raw)
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        headers |= {"vary": "accept-encoding"} | ({"content-encoding": "gzip"} if pack else {})
        return StreamingResponse(
            hub.stream(keeper.snapshot, pack=pack), media_type="text/event-stream", headers=headers
        )


def _health(app: FastAPI, keeper: Keeper, hub: Hub, fast: Fast) -> None:
    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> PlainTextResponse:
        """The process answers."""
        return PlainTextResponse("ok\n")

    @app.get("/readyz", include_in_schema=False)
    async def readyz() -> Response:
        """Whether the data is young. 503 does not stop the last snapshot from being served."""
        snapshot = keeper.snapshot
        age_s = (datetime.now(UTC) - snapshot.look.city.read_at).total_seconds()
        ready = snapshot.ready and snapshot.down_since is None and age_s < READY_WITHIN_S
        body = {"ready": ready, "data_age_s": round(age_s, 1) if snapshot.ready else None}
        return Response(orjson.dumps(body), 200 if ready else 503, media_type=JSON)

    @app.get("/metrics", include_in_schema=False)
    async def metrics(request: Request) -> Response:
        """For the machine itself: a reverse proxy's visitors do not get them."""
        forwarded = "x-forwarded-for" in request.headers or "forwarded" in request.headers
        if request.client is None or request.client.host not in LOOPBACK or forwarded:
            raise Problem(404, "there is nothing at /metrics")
        return PlainTextResponse(_metrics(keeper, hub, fast))


def _metrics(keeper: Keeper, hub: Hub, fast: Fast) -> str:
    snapshot = keeper.snapshot
    age_s = (datetime.now(UTC) - snapshot.look.city.read_at).total_seconds()
    found = [
        ("dongtai_public_data_age_seconds", "gauge", "Age of the last look", f"{age_s:.1f}"),
        ("dongtai_public_snapshots_total", "counter", "Snapshots made", keeper.builds),
        ("dongtai_public_requests_total", "counter", "Requests", fast.served),
        ("dongtai_public_viewers", "gauge", "Open live streams", hub.viewers),
        ("dongtai_public_picture_bytes", "gauge", "Pictures in memory", keeper.picture_bytes),
    ]
    return "".join(f"# HELP {n} {h}\n# TYPE {n} {t}\n{n} {v}\n" for n, t, h, v in found)


async def _beat_for_ever(hub: Hub, keeper: Keeper) -> None:
    while True:
        await asyncio.sleep(BEAT_S)
        await hub.beat(keeper.snapshot)
