"""python -m dashboard.public: the dynamic city page, a process of its own with the least rights."""

import argparse
import logging
import socket
from contextlib import ExitStack

import orjson
import uvicorn

import config
from dashboard.bounded import Bounded
from dashboard.public.app import create_app
from dashboard.public.assets import load_assets
from dashboard.public.fast import App
from dashboard.public.keeper import Keeper
from dashboard.public.live import Hub
from dashboard.public.places import Place, town
from dashboard.public.poster import posters
from dashboard.public.snapshot import Setting
from dashboard.settings import DashboardSettings, PublicSettings
from database.pool import Pool, connect
from database.settings import DatabaseSettings
from gis.settings import GisSettings
from gis.site import MapSite, open_map
from gis.style import ATTRIBUTION, Lang, Theme

ROLE, APPLICATION = "public_reader", "public"
THEMES: tuple[Theme, ...] = ("light", "dark")
MAP_LANGS: tuple[Lang, ...] = ("zh", "en")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m dashboard.public", description=__doc__)
    config.add_argument(parser)
    arguments = parser.parse_args()
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    settings = config.load_or_exit(arguments.config)
    dashboard = settings.section(DashboardSettings)
    site = open_map(settings.section(GisSettings), settings.path.parent, public=True)
    with ExitStack() as stack:
        app, hub = wire(settings.section(DatabaseSettings), dashboard, site, stack)
        Server(configuration(app, dashboard.public), hub).run()
    return 0


class Server(uvicorn.Server):
    """Ends the live streams when told to stop: uvicorn would wait for them, and they never end."""

    def __init__(self, settings: uvicorn.Config, hub: Hub) -> None:
        super().__init__(settings)
        self._hub = hub

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._hub.close()
        await super().shutdown(sockets)


def configuration(app: App, settings: PublicSettings) -> uvicorn.Config:
    """How uvicorn serves it: quiet, nameless, and gone within three seconds of being told to."""
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=Bounded,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=list(settings.proxies),
        timeout_graceful_shutdown=3,
    )


def wire(
    database: DatabaseSettings, dashboard: DashboardSettings, site: MapSite, stack: ExitStack
) -> tuple[App, Hub]:
    """The application and its live streams. `stack` closes what was opened."""
    pool = Pool(database, ROLE, application=APPLICATION)
    stack.callback(pool.close)
    assets = load_assets(map_files(site))
    setting = Setting(
        settings=dashboard.public,
        assets=assets,
        attribution=ATTRIBUTION,
        posters=posters(site.files["land.geojson"], site.files["water.geojson"]),
        towns=towns(site.files["names.geojson"]),
    )
    hub = Hub()
    keeper = Keeper(lambda: connect(database, ROLE, application=APPLICATION), setting, hub.publish)
    app = create_app(keeper, hub, pool.transaction, dashboard.public, assets, dashboard.language)
    return app, hub


def map_files(site: MapSite) -> dict[str, bytes]:
    """The map's layers and styles. Sources are named relative to the style's own address.

    No outside tiles here, whatever the desk uses: the city page asks nobody but us.
    """
    public = MapSite(files=site.files, operator=site.operator, tiles=None)
    styles = {
        f"style-{theme}-{lang}.json": orjson.dumps(public.style(theme, lang, ""))
        for theme in THEMES
        for lang in MAP_LANGS
    }
    return dict(site.files) | styles


def towns(names: bytes) -> tuple[Place, ...]:
    """Towns of the base map that a visitor can ask for."""
    return tuple(
        town(f["properties"]["zh"], f["properties"]["en"], *f["geometry"]["coordinates"][:2])
        for f in orjson.loads(names)["features"]
        if f["properties"]["kind"] == "town"
    )


if __name__ == "__main__":
    raise SystemExit(main())
