"""The clock's turn in the database: what did not happen, and what no rule covers any more.

One transaction each; the caller commits. First a look without locks; only what it finds is locked
(series_state in series order, then rule_state, as ingest does) and judged again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from alerts.judging import Judge
from alerts.record import lock_series, lock_states, save
from alerts.rule import Key, Watch
from alerts.rulebook import edition
from alerts.silence import CANARY, Heartbeat, Seen, Status, tick, together
from alerts.state import Judgement, State, Transition, state_from_json
from alerts.withdrawal import asks_otherwise, withdraw
from database import query
from database.pool import Connection
from sensors.reading import Origin

# The newest beat of an ingest names its team: all who share the topics at present.
_HEARTBEATS = """
with newest as (
    select process, detail from heartbeat
     where process = 'ingest' or process ~ '^ingest-(?!pictures$)'
     order by at desc limit 1)
select h.at, h.detail, c.proven_at
  from newest n
 cross join lateral jsonb_array_elements_text(
       coalesce(nullif(n.detail -> 'team', '[]'), jsonb_build_array(n.process))) m (process)
  left join heartbeat h on h.process = m.process
  left join lateral (select stored_at - make_interval(secs => delay_s) as proven_at
                       from canary where name = h.detail ->> 'canary'
                      order by stored_at desc limit 1) c on true
"""
_QUIET = """
select q.id, q.created_at, x.observed_at, x.origin, d.reported_at
  from series q
  join station_version v on v.station_id = q.station_id and v.valid_to is null
  left join series_state x on x.series_id = q.id
  left join device_status d on d.device = v.device and not d.online
 where q.id = any(%(series)s)
   and (coalesce(x.observed_at, q.created_at) <= %(before)s
        or not (x.quality & 2051 = 0 or x.quality & 4097 = 4096))
"""
_STATES = """
select rule_id, subject, state from rule_state
 where series_id = any(%(series)s) or (series_id is null and subject = any(%(subjects)s))
"""
_DEVICES = "select device, online, reported_at from device_status where device = any(%(devices)s)"
_OPEN_STATES = "select rule_id, subject, series_id, state from rule_state where state ? 'alert'"


@dataclass(frozen=True, slots=True)
class Pace:
    """heartbeat, canary: the ages at which ingest's is an alert; watching_since: when this clock
    began."""

    heartbeat: timedelta
    watching_since: datetime
    canary: timedelta = CANARY


def tick_once(conn: Connection, judge: Judge, pace: Pace) -> list[Transition]:
    """Judge absence at the database's own time, and write what follows."""
    now = query.now(conn)
    judgement = _look(conn, judge, judge.absence, pace, now)
    if not judgement.states:
        return []
    watches = [watch for watch in judge.absence if watch.key in judgement.states]
    before = _lock(conn, watches)
    judgement = _look(conn, judge, watches, pace, now)
    save(conn, judgement, before, judge.series, now)
    return judgement.transitions


def withdraw_uncovered(conn: Connection, judge: Judge) -> list[Transition]:
    """End the alerts of rules that are retired, or that do not cover their subject any more.

    Not by a rulebook that is not the newest: the next one may have the rule.
    """
    lost = {
        (rule, subject): series
        for rule, subject, series, state in query.rows(conn, _OPEN_STATES)
        if _uncovered(judge, (rule, subject), series, state_from_json(state))
    }
    if not lost:
        return []
    now = query.now(conn)
    series = sorted(number for number in lost.values() if number)
    lock_series(conn, series)
    before = lock_states(conn, series, [subject for _, subject in lost])
    if edition(conn) != judge.edition:
        return []
    judgement = Judgement()
    for key in sorted(lost.keys() & before.keys()):
        if not _uncovered(judge, key, lost[key], before[key]):
            continue  # it moved before it was locked
        edited = _edited(judge, key, lost[key], before[key])
        withdrawn = withdraw(key, before[key], now, edited=edited)
        judgement.add(key, withdrawn.states[key], withdrawn.transitions)
    save(conn, judgement, before, lost, now)
    return judgement.transitions


def _uncovered(judge: Judge, key: Key, series_id: int | None, state: State) -> bool:
    """Whether no rule in force carries the alert that is open: none covers its subject, the rule
    asks something else now, or does not cover enough of those any more who are on."""
    if state.alert is None or key[0] in judge.unreadable:
        return False
    if key not in judge.series or _edited(judge, key, series_id, state):
        return True
    group = judge.by_group.get(key)
    if group is None:
        return False
    return group.still(state.members) != state.members and not group.beyond(state.members)


def _edited(judge: Judge, key: Key, series_id: int | None, state: State) -> bool:
    group = judge.by_group.get(key)
    watches = [group.watch] if group else judge.watches.get(series_id or 0, ())
    return any(watch.key == key and asks_otherwise(watch, state) for watch in watches)


def _look(
    conn: Connection, judge: Judge, watches: Sequence[Watch], pace: Pace, now: datetime
) -> Judgement:
    """What the clock would change now: only the states that would be other ones."""
    states = _states(conn, watches)
    judgement = tick(
        watches,
        states,
        _quiet(conn, watches, now),
        now,
        _heartbeat(conn),
        limit=pace.heartbeat,
        canary=pace.canary,
        watching_since=pace.watching_since,
        new_id=judge.new_id,
        devices=_statuses(conn, watches),
    )
    other = {k: s for k, s in judgement.states.items() if s != states.get(k, State())}
    return replace(judgement, states=other)


def _quiet(conn: Connection, watches: Iterable[Watch], now: datetime) -> dict[int, Seen]:
    """The series that may have been silent for as long as the least patient rule waits."""
    patience = {watch.series_id: watch.patience for watch in watches if watch.series_id}
    if not patience:
        return {}
    before = now - min(patience.values())
    rows = query.rows(conn, _QUIET, {"series": list(patience), "before": before})
    return {
        series_id: Seen(created_at, observed_at, offline_since, Origin(origin or 0))
        for series_id, created_at, observed_at, origin, offline_since in rows
    }


def _statuses(conn: Connection, watches: Iterable[Watch]) -> dict[str, Status]:
    devices = sorted({watch.device for watch in watches if watch.device})
    rows = query.rows(conn, _DEVICES, {"devices": devices}) if devices else []
    return {device: Status(online, reported_at) for device, online, reported_at in rows}


def _of_no_series(watches: Iterable[Watch]) -> list[str]:
    return sorted({watch.subject for watch in watches if watch.series_id is None})


def _states(conn: Connection, watches: Sequence[Watch]) -> dict[Key, State]:
    series = [watch.series_id for watch in watches if watch.series_id]
    rows = query.rows(conn, _STATES, {"series": series, "subjects": _of_no_series(watches)})
    return {(rule_id, subject): state_from_json(state) for rule_id, subject, state in rows}


def _lock(conn: Connection, watches: Sequence[Watch]) -> dict[Key, State]:
    series = sorted({watch.series_id for watch in watches if watch.series_id})
    lock_series(conn, series)
    return lock_states(conn, series, _of_no_series(watches))


def _heartbeat(conn: Connection) -> Heartbeat | None:
    rows = query.rows(conn, _HEARTBEATS)
    return together(at and _beat(at, detail, proven_at) for at, detail, proven_at in rows)


def _beat(at: datetime, detail: Mapping[str, Any], proven_at: datetime | None) -> Heartbeat:
    """One that sends canaries and has had none back counts from its connection."""
    connected_since = _moment(detail, "connected_since")
    proven = (proven_at or connected_since) if detail.get("canary") else None
    return Heartbeat(at, connected_since, _moment(detail, "caught_up_at"), proven)


def _moment(detail: Mapping[str, Any], key: str) -> datetime | None:
    text = detail.get(key)
    return datetime.fromisoformat(text) if text else None
