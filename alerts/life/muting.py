"""Which transitions people are not told of at present, and why. Called before messages are made.

- What a shelf, a design or a station out of service keeps back is not told; the journal says so.
- A grade graver than what was shelved breaks the shelf, and is told.
- The end of an alert that people were told of is told, whatever keeps it: nobody is left waiting.

Nothing is lost by it: what still stands when the mute is over is told then (suppression.end).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from alerts.grade import RANK
from alerts.life.inhibition import inhibit, planned
from alerts.life.settings import InhibitionSettings
from alerts.life.steps import lock, write
from alerts.life.suppression import SYSTEM, Held, Suppression, end, hold
from alerts.store import KEPT_BY
from alerts.times import rfc3339
from database import query
from database.heartbeat import wake
from database.pool import Connection

_KEPT = """
select t.id, t.alert_id, t.kind, t.grade,
       exists (select from outbox o join alert_transition p on p.id = o.transition_id
                where p.alert_id = t.alert_id and o.routed_at is not null and o.muted_by is null),
       exists (select from alert_transition j
                where j.alert_id = t.alert_id and j.kind = k.kind
                  and (j.reason ->> 'suppression')::bigint = k.id),
       k.id, k.kind, k.rule_id, k.subject, k.station_id, k.metrics, k.grade, k.cause, k.began_at,
       k.until, k.who, k.why
  from alert_transition t
  join alert a on a.id = t.alert_id
  left join series q on q.id = a.series_id
 cross join lateral {kept} k
 where t.id = any(%s)
 order by t.id, k.kind, k.id
"""
KEPT = _KEPT.format(kept=KEPT_BY)
# Those of them that hold still, once whoever ends one has done so; and none ends before we have.
HOLD = "select id from suppression where id = any(%s) and ended_at is null order by id for share"
ALERTS = "select distinct alert_id from alert_transition where id = any(%s)"
MUTE = "update outbox set muted_by = %s where transition_id = any(%s)"
# What nobody was told of was not announced, and once it is over there is nothing to be seen.
NEVER_TOLD = """
update alert a
   set announced_at = null, changed_at = clock_timestamp(),
       state = case when state = 'returned' and owner is null and not latched
                    then 'ended' else state end
 where a.id = any(%s)
   and not exists (select from outbox o join alert_transition t on t.id = o.transition_id
                    where t.alert_id = a.id and o.muted_by is null)
"""
# The end of an alert of which all that was to be told was kept back; and by what.
NEWS_TO_NOBODY = """
select t.id, t.alert_id, m.muted_by
  from alert_transition t
 cross join lateral (select max(o.muted_by) as muted_by,
                            count(*) filter (where o.muted_by is null) as told
                       from outbox o join alert_transition p on p.id = o.transition_id
                      where p.alert_id = t.alert_id and p.seq < t.seq) m
 where t.id = any(%s) and t.kind = 'ended' and m.muted_by is not null and m.told = 0
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """A transition, and one thing that keeps it back.

    told: people know of its alert; noted: the journal names the thing already.
    """

    transition: int
    alert: str
    kind: str
    grade: str | None
    told: bool
    noted: bool
    by: Suppression


@dataclass(frozen=True, slots=True)
class Decision:
    """muted: by transition; broken: shelves that something graver goes through."""

    muted: dict[int, Kept]
    broken: list[Suppression]


def muted(
    conn: Connection, transitions: Sequence[int], inhibitions: Sequence[InhibitionSettings] = ()
) -> dict[int, str]:
    """Those of the transitions, by number, that nobody is to be told of; never commits.

    They are marked in the outbox with what muted them. The caller holds their outbox rows.
    """
    if not transitions:
        return {}
    now = query.now(conn)
    found = _held(conn, transitions)
    plan = planned(conn, inhibitions) if inhibitions else None
    over, new = (plan.over, plan.new) if plan else ([], [])
    held = Held()
    if found or plan:
        broken = [one.id for one in decide(found).broken]
        held = hold(conn, [*over, *broken], [*new, *_alerts(conn, transitions)])
    if plan and inhibit(conn, plan, inhibitions, held, now):
        found = _held(conn, transitions)
    decision = decide(found)
    _break(conn, [one.id for one in decision.broken], held, now)
    for one in _unnoted(decision.muted.values()):
        write(conn, one.alert, one.by.kind, one.by.reason, now=now, note=one.by.why)
    _mark(conn, decision.muted)
    if found:
        wake(conn)
    return {number: why(one.by) for number, one in decision.muted.items()} | _of_no_news(
        conn, [number for number in transitions if number not in decision.muted]
    )


def decide(found: Iterable[Kept]) -> Decision:
    """found: in the order of the transitions, all that keeps each. Pure."""
    told: set[str] = set()
    broken: dict[int, Suppression] = {}
    kept: dict[int, Kept] = {}
    for number, group in groupby(found, key=lambda one: one.transition):
        all_of_it = list(group)
        broken |= {one.by.id: one.by for one in all_of_it if _breaks(one)}
        some = [one for one in all_of_it if one.by.id not in broken]
        first = all_of_it[0]
        if some and not (first.kind == "ended" and (first.told or first.alert in told)):
            kept[number] = some[0]
        else:
            told.add(first.alert)
    return Decision(kept, list(broken.values()))


def why(by: Suppression) -> str:
    """For logs and messages: `shelved by li until 2026-11-22T12:00:00Z: pump is being changed`."""
    until = f" until {rfc3339(by.until)}" if by.until else ""
    return f"{by.kind.replace('_', ' ')} by {by.who}{until}: {by.why}"


def _break(conn: Connection, broken: Sequence[int], held: Held, now: datetime) -> None:
    """What has just begun is not held yet; its alerts are."""
    begun = hold(conn, [number for number in broken if number not in held.alerts])
    for number in broken:
        of = held if number in held.alerts else begun
        end(conn, number, SYSTEM, "graver", now=now, held=of, tell=False)


def _alerts(conn: Connection, transitions: Sequence[int]) -> list[str]:
    return [row[0] for row in query.rows(conn, ALERTS, (list(transitions),))]


def _kept(
    transition: int,
    alert: str,
    kind: str,
    grade: str | None,
    told: bool,
    noted: bool,
    *by: Any,
) -> Kept:
    return Kept(transition, alert, kind, grade, told, noted, Suppression(*by))


def _breaks(one: Kept) -> bool:
    rises = one.kind in ("raised", "announced", "stepped_up")
    return bool(rises and one.by.grade and one.grade and RANK[one.grade] > RANK[one.by.grade])


def _unnoted(kept: Iterable[Kept]) -> Iterator[Kept]:
    """The first of each alert and thing that its journal does not name yet."""
    seen: set[tuple[str, int]] = set()
    for one in kept:
        if not one.noted and (one.alert, one.by.id) not in seen:
            seen.add((one.alert, one.by.id))
            yield one


def _held(conn: Connection, transitions: Sequence[int]) -> list[Kept]:
    """What keeps each, in order; none of it ends before this transaction does."""
    found = [_kept(*row) for row in query.rows(conn, KEPT, (list(transitions),))]
    still = {row[0] for row in query.rows(conn, HOLD, (sorted({one.by.id for one in found}),))}
    return [one for one in found if one.by.id in still]


def _of_no_news(conn: Connection, transitions: Sequence[int]) -> dict[int, str]:
    """Of the rest, the ends of alerts that nobody was told of: there is nothing to take back."""
    found = query.rows(conn, NEWS_TO_NOBODY, (list(transitions),))
    alerts = sorted({alert for _, alert, _ in found})
    lock(conn, alerts)  # where something is muted, they are held already
    for number, _, suppression in found:
        query.run(conn, MUTE, (suppression, [number]))
    query.run(conn, NEVER_TOLD, (alerts,))
    return {number: "nobody was told of the alert" for number, _, _ in found}


def _mark(conn: Connection, kept: dict[int, Kept]) -> None:
    by: dict[int, list[int]] = {}
    for number, one in kept.items():
        by.setdefault(one.by.id, []).append(number)
    for suppression, numbers in by.items():
        query.run(conn, MUTE, (suppression, numbers))
    query.run(conn, NEVER_TOLD, (sorted({one.alert for one in kept.values()}),))
