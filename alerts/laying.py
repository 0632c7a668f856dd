"""A rule laid upon the district: all the watches and groups that it comes to. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from alerts.condition_settings import Member
from alerts.grade import GRADES, Grade
from alerts.group import Group, member_subject
from alerts.neighbours import LEAST, OLD_INTERVALS, WITHIN_KM, Neighbour, Spots
from alerts.rule import (
    FRESH_S,
    GAP_INTERVALS,
    How,
    Limit,
    LimitsOf,
    Place,
    Watch,
    covers,
    laid_upon,
    limits_on,
    signal_of,
    watch,
)
from alerts.rule_settings import COMPOSITES, RuleSettings
from alerts.window import Signal


@dataclass(frozen=True, slots=True)
class Device:
    """What says online and offline, and the stations that hang on it."""

    code: str
    stations: tuple[tuple[str, str], ...]  # code, kind
    department: str | None = None

    @property
    def subject(self) -> str:
        return f"device/{self.code}"


def device_watch(rule_id: int, version: int, rule: RuleSettings, device: Device) -> Watch | None:
    """An offline rule upon a device; None where it covers none of its stations. One that names
    neither kind nor stations is about all devices."""
    named = rule.kind is not None or bool(rule.stations)
    hung = device.stations
    if named and not any(kind == rule.kind or code in rule.stations for code, kind in hung):
        return None
    return Watch(
        rule_id=rule_id,
        version=version,
        code=rule.code,
        when="offline",
        subject=device.subject,
        department=device.department,
        patience=timedelta(seconds=rule.patience_s or 0),
        grade=rule.grade or "blue",
        latched=rule.latched,
        device=device.code,
        stations=tuple(code for code, _ in device.stations),
    )


@dataclass(frozen=True, slots=True)
class Ground:
    """What there is to watch: every series, every device."""

    places: tuple[Place, ...]
    devices: tuple[Device, ...] = ()


@dataclass(frozen=True, slots=True)
class Laid:
    """watches: upon series and devices, members of groups too; groups: of composite rules."""

    watches: tuple[Watch, ...] = ()
    groups: tuple[Group, ...] = ()


def lay(rule_id: int, version: int, rule: RuleSettings, ground: Ground) -> Laid:
    """What the rule covers, where that has what the rule asks for."""
    if rule.when in COMPOSITES:
        groups = tuple(_groups(rule_id, version, rule, ground))
        members = (member for group in groups for member in group.members.values())
        return Laid(tuple(members), groups)
    if rule.when == "offline":
        laid = [device_watch(rule_id, version, rule, device) for device in ground.devices]
    else:
        limits = LimitsOf(rule)
        places = [place for place in ground.places if covers(rule, place)]
        near = Nearby(rule, ground.places)
        laid = [
            watch(rule_id, version, rule, place, limits.at(place), near.of(place))
            for place in places
        ]
    return Laid(tuple(one for one in laid if one))


class Nearby:
    """Of a rule that compares with the neighbours: who they are, at each place."""

    def __init__(self, rule: RuleSettings, places: Iterable[Place]) -> None:
        self.least = rule.least or LEAST
        self.within_km = rule.within_km or WITHIN_KM
        self._wanted = rule.usual == "neighbours"
        of_metric = (one for one in places if self._wanted and one.metric == rule.metric)
        self._places = [(one, one.spot) for one in of_metric if one.spot]
        codes = [one.station for one, _ in self._places]
        self._spots = Spots(codes, [spot for _, spot in self._places])

    def of(self, place: Place) -> Signal | None:
        """None where there are fewer than must be known."""
        found = self.known(place)
        if len(found) < self.least:
            return None
        return Signal("neighbours", least_readings=self.least, neighbours=found)

    def known(self, place: Place) -> tuple[Neighbour, ...]:
        """Nearest first; none of a rule that asks something else."""
        if not self._places or place.spot is None:
            return ()
        near = self._spots.nearest(place.station, place.spot)
        return tuple(
            _neighbour(place, self._places[number][0])
            for number, km in near
            if km <= self.within_km
        )


def _neighbour(place: Place, one: Place) -> Neighbour:
    age = timedelta(seconds=OLD_INTERVALS * max(place.interval_s, one.interval_s))
    return Neighbour(one.series_id, one.station, age, *one.span)


def _groups(rule_id: int, version: int, rule: RuleSettings, ground: Ground) -> Iterable[Group]:
    """A group that could never be beyond (a plant with one sensor of two asked for) is none."""
    by_group: dict[str, list[tuple[Place, Watch]]] = {}
    for number, condition in enumerate(rule.of):
        for place in ground.places:
            member = covers(condition, place) and _member(rule_id, rule, number, condition, place)
            if member:
                by_group.setdefault(_group_of(rule, place), []).append((place, member))
    for subject, found in sorted(by_group.items()):
        group = _group(rule_id, version, rule, subject, found)
        wanted = min(limit.value for rank in group.watch.limits for limit in rank)
        if group.of >= wanted and _all_there(group):
            yield group


def _all_there(group: Group) -> bool:
    """Where every condition is wanted, each has a member."""
    conditions = {subject.rpartition("#")[2] for subject in group.members}
    return group.how != "all" or len(conditions) == group.conditions


def _group_of(rule: RuleSettings, place: Place) -> str:
    if rule.per == "rule":
        return f"rule/{rule.code}"
    code = place.plant if rule.per == "plant" and place.plant else place.station
    return f"{rule.per}/{code}"


def _member(
    rule_id: int, rule: RuleSettings, number: int, condition: Member, place: Place
) -> Watch | None:
    sign = -1 if condition.when == "below" else 1
    signs = {"up": (1,), "down": (-1,), "either": (1, -1)}[condition.direction or "up"]
    said: Mapping[Grade, float | str] = {"red": condition.limit}
    rate = condition.when == "rate"
    sides = [
        limits_on(condition, {None: said}, place, side, mirrored=rate)
        for side in (signs if rate else (sign,))
    ]
    limits = tuple(
        tuple(limit for side in rank for limit in side) for rank in zip(*sides, strict=True)
    )
    if not any(limits):
        return None
    return laid_upon(
        condition,
        place,
        limits,
        rule_id=rule_id,
        version=0,
        code=rule.code,
        when=condition.when,
        subject=member_subject(place.subject, number),
        signal=signal_of(condition.when, condition, place),
        member=True,
    )


def _group(
    rule_id: int,
    version: int,
    rule: RuleSettings,
    subject: str,
    found: list[tuple[Place, Watch]],
) -> Group:
    places = [place for place, _ in found]
    departments = {place.department for place in places}
    interval_s = max(place.interval_s for place in places)
    how: How = "at_least" if rule.when == "at_least" else "all" if rule.when == "all" else "any"
    limits = _numbers(rule)
    own = Watch(
        rule_id=rule_id,
        version=version,
        code=rule.code,
        when="group",
        subject=subject,
        station=None if rule.per == "rule" else subject.partition("/")[2],
        department=departments.pop() if len(departments) == 1 else None,
        public=rule.public and all(place.public for place in places),
        limits=limits,
        sides=((1, min(limit.beyond for rank in limits for limit in rank)),),
        gap=timedelta(seconds=GAP_INTERVALS * interval_s),
        fresh=timedelta(seconds=rule.fresh_s or max(FRESH_S, GAP_INTERVALS * interval_s)),
        grade=rule.grade or "blue",
        latched=rule.latched,
        how=how,
        stations=tuple(sorted({place.station for place in places})),
    )
    return Group(own, len(rule.of), {member.subject: member for _, member in found})


def _numbers(rule: RuleSettings) -> tuple[tuple[Limit, ...], ...]:
    """By rank: from how many conditions or sensors on. Half of one less is what is passed."""
    wanted: dict[Grade, float] = {grade: float(said) for grade, said in rule.grades.items()}
    if rule.when != "at_least" and rule.grade:
        wanted = {rule.grade: len(rule.of) if rule.when == "all" else 1.0}
    return tuple(
        (Limit(wanted[grade], beyond=wanted[grade] - 0.5, clear=wanted[grade] - 0.5),)
        if grade in wanted
        else ()
        for grade in GRADES
    )
