"""What the judge remembers and decides, in the database. Functions never commit.

Locks are taken in one order by all: series_state rows in series order, then rule_state rows in
series order, then alerts. The series_state rows are the caller's business.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from psycopg2.extras import execute_batch, execute_values

from alerts.evidence import evidence
from alerts.quiet.grouping import grouping
from alerts.rule import Key
from alerts.state import Judgement, State, Transition, state_from_json, state_to_json
from alerts.store import add_step
from database import query
from database.pool import Connection
from sensors.reading import Origin, Quality, Reading

_FRESH = State()
_QUIET, _LEFT = timedelta(seconds=1), timedelta(seconds=20)
_LOCK_STATES = """
select rule_id, subject, state from rule_state
 where series_id = any(%(series)s) or (series_id is null and subject = any(%(subjects)s))
 order by series_id, rule_id, subject for update
"""
# A group's row may not be there yet; whoever makes it first is waited for.
_BORN = """
insert into rule_state (rule_id, subject, series_id, state) values %s on conflict do nothing
"""
_LOCK_GROUPS = """
select s.rule_id, s.subject, s.state from rule_state s
  join unnest(%(rules)s::integer[], %(subjects)s::text[]) k (rule_id, subject)
    on k.rule_id = s.rule_id and k.subject = s.subject
 order by s.rule_id, s.subject for update of s
"""
_UNTOLD = "s.state -> 'alert' ->> 'told' is distinct from s.state -> 'alert' ->> 'grade'"
# The first step since people were told anything was written so long ago.
_LEFT_FOR_LONG = """
       (select min(t.recorded_at) from alert_transition t
         where t.alert_id = s.state -> 'alert' ->> 'id'
           and t.id > (select coalesce(max(o.transition_id), 0)
                         from outbox o join alert_transition p on p.id = o.transition_id
                        where p.alert_id = t.alert_id)) <= %(left_since)s
"""
_UNTOLD_GROUPS = f"""
select s.rule_id, s.subject from rule_state s
 where s.series_id is null and {_UNTOLD}
   and ((%(settled)s and s.changed_at <= %(quiet_since)s) or {_LEFT_FOR_LONG})
 order by s.rule_id, s.subject
"""  # noqa: S608 - of constants
# What State.essence is made of (`asked` never stands alone); without any of it a state is as good
# as a fresh one.
_BUSY_SERIES = """
select distinct series_id from rule_state
 where series_id = any(%(series)s::integer[])
   and state ?| array['on', 'since', 'peak', 'missing_since', 'alert', 'window']
"""
_UNTOLD_SERIES = f"""
select distinct s.series_id
  from rule_state s join series_state x on x.series_id = s.series_id
 where {_UNTOLD} and x.observed_at >= %(fresh_since)s
   and ((%(settled)s and x.changed_at <= %(quiet_since)s) or {_LEFT_FOR_LONG})
 order by s.series_id
"""  # noqa: S608 - of constants
_LOCK_SERIES = """
select series_id from series_state where series_id = any(%(series)s) order by series_id for update
"""
# The newest readings of each that have a value nobody marked invalid, the newest first: no rule
# counts others, and of these some rules not all.
_NEWEST = """
select r.series_id, s.code, q.metric, r.observed_at, r.received_at, r.value, r.quality, r.origin
  from unnest(%(series)s::integer[]) k (series_id)
  join series q on q.id = k.series_id
  join station s on s.id = q.station_id
 cross join lateral (select * from reading
                      where series_id = k.series_id and observed_at >= %(since)s
                        and value is not null and quality & 2049 = 0
                      order by observed_at desc limit 20) r
 order by r.series_id, r.observed_at desc
"""
_SAVE_STATES = """
insert into rule_state (rule_id, subject, series_id, state) values %s
on conflict (rule_id, subject) do update
   set state = excluded.state, changed_at = clock_timestamp()
"""
_OPEN = """
insert into alert (id, rule_id, rule_version, series_id, station_id, subject, grade, peak_grade,
                   state, began_at, raised_at, announced_at, found_afterwards, origin, value,
                   limit_value, peak_value, quality, reason, evidence, public, department,
                   grouping, latched)
values (%(id)s, %(rule_id)s, %(rule_version)s, %(series_id)s,
        coalesce((select station_id from series where id = %(series_id)s),
                 (select id from station where code = %(station)s)), %(subject)s, %(grade)s,
        %(peak_grade)s, 'active', %(began_at)s, %(raised_at)s, %(announced_at)s,
        %(found_afterwards)s, %(origin)s, %(value)s, %(limit)s, %(peak)s, %(quality)s, %(reason)s,
        %(evidence)s, %(public)s, %(department)s, %(grouping)s,
        (select coalesce((definition ->> 'latched')::boolean, false) from rule_version
          where rule_id = %(rule_id)s and version = %(rule_version)s))
"""
_STEP = """
update alert
   set version = version + 1, grade = %(grade)s, peak_grade = %(peak_grade)s, value = %(value)s,
       limit_value = %(limit)s, peak_value = %(peak)s, quality = %(quality)s, reason = %(reason)s,
       announced_at = coalesce(announced_at, %(announced_at)s), changed_at = clock_timestamp(),
       state = case when %(graver)s and state = 'acknowledged' then 'active' else state end,
       owner = case when %(graver)s then null else owner end,
       acknowledged_at = case when %(graver)s then null else acknowledged_at end,
       note = case when %(graver)s then null else note end
 where id = %(id)s
returning version
"""
# Who was told of an alert must see that it is over: until somebody has, it is `returned`. One that
# is latched waits for a reset, whether people were told or it was muted.
_END = """
update alert
   set version = version + 1, ended_at = %(at)s,
       state = case when not %(found_afterwards)s
                         and (latched or (announced_at is not null and owner is null))
                    then 'returned' else 'ended' end,
       peak_value = coalesce(%(peak)s, peak_value), found_afterwards = %(found_afterwards)s,
       changed_at = clock_timestamp()
 where id = %(id)s
returning version
"""
_PEAK = "update alert set peak_value = %s, changed_at = clock_timestamp() where id = %s"
_RAISED = """
insert into alert_transition
       (alert_id, seq, kind, at, recorded_at, grade, value, limit_value, reason)
values (%(id)s, 1, 'raised', %(at)s, %(recorded_at)s, %(grade)s, %(value)s, %(limit)s, %(reason)s)
"""
_OUTBOX_RAISED = """
insert into outbox (transition_id)
select id from alert_transition where alert_id = any(%s) and seq = 1 order by id
"""
_OUTBOX = "insert into outbox (transition_id) values (%s)"


def busy_series(conn: Connection, series: Sequence[int]) -> list[int]:
    """The series of which some rule remembers something that counts."""
    # As text: to adapt thousands of numbers one by one takes as long as the rules.
    asked = f"{{{','.join(map(str, series))}}}"
    return [row[0] for row in query.rows(conn, _BUSY_SERIES, series=asked)]


def untold_series(
    conn: Connection, now: datetime, fresh_since: datetime, *, settled: bool
) -> list[int]:
    """The series with an open alert whose grade nobody was told, and whose backlog has ended.

    That is where no reading has come for a moment while nothing waits (settled), or where the first
    step that nobody was told of was left for long.
    """
    asked = {"settled": settled, "quiet_since": now - _QUIET, "left_since": now - _LEFT}
    rows = query.rows(conn, _UNTOLD_SERIES, asked | {"fresh_since": fresh_since})
    return [row[0] for row in rows]


def lock_series(conn: Connection, series: Sequence[int]) -> None:
    """Lock the rows of series_state, in order: before any rule_state."""
    query.run(conn, _LOCK_SERIES, series=list(series))


def lock_newest(
    conn: Connection, series: Sequence[int], since: datetime
) -> dict[int, list[Reading]]:
    """Lock the rows of series_state, and read the newest readings of each, the newest first."""
    found: dict[int, list[Reading]] = {number: [] for number in series}
    lock_series(conn, series)
    with conn.cursor() as cursor:
        cursor.execute(_NEWEST, {"series": list(series), "since": since})
        for number, code, metric, at, received, value, bits, origin in cursor.fetchall():
            found[number].append(
                Reading(number, code, metric, at, received, value, Quality(bits), Origin(origin))
            )
    return found


def lock_states(
    conn: Connection, series: Sequence[int], subjects: Sequence[str] = ()
) -> dict[Key, State]:
    """Lock and read the states of these series, and of subjects that are no series."""
    with conn.cursor() as cursor:
        cursor.execute(_LOCK_STATES, {"series": list(series), "subjects": list(subjects)})
        return {
            (rule_id, subject): state_from_json(document)
            for rule_id, subject, document in cursor.fetchall()
        }


def lock_groups(conn: Connection, keys: Sequence[Key]) -> dict[Key, State]:
    """Lock and read the states of groups, in order; those of series are locked before.

    A group nobody has looked at yet gets its row here, so that there is something to lock.
    """
    keys = sorted(keys)
    rules, subjects = [rule for rule, _ in keys], [subject for _, subject in keys]
    with conn.cursor() as cursor:
        execute_values(cursor, _BORN, [(*key, None, "{}") for key in keys])
        cursor.execute(_LOCK_GROUPS, {"rules": rules, "subjects": subjects})
        return {(rule, subject): state_from_json(state) for rule, subject, state in cursor}


def untold_groups(conn: Connection, now: datetime, *, settled: bool) -> list[Key]:
    """As untold_series, of groups of composite rules."""
    asked = {"settled": settled, "quiet_since": now - _QUIET, "left_since": now - _LEFT}
    return [(rule, subject) for rule, subject in query.rows(conn, _UNTOLD_GROUPS, asked)]


def save(
    conn: Connection,
    judgement: Judgement,
    before: Mapping[Key, State],
    series: Mapping[Key, int | None],
    now: datetime,
) -> None:
    """Write what a judgement changed: states, alerts, their steps, and what is to be told.

    before: the states as they were locked; series: the series of each key.
    """
    changed = {
        key: state
        for key, state in judgement.states.items()
        if state.essence != before.get(key, _FRESH).essence
    }
    raised = [step for step in judgement.transitions if step.kind == "raised"]
    known, groups = evidence(conn, raised, now), grouping(conn, raised)
    for rises, some in groupby(judgement.transitions, key=lambda step: step.kind == "raised"):
        if rises:
            _raise(conn, list(some), now, known, groups)
        else:
            for transition in some:
                _write(conn, transition, now)
    stepped = {transition.alert_id for transition in judgement.transitions}
    with conn.cursor() as cursor:
        for key, state in changed.items():
            old = before.get(key, _FRESH)
            if state.alert and state.alert.id not in stepped and state.peak != old.peak:
                cursor.execute(_PEAK, (state.peak, state.alert.id))
        rows = [
            (*key, series.get(key), json.dumps(state_to_json(state)))
            for key, state in sorted(changed.items())
        ]
        execute_values(cursor, _SAVE_STATES, rows, page_size=1000)


def _raise(
    conn: Connection,
    steps: Sequence[Transition],
    now: datetime,
    known: Mapping[str, dict[str, Any]],
    groups: Mapping[str, dict[str, str]],
) -> None:
    """Alerts that begin, many in a question: in a flood each way to the server counts."""
    rows = []
    for step in steps:
        group = groups.get(step.alert_id)
        own = {
            "evidence": json.dumps(known[step.alert_id]),
            "grouping": json.dumps(group) if group else None,
            "recorded_at": now,
        }
        rows.append(_columns(step, now) | _identity(step) | own)
    with conn.cursor() as cursor:
        execute_batch(cursor, _OPEN, rows, page_size=100)
        execute_batch(cursor, _RAISED, rows, page_size=100)
        cursor.execute(_OUTBOX_RAISED, ([step.alert_id for step in steps if step.page],))


def _write(conn: Connection, step: Transition, now: datetime) -> None:
    with conn.cursor() as cursor:
        cursor.execute(_END if step.kind == "ended" else _STEP, _columns(step, now))
        row = cursor.fetchone()
        assert row is not None, "a state never outlives its alert"  # noqa: S101 - invariant
        number = add_step(
            conn,
            step.alert_id,
            row[0],
            step.kind,
            at=step.at,
            recorded_at=now,
            grade=step.grade,
            value=step.value,
            limit=step.limit,
            reason=step.reason,
        )
        if step.page:
            cursor.execute(_OUTBOX, (number,))


def _columns(step: Transition, now: datetime) -> dict[str, Any]:
    return {
        "id": step.alert_id,
        "at": step.at,
        "grade": step.grade,
        "peak_grade": step.alert.peak_grade,
        "began_at": step.alert.began_at,
        "raised_at": step.alert.raised_at,
        "announced_at": now if step.page else None,
        "origin": int(step.origin),
        "value": step.value,
        "limit": step.limit,
        "peak": step.peak,
        "quality": None if step.quality is None else int(step.quality),
        "reason": json.dumps(step.reason.to_json()),
        "found_afterwards": step.found_afterwards,
        # What was acknowledged was a lesser peril: the graver one wants somebody anew.
        "graver": step.kind == "stepped_up",
    }


def _identity(step: Transition) -> dict[str, Any]:
    watch = step.watch
    assert watch is not None, "only a rule in force raises"  # noqa: S101 - invariant
    return {
        "rule_id": watch.rule_id,
        "rule_version": watch.version,
        "series_id": watch.series_id,
        "station": watch.station,
        "subject": watch.subject,
        "public": watch.public,
        "department": watch.department,
    }
