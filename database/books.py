"""The ledger as it stands, with what proves it; and how the canary fares. Reads only.

Both doors read it: `python -m ingest ledger` and the staff's page.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime

from database.pool import Connection

CANARY, REPLAY, DERIVED = "canary", "replay", "derived"
# Counted beside the feeds, never among them: ours, counted before, or made here.
CANARY_OLD_S = 180.0  # three of them did not come
OWN = frozenset({CANARY, REPLAY, DERIVED})

# Whole hours of arrival. What lies in quarantine is counted there, not taken from the ledger: a row
# that is in one and not in the other is a gap.
LEDGER = """
with kept as (
    select feed, date_trunc('hour', received_at, 'UTC') as hour, count(*) as kept
      from quarantine
     where received_at >= date_trunc('hour', %(since)s::timestamptz, 'UTC')
       and received_at < interval '1 hour' + date_trunc(
               'hour', %(until)s::timestamptz - interval '1 microsecond', 'UTC')
       and (%(feed)s::text is null or feed = %(feed)s)
     group by 1, 2),
booked as (
    select * from ledger
     where hour >= date_trunc('hour', %(since)s::timestamptz, 'UTC')
       and hour < %(until)s::timestamptz
       and (%(feed)s::text is null or feed = %(feed)s))
select feed, hour, coalesce(l.received, 0), coalesce(l.stored, 0), coalesce(l.duplicate, 0),
       coalesce(l.revised, 0), coalesce(l.quarantined, 0), coalesce(l.readings, 0),
       coalesce(l.readings_late, 0), coalesce(l.pruned, 0), coalesce(k.kept, 0)
  from booked l full join kept k using (feed, hour)
 order by hour desc, feed"""
# The name that no process beats for any more is no canary of ours any more.
CANARIES = """
select h.name, c.stored_at,
       case when c.stored_at is not null then greatest(
           0, extract(epoch from clock_timestamp() - c.stored_at)::float8 + c.delay_s) end,
       c.delay_s
  from (select distinct detail ->> 'canary' as name from heartbeat
         where detail ->> 'canary' is not null) h
  left join lateral (select stored_at, delay_s from canary
                      where name = h.name order by stored_at desc limit 1) c on true
 order by 1"""

GROUPS = """
select g.code, g.n, g.waiting, g.newest, g.feeds, e.reason
  from (select code, count(*) as n, count(*) filter (where replayed_at is null) as waiting,
               max(received_at) as newest, array_agg(distinct feed) as feeds
          from quarantine group by code) g
 cross join lateral (select reason from quarantine where code = g.code
                      order by id desc limit 1) e
 order by g.waiting desc, g.n desc, g.code"""


@dataclass(slots=True)
class Line:
    """Messages of one feed, of one hour of arrival or of several.

    kept: rows that lie in quarantine; pruned: rows that were deleted when their time was over.
    """

    feed: str
    hour: datetime | None
    received: int = 0
    stored: int = 0
    duplicate: int = 0
    revised: int = 0
    quarantined: int = 0
    readings: int = 0
    readings_late: int = 0
    pruned: int = 0
    kept: int = 0

    @property
    def unaccounted(self) -> int:
        """Received, and no outcome is known."""
        return self.received - self.stored - self.duplicate - self.revised - self.quarantined

    @property
    def missing(self) -> int:
        """Counted as quarantined, and not there. A replay is not kept a second time."""
        return 0 if self.feed == REPLAY else self.quarantined - self.pruned - self.kept

    @property
    def gap(self) -> int:
        """Must be zero. Never so by one error that hides another."""
        return abs(self.unaccounted) + abs(self.missing)


@dataclass(frozen=True, slots=True)
class Canary:
    """The newest canary of a process that came the whole way; None: none ever did.

    age_s: how old the proof is, its way included.
    """

    name: str
    stored_at: datetime | None
    age_s: float | None
    delay_s: float | None


def ledger(
    conn: Connection, since: datetime, until: datetime, feed: str | None = None
) -> list[Line]:
    """Every feed and hour with arrivals in [since, until), newest first; whole hours."""
    with conn.cursor() as cursor:
        cursor.execute(LEDGER, {"since": since, "until": until, "feed": feed})
        return [Line(*row) for row in cursor.fetchall()]


def canaries(conn: Connection) -> list[Canary]:
    """Of each ingest that sends them."""
    with conn.cursor() as cursor:
        cursor.execute(CANARIES)
        return [Canary(*row) for row in cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class Group:
    """Quarantined messages of one reason. waiting: not replayed; example: what the newest says."""

    code: str
    count: int
    waiting: int
    newest: datetime
    feeds: tuple[str, ...]
    example: str


def groups(conn: Connection) -> list[Group]:
    """What lies in quarantine, by reason; what waits most first."""
    with conn.cursor() as cursor:
        cursor.execute(GROUPS)
        return [
            Group(code, count, waiting, newest, tuple(feeds), example)
            for code, count, waiting, newest, feeds, example in cursor.fetchall()
        ]


COUNTS = tuple(f.name for f in fields(Line) if f.name not in ("feed", "hour"))


@dataclass(frozen=True, slots=True)
class Sum:
    """Several lines as one. gap: the sum of their gaps, so that two errors do not cancel out."""

    line: Line
    gap: int


def summed(lines: Iterable[Line], feed: str = "") -> Sum:
    total, gap = Line(feed, None), 0
    for line in lines:
        for name in COUNTS:
            setattr(total, name, getattr(total, name) + getattr(line, name))
        gap += line.gap
    return Sum(total, gap)
