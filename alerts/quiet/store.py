"""What the score, the stale list and chatter are computed from. Never commits."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.quiet.flood import WINDOW, Flood, floods
from alerts.quiet.score import Call, Score, score
from alerts.quiet.settings import QuietSettings
from alerts.rule_history import NEWEST_VERSION
from database import query
from database.pool import Connection

LOOK_BACK = timedelta(hours=6)  # a flood that began before

CALLS = """
select t.alert_id, t.kind, t.recorded_at, t.at, t.grade, r.code, a.subject,
       (select min(k.recorded_at) from alert_transition k
         where k.alert_id = t.alert_id and k.seq > t.seq and k.kind = 'acknowledged'),
       a.ended_at
  from alert_transition t
  join alert a on a.id = t.alert_id
  join rule r on r.id = a.rule_id
 where t.kind in ('raised', 'stepped_up')
   and t.recorded_at >= %(since)s and t.recorded_at < %(until)s and not a.found_afterwards
   and not exists (select from outbox o where o.transition_id = t.id and o.muted_by is not null)
 order by t.recorded_at, t.id
"""
STALE_COUNT = """
select count(*) from alert
 where raised_at <= %(before)s and (ended_at is null or ended_at > %(at)s)
   and not found_afterwards
"""
# The note of the alert, else the newest that somebody wrote in its life.
STALE = """
select a.id, (select t.note from alert_transition t
               where t.alert_id = a.id and t.note is not null order by t.seq desc limit 1),
       (select t.who from alert_transition t
         where t.alert_id = a.id and t.note is not null order by t.seq desc limit 1)
  from alert a
 where a.ended_at is null and a.raised_at <= %(before)s and not a.found_afterwards
 order by a.raised_at, a.id limit %(limit)s
"""
STALE_ALL = """
select count(*) from alert
 where ended_at is null and raised_at <= %(before)s and not found_afterwards
"""
# By the second: a flood of ten thousand is no longer than one of a hundred.
STARTS = """
select date_trunc('second', t.recorded_at), count(*)
  from alert_transition t join alert a on a.id = t.alert_id
 where t.kind in ('raised', 'stepped_up') and t.recorded_at between %(since)s and %(until)s
   and not a.found_afterwards
   and not exists (select from outbox o where o.transition_id = t.id and o.muted_by is not null)
 group by 1 order by 1
"""
LABELS = f"""
select r.code, v.definition -> 'label' from rule r join {NEWEST_VERSION} v on true
 where r.code = any(%s)
"""  # noqa: S608 - of constants
STATION_NAMES = """
select s.code, v.name_zh, v.name_en from station s
  join station_version v on v.station_id = s.id and v.valid_to is null
 where s.code = any(%s)
"""


@dataclass(frozen=True, slots=True)
class Stale:
    """note, noted_by: the last thing that anybody wrote of it."""

    alert_id: str
    note: str | None
    noted_by: str | None


def score_of(conn: Connection, since: datetime, until: datetime, settings: QuietSettings) -> Score:
    """until: not after now. A flood that runs across `since` is seen from there on."""
    found = query.rows(conn, CALLS, {"since": since - LOOK_BACK, "until": until})
    before = until - timedelta(hours=settings.stale_hours)
    ((stale,),) = query.rows(conn, STALE_COUNT, {"before": before, "at": until})
    return score([Call(*row) for row in found], stale, since, until, settings)


def stale(conn: Connection, now: datetime, hours: int, limit: int) -> tuple[list[Stale], int]:
    """The alerts open for longer, oldest first, at most `limit`; and how many there are."""
    asked = {"before": now - timedelta(hours=hours), "limit": limit}
    found = [Stale(*row) for row in query.rows(conn, STALE, asked)]
    ((count,),) = query.rows(conn, STALE_ALL, asked)
    return found, count


def flood_now(conn: Connection, now: datetime, settings: QuietSettings) -> Flood | None:
    """The flood that lasts, counted over at most the last six hours; None: there is none."""
    found = query.rows(conn, STARTS, {"since": now - LOOK_BACK, "until": now})
    # More of one second than make a flood change nothing but the count.
    times = [at for at, count in found for _ in range(min(count, settings.flood_above + 1))]
    lasting = floods(times, now, above=settings.flood_above, below=settings.flood_below)
    if not lasting or lasting[-1].until is not None:
        return None
    since = lasting[-1].since
    return Flood(since, None, sum(count for at, count in found if at > since - WINDOW))


def labels(conn: Connection, rules: set[str]) -> dict[str, dict[str, str]]:
    """The label of each rule in its newest version, {"zh", "en"}."""
    return {
        code: label or {"zh": code, "en": code}
        for code, label in query.rows(conn, LABELS, (sorted(rules),))
    }


def station_names(conn: Connection, stations: set[str]) -> dict[str, dict[str, str]]:
    found = query.rows(conn, STATION_NAMES, (sorted(stations),))
    return {code: {"zh": zh, "en": en} for code, zh, en in found}
