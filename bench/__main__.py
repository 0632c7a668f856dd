"""python -m bench [name]: measures, one JSON object a line: name, value, unit, limit.

The limit is measured in the same run beside the value, on the same machine: ratios last, figures
drift. `good` says whether the goal of the design is reached.
"""

import argparse
import json
from dataclasses import asdict

from bench import (
    backlog,
    backtest,
    city,
    delay,
    desk,
    drain,
    flood,
    footprint,
    markers,
    queries,
    release,
    replay,
    shared,
    viewers,
    walk,
    wall,
)

# Each yields its figures as it has them.
BENCHES = {
    "drain": drain.measure,
    "backlog": backlog.measure,
    "delay": delay.measure,
    "walk": walk.measure,
    "shared": shared.measure,
    "queries": queries.measure,
    "replay": replay.measure,
    "footprint": footprint.measure,
    "backtest": backtest.measure,
    "flood": flood.measure,
    "release": release.measure,
    "wall": wall.measure,
    "desk": desk.measure,
    "markers": markers.measure,
    "city": city.measure,
    "viewers": viewers.measure,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar=" | ".join(BENCHES))
    for name in parser.parse_args().names or BENCHES:
        for figure in BENCHES[name]():
            print(json.dumps(asdict(figure), ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
