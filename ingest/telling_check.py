"""Receivers of the type mqtt that would publish where ingest itself reads: what it tells of would
come back as a message that nobody understands."""

from collections.abc import Mapping
from typing import Any

from config import Mistake, entries
from ingest.route import FEEDS, filters
from ingest.split import overlap

_ROOT = "dongtai/v1"


def check(raw: Mapping[str, Any]) -> list[Mistake]:
    section = raw.get("ingest")
    root = section.get("root", _ROOT) if isinstance(section, dict) else _ROOT
    foreign = [entry.get("topic") for _, entry in entries(raw, "ingest", "foreign")]
    read = [*filters(str(root), FEEDS), *(topic for topic in foreign if isinstance(topic, str))]
    return [
        Mistake(
            ("alerts", "receivers", index, "topic"),
            topic,
            f"ingest itself reads {found}; publish elsewhere, such as {root}/alerts",
        )
        for index, entry in entries(raw, "alerts", "receivers")
        if isinstance(topic := entry.get("topic"), str)
        and (found := next((one for one in read if overlap(one, topic)), None))
    ]
