"""Rules: read them, write them as versions, have a text checked while it is written."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from alerts import rule_editing, rule_history
from alerts.rule_advice import advise
from alerts.rule_editing import (
    BadRule,
    By,
    NoSuchRule,
    RefusedEdit,
    RuleChanged,
    checked,
)
from alerts.rule_history import RuleVersion
from alerts.rule_settings import RuleSettings
from alerts.rule_stations import stations
from alerts.rulebook import load_places
from config import validated
from dashboard import rules as shapes
from dashboard.accounts import Principal, audit
from dashboard.api import rule_models as models
from dashboard.api.common import Key, Services, Use, Who, json_answer, once
from dashboard.api.models import ProblemDocument
from dashboard.idempotency import Outcome
from dashboard.problems import Problem
from dashboard.rule_form import form
from dashboard.rule_problems import said
from dashboard.rules import Standing
from dashboard.signin import address_of
from database.pool import Connection

router = APIRouter(prefix="/api/v1", tags=["rules"])
_Act = Callable[[Connection], RuleVersion]
_CONFLICT: dict[str, Any] = {
    "model": ProblemDocument,
    "description": "it changed meanwhile, or stands otherwise",
}
_WRITTEN: dict[int | str, dict[str, Any]] = {200: {"model": models.Rule}, 409: _CONFLICT}


@router.get("/rules", responses={200: {"model": models.RuleList}})
def list_rules(use: Use) -> Response:
    """Every rule by its newest version, retired and built-in ones too."""
    with use.pool.transaction() as conn:
        standing = standing_of(conn)
        found = [shapes.rule_json(one, standing) for one in rule_history.newest(conn)]
    return json_answer({"rules": found})


@router.get("/rule-form")
def rule_form(use: Use) -> Response:
    """What a form for rules is made of: its fields, and the stations, metrics and limits."""
    with use.pool.transaction() as conn:
        found = stations(conn)
    return json_answer(form() | {"stations": found})


@router.get("/rules/{code}", responses={200: {"model": models.RuleHistory}})
def read_rule(use: Use, code: str) -> Response:
    """One rule with all its versions, the newest first, each with what it changed."""
    with use.pool.transaction() as conn:
        found = rule_history.versions(conn, code)
        if not found:
            raise Problem(404, f"there is no rule {code!r}")
        rule = shapes.rule_json(found[0], standing_of(conn))
    return json_answer({"rule": rule, "versions": shapes.history_json(found)})


@router.post("/rules", status_code=201, responses={201: {"model": models.Rule}, 409: _CONFLICT})
def create(
    *, use: Use, who: Who, request: Request, body: models.NewRule, idempotency_key: Key = None
) -> Response:
    """A new rule, in force within seconds."""
    edit = _Edit(use, who, request, idempotency_key)
    return edit.done(
        "created a rule",
        body,
        lambda conn: rule_editing.create(conn, body.definition, edit.by(body.reason)),
        status=201,
    )


@router.put("/rules/{code}", responses=_WRITTEN)
def change(
    *,
    use: Use,
    who: Who,
    request: Request,
    code: str,
    body: models.ChangedRule,
    idempotency_key: Key = None,
) -> Response:
    """Another text: a new version. Send the version that was read."""
    edit = _Edit(use, who, request, idempotency_key)

    def act(conn: Connection) -> RuleVersion:
        by = edit.by(body.reason)
        return rule_editing.change(conn, code, body.definition, body.version, by)

    return edit.done("changed a rule", body, act, on=code)


@router.post("/rules/{code}/retire", responses=_WRITTEN)
def retire(
    *,
    use: Use,
    who: Who,
    request: Request,
    code: str,
    body: models.RetiredRule,
    idempotency_key: Key = None,
) -> Response:
    """Out of force: what it has open ends as withdrawn."""
    edit = _Edit(use, who, request, idempotency_key)
    return edit.done(
        "retired a rule",
        body,
        lambda conn: rule_editing.retire(conn, code, body.version, edit.by(body.reason)),
        on=code,
    )


@router.post("/rules/{code}/reinstate", responses=_WRITTEN)
def reinstate(
    *,
    use: Use,
    who: Who,
    request: Request,
    code: str,
    body: models.ReinstatedRule,
    idempotency_key: Key = None,
) -> Response:
    """In force again, as it was or with another text."""
    edit = _Edit(use, who, request, idempotency_key)

    def act(conn: Connection) -> RuleVersion:
        by = edit.by(body.reason)
        return rule_editing.reinstate(conn, code, body.version, by, body.definition)

    return edit.done("reinstated a rule", body, act, on=code)


@router.post("/rules/check", responses={200: {"model": models.Checked}})
def check(use: Use, body: models.RuleToCheck) -> Response:
    """What is wrong with a text, what it covers, what experience says of it. Changes nothing."""
    with use.pool.transaction() as conn:
        try:
            rule = checked(conn, body.definition)
        except BadRule as error:
            found = validated(RuleSettings, body.definition)
            rule_only = found if isinstance(found, RuleSettings) else None
            covers = rule_only and shapes.covered(rule_only, load_places(conn))
            mistakes = shapes.mistakes_json(error.mistakes)
            return json_answer({"mistakes": mistakes, "advice": [], "covers": covers})
        advice = [one.to_json() for one in advise(conn, rule, datetime.now(UTC))]
        covers = shapes.covered(rule, load_places(conn))
    return json_answer({"mistakes": [], "advice": advice, "covers": covers})


class _Edit:
    """A write upon a rule: once for its key, noted in the audit trail, errors as problems."""

    def __init__(self, use: Services, who: Principal, request: Request, key: str | None) -> None:
        self._use, self._who, self._key = use, who, key
        self._address = address_of(request)

    def by(self, reason: str) -> By:
        return By(self._who.name, reason, datetime.now(UTC))

    def done(
        self, word: str, asked: BaseModel, act: _Act, *, on: str = "", status: int = 200
    ) -> Response:
        """word: of the audit trail; on: the code of the rule, where the body does not say it."""

        def write(conn: Connection) -> Outcome:
            try:
                new = act(conn)
            except RefusedEdit as error:
                return _refused(conn, error)
            noted = {"version": new.version, "reason": new.reason}
            audit(conn, self._who.name, word, new.code, self._address, **noted)
            return Outcome(status, shapes.rule_json(new, standing_of(conn)))

        said = f"{word} {on} {asked.model_dump_json()}"
        return once(self._use, self._who, self._key, said, write)


def standing_of(conn: Connection) -> Standing:
    return Standing(
        load_places(conn), rule_history.file_says(conn), rule_history.open_alerts_by_rule(conn)
    )


def _refused(conn: Connection, error: RefusedEdit) -> Outcome:
    if isinstance(error, BadRule):
        errors = shapes.mistakes_json(error.mistakes, "body.definition")
        problem = Problem(422, str(error), errors=errors)
    elif isinstance(error, NoSuchRule):
        problem = Problem(404, str(error), text=said(str(error)))
    elif isinstance(error, RuleChanged):
        problem = Problem(409, str(error), rule=shapes.rule_json(error.newest, standing_of(conn)))
    else:
        problem = Problem(409, str(error), text=said(str(error)))
    return Outcome(problem.status, problem.body())
