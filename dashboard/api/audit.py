"""The audit: who did and saw what, when, from where. Read only; nobody changes a row."""

import base64
import binascii
import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Query
from starlette.responses import Response, StreamingResponse

from dashboard.api import account_models as models
from dashboard.api.common import Use, json_answer
from dashboard.api.stations import harmless
from dashboard.door import accounts_store
from dashboard.door.accounts_store import Deed, Wanted
from dashboard.moments import moment
from dashboard.problems import Problem
from dashboard.shapes import iso
from database.pool import Pool

router = APIRouter(prefix="/api/v1/audit", tags=["audit"])
COLUMNS = ("at", "who", "action", "object", "address", "detail")
_BLOCK = 2000
_Cursor = tuple[datetime, int]


def wanted(
    who: Annotated[str | None, Query(max_length=80, description="only this name")] = None,
    action: Annotated[str | None, Query(max_length=80, description="only this action")] = None,
    of: Annotated[
        str | None, Query(alias="object", max_length=200, description="contained in the object")
    ] = None,
    from_: Annotated[str | None, Query(alias="from")] = None,
    to: str | None = None,
) -> Wanted:
    since, until = moment(from_, "from"), moment(to, "to")
    if since and until and since >= until:
        raise Problem(400, "to must be after from")
    return Wanted(who or None, action or None, of or None, since, until)


Asked = Annotated[Wanted, Depends(wanted)]


@router.get("", responses={200: {"model": models.Audit}})
def read_audit(
    use: Use,
    asked: Asked,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """The newest first; `cursor` leads on. actions: what there is to choose from."""
    after = _read_cursor(cursor) if cursor else None
    with use.pool.transaction() as conn:
        found = accounts_store.deeds(conn, asked, after, limit + 1)
        actions = [] if cursor else accounts_store.actions(conn)
    more = _write_cursor(found[limit - 1]) if len(found) > limit else None
    entries = [deed_json(one) for one in found[:limit]]
    return json_answer({"entries": entries, "actions": actions, "cursor": more})


@router.get("/export", response_class=StreamingResponse)
def export_audit(use: Use, asked: Asked) -> Response:
    """All of it as CSV, UTF-8 with BOM; no cell is taken for a formula."""
    name = f"audit_{datetime.now(UTC):%Y%m%dT%H%M%SZ}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(
        _blocks(use.pool, asked), media_type="text/csv; charset=utf-8", headers=headers
    )


def deed_json(one: Deed) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__slots__} | {"at": iso(one.at)}


def _blocks(pool: Pool, asked: Wanted) -> Iterator[str]:
    """Each block is a question of its own, so that a slow reader holds no connection."""
    yield "\ufeff" + _lines([COLUMNS])
    after: _Cursor | None = None
    while True:
        with pool.transaction() as conn:
            found = accounts_store.deeds(conn, asked, after, _BLOCK)
        if found:
            yield _lines(tuple(map(_cell, _row(one))) for one in found)
            after = found[-1].at, found[-1].id
        if len(found) < _BLOCK:
            return


def _row(one: Deed) -> tuple[str | None, ...]:
    detail = orjson.dumps(one.detail).decode() if one.detail else ""
    return iso(one.at), one.who, one.action, one.object, one.address, detail


def _cell(text: str | None) -> str:
    return harmless(text or "")


def _lines(rows: Any) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


def _write_cursor(one: Deed) -> str:
    return base64.urlsafe_b64encode(f"{one.at.isoformat()} {one.id}".encode()).decode()


def _read_cursor(cursor: str) -> _Cursor:
    try:
        at, _, number = base64.urlsafe_b64decode(cursor.encode()).decode().partition(" ")
        found = datetime.fromisoformat(at), int(number)
    except (ValueError, binascii.Error) as error:
        raise Problem(400, f"{cursor!r} is not a cursor of this list") from error
    if found[0].tzinfo is None or abs(found[1]) > 1 << 62:
        raise Problem(400, f"{cursor!r} is not a cursor of this list")
    return found
