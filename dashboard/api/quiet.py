"""How quiet the alerts are: the score of a shift or of any time, what has been open too long."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from alerts import store as alerts_store
from alerts.alert import to_json
from alerts.quiet import flapping, groups
from alerts.quiet import score as scoring
from alerts.quiet import store as quiet_store
from alerts.quiet.shifts import Shift, shift_at, shifts_before
from alerts.times import rfc3339
from dashboard.api import quiet_models
from dashboard.api.common import Services, Use, json_answer
from dashboard.moments import span
from dashboard.problems import Problem
from database.pool import Connection

router = APIRouter(prefix="/api/v1", tags=["alerts"])
LONGEST = timedelta(days=400)
DEFAULT = timedelta(days=30)  # what the standards judge by
MOST_STALE = 200
_EEMUA, _ISA, _OURS = "EEMUA 191 / ISA-18.2", "ISA-18.2 / IEC 62682", "Dongtai"
# code -> where its target comes from, and whether that was not confirmed in the standard's text.
SOURCES: dict[str, tuple[str, bool]] = {
    "per_day": ("ISA-18.2-2009 (IEC 62682: 144; dropped in ISA-18.2-2016)", False),
    "per_hour": (_ISA, False),
    "per_10_min": (_ISA, False),
    "crowded_pct": (_ISA, False),
    "most_in_10_min": (_ISA, False),
    # That a flood ends below 5 in 10 minutes is what could not be confirmed.
    "flood_pct": (_ISA, True),
    # Three raises in 60 s put a number to the standard's "short time".
    "chattering": (_EEMUA, True),
    "fleeting": (_EEMUA, True),
    "stale": (_ISA, False),
    "top_ten_pct": (_ISA, False),
}
PRIORITY_TARGETS = {"low": 80.0, "medium": 15.0, "high": 5.0}


@router.get("/alerts/score", responses={200: {"model": quiet_models.Score}})
def read_score(
    *,
    use: Use,
    shift: Annotated[
        str | None,
        Query(
            pattern=r"^(current|[1-9]|[1-8]\d|90)$",
            description="current, or how many shifts before it; else from and to are asked",
        ),
    ] = None,
    from_: Annotated[str | None, Query(alias="from", description="default: 30 days ago")] = None,
    to: Annotated[str | None, Query(description="default: now")] = None,
) -> Response:
    """The score of a shift by EEMUA 191 and ISA-18.2, or of [from, to): at most 400 days."""
    now = use.live.now()
    chosen = _shift(use, shift, now) if shift else None
    if chosen:
        if from_ or to:
            raise Problem(400, "give a shift, or from and to, not both")
        since, until = chosen.since, chosen.until
    else:
        since, until = span(from_, to, now, DEFAULT)
    if until - since > LONGEST:
        raise Problem(400, f"{(until - since).days} days are too long; at most {LONGEST.days}")
    if since >= now:
        raise Problem(400, f"from ({rfc3339(since)}) is in the future; it is {rfc3339(now)} now")
    with use.pool.transaction() as conn:
        found = quiet_store.score_of(conn, since, min(until, now), use.alerts.quiet)
        document = _with_names(conn, found)
    names = {"zh": chosen.zh, "en": chosen.en} if chosen else None
    return json_answer(document | {"shift": names, "to": rfc3339(until)})


@router.get("/alerts/stale", responses={200: {"model": quiet_models.StaleList}})
def read_stale(
    use: Use, limit: Annotated[int, Query(ge=1, le=MOST_STALE)] = MOST_STALE
) -> Response:
    """Alerts that have been open for longer than a day, the oldest first, with the last note."""
    hours = use.alerts.quiet.stale_hours
    with use.pool.transaction() as conn:
        found, count = quiet_store.stale(conn, use.live.now(), hours, limit)
        alerts = {
            alert.id: alert
            for alert in alerts_store.find_alerts(conn, [one.alert_id for one in found])
        }
    listed = [
        {"alert": to_json(alerts[one.alert_id]), "note": one.note, "noted_by": one.noted_by}
        for one in found
    ]
    return json_answer({"hours": hours, "count": count, "alerts": listed})


@router.get("/alerts/groups", responses={200: {"model": quiet_models.GroupList}})
def read_groups(use: Use) -> Response:
    """The open alerts by place and cause, the gravest groups first; each alert is in one."""
    with use.pool.transaction() as conn:
        found = groups.groups_of(alerts_store.open_alerts(conn))
    return json_answer({"groups": [groups.to_json(one) for one in found]})


@router.get("/alerts/chattering", responses={200: {"model": quiet_models.Chattering}})
def read_chattering(
    use: Use,
    alert: Annotated[
        str | None, Query(max_length=100, description="only what this alert is one of")
    ] = None,
    hours: Annotated[int, Query(ge=1, le=168, description="how far back")] = 24,
) -> Response:
    """What was raised again and again, with the least dead-band and off-delay that, by the stored
    readings and the engine itself, would have made one alert of it and called nobody later."""
    now = use.live.now()
    since = now - timedelta(hours=hours)
    with use.pool.transaction() as conn:
        found = flapping.bouts(conn, since, now, use.alerts.quiet, alert)
        say = _namer(conn, {(bout.rule, bout.subject) for bout in found})
    listed = [flapping.to_json(bout) | say(bout.rule, bout.subject) for bout in found]
    return json_answer({"from": rfc3339(since), "to": rfc3339(now), "bouts": listed})


def _shift(use: Services, wanted: str, now: datetime) -> Shift:
    current = shift_at(use.alerts.shifts, now)
    if wanted == "current":
        return current
    return shifts_before(use.alerts.shifts, current, int(wanted))[-1]


def _with_names(conn: Connection, found: scoring.Score) -> dict[str, Any]:
    """The score with the labels and places of what it names."""
    keys = {(rule, subject) for rule, subject, _ in found.top}
    keys |= {key for some in found.flapping.values() for key in some}
    said = _namer(conn, keys)
    document = scoring.to_json(found)
    for figure in document["figures"]:
        source, unconfirmed = SOURCES.get(figure["code"], (_OURS, False))
        figure |= {"source": source, "unconfirmed": unconfirmed}
    counted = sum(found.grades.values())
    top = [
        said(rule, subject) | {"count": count, "share_pct": 100 * count / counted}
        for rule, subject, count in found.top
    ]
    noisy = {name: [said(*key) for key in some] for name, some in found.flapping.items()}
    return document | {"top": top, "priority_targets": PRIORITY_TARGETS} | noisy


def _namer(conn: Connection, keys: set[tuple[str, str]]) -> Callable[[str, str], dict[str, Any]]:
    """Rule and subject with the rule's label and the station's names, for these keys."""
    labels = quiet_store.labels(conn, {rule for rule, _ in keys})
    stations = quiet_store.station_names(conn, {_station(subject) for _, subject in keys})

    def said(rule: str, subject: str) -> dict[str, Any]:
        names = {"label": labels.get(rule), "station_names": stations.get(_station(subject))}
        return {"rule": rule, "subject": subject} | names

    return said


def _station(subject: str) -> str:
    """`station/metric`; what hangs on no station has no slash and no such station."""
    return subject.partition("/")[0]
