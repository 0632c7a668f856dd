"""The files that browsers fetch: an allow-list read once, addressed by content, kept for ever."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from dashboard.public.documents import Document, document

FOLDER = Path(__file__).parent / "assets"
LIBRARY = Path(__file__).parents[2] / "node_modules" / "maplibre-gl" / "dist"
LIBRARY_FILES = ("maplibre-gl.mjs", "maplibre-gl-worker.mjs", "maplibre-gl.css")
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".geojson": "application/geo+json",
}


class Assets:
    """`files`: name to document. Nothing that is not in it can be asked for."""

    def __init__(self, files: Mapping[str, Document]) -> None:
        self.files = files
        # One stamp for all: scripts fetch one another by relative names, without a query.
        whole = "".join(file.etag for _, file in sorted(files.items()))
        self.stamp = hashlib.sha256(whole.encode()).hexdigest()[:10]

    def url(self, name: str) -> str:
        """Relative to the page; a changed file changes every address, so none is kept too long."""
        return f"assets/{self.stamp}/{name}"


def load_assets(made: Mapping[str, bytes] | None = None) -> Assets:
    """Our own files, MapLibre's, and those made at the start (`made`: the map's)."""
    found = {path.name: path.read_bytes() for path in sorted(FOLDER.iterdir()) if path.is_file()}
    found |= {name: (LIBRARY / name).read_bytes() for name in LIBRARY_FILES}
    found |= made or {}
    return Assets({name: document(body, _type(name)) for name, body in found.items()})


def _type(name: str) -> str:
    return TYPES.get(Path(name).suffix, "application/octet-stream")
