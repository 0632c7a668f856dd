"""Tables whose rows hold from valid_from to valid_to: a change ends one and begins another."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg2 import extensions
from psycopg2.extras import Json, execute_values

# Where a first version begins when nothing else is said: recordings of the past need a place.
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)

Key = tuple[Any, ...]


@dataclass(frozen=True)
class Versions:
    """One such table: what identifies a thing, and what may change about it."""

    table: str
    keys: tuple[str, ...]
    columns: tuple[str, ...]

    @property
    def current(self) -> str:
        names = ", ".join((*self.keys, "valid_from", *self.columns))
        return f"select {names} from {self.table} where valid_to is null"  # noqa: S608  # own names

    @property
    def ended(self) -> str:
        keys = ", ".join(self.keys)
        return f"select {keys}, max(valid_to) from {self.table} group by {keys}"  # noqa: S608  # own names

    @property
    def close(self) -> str:
        match = " and ".join(f"{key} is not distinct from %s" for key in self.keys)
        return f"update {self.table} set valid_to = %s where valid_to is null and {match}"  # noqa: S608  # own names

    @property
    def open(self) -> str:
        names = ", ".join((*self.keys, "valid_from", *self.columns))
        return f"insert into {self.table} ({names}) values %s"  # noqa: S608  # own names


@dataclass(frozen=True)
class Wanted:
    """A version that should be in force. since: when its details began to hold, if known."""

    row: tuple[Any, ...]
    since: datetime | None
    label: str


@dataclass(frozen=True)
class Written:
    """Labels of the versions that were opened and closed."""

    opened: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()

    def __add__(self, other: "Written") -> "Written":
        return Written(self.opened + other.opened, self.closed + other.closed)


def write(
    cursor: extensions.cursor, versions: Versions, wanted: Mapping[Key, Wanted], now: datetime
) -> Written:
    """Make `wanted`, and nothing else, be in force from `now` on; what is unchanged is not touched.

    A first version begins at its `since`, else at BEGINNING. A later one begins at its `since` if
    that lies between the version before and now, else now.
    """
    cursor.execute(versions.current)
    width = len(versions.keys)
    current = {row[:width]: (row[width], row[width + 1 :]) for row in cursor.fetchall()}
    cursor.execute(versions.ended)
    ended: dict[Key, datetime | None] = {row[:-1]: row[-1] for row in cursor.fetchall()}
    opened, closed, rows = [], [], []
    for key in current.keys() - wanted.keys():
        cursor.execute(versions.close, (_after(current[key][0], now), *key))
        closed.append(f"{versions.table} {key}")
    for key, version in wanted.items():
        since = _clamped(version.since, now)
        if key in current:
            began, row = current[key]
            if row == version.row:
                continue
            start = since if since and since > began else _after(began, now)
            cursor.execute(versions.close, (start, *key))
            closed.append(version.label)
        else:
            end = ended.get(key)
            start = (since or BEGINNING) if end is None else max(end, since or now)
        rows.append((*key, start, *map(_adapted, version.row)))
        opened.append(version.label)
    if rows:
        execute_values(cursor, versions.open, rows)
    return Written(tuple(opened), tuple(closed))


def _clamped(since: datetime | None, now: datetime) -> datetime | None:
    """Nothing begins in the future: readings of now need a version too."""
    return min(since, now) if since else None


def _after(began: datetime, now: datetime) -> datetime:
    """Now, or just after the beginning where our clock stands behind it: no version is empty."""
    return max(now, began + timedelta(microseconds=1))


def _adapted(value: Any) -> Any:
    return Json(value) if isinstance(value, dict | list) else value
