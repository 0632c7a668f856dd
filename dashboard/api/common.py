"""What the API's files share: the services behind them, who asks, answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import Depends, Header
from starlette.requests import Request
from starlette.responses import Response

from alerts.settings import AlertsSettings
from dashboard import idempotency
from dashboard.door.accounts import Principal, audit
from dashboard.door.gate import PRINCIPAL
from dashboard.door.signin import address_of
from dashboard.environment.completeness import Remembered
from dashboard.environment.thresholds_kept import Remembered as Thresholds
from dashboard.moments import EXAMPLE, of_our_time
from dashboard.problems import MEDIA_TYPE, Problem
from dashboard.settings import DashboardSettings
from dashboard.shapes import iso
from dashboard.stream.live import Live
from database.pool import Connection, Pool
from gis.assessment import Ground


@dataclass(frozen=True, slots=True)
class Services:
    """What the application opened: the staff pool, the live stream, the settings, the ground."""

    pool: Pool
    live: Live
    settings: DashboardSettings
    ground: Ground
    alerts: AlertsSettings = field(default_factory=AlertsSettings)
    completeness: Remembered = field(default_factory=Remembered)
    thresholds: Thresholds = field(default_factory=Thresholds)


def services(request: Request) -> Services:
    found: Services = request.app.state.services
    return found


def principal(request: Request) -> Principal:
    """Who asks; the gate has put it there, or the request would not have come this far."""
    found: Principal = request.scope[PRINCIPAL]
    return found


Use = Annotated[Services, Depends(services)]
Who = Annotated[Principal, Depends(principal)]


Key = Annotated[str | None, Header(max_length=200)]


class Write:
    """What every write has beside its body: who asks, whence, and the key that makes it once."""

    def __init__(self, use: Use, who: Who, request: Request, idempotency_key: Key = None) -> None:
        self.use, self.who, self._key = use, who, idempotency_key
        self._address = address_of(request)
        self.repeated = False  # whether `once` gave the answer of an earlier time

    def once(self, asked: str, act: Callable[[Connection], idempotency.Outcome]) -> Response:
        """Do it in one transaction; the same key again has the first answer.

        asked: all of what is asked for, by which another use of the key is known.
        """
        account = self.who.account_id
        with self.use.pool.transaction() as conn:
            outcome = idempotency.once(conn, account, self._key, asked, lambda: act(conn))
        self.repeated = outcome.repeated
        headers = {"Content-Type": MEDIA_TYPE} if outcome.status >= 400 else None
        return json_answer(outcome.body, outcome.status, headers)

    def audit(self, conn: Connection, action: str, of: str | None, **detail: object) -> None:
        """Note what was done; the transaction carries it."""
        audit(conn, self.who.name, action, of, self._address, **detail)


Writing = Annotated[Write, Depends()]


def refused(field: str, code: str, sentence: str) -> Problem:
    """As the API's other 422s, with a word for programs that say it in their own language."""
    where = {"where": f"body.{field}", "code": code, "problem": sentence}
    return Problem(422, sentence, errors=[where])


def in_the_past(at: datetime, name: str, now: datetime, rest: str = "") -> datetime:
    """A time that a person writes of what was; raises Problem 422 naming the field."""
    if at.tzinfo is None:
        raise refused(name, "zone", f"{name} has no time zone; expected {EXAMPLE}")
    if of_our_time(at, name) > now:
        said = f"{name} ({iso(at)}) is in the future; it is {iso(now)} now{rest}"
        raise refused(name, "future", said)
    return at


def json_answer(data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps(data), status, headers, media_type="application/json")
