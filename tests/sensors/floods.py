"""How the outlook did on recorded water: `python -m tests.sensors.floods` prints the figures.

USGS 01589330 (Dead Run, June 2018, every 5 min), five reservoirs in Kerala (daily), and the
trembling gauge of Trout Creek. A forecast is right where the recorded water reached the limit, in
the same rise, within the band; the same rise lasts until the water falls below where it stood.
"""

import csv
import gzip
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from math import inf, isfinite
from pathlib import Path
from statistics import median

from sensors.water.foresee import Reservoir, Sample, foresee, reach_back
from sensors.water.outlook import Outlook, State

DATA = Path(__file__).parent / "data"
KERALA = ("Banasura_Sagar", "Idukki", "Kakkayam", "Pamba", "Ponmudi")
FOOT_M = 0.3048
# Our own choice: the gauge has no reservoir. 2.0, 3.3, 4.6 and 5.9 ft.
DEAD_RUN = {"flood_limit": 0.6, "flood_high": 1.0, "design_flood": 1.4, "check_flood": 1.8}


@dataclass(frozen=True, slots=True)
class Trial:
    """One forecast and what came: reached_h inf where it never did in the same rise."""

    at: datetime
    limit_m: float
    seen: Outlook
    reached_h: float

    @property
    def came(self) -> bool:
        return isfinite(self.reached_h)

    @property
    def inside(self) -> bool:
        low, high = self.seen.earliest_h, self.seen.latest_h
        assert low is not None
        return low <= self.reached_h <= (inf if high is None else high)


@dataclass(frozen=True, slots=True)
class Score:
    """came: share of the forecasts whose limit was reached at all; of those the shares below."""

    forecasts: int
    came: float
    early: float
    inside: float
    late: float
    ratio: float

    def __str__(self) -> str:
        return (
            f"{self.forecasts:6d} forecasts, {self.came:4.0%} came; of these {self.inside:4.0%} in "
            f"the band, {self.early:4.0%} before it, {self.late:4.0%} after it; "
            f"median of real over central {self.ratio:.2f}"
        )


@cache
def dead_run() -> tuple[Sample, ...]:
    """June 2018."""
    return tuple(
        Sample(datetime.fromisoformat(row["time_utc"]), round(float(row["stage_ft"]) * FOOT_M, 4))
        for row in _rows("level_dead_run")
    )


@cache
def kerala(name: str) -> tuple[Sample, ...]:
    """Days in order; a level that cannot be read, or that stands 8 m off its neighbours, is out."""
    days = {_day(row["date"]): row for row in _rows("level_kerala") if row["reservoir"] == name}
    found = [
        Sample(day, level)
        for day in sorted(day for day in days if day is not None)
        if (level := _number(days[day]["level_m"])) is not None
    ]
    return tuple(
        one
        for i, one in enumerate(found)
        if abs((one.value or 0) - median(x.value or 0 for x in found[max(0, i - 4) : i + 5])) < 8
    )


@cache
def kerala_rain(name: str) -> dict[datetime, float]:
    """Millimetres of the day, where they can be read."""
    return {
        day: rain
        for row in _rows("level_kerala")
        if row["reservoir"] == name
        and (day := _day(row["date"])) is not None
        and (rain := _number(row["rain_mm"])) is not None
    }


@cache
def trout_creek() -> tuple[Sample, ...]:
    """Level over an arbitrary zero 4 m below the sensor; its readings come about every 5 min."""
    found = {}
    for row in _rows("level_trout_creek"):
        if (cm := _number(row["range_cm"])) is not None:
            at = datetime.strptime(row["time_utc"], "%Y/%m/%d %H:%M:%S").replace(tzinfo=UTC)
            found[at] = round(4 - cm / 100, 3)
    return tuple(Sample(at, found[at]) for at in sorted(found))


def trials(
    samples: Sequence[Sample], interval_s: float, limits_m: Iterable[float], every: int = 1
) -> Iterator[Trial]:
    """A forecast of each of `limits_m` above the water, at every `every`-th reading."""
    back = reach_back(interval_s)
    first = 0
    for i in range(0, len(samples), every):
        now = samples[i]
        while samples[first].at <= now.at - back:
            first += 1
        for limit_m in [x for x in limits_m if x > (now.value or inf)][:6]:
            place = Reservoir(interval_s, {"next": limit_m})
            seen = foresee(samples[first : i + 1], [], place, now.at).outlook
            if seen.state is not State.RISING:
                break  # whatever the limit
            if seen.central_h is not None:
                yield Trial(now.at, limit_m, seen, _reached_h(samples, i, limit_m, seen))


def score(found: Iterable[Trial]) -> Score:
    """Of forecasts with an end to their band; those of a dying rise are another matter."""
    some = list(found)
    came = [one for one in some if one.came]
    share = 1 / (len(came) or 1)
    return Score(
        len(some),
        len(came) / (len(some) or 1),
        share * sum(one.reached_h < (one.seen.earliest_h or 0) for one in came),
        share * sum(one.inside for one in came),
        share * sum(one.reached_h > (one.seen.latest_h or inf) for one in came),
        median([one.reached_h / (one.seen.central_h or inf) for one in came] or [0.0]),
    )


def ladder(samples: Sequence[Sample], steps: int) -> list[float]:
    """Limits from the lowest to near the highest water of the record."""
    levels = sorted(one.value for one in samples if one.value is not None)
    low, high = levels[len(levels) // 100], levels[-1 - len(levels) // 200]
    return [low + (high - low) * step / (steps - 1) for step in range(steps)]


def dead_run_trials(every: int = 1) -> list[Trial]:
    return list(trials(dead_run(), 300, [round(0.3 + 0.1 * n, 1) for n in range(16)], every))


def kerala_trials(name: str, every: int = 1) -> list[Trial]:
    return list(trials(kerala(name), 86400, ladder(kerala(name), 25), every))


def _reached_h(samples: Sequence[Sample], i: int, limit_m: float, seen: Outlook) -> float:
    start = samples[i]
    assert seen.rise is not None
    least = (start.value or 0) - 2 * seen.rise.noise_m
    for one in itertools.islice(samples, i + 1, None):
        level = one.value or 0
        if level >= limit_m:
            return (one.at - start.at).total_seconds() / 3600
        if level < least:
            return inf
    return inf


@cache
def _rows(name: str) -> tuple[dict[str, str], ...]:
    with gzip.open(DATA / f"{name}.csv.gz", "rt", encoding="utf-8") as lines:
        return tuple(csv.DictReader(lines))


def _day(text: str) -> datetime | None:
    """As people typed it: with dots, hyphens or strokes; None where it is no day."""
    match = re.fullmatch(r"\s*(\d{1,2})[.\-/](\d{1,2})[.\-/](\d{4})\s*", text)
    if match is None:
        return None
    day, month, year = map(int, match.groups())
    try:
        return datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        return None


def _number(text: object) -> float | None:
    match = re.fullmatch(r"\s*(-?\d+(?:\.\d+)?)\s*", str(text))
    return float(match[1]) if match else None


def main() -> None:
    every = {"Dead Run": dead_run_trials(), **{name: kerala_trials(name) for name in KERALA}}
    for name, found in every.items():
        print(f"{name:15s}", score(one for one in found if one.seen.latest_h is not None))
        print(f"{'  dying away':15s}", score(one for one in found if one.seen.latest_h is None))
    all_kerala = [one for name in KERALA for one in every[name]]
    ended = [one for one in all_kerala if one.seen.latest_h is not None]
    print(f"{'Kerala':15s}", score(ended))
    print(f"{'  to 2022':15s}", score(one for one in ended if one.at.year <= 2022))
    print(f"{'  from 2023':15s}", score(one for one in ended if one.at.year > 2022))
    rain(every)


def rain(every: dict[str, list[Trial]]) -> None:
    """Whether a day with more rain than usual reached its limit sooner than the rate said."""
    for low, high in ((0, 1), (1, 10), (10, 30), (30, inf)):
        some = [
            one
            for name in KERALA
            for one in every[name]
            if one.seen.latest_h is not None and low <= kerala_rain(name).get(one.at, -1) < high
        ]
        print(f"rain {low:g}-{high:g} mm", score(some))


if __name__ == "__main__":
    main()
