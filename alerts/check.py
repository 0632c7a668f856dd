"""Cross-checks of the `alerts` section on the raw document; each mistake has its remedy.

Only what is well-formed is looked at: what a model refuses by itself is reported there, once.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from alerts.check_neighbours import too_lonely
from alerts.check_stations import Place, days, listed, places
from alerts.classes import CLASSES, SIDE
from alerts.condition_settings import CHANGES
from alerts.grade import GRADES
from alerts.rule_settings import COMPOSITES
from config import Mistake, did_you_mean, entries
from sensors.catalogue import METRICS
from sensors.limits import in_season

_Where = tuple[str | int, ...]
LEAST_IN_WINDOW = 3  # readings, for a rate
_BEYOND_ALL = 1e300  # a whole number may have more digits than any float: it is out of all ranges


def check_rules(raw: Mapping[str, Any]) -> list[Mistake]:
    stations = {place.code: place for place in places(raw)}
    mistakes = _repeated(raw, "rules", "code") + _repeated(raw, "receivers", "name")
    for index, rule in entries(raw, "alerts", "rules"):
        mistakes += check_rule(("alerts", "rules", index), rule, stations)
    return mistakes


def check_rule(
    where: _Where, rule: Mapping[str, Any], stations: Mapping[str, Place]
) -> list[Mistake]:
    """What is wrong with one rule, given the stations; `where` it stands comes before each key."""
    if rule.get("when") == "offline":
        return _unknown_stations(where, rule, stations) + _no_device(where, rule, stations)
    if rule.get("when") not in COMPOSITES:
        return _check_condition(_Condition(where, rule, tuple(_tables(rule))), stations)
    mistakes: list[Mistake] = []
    for index, member in enumerate(listed(rule.get("of"))):
        if isinstance(member, dict):
            here = (*where, "of", index)
            table = _Table(("limit",), {"red": member.get("limit")}, _sign(member))
            mistakes += _check_condition(_Condition(here, member, (table,)), stations)
    return mistakes or _too_few(where, rule, stations)


@dataclass(frozen=True)
class _Table:
    """Limits by grade, where they stand below the rule, and on which side they lie."""

    key: _Where
    grades: Mapping[str, Any]
    sign: int = 1
    season: tuple[str, str] | None = None

    def holds(self, day: str) -> bool:
        return self.season is None or in_season(day, *self.season)


@dataclass(frozen=True)
class _Condition:
    """A rule, or a member of one, with its limits. where: it stands."""

    where: _Where
    said: Mapping[str, Any]
    tables: tuple[_Table, ...]

    @property
    def metric(self) -> str | None:
        metric = self.said.get("metric")
        return metric if isinstance(metric, str) and metric in METRICS else None

    @property
    def changes(self) -> bool:
        return self.said.get("when") in CHANGES


def _tables(rule: Mapping[str, Any]) -> Iterator[_Table]:
    """A season's limits go over those of the rest of the year."""
    if rule.get("when") == "outside":
        yield _Table(("low",), _mapping(rule.get("low")), -1)
        yield _Table(("high",), _mapping(rule.get("high")))
        return
    grades, sign = _mapping(rule.get("grades")), _sign(rule)
    for index, season in enumerate(_seasons(rule)):
        merged = {**grades, **_mapping(season.get("grades"))}
        held = (str(season.get("season_from")), str(season.get("season_to")))
        yield _Table(("seasons", index, "grades"), merged, sign, held)
    yield _Table(("grades",), grades, sign)


def _check_condition(one: _Condition, stations: Mapping[str, Place]) -> list[Mistake]:
    mistakes = _unknown_stations(one.where, one.said, stations)
    if one.metric is None:
        return mistakes
    covered = list(_covered(one.said, one.metric, stations))
    mistakes += _covers_nothing(one, covered)
    mistakes += _unknown_limits(one, covered)
    mistakes += _wrong_order(one, covered)
    mistakes += _too_short_window(one, covered)
    mistakes += _nothing_usual(one, covered)
    mistakes += _too_lonely(one, covered, stations)
    return mistakes or _never_reached(one, covered) + _crossed(one, covered)


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
    where: _Where, rule: Mapping[str, Any], stations: Mapping[str, Place]
) -> list[Mistake]:
    mistakes = []
    metric = rule.get("metric")
    metric = metric if isinstance(metric, str) and metric in METRICS else None
    for index, code in enumerate(listed(rule.get("stations"))):
        here = (*where, "stations", index)
        if not isinstance(code, str):
            continue
        if code not in stations:
            problem = f"unknown station; {did_you_mean(code, stations)}"
            mistakes.append(Mistake(here, code, problem))
        elif metric and not stations[code].has(metric):
            problem = f"does not measure {metric}; it has {', '.join(stations[code].metrics)}"
            mistakes.append(Mistake(here, code, problem))
    return mistakes


def _no_device(
    where: _Where, rule: Mapping[str, Any], stations: Mapping[str, Place]
) -> list[Mistake]:
    named = listed(rule.get("stations"))
    every = rule.get("kind") is None and not named
    covered = [
        s for s in stations.values() if every or s.kind == rule.get("kind") or s.code in named
    ]
    if not covered or any(place.device for place in covered):
        return []
    problem = "no covered station has a `device`, so nobody could be known to be offline"
    key = "kind" if rule.get("kind") else "stations" if named else "when"
    return [Mistake((*where, key), rule.get(key), problem)]


def _covers_nothing(one: _Condition, covered: list[Place]) -> list[Mistake]:
    if covered or one.said.get("stations") or not one.said.get("kind"):
        return []
    problem = f"no station of this kind measures {one.metric}, so the rule could never fire"
    return [Mistake((*one.where, "kind"), one.said["kind"], problem)]


def _unknown_limits(one: _Condition, covered: list[Place]) -> list[Mistake]:
    names = {x.name for station in covered for x in station.limits if x.metric == one.metric}
    classes = CLASSES.get(one.metric or "", {})
    mistakes = []
    for table in one.tables:
        for grade, said in table.grades.items():
            here = (*one.where, *table.key, *(() if table.key == ("limit",) else (grade,)))
            if isinstance(said, str) and said in classes and said not in names:
                if one.said.get("when") != SIDE[one.metric or ""]:
                    problem = f"a class of {one.metric} belongs to `when: {SIDE[one.metric or '']}`"
                    mistakes.append(Mistake(here, said, problem))
            elif isinstance(said, str) and one.changes:
                problem = "a limit of the station is no limit of a change: give a number"
                mistakes.append(Mistake(here, said, problem))
            elif isinstance(said, str) and covered and said not in names:
                known = names | classes.keys()
                remedy = did_you_mean(said, known) if known else "they have none: give a number"
                problem = f"no covered station has such a limit of {one.metric}; {remedy}"
                mistakes.append(Mistake(here, said, problem))
            elif one.changes and isinstance(said, int | float) and said <= 0:
                problem = "must be above 0: `direction` says whether a rise or a fall is meant"
                mistakes.append(Mistake(here, said, problem))
    return mistakes


def _wrong_order(one: _Condition, covered: list[Place]) -> list[Mistake]:
    """Grades that do not rise (or fall, for below), or a dead-band that swallows the next grade.

    Numbers alone are judged once; with named limits the first station that shows it is named.
    """
    for table in one.tables:
        named = any(isinstance(said, str) for said in table.grades.values())
        for station in covered if named else [None]:
            for day in days(station, _seasons(one.said)):
                known = _known(one, table, station, day) if table.holds(day) else []
                at = f" at {station.code}" if station else ""
                if problem := _order_problem(table.sign, known):
                    here = (*one.where, *table.key)
                    return [Mistake(here, _shown(known), f"{problem}{at}")]
                if problem := _band_problem(one.said, known):
                    band = one.said.get("dead_band")
                    return [Mistake((*one.where, "dead_band"), band, f"{problem}{at}")]
    return []


def _known(
    one: _Condition, table: _Table, station: Place | None, day: str
) -> list[tuple[str, float]]:
    values = [(grade, _value(one, table, grade, station, day)) for grade in GRADES]
    return [(grade, value) for grade, value in values if value is not None]


def _order_problem(sign: int, known: Sequence[tuple[str, float]]) -> str | None:
    word = "fall" if sign < 0 else "rise"
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


def _too_short_window(one: _Condition, covered: list[Place]) -> list[Mistake]:
    window = one.said.get("window_s")
    if not isinstance(window, int) or one.metric is None:
        return []
    for place in covered:
        interval = place.sensed(one.metric).interval_s
        if interval and window < LEAST_IN_WINDOW * interval:
            problem = (
                f"{place.code} reports {one.metric} every {interval:g} s; a rate needs "
                f"{LEAST_IN_WINDOW} readings: give {LEAST_IN_WINDOW * interval:g} or more"
            )
            return [Mistake((*one.where, "window_s"), window, problem)]
    return []


def _nothing_usual(one: _Condition, covered: list[Place]) -> list[Mistake]:
    metric = one.metric or ""
    asked = one.said.get("when") == "deviation" and one.said.get("usual") == "month"
    if not asked or any(place.sensed(metric).usual for place in covered):
        return []
    problem = (
        f"of no covered station it is known what {metric} usually is: give its sensor `usual`, a "
        "range for each month"
    )
    return [Mistake((*one.where, "usual"), one.said.get("usual"), problem)] if covered else []


def _too_lonely(
    one: _Condition, covered: list[Place], stations: Mapping[str, Place]
) -> list[Mistake]:
    """usual: neighbours, where nobody has so many in reach."""
    if one.said.get("usual") != "neighbours" or one.metric is None:
        return []
    found = too_lonely(one.said, one.metric, covered, stations.values())
    return [Mistake((*one.where, found[0]), one.said.get(found[0]), found[1])] if found else []


def _never_reached(one: _Condition, covered: list[Place]) -> list[Mistake]:
    """A limit beyond the range of every instrument that the rule covers."""
    if one.changes or one.metric is None or not covered:
        return []
    sensed = [place.sensed(one.metric) for place in covered]
    low, high = min(each.low for each in sensed), max(each.high for each in sensed)
    mistakes = []
    for table in one.tables:
        for grade, said in table.grades.items():
            if not isinstance(said, int | float):
                continue
            if said > high if table.sign > 0 else said < low:
                here = (*one.where, *table.key, *(() if table.key == ("limit",) else (grade,)))
                problem = (
                    f"can never be reached: the instruments report {one.metric} from {low:g} to "
                    f"{high:g}; give a limit in between"
                )
                mistakes.append(Mistake(here, said, problem))
    return mistakes


def _crossed(one: _Condition, covered: list[Place]) -> list[Mistake]:
    """outside: a grade whose low end is not below its high end, so that it would be always on."""
    if one.said.get("when") != "outside":
        return []
    low, high = one.tables
    stations: list[Place | None] = [*covered] if covered else [None]
    for station in stations:
        for day in days(station, _seasons(one.said)):
            below, above = (dict(_known(one, table, station, day)) for table in (low, high))
            for grade in below.keys() & above.keys():
                if below[grade] >= above[grade]:
                    at = f" at {station.code}" if station else ""
                    problem = (
                        f"{grade} would always be on{at}: its low limit {below[grade]:g} is not "
                        f"below the high one, {above[grade]:g}"
                    )
                    return [Mistake((*one.where, "low", grade), below[grade], problem)]
    return []


def _too_few(
    where: _Where, rule: Mapping[str, Any], stations: Mapping[str, Place]
) -> list[Mistake]:
    """at_least: more sensors wanted than any group has."""
    grades = _mapping(rule.get("grades"))
    if rule.get("when") != "at_least" or not grades:
        return []
    counts: Counter[str | None] = Counter()
    for member in listed(rule.get("of")):
        metric = member.get("metric") if isinstance(member, dict) else None
        if isinstance(metric, str) and metric in METRICS:
            for place in _covered(member, metric, stations):
                groups = {"station": place.code, "plant": place.group}
                counts[groups.get(str(rule.get("per", "station")))] += 1
    most = max(counts.values(), default=0)
    return [
        Mistake(
            (*where, "grades", grade),
            wanted,
            f"can never be reached: no group has more than {most} of these sensors; look at `per`",
        )
        for grade, wanted in grades.items()
        if isinstance(wanted, int | float) and wanted > most
    ]


def _value(
    one: _Condition, table: _Table, grade: str, station: Place | None, day: str
) -> float | None:
    said = table.grades.get(grade)
    if isinstance(said, str):
        named = CLASSES.get(one.metric or "", {}).get(said)
        own = station.limit(one.metric or "", said, day) if station else None
        return own if own is not None or named is None else named[0]
    return float(said) if isinstance(said, int | float) and abs(said) < _BEYOND_ALL else None


def _shown(known: Sequence[tuple[str, float]]) -> str:
    return ", ".join(f"{grade} {value:g}" for grade, value in known)


def _covered(
    rule: Mapping[str, Any], metric: str, stations: Mapping[str, Place]
) -> Iterator[Place]:
    named = listed(rule.get("stations"))
    for station in stations.values():
        if (station.kind == rule.get("kind") or station.code in named) and station.has(metric):
            yield station


def _seasons(rule: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    return (season for season in listed(rule.get("seasons")) if isinstance(season, dict))


def _sign(rule: Mapping[str, Any]) -> int:
    return -1 if rule.get("when") == "below" else 1


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
