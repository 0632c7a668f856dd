"""Files that do not change while the process lives: front-end libraries and the base map.

Third-party files come from node_modules, by an allow-list; the map's from gis. Each is compressed
once at the start and answered with an ETag.
"""

import gzip
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from dashboard.text import LANGUAGES
from gis.site import MapSite
from gis.style import Lang, Theme

NODE_MODULES = Path(__file__).parent.parent.parent / "node_modules"
VENDOR = "/assets/vendor/"
MAP = "/map/"
SCRIPT, STYLE, GEOJSON, JSON = (
    "text/javascript",
    "text/css",
    "application/geo+json",
    "application/json",
)
# name -> file in node_modules, media type
LIBRARIES = {
    "maplibre-gl.mjs": ("maplibre-gl/dist/maplibre-gl.mjs", SCRIPT),
    "maplibre-gl-worker.mjs": ("maplibre-gl/dist/maplibre-gl-worker.mjs", SCRIPT),
    "maplibre-gl.css": ("maplibre-gl/dist/maplibre-gl.css", STYLE),
    "plotly-basic.min.js": ("plotly.js-basic-dist-min/plotly-basic.min.js", SCRIPT),
}
THEMES: tuple[Theme, ...] = ("dark", "light")
_LANGUAGES: tuple[Lang, ...] = ("zh", "en")


class MissingLibrary(Exception):
    """A front-end library is not installed."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A file in memory, plain and compressed."""

    content: bytes
    packed: bytes
    media_type: str
    etag: str

    @classmethod
    def of(cls, content: bytes, media_type: str) -> "Kept":
        etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        return cls(content, gzip.compress(content, 6, mtime=0), media_type, etag)

    def answer(self, request: Request) -> Response:
        """The file, or 304 where the browser has it: it asks each time, so an upgrade shows."""
        headers = {"ETag": self.etag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
        if self.etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return Response(self.packed, media_type=self.media_type, headers=headers)
        return Response(self.content, media_type=self.media_type, headers=headers)


def vendor_routes(folder: Path = NODE_MODULES) -> list[BaseRoute]:
    """The libraries under /assets/vendor/. Raises MissingLibrary with the remedy."""
    return [
        _route(VENDOR + name, Kept.of(_read(folder / path), media_type))
        for name, (path, media_type) in LIBRARIES.items()
    ]


def map_routes(site: MapSite) -> list[BaseRoute]:
    """The base map under /map/: its files, and a style for each theme and language."""
    files = [
        _route(MAP + name, Kept.of(content, SCRIPT if name.endswith(".mjs") else GEOJSON))
        for name, content in site.files.items()
    ]
    return [*files, *_styles(site)]


def _styles(site: MapSite) -> Iterable[BaseRoute]:
    assert set(_LANGUAGES) == set(LANGUAGES), "a style for every language"  # noqa: S101 - a table
    for theme in THEMES:
        for lang in _LANGUAGES:
            content = orjson.dumps(site.style(theme, lang, MAP))
            yield _route(f"{MAP}style-{theme}-{lang}.json", Kept.of(content, JSON))
            own = orjson.dumps(site.style(theme, lang, MAP, tiles=False))
            yield _route(f"{MAP}style-own-{theme}-{lang}.json", Kept.of(own, JSON))


def _route(path: str, kept: Kept) -> Route:
    async def answer(request: Request) -> Response:
        return kept.answer(request)

    return Route(path, answer, methods=["GET"], include_in_schema=False)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise MissingLibrary(
            f"{path.name} is not installed ({error.strerror}); run `npm ci` or `make setup`"
        ) from error
