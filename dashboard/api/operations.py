"""How the house itself is: the ledger, what could not be used, and the stream of what changes."""

import base64
import binascii
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response

from dashboard import operations_store
from dashboard.api import models
from dashboard.api.common import Use, json_answer
from dashboard.gate import GATE, SESSION_COOKIE, Gate, cookie
from dashboard.hub import EventStream
from dashboard.moments import span
from dashboard.problems import Problem
from dashboard.shapes import iso

router = APIRouter(tags=["operations"])
PREVIEW = 512
_OUTCOMES = ("stored", "duplicate", "revised", "quarantined")


@router.get("/api/v1/ledger", responses={200: {"model": models.Ledger}})
def read_ledger(
    use: Use,
    from_: Annotated[str | None, Query(alias="from", description="default: a day before")] = None,
    to: str | None = None,
    feed: str | None = None,
) -> Response:
    """Messages per feed and hour of arrival, and what became of them."""
    since, until = span(from_, to, datetime.now(UTC), timedelta(days=1))
    if until - since > timedelta(days=366):
        raise Problem(400, "a ledger covers at most 366 days at a time; narrow from and to")
    with use.pool.transaction() as conn:
        found = operations_store.ledger(conn, since, until, feed)
    rows = [_accounted(row) for row in found]
    counted = ("received", *_OUTCOMES, "unaccounted", "readings", "readings_late")
    totals = {name: sum(row[name] for row in rows) for name in counted}
    return json_answer({"rows": rows, "totals": totals})


@router.get("/api/v1/quarantine", responses={200: {"model": models.Quarantine}})
def read_quarantine(
    use: Use,
    code: Annotated[str | None, Query(description="only this kind of mistake")] = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """Messages that could not be used, newest first, with their reasons; groups count them all."""
    after = _read_cursor(cursor) if cursor else None
    with use.pool.transaction() as conn:
        groups = operations_store.quarantine_groups(conn)
        found = operations_store.quarantine(conn, code, after, limit + 1, PREVIEW)
    more = _write_cursor(found[limit - 1]) if len(found) > limit else None
    messages = [
        row | {"received_at": iso(row["received_at"]), "replayed_at": iso(row["replayed_at"]),
               "payload": preview(row["payload"], row["size"])}
        for row in found[:limit]
    ]  # fmt: skip
    grouped = [{"code": c, "count": n, "newest": iso(at)} for c, n, at in groups]
    return json_answer({"groups": grouped, "messages": messages, "cursor": more})


@router.get("/live", response_class=Response)
async def live(use: Use, request: Request) -> Response:
    """Server-sent events: hello, then change, beat, lost, resync. See docs/api.md."""
    gate: Gate = request.scope[GATE]
    headers = Headers(scope=request.scope)
    bearer = headers.get("authorization", "").partition(" ")[2].strip()
    secret = bearer or cookie(headers, SESSION_COOKIE) or ""

    async def still() -> bool:
        try:
            return await gate.known(secret, by_cookie=not bearer) is not None
        except Problem:
            return True  # the database is away: the screen is told so by `lost`

    return EventStream(use.live.hub, use.live.hello, still)


def preview(payload: bytes, size: int) -> dict[str, Any]:
    """The beginning of what came: as text where it is text, else base64. Never as markup."""
    cut = len(payload) < size
    try:
        # A cut may go through a character: what is whole is enough.
        text = payload.decode("utf-8", "strict" if not cut else "ignore")
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(payload).decode(), "cut": cut}
    if not text and payload:
        return {"base64": base64.b64encode(payload).decode(), "cut": cut}
    shown = "".join(c if c.isprintable() or c in "\n\t" else f"\\u{ord(c):04x}" for c in text)
    return {"text": shown, "cut": cut}


def _accounted(row: dict[str, Any]) -> dict[str, Any]:
    unaccounted = row["received"] - sum(row[name] for name in _OUTCOMES)
    return row | {"hour": iso(row["hour"]), "unaccounted": unaccounted}


def _write_cursor(row: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(
        f"{row['received_at'].isoformat()} {row['id']}".encode()
    ).decode()


def _read_cursor(cursor: str) -> tuple[datetime, int]:
    try:
        at, _, number = base64.urlsafe_b64decode(cursor.encode()).decode().partition(" ")
        found = datetime.fromisoformat(at), int(number)
    except (ValueError, binascii.Error) as error:
        raise Problem(400, f"{cursor!r} is not a cursor of this list") from error
    if found[0].tzinfo is None or abs(found[1]) > 1 << 62:
        raise Problem(400, f"{cursor!r} is not a cursor of this list")
    return found
