"""Warnings in the database: a message a row, its steps beside it. Never commits.

That who wrote a warning does not publish it, and that what is published never changes, is held by
the database as well (database/migrations/0032_warnings.sql).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from psycopg2.extras import Json

from alerts.alert import Names
from alerts.cap.model import CapAlert
from alerts.cap.reading import parse
from alerts.warnings.content import Content, read
from alerts.warnings.prefill import Spot
from database import query
from database.pool import Connection
from sensors.reading import Origin

Type = Literal["Alert", "Update", "Cancel"]
MOST_LISTED = 200

_SELECT = """
select w.id, w.thread, w.number, w.type, w.state, w.version, w.content, w.alert_id,
       coalesce(a.origin, 0), w.author_id, u.name, w.created_at, p.name, w.published_at,
       w.expires_at, w.cap, w.changed_at, n.type
  from warning w
  join account u on u.id = w.author_id
  left join account p on p.id = w.approver_id
  left join alert a on a.id = w.alert_id
  left join lateral (select l.type from warning l
                      where l.thread = w.thread and l.number > w.number and l.state = 'published'
                      order by l.number limit 1) n on true
"""
# What waits and what holds first; the rest by when it last changed.
LISTED = f"""{_SELECT}
 where (%(state)s::text is null or w.state = %(state)s)
   and (%(before)s::timestamptz is null or (w.changed_at, w.id) < (%(before)s, %(before_id)s))
 order by w.changed_at desc, w.id desc limit %(limit)s"""
OPEN = f"""{_SELECT}
 where w.state in ('draft', 'submitted')
    or (w.state = 'published' and w.expires_at > %s and n.type is null)
 order by w.changed_at desc, w.id desc"""
ONE = f"{_SELECT} where w.id = %s"
THREAD = f"{_SELECT} where w.thread = %s order by w.number"
# Whoever writes of an event holds its first message: one after the other.
LOCK = """
select 1 from warning where id = (select thread from warning where id = %s) for update"""
STEPS = """
select seq, kind, at, who, reason, content from warning_step where warning_id = %s order by seq"""
WRITERS = """
select distinct account_id from warning_step
 where warning_id = %s and kind in ('drafted', 'edited', 'submitted')"""
ADD = """
insert into warning (id, thread, number, type, state, content, alert_id, author_id,
                     created_at, changed_at)
values (%(id)s, %(thread)s, %(number)s, %(type)s, 'draft', %(content)s, %(alert)s, %(account)s,
        %(at)s, clock_timestamp())"""
CHANGE = """
update warning set state = %(state)s, content = %(content)s, version = version + 1,
                   changed_at = clock_timestamp()
 where id = %(id)s returning version"""
PUBLISH = """
update warning set state = 'published', version = version + 1, approver_id = %(account)s,
                   published_at = %(at)s, expires_at = %(expires)s, cap = %(cap)s,
                   changed_at = clock_timestamp()
 where id = %(id)s returning version"""
ADD_STEP = """
insert into warning_step (warning_id, seq, kind, at, account_id, who, reason, content)
values (%s, %s, %s, %s, %s, %s, %s, %s)"""
# For the desk: what waits for a second person, what was sent back and nobody has touched since,
# what runs out (expiring: with its alert still on; lapsing: it is of no alert), what holds though
# its alert has ended.
NOTICES = """
select w.id, case when w.state = 'submitted' then 'waiting'
                  when w.state = 'draft' then 'returned'
                  when a.ended_at is not null then 'ended'
                  when a.id is null then 'lapsing' else 'expiring' end,
       w.content -> 'headline', w.content ->> 'grade', w.content ->> 'status', w.expires_at
  from warning w
  left join alert a on a.id = w.alert_id
 where w.state = 'submitted'
    or (w.state = 'draft' and (select s.kind from warning_step s where s.warning_id = w.id
                                order by s.seq desc limit 1) = 'returned')
    or (w.state = 'published' and w.type <> 'Cancel' and w.expires_at > clock_timestamp()
        and (a.ended_at is not null
             or w.expires_at < clock_timestamp() + make_interval(mins => %s))
        and not exists (select from warning l where l.thread = w.thread and l.number > w.number
                                                and l.state = 'published'))
 order by w.expires_at nulls first, w.id"""
# Where an alert's station stands, and what its rule tells the public.
SPOT = """
select v.lon, v.lat, nullif(d.definition -> 'advice', 'null')
  from alert a
  join rule_version d on d.rule_id = a.rule_id and d.version = a.rule_version
  join station_version v on v.station_id = a.station_id and v.valid_to is null
 where a.id = %s"""
OF_ALERT = f"{_SELECT} where w.alert_id = %s order by w.created_at desc, w.id desc"
MIDDLE = """
select avg(lon), avg(lat) from station_version where valid_to is null"""


@dataclass(frozen=True, slots=True)
class Person:
    """Who does something: an account, whether by session or by API token."""

    account_id: int
    name: str


@dataclass(frozen=True, slots=True)
class Warning:  # noqa: A001 - the word of the field; Python's own is never used here
    """One message as it stands. origin: of the alert behind it. replaced: the type of the published
    message that took its place."""

    id: str
    thread: str
    number: int
    type: Type
    state: str
    version: int
    content: Content
    alert: str | None
    origin: str
    author_id: int
    author: str
    created_at: datetime
    approver: str | None
    published_at: datetime | None
    expires_at: datetime | None
    cap: str | None
    changed_at: datetime
    replaced: Type | None

    def standing(self, now: datetime) -> str:
        """draft, submitted, discarded; in_force, updated, cancelled, expired; a Cancel: cancel."""
        if self.state != "published" or self.expires_at is None:
            return self.state
        if self.replaced is not None:
            return "cancelled" if self.replaced == "Cancel" else "updated"
        if self.expires_at <= now:
            return "expired"
        return "cancel" if self.type == "Cancel" else "in_force"

    @property
    def sent(self) -> CapAlert | None:
        """The message as it went out; its sender is that of then."""
        return parse(self.cap.encode()) if self.cap else None


@dataclass(frozen=True, slots=True)
class Step:
    """Who did what to a message; content: as it was after it."""

    seq: int
    kind: str
    at: datetime
    who: str
    reason: str | None
    content: Content


@dataclass(frozen=True, slots=True)
class Notice:
    """What the desk must know of warnings. kind: waiting, returned, expiring,
    lapsing, ended."""

    id: str
    kind: str
    headline: dict[str, str]
    grade: str
    status: str
    expires_at: datetime | None


def listed(
    conn: Connection,
    state: str | None = None,
    before: tuple[datetime, str] | None = None,
    limit: int = MOST_LISTED,
) -> list[Warning]:
    """What changed last comes first."""
    at, before_id = before or (None, None)
    asked = {"state": state, "before": at, "before_id": before_id, "limit": limit}
    return [_warning(row) for row in query.rows(conn, LISTED, asked)]


def open_ones(conn: Connection, now: datetime) -> list[Warning]:
    """All that is being written, waits or holds, without paging."""
    return [_warning(row) for row in query.rows(conn, OPEN, (now,))]


def one(conn: Connection, warning_id: str) -> Warning | None:
    found = query.rows(conn, ONE, (warning_id,))
    return _warning(found[0]) if found else None


def thread(conn: Connection, thread_id: str) -> list[Warning]:
    """The messages of one event, the first first."""
    return [_warning(row) for row in query.rows(conn, THREAD, (thread_id,))]


def lock(conn: Connection, warning_id: str) -> Warning | None:
    """The message, nobody else writing of its event until the transaction ends."""
    query.rows(conn, LOCK, (warning_id,))
    return one(conn, warning_id)


def steps(conn: Connection, warning_id: str) -> list[Step]:
    return [
        Step(seq, kind, at, who, reason, read(content))
        for seq, kind, at, who, reason, content in query.rows(conn, STEPS, (warning_id,))
    ]


def writers(conn: Connection, warning_id: str) -> set[int]:
    """The accounts that wrote of it or sent it up: none of them may approve it."""
    return {row[0] for row in query.rows(conn, WRITERS, (warning_id,))}


def add(
    conn: Connection,
    warning_id: str,
    who: Person,
    content: Content,
    at: datetime,
    *,
    type_: Type = "Alert",
    thread_id: str | None = None,
    number: int = 1,
    alert: str | None = None,
    reason: str | None = None,
) -> None:
    """A draft, with its first step."""
    kept = Json(content.model_dump(mode="json"))
    row = {"id": warning_id, "thread": thread_id or warning_id, "number": number, "type": type_}
    row |= {"content": kept, "alert": alert, "account": who.account_id, "at": at}
    query.run(conn, ADD, row)
    _step(conn, warning_id, 1, "drafted", at, who, reason, content)


def change(
    conn: Connection,
    warning_id: str,
    kind: str,
    state: str,
    who: Person,
    content: Content,
    at: datetime,
    reason: str | None = None,
) -> None:
    row = {"id": warning_id, "state": state, "content": Json(content.model_dump(mode="json"))}
    version = int(query.rows(conn, CHANGE, row)[0][0])
    _step(conn, warning_id, version, kind, at, who, reason, content)


def publish(
    conn: Connection, warning: Warning, who: Person, at: datetime, cap: str, reason: str | None
) -> None:
    """As it was submitted; the database refuses who wrote of it."""
    row = {"id": warning.id, "account": who.account_id, "at": at, "cap": cap}
    row["expires"] = warning.content.expires
    version = int(query.rows(conn, PUBLISH, row)[0][0])
    _step(conn, warning.id, version, "published", at, who, reason, warning.content)


def notices(conn: Connection, notice_min: int) -> list[Notice]:
    return [Notice(*row) for row in query.rows(conn, NOTICES, (notice_min,))]


def middle(conn: Connection) -> tuple[float, float] | None:
    """Of all stations, lon, lat; None where there are none."""
    lon, lat = query.rows(conn, MIDDLE)[0]
    return None if lon is None else (lon, lat)


def spot(conn: Connection, alert_id: str) -> Spot | None:
    """None where the alert is of no station."""
    found = query.rows(conn, SPOT, (alert_id,))
    if not found:
        return None
    lon, lat, advice = found[0]
    return Spot(lon, lat, Names(advice["zh"], advice["en"]) if advice else None)


def of_alert(conn: Connection, alert_id: str) -> list[Warning]:
    """What was written of an alert, the newest first."""
    return [_warning(row) for row in query.rows(conn, OF_ALERT, (alert_id,))]


def _step(
    conn: Connection,
    warning_id: str,
    seq: int,
    kind: str,
    at: datetime,
    who: Person,
    reason: str | None,
    content: Content,
) -> None:
    kept = Json(content.model_dump(mode="json"))
    row = (warning_id, seq, kind, at, who.account_id, who.name, reason, kept)
    query.run(conn, ADD_STEP, row)


def _warning(row: Sequence[Any]) -> Warning:
    fields: list[Any] = list(row)
    fields[6] = read(fields[6])
    fields[8] = Origin(fields[8]).word
    return Warning(*fields)
