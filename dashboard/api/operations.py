"""The house itself: what came, what should have come, what could not be used; the stream."""

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
from dashboard.api.common import Use, Who, Write, Writing, json_answer
from dashboard.door.accounts import digest, saw
from dashboard.door.gate import GATE, SESSION_COOKIE, Gate, cookie
from dashboard.door.signin import address_of
from dashboard.idempotency import Outcome
from dashboard.moments import span
from dashboard.problems import Problem
from dashboard.shapes import Json, iso
from dashboard.stream.hub import EventStream
from database import books, replays
from database.books import OWN, Line, summed
from database.pool import Connection
from database.replays import Replay

router = APIRouter(tags=["operations"])
PREVIEW = 512
RECENT = 20


@router.get("/api/v1/ledger", responses={200: {"model": models.Ledger}})
def read_ledger(
    use: Use,
    from_: Annotated[str | None, Query(alias="from", description="default: a day before")] = None,
    to: str | None = None,
    feed: str | None = None,
) -> Response:
    """Messages per feed and hour of arrival, and what became of them; the canary.

    totals: without `canary`, `replay` and `derived`, which are ours or were counted before; gap:
    over every feed and hour, must be 0.
    """
    since, until = span(from_, to, datetime.now(UTC), timedelta(days=1))
    if until - since > timedelta(days=366):
        raise Problem(400, "a ledger covers at most 366 days at a time; narrow from and to")
    with use.pool.transaction() as conn:
        found = books.ledger(conn, since, until, feed)
        canaries = books.canaries(conn)
    total = summed(line for line in found if line.feed not in OWN)
    totals = _counts(total.line) | {"gap": sum(line.gap for line in found)}
    return json_answer(
        {
            "from": iso(since),
            "to": iso(until),
            "rows": [{"feed": line.feed, "hour": iso(line.hour)} | _counts(line) for line in found],
            "totals": totals,
            "own": sorted(OWN),
            "canaries": [canary_json(one) for one in canaries],
        }
    )


@router.get("/api/v1/completeness", responses={200: {"model": models.Completeness}})
def read_completeness(use: Use) -> Response:
    """What each station should have sent in the last whole hours, what came, and how late."""
    return json_answer(use.completeness.get(use.pool, use.live.now()))


@router.get("/api/v1/quarantine", responses={200: {"model": models.Quarantine}})
def read_quarantine(
    use: Use,
    who: Who,
    request: Request,
    code: Annotated[str | None, Query(description="only this kind of mistake")] = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """Messages that could not be used, newest first, with their reasons; groups count them all.

    replays: what was asked for lately, and what came of it.
    """
    after = _read_cursor(cursor) if cursor else None
    with use.pool.transaction() as conn:
        groups = books.groups(conn)
        asked = replays.recent(conn, RECENT)
        found = operations_store.quarantine(conn, code, after, limit + 1, PREVIEW)
        if found:
            saw(conn, who.name, "saw quarantined messages", code, address_of(request))
    more = _write_cursor(found[limit - 1]) if len(found) > limit else None
    messages = [
        row | {"received_at": iso(row["received_at"]), "replayed_at": iso(row["replayed_at"]),
               "payload": preview(row["payload"], row["size"])}
        for row in found[:limit]
    ]  # fmt: skip
    grouped = [
        {"code": g.code, "count": g.count, "waiting": g.waiting, "newest": iso(g.newest),
         "feeds": g.feeds, "example": g.example}
        for g in groups
    ]  # fmt: skip
    return json_answer(
        {
            "groups": grouped,
            "messages": messages,
            "replays": [replay_json(one) for one in asked],
            "cursor": more,
        }
    )


@router.post(
    "/api/v1/quarantine/replay", status_code=202, responses={202: {"model": models.Replay}}
)
def ask_for_replay(write: Writing, body: models.AskReplay) -> Response:
    """Ask ingest to walk quarantined messages again, after a fix. One open request a reason.

    422 where no quarantined message has the reason that is named.
    """
    return write.once(f"replay {body.model_dump_json()}", lambda conn: _ask(conn, write, body.code))


def _ask(conn: Connection, write: Write, code: str | None) -> Outcome:
    try:
        number = replays.ask(conn, code, write.who.name)
    except replays.NothingToReplay as error:
        raise Problem(422, str(error)) from error
    found = replays.find(conn, number)
    assert found is not None, "just asked for"  # noqa: S101 - for the type checker
    write.audit(conn, "asked for a replay", code, request=number)
    return Outcome(202, replay_json(found))


def replay_json(one: Replay) -> Json:
    """state: asked, running, done."""
    return {
        "id": one.id,
        "code": one.code,
        "state": "done" if one.done_at else "running" if one.started_at else "asked",
        "asked_at": iso(one.asked_at),
        "asked_by": one.asked_by,
        "started_at": iso(one.started_at),
        "done_at": iso(one.done_at),
        "replayed": one.replayed,
        "outcomes": dict(one.outcomes),
        "refused": one.refused,
        "why": dict(one.why),
    }


def canary_json(one: books.Canary) -> Json:
    """old_after_s: then three of them did not come."""
    return {
        "name": one.name,
        "stored_at": iso(one.stored_at),
        "age_s": one.age_s,
        "delay_s": one.delay_s,
        "old_after_s": books.CANARY_OLD_S,
    }


@router.get("/live", response_class=Response)
async def live(use: Use, request: Request) -> Response:
    """Server-sent events: hello, then change, beat, lost, resync. See docs/api.md."""
    gate: Gate = request.scope[GATE]
    headers = Headers(scope=request.scope)
    bearer = headers.get("authorization", "").partition(" ")[2].strip()
    secret = bearer or cookie(headers, SESSION_COOKIE) or ""

    key = digest(secret)

    async def still() -> bool:
        return await gate.watch.still(key)

    return EventStream(use.live.hub, use.live.hello, still, gate.watch.watched(key))


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


def _counts(line: Line) -> dict[str, int]:
    counted = {name: getattr(line, name) for name in books.COUNTS}
    return counted | {
        "unaccounted": line.unaccounted,
        "missing": line.missing,
        "gap": line.gap,
    }


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
