"""Wallboards: made, listed, ended by administrators. A token is in one answer, and never again."""

from datetime import UTC, datetime
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response

from dashboard.api import models
from dashboard.api.common import Services, Use, Writing, json_answer, refused
from dashboard.idempotency import Outcome
from dashboard.problems import Problem
from dashboard.shapes import iso
from dashboard.walls import keys
from database.pool import Connection

router = APIRouter(prefix="/api/v1/walls", tags=["operations"])


class NewWall(models.Body):
    name: str = Field(min_length=1, max_length=40, description="letters, digits, dots, dashes")


class MadeWall(BaseModel):
    id: int
    name: str
    token: str = Field(description="shown here once; works once, on the device that takes it")
    address: str = Field(description="to be opened on the wall's browser")


class WallEntry(BaseModel):
    id: int
    name: str
    created_at: datetime
    created_by: str
    entered_at: datetime | None = Field(description="when a device took the token; null: not yet")
    seen_at: datetime | None = Field(description="when the device was last seen, to the minute")
    seen_from: str | None = Field(description="the address that the device came from")
    revoked_at: datetime | None
    theme: Literal["dark", "light"]
    language: Literal["zh", "en", "both"]


class WallList(BaseModel):
    walls: list[WallEntry]


@router.get("", responses={200: {"model": WallList}})
def list_walls(use: Use) -> Response:
    """All walls there ever were, those in use first."""
    with use.pool.transaction() as conn:
        found = keys.walls(conn)
    return json_answer({"walls": [_json(one, use) for one in found]})


@router.post(
    "",
    status_code=201,
    responses={201: {"model": MadeWall}, 422: {"model": models.ProblemDocument}},
)
def add_wall(write: Writing, body: NewWall) -> Response:
    """Make a wall. The answer is not kept under an idempotency key: it has a secret in it."""
    try:
        with write.use.pool.transaction() as conn:
            number, token = keys.add(conn, body.name, write.who.name)
            write.audit(conn, "wall add", body.name)
    except keys.BadWall as error:
        raise refused("name", "name", str(error)) from error
    made = {"id": number, "name": body.name, "token": token, "address": f"/wall#token={token}"}
    return json_answer(made, 201)


@router.post("/{wall_id}/revoke", responses={200: {"model": WallList}})
def revoke_wall(write: Writing, wall_id: int) -> Response:
    """End a wall: its stream ends within seconds, and its screen says so."""

    def act(conn: Connection) -> Outcome:
        name = None
        if wall_id < 2**31:
            name = keys.revoke(conn, datetime.now(UTC), id_=wall_id)
        if name is None:
            return Outcome(404, Problem(404, f"there is no wall {wall_id} in use").body())
        write.audit(conn, "wall revoke", name)
        return Outcome(200, {"walls": [_json(one, write.use) for one in keys.walls(conn)]})

    return write.once(f"revoke wall {wall_id}", act)


def _json(one: keys.Wall, use: Services) -> dict[str, object]:
    look = use.settings.wall_of(one.name)
    return {
        "theme": look.theme,
        "language": look.language,
        "id": one.id,
        "name": one.name,
        "created_at": iso(one.created_at),
        "created_by": one.created_by,
        "entered_at": iso(one.entered_at),
        "seen_at": iso(one.seen_at),
        "seen_from": one.address,
        "revoked_at": iso(one.revoked_at),
    }
