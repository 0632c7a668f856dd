"""What the API's files share: the services behind them, who asks, times, answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import orjson
from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from dashboard.accounts import Principal
from dashboard.gate import PRINCIPAL
from dashboard.live import Live
from dashboard.problems import Problem
from dashboard.settings import DashboardSettings
from database.pool import Pool

EXAMPLE = "2026-11-22T03:14:00Z or 2026-11-22T11:14:00+08:00"
_OLDEST = datetime(1900, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Services:
    """What the application opened: the staff pool, the live stream, the settings."""

    pool: Pool
    live: Live
    settings: DashboardSettings


def services(request: Request) -> Services:
    found: Services = request.app.state.services
    return found


def principal(request: Request) -> Principal:
    """Who asks; the gate has put it there, or the request would not have come this far."""
    found: Principal = request.scope[PRINCIPAL]
    return found


Use = Annotated[Services, Depends(services)]
Who = Annotated[Principal, Depends(principal)]


def json_answer(data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps(data), status, headers, media_type="application/json")


def moment(text: str | None, name: str) -> datetime | None:
    """A time from a query; raises Problem 400 with what would be right."""
    if not text:
        return None
    # An unescaped + arrives as a space.
    head, space, zone = text.rpartition(" ")
    written = f"{head}+{zone}" if space and len(zone) == 5 and ":" in zone else text
    try:
        at = datetime.fromisoformat(written)
    except ValueError as error:
        raise Problem(400, f"{name}={text!r} is not a time; expected {EXAMPLE}") from error
    if at.tzinfo is None:
        raise Problem(400, f"{name}={text!r} has no time zone; expected {EXAMPLE}")
    if not _OLDEST <= at <= _LATEST:
        raise Problem(400, f"{name}={text!r} is not between the years 1900 and 2200")
    return at


def span(
    since: str | None, until: str | None, now: datetime, default: timedelta
) -> tuple[datetime, datetime]:
    """[from, to) of a query; the last `default` where nothing is said."""
    end = moment(until, "to") or now
    start = moment(since, "from") or end - default
    if start >= end:
        raise Problem(400, f"from ({start.isoformat()}) must be before to ({end.isoformat()})")
    return start, end
