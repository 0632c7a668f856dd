"""Rules: read them, write them as versions, have a text checked while it is written."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel
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
from dashboard.api import rule_models as models
from dashboard.api.common import Use, Write, Writing, json_answer
from dashboard.api.models import ProblemDocument
from dashboard.door import departments
from dashboard.idempotency import Outcome
from dashboard.problems import Problem
from dashboard.rules import shapes
from dashboard.rules.form import form
from dashboard.rules.problems import said
from dashboard.rules.shapes import Standing
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
def create(write: Writing, body: models.NewRule) -> Response:
    """A new rule, in force within seconds."""
    by = _by(write, body.reason)
    return _edit(
        write,
        "created a rule",
        body,
        lambda conn: rule_editing.create(conn, body.definition, by),
        status=201,
    )


@router.put("/rules/{code}", responses=_WRITTEN)
def change(write: Writing, code: str, body: models.ChangedRule) -> Response:
    """Another text: a new version. Send the version that was read."""
    by = _by(write, body.reason)
    return _edit(
        write,
        "changed a rule",
        body,
        lambda conn: rule_editing.change(conn, code, body.definition, body.version, by),
        on=code,
    )


@router.post("/rules/{code}/retire", responses=_WRITTEN)
def retire(write: Writing, code: str, body: models.RetiredRule) -> Response:
    """Out of force: what it has open ends as withdrawn."""
    by = _by(write, body.reason)
    return _edit(
        write,
        "retired a rule",
        body,
        lambda conn: rule_editing.retire(conn, code, body.version, by),
        on=code,
    )


@router.post("/rules/{code}/reinstate", responses=_WRITTEN)
def reinstate(write: Writing, code: str, body: models.ReinstatedRule) -> Response:
    """In force again, as it was or with another text."""
    by = _by(write, body.reason)
    return _edit(
        write,
        "reinstated a rule",
        body,
        lambda conn: rule_editing.reinstate(conn, code, body.version, by, body.definition),
        on=code,
    )


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


def _by(write: Write, reason: str) -> By:
    return By(write.who.name, reason, datetime.now(UTC))


def _edit(
    write: Write, word: str, asked: BaseModel, act: _Act, *, on: str = "", status: int = 200
) -> Response:
    """An edit noted in the audit trail by `word`; on: the code of the rule, where the body does not
    say it."""

    def work(conn: Connection) -> Outcome:
        for old in rule_history.versions(conn, on)[:1]:
            departments.check_rule(conn, write.who, old.definition)
        try:
            new = act(conn)
        except RefusedEdit as error:
            return _refused(conn, error)
        departments.check_rule(conn, write.who, new.definition)
        write.audit(conn, word, new.code, version=new.version, reason=new.reason)
        return Outcome(status, shapes.rule_json(new, standing_of(conn)))

    return write.once(f"{word} {on} {asked.model_dump_json()}", work)


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
