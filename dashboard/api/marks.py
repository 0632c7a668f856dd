"""Marks of people: say that a stretch of readings is invalid or valid, and take it back."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from dashboard import marks_store, store
from dashboard.api import models
from dashboard.api.common import Use, Writing, in_the_past, json_answer, refused
from dashboard.api.stations import find_series
from dashboard.idempotency import Outcome
from dashboard.marks_store import Mark
from dashboard.moments import moment
from dashboard.problems import Problem
from dashboard.shapes import iso
from database.pool import Connection
from sensors import marks

router = APIRouter(prefix="/api/v1", tags=["marks"])
_MAX_PAGE = 1000
_LARGEST = 2**63 - 1


@router.get("/stations/{code}/marks", responses={200: {"model": models.MarkList}})
def list_marks(
    *,
    use: Use,
    code: str,
    metric: str | None = None,
    from_: Annotated[str | None, Query(alias="from", description="ends after")] = None,
    to: Annotated[str | None, Query(description="begins before")] = None,
    cursor: Annotated[str | None, Query(pattern=r"^\d{1,18}$")] = None,
    limit: Annotated[int, Query(ge=1, le=_MAX_PAGE)] = 100,
) -> Response:
    """Newest first, withdrawn ones too: with who, when, why, and whether readings show it."""
    since, until = moment(from_, "from"), moment(to, "to")
    with use.pool.transaction() as conn:
        series = store.series_of(conn, code)
        if series is None or metric is not None:
            find_series(series, code, metric or "")
        found = marks_store.listed(
            conn,
            code,
            None if metric is None else [metric],
            since=since,
            until=until,
            before=int(cursor) if cursor else None,
            limit=limit + 1,
        )
    after = str(found[limit - 1].number) if len(found) > limit else None
    return json_answer({"marks": [to_json(mark) for mark in found[:limit]], "cursor": after})


@router.post("/stations/{code}/marks", status_code=201, responses={201: {"model": models.Mark}})
def mark_readings(write: Writing, code: str, body: models.NewMark) -> Response:
    """Say that [from, to) of a series is invalid or valid. Stored readings show it in seconds."""
    wanted = _checked(body, datetime.now(UTC))

    def act(conn: Connection) -> Outcome:
        series = find_series(store.series_of(conn, code), code, body.metric)
        number = marks.add(conn, series.series_id, *wanted, reason=body.reason, who=write.who.name)
        said = to_json(_known(conn, number))
        write.audit(conn, "marked", f"mark {number}", mark=said)
        return Outcome(201, said)

    asked = f"mark {code} {body.model_dump_json(by_alias=True)}"
    return write.once(asked, act)


@router.post(
    "/marks/{mark_id}/withdraw",
    responses={
        200: {"model": models.Mark},
        409: {"model": models.ProblemDocument, "description": "it has been withdrawn already"},
    },
)
def withdraw(
    write: Writing, mark_id: Annotated[int, Path(ge=1, le=_LARGEST)], body: models.Withdraw
) -> Response:
    """Take a mark back: the readings are again what they were without it."""
    if not body.reason:
        raise refused("reason", "empty", "say why the mark is withdrawn: the reason is empty")

    def act(conn: Connection) -> Outcome:
        number = marks.withdraw(conn, mark_id, reason=body.reason, who=write.who.name)
        if number is None:
            return _not_withdrawn(marks_store.one(conn, mark_id), mark_id)
        write.audit(conn, "withdrew a mark", f"mark {mark_id}", reason=body.reason)
        return Outcome(200, to_json(_known(conn, mark_id)))

    asked = f"withdraw {mark_id} {body.model_dump_json()}"
    return write.once(asked, act)


def to_json(mark: Mark) -> dict[str, Any]:
    taken = mark.withdrawn
    return {
        "id": mark.number,
        "station": mark.station,
        "metric": mark.metric,
        "from": iso(mark.since),
        "to": iso(mark.until),
        "verdict": mark.verdict,
        "reason": mark.reason,
        "who": mark.who,
        "made_at": iso(mark.made_at),
        "applied_at": iso(mark.applied_at),
        "withdrawn": taken
        and {
            "id": taken.number,
            "who": taken.who,
            "made_at": iso(taken.made_at),
            "reason": taken.reason,
            "applied_at": iso(taken.applied_at),
        },
    }


def _checked(
    body: models.NewMark, now: datetime
) -> tuple[datetime, datetime | None, marks.Verdict]:
    """The stretch and the verdict; raises Problem 422 naming the field that is wrong."""
    since = in_the_past(body.from_, "from", now)
    until = (
        None
        if body.to is None
        else in_the_past(body.to, "to", now, "; null means until further notice")
    )
    if until is not None and until <= since:
        raise refused("to", "order", f"to ({iso(until)}) must be after from ({iso(since)})")
    if not body.reason:
        raise refused("reason", "empty", "say why the readings are so: the reason is empty")
    return since, until, body.verdict


def _not_withdrawn(mark: Mark | None, number: int) -> Outcome:
    if mark is None or mark.withdrawn is None:
        return Outcome(404, Problem(404, f"there is no mark {number}").body())
    taken = mark.withdrawn
    said = f"{taken.who} withdrew this mark already, at {iso(taken.made_at)}"
    return Outcome(409, Problem(409, said, who=taken.who, mark=to_json(mark)).body())


def _known(conn: Connection, number: int) -> Mark:
    found = marks_store.one(conn, number)
    assert found is not None, "it was written in this transaction"  # noqa: S101 - never removed
    return found
