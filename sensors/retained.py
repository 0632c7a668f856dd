"""Whether `database.retention` names metrics that there are; `database` knows no catalogue."""

from collections.abc import Mapping
from typing import Any

from config import Mistake, did_you_mean, entries
from sensors.catalogue import METRICS


def check(raw: Mapping[str, Any]) -> list[Mistake]:
    """An unknown metric would be kept for ever in silence."""
    mistakes = []
    for index, entry in entries(raw, "database", "retention", "classes"):
        metrics = entry.get("metrics")
        for place, metric in enumerate(metrics if isinstance(metrics, list) else []):
            if isinstance(metric, str) and metric not in METRICS:
                where = ("database", "retention", "classes", index, "metrics", place)
                problem = f"unknown metric; {did_you_mean(metric, METRICS)}"
                mistakes.append(Mistake(where, metric, problem))
    return mistakes
