"""Which limits are in force on a day: flood-season levels change with the stage of the year."""

from collections.abc import Iterable
from datetime import date
from typing import Protocol, TypeVar


class Seasonal(Protocol):
    """A named limit; season_from and season_to are MM-DD, both inclusive, or both None."""

    @property
    def name(self) -> str: ...
    @property
    def season_from(self) -> str | None: ...
    @property
    def season_to(self) -> str | None: ...


L = TypeVar("L", bound=Seasonal)


def in_force(limits: Iterable[L], day: date) -> dict[str, L]:
    """The limits of one series that hold on a local calendar day, by name.

    A season goes before the limit of the same name that has none, which holds for the rest.
    A name whose seasons all lie elsewhere, and that has no other limit, is not in force at all.
    """
    found: dict[str, L] = {}
    for limit in limits:
        if limit.season_from is None or limit.season_to is None:
            found.setdefault(limit.name, limit)
        elif in_season(f"{day:%m-%d}", limit.season_from, limit.season_to):
            found[limit.name] = limit
    return found


def in_season(day: str, first: str | None, last: str | None) -> bool:
    """Whether MM-DD lies in first..last, both inclusive; over New Year if last is before first."""
    if first is None or last is None:
        return True
    return first <= day <= last if first <= last else day >= first or day <= last
