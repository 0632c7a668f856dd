"""What the API's files share: the services behind them, who asks, answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from dashboard.accounts import Principal
from dashboard.gate import PRINCIPAL
from dashboard.live import Live
from dashboard.settings import DashboardSettings
from database.pool import Pool


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
