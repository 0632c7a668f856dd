"""Permit limits of outfalls and stacks, and which of them an hour or a day has to meet."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sensors.air.means import beijing_day
from sensors.limits import in_force

Side = Literal["upper", "lower"]


@dataclass(frozen=True, slots=True)
class PermitLimit:
    """One version of a named limit of a series, in the metric's unit.

    mean_over_s: 3600, 86400, or None for each reading. valid_to: None while in force. season:
    MM-DD, both inclusive, both None for all the year.
    """

    name: str
    value: float
    side: Side
    mean_over_s: int | None
    label: tuple[str, str]
    source: str
    valid_from: datetime
    valid_to: datetime | None = None
    season_from: str | None = None
    season_to: str | None = None

    def exceeded_by(self, value: float) -> bool:
        """Beyond it; at the limit is not beyond. Both sides: a pH may fall short of one."""
        return value > self.value if self.side == "upper" else value < self.value


def due(
    limits: Sequence[PermitLimit], starts: Iterable[datetime]
) -> dict[PermitLimit, list[datetime]]:
    """Which hours or days, by their start, each limit of one series has to be met in.

    What was in force when an hour or day began counts for all of it; a season goes before the limit
    of the same name that has none.
    """
    found: dict[PermitLimit, list[datetime]] = {limit: [] for limit in limits}
    for start in starts:
        versions = [
            limit
            for limit in limits
            if limit.valid_from <= start and (limit.valid_to is None or start < limit.valid_to)
        ]
        for limit in in_force(versions, beijing_day(start)).values():
            found[limit].append(start)
    return found
