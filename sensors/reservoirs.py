"""Whether the characteristic levels of a reservoir stand in order, on every day of the year.

What contradicts a definition is a mistake of the file. The rest of the usual order is inferred, and
dams exist that differ: `unusual` says it, `python -m ingest check` shows it, nothing is refused.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from config import Mistake, entries
from sensors.catalogue import LEVEL
from sensors.limits import in_force
from sensors.water.levels import CHARACTERISTIC, Disorder, disorders

_LEAP = 2024  # a year that has every day


@dataclass(frozen=True, slots=True)
class _Level:
    """A level of the file, with its place in the station's list."""

    name: str
    value: float
    season_from: str | None
    season_to: str | None
    index: int


@dataclass(frozen=True, slots=True)
class _Found:
    """A disorder with the first day on which it holds."""

    day: date
    upper: _Level
    what: Disorder


def check(raw: Mapping[str, Any]) -> list[Mistake]:
    """Levels that contradict their definitions."""
    return [
        Mistake(
            ("sensors", "stations", number, "limits", one.upper.index, "value"),
            one.upper.value,
            f"{_said(one)}; change one of them",
        )
        for number, one in _found(raw)
        if one.what.certain
    ]


def unusual(raw: Mapping[str, Any]) -> list[str]:
    """Sentences on levels in an order that is seldom met, by station."""
    stations = dict(entries(raw, "sensors", "stations"))
    return [
        f"station {stations[number].get('code')}: unusual order of levels: {_said(one)}; "
        "look whether it is meant so"
        for number, one in _found(raw)
        if not one.what.certain
    ]


def _said(one: _Found) -> str:
    return f"{one.what.sentence} on {one.day:%m-%d}"


def _found(raw: Mapping[str, Any]) -> Iterator[tuple[int, _Found]]:
    """By station; each disorder once, on the first day of the year that shows it."""
    for number, station in entries(raw, "sensors", "stations"):
        levels = list(_levels(station))
        seen: set[tuple[str, str]] = set()
        for day in _days(levels):
            now = in_force(levels, day)
            for one in disorders({name: level.value for name, level in now.items()}):
                if (one.lower, one.upper) not in seen:
                    seen.add((one.lower, one.upper))
                    yield number, _Found(day, now[one.upper], one)


def _levels(station: Mapping[str, Any]) -> Iterator[_Level]:
    """What is well-formed; the model says what is not."""
    listed = station.get("limits")
    for index, entry in enumerate(listed if isinstance(listed, list) else []):
        if not isinstance(entry, dict) or entry.get("metric") != LEVEL:
            continue
        name, value = entry.get("name"), entry.get("value")
        season = entry.get("season_from"), entry.get("season_to")
        if name not in CHARACTERISTIC or not isinstance(value, int | float):
            continue
        if all(day is None or _is_day(day) for day in season):
            yield _Level(str(name), float(value), *season, index)


def _is_day(text: object) -> bool:
    try:
        date.fromisoformat(f"{_LEAP}-{text}")
    except ValueError:
        return False
    return True


def _days(levels: Iterable[_Level]) -> list[date]:
    """Days such that each set of levels in force is met at least once."""
    found = {date(_LEAP, 1, 1)}
    for one in levels:
        if one.season_from and one.season_to:
            found.add(date.fromisoformat(f"{_LEAP}-{one.season_from}"))
            last = date.fromisoformat(f"{_LEAP}-{one.season_to}")
            found.add((last + timedelta(days=1)).replace(year=_LEAP))
    return sorted(found)
