"""Who there is: receivers of the file, people on duty, their ways. Functions never commit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.grade import Grade
from alerts.receiver_settings import Language, ReceiverSettings
from alerts.sending.rota import Shift, on_duty
from alerts.sending.routes import Directory, Way
from database import query
from database.pool import Connection

PERSONAL = "@"  # before the name of a receiver that is a person's own

_SHIFT = "select id, duty, who, from_at, to_at, note, entered_by from duty_shift"
# One that was handed over before it began has no length.
_SHIFTS = f"""{_SHIFT}
 where removed_at is null and to_at > from_at and to_at > %(from_at)s and from_at < %(to_at)s
 order by from_at, id
"""
_AT = f"{_SHIFT} where removed_at is null and from_at <= %(at)s and to_at > %(at)s"
_WAYS = """
select who, label, min_grade from contact where removed_at is null order by who, id
"""
_CONTACTS = """
select who, label, url, language, min_grade, max_length
  from contact where removed_at is null order by who, id
"""


@dataclass(frozen=True, slots=True)
class Contact:
    """A way to a person, with its secret URL."""

    who: str
    label: str
    url: str
    language: Language
    min_grade: Grade
    max_length: int | None

    @property
    def receiver(self) -> str:
        return personal(self.who, self.label)


def personal(who: str, label: str) -> str:
    """The receiver's name of a person's way: `@name/label`."""
    return f"{PERSONAL}{who}/{label}"


def directory(
    conn: Connection,
    receivers: Sequence[ReceiverSettings],
    fallback: Sequence[str] = (),
    at: datetime | None = None,
) -> Directory:
    """Everybody who could be told at that moment; now, where nothing is said."""
    at = at or query.now(conn)
    shifts = [Shift(*row) for row in query.rows(conn, _AT, at=at)]
    ways: dict[str, list[Way]] = {}
    for who, label, min_grade in query.rows(conn, _WAYS):
        ways.setdefault(who, []).append(Way(personal(who, label), min_grade))
    return Directory(
        at,
        {one.name: one.min_grade for one in receivers},
        fallback,
        {shift.duty: on_duty(shifts, shift.duty, at) for shift in shifts},
        ways,
    )


def shifts_between(conn: Connection, from_at: datetime, to_at: datetime) -> list[Shift]:
    """Every shift that has part in this time."""
    return [Shift(*row) for row in query.rows(conn, _SHIFTS, from_at=from_at, to_at=to_at)]


def contacts(conn: Connection) -> list[Contact]:
    """The ways to people, with their secrets: for the process that sends, which alone may."""
    return [Contact(*row) for row in query.rows(conn, _CONTACTS)]
