"""The journal made tamper-evident: what was written once is chained by hashes, as it is seen.

The leading process appends, on a thread of its own (`alerts/aside.py`). Commits overtake each
other: a transition with a lower number may appear later; it is appended then, never put in between.
Functions never commit.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from psycopg2.extras import execute_values

from alerts.life.canon import START, canonical, chained
from database import query
from database.pool import Connection

BATCH = 2000
_OTHERS_EVERY = 10  # rounds: rules and suppressions are few

# The columns of an entry, in the order of its canonical text. An alert's identity is in each step.
TRANSITION = """t.id, t.alert_id, t.seq, t.kind, t.at, t.recorded_at, t.grade, t.value,
       t.limit_value, t.who, t.note, t.reason, a.rule_id, a.rule_version, a.subject"""
RULE = """v.rule_id, v.version, r.code, v.definition, v.author, v.reason, v.created_at,
       v.retired_at"""
# What may change while it holds (until, cause and grade of a suppression by design) is not sealed.
SUPPRESSION = """u.id, u.kind, u.rule_id, u.subject, u.station_id, u.metrics,
       case when u.kind <> 'suppressed' then u.grade end, u.began_at,
       case when u.kind <> 'suppressed' then u.until end, u.who, u.why"""
ENDING = "u.id, u.ended_at, u.ended_by, u.end_why"

_ONE_AT_A_TIME = "select pg_advisory_xact_lock(hashtextextended('dongtai journal seal', 0))"
HEAD = "select position, hash from journal_seal order by position desc limit 1"
# top: the newest number there is; all transactions before `newest` have ended once `oldest` is it.
SNAPSHOT = """
select coalesce((select max(id) from alert_transition), 0),
       pg_snapshot_xmax(pg_current_snapshot())::text::bigint,
       pg_snapshot_xmin(pg_current_snapshot())::text::bigint
"""
_TRANSITIONS = """
select {columns} from alert_transition t
  join alert a on a.id = t.alert_id
  left join journal_seal s on s.transition_id = t.id
 where t.id > %(floor)s and s.position is null
 order by t.id limit %(limit)s
"""
TRANSITIONS = _TRANSITIONS.format(columns=TRANSITION)
_RULES = """
select {columns} from rule_version v
  join rule r on r.id = v.rule_id
  left join journal_seal s on s.rule_id = v.rule_id and s.rule_version = v.version
 where s.position is null
 order by v.created_at, v.rule_id, v.version limit %(limit)s
"""
RULES = _RULES.format(columns=RULE)
_BEGUN = """
select {columns} from suppression u
  left join journal_seal s on s.suppression_id = u.id and not s.ending
 where s.position is null
 order by u.id limit %(limit)s
"""
BEGUN = _BEGUN.format(columns=SUPPRESSION)
_ENDED = """
select {columns} from suppression u
  left join journal_seal s on s.suppression_id = u.id and s.ending
 where u.ended_at is not null and s.position is null
 order by u.ended_at, u.id limit %(limit)s
"""
ENDED = _ENDED.format(columns=ENDING)
PUT = """
insert into journal_seal (position, transition_id, rule_id, rule_version, suppression_id, ending,
                          hash)
values %s
"""
Keys = tuple[int | None, int | None, int | None, int | None, bool | None]


@dataclass
class Progress:
    """How far all is sealed. floor: no transition up to it is missing, nor can one appear.

    waiting: (top, newest) of an earlier round, until everything that ran then has ended. Kept in
    memory only: whoever begins anew looks at all of it once.
    """

    floor: int = 0
    waiting: tuple[int, int] | None = None
    round: int = 0


def append(conn: Connection, progress: Progress, limit: int = BATCH) -> int:
    """Seal up to `limit` entries of each kind that have no seal yet; how many in all."""
    with conn.cursor() as cursor:
        cursor.execute(_ONE_AT_A_TIME)
        cursor.execute(SNAPSHOT)
        ((top, newest, oldest),) = cursor.fetchall()
        cursor.execute(HEAD)
        position, before = cursor.fetchone() or (0, START)
        entries = list(_unsealed(conn, progress, limit))
        rows = []
        before = bytes(before)
        for number, (keys, entry) in enumerate(entries, position + 1):
            before = chained(before, entry)
            rows.append((number, *keys, before))
        execute_values(cursor, PUT, rows, page_size=1000)
    if len(entries) < limit:
        _advance(progress, top, newest, oldest)
    return len(rows)


def _unsealed(conn: Connection, progress: Progress, limit: int) -> Iterator[tuple[Keys, bytes]]:
    asked = {"floor": progress.floor, "limit": limit}
    others = progress.round % _OTHERS_EVERY == 0
    progress.round += 1
    if others:
        for row in query.rows(conn, RULES, asked):
            yield (None, row[0], row[1], None, None), canonical("rule", row)
        for row in query.rows(conn, BEGUN, asked):
            yield (None, None, None, row[0], False), canonical("suppression", row)
    for row in query.rows(conn, TRANSITIONS, asked):
        yield (row[0], None, None, None, None), canonical("transition", row)
    if others:
        for row in query.rows(conn, ENDED, asked):
            yield (None, None, None, row[0], True), canonical("ending", row)


def _advance(progress: Progress, top: int, newest: int, oldest: int) -> None:
    """All that was visible is sealed. What ran when `waiting` was noted may have had lower numbers;
    once it has ended, this round has seen whatever it committed."""
    if progress.waiting and oldest >= progress.waiting[1]:
        progress.floor, progress.waiting = progress.waiting[0], None
    progress.waiting = progress.waiting or (top, newest)
