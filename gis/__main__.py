"""`python -m gis build`: make the base map's layers; `python -m gis check`: read the operator's."""

import argparse
import sys
import time
from pathlib import Path

from config import add_argument, load_or_exit
from gis.basemap import BUILT, build
from gis.exposure.surroundings import open_surroundings
from gis.layers import BadLayer, read_operator
from gis.settings import GisSettings


def main() -> int:
    arguments = _arguments()
    if arguments.command == "build":
        began = time.monotonic()
        folder = build(arguments.folder)
        size = sum(file.stat().st_size for file in folder.glob("*.geojson"))
        print(f"{folder}: {size / 1000:.0f} kB in {time.monotonic() - began:.1f} s")
        return 0
    return _check(arguments.config)


def _check(path: Path) -> int:
    settings = load_or_exit(path).section(GisSettings)
    try:
        layers = read_operator(settings, path.parent)
        ground = open_surroundings(settings, path.parent)
    except BadLayer as error:
        print(error, file=sys.stderr)
        return 1
    for layer in layers:
        print(f"{layer.name}: {layer.features} features")
    print(f"{len(layers)} operator layer(s), all readable")
    for name in ("facilities", "population", "roads"):
        frame = getattr(ground, name)
        print(f"exposure.{name}: {'none' if frame is None else f'{len(frame)} features'}")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m gis", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    making = commands.add_parser("build", help="make the base map's layers")
    making.add_argument("--folder", type=Path, default=BUILT, help="where they are written")
    add_argument(commands.add_parser("check", help="read the operator's layers, say what is wrong"))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
