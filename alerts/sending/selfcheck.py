"""Whether telling works, and whether somebody is on duty: alerts of our own, by the clock.

SYSTEM-TELLING: a receiver takes nothing, or a message lies untouched; the fallback is told of that
message. SYSTEM-DUTY: nobody is on duty where somebody must be, now or soon. Each receiver and each
duty has an alert of its own, so that none hides another. What is troubled is pure; the rest never
commits.
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
from alerts.sending.directory import now, personal, shifts_between
from alerts.sending.queue import fall_back
from alerts.sending.rota import Shift, gaps
from alerts.sending.senders import fallback_of
from alerts.sending.trials import DEAD_MAN
from alerts.settings import AlertsSettings
from alerts.state import Judgement, OpenAlert, Transition
from database.pool import Connection

TELLING, DUTY = "SYSTEM-TELLING", "SYSTEM-DUTY"
SUBJECTS = {TELLING: "telling", DUTY: "duty"}  # before `/` and the name
FAILING = timedelta(minutes=2)  # a far end may restart
STUCK = timedelta(minutes=5)  # a message that is due and that nobody tries
AHEAD = timedelta(hours=12)  # in which a gap in the rota can still be filled in good order

# By the oldest message that was tried and is not delivered: what it delivers beside that one (such
# as our own alert about it) does not make it well. Of what was tried once the first failure is
# known; what failed again has waited since it was made. What an earlier contact of the same name
# did says nothing of this one.
_RECEIVERS = """
with tried as (
    select receiver, (array_agg(error order by made_at))[1] as error,
           min(case when attempts > 1 then made_at
                    else next_try_at - make_interval(secs => %(first_s)s) end) as since
      from message
     where delivered_at is null and given_up_at is null and attempts > 0
     group by receiver)
select k.name, least(s.failing_since, t.since), coalesce(t.error, s.error, ''),
       s.failing_since is not null
       and exists (select from message m
                    where m.receiver = k.name
                      and m.given_up_at >= coalesce(s.delivered_at, '-infinity')
                      and m.given_up_at >= coalesce(k.made_at, '-infinity'))
  from unnest(%(names)s::text[], %(made)s::timestamptz[]) k (name, made_at)
  left join receiver_state s
    on s.receiver = k.name and s.failing_since >= coalesce(k.made_at, '-infinity')
  left join tried t on t.receiver = k.name
 where s.failing_since is not null or t.since is not null
"""
_WAYS = "select who, label, made_at from contact where removed_at is null"
_UNTOUCHED = """
select receiver, min(greatest(made_at, next_try_at)) from message
 where delivered_at is null and given_up_at is null and receiver = any(%(names)s::text[])
   and greatest(made_at, next_try_at) < %(before)s
 group by receiver
"""
# What a sender has in its hands is not untouched; nobody waits for it.
_LEFT = """
select id from message
 where receiver = %(receiver)s and delivered_at is null and given_up_at is null
   and fell_back_at is null and way <> 'test' and greatest(made_at, next_try_at) < %(before)s
 order by id limit 500
   for update skip locked
"""
_OPEN = """
select a.subject, a.id, a.grade, a.peak_grade, a.began_at, a.raised_at from alert a
  join rule r on r.id = a.rule_id
 where r.code = %(code)s and a.ended_at is null
 order by a.raised_at
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
    """A receiver that did not take what it was given. given_up: so was a message, since its last
    delivery."""

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


def check(conn: Connection, settings: AlertsSettings) -> list[Transition]:
    """Raise what is wrong and end what is right again, and tell the fallback of what nobody tries;
    the caller commits."""
    at = now(conn)
    made_at = _receivers(conn, settings)
    rows = _rows(
        *(conn, _RECEIVERS),
        names=list(made_at),
        made=list(made_at.values()),
        first_s=settings.clock.retry_first_s,
    )
    failing = [Failing(*row) for row in rows]
    untouched = dict(_rows(conn, _UNTOUCHED, names=list(made_at), before=at - STUCK))
    _tell_others(conn, untouched, settings, at)
    shifts = shifts_between(conn, at, at + AHEAD)
    return [
        *_judge(conn, TELLING, receivers_in_trouble(failing, untouched, at), at),
        *_judge(conn, DUTY, duties_in_trouble(settings.duties, shifts, at), at),
    ]


def _receivers(conn: Connection, settings: AlertsSettings) -> dict[str, datetime | None]:
    """Who is there to be looked at, each with when it was made, where that is known."""
    names: dict[str, datetime | None] = {one.name: None for one in settings.receivers}
    if settings.dead_man:
        names[DEAD_MAN] = None
    return names | {personal(who, label): at for who, label, at in _rows(conn, _WAYS)}


def _tell_others(
    conn: Connection, untouched: Mapping[str, datetime], settings: AlertsSettings, at: datetime
) -> None:
    """The fallback hears what lies untouched: only an attempt would tell it, and nobody makes one
    (an mqtt receiver's sender is in ingest, which may be dead)."""
    of_file = {one.name: one for one in settings.receivers}
    for name in untouched:
        if name in of_file:
            others = fallback_of(of_file[name], settings)
        else:
            others = settings.fallback or tuple(of_file)
        left = _rows(conn, _LEFT, receiver=name, before=at - STUCK)
        if left and others:
            fall_back(conn, [row[0] for row in left], others)


def _judge(
    conn: Connection, code: str, troubles: Sequence[Trouble], at: datetime
) -> list[Transition]:
    """One alert for each name: raised where it is new, ended where it is right or gone."""
    opened = {row[0]: row[1:] for row in _rows(conn, _OPEN, code=code)}
    wrong = {f"{SUBJECTS[code]}/{one.name}": one for one in troubles}
    if opened.keys() == wrong.keys():
        return []
    rule = _rows(conn, _RULE, code=code)
    if not rule:
        return []  # retired by a person
    number, version, grade = rule[0]

    def watch(subject: str) -> Watch:
        return Watch(number, version, code, when="ingest", subject=subject, grade=grade)

    steps = [_ended(watch(key), row, at) for key, row in opened.items() if key not in wrong]
    steps += [_raised(watch(key), one, at) for key, one in wrong.items() if key not in opened]
    save(conn, Judgement({}, steps), {}, {}, at)
    return steps


def _raised(watch: Watch, trouble: Trouble, at: datetime) -> Transition:
    grade: Grade = watch.grade
    alert = OpenAlert(new_id(at), grade, grade, min(at, trouble.since), at, grade)
    said = {"name": trouble.name, "since": rfc3339(trouble.since), "why": trouble.why[:300]}
    code = "telling_fails" if watch.code == TELLING else "nobody_on_duty"
    return _step(watch, alert, "raised", Reason(code, {"troubles": [said]}), at)


def _ended(watch: Watch, row: tuple[Any, ...], at: datetime) -> Transition:
    number, grade, peak_grade, began_at, raised_at = row
    alert = OpenAlert(number, grade, peak_grade, began_at, raised_at, grade)
    code = "telling_works" if watch.code == TELLING else "somebody_on_duty"
    name = watch.subject.partition("/")[2]
    return _step(watch, alert, "ended", Reason(code, {"name": name}), at)


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
