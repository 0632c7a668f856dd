"""Several workers: which topic filters overlap, and whether they leave anything unread."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations, zip_longest
from typing import Any

from config import Mistake, entries
from ingest.route import OBSERVATION_FEEDS

_WHERE = ("ingest", "workers")


def overlap(one: str, other: str) -> bool:
    """Whether some topic matches both filters (MQTT 5, 4.7.1)."""
    for a, b in zip_longest(one.split("/"), other.split("/")):
        if "#" in (a, b):
            return True
        if a is None or b is None or (a != b and "+" not in (a, b)):
            return False
    return True


def is_filter(text: str) -> bool:
    """Whether a text is a topic filter: `#` only as the last level, wildcards as whole levels."""
    levels = text.split("/")
    whole = all(level in ("#", "+") or not set(level) & {"#", "+"} for level in levels)
    return bool(text) and whole and "#" not in levels[:-1]


def check(raw: Mapping[str, Any]) -> list[Mistake]:
    """What a single worker's entry cannot show: filters that overlap, topics that nobody reads."""
    filters = list(_filters(raw))
    mistakes = [
        Mistake(where, text, f"overlaps {before!r}: each message must come to one worker only")
        for (_, before), (where, text) in combinations(filters, 2)
        if overlap(before, text)
    ]
    texts = [text for _, text in filters]
    mistakes += _names(raw)
    return mistakes + [
        Mistake(_WHERE, "", f"no worker reads {topic}; add it to the filters of one of them")
        for topic in (_unread(raw, texts) if entries(raw, *_WHERE) else ())
    ]


def _names(raw: Mapping[str, Any]) -> list[Mistake]:
    taken = {"pictures"}
    mistakes = []
    for index, entry in entries(raw, *_WHERE):
        if (name := str(entry.get("name"))) in taken:
            problem = "this name is taken; give the worker another one"
            mistakes.append(Mistake((*_WHERE, index, "name"), name, problem))
        taken.add(name)
    return mistakes


def _filters(raw: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for index, entry in entries(raw, *_WHERE):
        found = entry.get("filters")
        for number, text in enumerate(found if isinstance(found, list) else []):
            if isinstance(text, str):
                yield (*_WHERE, index, "filters", number), text


def _unread(raw: Mapping[str, Any], filters: Iterable[str]) -> Iterator[str]:
    """Feeds that no `feed/#` covers; observations may be split by station, if none is forgotten."""
    read = set(filters)
    for feed in OBSERVATION_FEEDS:
        if read & {"#", f"{feed}/#"}:
            continue
        if feed == "obs" and any(text.startswith("obs/") for text in read):
            stations = (entry.get("code") for _, entry in entries(raw, "sensors", "stations"))
            yield from (
                f"obs/{c}" for c in stations if c and read.isdisjoint({f"obs/{c}", "obs/+"})
            )
        else:
            yield f"{feed}/#"


def _senders(raw: Mapping[str, Any]) -> Iterator[str]:
    """The stations that send observations, rather than pictures or frames."""
    for _, entry in entries(raw, "sensors", "stations"):
        if entry.get("kind") != "camera" and not {"hj212", "sl651"} & entry.keys():
            yield str(entry.get("code"))
