"""Whether the service lives, whether it can serve, and its figures for Prometheus."""

from datetime import UTC, datetime, timedelta

import psycopg2
from fastapi import APIRouter
from starlette.responses import PlainTextResponse, Response

from dashboard import operations_store, store
from dashboard.api.common import Services, Use, json_answer
from dashboard.shapes import GRADES, Json
from database import books, touched
from database.ground import failing_jobs, late_jobs
from database.migrate import UnfitDatabase, pending

router = APIRouter(tags=["health"])


@router.get("/healthz")
def healthz() -> Response:
    """The process answers."""
    return json_answer({"status": "ok"})


@router.get("/readyz", responses={503: {"description": "it cannot serve now"}})
def readyz(use: Use) -> Response:
    """The database is reached and up to date. Heartbeats and jobs are told, they do not decide."""
    found = ready(use)
    return json_answer(found, 200 if found["ready"] else 503)


@router.get("/metrics", response_class=PlainTextResponse)
def metrics(use: Use) -> Response:
    """Prometheus text format."""
    live, hub = use.live, use.live.hub
    lines = [
        *_metric("live_viewers", "gauge", "Open event streams.", len(hub.viewers)),
        *_metric("live_events_total", "counter", "Changes pushed.", live.counters.pushed),
        *_metric("live_dropped_total", "counter", "Viewers too slow to follow.", hub.dropped),
        *_metric(
            "live_link", "gauge", "1: the stream hears the database.", int(live.counters.link)
        ),
        *_metric("live_lost_total", "counter", "Times that link was lost.", live.counters.lost),
        *_metric(
            "screen_delay_p95_seconds",
            "gauge",
            "From a reading's arrival to its push, over five minutes.",
            live.delay_p95_s(),
        ),
        *_from_database(use),
    ]
    return PlainTextResponse(
        "\n".join(lines) + "\n", media_type="text/plain; version=0.0.4; charset=utf-8"
    )


def ready(use: Services) -> Json:
    """What /readyz answers."""
    found: Json = {"ready": False, "database": False, "migrations": None, "live": False}
    try:
        with use.pool.transaction() as conn:
            found["database"] = True
            found["migrations"] = not pending(conn)
            found["heartbeat_age_s"] = operations_store.heartbeats(conn)
            found["canary"] = {
                one.name: {"age_s": one.age_s, "delay_s": one.delay_s}
                for one in books.canaries(conn)
            }
            found["jobs_failed"] = sorted(failing_jobs(conn))
            found["jobs_late"] = late_jobs(conn)
    except (psycopg2.Error, UnfitDatabase):
        pass  # the answer says which of the two failed
    found["live"] = use.live.counters.link
    found["ready"] = bool(found["database"] and found["migrations"])
    return found


def _from_database(use: Services) -> list[str]:
    try:
        with use.pool.transaction() as conn:
            beats = operations_store.heartbeats(conn)
            alerts = store.open_alerts(conn)
            canaries = books.canaries(conn)
            now = datetime.now(UTC)
            gap = sum(line.gap for line in books.ledger(conn, now - timedelta(days=1), now))
            failed, late = failing_jobs(conn), late_jobs(conn)
            waiting, oldest = touched.waiting(conn)
    except psycopg2.Error:
        return _metric("database_up", "gauge", "1: the database answers.", 0)
    lines = _metric("database_up", "gauge", "1: the database answers.", 1)
    lines += _head("heartbeat_age_seconds", "gauge", "Since a process last said that it lives.")
    lines += [
        f'dongtai_heartbeat_age_seconds{{process="{_label(name)}"}} {age}'
        for name, age in beats.items()
    ]
    for name, text in (("age", "Since a canary proved the whole path."), ("delay", "Its way.")):
        lines += _head(f"canary_{name}_seconds", "gauge", text)
        lines += [
            f'dongtai_canary_{name}_seconds{{name="{_label(one.name)}"}} {seconds}'
            for one in canaries
            if (seconds := getattr(one, f"{name}_s")) is not None
        ]
    lines += _metric("ledger_gap", "gauge", "Messages of a day without an outcome, or lost.", gap)
    lines += _head("open_alerts", "gauge", "Alerts whose condition is on.")
    for grade in GRADES:
        count = sum(alert.grade == grade for alert in alerts)
        lines.append(f'dongtai_open_alerts{{grade="{grade}"}} {count}')
    wait_s = (now - oldest).total_seconds() if oldest else 0
    return [
        *lines,
        *_metric("jobs_failed", "gauge", "TimescaleDB's jobs whose last run failed.", len(failed)),
        *_metric("jobs_late", "gauge", "Jobs that are more than an hour late.", len(late)),
        *_metric("touched_ranges", "gauge", "Changed stretches not rolled up again.", waiting),
        *_metric("touched_wait_seconds", "gauge", "How long the oldest has waited.", wait_s),
        *_metric("clock_seconds", "gauge", "Our clock.", now.timestamp()),
    ]


def _metric(name: str, kind: str, text: str, value: float | None) -> list[str]:
    """A figure that is not known is left out, never 0."""
    return [] if value is None else [*_head(name, kind, text), f"dongtai_{name} {value}"]


def _head(name: str, kind: str, text: str) -> list[str]:
    return [f"# HELP dongtai_{name} {text}", f"# TYPE dongtai_{name} {kind}"]


def _label(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
