"""A page with the map on a free local port, under the strictest content security policy."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.servers.browser import Desk
from tests.servers.waiting import until

MAPLIBRE = Path(__file__).parents[2] / "node_modules" / "maplibre-gl" / "dist"
POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; "
    "style-src 'self'; img-src 'self' data:"
)
PAGE = """<!doctype html><meta charset="utf-8"><title>map</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="maplibre-gl.css"><link rel="stylesheet" href="page.css">
<div id="map"></div><script type="module" src="page.mjs"></script>"""
SHEET = "html,body,#map{margin:0;width:100%;height:100%}"
SCRIPT = """import * as maplibregl from "./maplibre-gl.mjs";
import * as gcj02 from "./gcj02.mjs";
window.gcj02 = gcj02;
window.problems = [];
const start = await (await fetch("start.json")).json();
const style = await (await fetch("style.json")).json();
const tiles = style.metadata["dongtai:tiles"];
if (tiles?.crs === "gcj02") gcj02.register(maplibregl, tiles.url);
const map = (window.map = new maplibregl.Map({
  container: "map", style: "style.json", bounds: start, attributionControl: false, fadeDuration: 0,
  canvasContextAttributes: { preserveDrawingBuffer: true },
}));
map.on("error", ({ error }) => window.problems.push(String(error)));
map.once("idle", () => (window.finished = true));
"""
TYPES = {".mjs": "text/javascript", ".css": "text/css", ".html": "text/html", ".png": "image/png"}
# The text of a page may not be evaluated under the policy, so the page is asked again and again.
FINISHED = "() => window.finished === true"


@dataclass
class MapPage:
    """What the browser saw: the page, and what it complained about."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def colour_at(self, lon: float, lat: float) -> tuple[int, int, int]:
        """Red, green, blue of the map's pixel at a place in degrees."""
        return tuple(
            self.page.evaluate(
                """([lon, lat]) => {
                  const canvas = map.getCanvas(), gl = canvas.getContext("webgl2");
                  const { x, y } = map.project([lon, lat]), pixel = new Uint8Array(4);
                  const row = canvas.height - 1 - Math.floor(y);
                  gl.readPixels(Math.floor(x), row, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
                  return Array.from(pixel.slice(0, 3));
                }""",
                [lon, lat],
            )
        )


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, answer: Callable[[str], bytes | None], *args: object) -> None:
        self.answer = answer
        super().__init__(*args)

    def do_GET(self) -> None:
        name = self.path.split("?")[0].lstrip("/") or "index.html"
        body = self.answer(name)
        self.send_response(200 if body is not None else 404)
        self.send_header("Content-Type", TYPES.get(Path(name).suffix, "application/json"))
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def open_page(browser: Desk) -> Iterator[Callable[..., MapPage]]:
    """Call with (files, style, bounds, size, other): serves them and waits for the finished map."""
    servers = []

    def opened(files, style, bounds, size=(800, 500), other=lambda name: None) -> MapPage:
        west, south, east, north = bounds
        own = {
            "index.html": PAGE.encode(),
            "page.css": SHEET.encode(),
            "page.mjs": SCRIPT.encode(),
            "style.json": json.dumps(style).encode(),
            "start.json": json.dumps([[west, south], [east, north]]).encode(),
            **{file.name: file.read_bytes() for file in MAPLIBRE.glob("maplibre-gl*") if
               file.name in {"maplibre-gl.mjs", "maplibre-gl-worker.mjs", "maplibre-gl.css"}},
            **files,
        }  # fmt: skip
        handler = partial(_Handler, lambda name: own.get(name) or other(name))
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        page = browser.context(viewport={"width": size[0], "height": size[1]}).new_page()
        seen = MapPage(page)
        page.on("console", lambda message: seen.complaints.append(message.text))
        page.on("pageerror", lambda error: seen.complaints.append(str(error)))
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        _wait(page)
        seen.complaints += page.evaluate("window.problems")
        return seen

    yield opened
    for server in servers:
        server.shutdown()
        server.server_close()


def _wait(page: Page) -> None:
    until(lambda: page.evaluate(FINISHED), "the map to be finished", every=0.1)
