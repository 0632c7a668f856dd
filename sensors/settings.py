"""The `sensors` section of config.yaml: departments and stations, with what hangs on them."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    model_validator,
)

from config import Mistake, did_you_mean, entries
from sensors.catalogue import (
    AIR_METRICS,
    AQI,
    HAZARD,
    INFLOW,
    LEVEL,
    METRICS,
    STORAGE,
    TANK_LEVEL,
    TO_LIMIT,
)
from sensors.chemicals.settings import Tank, repeated_tanks, unmeasured
from sensors.limits import in_season
from sensors.protocols import Hj212, Sl651
from sensors.section import Code, Section
from sensors.water.levels import NO_DANGER

YEAR_S = 31_536_000  # the longest interval

KINDS = ("reservoir", "air", "weather", "discharge", "stack", "plant", "gas", "camera")
Kind = Literal["reservoir", "air", "weather", "discharge", "stack", "plant", "gas", "camera"]


def _metric(code: object) -> str:
    if not isinstance(code, str) or code not in METRICS:
        raise ValueError(f"unknown metric {code!r}; {did_you_mean(code, METRICS)}")
    return code


MetricCode = Annotated[str, BeforeValidator(_metric)]


def _day(text: str) -> str:
    try:
        date.fromisoformat(f"2000-{text}")  # a leap year: 02-29 is a day of some years
    except ValueError:
        raise ValueError(f"{text!r} is no day; expected MM-DD, such as 07-15") from None
    return text


Day = Annotated[str, AfterValidator(_day)]


class Names(Section):
    zh: str = Field(min_length=1, description="Name in Chinese.")
    en: str = Field(min_length=1, description="Name in English.")


class Department(Names):
    code: Code = Field(description="Code of the department, used by stations and accounts.")


class Limit(Names):
    """A characteristic level or a legal limit that charts draw and rules can name."""

    metric: MetricCode = Field(description="The metric it limits.")
    name: Code = Field(description="Its name in rules, such as flood_limit.")
    value: float = Field(description="In the metric's unit.")
    unit: str = Field(description="Must be the metric's unit: a guard against mg for µg.")
    source: str = Field(min_length=1, description="The standard, permit or plan it comes from.")
    mean_over_s: int | None = Field(
        default=None,
        gt=0,
        description="Seconds of the mean that it limits, such as 3600 or 86400; without it each "
        "reading. Rules compare single readings all the same, and screens then say so.",
    )
    side: Literal["upper", "lower"] = Field(
        default="upper",
        description="upper: must not be exceeded; lower: must not be fallen short of.",
    )
    season_from: Day | None = Field(
        default=None, description="First day of its season, MM-DD; without it the whole year."
    )
    season_to: Day | None = Field(
        default=None, description="Last day of its season, MM-DD; before the first: over New Year."
    )
    public: bool = Field(default=True, description="Whether the public page may show it.")

    @model_validator(mode="after")
    def _unit_fits(self) -> Self:
        check_unit(self.metric, self.unit)
        if (self.season_from is None) != (self.season_to is None):
            raise ValueError("a season needs both season_from and season_to")
        return self

    def overlaps(self, other: "Limit") -> bool:
        """Whether both would be in force on some day, as the same name of the same metric."""
        if (self.metric, self.name) != (other.metric, other.name):
            return False
        if self.season_from is None or other.season_from is None:
            return self.season_from == other.season_from
        return in_season(self.season_from, other.season_from, other.season_to) or in_season(
            other.season_from, self.season_from, self.season_to
        )


class Curve(Section):
    points: tuple[tuple[float, float], ...] = Field(
        min_length=2, description="[level_m, storage_m3], levels rising, storages not falling."
    )
    source: str = Field(min_length=1, description="Survey or design document, with its year.")
    public: bool = Field(default=True, description="Whether the public page may use it.")

    @model_validator(mode="after")
    def _rises(self) -> Self:
        for (low, less), (high, more) in zip(self.points, self.points[1:], strict=False):
            if high <= low or more < less:
                raise ValueError(
                    f"the curve must rise: after [{low}, {less}] comes [{high}, {more}]"
                )
        return self


class Neighbours(Section):
    """When a reading is unlike what the stations around measure (docs/quality.md)."""

    within_km: float = Field(gt=0, description="How far away a neighbour may stand.")
    factor: float = Field(
        default=5, gt=0, description="So many spreads from the neighbours' median."
    )
    floor: float = Field(gt=0, description="And at least this far, in the metric's unit.")


Month = tuple[float, float] | None


def _low_to_high(months: tuple[Month, ...]) -> tuple[Month, ...]:
    for number, month in enumerate(months, 1):
        if month is not None and month[0] >= month[1]:
            raise ValueError(f"month {number}: low {month[0]:g} is not below high {month[1]:g}")
    return months


Months = Annotated[
    tuple[Month, ...], Field(min_length=12, max_length=12), AfterValidator(_low_to_high)
]


class Sensor(Section):
    """What narrows the catalogue for one station's metric."""

    metric: MetricCode = Field(description="What it measures.")
    low: float | None = Field(default=None, description="Least value it can report.")
    high: float | None = Field(default=None, description="Greatest value it can report.")
    max_step: float | None = Field(
        default=None, gt=0, description="Greatest believable change in one minute."
    )
    stuck_after_s: int | None = Field(
        default=None, gt=0, description="Seconds without any change after which it counts as stuck."
    )
    usual: Months | None = Field(
        default=None,
        description="[low, high] of each month, January first, null for none: what lies outside is "
        "marked as unusual for the season.",
    )
    spike: float | None = Field(
        default=None, gt=0, description="A peak or trough of more than this is marked afterwards."
    )
    neighbours: Neighbours | None = Field(
        default=None, description="Compare it with the same metric of the stations around."
    )
    interval_s: int | None = Field(
        default=None, gt=0, le=YEAR_S, description="Seconds between readings; else the station's."
    )
    public: bool | None = Field(default=None, description="Else as the station.")

    @model_validator(mode="after")
    def _has_a_range(self) -> Self:
        low = METRICS[self.metric].low if self.low is None else self.low
        high = METRICS[self.metric].high if self.high is None else self.high
        if low >= high:
            raise ValueError(f"the range of {self.metric} is empty: low {low:g}, high {high:g}")
        return self


class Station(Names):
    code: Code = Field(description="Code in topics and addresses; never reused.")
    kind: Kind = Field(description="One of " + ", ".join(KINDS) + ".")
    lon: float = Field(ge=-180, le=180, description="Longitude, degrees, WGS-84.")
    lat: float = Field(ge=-90, le=90, description="Latitude, degrees, WGS-84.")
    department: Code = Field(description="The department that owns it.")
    interval_s: int = Field(
        gt=0, le=YEAR_S, description="Seconds between its readings or pictures."
    )
    metrics: tuple[MetricCode | Sensor, ...] = Field(
        default=(), description="What it measures: a metric, or a mapping with sensor details."
    )
    public: bool = Field(default=False, description="Whether the public service may show it.")
    public_delay_s: int = Field(default=0, ge=0, description="Seconds the public sees it later.")
    valid_from: AwareDatetime | None = Field(
        default=None,
        description="Since when these details hold, with a zone; else since they were loaded.",
    )
    device: str | None = Field(default=None, description="Gateway or logger it hangs on.")
    hj212: Hj212 | None = Field(default=None, description="How it sends HJ 212 frames, if it does.")
    sl651: Sl651 | None = Field(default=None, description="How it sends SL 651 frames, if it does.")
    town: Names | None = Field(default=None, description="The town it stands in or near.")
    plant: Code | None = Field(default=None, description="The plant a gas sensor belongs to.")
    substances: tuple[str, ...] = Field(default=(), description="What a plant handles.")
    tanks: tuple[Tank, ...] = Field(default=(), description="Where a plant keeps them.")
    people_500m: int | None = Field(
        default=None, ge=0, description="Residents within 500 m of a plant's boundary."
    )
    people_source: str | None = Field(
        default=None, min_length=1, description="Who counted them, and when."
    )
    release: Literal["never", "automatic"] = Field(
        default="never",
        description="A camera's pictures are staff-only; automatic is the operator's word that "
        "this view never shows people, vehicles or premises.",
    )
    origin: Literal["live", "recorded", "simulated", "exercise"] = Field(
        default="live", description="What a camera's pictures are; observations say so themselves."
    )
    limits: tuple[Limit, ...] = Field(default=(), description="Its characteristic levels, limits.")
    curve: Curve | None = Field(default=None, description="Level-storage curve of a reservoir.")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if mistakes := [*self._contradictions(), *self._of_plant(), *self._of_limits()]:
            raise ValueError("; ".join(mistakes))
        return self

    def _contradictions(self) -> Iterator[str]:
        measured = [sensor.metric for sensor in self.sensors]
        for metric in sorted({m for m in measured if measured.count(m) > 1}):
            yield f"{metric} stands twice in metrics; keep one"
        derived = self.derived_metrics
        for metric in derived:
            if metric in measured:
                yield f"{metric} is computed here: take it out of metrics"
        if TO_LIMIT in measured and TO_LIMIT not in derived:
            yield f"{TO_LIMIT} is computed, never measured: take it out of metrics"
        if self.curve and "level_m" not in measured:
            yield "a curve needs level_m among the metrics"

    def _of_plant(self) -> Iterator[str]:
        if twice := repeated_tanks(self.tanks):
            yield f"two tanks {', '.join(twice)}; give each its own code"
        if (self.people_500m is None) != (self.people_source is None):
            yield "people_500m needs its people_source, and the other way round"

    def _of_limits(self) -> Iterator[str]:
        known = {*(sensor.metric for sensor in self.sensors), *self.derived_metrics}
        for index, limit in enumerate(self.limits):
            if limit.metric not in known:
                yield f"limit {limit.name} is on {limit.metric}, which is not measured here"
            if any(limit.overlaps(other) for other in self.limits[:index]):
                yield f"two limits {limit.name} on {limit.metric} would hold on the same day"

    @property
    def derived_metrics(self) -> tuple[str, ...]:
        """What is computed here: storage_m3 with a curve, aqi at an air station, `foreseen`, and
        hazard_grade of a plant with a measured tank."""
        storage = (STORAGE,) if self.curve else ()
        air = self.kind == "air" and any(s.metric in AIR_METRICS for s in self.sensors)
        hazard = (HAZARD,) if self.kind == "plant" and self._is_assessed else ()
        return (*storage, *((AQI,) if air else ()), *self.foreseen_metrics, *hazard)

    @property
    def _is_assessed(self) -> bool:
        """Whether some tank's content is measured, so that the hazard moves with it."""
        own = any(sensor.metric == TANK_LEVEL for sensor in self.sensors)
        return bool(self.tanks) and (own or any(tank.measured_by for tank in self.tanks))

    @property
    def foreseen_metrics(self) -> tuple[str, ...]:
        """What is computed beside the flow at a reservoir: inflow_m3s with a curve, unless it is
        measured; to_limit_h where its level has a limit above the dead level."""
        measured = {sensor.metric for sensor in self.sensors}
        if self.kind != "reservoir" or LEVEL not in measured:
            return ()
        inflow = (INFLOW,) if self.curve and INFLOW not in measured else ()
        limits = any(x.metric == LEVEL and x.name not in NO_DANGER for x in self.limits)
        return (*inflow, TO_LIMIT) if limits else inflow

    @property
    def sensors(self) -> Iterator[Sensor]:
        for metric in self.metrics:
            yield Sensor(metric=metric) if isinstance(metric, str) else metric


class ClockSettings(Section):
    ahead_s: int = Field(
        default=60, ge=0, description="Seconds a device's clock may run ahead; more is quarantined."
    )
    suspect_ahead_s: int = Field(
        default=10, ge=0, description="Seconds ahead from which a reading is marked suspect."
    )
    stale_s: int = Field(
        default=900,
        gt=0,
        description="Seconds a device's time may stay behind its arrival, or twice its interval; "
        "then its clock counts as stale.",
    )
    oldest_days: int = Field(
        default=3650, gt=0, description="Older readings are quarantined as a clock that was reset."
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.suspect_ahead_s > self.ahead_s:
            raise ValueError("suspect_ahead_s must not be more than ahead_s")
        return self


class SensorsSettings(Section):
    departments: tuple[Department, ...] = Field(default=(), description="Who owns stations.")
    stations: tuple[Station, ...] = Field(default=(), description="Every station, one entry each.")
    clock: ClockSettings = Field(default=ClockSettings(), description="What clocks may do.")


def check_unit(metric: str, unit: str) -> None:
    """Raise ValueError unless `unit` is the metric's own."""
    if unit != METRICS[metric].unit:
        raise ValueError(
            f"wrong unit {unit!r} for {metric}; the catalogue says {METRICS[metric].unit!r}"
        )


def check(raw: Mapping[str, Any]) -> list[Mistake]:
    """What one entry alone cannot show: a station twice, an unknown department or plant."""
    mistakes = _repeated(raw, "departments") + _repeated(raw, "stations")
    mistakes += _repeated(raw, "stations", "hj212", "mn")
    mistakes += _repeated(raw, "stations", "sl651", "address")
    departments = {_code(e) for _, e in entries(raw, "sensors", "departments")}
    stations = {_code(e) for _, e in entries(raw, "sensors", "stations")}
    for index, entry in entries(raw, "sensors", "stations"):
        for key, known in (("department", departments), ("plant", stations)):
            if isinstance(entry.get(key), str) and entry[key] not in known:
                problem = f"unknown {key}; {did_you_mean(entry[key], filter(None, known))}"
                mistakes.append(Mistake(("sensors", "stations", index, key), entry[key], problem))
    return mistakes + unmeasured(raw)


def _code(entry: Mapping[str, Any]) -> str | None:
    """None where it is no text: the model says so."""
    code = entry.get("code")
    return code if isinstance(code, str) else None


def _repeated(raw: Mapping[str, Any], key: str, *inner: str) -> list[Mistake]:
    """Entries whose code, or another key inside them, stands in an earlier entry too."""
    seen: dict[str, int] = {}
    mistakes = []
    path = inner or ("code",)
    for index, entry in entries(raw, "sensors", key):
        found: Any = entry
        for part in path:
            found = found.get(part) if isinstance(found, dict) else None
        if inner and found is None:
            continue
        if (code := str(found)) in seen:
            problem = (
                f"duplicate: entry {seen[code]} of {key} has the same {path[-1]}; "
                "give it another one"
            )
            mistakes.append(Mistake(("sensors", key, index, *path), code, problem))
        seen.setdefault(code, index)
    return mistakes
