"""Cross-checks of the `alerts` section on the raw document; each mistake has its remedy.

Only what is well-formed is looked at: what a model refuses by itself is reported there, once.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from alerts.grade import GRADES
from config import Mistake, did_you_mean, entries
from sensors.catalogue import DERIVED_FROM, FORESEEN_FROM, METRICS
from sensors.limits import in_season


@dataclass(frozen=True)
class _Named:
    metric: str
    name: str
    value: float
    season_from: str | None
    season_to: str | None

    def on(self, day: str) -> bool:
        return in_season(day, self.season_from, self.season_to)


@dataclass(frozen=True)
class _Station:
    code: str
    kind: str
    metrics: frozenset[str]
    limits: tuple[_Named, ...]

    def has(self, metric: str) -> bool:
        """Whether it measures the metric, or ingest derives it from what it measures."""
        return metric in self.metrics or bool(self.metrics & _sources(metric))

    def limit(self, metric: str, name: str, day: str) -> float | None:
        """In force on that day of the year (MM-DD): a season goes before the rest of the year."""
        fitting = [x for x in self.limits if x.metric == metric and x.name == name and x.on(day)]
        fitting.sort(key=lambda limit: limit.season_from is None)
        return fitting[0].value if fitting else None


def _sources(metric: str) -> frozenset[str]:
    return frozenset(DERIVED_FROM.get(metric, FORESEEN_FROM.get(metric, ())))


def check_rules(raw: Mapping[str, Any]) -> list[Mistake]:
    stations = {station.code: station for station in _stations(raw)}
    mistakes = _repeated(raw, "rules", "code") + _repeated(raw, "receivers", "name")
    for index, rule in entries(raw, "alerts", "rules"):
        where = ("alerts", "rules", index)
        mistakes += _unknown_stations(where, rule, stations)
        if _metric(rule):
            covered = list(_covered(rule, stations))
            mistakes += _covers_nothing(where, rule, covered)
            mistakes += _unknown_limits(where, rule, covered)
            mistakes += _wrong_order(where, rule, covered)
    return mistakes


_Where = tuple[str | int, ...]


def _repeated(raw: Mapping[str, Any], part: str, key: str) -> list[Mistake]:
    seen: dict[str, int] = {}
    mistakes = []
    for index, entry in entries(raw, "alerts", part):
        name = str(entry.get(key))
        if name in seen:
            problem = f"duplicate: entry {seen[name]} of {part} has the same {key}; change one"
            mistakes.append(Mistake(("alerts", part, index, key), name, problem))
        seen.setdefault(name, index)
    return mistakes


def _unknown_stations(
    where: _Where, rule: Mapping[str, Any], stations: Mapping[str, _Station]
) -> list[Mistake]:
    mistakes = []
    for index, code in enumerate(_list(rule.get("stations"))):
        here, metric = (*where, "stations", index), _metric(rule)
        if not isinstance(code, str):
            continue
        if code not in stations:
            problem = f"unknown station; {did_you_mean(code, stations)}"
            mistakes.append(Mistake(here, code, problem))
        elif metric and not stations[code].has(metric):
            problem = (
                f"does not measure {metric}; it has {', '.join(sorted(stations[code].metrics))}"
            )
            mistakes.append(Mistake(here, code, problem))
    return mistakes


def _covers_nothing(
    where: _Where, rule: Mapping[str, Any], covered: list[_Station]
) -> list[Mistake]:
    if covered or rule.get("stations") or not rule.get("kind"):
        return []
    problem = f"no station of this kind measures {rule['metric']}, so the rule could never fire"
    return [Mistake((*where, "kind"), rule["kind"], problem)]


def _unknown_limits(
    where: _Where, rule: Mapping[str, Any], covered: list[_Station]
) -> list[Mistake]:
    names = {x.name for station in covered for x in station.limits if x.metric == rule["metric"]}
    mistakes = []
    for grade, said in _grades(rule).items():
        if isinstance(said, str) and covered and said not in names:
            remedy = did_you_mean(said, names) if names else "they have none: give a number"
            problem = f"no covered station has such a limit of {rule['metric']}; {remedy}"
            mistakes.append(Mistake((*where, "grades", grade), said, problem))
    return mistakes


def _wrong_order(where: _Where, rule: Mapping[str, Any], covered: list[_Station]) -> list[Mistake]:
    """Grades that do not rise (or fall, for below), or a dead-band that swallows the next grade.

    Numbers alone are judged once; with named limits the first station that shows it is named.
    """
    named = any(isinstance(said, str) for said in _grades(rule).values())
    for station in covered if named else [None]:
        for day in _days(station):
            limits = [(grade, _value(rule, grade, station, day)) for grade in GRADES]
            known = [(grade, value) for grade, value in limits if value is not None]
            at = f" at {station.code}" if station else ""
            if problem := _order_problem(rule, known):
                return [Mistake((*where, "grades"), _shown(known), f"{problem}{at}")]
            if problem := _band_problem(rule, known):
                return [Mistake((*where, "dead_band"), rule.get("dead_band"), f"{problem}{at}")]
    return []


def _days(station: _Station | None) -> list[str]:
    """Days of the year, MM-DD, such that each set of limits in force is met at least once."""
    seasons = [limit for limit in station.limits if limit.season_from] if station else []
    starts = {limit.season_from for limit in seasons if limit.season_from}
    return sorted({"01-01", *starts, *(_next_day(s.season_to) for s in seasons if s.season_to)})


def _next_day(day: str) -> str:
    try:
        month, number = map(int, day.split("-"))
        return f"{date(2024, month, number) + timedelta(days=1):%m-%d}"
    except ValueError:
        return "01-01"  # no such day: the station's own check says so


def _order_problem(rule: Mapping[str, Any], known: Sequence[tuple[str, float]]) -> str | None:
    sign, word = (-1, "fall") if rule.get("when") == "below" else (1, "rise")
    for (low, less), (high, more) in pairwise(known):
        if sign * more <= sign * less:
            return f"grades must {word} from blue to red: {low} is {less:g}, {high} is {more:g}"
    return None


def _band_problem(rule: Mapping[str, Any], known: Sequence[tuple[str, float]]) -> str | None:
    band = rule.get("dead_band", 0)
    if not isinstance(band, int | float):
        return None
    for (low, less), (high, more) in pairwise(known):
        if band >= round(abs(more - less), 9):
            return (
                f"must be smaller than the gap between {low} ({less:g}) and {high} ({more:g}), "
                f"which is {abs(more - less):g}"
            )
    return None


def _value(rule: Mapping[str, Any], grade: str, station: _Station | None, day: str) -> float | None:
    said = _grades(rule).get(grade)
    if isinstance(said, str):
        return station.limit(rule["metric"], said, day) if station else None
    return float(said) if isinstance(said, int | float) else None


def _shown(known: Sequence[tuple[str, float]]) -> str:
    return ", ".join(f"{grade} {value:g}" for grade, value in known)


def _covered(rule: Mapping[str, Any], stations: Mapping[str, _Station]) -> Iterator[_Station]:
    listed = _list(rule.get("stations"))
    for station in stations.values():
        in_scope = station.kind == rule.get("kind") or station.code in listed
        if in_scope and station.has(rule["metric"]):
            yield station


def _stations(raw: Mapping[str, Any]) -> Iterator[_Station]:
    for _, entry in entries(raw, "sensors", "stations"):
        said = _list(entry.get("metrics"))
        metrics = [each.get("metric") if isinstance(each, dict) else each for each in said]
        limits = tuple(_named(limit) for limit in _list(entry.get("limits")) if _sound(limit))
        yield _Station(
            str(entry.get("code")), str(entry.get("kind")), frozenset(map(str, metrics)), limits
        )


def _sound(limit: object) -> bool:
    return isinstance(limit, dict) and isinstance(limit.get("value"), int | float)


def _named(limit: Mapping[str, Any]) -> _Named:
    first, last = limit.get("season_from"), limit.get("season_to")
    seasonal = isinstance(first, str) and isinstance(last, str)
    return _Named(
        str(limit.get("metric")),
        str(limit.get("name")),
        float(limit["value"]),
        first if seasonal else None,
        last if seasonal else None,
    )


def _metric(rule: Mapping[str, Any]) -> str | None:
    metric = rule.get("metric")
    return metric if isinstance(metric, str) and metric in METRICS else None


def _grades(rule: Mapping[str, Any]) -> dict[str, Any]:
    grades = rule.get("grades")
    return grades if isinstance(grades, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
