"""Suppressed by design: while a cause stands, what follows from it is not told.

Matching is pure (`hidden`). What is hidden is a row of `suppression`, so a restart changes nothing.
When the cause is over the row stays for the patience of the hidden rule, counted anew: what is by
then well again never was told, and what still stands is told once.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.grade import GRADES, RANK
from alerts.life.settings import InhibitionSettings
from alerts.life.steps import write
from alerts.life.suppression import SYSTEM, Held, begin, end
from alerts.rule import Key
from alerts.store import KEPT_BY
from database import query
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
       exists (select from {kept} k where k.kind = 'out_of_service'),
       exists (select from {kept} k
                where k.kind = 'shelved'
                  and array_position(array['blue', 'yellow', 'orange', 'red'], a.grade)
                      <= array_position(array['blue', 'yellow', 'orange', 'red'], k.grade))
       and not exists (select from outbox o join alert_transition t on t.id = o.transition_id
                        where t.alert_id = a.id and o.routed_at is not null
                          and o.muted_by is null)
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
select id, rule_id, subject, cause, until, grade, who from suppression
 where kind = 'suppressed' and ended_at is null
"""
AGAIN = "update suppression set until = null, cause = %s, grade = %s where id = %s"
UNTIL = "update suppression set until = %s where id = %s"


@dataclass(frozen=True, slots=True)
class Fact:
    """A standing alert as inhibition needs it. patience_s: how long its rule waits of itself.

    unheard: it came while its rule was shelved there, and nobody was told of it.
    """

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
    unheard: bool = False

    @property
    def key(self) -> Key:
        return (self.rule_id, self.subject)

    @property
    def devices(self) -> set[str]:
        """Its station's device, and the device that it is about (`device/GW-1`)."""
        said = self.subject.partition("/")
        return {name for name in (self.device, said[2] if said[0] == "device" else None) if name}


@dataclass(frozen=True, slots=True)
class _Row:
    """grade: the gravest that it hides, None: any. code: the inhibition's."""

    id: int
    cause: str
    until: datetime | None
    grade: str | None
    code: str


@dataclass(frozen=True)
class Plan:
    """What holds now, beside what is held. Nothing of it is written yet, nothing locked."""

    facts: Mapping[str, Fact]
    want: Mapping[str, tuple[str, InhibitionSettings]]
    rows: Mapping[Key, _Row]

    @property
    def new(self) -> list[str]:
        """The alerts that are to be hidden from now on."""
        return [alert_id for alert_id in self.want if self.facts[alert_id].key not in self.rows]

    @property
    def loose(self) -> dict[Key, _Row]:
        """What nothing hides any more."""
        wanted = {self.facts[alert_id].key for alert_id in self.want}
        rows = self.rows.items()
        return {key: row for key, row in rows if key not in wanted and row.until is None}

    @property
    def over(self) -> list[int]:
        """Those of them that are told at once: their cause stands, and does not hide them."""
        standing = {fact.key for fact in self.facts.values()}
        loose = self.loose.items()
        return [row.id for key, row in loose if key in standing and row.cause in self.facts]


def hidden(
    facts: Iterable[Fact], inhibitions: Sequence[InhibitionSettings]
) -> dict[str, tuple[str, InhibitionSettings]]:
    """alert -> (its cause, the inhibition). The oldest cause counts. Pure.

    Two that could hide each other never both vanish: of a circle the one raised first is told. What
    is out of service is no cause: it may not be true. Nor is what nobody heard of: else neither it
    nor what follows from it would be told. One that another hides is: people know of that one.
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


def planned(conn: Connection, inhibitions: Sequence[InhibitionSettings]) -> Plan | None:
    """What is to be done; None where there can be nothing. Reads only."""
    causes = [code for one in inhibitions for code in one.cause]
    if query.rows(conn, WORTH, (causes,)) == [(False,)]:
        return None
    facts = {one.id: one for one in _standing(conn, inhibitions)}
    return Plan(facts, hidden(facts.values(), inhibitions), _held(conn))


def inhibit(
    conn: Connection,
    plan: Plan,
    inhibitions: Sequence[InhibitionSettings],
    held: Held,
    now: datetime,
) -> bool:
    """Bring the table to what was planned; whether anything changed. Never commits.

    held: with the plan's `new` alerts, and all of its rows that are `over`.
    """
    started = _start(conn, plan, held, now)
    stopped = _stop(conn, plan, inhibitions, held, now)
    return started or stopped


def settle(fact: Fact | None, code: str, inhibitions: Sequence[InhibitionSettings]) -> timedelta:
    """How long a hidden alert is given once its cause is over."""
    own = next((one.settle_s for one in inhibitions if one.code == code), 60)
    return timedelta(seconds=max(own, fact.patience_s if fact else 0))


def _hides(
    cause: Fact, other: Fact, inhibitions: Sequence[InhibitionSettings]
) -> InhibitionSettings | None:
    if cause.id == other.id or cause.out_of_service or cause.unheard:
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


def _start(conn: Connection, plan: Plan, held: Held, now: datetime) -> bool:
    new = [alert_id for alert_id in plan.new if alert_id in held.standing]
    for alert_id in new:
        fact, (cause, one) = plan.facts[alert_id], plan.want[alert_id]
        made = begin(
            conn,
            "suppressed",
            now=now,
            rule_id=fact.rule_id,
            subject=fact.subject,
            station_id=fact.station_id,
            grade=_gravest(plan.facts[cause], one),
            cause=cause,
            who=one.code,
            why=f"{plan.facts[cause].rule} {plan.facts[cause].subject}",
        )
        write(conn, alert_id, "suppressed", made.reason, now=now, note=made.why)
    again = list(_again(plan))
    for row in again:
        query.run(conn, AGAIN, row)
    return bool(new or again)


def _again(plan: Plan) -> Iterator[tuple[str, str | None, int]]:
    """Rows that something hides still, or anew, and not as it is written: cause, grade, row."""
    for alert_id, (cause, one) in plan.want.items():
        row, grade = plan.rows.get(plan.facts[alert_id].key), _gravest(plan.facts[cause], one)
        if row and (row.until or (row.cause, row.grade) != (cause, grade)):
            yield cause, grade, row.id


def _gravest(cause: Fact, one: InhibitionSettings) -> str | None:
    """The gravest grade that it hides, which holds when the cause is over too. None: any."""
    return GRADES[RANK[cause.grade] - 1] if one.lesser else None


def _stop(
    conn: Connection,
    plan: Plan,
    inhibitions: Sequence[InhibitionSettings],
    held: Held,
    now: datetime,
) -> bool:
    """What nothing hides any more: well again, or graver than its cause, or waiting to be told."""
    standing, over = {fact.key: fact for fact in plan.facts.values()}, set(plan.over)
    loose = plan.loose
    for key, row in sorted(loose.items()):
        if row.id in over:
            end(conn, row.id, SYSTEM, "not hidden any more", now=now, held=held)
            continue
        until = now + settle(standing.get(key), row.code, inhibitions)
        query.run(conn, UNTIL, (until, row.id))
    return bool(loose)


def _standing(conn: Connection, inhibitions: Sequence[InhibitionSettings]) -> list[Fact]:
    rules = {code for one in inhibitions for code in (*one.cause, *one.hides)}
    no_data = any(one.hides_no_data for one in inhibitions)
    return [Fact(*row) for row in query.rows(conn, STANDING, rules=sorted(rules), no_data=no_data)]


def _held(conn: Connection) -> dict[Key, _Row]:
    return {
        (rule_id, subject): _Row(number, *rest)
        for number, rule_id, subject, *rest in query.rows(conn, HELD)
    }
