"""One's own account: sessions on other screens, tokens for programs. Never more than one may."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from dashboard.api import account_models as models
from dashboard.api.common import Use, Who, Writing, json_answer, refused
from dashboard.api.people import detail_json, ended_one, known, revoked, token_json, with_secret
from dashboard.door import accounts, accounts_store, passwords
from dashboard.door.accounts import ROLES, Principal, narrowed
from dashboard.idempotency import Outcome
from dashboard.problems import Problem
from database.pool import Connection

router = APIRouter(prefix="/api/v1/account", tags=["accounts"])
MOST_TOKENS = 20
Number = Annotated[int, Path(ge=1, le=2**63 - 1)]


@router.get("", responses={200: {"model": models.OwnAccount}})
def read_own(use: Use, who: Who) -> Response:
    """Who one is, where one is signed in, which programs act in one's name."""
    with use.pool.transaction() as conn:
        found = detail_json(conn, known(conn, who.name), who.session)
    return json_answer(found | {"roles": roles_of(who.role), "must_be": passwords.SHORTEST})


@router.post("/sessions/end-others", responses={200: {"model": models.Ended}})
def end_others(write: Writing) -> Response:
    """End every session but the one that asks."""
    _person(write.who)

    def act(conn: Connection) -> Outcome:
        ended = accounts_store.end_sessions(conn, write.who.name, write.who.session)
        write.audit(conn, "ended own other sessions", None, ended=ended)
        return Outcome(200, {"ended": ended})

    return write.once(f"end others {write.who.session}", act)


@router.post("/sessions/{session_id}/end", responses={200: {"model": models.Ended}})
def end_own(write: Writing, session_id: Number) -> Response:
    _person(write.who)
    return ended_one(write, write.who.name, session_id)


@router.post("/tokens", status_code=201, responses={201: {"model": models.MadeToken}})
def make_token(write: Writing, body: models.NewToken) -> Response:
    """A token for a program: what it is for, what it may, until when. Its secret is shown once."""
    who = write.who
    _person(who)
    if not body.label:
        raise refused("label", "empty", "say what the token is for: the label is empty")
    if body.role not in roles_of(who.role):
        said = f"a token of {who.name} may be {', '.join(roles_of(who.role))}; not {body.role}"
        raise refused("role", "more", said)
    made: dict[str, str] = {}

    def act(conn: Connection) -> Outcome:
        held = [one for one in accounts_store.tokens(conn, who.name) if one.revoked_at is None]
        if len(held) >= MOST_TOKENS:
            said = f"{who.name} has {len(held)} tokens, the most; revoke one that is not needed"
            return Outcome(409, Problem(409, said).body())
        role = None if body.role == who.role else body.role
        until = datetime.now(UTC) + timedelta(days=body.days)
        made["secret"] = accounts.create_token(conn, who.name, body.label, role, until)
        number = accounts_store.newest_token(conn, who.name)
        write.audit(
            *(conn, "made a token", body.label), token=number, role=body.role, days=body.days
        )
        [token] = [one for one in accounts_store.tokens(conn, who.name) if one.id == number]
        return Outcome(201, {"token": token_json(token, who.role), "secret": None})

    answer = write.once(f"token {body.model_dump_json()}", act)
    return with_secret(answer, "secret", made.get("secret", ""), write)


@router.post("/tokens/{token_id}/revoke", responses={200: {"model": models.Ended}})
def revoke_own(write: Writing, token_id: Number) -> Response:
    _person(write.who)
    return revoked(write, write.who.name, token_id)


def roles_of(role: str) -> list[str]:
    """The roles that a token of an account can have: all that are within its own."""
    return [one for one in ROLES if narrowed(role, one) == one]


def _person(who: Principal) -> None:
    """A program that got hold of a token must not make itself another one."""
    if who.session is None:
        raise Problem(403, "a token cannot do this; sign in with a browser")
