"""Suppressed by design: while a cause stands, what follows from it is not told.

Matching is pure (`hidden`). What is hidden is a row of `suppression`, so a restart changes nothing.
When the cause is over the row stays for the patience of the hidden rule, counted anew: what is by
then well again never was told, and what still stands is told once.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.grade import RANK
from alerts.life.settings import InhibitionSettings
from alerts.life.steps import lock, write
from alerts.life.suppression import SYSTEM, begin, end
from alerts.rule import Key
from alerts.store import KEPT_BY
from database.pool import Connection

# Whether there is anything to do at all: mostly not.
WORTH = """
select exists (select from alert a join rule r on r.id = a.rule_id
                where r.code = any(%s) and a.ended_at is null and not a.found_afterwards)
    or exists (select from suppression where kind = 'suppressed' and ended_at is null)
"""
_STANDING = """
select a.id, a.rule_id, r.code, coalesce(d.definition ->> 'when' = 'no_data', false), a.grade,
       a.subject, a.station_id, v.device,
       case when s.kind = 'plant' then s.code else v.details ->> 'plant' end, a.raised_at,
       greatest(coalesce((d.definition ->> 'patience_s')::integer, 0),
                coalesce((d.definition ->> 'on_delay_s')::integer, 0)),
       exists (select from {kept} k where k.kind = 'out_of_service')
  from alert a
  join rule r on r.id = a.rule_id
  join rule_version d on d.rule_id = a.rule_id and d.version = a.rule_version
  left join series q on q.id = a.series_id
  left join station s on s.id = a.station_id
  left join station_version v on v.station_id = s.id and v.valid_to is null
 where a.ended_at is null and not a.found_afterwards
   and (r.code = any(%(rules)s) or (%(no_data)s and d.definition ->> 'when' = 'no_data'))
"""
STANDING = _STANDING.format(kept=KEPT_BY)
HELD = """
select id, rule_id, subject, cause, until, who from suppression
 where kind = 'suppressed' and ended_at is null
"""
AGAIN = "update suppression set until = null, cause = %s where id = %s"
UNTIL = "update suppression set until = %s where id = %s"


@dataclass(frozen=True, slots=True)
class Fact:
    """A standing alert as inhibition needs it. patience_s: how long its rule waits of itself."""

    id: str
    rule_id: int
    rule: str
    no_data: bool
    grade: str
    subject: str
    station_id: int | None
    device: str | None
    plant: str | None
    raised_at: datetime
    patience_s: int = 0
    out_of_service: bool = False

    @property
    def key(self) -> Key:
        return (self.rule_id, self.subject)

    @property
    def devices(self) -> set[str]:
        """Its station's device, and the device that it is about (`device/GW-1`)."""
        said = self.subject.partition("/")
        return {name for name in (self.device, said[2] if said[0] == "device" else None) if name}


@dataclass(frozen=True, slots=True)
class _Held:
    """code: the inhibition's."""

    id: int
    cause: str
    until: datetime | None
    code: str


def hidden(
    facts: Iterable[Fact], inhibitions: Sequence[InhibitionSettings]
) -> dict[str, tuple[str, InhibitionSettings]]:
    """alert -> (its cause, the inhibition). The oldest cause counts. Pure.

    Two that could hide each other never both vanish: of a circle the one raised first is told. What
    is out of service is no cause: it may not be true.
    """
    ordered = sorted(facts, key=lambda one: (one.raised_at, one.id))
    found: dict[str, tuple[str, InhibitionSettings]] = {}
    for each in ordered:
        for cause in ordered:
            rule = _hides(cause, each, inhibitions)
            if rule and not _follows(cause.id, each.id, found):
                found[each.id] = (cause.id, rule)
                break
    return found


def inhibit(conn: Connection, inhibitions: Sequence[InhibitionSettings], now: datetime) -> bool:
    """Bring the table to what holds now; whether anything changed. Never commits."""
    with conn.cursor() as cursor:
        cursor.execute(WORTH, ([code for one in inhibitions for code in one.cause],))
        if cursor.fetchall() == [(False,)]:
            return False
    facts = {one.id: one for one in _standing(conn, inhibitions)}
    want = hidden(facts.values(), inhibitions)
    held = _held(conn)
    started = _start(conn, want, facts, held, now)
    stopped = _stop(conn, want, facts, held, inhibitions, now)
    return started or stopped


def settle(fact: Fact | None, code: str, inhibitions: Sequence[InhibitionSettings]) -> timedelta:
    """How long a hidden alert is given once its cause is over."""
    own = next((one.settle_s for one in inhibitions if one.code == code), 60)
    return timedelta(seconds=max(own, fact.patience_s if fact else 0))


def _hides(
    cause: Fact, other: Fact, inhibitions: Sequence[InhibitionSettings]
) -> InhibitionSettings | None:
    if cause.id == other.id or cause.out_of_service:
        return None
    for one in inhibitions:
        meant = other.rule in one.hides or (one.hides_no_data and other.no_data)
        if meant and cause.rule in one.cause and _near(cause, other, one):
            return one
    return None


def _near(cause: Fact, other: Fact, one: InhibitionSettings) -> bool:
    if one.lesser and RANK[other.grade] >= RANK[cause.grade]:
        return False
    if one.within == "station":
        return cause.station_id is not None and cause.station_id == other.station_id
    if one.within == "plant":
        return cause.plant is not None and cause.plant == other.plant
    if one.within == "device":
        return bool(cause.devices & other.devices)
    return True


def _follows(one: str, other: str, found: Mapping[str, tuple[str, InhibitionSettings]]) -> bool:
    """Whether `one` is hidden by `other`, at first or at second hand."""
    while one in found:
        one = found[one][0]
        if one == other:
            return True
    return False


def _start(
    conn: Connection,
    want: Mapping[str, tuple[str, InhibitionSettings]],
    facts: Mapping[str, Fact],
    held: Mapping[Key, _Held],
    now: datetime,
) -> bool:
    new = [alert_id for alert_id in want if facts[alert_id].key not in held]
    lock(conn, new)
    for alert_id in new:
        fact, (cause, one) = facts[alert_id], want[alert_id]
        made = begin(
            conn,
            "suppressed",
            now=now,
            rule_id=fact.rule_id,
            subject=fact.subject,
            station_id=fact.station_id,
            grade=None,
            cause=cause,
            who=one.code,
            why=f"{facts[cause].rule} {facts[cause].subject}",
        )
        write(conn, alert_id, "suppressed", made.reason, now=now, note=made.why)
    again = [
        (want[alert_id][0], old.id)
        for alert_id in want
        if (old := held.get(facts[alert_id].key)) and (old.until or old.cause != want[alert_id][0])
    ]
    with conn.cursor() as cursor:
        for cause, number in again:
            cursor.execute(AGAIN, (cause, number))
    return bool(new or again)


def _stop(
    conn: Connection,
    want: Mapping[str, tuple[str, InhibitionSettings]],
    facts: Mapping[str, Fact],
    held: Mapping[Key, _Held],
    inhibitions: Sequence[InhibitionSettings],
    now: datetime,
) -> bool:
    """What nothing hides any more: well again, or graver than its cause, or waiting to be told."""
    wanted = {facts[alert_id].key for alert_id in want}
    standing = {fact.key: fact for fact in facts.values()}
    loose = {key: old for key, old in held.items() if key not in wanted and old.until is None}
    for key, old in sorted(loose.items()):
        fact = standing.get(key)
        if fact is not None and old.cause in facts:
            end(conn, old.id, SYSTEM, "not hidden any more", now=now)
            continue
        with conn.cursor() as cursor:
            cursor.execute(UNTIL, (now + settle(fact, old.code, inhibitions), old.id))
    return bool(loose)


def _standing(conn: Connection, inhibitions: Sequence[InhibitionSettings]) -> list[Fact]:
    rules = {code for one in inhibitions for code in (*one.cause, *one.hides)}
    no_data = any(one.hides_no_data for one in inhibitions)
    with conn.cursor() as cursor:
        cursor.execute(STANDING, {"rules": sorted(rules), "no_data": no_data})
        return [Fact(*row) for row in cursor.fetchall()]


def _held(conn: Connection) -> dict[Key, _Held]:
    with conn.cursor() as cursor:
        cursor.execute(HELD)
        return {
            (rule_id, subject): _Held(number, *rest)
            for number, rule_id, subject, *rest in cursor.fetchall()
        }
