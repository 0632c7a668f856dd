"""One foreign value becomes a number in the metric's unit, one foreign time a moment."""

import math
import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import islice
from typing import Any

import msgspec

from sensors.catalogue import METRICS
from sensors.decoders.decoded import shown
from sensors.decoders.json_text import Constant
from sensors.foreign import TimeAt, ValueAt
from sensors.reading import BadPayload
from sensors.units import IDENTITY, convertible, exact

_SHOWN_WORDS = 8
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND_US = 1_000_000
_NUMBER = re.compile(r"\s*([+-]?[0-9]{1,40}(?:\.[0-9]{1,40})?(?:[eE][+-]?[0-9]{1,3})?)\s*")
_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
# A number whose date lies outside is in another unit, or of a clock that was reset.
_PLAUSIBLE = range(2000, 2100)


def number(found: Any, value: ValueAt, unit: str, where: str) -> float | None:
    """In the metric's unit; None where the device has no value. Raises BadPayload."""
    if found is None or any(_same(found, none) for none in value.missing):
        return None
    return _converted(_plain(found, value, where), value, unit, where)


def moment(found: Any, at: TimeAt, where: str) -> datetime:
    """Raises BadPayload for what is no time."""
    if at.format == "rfc3339":
        return _from_text(found, at, where)
    if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
        expected = f"expected a number, {at.format} since 1970"
        raise BadPayload("bad_time", f"{where} is {shown(found)}; {expected}")
    time = from_epoch(exact(found) / _PER_SECOND[at.format], where)
    if time.year not in _PLAUSIBLE:
        fitting = [unit for unit in _PER_SECOND if _would_fit(found, unit)]
        looks = f"it looks like {fitting[0]}" if fitting else "a clock that was reset?"
        sentence = f"{where} is {shown(found)}, in {at.format} the year {time.year}; {looks}"
        raise BadPayload("bad_time", sentence)
    return time


def from_epoch(seconds: Fraction, where: str) -> datetime:
    try:
        return EPOCH + timedelta(microseconds=round(seconds * SECOND_US))
    except OverflowError as error:
        raise BadPayload(
            "bad_time", f"{where} is {float(seconds):g} s, which is no date"
        ) from error


def is_number(found: object) -> bool:
    """Whether JSON has a finite number there: true is none."""
    return isinstance(found, int | float) and not isinstance(found, bool) and math.isfinite(found)


def _plain(found: Any, value: ValueAt, where: str) -> float:
    """The number as it was sent."""
    if isinstance(found, str | bool) and (known := value.word(found)) is not None:
        return known
    if isinstance(found, Constant):
        sentence = f"{where} is {found}, which JSON does not have; null is for a missing value"
        raise BadPayload("not_finite", sentence)
    if isinstance(found, str):
        return _from_word(found, value, where)
    if isinstance(found, float) and not math.isfinite(found):
        raise BadPayload("not_finite", f"{where} is too large for a number")
    if not is_number(found):
        raise BadPayload("not_a_number", f"{where} is not a number: {shown(found)}")
    return float(found)


def _from_word(found: str, value: ValueAt, where: str) -> float:
    match = _NUMBER.fullmatch(found)
    if value.text and match:
        if math.isfinite(read := float(match[1])):
            return read
        raise BadPayload("not_finite", f"{where} is too large for a number: {shown(found)}")
    if match:
        remedy = "; `text: true` in the mapping would read it"
    elif value.words:
        known = ", ".join(str(word) for word in islice(value.words, _SHOWN_WORDS))
        remedy = f"; words are {known}"
    else:
        remedy = ""
    raise BadPayload("not_a_number", f"{where} is not a number: {shown(found)}{remedy}")


def _converted(plain: float, value: ValueAt, unit: str, where: str) -> float:
    linear = value.into_metric(unit)
    if linear is None:
        into = METRICS[value.metric].unit
        remedy = f"expected one of {', '.join(convertible(into))}"
        sentence = f"{where} is in {shown(unit)}, which is not turned into {into!r}; {remedy}"
        raise BadPayload("bad_unit", sentence)
    if linear is IDENTITY:
        return plain
    try:
        return linear(plain)
    except OverflowError as error:
        raise BadPayload("not_finite", f"{where} is too large for a number") from error


def _same(found: Any, none: str | float) -> bool:
    """true is not 1, and '-9999' is not -9999."""
    if isinstance(found, bool) or isinstance(found, str) is not isinstance(none, str):
        return False
    return bool(found == none)


def _from_text(found: Any, at: TimeAt, where: str) -> datetime:
    if not isinstance(found, str):
        raise BadPayload("bad_time", f"{where} is {shown(found)}; expected text")
    text = found
    if "/" in found:
        if at.interval is None:
            remedy = "say in the mapping which end counts: `interval: begin` or `interval: end`"
            raise BadPayload("bad_time", f"{where} is an interval, {shown(found)}; {remedy}")
        begin, _, end = found.partition("/")
        text = begin if at.interval == "begin" else end
    try:
        time = msgspec.convert(text, datetime)
    except (msgspec.ValidationError, UnicodeError) as error:
        expected = "expected 2026-03-01T08:00:00+08:00"
        raise BadPayload("bad_time", f"{where} is {shown(found)}; {expected}") from error
    if time.tzinfo is None and at.tzinfo is None:
        remedy = "say in the mapping which one is meant: `zone: '+08:00'`"
        raise BadPayload("no_zone", f"{where} is {shown(found)}, without a zone; {remedy}")
    try:
        return (time if time.tzinfo else time.replace(tzinfo=at.tzinfo)).astimezone(UTC)
    except OverflowError as error:
        raise BadPayload("bad_time", f"{where} is {shown(found)}, which is no date") from error


def _would_fit(found: float, unit: str) -> bool:
    try:
        return from_epoch(exact(found) / _PER_SECOND[unit], "").year in _PLAUSIBLE
    except BadPayload:
        return False
