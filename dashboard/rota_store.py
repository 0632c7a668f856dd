"""The rota in the database: shifts, hand-overs, ways to people. Functions never commit.

Of a way's URL this role can only write: nobody reads it here.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.sending.rota import Shift
from database import query
from database.pool import Connection

_SHIFT = "select id, duty, who, from_at, to_at, note, entered_by from duty_shift"
LOCK_SHIFT = f"{_SHIFT} where id = %(id)s and removed_at is null for update"
PERSON = "select from account where name = %(who)s and disabled_at is null"
PEOPLE = "select name, role from account where disabled_at is null order by name"
# Whoever enters the same shift at the same time waits here for the first.
LOCK_DUTY = "select pg_advisory_xact_lock(hashtextextended('duty ' || %(duty)s, 0))"
OVERLAPPING = f"""{_SHIFT}
 where removed_at is null and duty = %(duty)s and who = %(who)s
   and from_at < %(to_at)s and to_at > %(from_at)s
 order by from_at limit 1"""
ADD_SHIFT = """
insert into duty_shift (duty, who, from_at, to_at, note, entered_by)
values (%(duty)s, %(who)s, %(from_at)s, %(to_at)s, %(note)s, %(by)s) returning id"""
REMOVE_SHIFT = """
update duty_shift set removed_by = %(by)s, removed_at = clock_timestamp() where id = %(id)s"""
WITHDRAW_OF = """
update duty_handover set answer = 'withdrawn', answered_at = clock_timestamp()
 where shift_id = %(id)s and answer is null"""
END_SHIFT = "update duty_shift set to_at = %(at)s where id = %(id)s"
_OFFER = """
select id, duty, shift_id, from_who, to_who, note, offered_at, answer, answered_at, answer_note
  from duty_handover"""
OFFERS = f"""{_OFFER} where answer is null or answered_at >= %(since)s
 order by offered_at desc, id desc limit 50"""
LOCK_OFFER = f"{_OFFER} where id = %(id)s for update"
OPEN_OFFER = f"{_OFFER} where shift_id = %(shift)s and answer is null"
OFFER = """
insert into duty_handover (duty, shift_id, from_who, to_who, note)
values (%(duty)s, %(shift)s, %(from_who)s, %(to_who)s, %(note)s) returning id"""
ANSWER = """
update duty_handover
   set answer = %(answer)s, answered_at = clock_timestamp(), answer_note = %(note)s
 where id = %(id)s"""
_CONTACT = """
select id, who, label, masked, language, min_grade, max_length, made_by, made_at
  from contact where removed_at is null"""
CONTACTS = f"{_CONTACT} order by who, id"
CONTACT = f"{_CONTACT} and id = %(id)s"
CONTACT_OF = """
select id from contact where who = %(who)s and label = %(label)s and removed_at is null"""
ADD_CONTACT = """
insert into contact (who, label, url, masked, language, min_grade, max_length, made_by)
values (%(who)s, %(label)s, %(url)s, %(masked)s, %(language)s, %(min_grade)s, %(max_length)s,
        %(by)s) returning id"""
REMOVE_CONTACT = """
update contact set removed_by = %(by)s, removed_at = clock_timestamp() where id = %(id)s"""


@dataclass(frozen=True, slots=True)
class Offer:
    """A hand-over: offered with a note, answered by the other by name; answer: None while open."""

    id: int
    duty: str
    shift: int
    from_who: str
    to_who: str
    note: str
    offered_at: datetime
    answer: str | None
    answered_at: datetime | None
    answer_note: str | None


@dataclass(frozen=True, slots=True)
class Contact:
    """A way to a person; masked: what may be shown of its address."""

    id: int
    who: str
    label: str
    masked: str
    language: str
    min_grade: str
    max_length: int | None
    made_by: str
    made_at: datetime


def locked_shift(conn: Connection, number: int) -> Shift | None:
    """Locked until the transaction ends; None where there is none (any more)."""
    rows = query.rows(conn, LOCK_SHIFT, id=number)
    return Shift(*rows[0]) if rows else None


def is_person(conn: Connection, who: str) -> bool:
    return bool(query.rows(conn, PERSON, who=who))


def people(conn: Connection) -> list[tuple[str, str]]:
    """(name, role) of everybody who can sign in."""
    return [(name, role) for name, role in query.rows(conn, PEOPLE)]


def add_shift(
    conn: Connection,
    duty: str,
    who: str,
    from_at: datetime,
    to_at: datetime,
    note: str | None,
    by: str,
) -> int | Shift:
    """The number of the new shift; or the shift of the same person there that it overlaps."""
    query.rows(conn, LOCK_DUTY, duty=duty)
    place = {"duty": duty, "who": who, "from_at": from_at, "to_at": to_at}
    if found := query.rows(conn, OVERLAPPING, **place):
        return Shift(*found[0])
    return int(query.rows(conn, ADD_SHIFT, **place, note=note, by=by)[0][0])


def remove_shift(conn: Connection, number: int, by: str) -> None:
    """What was offered of it falls with it."""
    query.run(conn, REMOVE_SHIFT, id=number, by=by)
    query.run(conn, WITHDRAW_OF, id=number)


def offers(conn: Connection, since: datetime) -> list[Offer]:
    """Those that are open, and those answered since then; the newest first."""
    return [Offer(*row) for row in query.rows(conn, OFFERS, since=since)]


def locked_offer(conn: Connection, number: int) -> Offer | None:
    rows = query.rows(conn, LOCK_OFFER, id=number)
    return Offer(*rows[0]) if rows else None


def offer(conn: Connection, shift: Shift, to_who: str, note: str) -> int | Offer:
    """Offer a locked shift; or the offer of it that is open already."""
    if found := query.rows(conn, OPEN_OFFER, shift=shift.id):
        return Offer(*found[0])
    said = {"duty": shift.duty, "shift": shift.id, "from_who": shift.who}
    return int(query.rows(conn, OFFER, **said, to_who=to_who, note=note)[0][0])


def answer(conn: Connection, one: Offer, said: str, note: str | None, now: datetime) -> None:
    """Answer a locked, open offer. Accepted, the rest of the shift is the other's: it ends for the
    one and begins for the other at the same moment, so that nobody and never two have it."""
    query.run(conn, ANSWER, id=one.id, answer=said, note=note)
    shift = locked_shift(conn, one.shift)
    if said != "accepted" or shift is None or now >= shift.to_at:
        return
    at = max(now, shift.from_at)
    query.run(conn, END_SHIFT, id=shift.id, at=at)
    rest = {"duty": shift.duty, "who": one.to_who, "from_at": at, "to_at": shift.to_at}
    query.rows(conn, ADD_SHIFT, **rest, note=one.note, by=one.from_who)


def contacts(conn: Connection) -> list[Contact]:
    return [Contact(*row) for row in query.rows(conn, CONTACTS)]


def contact(conn: Connection, number: int) -> Contact | None:
    rows = query.rows(conn, CONTACT, id=number)
    return Contact(*rows[0]) if rows else None


def add_contact(conn: Connection, by: str, **values: Any) -> int | None:
    """The number of the new way; None where the person has one of that label."""
    query.rows(conn, LOCK_DUTY, duty=f"contact {values['who']}")
    if query.rows(conn, CONTACT_OF, who=values["who"], label=values["label"]):
        return None
    return int(query.rows(conn, ADD_CONTACT, **values, by=by)[0][0])


def remove_contact(conn: Connection, number: int, by: str) -> None:
    query.run(conn, REMOVE_CONTACT, id=number, by=by)
