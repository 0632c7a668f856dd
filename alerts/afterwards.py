"""What only late and corrected readings show: recorded as found afterwards, and nobody is called.

Such readings lie at or before the judged watermark and are never news. An exceedance that only they
show is an occurrence all the same. So the stored readings around them are judged over again. What
belongs to an alert that is as grave widens it in time; the rest becomes an alert that is over
already.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from alerts.engine import is_beyond, retrace
from alerts.grade import GRADES, RANK
from alerts.judging import Judge
from alerts.reason import Reason
from alerts.record import save
from alerts.rule import Watch
from alerts.state import Judgement, NewId, Transition
from alerts.steps import handed_on
from alerts.store import add_step
from alerts.times import rfc3339
from database.pool import Connection
from sensors.reading import Origin, Quality, Reading

AROUND = """
select observed_at, received_at, value, quality, origin from reading
 where series_id = %(series)s and observed_at between %(since)s and %(until)s
 order by observed_at
"""
COVERING = """
select id, began_at, ended_at, peak_value from alert
 where rule_id = %(rule)s and subject = %(subject)s and peak_grade = any(%(grades)s)
   and began_at <= %(until)s and (ended_at is null or ended_at >= %(since)s)
 order by began_at limit 1 for update
"""
WIDEN = """
update alert
   set began_at = %(began)s, ended_at = %(ended)s, version = version + 1,
       changed_at = clock_timestamp()
 where id = %(id)s returning version
"""

PEAK = "update alert set peak_value = %s, changed_at = clock_timestamp() where id = %s"

Episode = list[Transition]  # an alert's steps, from raised to ended


def judge_late(
    conn: Connection, judge: Judge, readings: Sequence[Reading], now: datetime
) -> list[Transition]:
    """Record the exceedances that these stored readings show and no alert covers; never commits.

    The caller holds the series_state rows FOR UPDATE. now: when it was found.
    """
    found: list[Transition] = []
    by_series: dict[int, list[Reading]] = {}
    for reading in readings:
        if reading.series_id in judge.watches:
            by_series.setdefault(reading.series_id, []).append(reading)
    for series_id, own in sorted(by_series.items()):
        for watch in judge.watches[series_id]:
            if watch.has_limits and not watch.signal and not watch.member:
                found += _missed(conn, watch, own, now, judge.new_id)
    save(conn, Judgement(transitions=found), {}, judge.series, now)
    return found


def episodes(watch: Watch, run: Sequence[Reading], new_id: NewId) -> list[Episode]:
    """The alerts that a run of readings, in event order, amounts to; the last is ended with it."""
    state, steps = retrace(watch, run, new_id)
    if state.alert:
        steps.append(replace(handed_on(watch, state.alert, run[-1]), peak=state.peak))
    by_alert: dict[str, Episode] = {}
    for step in steps:
        by_alert.setdefault(step.alert_id, []).append(replace(step, found_afterwards=True))
    return list(by_alert.values())


def stretches(moments: Iterable[datetime], reach: timedelta) -> list[tuple[datetime, datetime]]:
    """Moments in time made into stretches that reach so far around them, none touching another."""
    found: list[tuple[datetime, datetime]] = []
    for moment in sorted(moments):
        since, until = moment - reach, moment + reach
        if found and since <= found[-1][1]:
            found[-1] = (found[-1][0], until)
        else:
            found.append((since, until))
    return found


def _missed(
    conn: Connection, watch: Watch, readings: Sequence[Reading], now: datetime, new_id: NewId
) -> list[Transition]:
    beyond = [reading.observed_at for reading in readings if is_beyond(watch, reading)]
    found: list[Transition] = []
    for since, until in stretches(beyond, 2 * watch.gap + watch.on_delay + watch.off_delay):
        for episode in episodes(watch, _around(conn, readings[0], since, until), new_id):
            shown = [at for at in beyond if episode[0].alert.began_at <= at <= episode[-1].at]
            if shown and not _widened(conn, watch, episode, shown, now):
                found += episode
    return found


def _around(conn: Connection, one: Reading, since: datetime, until: datetime) -> list[Reading]:
    """The stored readings of the series of `one`."""
    with conn.cursor() as cursor:
        cursor.execute(AROUND, {"series": one.series_id, "since": since, "until": until})
        return [
            replace(
                one,
                observed_at=observed_at,
                received_at=received_at,
                value=value,
                quality=Quality(quality),
                origin=Origin(origin),
            )
            for observed_at, received_at, value, quality, origin in cursor.fetchall()
        ]


def _widened(
    conn: Connection, watch: Watch, episode: Episode, shown: Sequence[datetime], now: datetime
) -> bool:
    """Whether an alert that is as grave has part in the episode; if so it is made to cover `shown`.

    That the alert was longer than was known is a step of its life, told to nobody.
    """
    last = episode[-1]
    asked = {
        "rule": watch.rule_id,
        "subject": watch.subject,
        "grades": [grade for grade in GRADES if RANK[grade] >= RANK[last.alert.peak_grade]],
        "since": last.alert.began_at,
        "until": last.at,
    }
    with conn.cursor() as cursor:
        cursor.execute(COVERING, asked)
        row = cursor.fetchone()
        if row is None:
            return False
        alert_id, began, ended, peak = row
        # The peak of an open alert is what the rule's state says.
        if ended and peak is not None and watch.graver(last.peak or peak, peak) != peak:
            cursor.execute(PEAK, (last.peak, alert_id))
        wide = {"began": min(began, *shown), "ended": ended and max(ended, *shown)}
        if wide != {"began": began, "ended": ended}:
            cursor.execute(WIDEN, {**wide, "id": alert_id})
            ((version,),) = cursor.fetchall()
            reason = Reason("found_longer", {key: rfc3339(at) for key, at in wide.items()})
            add_step(
                conn,
                alert_id,
                version,
                "noted",
                at=now,
                recorded_at=now,
                grade=last.grade,
                value=None,
                limit=None,
                reason=reason,
            )
    return True
