"""A rule laid upon one series: the Watch, with its limits found and its durations as such."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from alerts.grade import GRADES, Grade
from alerts.settings import RuleSettings
from alerts.wording import BEIJING

When = Literal["above", "below", "no_data", "ingest"]
Key = tuple[int, str]  # rule number, subject: what a state hangs on

GAP_INTERVALS = 5  # a longer silence than this breaks a hold: nobody knows what lay between
FRESH_S = 900


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit in the metric's unit; a season (MM-DD, both inclusive) may pass over New Year."""

    value: float
    zh: str = ""
    en: str = ""
    season_from: str | None = None
    season_to: str | None = None

    def in_force(self, moment: datetime) -> bool:
        if self.season_from is None or self.season_to is None:
            return True
        day = moment.astimezone(BEIJING).strftime("%m-%d")
        if self.season_from <= self.season_to:
            return self.season_from <= day <= self.season_to
        return day >= self.season_from or day <= self.season_to


@dataclass(frozen=True, slots=True)
class Watch:
    """One rule over one series. limits: by rank of grade; None where the grade has none here.

    clear: the value, by rank, at which the grade clears. sign: +1 above, -1 below. gap: a silence
    longer than that (or than the hold, if longer) breaks a hold. subject: `station/metric`.
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
    limits: tuple[Limit | None, ...] = (None, None, None, None)
    clear: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)
    lowest: float = 0.0
    sign: int = 1
    on_delay: timedelta = timedelta(0)
    off_delay: timedelta = timedelta(0)
    gap: timedelta = timedelta(0)
    fresh: timedelta = timedelta(seconds=FRESH_S)
    patience: timedelta = timedelta(0)
    grade: Grade = "blue"
    needs_good: bool = False

    @property
    def key(self) -> Key:
        return (self.rule_id, self.subject)


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
    limits: Mapping[str, Limit] | None = None

    @property
    def subject(self) -> str:
        return f"{self.station}/{self.metric}"


def covers(rule: RuleSettings, place: Place) -> bool:
    return place.metric == rule.metric and (
        place.kind == rule.kind or place.station in rule.stations
    )


def watch(rule_id: int, version: int, rule: RuleSettings, place: Place) -> Watch | None:
    """The rule upon this place; None where the place has none of the limits that it names."""
    limits = tuple(_limit(rule.grades.get(grade), place) for grade in GRADES)
    if rule.when != "no_data" and not any(limits):
        return None
    sign = -1 if rule.when == "below" else 1
    values = [sign * limit.value for limit in limits if limit]
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
        clear=tuple(_clear(limit, sign, rule.dead_band) for limit in limits),
        lowest=min(values, default=0.0),
        sign=sign,
        on_delay=timedelta(seconds=rule.on_delay_s),
        off_delay=timedelta(seconds=rule.off_delay_s),
        gap=timedelta(seconds=GAP_INTERVALS * place.interval_s),
        fresh=timedelta(seconds=rule.fresh_s or max(FRESH_S, GAP_INTERVALS * place.interval_s)),
        patience=timedelta(seconds=rule.patience_s or 0),
        grade=rule.grade or "blue",
        needs_good=rule.needs == "good",
    )


def by_series(watches: Iterable[Watch]) -> dict[int, tuple[Watch, ...]]:
    found: dict[int, list[Watch]] = {}
    for one in watches:
        if one.series_id is not None:
            found.setdefault(one.series_id, []).append(one)
    return {series_id: tuple(some) for series_id, some in found.items()}


def _limit(said: float | str | None, place: Place) -> Limit | None:
    if isinstance(said, str):
        return (place.limits or {}).get(said)
    return None if said is None else Limit(float(said))


def _clear(limit: Limit | None, sign: int, dead_band: float) -> float:
    """Times sign, as the engine compares. Rounded: 0.3 - 0.1 must be 0.2."""
    return round(sign * limit.value - dead_band, 9) if limit else 0.0
