"""A rule laid upon one series: the Watch, with its limits found and its durations as such."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import inf
from typing import Any, Literal

from alerts.classes import CLASSES
from alerts.condition_settings import CHANGES, Condition, Member
from alerts.grade import GRADES, Grade
from alerts.rule_settings import RuleSettings
from alerts.times import BEIJING
from alerts.usual import Usual
from alerts.window import Signal, mean_over, rate_over
from sensors.limits import in_season

When = Literal[
    "above",
    "below",
    "outside",
    "rate",
    "deviation",
    "no_data",
    "offline",
    "group",
    "ingest",
]
How = Literal["all", "any", "at_least"]
Key = tuple[int, str]  # rule number, subject: what a state hangs on

GAP_INTERVALS = 5  # a longer silence than this breaks a hold: nobody knows what lay between
FRESH_S = 900
BY_CLOCK = ("no_data", "offline", "ingest")  # what is raised by the clock, not by a reading


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit in the metric's unit (a rate's per hour); season: MM-DD, both inclusive, both None
    for all the year.

    mean_over_s: the mean that it is meant for, None for each reading. sign: +1 must not be passed
    upwards, -1 downwards. beyond, clear: value times sign, and the same less the dead-band.
    """

    value: float
    zh: str = ""
    en: str = ""
    season_from: str | None = None
    season_to: str | None = None
    mean_over_s: int | None = None
    beyond: float = 0.0
    clear: float = 0.0
    sign: int = 1

    def excess(self, value: float) -> float:
        """How far beyond it a value is; not above 0 at the limit and behind it."""
        return self.sign * value - self.beyond


Ranked = tuple[tuple[Limit, ...], ...]  # by rank of grade


@dataclass(frozen=True, slots=True)
class Watch:
    """One rule over one series. subject: `station/metric`.

    limits: by rank of grade, seasons before the one for the rest of the year; empty where the grade
    has none here. sides: the signs that there are, each with the least limit times its sign. gap: a
    silence longer than that (or than the hold, if longer) breaks a hold. without: quality bits; a
    reading with one of them is not judged. signal: what is compared with the limits, where it is
    not the reading itself. member: of a group; its latch raises nothing by itself. latched: when
    it is back, the alert goes on standing (`returned`) until a person resets it. how: of a group,
    what is asked of its conditions. device, stations: of offline, what is silent and what hangs on
    it.
    """

    rule_id: int
    version: int
    code: str
    when: When
    subject: str
    series_id: int | None = None
    station: str | None = None
    metric: str | None = None
    department: str | None = None
    public: bool = False
    limits: Ranked = ((), (), (), ())
    sides: tuple[tuple[int, float], ...] = ()
    on_delay: timedelta = timedelta(0)
    off_delay: timedelta = timedelta(0)
    gap: timedelta = timedelta(0)
    fresh: timedelta = timedelta(seconds=FRESH_S)
    patience: timedelta = timedelta(0)
    grade: Grade = "blue"
    needs_good: bool = False
    without: int = 0
    signal: Signal | None = None
    member: bool = False
    latched: bool = False
    how: How | None = None
    device: str | None = None
    stations: tuple[str, ...] = ()

    @property
    def key(self) -> Key:
        return (self.rule_id, self.subject)

    @property
    def asks(self) -> str:
        """What it asks beside its limits: `above`, `above mean`, `rate up`. What another question
        left open says nothing of this one, be it of the same rule."""
        if self.how:
            return self.how
        if self.when not in CHANGES:
            return f"{self.when} mean" if self.signal else self.when
        found = {sign for sign, _ in self.sides}
        kind = self.when if self.signal is None or self.signal.kind == "rate" else self.signal.kind
        return f"{kind} {'either' if len(found) > 1 else 'up' if 1 in found else 'down'}"

    @property
    def interval(self) -> timedelta:
        """How often the series reports."""
        return self.gap / GAP_INTERVALS

    @property
    def has_limits(self) -> bool:
        """Whether readings raise it."""
        return bool(self.sides)

    @property
    def window(self) -> Signal | None:
        """Its signal, if that needs readings before the one that is judged."""
        return self.signal if self.signal and self.signal.looks_back else None

    def excess(self, value: float) -> float:
        """How far a value is beyond the least of its limits, on whichever side."""
        return max([sign * value - lowest for sign, lowest in self.sides], default=-inf)

    def graver(self, one: float, other: float | None) -> float:
        return one if other is None or self.excess(one) > self.excess(other) else other

    def limits_at(self, rank: int, moment: datetime) -> tuple[Limit, ...]:
        """The limits of a grade that are in force then, one a side; the season's day is
        Beijing's."""
        limits = self.limits[rank]
        if not limits or (len(limits) == 1 and limits[0].season_from is None):
            return limits
        day = moment.astimezone(BEIJING).strftime("%m-%d")
        found: dict[int, Limit] = {}
        for limit in limits:
            if in_season(day, limit.season_from, limit.season_to):
                found.setdefault(limit.sign, limit)
        return tuple(found.values())

    def limit_at(self, rank: int, moment: datetime, value: float | None = None) -> Limit | None:
        """Of the limits of a grade then, the one that the value is beyond, or nearest to."""
        limits = self.limits_at(rank, moment)
        if value is None or len(limits) < 2:
            return limits[0] if limits else None
        return max(limits, key=lambda limit: limit.excess(value))


@dataclass(frozen=True, slots=True)
class Place:
    """A series as rules need it: where it is, how often it reports, its named limits.

    plant: the one that it belongs to, or is. device: what it hangs on. usual: for month and hour.
    spot: lon, lat in degrees. span: what its instrument can report, least and greatest.
    """

    series_id: int
    station: str
    kind: str
    metric: str
    interval_s: int
    department: str | None = None
    public: bool = False
    limits: Mapping[str, tuple[Limit, ...]] = field(default_factory=dict)
    plant: str | None = None
    device: str | None = None
    usual: Usual | None = None
    spot: tuple[float, float] | None = None
    span: tuple[float, float] = (-inf, inf)

    @property
    def subject(self) -> str:
        return f"{self.station}/{self.metric}"


def covers(rule: RuleSettings | Member, place: Place) -> bool:
    return place.metric == rule.metric and (
        place.kind == rule.kind or place.station in rule.stations
    )


def watch(
    rule_id: int,
    version: int,
    rule: RuleSettings,
    place: Place,
    limits: Ranked | None = None,
    around: Signal | None = None,
) -> Watch | None:
    """The rule upon this place; None where the place has none of the limits that it names, or not
    what they are to be compared with.

    limits: `limits_of(rule, place)`, where they are known already. around: of a rule that compares
    with the neighbours, who they are (laying.Nearby).
    """
    limits = limits_of(rule, place) if limits is None else limits
    if rule.when != "no_data" and not any(limits):
        return None
    signal = around or signal_of(rule.when, rule, place)
    if rule.when == "deviation" and signal is None:
        return None
    patience_s = rule.patience_s or (rule.patience_intervals or 0) * place.interval_s
    return laid_upon(
        rule,
        place,
        limits,
        rule_id=rule_id,
        version=version,
        code=rule.code,
        when=_WHEN[rule.when],
        public=rule.public and place.public,
        fresh=timedelta(seconds=rule.fresh_s or max(FRESH_S, GAP_INTERVALS * place.interval_s)),
        patience=timedelta(seconds=patience_s),
        grade=rule.grade or "blue",
        signal=signal,
        latched=rule.latched,
    )


def laid_upon(rule: Condition, place: Place, limits: Ranked, **own: Any) -> Watch:
    """What every condition has upon a place; own: the rest, which is the rule's."""
    return Watch(
        subject=own.pop("subject", place.subject),
        series_id=place.series_id,
        station=place.station,
        metric=place.metric,
        department=place.department,
        limits=limits,
        sides=_sides(limits),
        on_delay=timedelta(seconds=rule.on_delay_s),
        off_delay=timedelta(seconds=rule.off_delay_s),
        gap=timedelta(seconds=GAP_INTERVALS * place.interval_s),
        needs_good=rule.needs == "good",
        without=rule.without_bits,
        **own,
    )


def signal_of(when: str, rule: Condition, place: Place) -> Signal | None:
    """What is compared, where it is not the reading itself."""
    if when == "rate" and rule.window_s:
        return rate_over(rule.window_s)
    if when == "deviation":
        known = rule.usual == "month" and place.usual is not None
        return Signal("deviation", usual=place.usual) if known else None
    return mean_over(rule.mean_over_s, place.interval_s) if rule.mean_over_s else None


def by_series(watches: Iterable[Watch]) -> dict[int, tuple[Watch, ...]]:
    found: dict[int, list[Watch]] = {}
    for one in watches:
        if one.series_id is not None:
            found.setdefault(one.series_id, []).append(one)
    return {series_id: tuple(some) for series_id, some in found.items()}


_WHEN: Mapping[str, When] = {
    name: name for name in ("above", "below", "outside", "rate", "deviation", "no_data", "offline")
}


class LimitsOf:
    """What a rule says, by rank of grade, as limits of places.

    Made once for all places that mean the same by the names in it: a rule upon thousands of series
    is read anew at every edit, and no alert can wait for it.
    """

    def __init__(self, rule: RuleSettings) -> None:
        grades = (rule.grades, rule.low, rule.high, *(one.grades for one in rule.seasons))
        said = {limit for some in grades for limit in some.values()}
        self._rule = rule
        self._names = sorted(name for name in said if isinstance(name, str))
        self._made: dict[tuple[object, ...], Ranked] = {}

    def at(self, place: Place) -> Ranked:
        key = (place.metric, *(place.limits.get(name) for name in self._names))
        if key not in self._made:
            self._made[key] = limits_of(self._rule, place)
        return self._made[key]


def limits_of(rule: RuleSettings, place: Place) -> Ranked:
    """By rank of grade: what the rule says, as limits of this place."""
    if rule.when == "outside":
        lower, upper = (limits_on(rule, {None: said}, place, sign) for said, sign in _ends(rule))
        return tuple((*low, *high) for low, high in zip(lower, upper, strict=True))
    said: dict[_Year, Mapping[Grade, float | str]] = {
        (season.season_from, season.season_to): season.grades for season in rule.seasons
    }
    said[None] = rule.grades
    changes = rule.when in CHANGES
    sided = [limits_on(rule, said, place, sign, mirrored=changes) for sign in signs(rule)]
    ranks = zip(*sided, strict=True)
    return tuple(tuple(limit for side in rank for limit in side) for rank in ranks)


def signs(rule: RuleSettings) -> tuple[int, ...]:
    if rule.when in CHANGES:
        return {"up": (1,), "down": (-1,), "either": (1, -1)}[rule.direction or "up"]
    return (-1,) if rule.when == "below" else (1,)


def _ends(rule: RuleSettings) -> tuple[tuple[Mapping[Grade, float | str], int], ...]:
    return (rule.low, -1), (rule.high, 1)


_Year = tuple[str, str] | None


def limits_on(
    rule: Condition,
    said: Mapping[_Year, Mapping[Grade, float | str]],
    place: Place,
    sign: int,
    *,
    mirrored: bool = False,
) -> Ranked:
    """By rank, seasons first. said: by season, None for the rest of the year. mirrored: one number
    is meant for rise and fall."""
    found = []
    for grade in GRADES:
        limits = [
            replace(limit, season_from=year[0], season_to=year[1]) if year else limit
            for year, grades in said.items()
            if grade in grades
            for limit in _meant(grades[grade], place)
        ]
        limits.sort(key=lambda limit: limit.season_from is None)
        band = rule.dead_band
        found.append(tuple(_sided(limit, sign, band, mirrored=mirrored) for limit in limits))
    return tuple(found)


def _meant(said: float | str, place: Place) -> tuple[Limit, ...]:
    """A number; else a limit of the station by its name, or a class of the metric by its own."""
    if not isinstance(said, str):
        return (Limit(float(said)),)
    if said in place.limits:
        return place.limits[said]
    named = CLASSES.get(place.metric, {}).get(said)
    return (Limit(*named),) if named else ()


def _sided(limit: Limit, sign: int, dead_band: float, *, mirrored: bool) -> Limit:
    """clear is rounded: 0.3 - 0.1 must be 0.2. mirrored: 0.5 is meant as -0.5 on the lower side."""
    value = sign * limit.value if mirrored else limit.value
    return replace(
        limit,
        value=value,
        sign=sign,
        beyond=sign * value,
        clear=round(sign * value - dead_band, 9),
    )


def _sides(limits: Ranked) -> tuple[tuple[int, float], ...]:
    lowest: dict[int, float] = {}
    for limit in (limit for some in limits for limit in some):
        lowest[limit.sign] = min(limit.beyond, lowest.get(limit.sign, inf))
    return tuple(lowest.items())
