"""Mappings of foreign topics: what one entry alone cannot show."""

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

from config import Mistake, did_you_mean, entries
from ingest.route import FEEDS, OTHER_FEEDS
from ingest.split import is_filter, overlap

_WHERE = ("ingest", "foreign")
_TAKEN = FEEDS + OTHER_FEEDS
_ROOT = "dongtai/v1"

Place = tuple[str | int, ...]


def check(raw: Mapping[str, Any]) -> list[Mistake]:
    """Names and topics that are taken, topics that never come, stations and metrics that are not
    there."""
    found = entries(raw, *_WHERE)
    stations = _measured(raw)
    mistakes = [*_names(found), *_topics(raw, found)]
    for index, entry in found:
        where = (*_WHERE, index)
        mistakes += [*_level(entry, where), *_stations(entry, where, stations)]
        mistakes += _metrics(entry, where, stations)
    return mistakes


def _names(found: list[tuple[int, dict[str, Any]]]) -> Iterator[Mistake]:
    taken = set(_TAKEN)
    for index, entry in found:
        if (name := entry.get("name")) in taken:
            problem = "this name is taken; give the mapping another one"
            yield Mistake((*_WHERE, index, "name"), name, problem)
        if isinstance(name, str):
            taken.add(name)


def _topics(raw: Mapping[str, Any], found: list[tuple[int, dict[str, Any]]]) -> Iterator[Mistake]:
    section = raw.get("ingest")
    root = section.get("root", _ROOT) if isinstance(section, dict) else _ROOT
    texts = []
    for index, entry in found:
        where, text = (*_WHERE, index, "topic"), entry.get("topic")
        if not isinstance(text, str):
            continue
        if not is_filter(text) or text.startswith("$share/"):
            yield Mistake(where, text, "no topic filter; expected such as v3/+/devices/+/up")
            continue
        if overlap(text, f"{root}/#"):
            problem = f"overlaps our own {root}/#; each message must be read in one way only"
            yield Mistake(where, text, problem)
        texts.append((where, text))
    for (_, before), (where, text) in combinations(texts, 2):
        if overlap(before, text):
            problem = f"overlaps {before!r}; each message must be read in one way only"
            yield Mistake(where, text, problem)


def _level(entry: Mapping[str, Any], where: Place) -> Iterator[Mistake]:
    """A level that says nothing: beyond the topic, or the same in every message."""
    level, text = _inner(entry, "station", "level"), entry.get("topic")
    if not isinstance(level, int) or level < 1 or not isinstance(text, str):
        return
    levels = text.split("/")
    place = (*where, "station", "level")
    if level > len(levels) and levels[-1] != "#":
        yield Mistake(place, level, f"the topic {text!r} has {len(levels)} levels only")
    elif (
        level <= len(levels)
        and levels[level - 1] not in ("+", "#")
        and not (_inner(entry, "station", "codes"))
    ):
        varying = [str(n) for n, each in enumerate(levels, 1) if each in ("+", "#")]
        remedy = f"those that differ: {', '.join(varying)}" if varying else "say it by code"
        yield Mistake(place, level, f"is {levels[level - 1]!r} in every topic; {remedy}")


def _stations(
    entry: Mapping[str, Any], where: Place, stations: Mapping[str, frozenset[str]]
) -> Iterator[Mistake]:
    for place, code in _mapped(entry):
        if isinstance(code, str) and code not in stations:
            problem = f"unknown station; {did_you_mean(code, stations)}"
            yield Mistake((*where, "station", *place), code, problem)


def _metrics(
    entry: Mapping[str, Any], where: Place, stations: Mapping[str, frozenset[str]]
) -> Iterator[Mistake]:
    """A value that every message must have, of a station that does not measure it."""
    values = entry.get("values")
    for index, value in enumerate(values if isinstance(values, list) else []):
        if not isinstance(value, dict) or value.get("optional") or "path" not in value:
            continue
        only, metric = value.get("only") or (), value.get("metric")
        for place, code in _mapped(entry):
            measured = stations.get(code) if isinstance(code, str) else None
            if only and place[-1] not in only:
                continue
            if measured is not None and isinstance(metric, str) and metric not in measured:
                problem = f"{code} does not measure it; say `only` or `optional`, or add it there"
                yield Mistake((*where, "values", index, "metric"), metric, problem)
                break


def _mapped(entry: Mapping[str, Any]) -> Iterator[tuple[Place, Any]]:
    """The station codes that a mapping names, each with where it stands."""
    if (code := _inner(entry, "station", "code")) is not None:
        yield ("code",), code
    for key in ("codes", "prefixes"):
        table = _inner(entry, "station", key)
        for name, code in table.items() if isinstance(table, dict) else ():
            yield (key, str(name)), code


def _measured(raw: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """Each station's code with the metrics it has in the file."""
    found = {}
    for _, entry in entries(raw, "sensors", "stations"):
        metrics = entry.get("metrics")
        names = (
            each.get("metric") if isinstance(each, dict) else each
            for each in (metrics if isinstance(metrics, list) else [])
        )
        if isinstance(entry.get("code"), str):
            found[entry["code"]] = frozenset(name for name in names if isinstance(name, str))
    return found


def _inner(entry: Mapping[str, Any], *keys: str) -> Any:
    found: Any = entry
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found
