"""Back-tests: what a rule, saved or not, would have done with the stored readings."""

import threading
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import orjson
import psycopg2
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from alerts.backtest.store import BackTest, TooLong, Untestable, back_testing
from alerts.rule_editing import BadRule, checked
from alerts.rule_history import versions
from alerts.rule_settings import RuleSettings
from dashboard.api import rule_models as models
from dashboard.api.common import Services, Use, json_answer, refused
from dashboard.moments import EXAMPLE, of_our_time
from dashboard.problems import Problem, unavailable
from dashboard.rules import shapes
from database.pool import Connection

router = APIRouter(prefix="/api/v1", tags=["rules"])
LINES = "application/x-ndjson"
WITHIN_S, MOST_DAYS = 60.0, 20 * 366
# What a screen asks for must not take the machine from what is live: one at a time.
_turn = threading.BoundedSemaphore(1)


@router.post("/rules/backtest", responses={200: {"model": models.BackTested}})
def back_test(use: Use, request: Request, body: models.BackTestAsked) -> Response:
    """What a rule would have done with the readings of [from, to), by the engine that judges live.

    With `Accept: application/x-ndjson` the answer is lines: `{"progress": 0.31}` and at last
    `{"result": ...}` or `{"problem": ...}`; who closes the connection ends the work.
    """
    _check_period(body.from_, body.to)
    rule = _asked(use, body)
    lines = _lines(use, rule, body.from_, body.to)
    if LINES in request.headers.get("accept", ""):
        return StreamingResponse((orjson.dumps(line) + b"\n" for line in lines), media_type=LINES)
    *_, last = lines
    if problem := last.get("problem"):
        raise Problem(problem["status"], problem["detail"])
    return json_answer(last["result"])


def _lines(
    use: Services, rule: RuleSettings, since: datetime, until: datetime
) -> Iterator[dict[str, Any]]:
    """Progress, then the result or a problem. Left unfinished it gives back what it holds; the last
    line, which may be long, waits for its reader when all is given back."""
    if not _turn.acquire(blocking=False):
        yield _problem(Problem(429, "another back-test is under way; try again when it is done"))
        return
    try:
        with use.pool.transaction() as conn:
            for step in back_testing(conn, rule, since, until, within_s=WITHIN_S):
                if isinstance(step, BackTest):
                    last = {"result": shapes.back_test_json(step)}
                else:
                    yield {"progress": round(step, 3)}
    except (TooLong, Untestable) as error:
        last = _problem(Problem(422, str(error)))
    except psycopg2.Error:
        last = _problem(unavailable())
    finally:
        _turn.release()
    yield last


def _problem(problem: Problem) -> dict[str, Any]:
    return {"problem": problem.body()}


def _asked(use: Services, body: models.BackTestAsked) -> RuleSettings:
    """The rule that is meant; raises Problem."""
    if (body.code is None) == (body.definition is None):
        raise refused("code", "one", "give either code or definition")
    with use.pool.transaction() as conn:
        definition = body.definition if body.code is None else _in_force(conn, body.code)
        try:
            return checked(conn, definition or {})
        except BadRule as error:
            errors = shapes.mistakes_json(error.mistakes, "body.definition")
            raise Problem(422, str(error), errors=errors) from error


def _in_force(conn: Connection, code: str) -> dict[str, Any]:
    found = versions(conn, code)
    if not found:
        raise Problem(404, f"there is no rule {code!r}")
    return dict(found[0].definition)


def _check_period(since: datetime, until: datetime) -> None:
    for name, at in (("from", since), ("to", until)):
        if at.tzinfo is None:
            raise refused(name, "zone", f"{name} has no time zone; expected {EXAMPLE}")
        of_our_time(at, name)
    if until <= since:
        raise refused("to", "order", "to must be after from")
    if (until - since).days > MOST_DAYS:
        raise refused("from", "long", "at most 20 years at once")
