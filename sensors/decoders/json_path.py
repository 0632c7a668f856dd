"""Where a value lies in a JSON document: `uplink.rx[0].rssi`, `['@iot.id']`, `s[id='T1'].value`.

| step | meaning |
|---|---|
| `name`, `.name` | the member of an object; letters, digits, `_`, `-` |
| `['any text']` | the member of an object, whatever its name |
| `[0]`, `[-1]` | the element of a list, from its beginning or its end |
| `[name='text']`, `[name=12]` | the one element of a list whose member is this |
| `$` at the beginning | from the root of the message, where paths start at an element of a list |
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

from sensors.decoders.decoded import name_shown, shown
from sensors.reading import BadPayload

_STEP = re.compile(
    r"\.?(?P<name>[\w-]+)"
    r"|\[(?P<index>-?[0-9]{1,6})\]"
    r"|\[(?:'(?P<single>[^']+)'|\"(?P<double>[^\"]+)\")\]"
    r"|\[(?P<key>[\w@.-]+)=(?:'(?P<text>[^']*)'|(?P<number>-?[0-9]{1,18}))\]"
)
_SHOWN_NAMES = 8


class Absent(BadPayload):
    """There is nothing at the path: a member or element is missing, or what should hold it."""

    def __init__(self, text: str) -> None:
        super().__init__("absent", text)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The element of a list whose member `key` is `value`."""

    key: str
    value: str | int


Step = str | int | Chosen


@dataclass(frozen=True, slots=True)
class JsonPath:
    steps: tuple[Step, ...]
    from_root: bool = False

    def find(self, root: Any, start: Any) -> Any:
        """What lies there, from `start` or the root. Raises Absent, or BadPayload for a shape that
        cannot hold it."""
        found, way = (root, "$") if self.from_root else (start, "")
        for step in self.steps:
            found = _member(found, step, way or "the message")
            way += _written(step, bool(way))
        return found


@lru_cache(maxsize=10_000)
def parse(text: str) -> JsonPath:
    """Raises ValueError with the place that cannot be read."""
    steps: list[Step] = []
    from_root = text.startswith("$")
    at = int(from_root)
    while at < len(text):
        match = _STEP.match(text, at)
        if match is None or (at == 0 and text[0] == "."):
            sentence = f"no path: cannot read {text[at:]!r}"
            raise ValueError(f"{sentence}; expected such as a.b[0]['c d'] or a[id='x'].b")
        steps.append(_step(match))
        at = match.end()
        if at < len(text) and text[at] not in ".[":
            raise ValueError(f"no path: expected . or [ before {text[at:]!r}")
    if not steps and not from_root:
        raise ValueError("no path: it is empty; expected such as a.b[0]['c d']")
    return JsonPath(tuple(steps), from_root)


def _step(match: re.Match[str]) -> Step:
    found = match.groupdict()
    if found["index"] is not None:
        return int(found["index"])
    if found["key"] is not None:
        value = found["text"] if found["number"] is None else int(found["number"])
        return Chosen(found["key"], value)
    return str(found["name"] or found["single"] or found["double"])


def _member(found: Any, step: Step, way: str) -> Any:
    if found is None:
        raise Absent(f"{way} is null")
    if isinstance(step, str):
        return _of_object(found, step, way)
    if not isinstance(found, list):
        raise BadPayload("wrong_shape", f"{way} is {shown(found)}, expected a list")
    if isinstance(step, Chosen):
        return _chosen(found, step, way)
    if not -len(found) <= step < len(found):
        raise Absent(f"{way} has {len(found)} elements, none at [{step}]")
    return found[step]


def _of_object(found: Any, name: str, way: str) -> Any:
    if not isinstance(found, dict):
        raise BadPayload("wrong_shape", f"{way} is {shown(found)}, expected an object")
    if name not in found:
        names = [name_shown(each) for each in islice(found, _SHOWN_NAMES)]
        more = ", …" if len(found) > _SHOWN_NAMES else ""
        has = f"it has {', '.join(names)}{more}" if names else "it is empty"
        raise Absent(f"{way} has no {name_shown(name)}; {has}")
    return found[name]


def _chosen(found: list[Any], step: Chosen, way: str) -> Any:
    fitting = [
        element
        for element in found
        if isinstance(element, dict)
        and not isinstance(element.get(step.key), bool)
        and element.get(step.key) == step.value
    ]
    if not fitting:
        raise Absent(f"{way} has no element with {step.key} {step.value!r}")
    if len(fitting) > 1:
        sentence = f"{way} has {len(fitting)} elements with {step.key} {step.value!r}, expected one"
        raise BadPayload("wrong_shape", sentence)
    return fitting[0]


def _written(step: Step, inner: bool) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    if isinstance(step, Chosen):
        return f"[{step.key}={step.value!r}]"
    plain = re.fullmatch(r"[\w-]+", step)
    return f"{'.' if inner else ''}{step}" if plain else f"[{step!r}]"
