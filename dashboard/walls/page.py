"""The wallboard: its page (plain HTML, no Dash), its stream, and the door where a device enters."""

import hashlib
import json
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from anyio import to_thread
from fastapi import APIRouter
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response

from dashboard.api.common import Services, json_answer
from dashboard.api.footprints import present
from dashboard.door.accounts import Principal, audit
from dashboard.door.attempts import Attempts
from dashboard.door.gate import GATE, PRINCIPAL, WALL_COOKIE, Gate, cookie
from dashboard.door.signin import LANGUAGE_COOKIE, TEMPLATES, address_of, read_form
from dashboard.pages.strings import URLS, page_data
from dashboard.pages.tokens import ASSETS
from dashboard.problems import Problem
from dashboard.settings import WallSettings
from dashboard.stream.hub import EventStream, Hub
from dashboard.text import language_of, text
from dashboard.walls import facts, keys
from sensors.air.aqi_tables import CATEGORIES

# The longest that browsers keep a cookie; each load of the page begins it anew.
COOKIE_S = 400 * 86400
WALL_URLS = {
    "live": "/wall/live",
    "ask": "/wall/version",
    "version": "/wall/version",
    "facts": "/wall/facts",
}
ENTER_FILES = {"enter.mjs": "text/javascript", "style.css": "text/css"}


class WallPage:
    """The routes under /wall with what they need."""

    def __init__(self, services: Services, hub: Hub) -> None:
        self.use, self.hub = services, hub
        self.settings = services.settings
        self.attempts = Attempts(self.settings.staff.attempts_per_minute)
        self.templates = Environment(
            loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined
        )
        self.build = build(ASSETS, TEMPLATES, self.settings.model_dump_json())
        self.router = APIRouter(include_in_schema=False)
        add = partial(self.router.add_api_route, methods=["GET"])
        add("/wall", self.page)
        add("/wall/live", self.live)
        add("/wall/version", self.version)
        add("/wall/facts", self.facts)
        add("/wall/enter", self.door)
        add("/wall/enter/{name}", self.file)
        self.router.add_api_route("/wall/enter", self.enter, methods=["POST"])

    async def page(self, request: Request) -> Response:
        who: Principal = request.scope[PRINCIPAL]
        wall = self.settings.wall_of(who.name)
        chosen = request.cookies.get(LANGUAGE_COOKIE) if who.role != keys.ROLE else None
        lang = language_of(chosen, None, "zh" if wall.language == "both" else wall.language)
        answer = self._render(
            "wall.html",
            lang,
            theme=wall.theme,
            page=json.dumps(self._data(who, wall, lang), ensure_ascii=False).replace(
                "<", "\\u003c"
            ),
        )
        secret = cookie(Headers(scope=request.scope), WALL_COOKIE)
        if who.role == keys.ROLE and secret:
            self._keep(answer, secret)
        return answer

    async def live(self, request: Request) -> Response:
        """As /live, with what a wall may see."""
        gate: Gate = request.scope[GATE]
        headers = Headers(scope=request.scope)

        async def still() -> bool:
            try:
                return (await gate.who(headers))[0] is not None
            except Problem:
                return True  # the database is away: the screen is told so by `lost`

        return EventStream(self.hub, self.use.live.wall_hello, still)

    async def version(self) -> Response:
        """What is served now: a wall that has another one loads its page anew."""
        return json_answer({"version": self.build})

    def facts(self) -> Response:
        now = self.use.live.now()
        with self.use.pool.transaction() as conn:
            found = {
                "water": facts.water(conn, now.astimezone(self.settings.zone)),
                "rain": facts.rain(conn, now),
                "footprints": [facts.footprint(one) for one in present(conn, self.use.ground, now)],
            }
        return json_answer(found)

    async def door(self, request: Request) -> Response:
        lang = language_of(request.cookies.get(LANGUAGE_COOKIE), None, self.settings.language)
        return self._render("wall_enter.html", lang, theme="")

    async def file(self, name: str) -> Response:
        if name not in ENTER_FILES:
            raise Problem(404, f"there is nothing at /wall/enter/{name}")
        content = TEMPLATES / f"wall_{name}" if name == "enter.mjs" else TEMPLATES / "sign_in.css"
        headers = {"Cache-Control": "no-cache"}
        return Response(content.read_text("utf-8"), 200, headers, ENTER_FILES[name])

    async def enter(self, request: Request) -> Response:
        """A device takes its token, and holds a secret of its own from then on."""
        address = address_of(request)
        if not self.attempts.allow(address):
            raise Problem(429, "too many attempts from this address; wait a minute")
        token = (await read_form(request)).get("token", "")
        found = await to_thread.run_sync(partial(self._enter, token, address))
        if found is None:
            raise Problem(422, "this token is not valid, or a device has taken it already")
        answer = Response(status_code=204)
        self._keep(answer, found)
        return answer

    def _enter(self, token: str, address: str) -> str | None:
        with self.use.pool.transaction() as conn:
            found = keys.enter(conn, token, datetime.now(UTC), address)
            if found is None:
                audit(conn, "wall", "wall refused", None, address)
                return None
            audit(conn, found[0], "wall entered", found[0], address)
            return found[1]

    def _keep(self, answer: Response, secret: str) -> None:
        answer.set_cookie(
            WALL_COOKIE,
            secret,
            max_age=COOKIE_S,
            httponly=True,
            samesite="lax",
            secure=self.settings.staff.secure_cookies,
        )

    def _data(self, who: Principal, wall: WallSettings, lang: str) -> dict[str, object]:
        zone = self.settings.time_zone
        data = page_data(lang, zone, {}, who.name)
        data["urls"] = {**URLS, **WALL_URLS}
        aqi = [{"top": each.to, "zh": each.name[0], "en": each.name[1]} for each in CATEGORIES]
        named = {"name": who.name, "version": self.build, "aqi": aqi}
        data["wall"] = wall.model_dump() | named
        if wall.language == "both":
            both = {each: page_data(each, zone, {}, "") for each in ("zh", "en")}
            data["tongues"] = {
                each: {"texts": one["texts"], "words": one["words"]} for each, one in both.items()
            }
            for each in ("zh", "en"):
                data["tongues"][each]["title"] = getattr(self.settings.title, each)
        return data

    def _render(self, template: str, lang: str, **values: object) -> Response:
        content = self.templates.get_template(template).render(
            t=text(lang), lang=lang, title=getattr(self.settings.title, lang), **values
        )
        return Response(content, media_type="text/html")


def build(assets: Path, templates: Path, settings: str) -> str:
    """One word for all that a wall has loaded: other files or settings are another word."""
    digest = hashlib.sha256(settings.encode())
    for folder in (assets, templates):
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]
