"""Accounts for administrators: who there is, made, changed, disabled, unlocked; their sessions.

A one-time password is in the answer that made it and nowhere else: neither in the audit nor with
the idempotency key. Nothing can leave the desk without an administrator.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from dashboard.api import account_models as models
from dashboard.api.common import Use, Who, Write, Writing, json_answer, refused
from dashboard.api.models import ProblemDocument
from dashboard.door import accounts, accounts_store, passwords
from dashboard.door.accounts import BadAccount, narrowed, saw
from dashboard.door.accounts_store import Person, Session, Token
from dashboard.door.signin import address_of
from dashboard.idempotency import Outcome
from dashboard.problems import Problem
from dashboard.shapes import iso
from database.pool import Connection

router = APIRouter(prefix="/api/v1", tags=["accounts"])
Name = Annotated[str, Path(max_length=40)]
Number = Annotated[int, Path(ge=1, le=2**63 - 1)]
_LAST = "{name} is the last administrator who can sign in; make another one first"
_CONFLICT: dict[int | str, dict[str, Any]] = {
    200: {"model": models.PersonDetail},
    409: {"model": ProblemDocument, "description": "it stands otherwise, or is the last one"},
}
_Act = Callable[[Connection, Person], dict[str, object]]


@router.get("/accounts", responses={200: {"model": models.PersonList}})
def list_accounts(use: Use) -> Response:
    """Everybody, the disabled last; and the departments there are."""
    with use.pool.transaction() as conn:
        found = accounts_store.people(conn, datetime.now(UTC))
        departments = accounts_store.departments(conn)
    named = [{"code": code, "names": {"zh": zh, "en": en}} for code, zh, en in departments]
    return json_answer({"accounts": [person_json(one) for one in found], "departments": named})


@router.get("/accounts/{person}", responses={200: {"model": models.PersonDetail}})
def read_account(use: Use, who: Who, request: Request, person: Name) -> Response:
    """One account with its sessions and tokens; that an administrator looked is in the audit."""
    with use.pool.transaction() as conn:
        detail = detail_json(conn, known(conn, person), who.session)
        if person != who.name:
            saw(conn, who.name, "saw the sessions of", person, address_of(request))
    return json_answer(detail)


@router.post(
    "/accounts",
    status_code=201,
    responses={201: {"model": models.MadeAccount}, 409: {"model": ProblemDocument}},
)
def make_account(write: Writing, body: models.NewAccount) -> Response:
    """A new account with a one-time password, which its owner changes at the first sign-in."""
    password = passwords.one_time()

    def act(conn: Connection) -> Outcome:
        if accounts_store.person(conn, body.name, datetime.now(UTC)):
            said = f"there is already an account {body.name!r}; enable that one, or choose another"
            return Outcome(409, Problem(409, said).body())
        try:
            accounts.create_account(
                *(conn, body.name, body.role, password, body.department), must_change=True
            )
        except BadAccount as error:
            raise refused(_field(error), "bad", str(error)) from error
        write.audit(
            *(conn, "made an account", body.name),
            role=body.role, department=body.department, why=body.reason,
        )  # fmt: skip
        made = person_json(known(conn, body.name))
        return Outcome(201, {"account": made, "password": None})

    return with_secret(
        write.once(f"account {body.model_dump_json()}", act), "password", password, write
    )


@router.post("/accounts/{person}/change", responses=_CONFLICT)
def change_account(write: Writing, person: Name, body: models.ChangedAccount) -> Response:
    """Another role or department, at once: it counts for the next thing that they do."""

    def act(conn: Connection, one: Person) -> dict[str, object]:
        if one.role == "administrator" and body.role != "administrator":
            _not_the_last(conn, one)
        known = {code for code, _, _ in accounts_store.departments(conn)}
        if body.department is not None and body.department not in known:
            said = f"there is no department {body.department!r}; known are {', '.join(known)}"
            raise refused("department", "unknown", said)
        accounts_store.change(conn, person, body.role, body.department)
        was = {"role": one.role, "department": one.department}
        return {"was": was, "role": body.role, "department": body.department}

    return _act(write, person, "changed an account", body.reason, act, body.model_dump_json())


@router.post("/accounts/{person}/disable", responses=_CONFLICT)
def disable_account(write: Writing, person: Name, body: models.Reasoned) -> Response:
    """No sign-in, no token, no open screen from now on. What they did stays theirs."""

    def act(conn: Connection, one: Person) -> dict[str, object]:
        if one.role == "administrator":
            _not_the_last(conn, one)
        if not accounts_store.disable(conn, person):
            raise Problem(409, f"{person} is disabled already, since {iso(one.disabled_at)}")
        return {}

    return _act(write, person, "disabled an account", body.reason, act)


@router.post("/accounts/{person}/enable", responses=_CONFLICT)
def enable_account(write: Writing, person: Name, body: models.Reasoned) -> Response:
    """They may sign in again, with the password that they had; tokens open again as well."""

    def act(conn: Connection, _: Person) -> dict[str, object]:
        if not accounts_store.enable(conn, person):
            raise Problem(409, f"{person} is not disabled")
        return {}

    return _act(write, person, "enabled an account", body.reason, act)


@router.post("/accounts/{person}/unlock", responses=_CONFLICT)
def unlock_account(write: Writing, person: Name) -> Response:
    """Lift the lock of too many wrong passwords before it ends by itself."""

    def act(conn: Connection, _: Person) -> dict[str, object]:
        accounts_store.unlock(conn, person)
        return {}

    return _act(write, person, "unlocked an account", None, act)


@router.post("/accounts/{person}/reset-password", responses={200: {"model": models.MadeAccount}})
def reset_password(write: Writing, person: Name, body: models.Reasoned) -> Response:
    """A one-time password in place of theirs; every session of theirs ends."""
    password = passwords.one_time()

    def act(conn: Connection) -> Outcome:
        _said(body.reason)
        _locked(conn, person)
        accounts.set_password(conn, person, password, must_change=True)
        write.audit(conn, "reset a password", person, why=body.reason)
        return Outcome(200, {"account": person_json(known(conn, person)), "password": None})

    asked = f"reset password {person} {body.model_dump_json()}"
    return with_secret(write.once(asked, act), "password", password, write)


@router.post("/accounts/{person}/sessions/end", responses={200: {"model": models.Ended}})
def end_sessions(write: Writing, person: Name) -> Response:
    """End all of their sessions: their screens ask to sign in within seconds."""

    def act(conn: Connection) -> Outcome:
        _locked(conn, person)
        but = write.who.session if person == write.who.name else None
        ended = accounts_store.end_sessions(conn, person, but)
        write.audit(conn, "ended all sessions of", person, ended=ended)
        return Outcome(200, {"ended": ended})

    return write.once(f"end sessions {person}", act)


@router.post(
    "/accounts/{person}/sessions/{session_id}/end", responses={200: {"model": models.Ended}}
)
def end_session(write: Writing, person: Name, session_id: Number) -> Response:
    return ended_one(write, person, session_id)


@router.post(
    "/accounts/{person}/tokens/{token_id}/revoke", responses={200: {"model": models.Ended}}
)
def revoke_token(write: Writing, person: Name, token_id: Number) -> Response:
    """The program that has it is nobody from now on."""
    return revoked(write, person, token_id)


def ended_one(write: Write, person: str, number: int) -> Response:
    def act(conn: Connection) -> Outcome:
        if not accounts_store.end_session(conn, person, number):
            return Outcome(404, Problem(404, f"{person} has no session {number} any more").body())
        write.audit(conn, "ended a session of", person, session=number)
        return Outcome(200, {"ended": 1})

    return write.once(f"end session {person} {number}", act)


def revoked(write: Write, person: str, number: int) -> Response:
    def act(conn: Connection) -> Outcome:
        if not accounts_store.revoke_token(conn, person, number, write.who.name):
            said = f"{person} has no token {number} that is not revoked"
            return Outcome(404, Problem(404, said).body())
        write.audit(conn, "revoked a token of", person, token=number)
        return Outcome(200, {"ended": 1})

    return write.once(f"revoke token {person} {number}", act)


def person_json(one: Person) -> dict[str, Any]:
    times = ("created_at", "seen_at", "locked_until", "disabled_at")
    said = {name: getattr(one, name) for name in one.__slots__ if name != "id"}
    return said | {name: iso(getattr(one, name)) for name in times}


def detail_json(conn: Connection, one: Person, own: int | None) -> dict[str, Any]:
    """own: the session that asks."""
    now = datetime.now(UTC)
    return {
        "account": person_json(one),
        "sessions": [session_json(s, own) for s in accounts_store.sessions(conn, one.name, now)],
        "tokens": [token_json(t, one.role) for t in accounts_store.tokens(conn, one.name)],
    }


def session_json(one: Session, own: int | None) -> dict[str, Any]:
    times = ("created_at", "seen_at", "expires_at")
    said = {name: getattr(one, name) for name in one.__slots__}
    return said | {name: iso(getattr(one, name)) for name in times} | {"own": one.id == own}


def token_json(one: Token, account_role: str) -> dict[str, Any]:
    times = ("created_at", "seen_at", "expires_at", "revoked_at")
    said = {name: getattr(one, name) for name in one.__slots__}
    may = {"role": narrowed(account_role, one.role)}
    return said | {name: iso(getattr(one, name)) for name in times} | may


def _act(
    write: Write, person: str, word: str, reason: str | None, act: _Act, asked: str = ""
) -> Response:
    """One change of one account, in the audit by `word`. reason: None where none is asked for."""

    def work(conn: Connection) -> Outcome:
        if reason is not None:
            _said(reason)
        one = _locked(conn, person)
        why = {} if reason is None else {"why": reason}
        write.audit(conn, word, person, **act(conn, one), **why)
        return Outcome(200, detail_json(conn, known(conn, person), write.who.session))

    return write.once(f"{word} {person} {reason} {asked}", work)


def with_secret(answer: Response, key: str, secret: str, write: Write) -> Response:
    """The answer with the secret in it, where it has just been made."""
    if answer.status_code >= 400 or write.repeated:
        return answer
    return json_answer(orjson.loads(answer.body) | {key: secret}, answer.status_code)


def _said(reason: str) -> None:
    if not reason:
        raise refused("reason", "empty", "say why: the reason is empty, and the audit keeps it")


def known(conn: Connection, person: str) -> Person:
    found = accounts_store.person(conn, person, datetime.now(UTC))
    if found is None:
        raise Problem(404, f"there is no account {person!r}")
    return found


def _locked(conn: Connection, person: str) -> Person:
    found = accounts_store.locked(conn, person, datetime.now(UTC))
    if found is None:
        raise Problem(404, f"there is no account {person!r}")
    return found


def _not_the_last(conn: Connection, one: Person) -> None:
    if one.disabled_at is None and accounts_store.is_last_administrator(conn, one.name):
        raise Problem(409, _LAST.format(name=one.name), last=True)


def _field(error: BadAccount) -> str:
    return "department" if "department" in str(error) else "name"
