"""JSON read more tolerantly than msgspec does: a byte order mark, NaN as a marker."""

import json
from collections.abc import Callable
from typing import Any

from sensors.decoders.decoded import shown
from sensors.reading import BadPayload

# Python refuses integers of 4,300 digits and takes quadratic time for those below.
_LONGEST_INTEGER = 40


class Constant(str):
    """NaN, Infinity or -Infinity where JSON has a number."""

    __slots__ = ()


def integer(text: str) -> float:
    """An integer as it stands, for ids and nanoseconds; one of absurd length as a float."""
    return int(text) if len(text) <= _LONGEST_INTEGER else float(text)


def parsed(payload: bytes, name: str, parse_int: Callable[[str], float] = integer) -> Any:
    """The document. name: of whom it is, for the sentence of the BadPayload."""
    if not payload.strip():
        raise BadPayload("empty", f"{name}: the message is empty")
    try:
        text = payload.decode("utf-8-sig")
        return json.loads(text, parse_int=parse_int, parse_constant=Constant)
    except UnicodeDecodeError as error:
        raise BadPayload("not_json", f"{name}: not UTF-8 text at byte {error.start}") from error
    except json.JSONDecodeError as error:
        near = shown(error.doc[error.pos : error.pos + 20])
        sentence = f"{name}: not JSON: {error.msg} at character {error.pos}, before {near}"
        raise BadPayload("not_json", sentence) from error
    except RecursionError as error:
        raise BadPayload("too_deep", f"{name}: the JSON is nested too deeply") from error
