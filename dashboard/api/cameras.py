"""Cameras and their pictures; staff only: what the public sees is released one by one."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Header, Query
from starlette.requests import Request
from starlette.responses import Response

from dashboard import pictures
from dashboard.api import models
from dashboard.api.common import Use, Who, json_answer
from dashboard.door.accounts import audit, saw
from dashboard.door.signin import address_of
from dashboard.moments import moment, span
from dashboard.pictures import CameraRow, Picture
from dashboard.problems import Problem
from dashboard.shapes import Json, age_of, age_state, iso
from sensors.reading import Origin

router = APIRouter(tags=["cameras"])


@router.get("/api/v1/cameras", responses={200: {"model": models.CameraList}})
def list_cameras(use: Use) -> Response:
    """Every camera with its newest picture's time and age."""
    now = datetime.now(UTC)
    with use.pool.transaction() as conn:
        found = pictures.cameras(conn)
    return json_answer({"cameras": [_camera(row, now) for row in found]})


@router.get("/api/v1/cameras/{code}/pictures", responses={200: {"model": models.PictureList}})
def list_pictures(
    use: Use,
    code: str,
    from_: Annotated[str | None, Query(alias="from")] = None,
    to: str | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> Response:
    """The pictures taken in [from, to), newest first; default the last day."""
    since, until = span(from_, to, datetime.now(UTC), timedelta(days=1))
    with use.pool.transaction() as conn:
        found = pictures.listed(conn, code, since, until, limit)
    listed = [
        {"t": iso(at), "received_at": iso(came), "picture": _address(code, at), "released": out}
        for at, came, out in found
    ]
    return json_answer({"camera": code, "pictures": listed})


@router.get("/cam/{code}.jpg", response_class=Response)
def show_picture(
    use: Use,
    who: Who,
    request: Request,
    code: str,
    t: Annotated[str | None, Query(description="the newest not after this time")] = None,
    size: Literal["full", "thumb"] = "full",
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """The newest picture, or the one of a time. X-Taken-At says when it was taken."""
    at = moment(t, "t")
    with use.pool.transaction() as conn:
        picture = pictures.find(conn, code, at)
        if picture is None:
            raise Problem(404, f"there is no picture of {code!r}" + (f" at {t}" if t else ""))
        headers = picture_headers(
            picture.taken_at, picture.sha256, size, exact=picture.taken_at == at
        )
        if known(if_none_match, headers["ETag"]):
            return Response(status_code=304, headers=headers)
        content = pictures.content(conn, picture, thumbnail=size == "thumb")
        if size == "full":
            saw(conn, who.name, "opened pictures of", code, address_of(request))
    if content is None:
        raise Problem(404, f"the picture of {code!r} is no longer kept")
    media_type = "image/jpeg" if size == "thumb" else picture.media_type
    return Response(content, media_type=media_type, headers=headers)


@router.post("/api/v1/cameras/{code}/release", responses={200: {"model": models.Picture}})
def release_picture(
    use: Use, who: Who, request: Request, code: str, body: models.Release
) -> Response:
    """Show one picture to the public: its masked copy, or the original on the sender's word."""
    if body.t.tzinfo is None:
        raise Problem(400, "t has no time zone")
    now = datetime.now(UTC)
    with use.pool.transaction() as conn:
        picture = pictures.find(conn, code, body.t)
        if picture is None or picture.taken_at != body.t:
            raise Problem(404, f"there is no picture of {code!r} taken at {iso(body.t)}")
        if not pictures.release(conn, picture, who.name, now, unmasked=body.unmasked):
            raise Problem(409, "this picture has no masked copy; mask it first")
        audit(
            conn, who.name, "released a picture", f"{code} {iso(picture.taken_at)}",
            address_of(request), unmasked=body.unmasked,
        )  # fmt: skip
    return json_answer(_released(code, picture))


def picture_headers(taken_at: datetime, sha256: bytes, size: str, *, exact: bool) -> dict[str, str]:
    """ETag of content and size; a picture asked for by its very time will not change."""
    return {
        "ETag": f'"{sha256.hex()[:32]}-{size}"',
        "Last-Modified": format_datetime(taken_at.astimezone(UTC), usegmt=True),
        "X-Taken-At": str(iso(taken_at)),
        "Cache-Control": "private, max-age=86400" if exact else "private, no-cache",
    }


def known(if_none_match: str | None, etag: str) -> bool:
    """Whether the browser has this very picture."""
    tags = [tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")]
    return etag in tags or "*" in tags


def _camera(row: CameraRow, now: datetime) -> Json:
    age_s = age_of(row.newest, now)
    address = _address(row.code, row.newest) if row.newest else None
    return {
        "code": row.code,
        "names": {"zh": row.name_zh, "en": row.name_en},
        "interval_s": row.interval_s,
        "state": age_state(age_s, row.interval_s),
        "newest": iso(row.newest),
        "age_s": None if age_s is None else round(age_s, 1),
        "origin": None if row.origin is None else Origin(row.origin).word,
        "width": row.width,
        "height": row.height,
        "picture": address,
        "thumbnail": f"{address}&size=thumb" if address else None,
        "public": row.public,
        "released": iso(row.released),
    }


def _released(code: str, picture: Picture) -> Json:
    return {
        "t": iso(picture.taken_at),
        "picture": _address(code, picture.taken_at),
        "released": True,
    }


def _address(code: str, at: datetime) -> str:
    return f"/cam/{quote(code)}.jpg?t={quote(str(iso(at)))}"
