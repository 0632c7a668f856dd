"""What is about to be an alert: a value beyond its limit, its hold still running. Reads only."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from alerts.alert import Names
from alerts.grade import GRADES
from alerts.rule_history import NEWEST_VERSION
from alerts.state import state_from_json
from alerts.times import rfc3339
from database import query
from database.pool import Connection
from sensors.catalogue import METRICS

PENDING = f"""
select r.code, d.definition, x.subject, s.code, v.name_zh, v.name_en, q.metric, x.state,
       t.value, t.observed_at
  from rule_state x
  join rule r on r.id = x.rule_id
  join {NEWEST_VERSION} d on true
  left join series q on q.id = x.series_id
  left join series_state t on t.series_id = x.series_id
  left join station s on s.id = q.station_id
  left join station_version v on v.station_id = s.id and v.valid_to is null
 where x.state ? 'since'
 order by r.code, x.subject
"""  # noqa: S608 - of constants


@dataclass(frozen=True, slots=True)
class Pending:
    """since: the first reading beyond the limit of `grade`; due_at: when the hold is over, by the
    readings. steps_up: the alert it belongs to is on already, at a lesser grade."""

    rule: str
    label: Names
    subject: str
    station: str | None
    station_names: Names | None
    metric: str | None
    grade: str
    since: datetime
    due_at: datetime
    value: float | None
    observed_at: datetime | None
    steps_up: bool

    def to_json(self) -> dict[str, Any]:
        return {
            "rule": self.rule,
            "label": self.label.to_json(),
            "subject": self.subject,
            "station": self.station,
            "station_names": self.station_names.to_json() if self.station_names else None,
            "metric": self.metric,
            "unit": METRICS[self.metric].unit if self.metric in METRICS else None,
            "grade": self.grade,
            "since": rfc3339(self.since),
            "due_at": rfc3339(self.due_at),
            "value": self.value,
            "observed_at": rfc3339(self.observed_at),
            "steps_up": self.steps_up,
        }


def pending(conn: Connection) -> list[Pending]:
    """By rule and subject, the gravest grade that is running of each."""
    return [one for row in query.rows(conn, PENDING) if (one := _pending(*row))]


def _pending(
    rule: str,
    definition: dict[str, Any],
    subject: str,
    station: str | None,
    zh: str | None,
    en: str | None,
    metric: str | None,
    kept: dict[str, Any],
    value: float | None,
    observed_at: datetime | None,
) -> Pending | None:
    state = state_from_json(kept)
    running = [
        (rank, since)
        for rank, since in enumerate(state.since)
        if since is not None and not state.on[rank]
    ]
    if not running:
        return None  # what runs is the way back
    rank, since = running[-1]
    label = definition.get("label") or {"zh": rule, "en": rule}
    hold = timedelta(seconds=definition.get("on_delay_s") or 0)
    return Pending(
        rule=rule,
        label=Names(label["zh"], label["en"]),
        subject=subject,
        station=station,
        station_names=Names(zh, en or zh) if zh else None,
        metric=metric,
        grade=GRADES[rank],
        since=since,
        due_at=since + hold,
        value=value,
        observed_at=observed_at,
        steps_up=state.alert is not None,
    )
