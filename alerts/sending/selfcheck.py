"""Whether telling works, and whether somebody is on duty: alerts of our own, by the clock.

SYSTEM-TELLING: a receiver takes nothing, or a message lies untouched. SYSTEM-DUTY: nobody is on
duty where somebody must be, now or soon. What is troubled is pure; the rest never commits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from alerts.alert import rfc3339
from alerts.grade import Grade
from alerts.ids import new_id
from alerts.reason import Reason
from alerts.receiver_settings import DutySettings
from alerts.record import save
from alerts.rule import Watch
from alerts.sending.directory import now, shifts_between
from alerts.sending.rota import Shift, gaps
from alerts.state import Judgement, OpenAlert, Transition
from database.pool import Connection

TELLING, DUTY = "SYSTEM-TELLING", "SYSTEM-DUTY"
SUBJECTS = {TELLING: "telling", DUTY: "duty"}
FAILING = timedelta(minutes=2)  # a far end may restart
STUCK = timedelta(minutes=5)  # a message that was not even tried
AHEAD = timedelta(hours=12)  # in which a gap in the rota can still be filled in good order

_RECEIVERS = """
select s.receiver, s.failing_since, s.error,
       exists (select from message m where m.receiver = s.receiver
                                       and m.given_up_at >= s.failing_since)
  from receiver_state s
 where s.failing_since is not null
"""
_UNTOUCHED = """
select receiver, min(greatest(made_at, next_try_at)) from message
 where delivered_at is null and given_up_at is null and attempts = 0
   and greatest(made_at, next_try_at) < %(before)s
 group by receiver
"""
_OPEN = """
select a.id, a.grade, a.peak_grade, a.began_at, a.raised_at from alert a
  join rule r on r.id = a.rule_id
 where r.code = %(code)s and a.ended_at is null
 order by a.raised_at desc limit 1
"""
_RULE = """
select r.id, v.version, v.definition ->> 'grade'
  from rule r join rule_version v on v.rule_id = r.id
 where r.code = %(code)s and v.retired_at is null
 order by v.version desc limit 1
"""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with one receiver, or at one duty; since: from when on (or, of a gap, when it
    begins)."""

    name: str
    since: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Failing:
    """A receiver whose last attempt failed. given_up: so was a message, since then."""

    receiver: str
    since: datetime
    error: str
    given_up: bool


def receivers_in_trouble(
    failing: Sequence[Failing], untouched: Mapping[str, datetime], at: datetime
) -> list[Trouble]:
    """Those that take nothing, by name; a failure that is young is none yet."""
    found = {
        one.receiver: Trouble(one.receiver, one.since, one.error)
        for one in failing
        if one.given_up or at - one.since >= FAILING
    }
    for name, since in untouched.items():
        found.setdefault(name, Trouble(name, since, "messages for it lie untouched"))
    return [found[name] for name in sorted(found)]


def duties_in_trouble(
    duties: Sequence[DutySettings], shifts: Sequence[Shift], at: datetime
) -> list[Trouble]:
    """The first gap of each duty within the hours ahead, the soonest first."""
    found = [
        Trouble(duty.code, open_[0].from_at, f"{duty.zh}|{duty.en}")
        for duty in duties
        if duty.filled and (open_ := gaps(shifts, duty.code, at, at + AHEAD))
    ]
    return sorted(found, key=lambda one: (one.since, one.name))


def check(conn: Connection, duties: Sequence[DutySettings]) -> list[Transition]:
    """Raise what is wrong and end what is right again; the caller commits."""
    at = now(conn)
    failing = [Failing(*row) for row in _rows(conn, _RECEIVERS)]
    untouched = dict(_rows(conn, _UNTOUCHED, before=at - STUCK))
    shifts = shifts_between(conn, at, at + AHEAD)
    return [
        *_judge(conn, TELLING, receivers_in_trouble(failing, untouched, at), at),
        *_judge(conn, DUTY, duties_in_trouble(duties, shifts, at), at),
    ]


def _judge(
    conn: Connection, code: str, troubles: Sequence[Trouble], at: datetime
) -> list[Transition]:
    opened = _rows(conn, _OPEN, code=code)
    if bool(opened) == bool(troubles):
        return []
    rule = _rows(conn, _RULE, code=code)
    if not rule:
        return []  # retired by a person
    watch = Watch(
        rule_id=rule[0][0],
        version=rule[0][1],
        code=code,
        when="ingest",
        subject=SUBJECTS[code],
        grade=rule[0][2],
    )
    step = _ended(watch, opened[0], at) if opened else _raised(watch, troubles, at)
    save(conn, Judgement({}, [step]), {}, {}, at)
    return [step]


def _raised(watch: Watch, troubles: Sequence[Trouble], at: datetime) -> Transition:
    grade: Grade = watch.grade
    began = min(at, *(trouble.since for trouble in troubles))
    alert = OpenAlert(new_id(at), grade, grade, began, at, grade)
    said = [
        {"name": one.name, "since": rfc3339(one.since), "why": one.why[:300]} for one in troubles
    ]
    code = "telling_fails" if watch.code == TELLING else "nobody_on_duty"
    return _step(watch, alert, "raised", Reason(code, {"troubles": said}), at)


def _ended(watch: Watch, row: tuple[Any, ...], at: datetime) -> Transition:
    number, grade, peak_grade, began_at, raised_at = row
    alert = OpenAlert(number, grade, peak_grade, began_at, raised_at, grade)
    code = "telling_works" if watch.code == TELLING else "somebody_on_duty"
    return _step(watch, alert, "ended", Reason(code), at)


def _step(watch: Watch, alert: OpenAlert, kind: Any, reason: Reason, at: datetime) -> Transition:
    return Transition(
        alert_id=alert.id,
        kind=kind,
        at=at,
        grade=alert.grade,
        value=None,
        limit=None,
        reason=reason,
        page=True,
        alert=alert,
        key=watch.key,
        watch=watch,
    )


def _rows(conn: Connection, statement: str, **parameters: Any) -> list[tuple[Any, ...]]:
    with conn.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()
