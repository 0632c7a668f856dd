"""A rule as config.yaml says it: what is wrong with a reading, or with its absence."""

from collections.abc import Mapping
from itertools import combinations
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from alerts.condition_settings import (
    CHANGES,
    LIMITS,
    LONGEST_S,
    Condition,
    Member,
    Season,
    no_words,
)
from alerts.grade import Grade
from alerts.neighbours import LEAST, MOST, WITHIN_KM
from sensors.catalogue import METRICS
from sensors.limits import in_season
from sensors.section import Code
from sensors.settings import MetricCode, Names

SYSTEM = "SYSTEM-"  # codes of built-in rules begin so
ABSENCES = ("no_data", "offline")
COMPOSITES = ("all", "any", "at_least")

Limits = Annotated[dict[Grade, float | Code], BeforeValidator(no_words)]


class SeasonGrades(Season):
    """Limits of the rule that take the place of `grades` in a part of the year."""

    grades: Limits = Field(
        min_length=1, description="The limits then; a grade without one is as in the rest of it."
    )


class RuleSettings(Condition):
    """What is wrong with a reading, or with its absence, and what it then means."""

    code: Code = Field(description="Code of the rule; never reused for another meaning.")
    label: Names = Field(description="What the alert is called, in both languages.")
    metric: MetricCode | None = Field(
        default=None, description="The metric it judges; offline and composite rules have none."
    )
    when: Literal[
        "above",
        "below",
        "outside",
        "rate",
        "deviation",
        "no_data",
        "offline",
        "all",
        "any",
        "at_least",
    ] = Field(
        description="above, below: strictly beyond a limit; outside: below `low` or above `high`; "
        "rate: it changes faster than a limit; deviation: it is that far from the usual; no_data: "
        "no usable reading; offline: the device said goodbye; all, any, at_least: of the "
        "conditions in `of`."
    )
    grades: Limits = Field(
        default_factory=dict,
        description="above, below, rate, deviation: a limit for each grade, a number in `unit`, "
        "the name of a limit of the station (its season is honoured) or of a class, such as "
        "heavy_pollution. at_least: for each grade, how many sensors.",
    )
    low: Limits = Field(
        default_factory=dict, description="outside: the limit below which each grade begins."
    )
    high: Limits = Field(
        default_factory=dict, description="outside: the limit above which each grade begins."
    )
    within_km: float | None = Field(
        default=None,
        gt=0,
        le=200,
        description=f"usual: neighbours: how far away a neighbour may stand, else {WITHIN_KM:g} "
        f"km. The nearest {MOST} are asked.",
    )
    least: int | None = Field(
        default=None,
        ge=2,
        le=MOST,
        description="usual: neighbours: so many must be known, else the reading says nothing; "
        f"{LEAST} unless it is said.",
    )
    seasons: tuple[SeasonGrades, ...] = Field(
        default=(), description="Other `grades` in parts of the year; days are Beijing's."
    )
    grade: Grade | None = Field(
        default=None, description="no_data, offline, all, any: the grade of the alert."
    )
    patience_s: int | None = Field(
        default=None,
        gt=0,
        le=LONGEST_S,
        description="no_data: seconds without a usable reading; offline: since the device said "
        "goodbye.",
    )
    patience_intervals: float | None = Field(
        default=None,
        ge=2,
        le=1000,
        description="no_data, instead of seconds: so many intervals of each series.",
    )
    of: tuple[Member, ...] = Field(
        default=(), max_length=20, description="all, any, at_least: the conditions."
    )
    per: Literal["station", "plant", "rule"] = Field(
        default="station",
        description="all, any, at_least: what the conditions are put together for: each station, "
        "each plant with its sensors, or once for all.",
    )
    fresh_s: int | None = Field(
        default=None,
        gt=0,
        le=LONGEST_S,
        description="How old a reading may be for its alert still to be told to people; "
        "else 900 or five reporting intervals, whichever is longer.",
    )
    latched: bool = Field(
        default=False,
        description="When the value is back the alert goes on standing until a person resets it.",
    )
    public: bool = Field(
        default=False, description="Whether the public page shows it, at public stations."
    )
    cause: Names | None = Field(default=None, description="What usually lies behind it.")
    consequence: Names | None = Field(default=None, description="What happens if nobody acts.")
    action: Names | None = Field(default=None, description="What the duty officer does.")
    call: Names | None = Field(default=None, description="Whom the duty officer calls.")
    advice: Names | None = Field(default=None, description="What the public is told to do.")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.code.startswith(SYSTEM):
            raise ValueError(f"codes that begin with {SYSTEM} are built in; choose another one")
        self._has_what_it_asks()
        if self.when in COMPOSITES:
            self._is_composite()
        else:
            if self.when != "offline":
                self._covers_something()
            if self.when in ABSENCES:
                self._is_about_absence()
            else:
                self._is_about_limits()
        return self

    def _has_what_it_asks(self) -> None:
        """Each key belongs to some conditions; `_FOR` says to which."""
        if self.usual != "neighbours" and (self.within_km, self.least) != (None, None):
            raise ValueError("`within_km` and `least` belong to `usual: neighbours`")
        for key, kinds in _FOR.items():
            if self.when not in kinds and getattr(self, key) not in (None, (), {}):
                raise ValueError(f"`{key}` belong{_s(key)} to `when: {'`, `'.join(kinds)}`")

    def _is_about_limits(self) -> None:
        self._is_sound(self.when, self.metric)
        if self.usual == "neighbours" and METRICS[self.metric or ""].circular:
            raise ValueError(
                f"`usual: neighbours` takes a median, and {self.metric} is a direction"
            )
        if self.when == "outside":
            if not self.low or not self.high:
                raise ValueError("`when: outside` needs `low` and `high`, such as {orange: 6}")
        elif not self.grades and not self.seasons:
            raise ValueError(f"`when: {self.when}` needs `grades`, such as {{orange: 25}}")
        for one, other in combinations(self.seasons, 2):
            if _overlap(one, other) and one.grades.keys() & other.grades.keys():
                raise ValueError(
                    f"two seasons hold on the same day: {one.season_from} to {one.season_to} and "
                    f"{other.season_from} to {other.season_to}; a grade has one limit at a time"
                )

    def _is_about_absence(self) -> None:
        self._has_no_limits()
        if self.grade is None:
            raise ValueError(f"`when: {self.when}` needs `patience_s` and `grade`")
        if self.when == "offline":
            if self.metric is not None:
                raise ValueError("`when: offline` is about devices: take `metric` out")
            if self.patience_s is None:
                raise ValueError("`when: offline` needs `patience_s` and `grade`")
            return
        if self.metric is None:
            raise ValueError("`when: no_data` needs `metric`, what it waits for")
        if (self.patience_s is None) == (self.patience_intervals is None):
            raise ValueError(
                "`when: no_data` needs `patience_s` or `patience_intervals`, one of them"
            )

    def _is_composite(self) -> None:
        self._has_no_limits()
        if self.metric is not None or self.kind is not None or self.stations:
            raise ValueError("`metric`, `kind`, `stations` belong to the conditions in `of`")
        if not self.of:
            raise ValueError(f"`when: {self.when}` needs `of`, a list of conditions")
        if self.when != "at_least":
            if self.grade is None:
                raise ValueError(f"`when: {self.when}` needs `grade`")
            if self.when == "all" and len(self.of) < 2:
                raise ValueError("`when: all` needs two conditions at least")
            return
        if not self.grades:
            raise ValueError("`when: at_least` needs `grades`, such as {orange: 2, red: 3}")
        for number in self.grades.values():
            if not isinstance(number, float) or number < 1 or number != int(number):
                raise ValueError(f"`when: at_least` counts sensors; {number!r} is no whole number")

    def _has_no_limits(self) -> None:
        said = (self.dead_band, self.on_delay_s, self.off_delay_s, self.mean_over_s, self.window_s)
        if any(said) or self.direction is not None or self.usual is not None:
            raise ValueError(
                "`dead_band`, `on_delay_s`, `off_delay_s`, `mean_over_s`, `window_s`, `direction`, "
                "`usual` belong to conditions with limits"
            )


# Which keys belong to which conditions only.
_FOR: Mapping[str, tuple[str, ...]] = {
    "grades": ("above", "below", *CHANGES, "at_least"),
    "low": ("outside",),
    "high": ("outside",),
    "seasons": ("above", "below", *CHANGES),
    "unit": (*LIMITS, *CHANGES),
    "patience_s": ABSENCES,
    "patience_intervals": ("no_data",),
    "grade": (*ABSENCES, "all", "any"),
    "of": COMPOSITES,
}


def _s(key: str) -> str:
    """A plural key takes a plural verb."""
    return "" if key in ("grades", "seasons") else "s"


def _overlap(one: Season, other: Season) -> bool:
    return in_season(one.season_from, other.season_from, other.season_to) or in_season(
        other.season_from, one.season_from, one.season_to
    )
