"""Whether telling works, and whether somebody is on duty: alerts of our own, by the clock.

SYSTEM-TELLING: a receiver takes nothing, or a message lies untouched; the fallback is told of that
message. SYSTEM-DUTY: nobody is on duty where somebody must be, now or soon. Each receiver and each
duty has an alert of its own, so that none hides another. What is troubled is pure; the rest never
commits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.built_in import DUTY, TELLING
from alerts.receiver_settings import DutySettings
from alerts.sending.directory import personal, shifts_between
from alerts.sending.queue import fall_back
from alerts.sending.rota import Shift, gaps
from alerts.sending.senders import fallback_of
from alerts.sending.trials import DEAD_MAN
from alerts.settings import AlertsSettings
from alerts.state import Transition
from alerts.trouble import Trouble, keep_alerts
from database import query
from database.pool import Connection

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
select m.id from message m
 where m.receiver = %(receiver)s and m.delivered_at is null and m.given_up_at is null
   and m.fell_back_at is null and m.way <> 'test'
   and greatest(m.made_at, m.next_try_at) < %(before)s
   and exists (select from unnest(%(others)s::text[]) f (name)
                where f.name <> m.receiver
                  and not exists (select from message e where e.transition_id = m.transition_id
                                                          and e.receiver = f.name))
 order by m.id limit 500
   for update of m skip locked
"""


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
    at = query.now(conn)
    made_at = _receivers(conn, settings)
    rows = query.rows(
        *(conn, _RECEIVERS),
        names=list(made_at),
        made=list(made_at.values()),
        first_s=settings.clock.retry_first_s,
    )
    failing = [Failing(*row) for row in rows]
    untouched = dict(query.rows(conn, _UNTOUCHED, names=list(made_at), before=at - STUCK))
    _tell_others(conn, untouched, settings, at)
    shifts = shifts_between(conn, at, at + AHEAD)
    return [
        *keep_alerts(conn, TELLING, receivers_in_trouble(failing, untouched, at), at),
        *keep_alerts(conn, DUTY, duties_in_trouble(settings.duties, shifts, at), at),
    ]


def _receivers(conn: Connection, settings: AlertsSettings) -> dict[str, datetime | None]:
    """Who is there to be looked at, each with when it was made, where that is known."""
    names: dict[str, datetime | None] = {one.name: None for one in settings.receivers}
    if settings.dead_man:
        names[DEAD_MAN] = None
    return names | {personal(who, label): at for who, label, at in query.rows(conn, _WAYS)}


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
        left = query.rows(conn, _LEFT, receiver=name, before=at - STUCK, others=list(others))
        if left:
            fall_back(conn, [row[0] for row in left], others)
