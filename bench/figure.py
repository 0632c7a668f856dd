"""What a benchmark says."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """value and limit in the same unit; good: whether the value keeps the limit, None: no limit."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    good: bool | None = None
