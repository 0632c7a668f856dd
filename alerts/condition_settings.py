"""What a rule, or a member of a composite rule, asks of one series: the condition."""

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from sensors.reading import Quality
from sensors.section import Code, Section
from sensors.settings import Day, Kind, MetricCode, check_unit

QualityTest = Literal[
    "rate", "stuck", "clock", "device", "spike", "climate", "neighbour", "status", "stale_clock"
]
Direction = Literal["up", "down", "either"]

# Of any delay or patience: longer is a slip of the hand, and reckoning with it could leave the
# calendar, which would stop the judge.
LONGEST_S = 366 * 86_400
LIMITS = ("above", "below", "outside")  # of the reading itself, or of its mean
CHANGES = ("rate", "deviation")  # of something computed from it, with a direction


def no_words(limits: object) -> object:
    """Of one limit, or of those by grade: YAML reads `on` and `yes` as true, which is no 1."""
    for one in limits.values() if isinstance(limits, dict) else [limits]:
        if isinstance(one, bool):
            problem = f"expected a number or the name of a limit, not {str(one).lower()}"
            raise ValueError(problem)  # noqa: TRY004 - what pydantic makes a mistake of
    return limits


class Condition(Section):
    """What is compared, how it has to last, and which readings count."""

    kind: Kind | None = Field(default=None, description="Covers every station of this kind.")
    stations: tuple[Code, ...] = Field(
        default=(), description="Covers these stations, besides those of `kind`."
    )
    unit: str | None = Field(
        default=None,
        description="The metric's unit, where there are limits: a guard against mg for µg. Of a "
        "rate too: its limits are per hour of that unit.",
    )
    mean_over_s: int | None = Field(
        default=None,
        ge=60,
        le=7 * 86400,
        description="above, below, outside: the running mean over so many seconds is compared, not "
        "each reading; it counts from 75 % of the expected readings on.",
    )
    window_s: int | None = Field(
        default=None,
        ge=60,
        le=86400,
        description="rate: seconds over which the change is measured; a silence longer than five "
        "intervals begins it anew.",
    )
    direction: Direction | None = Field(
        default=None, description="rate, deviation: up (the default), down, or either."
    )
    usual: Literal["month", "neighbours"] | None = Field(
        default=None,
        description="deviation: from the middle of what the station's `usual` says of the month; "
        "or from the median of the same metric at the nearest stations around.",
    )
    dead_band: float = Field(
        default=0,
        ge=0,
        description="In the limits' unit: it clears only when the value is this far back.",
    )
    on_delay_s: int = Field(
        default=0,
        ge=0,
        le=LONGEST_S,
        description="Seconds, by the readings, that a value must stay beyond.",
    )
    off_delay_s: int = Field(
        default=0,
        ge=0,
        le=LONGEST_S,
        description="Seconds, by the readings, that a value must stay back.",
    )
    needs: Literal["any", "good"] = Field(
        default="any",
        description="any: a suspect reading is judged too, and the alert says that it is suspect; "
        "good: only good ones. Missing and impossible ones are never judged.",
    )
    without: tuple[QualityTest, ...] = Field(
        default=(),
        description="Readings that one of these tests marked are not judged by this rule; "
        "else they are judged like any other, so that a peril is never taken for a bad reading.",
    )

    @property
    def without_bits(self) -> int:
        return sum(int(Quality[name.upper()]) for name in set(self.without))

    def _covers_something(self) -> None:
        if self.kind is None and not self.stations:
            raise ValueError("covers nothing; give a `kind` of station, or `stations`")

    def _is_sound(self, when: str, metric: str | None) -> None:
        """Of a condition with limits. Raises ValueError: what is missing or belongs elsewhere."""
        if metric is None:
            raise ValueError(f"`when: {when}` needs `metric`, what it judges")
        if self.unit is None:
            raise ValueError(f"`when: {when}` needs `unit`, the unit of its limits")
        check_unit(metric, self.unit)
        if (self.window_s is None) == (when == "rate"):
            raise ValueError("`when: rate` needs `window_s`, and nothing else has one")
        if (self.usual is None) == (when == "deviation"):
            raise ValueError("`when: deviation` needs `usual`, and nothing else has one")
        if self.direction is not None and when not in CHANGES:
            raise ValueError("`direction` belongs to `when: rate` and `when: deviation`")
        if self.mean_over_s is not None and when not in LIMITS:
            raise ValueError("`mean_over_s` belongs to above, below and outside")


class Member(Condition):
    """One condition of a composite rule, upon every series that it covers."""

    metric: MetricCode = Field(description="The metric it judges.")
    when: Literal["above", "below", "rate"] = Field(
        description="above, below: strictly beyond the limit; rate: it changes faster than that."
    )
    limit: Annotated[float | Code, BeforeValidator(no_words)] = Field(
        description="A number in `unit` (rate: per hour), or the name of a limit of the station."
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        self._covers_something()
        self._is_sound(self.when, self.metric)
        return self


class Season(Section):
    """Other limits for a part of the year."""

    season_from: Day = Field(description="Its first day, MM-DD, of the Beijing calendar.")
    season_to: Day = Field(description="Its last day, MM-DD; before the first: over New Year.")
