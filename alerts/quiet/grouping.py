"""Alerts put into their groups as they are raised: two questions a batch. Never commits."""

from collections.abc import Sequence
from typing import Any

from alerts.quiet.groups import WITHIN, Newcomer, Standing, Where, cause_of, joined
from alerts.state import Transition
from database.pool import Connection

PLACES = """
select q.id, s.code, s.kind, q.metric,
       case when s.kind = 'plant' then s.code else v.details ->> 'plant' end, v.device
  from series q
  join station s on s.id = q.station_id
  join station_version v on v.station_id = s.id and v.valid_to is null
 where q.id = any(%s)
"""
# Open ones, and those that ended so lately that who flaps stays in its group.
STANDING = """
select grouping ->> 'id', grouping ->> 'key', max(raised_at) from alert
 where grouping is not null and grouping ->> 'key' = any(%(keys)s)
   and raised_at between %(since)s and %(until)s
   and (ended_at is null or ended_at >= %(since)s)
 group by 1, 2
"""


def grouping(conn: Connection, steps: Sequence[Transition]) -> dict[str, dict[str, str]]:
    """By alert of these `raised` steps: its group's id, key, cause and place. What was over before
    anybody knew is put into none."""
    watches = {step.alert_id: step.watch for step in steps}
    series = {one.series_id for one in watches.values() if one and one.series_id is not None}
    if not series:
        return {}
    with conn.cursor() as cursor:
        cursor.execute(PLACES, (sorted(series),))
        places = {row[0]: Where(*row[1:]) for row in cursor.fetchall()}
        newcomers = [
            Newcomer(step.alert_id, cause_of(watch.when, places[number]), step.at)
            for step in steps
            if (watch := watches[step.alert_id]) and not step.found_afterwards
            if (number := watch.series_id or 0) in places
        ]
        if not newcomers:
            return {}
        cursor.execute(STANDING, _asked(newcomers))
        standing = [Standing(*row) for row in cursor.fetchall()]
    groups = joined(newcomers, standing)
    return {
        one.alert_id: {
            "id": groups[one.alert_id],
            "key": one.cause.key,
            "cause": one.cause.cause,
            "place": one.cause.place,
        }
        for one in newcomers
    }


def _asked(newcomers: Sequence[Newcomer]) -> dict[str, Any]:
    raised = [one.raised_at for one in newcomers]
    keys = sorted({one.cause.key for one in newcomers})
    return {"keys": keys, "since": min(raised) - WITHIN, "until": max(raised) + WITHIN}
