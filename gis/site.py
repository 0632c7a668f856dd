"""What a web process serves of the map, opened once at its start: files and styles."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from gis import style as styles
from gis.assessment import Ground
from gis.basemap import BUILT, FILES, build
from gis.exposure.surroundings import open_surroundings
from gis.layers import OperatorLayer, read_operator
from gis.settings import GisSettings, Tiles

GCJ02_MODULE = Path(__file__).parent / "gcj02.mjs"


@dataclass(frozen=True)
class MapSite:
    """`files`: name, such as land.geojson, to bytes; an allow-list, nothing else is served.

    `ground`: what footprints are held against; None for the public page, which draws none.
    """

    files: Mapping[str, bytes]
    operator: tuple[OperatorLayer, ...]
    tiles: Tiles | None
    ground: Ground | None = None

    @property
    def outside(self) -> str | None:
        """The foreign origin that the page's Content-Security-Policy must allow, if any."""
        address = urlsplit(self.tiles.url if self.tiles else "")
        return f"{address.scheme}://{address.netloc}" if address.netloc else None

    def style(
        self, theme: styles.Theme, lang: styles.Lang, base_url: str, *, tiles: bool = True
    ) -> styles.Json:
        """tiles: with the outside tiles that are configured, if any; else our own map."""
        outside = self.tiles if tiles else None
        return styles.style(theme, lang, base_url, self.operator, outside)

    def overview(self, theme: styles.Theme, lang: styles.Lang, base_url: str) -> styles.Json:
        return styles.overview_style(theme, lang, base_url)


def open_map(settings: GisSettings, folder: Path, *, public: bool, built: Path = BUILT) -> MapSite:
    """Build the base map where it is missing and read the operator's layers.

    `folder` is the configuration file's; `public` leaves out what is not marked public. Raises
    BadLayer with a sentence for each of the operator's files that cannot be used.
    """
    build(built)
    base = {f"{name}.geojson": (built / f"{name}.geojson").read_bytes() for name in FILES}
    base["gcj02.mjs"] = GCJ02_MODULE.read_bytes()
    operator = tuple(
        layer for layer in read_operator(settings, folder) if layer.public or not public
    )
    own = {f"{layer.name}.geojson": layer.document.encode() for layer in operator}
    ground = None if public else Ground(open_surroundings(settings, folder), settings.plume)
    return MapSite(base | own, operator, settings.tiles, ground)
