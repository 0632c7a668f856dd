"""Which alerts come and go, and what would have made one of them. Never commits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from alerts.quiet.chatter import Proposal, Trial, propose
from alerts.quiet.settings import QuietSettings
from alerts.rule import Watch
from alerts.rulebook import watches_of
from alerts.times import rfc3339
from database.pool import Connection
from sensors.catalogue import METRICS
from sensors.reading import Origin, Quality, Reading

MOST_READINGS = 20_000
MOST_PROPOSALS = 20

# Of one alert: what hangs on its rule and subject.
RAISED = """
select r.code, a.subject, a.series_id, s.code, q.metric,
       array_agg(a.raised_at order by a.raised_at, a.id),
       array_agg(a.began_at order by a.raised_at, a.id),
       array_agg(a.ended_at order by a.raised_at, a.id)
  from alert a
  join rule r on r.id = a.rule_id
  left join series q on q.id = a.series_id
  left join station s on s.id = q.station_id
 where a.raised_at >= %(since)s and not a.found_afterwards
   and (%(alert)s::text is null
        or (a.rule_id, a.subject) = (select o.rule_id, o.subject from alert o
                                      where o.id = %(alert)s))
 group by 1, 2, 3, 4, 5
having count(*) >= %(raises)s
"""
READINGS = """
select observed_at, received_at, value, quality, origin from reading
 where series_id = %(series)s and observed_at >= %(since)s and observed_at <= %(until)s
 order by observed_at limit %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Bout:
    """A rule and subject that was raised again and again. since, until: first raise, last end.

    chattering: often enough within a minute; else it flaps more slowly. proposal None: not tried.
    """

    rule: str
    subject: str
    metric: str | None
    raises: int
    since: datetime
    until: datetime
    chattering: bool
    proposal: Proposal | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class _Raised:
    rule: str
    subject: str
    series_id: int | None
    station: str | None
    metric: str | None
    raised: Sequence[datetime]
    began: Sequence[datetime]
    ended: Sequence[datetime | None]


def bouts(
    conn: Connection,
    since: datetime,
    now: datetime,
    settings: QuietSettings,
    alert_id: str | None = None,
) -> list[Bout]:
    """What flapped since then, most often raised first; of one alert's rule and subject only if
    `alert_id` is given. The first have a proposal."""
    asked = {"since": since, "alert": alert_id, "raises": settings.chatter_raises}
    with conn.cursor() as cursor:
        cursor.execute(RAISED, asked)
        rows = [_Raised(*row) for row in cursor.fetchall()]
    found = [(row, part) for row in rows if (part := busiest(row.raised, settings))]
    found.sort(key=lambda pair: (pair[1].start - pair[1].stop, pair[0].rule, pair[0].subject))
    watches = watches_of(conn, {row.rule for row, _ in found[:MOST_PROPOSALS]}) if found else {}
    return [
        _bout(conn, row, part, now, settings, watches if place < MOST_PROPOSALS else {})
        for place, (row, part) in enumerate(found)
    ]


def busiest(raised: Sequence[datetime], settings: QuietSettings) -> range | None:
    """The longest run of raises (by place) in which any `chatter_raises` that follow each other
    lie within `flap_within_s`; None where there is none. raised: in order."""
    apart, within = settings.chatter_raises - 1, timedelta(seconds=settings.flap_within_s)
    best: range | None = None
    start = 0
    for last in range(apart, len(raised)):
        if raised[last] - raised[last - apart] > within:
            start = last - apart + 1
        elif best is None or last + 1 - start > len(best):
            best = range(start, last + 1)
    return best


def to_json(bout: Bout) -> dict[str, Any]:
    proposal = bout.proposal
    return {
        "rule": bout.rule,
        "rule_version": bout.version,
        "subject": bout.subject,
        "metric": bout.metric,
        "unit": METRICS[bout.metric].unit if bout.metric in METRICS else None,
        "raises": bout.raises,
        "from": rfc3339(bout.since),
        "to": rfc3339(bout.until),
        "chattering": bout.chattering,
        "proposal": None
        if proposal is None
        else {
            "alerts_now": proposal.alerts,
            "open_s_now": proposal.open_s,
            "dead_band": _trial(proposal.dead_band),
            "off_delay_s": _trial(proposal.off_delay_s),
        },
    }


def _trial(trial: Trial | None) -> dict[str, float] | None:
    if trial is None:
        return None
    return {"value": trial.value, "alerts": trial.alerts, "open_s": trial.open_s}


def _bout(
    conn: Connection,
    row: _Raised,
    part: range,
    now: datetime,
    settings: QuietSettings,
    watches: dict[tuple[str, int], Watch],
) -> Bout:
    raised = [row.raised[place] for place in part]
    since, until = raised[0], row.ended[part[-1]] or now
    apart, soon = settings.chatter_raises - 1, timedelta(seconds=settings.chatter_within_s)
    chattering = any(b - a <= soon for a, b in zip(raised, raised[apart:], strict=False))
    watch = watches.get((row.rule, row.series_id or 0))
    proposal = None
    if watch and watch.when in ("above", "below") and not (watch.signal or watch.member):
        run = _run(conn, row, row.began[part[0]], until)
        digits = METRICS[row.metric].digits if row.metric in METRICS else 2
        proposal = propose(watch, run, digits) if run else None
    version = watch.version if watch else None
    return Bout(
        *(row.rule, row.subject, row.metric, len(part), since, until, chattering, proposal, version)
    )


def _run(conn: Connection, row: _Raised, since: datetime, until: datetime) -> list[Reading]:
    """The stored readings from the first one beyond the limit on: the rule was idle before it.

    Nothing where there are too many to try them all.
    """
    asked = {"series": row.series_id, "since": since, "until": until, "limit": MOST_READINGS + 1}
    with conn.cursor() as cursor:
        cursor.execute(READINGS, asked)
        rows = cursor.fetchall()
    if len(rows) > MOST_READINGS:
        return []
    return [
        Reading(
            *(row.series_id or 0, row.station or "", row.metric or "", at, received, value),
            Quality(bits),
            Origin(origin),
        )
        for at, received, value, bits, origin in rows
    ]
