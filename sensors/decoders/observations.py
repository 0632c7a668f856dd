"""JSON observations: `{"t": time, "v": {metric: number}, "q": {metric: word}}`, or an array.

Fields: `t` RFC 3339 text with a zone, or milliseconds since 1970; without it the arrival time is
used. `q` good (also without it), suspect or missing. `o` live (also without it), recorded,
simulated or exercise. `t0` the original time of a recorded reading. Other fields are ignored.

The typed decoder of msgspec reads what is right; only what it refuses is read again, slowly, to
keep the good values of the message and to say what is wrong with the others.
"""

import difflib
import math
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec

from sensors.catalogue import METRICS
from sensors.decoders.decoded import (
    SHOWN_CHARS,
    Decoded,
    name_shown,
    shown,
)
from sensors.decoders.frames import Problems
from sensors.decoders.json_text import Constant, parsed
from sensors.reading import BadPayload, Observation, Origin, Quality

MAX_READINGS = 10_000
# Milliseconds below this lie before March 1973: seconds sent instead, or a clock that was reset.
_LEAST_MS = 1e11
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
QUALITY = {"good": Quality.GOOD, "suspect": Quality.DEVICE, "missing": Quality.MISSING}
_ONE_MORE = BadPayload("unknown_metric", "one more unknown metric")
_ORIGIN = {origin.word: origin for origin in Origin}

_Time = Annotated[datetime, msgspec.Meta(tz=True)]


class Message(msgspec.Struct):
    v: dict[str, float | None]
    t: _Time | int | float | None = None
    q: dict[str, Literal["good", "suspect", "missing"]] = {}
    o: Literal["live", "recorded", "simulated", "exercise"] = "live"
    t0: _Time | int | float | None = None


_TYPED = msgspec.json.Decoder(Message | list[Message])


def read_typed(payload: bytes) -> list[Message] | None:
    """The message as it is sent when all is right; None where `decode` must look closer."""
    try:
        found = _TYPED.decode(payload)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    return found if isinstance(found, list) else [found]


def decode(payload: bytes, station: str) -> Decoded:
    """Read one message of `station`. Raises BadPayload where nothing of it can be used."""
    problems = Problems()
    name = name_shown(station)
    messages = _read(payload, name, problems)
    count = sum(len(message.v) or 1 for message in messages)
    if count > MAX_READINGS:
        raise _too_many(count, name)
    observations: list[Observation] = []
    for message in messages:
        try:
            observations += _observations(message, station, name, problems)
        except BadPayload as problem:
            problems.append(problem)
    if not observations and not problems:
        raise BadPayload("empty", f"{name}: the message holds no value")
    return Decoded(tuple(observations), problems.bounded)


def _read(payload: bytes, name: str, problems: Problems) -> list[Message]:
    found = read_typed(payload)
    return _read_slowly(parsed(payload, name, float), name, problems) if found is None else found


def _observations(
    message: Message, station: str, name: str, problems: Problems
) -> Iterable[Observation]:
    observed_at = _utc(message.t, f"{name}: t")
    original_at = _utc(message.t0, f"{name}: t0")
    origin = _ORIGIN[message.o]
    for metric, value in message.v.items():
        if metric not in METRICS:
            # Looking for the nearest name is slow: only where somebody will read it.
            problems.append(_ONE_MORE if problems.full else _unknown_metric(metric, name))
            continue
        quality = QUALITY[message.q.get(metric, "good")] if message.q else Quality.GOOD
        if value is None:
            quality = Quality.MISSING
        kept = None if quality is Quality.MISSING else value
        yield Observation(station, metric, observed_at, kept, quality, origin, original_at)


def _too_many(count: int, name: str) -> BadPayload:
    sentence = f"{name}: {count} readings; a message has {MAX_READINGS} at most"
    return BadPayload("too_many", sentence)


def _utc(time: datetime | float | None, where: str) -> datetime | None:
    if time is None:
        return None
    try:
        if isinstance(time, datetime):
            return time.astimezone(UTC)
        if 0 <= time < _LEAST_MS:
            hint = "milliseconds since 1970 are expected, this looks like seconds or a reset clock"
            raise BadPayload("bad_time", f"{where} is {shown(time)}; {hint}")
        return _EPOCH + timedelta(milliseconds=time)
    except (OverflowError, ValueError) as error:
        raise BadPayload("bad_time", f"{where} is {shown(time)}, which is no date") from error


def _unknown_metric(metric: str, name: str) -> BadPayload:
    near = difflib.get_close_matches(metric[:SHOWN_CHARS], METRICS, n=1)
    remedy = f"did you mean {near[0]}?" if near else "the catalogue has no such metric"
    return BadPayload("unknown_metric", f"{name}: unknown metric {shown(metric)}; {remedy}")


def _read_slowly(found: Any, name: str, problems: Problems) -> list[Message]:
    if not isinstance(found, list | dict):
        sentence = f"{name}: expected an object or an array of objects, got {shown(found)}"
        raise BadPayload("wrong_shape", sentence)
    entries = found if isinstance(found, list) else [found]
    if len(entries) > MAX_READINGS:
        raise _too_many(len(entries), name)
    messages = []
    for entry in entries:
        try:
            messages.append(_checked(entry, name, problems))
        except BadPayload as problem:
            problems.append(problem)
    return messages


def _checked(entry: Any, name: str, problems: Problems) -> Message:
    """One object of the message with its wrong values taken out and named."""
    if not isinstance(entry, dict) or not isinstance(entry.get("v"), dict):
        got = shown(entry.get("v")) if isinstance(entry, dict) and "v" in entry else shown(entry)
        raise BadPayload("wrong_shape", f'{name}: expected {{"v": {{metric: number}}}}, got {got}')
    t, t0 = _time(entry.get("t"), f"{name}: t"), _time(entry.get("t0"), f"{name}: t0")
    origin = entry.get("o", "live")
    if not isinstance(origin, str) or origin not in _ORIGIN:
        sentence = f"{name}: o is {shown(origin)}; expected {', '.join(_ORIGIN)}"
        raise BadPayload("bad_origin", sentence)
    values = {
        metric: value
        for metric, value in entry["v"].items()
        if _is_number(value, f"{name}: {name_shown(metric)}", problems)
    }
    return Message(values, t, _words(entry.get("q"), values, name, problems), origin, t0)  # type: ignore[arg-type]  # checked above


def _is_number(value: Any, where: str, problems: Problems) -> bool:
    if value is None or (isinstance(value, float) and math.isfinite(value)):
        return True
    if isinstance(value, Constant):
        sentence = f"{where} is {value}, which JSON does not have; send null for a missing value"
        problems.append(BadPayload("not_finite", sentence))
    elif isinstance(value, float):
        problems.append(BadPayload("not_finite", f"{where} is too large for a number"))
    else:
        problems.append(BadPayload("not_a_number", f"{where} is not a number: {shown(value)}"))
    return False


def _words(found: Any, values: dict[str, Any], name: str, problems: Problems) -> dict[str, Any]:
    """The quality words; one that is not understood makes its value suspect: it is not "good"."""
    if found is None:
        return {}
    if not isinstance(found, dict):
        sentence = f"{name}: q is {shown(found)}; expected {{metric: word}}"
        problems.append(BadPayload("bad_quality", sentence))
        return dict.fromkeys(values, "suspect")
    words = dict(found)
    for metric in values.keys() & found.keys():
        word = found[metric]
        if not isinstance(word, str) or word not in QUALITY:
            where = f"{name}: the quality of {name_shown(metric)}"
            sentence = f"{where} is {shown(word)}; expected good, suspect or missing"
            problems.append(BadPayload("bad_quality", sentence))
            words[metric] = "suspect"
    return words


def _time(found: Any, where: str) -> datetime | float | None:
    if found is None or (isinstance(found, float) and math.isfinite(found)):
        return found
    try:
        time = msgspec.convert(found, datetime)
    except (msgspec.ValidationError, UnicodeError) as error:
        expected = "expected 2026-03-01T08:00:00+08:00 or milliseconds since 1970"
        raise BadPayload("bad_time", f"{where} is {shown(found)}; {expected}") from error
    if time.tzinfo is None:
        raise BadPayload("no_zone", f"{where} is {shown(found)}, without a zone; add +08:00 or Z")
    return time
