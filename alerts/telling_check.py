"""Cross-checks of receivers, routes, escalations and duties on the raw document, with remedies.

Only what is well-formed is looked at: what a model refuses by itself is reported there, once.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from alerts.built_in import BUILT_IN
from alerts.rule_settings import SYSTEM
from config import Mistake, did_you_mean, entries

_Where = tuple[str | int, ...]
_DUTY, _PERSON = "duty:", "person:"
_IMPLIED = ("log",)  # the receiver that is there where none is written


def check_telling(raw: Mapping[str, Any]) -> list[Mistake]:
    """Names that nothing has, names that two have, and a fallback that leads to itself."""
    known = _Known(raw)
    return [
        *_repeated(raw, "routes", "name"),
        *_repeated(raw, "escalations", "name"),
        *_repeated(raw, "duties", "code"),
        *_receivers(raw, known),
        *_unknown(
            ("alerts", "fallback"), _alerts(raw).get("fallback"), known.receivers, "receiver"
        ),
        *_matches(raw, known),
    ]


class _Known:
    """What names may stand for."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        written = {str(entry.get("name")) for _, entry in entries(raw, "alerts", "receivers")}
        self.receivers = written or set(_IMPLIED)
        self.duties = {str(entry.get("code")) for _, entry in entries(raw, "alerts", "duties")}
        self.rules = {str(entry.get("code")) for _, entry in entries(raw, "alerts", "rules")}
        self.stations = {str(entry.get("code")) for _, entry in entries(raw, "sensors", "stations")}
        self.departments = {
            str(entry.get("code")) for _, entry in entries(raw, "sensors", "departments")
        }


def _receivers(raw: Mapping[str, Any], known: _Known) -> Iterator[Mistake]:
    for index, entry in entries(raw, "alerts", "receivers"):
        where = ("alerts", "receivers", index, "fallback")
        yield from _unknown(where, entry.get("fallback"), known.receivers, "receiver")
        if entry.get("name") in _list(entry.get("fallback")):
            yield Mistake(
                where, entry["name"], "a receiver cannot be its own fallback; name another"
            )


def _matches(raw: Mapping[str, Any], known: _Known) -> Iterator[Mistake]:
    for part in ("routes", "escalations"):
        for index, entry in entries(raw, "alerts", part):
            where = ("alerts", part, index)
            yield from _unknown(
                (*where, "departments"), entry.get("departments"), known.departments, "department"
            )
            yield from _unknown(
                (*where, "stations"), entry.get("stations"), known.stations, "station"
            )
            yield from _rules((*where, "rules"), entry.get("rules"), known)
            yield from _targets((*where, "to"), entry.get("to"), known)
            for number, step in enumerate(_list(entry.get("steps"))):
                if isinstance(step, dict):
                    yield from _targets((*where, "steps", number, "to"), step.get("to"), known)


def _rules(where: _Where, said: object, known: _Known) -> Iterator[Mistake]:
    for index, code in enumerate(_list(said)):
        if not isinstance(code, str) or code in known.rules or code in BUILT_IN:
            continue
        if code.startswith(SYSTEM) and not code.endswith("*"):
            problem = f"no rule about ourselves is called so; {did_you_mean(code, BUILT_IN)}"
            yield Mistake((*where, index), code, problem)
            continue
        # Rules are made on screen too, so an unknown one is no mistake, unless it looks like one.
        near = difflib.get_close_matches(code.rstrip("*").upper(), known.rules, n=1, cutoff=0.85)
        every = known.rules | BUILT_IN.keys()
        begins = code.endswith("*") and any(rule.startswith(code[:-1]) for rule in every)
        if near and not begins:
            yield Mistake((*where, index), code, f"unknown rule; did you mean {near[0]!r}?")


def _targets(where: _Where, said: object, known: _Known) -> Iterator[Mistake]:
    for index, target in enumerate(_list(said)):
        if not isinstance(target, str) or target.startswith(_PERSON):
            continue
        if target.startswith(_DUTY):
            code = target.removeprefix(_DUTY)
            yield from _unknown_one((*where, index), code, known.duties, "duty")
        else:
            yield from _unknown_one((*where, index), target, known.receivers, "receiver")


def _unknown(where: _Where, said: object, known: Iterable[str], what: str) -> Iterator[Mistake]:
    for index, name in enumerate(_list(said)):
        yield from _unknown_one((*where, index), name, known, what)


def _unknown_one(where: _Where, name: object, known: Iterable[str], what: str) -> Iterator[Mistake]:
    if isinstance(name, str) and name not in set(known):
        remedy = did_you_mean(name, known) if known else "there are none yet"
        yield Mistake(where, name, f"unknown {what}; {remedy}")


def _repeated(raw: Mapping[str, Any], part: str, key: str) -> Iterator[Mistake]:
    seen: dict[str, int] = {}
    for index, entry in entries(raw, "alerts", part):
        name = str(entry.get(key))
        if name in seen:
            problem = f"duplicate: entry {seen[name]} of {part} has the same {key}; change one"
            yield Mistake(("alerts", part, index, key), name, problem)
        seen.setdefault(name, index)


def _alerts(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    found = raw.get("alerts")
    return found if isinstance(found, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
