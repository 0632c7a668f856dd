"""A rule laid upon one series: the Watch, with its limits found and its durations as such."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from alerts.grade import GRADES, Grade
from alerts.rule_settings import RuleSettings
from alerts.wording import BEIJING
from sensors.limits import in_season

When = Literal["above", "below", "no_data", "ingest"]
Key = tuple[int, str]  # rule number, subject: what a state hangs on

GAP_INTERVALS = 5  # a longer silence than this breaks a hold: nobody knows what lay between
FRESH_S = 900


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit in the metric's unit; season: MM-DD, both inclusive, both None for all the year.

    mean_over_s: the mean that it is meant for, None for each reading; readings are compared singly.
    beyond, clear: value times the watch's sign, and the same with the dead-band taken off.
    """

    value: float
    zh: str = ""
    en: str = ""
    season_from: str | None = None
    season_to: str | None = None
    mean_over_s: int | None = None
    beyond: float = 0.0
    clear: float = 0.0


@dataclass(frozen=True, slots=True)
class Watch:
    """One rule over one series. subject: `station/metric`.

    limits: by rank of grade, seasons before the one for the rest of the year; empty where the grade
    has none here. lowest: no limit is below it (times sign). sign: +1 above, -1 below. gap: a
    silence longer than that (or than the hold, if longer) breaks a hold. without: quality bits; a
    reading with one of them is not judged.
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
    limits: tuple[tuple[Limit, ...], ...] = ((), (), (), ())
    lowest: float = 0.0
    sign: int = 1
    on_delay: timedelta = timedelta(0)
    off_delay: timedelta = timedelta(0)
    gap: timedelta = timedelta(0)
    fresh: timedelta = timedelta(seconds=FRESH_S)
    patience: timedelta = timedelta(0)
    grade: Grade = "blue"
    needs_good: bool = False
    without: int = 0

    @property
    def key(self) -> Key:
        return (self.rule_id, self.subject)

    @property
    def interval(self) -> timedelta:
        """How often the series reports."""
        return self.gap / GAP_INTERVALS

    def limit_at(self, rank: int, moment: datetime) -> Limit | None:
        """The limit of a grade that is in force then; the season's day is Beijing's."""
        limits = self.limits[rank]
        if len(limits) == 1 and limits[0].season_from is None:
            return limits[0]
        day = moment.astimezone(BEIJING).strftime("%m-%d")
        return next((x for x in limits if in_season(day, x.season_from, x.season_to)), None)


@dataclass(frozen=True, slots=True)
class Place:
    """A series as rules need it: where it is, how often it reports, its named limits."""

    series_id: int
    station: str
    kind: str
    metric: str
    interval_s: int
    department: str | None = None
    public: bool = False
    limits: Mapping[str, tuple[Limit, ...]] = field(default_factory=dict)

    @property
    def subject(self) -> str:
        return f"{self.station}/{self.metric}"


def covers(rule: RuleSettings, place: Place) -> bool:
    return place.metric == rule.metric and (
        place.kind == rule.kind or place.station in rule.stations
    )


def watch(rule_id: int, version: int, rule: RuleSettings, place: Place) -> Watch | None:
    """The rule upon this place; None where the place has none of the limits that it names."""
    sign = -1 if rule.when == "below" else 1
    limits = tuple(_limits(rule, rule.grades.get(grade), place, sign) for grade in GRADES)
    if rule.when != "no_data" and not any(limits):
        return None
    return Watch(
        rule_id=rule_id,
        version=version,
        code=rule.code,
        when=rule.when,
        subject=place.subject,
        series_id=place.series_id,
        station=place.station,
        metric=place.metric,
        department=place.department,
        public=rule.public and place.public,
        limits=limits,
        lowest=min((limit.beyond for some in limits for limit in some), default=0.0),
        sign=sign,
        on_delay=timedelta(seconds=rule.on_delay_s),
        off_delay=timedelta(seconds=rule.off_delay_s),
        gap=timedelta(seconds=GAP_INTERVALS * place.interval_s),
        fresh=timedelta(seconds=rule.fresh_s or max(FRESH_S, GAP_INTERVALS * place.interval_s)),
        patience=timedelta(seconds=rule.patience_s or 0),
        grade=rule.grade or "blue",
        needs_good=rule.needs == "good",
        without=rule.without_bits,
    )


def by_series(watches: Iterable[Watch]) -> dict[int, tuple[Watch, ...]]:
    found: dict[int, list[Watch]] = {}
    for one in watches:
        if one.series_id is not None:
            found.setdefault(one.series_id, []).append(one)
    return {series_id: tuple(some) for series_id, some in found.items()}


def _limits(
    rule: RuleSettings, said: float | str | None, place: Place, sign: int
) -> tuple[Limit, ...]:
    """What a grade's entry means here, seasons first. clear is rounded: 0.3 - 0.1 must be 0.2."""
    if said is None:
        return ()
    found = place.limits.get(said, ()) if isinstance(said, str) else (Limit(float(said)),)
    return tuple(
        replace(
            limit,
            beyond=sign * limit.value,
            clear=round(sign * limit.value - rule.dead_band, 9),
        )
        for limit in sorted(found, key=lambda limit: limit.season_from is None)
    )
