"""SenML in JSON (RFC 8428): records that share base fields, resolved and mapped by their names.

Read: names, units, times and the values v, vs and vb, with the base fields bn, bu, bt, bv and
bver. Not read, and named: data values (vd), records with a sum (s) alone, versions above 10, fields
that end with `_` (which must be understood, section 4.4). Base sums and update times are ignored.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from sensors.decoders.decoded import shown
from sensors.decoders.foreign_station import named_in_topic, station_of
from sensors.decoders.foreign_value import SECOND_US, from_epoch, is_number, number
from sensors.decoders.frames import MAX_READINGS, Problems
from sensors.decoders.json_text import Constant
from sensors.foreign import Foreign, ValueAt
from sensors.reading import BadPayload, Observation, Quality
from sensors.units import exact

# Section 4.5.3: times below count from now, from here on since 1970.
ABSOLUTE_S = 2**28
VERSION = 10
# Each record repeats the base name: of a long one, thousands of records would make gigabytes.
LONGEST_NAME = 1000
_BASE = {"bn": str, "bu": str, "bt": float, "bv": float}
_EXPECTED = {"v": "a number", "vs": "text", "vb": "true or false"}
_BASE_FIELDS = {*_BASE, "bs", "bver"}


@dataclass(frozen=True, slots=True)
class Base:
    """What the records that follow have in common."""

    bn: str = ""
    bu: str | None = None
    bt: Fraction = Fraction(0)
    bv: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class Record:
    """A resolved record, its value still as it was sent. seconds: since 1970, or from now where
    less than ABSOLUTE_S."""

    name: str
    unit: str | None
    seconds: Fraction
    entry: Mapping[str, Any]
    base_value: Fraction
    where: str


def read(
    found: Any, topic: str, mapping: Foreign, stations: Collection[str], problems: Problems
) -> list[Observation]:
    """What the mapping makes of a pack. Raises BadPayload where its base fields are broken: nothing
    after them can be trusted."""
    observations: list[Observation] = []
    for record in resolved(found, mapping.name, problems):
        try:
            observations += _observed(record, topic, mapping, stations)
        except BadPayload as problem:
            problems.append(problem)
    return observations


def resolved(found: Any, name: str, problems: Problems) -> Iterator[Record]:
    """The records, their base fields worked in; those of base fields alone are none."""
    if not isinstance(found, list):
        raise BadPayload("wrong_shape", f"{name}: SenML is a list of records, got {shown(found)}")
    if len(found) > MAX_READINGS:
        sentence = f"{name}: {len(found)} records; a message has {MAX_READINGS} at most"
        raise BadPayload("too_many", sentence)
    base = Base()
    for index, entry in enumerate(found):
        where = f"{name}: record {index}"
        if not isinstance(entry, dict):
            raise BadPayload("wrong_shape", f"{where} is {shown(entry)}, expected an object")
        base = _based(base, entry, where)
        if entry.keys() <= _BASE_FIELDS:
            continue
        try:
            yield _resolved(entry, base, where)
        except BadPayload as problem:
            problems.append(problem)


def _based(base: Base, entry: dict[str, Any], where: str) -> Base:
    strange = [field for field in entry if field.endswith("_")]
    if strange:
        sentence = f"{where} has {shown(strange[0])}, which must be understood and is not"
        raise BadPayload("wrong_shape", sentence)
    version = entry.get("bver", VERSION)
    if not is_number(version) or version > VERSION:
        sentence = f"{where}: bver is {shown(version)}; versions up to {VERSION} are read"
        raise BadPayload("wrong_shape", sentence)
    changes: dict[str, Any] = {}
    for field, kind in _BASE.items():
        if field in entry:
            changes[field] = _checked(entry, field, kind, where)
    return replace(base, **changes) if changes else base


def _resolved(entry: dict[str, Any], base: Base, where: str) -> Record:
    own = _checked(entry, "n", str, where, "")
    if (length := len(base.bn) + len(own)) > LONGEST_NAME:
        sentence = f"{where} has a name of {length:,} characters; at most {LONGEST_NAME:,} are read"
        raise BadPayload("wrong_shape", sentence)
    name = base.bn + own
    if not name:
        raise BadPayload("wrong_shape", f"{where} has no name, neither n nor bn")
    where = f"{where} ({shown(name)})"
    unit = _checked(entry, "u", str, where) if "u" in entry else base.bu
    seconds = base.bt + _checked(entry, "t", float, where, Fraction(0))
    return Record(name, unit, seconds, entry, base.bv, where)


def value_of(record: Record) -> Any:
    """A number, text, truth value, null or a marker of NaN. Raises BadPayload for anything else."""
    entry, where = record.entry, record.where
    kinds = [kind for kind in ("v", "vs", "vb", "vd") if kind in entry]
    if len(kinds) != 1:
        has = f"has {' and '.join(kinds)}" if kinds else "has no value (v, vs or vb)"
        raise BadPayload("wrong_shape", f"{where} {has}, expected one")
    found = entry[kinds[0]]
    if kinds == ["vd"]:
        raise BadPayload("not_a_number", f"{where} has data (vd), expected v, vs or vb")
    if kinds == ["v"] and record.base_value and is_number(found):
        return _plain(record.base_value + exact(found), where)
    if isinstance(found, bool) is not (kinds == ["vb"]) or (
        isinstance(found, str) is not (kinds == ["vs"]) and not isinstance(found, Constant)
    ):
        sentence = f"{where}: {kinds[0]} is {shown(found)}, expected {_EXPECTED[kinds[0]]}"
        raise BadPayload("not_a_number", sentence)
    return found


def _plain(value: Fraction, where: str) -> float:
    try:
        return float(value)
    except OverflowError as error:
        raise BadPayload("not_finite", f"{where} is too large for a number") from error


def _checked(entry: dict[str, Any], field: str, kind: type, where: str, default: Any = None) -> Any:
    """The field as text or as an exact number."""
    found = entry.get(field, default)
    if kind is str:
        if isinstance(found, str):
            return found
        raise BadPayload("wrong_shape", f"{where}: {field} is {shown(found)}, expected text")
    if isinstance(found, Fraction):
        return found
    if is_number(found):
        return exact(found)
    code = "bad_time" if field in ("t", "bt") else "not_a_number"
    raise BadPayload(code, f"{where}: {field} is {shown(found)}, expected a number")


def _observed(
    record: Record, topic: str, mapping: Foreign, stations: Collection[str]
) -> Iterator[Observation]:
    where = record.where
    if any(_fits(pattern, record.name) for pattern in mapping.ignores):
        return
    foreign, rest = _split(record.name, topic, mapping, where)
    value = _mapped(rest, foreign, mapping)
    if value is None:
        if any(_fits(pattern, rest) for pattern in mapping.ignores):
            return
        sentence = f"{where}: no value has the name {shown(rest)}; add it to values or ignores"
        raise BadPayload("unknown_metric", sentence)
    code = mapping.station.prefixes.get(foreign or "", mapping.station.code or foreign or "")
    station = station_of(code, mapping, stations, where)
    unit = record.unit if record.unit is not None else value.unit
    if unit is None:
        sentence = f"{where} has no unit; say in the mapping which one is meant: `unit`"
        raise BadPayload("unit_unknown", sentence)
    read_value = number(value_of(record), value, unit, where)
    quality = Quality.MISSING if read_value is None else Quality.GOOD
    at, after = _moment(record.seconds, where)
    yield Observation(station, value.metric, at, read_value, quality, after_arrival=after)


def _split(name: str, topic: str, mapping: Foreign, where: str) -> tuple[str | None, str]:
    """The foreign name of the station, where there is one, and what says which value it is."""
    at = mapping.station
    if at.level is not None:
        return named_in_topic(topic, mapping), name
    if not at.prefixes:
        return None, name
    for length in range(min(len(name), at.longest_prefix), 0, -1):
        if name[:length] in at.prefixes:
            return name[:length], name[length:]
    remedy = "add its beginning to station.prefixes of the mapping, then replay"
    raise BadPayload("unknown_station", f"{where}: of no known station; {remedy}")


def _mapped(name: str, foreign: str | None, mapping: Foreign) -> ValueAt | None:
    """The value of this name: the exact one before those with `*`, of them the longest."""
    fitting = [
        value
        for value in mapping.values
        if _fits(value.name or "", name) and (not value.only or foreign in value.only)
    ]
    return max(
        fitting,
        key=lambda value: (value.name == name, len(value.name or "")),
        default=None,
    )


def _fits(pattern: str, name: str) -> bool:
    return name.endswith(pattern[1:]) if pattern.startswith("*") else name == pattern


def _moment(seconds: Fraction, where: str) -> tuple[datetime | None, timedelta]:
    """The time, or none and how long after the arrival it was measured (negative: before)."""
    if seconds >= ABSOLUTE_S:
        return from_epoch(seconds, f"{where}: its time"), timedelta()
    if seconds <= -ABSOLUTE_S:
        sentence = f"{where} is of {float(seconds):g} s after its arrival, which cannot be"
        raise BadPayload("bad_time", sentence)
    return None, timedelta(microseconds=round(seconds * SECOND_US))
