"""Which alert goes to whom, and why: routes, targets, fallback. Pure.

The first route that fits is taken; `go_on` lets the next ones be looked at too. A target that leads
to nobody (a duty without anybody, a person without an address) and an alert that no route takes go
to the fallback: never nowhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from alerts.grade import RANK, Grade
from alerts.receiver_settings import DAYS, DUTY, PERSON, MatchSettings, RouteSettings
from alerts.times import BEIJING

EVERYBODY = "everybody"  # the route there is where none is written
NO_ROUTE = "no route"
TOLD_BEFORE = "told before"


@dataclass(frozen=True, slots=True)
class Subject:
    """What routes ask of an alert. grade: the gravest so far."""

    rule: str
    grade: Grade
    station: str | None = None
    kind: str | None = None
    department: str | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """How a person is reached: a receiver of their own, and the least grade it is told."""

    receiver: str
    min_grade: Grade


@dataclass(frozen=True)
class Directory:
    """Who there is at one moment. receivers: least grade by name; on_duty: people by duty;
    ways: of people."""

    at: datetime
    receivers: Mapping[str, Grade]
    fallback: Sequence[str] = ()
    on_duty: Mapping[str, Sequence[str]] = field(default_factory=dict)
    ways: Mapping[str, Sequence[Way]] = field(default_factory=dict)


@dataclass
class Decision:
    """told: receivers, each with why; untold: why nobody is."""

    told: dict[str, dict[str, Any]] = field(default_factory=dict)
    untold: str | None = None

    def add(self, receiver: str, **why: Any) -> None:
        self.told.setdefault(receiver, {key: value for key, value in why.items() if value})


def misfit(match: MatchSettings, subject: Subject, at: datetime) -> str | None:
    """Why it does not fit; None if it does."""
    wanted: tuple[tuple[str, Sequence[str], str | None], ...] = (
        ("department", match.departments, subject.department),
        ("station", match.stations, subject.station),
        ("kind", match.kinds, subject.kind),
    )
    for name, allowed, value in wanted:
        if allowed and value not in allowed:
            return f"{name} is {value or 'none'}, not {' or '.join(allowed)}"
    if match.rules and not any(_is_rule(subject.rule, code) for code in match.rules):
        return f"rule is {subject.rule}, not {' or '.join(match.rules)}"
    if RANK[subject.grade] < RANK[match.min_grade]:
        return f"never was {match.min_grade} or graver"
    return _wrong_time(match, at)


def taken(routes: Sequence[RouteSettings], subject: Subject, at: datetime) -> list[RouteSettings]:
    """The routes that an alert goes by."""
    found: list[RouteSettings] = []
    for route in routes:
        if misfit(route, subject, at) is None:
            found.append(route)
            if not route.go_on:
                break
    return found


def decide(
    routes: Sequence[RouteSettings],
    subject: Subject,
    directory: Directory,
    before: Sequence[str] = (),
) -> Decision:
    """Whom a transition is told to. before: who was told of this alert already, and is told on."""
    decision = Decision()
    if not routes:
        for name in directory.receivers:
            _tell(decision, subject, directory, name, EVERYBODY)
    else:
        chosen = taken(routes, subject, directory.at)
        for route in chosen:
            for target in route.to:
                _tell(decision, subject, directory, target, route.name)
        if not chosen:
            _fall_back(decision, subject, directory, NO_ROUTE, "")
    for name in before:
        least = _least(directory, name)
        if least is not None and RANK[subject.grade] >= RANK[least]:
            decision.add(name, route=TOLD_BEFORE)
    if decision.told:
        decision.untold = None
    return decision


def resolve(targets: Sequence[str], subject: Subject, directory: Directory, route: str) -> Decision:
    """Whom the step of an escalation is told to."""
    decision = Decision()
    for target in targets:
        _tell(decision, subject, directory, target, route)
    return decision


def _tell(
    decision: Decision, subject: Subject, directory: Directory, target: str, route: str
) -> None:
    ways, nobody = _ways(directory, target)
    for trouble in nobody:
        _fall_back(decision, subject, directory, route, target, trouble)
    for person, way in ways:
        if RANK[subject.grade] >= RANK[way.min_grade]:
            decision.add(way.receiver, route=route, to=target, person=person)
        elif not decision.told:
            decision.untold = f"{way.receiver} is told of {way.min_grade} and graver only"


def _ways(directory: Directory, target: str) -> tuple[list[tuple[str | None, Way]], list[str]]:
    """How a target is reached, and the sentences where it leads to nobody."""
    if target.startswith(DUTY):
        code = target.removeprefix(DUTY)
        people = list(directory.on_duty.get(code, ()))
        if not people:
            return [], [f"nobody is on duty at {code}"]
    elif target.startswith(PERSON):
        people = [target.removeprefix(PERSON)]
    elif target in directory.receivers:
        return [(None, Way(target, directory.receivers[target]))], []
    else:
        return [], [f"there is no receiver {target}"]
    found: list[tuple[str | None, Way]]
    found = [(who, way) for who in people for way in directory.ways.get(who, ())]
    reached = {who for who, _ in found}
    return found, [f"{who} has no address" for who in people if who not in reached]


def _fall_back(
    decision: Decision,
    subject: Subject,
    directory: Directory,
    route: str,
    target: str,
    trouble: str = "",
) -> None:
    """Those of the fallback who are told of such a grade; if that is nobody, all of them."""
    names = [n for n in directory.fallback or directory.receivers if n in directory.receivers]
    rank = RANK[subject.grade]
    graded = [name for name in names if rank >= RANK[directory.receivers[name]]]
    for name in graded or names:
        decision.add(name, route=route, to=target, fallback=trouble or "no route takes it")


def _least(directory: Directory, name: str) -> Grade | None:
    if name in directory.receivers:
        return directory.receivers[name]
    ways = (way for some in directory.ways.values() for way in some)
    return next((way.min_grade for way in ways if way.receiver == name), None)


def _is_rule(code: str, pattern: str) -> bool:
    return code.startswith(pattern[:-1]) if pattern.endswith("*") else code == pattern


def _wrong_time(match: MatchSettings, at: datetime) -> str | None:
    """Times of day and days of the week are Beijing's."""
    local = at.astimezone(BEIJING)
    day = local
    if match.window:
        first, last = match.window
        if not _within(local.time(), first, last):
            return f"it is {local:%H:%M}, not {match.hours}"
        if last < first and local.time() < last:
            day = local - timedelta(days=1)  # the night belongs to the day on which it began
    name = DAYS[day.weekday()]
    if match.days and name not in match.days:
        return f"it is {name}, not {' or '.join(match.days)}"
    return None


def _within(moment: time, first: time, last: time) -> bool:
    if first < last:
        return first <= moment < last
    return moment >= first or moment < last
