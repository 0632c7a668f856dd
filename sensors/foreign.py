"""How messages of a foreign shape are read: the mappings of config.yaml. See docs/foreign.md."""

from collections.abc import Iterator
from datetime import timedelta, timezone
from functools import cached_property, lru_cache
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from config import did_you_mean
from sensors.catalogue import DERIVED_FROM, METRICS, TO_LIMIT
from sensors.decoders import json_path
from sensors.section import Code, Section
from sensors.settings import MetricCode
from sensors.units import IDENTITY, Linear, conversion, convertible, exact

# What YAML itself reads as true and false: the words of a table need no quotes.
_YAML_WORDS = {"true": True, "on": True, "yes": True, "false": False, "off": False, "no": False}


def _path(text: str) -> str:
    json_path.parse(text)
    return text


def _quoted(found: object) -> object:
    if isinstance(found, bool | int | float):
        raise ValueError(f"{found!r} is read as a number or a truth value; put quotes around it")  # noqa: TRY004  pydantic shows ValueError only
    return found


PathText = Annotated[str, AfterValidator(_path)]
ForeignId = Annotated[str, BeforeValidator(_quoted), Field(min_length=1)]


class StationAt(Section):
    """One of code, level, path and prefixes says of which station a message is, or a part of it."""

    code: Code | None = Field(default=None, description="Always this station.")
    level: int | None = Field(
        default=None,
        ge=1,
        description="The level of the topic that names it, counted from 1: of v3/a/devices/b/up "
        "the fourth is b.",
    )
    path: PathText | None = Field(
        default=None, description="Where in the message, or in each element, its name lies."
    )
    prefixes: dict[ForeignId, Code] = Field(
        default={},
        description="SenML: how the names of its records begin → station code. The rest of the "
        "name says which value it is.",
    )
    codes: dict[ForeignId, Code] = Field(
        default={},
        description="With level or path: foreign name → station code. Without it foreign names "
        "are station codes.",
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [self.code, self.level, self.path, self.prefixes or None]
        if sum(way is not None for way in ways) != 1:
            raise ValueError("expected one of code, level, path, prefixes")
        if self.codes and self.level is None and self.path is None:
            raise ValueError("codes needs level or path, which say where the foreign name lies")
        return self

    @cached_property
    def longest_prefix(self) -> int:
        """Characters."""
        return max(map(len, self.prefixes), default=0)


class TimeAt(Section):
    path: PathText = Field(description="Where the time of measurement lies.")
    format: Literal["rfc3339", "s", "ms", "us", "ns"] = Field(
        default="rfc3339",
        description="Text such as 2026-03-01T08:00:00+08:00, or a number of seconds, milli-, "
        "micro- or nanoseconds since 1970.",
    )
    zone: Annotated[str, BeforeValidator(_quoted)] | None = Field(
        default=None,
        pattern=r"^[+-](?:0\d|1[0-4]):[0-5]\d$",
        description="The zone of texts that have none, such as '+08:00'; else they wait in "
        "quarantine.",
    )
    interval: Literal["begin", "end"] | None = Field(
        default=None,
        description="Which end of an interval (2026-03-01T08:00:00Z/2026-03-01T09:00:00Z) is the "
        "time; without it intervals wait in quarantine.",
    )

    @model_validator(mode="after")
    def _text_only(self) -> Self:
        if self.format != "rfc3339" and (self.zone or self.interval):
            raise ValueError("zone and interval are for texts: format rfc3339")
        return self

    @property
    def tzinfo(self) -> timezone | None:
        if self.zone is None:
            return None
        sign, hours, minutes = self.zone[0], int(self.zone[1:3]), int(self.zone[4:])
        offset = timedelta(hours=hours, minutes=minutes)
        return timezone(-offset if sign == "-" else offset)


class ValueAt(Section):
    """One value: where it lies and what makes a reading of it."""

    metric: MetricCode = Field(description="The metric it becomes.")
    path: PathText | None = Field(
        default=None, description="JSON: where it lies in the message, or in each element."
    )
    name: str | None = Field(
        default=None,
        min_length=1,
        pattern=r"^\*?[^*]+$",
        description="SenML: the name of its records, after a prefix if the station has prefixes; "
        "a * at its beginning stands for any.",
    )
    unit: str | None = Field(
        default=None,
        description="The unit it is sent in, such as cm, °F or ug/m3. SenML: where the record has "
        "none.",
    )
    scale: float = Field(
        default=1, description="The number sent times this, plus offset, is in `unit`."
    )
    offset: float = Field(default=0, description="See scale.")
    text: bool = Field(
        default=False, description="Whether a text that is a number, such as '21.5', counts as one."
    )
    words: dict[str | bool, float] = Field(
        default={}, description="Text, true or false → number, such as {open: 1, shut: 0}."
    )
    missing: tuple[str | int | float, ...] = Field(
        default=(),
        description="What stands for no value, such as [-9999, 'n/a']; null always does.",
    )
    optional: bool = Field(
        default=False,
        description="Whether a message may lack it; else one without it is kept in quarantine.",
    )
    only: tuple[ForeignId, ...] = Field(
        default=(),
        description="Foreign names (of topic level, path or prefix) whose value this is; else all.",
    )

    @field_validator("metric")
    @classmethod
    def _is_measured(cls, metric: str) -> str:
        if metric in DERIVED_FROM or metric == TO_LIMIT:
            raise ValueError(f"{metric} is computed here; map what it is computed from")
        return metric

    @field_validator("unit")
    @classmethod
    def _unit_fits(cls, unit: str | None, info: ValidationInfo) -> str | None:
        if (metric := info.data.get("metric")) and unit is not None:
            into = METRICS[metric].unit
            if conversion(unit, into) is None:
                remedy = did_you_mean(unit, convertible(into))
                raise ValueError(f"not turned into {into!r}, the unit of {metric}; {remedy}")
        return unit

    @field_validator("scale")
    @classmethod
    def _tells_values_apart(cls, scale: float) -> float:
        if scale == 0:
            raise ValueError("0 would make every value the same")
        return scale

    def into_metric(self, unit: str) -> Linear | None:
        """What turns a number as it is sent, in this unit, into the metric's; None if nothing."""
        return _into_metric(self.scale, self.offset, unit, self.metric)

    def word(self, found: str | bool) -> float | None:
        """The number of a word; None where the table does not have it."""
        known = self.words.get(found)
        if known is None and isinstance(found, str):
            truth = _YAML_WORDS.get(found.lower())
            return None if truth is None else self.words.get(truth)
        return known


class When(Section):
    path: PathText = Field(description="Where it lies in the message.")
    values: tuple[str | bool | int | float | None, ...] = Field(
        min_length=1, description="What must lie there, one of these; null: nothing."
    )


class Foreign(Section):
    """Messages of one foreign shape. Its name is its feed in the ledger and in quarantine."""

    name: str = Field(
        pattern=r"^[a-z][a-z0-9-]{0,19}$",
        description="Its name, and that of its feed in ledger and quarantine.",
    )
    topic: str = Field(
        description="Topic filter, from the first level, outside the root; + and # as in MQTT."
    )
    format: Literal["json", "senml"] = Field(
        default="json", description="json: any JSON, by paths. senml: RFC 8428."
    )
    station: StationAt = Field(description="Which station it is of.")
    each: PathText | None = Field(
        default=None,
        description="JSON: a list in the message whose elements are read one by one. Paths then "
        "start at the element, those that begin with $ at the message.",
    )
    time: TimeAt | None = Field(
        default=None, description="JSON: when it was measured; without it the arrival time."
    )
    values: tuple[ValueAt, ...] = Field(description="What becomes readings; at least one.")
    when: When | None = Field(
        default=None,
        description="JSON: only messages with this are read; others hold nothing to store and "
        "count as duplicates.",
    )
    simulated: PathText | None = Field(
        default=None,
        description="JSON: a flag in the message; where it is true, its readings are marked "
        "simulated.",
    )
    ignores: tuple[Annotated[str, Field(pattern=r"^\*?[^*]+$")], ...] = Field(
        default=(),
        description="SenML: names of records that are of no interest; a * at the beginning stands "
        "for any. Other names that no value has are kept in quarantine.",
    )

    @model_validator(mode="after")
    def _fits_its_format(self) -> Self:
        mistakes = list(self._of_json() if self.format == "json" else self._of_senml())
        mistakes += self._of_names()
        if not self.values:
            mistakes.append("values is empty; say what becomes readings")
        if mistakes:
            raise ValueError("; ".join(mistakes))
        return self

    def _of_json(self) -> Iterator[str]:
        for value in self.values:
            if value.path is None or value.name is not None:
                yield f"{value.metric}: json needs path, not name"
            if value.unit is None:
                yield f"{value.metric} needs unit, the one it is sent in"
        if self.station.prefixes:
            yield "station.prefixes is for senml"
        if self.ignores:
            yield "ignores is for senml: of json only what values name is read"

    def _of_senml(self) -> Iterator[str]:
        for value in self.values:
            if value.name is None or value.path is not None:
                yield f"{value.metric}: senml needs name, not path"
            if value.optional:
                yield f"{value.metric}: take optional out, every record of senml may be absent"
        given = {"each": self.each, "time": self.time, "when": self.when}
        given |= {"simulated": self.simulated, "station.path": self.station.path}
        for key, found in given.items():
            if found is not None:
                yield f"{key} is for json: senml says itself where things lie"

    def _of_names(self) -> Iterator[str]:
        known = self.station.codes or self.station.prefixes
        for value in self.values:
            for name in value.only:
                if self.station.code is not None:
                    yield f"only is of no use with station.code: all is of {self.station.code}"
                elif known and name not in known:
                    yield f"only names {name!r}; {did_you_mean(name, known)}"
        for name in known:
            if self.values and all(value.only and name not in value.only for value in self.values):
                yield f"no value is read of {name!r}: each has others in `only`"


@lru_cache(maxsize=10_000)
def _into_metric(scale: float, offset: float, unit: str, metric: str) -> Linear | None:
    after = conversion(unit, METRICS[metric].unit)
    if after is None:
        return None
    whole = Linear(exact(scale), exact(offset)).then(after)
    return IDENTITY if whole == IDENTITY else whole
