"""python -m demo.provenance: where each series of the demo comes from, as a table or as data."""

import argparse
import csv
import dataclasses
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import config
from demo.recordings import RECORDINGS
from demo.senders import RIVER_CAMERA
from demo.tracks import TRACKS
from sensors.settings import SensorsSettings, Station

AS_IT_IS = "as recorded"
_GRIME2 = "GRIME2 (GaugeCam), github.com/gaugecam-dev/GRIME2"


@dataclass(frozen=True)
class Provenance:
    """One series: metric is `picture` for cameras, recording is empty where it is simulated."""

    station: str
    metric: str
    origin: str
    recording: str
    column: str
    done_zh: str
    done_en: str
    source: str
    licence: str


def table(stations: Sequence[Station]) -> list[Provenance]:
    """A row for every series of the stations, in their order."""
    recorded = {(row.station, row.metric): row for row in _recorded()}
    return [
        recorded.get((station.code, metric)) or _simulated(station.code, metric)
        for station in stations
        for metric in _metrics(station)
    ] + [_picture(station) for station in stations if station.kind == "camera"]


def as_dicts(settings: config.Config) -> list[dict[str, str]]:
    rows = table(settings.section(SensorsSettings).stations)
    return [dataclasses.asdict(row) for row in rows]


def as_markdown(rows: Sequence[Provenance]) -> str:
    """The recorded series for docs/demo.md: a line for each recording and what is done to it."""
    stations: dict[tuple[str, str, str], list[str]] = {}
    series: dict[tuple[str, str], list[Provenance]] = {}
    for row in rows:
        if row.origin == "recorded":
            series.setdefault((row.station, row.recording), []).append(row)
    for (station, recording), group in series.items():
        metrics = ", ".join(f"`{row.metric}`" for row in group)
        done = [f"`{row.metric}` {row.done_en}" for row in group if row.done_en != AS_IT_IS]
        stations.setdefault((metrics, recording, "; ".join(done) or AS_IT_IS), []).append(station)
    lines = [f"| {', '.join(who)} | {m} | {r} | {d} |" for (m, r, d), who in stations.items()]
    head = ["| stations | series | recording | done before it is published |", "|---|---|---|---|"]
    return "\n".join([*head, *lines])


def _metrics(station: Station) -> list[str]:
    return [sensor.metric for sensor in station.sensors]


def _recorded() -> list[Provenance]:
    return [
        Provenance(
            station=track.station,
            metric=field.metric,
            origin="recorded",
            recording=RECORDINGS[track.recording].title,
            column=field.column,
            done_zh=field.conversion.zh,
            done_en=field.conversion.en,
            source=RECORDINGS[track.recording].source,
            licence=RECORDINGS[track.recording].licence,
        )
        for track in TRACKS
        for field in track.fields
    ]


def _simulated(station: str, metric: str) -> Provenance:
    return Provenance(
        station, metric, "simulated", "", "", "模拟", "simulated", "demo/simulate.py", "Apache-2.0"
    )


def _picture(station: Station) -> Provenance:
    if station.code == RIVER_CAMERA:
        title = "River gauge, 2022-07-15, two pictures"
    elif station.release == "automatic":
        title = "Staff gauge in a marsh, 2012-05-31, every 15 minutes"
    else:
        return _simulated(station.code, "picture")
    words = ("原图", AS_IT_IS)
    return Provenance(station.code, "picture", "recorded", title, "", *words, _GRIME2, "Apache-2.0")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m demo.provenance", description=__doc__)
    config.add_argument(parser)
    parser.add_argument("--markdown", action="store_true", help="the table of docs/demo.md")
    arguments = parser.parse_args()
    settings = config.load_or_exit(arguments.config)
    if arguments.markdown:
        print(as_markdown(table(settings.section(SensorsSettings).stations)))
        return
    rows = as_dicts(settings)
    writer = csv.DictWriter(sys.stdout, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)


if __name__ == "__main__":
    main()
