"""Signing in and out: two plain HTML forms that work without a line of script."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from math import ceil
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from dashboard.door import accounts
from dashboard.door.accounts import Lock, Principal, Refused
from dashboard.door.attempts import Attempts
from dashboard.door.gate import CSRF_COOKIE, PRINCIPAL, SESSION_COOKIE, cookie, same
from dashboard.problems import Problem
from dashboard.settings import DashboardSettings
from dashboard.text import language_of, text
from dashboard.wording import clock_text, word
from database.pool import Pool

LANGUAGE_COOKIE = "lang"  # also set by the desk's own switch
TEMPLATES = Path(__file__).parents[1] / "templates"
# These pages need nothing but their own style sheet.
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
_LONGEST_FORM = 10_000
# Checking a password takes 64 MB and a connection: two at once, however many try; the rest wait
# without holding anything that the desks need.
_AT_ONCE = 2


class Strangers:
    """Locks names that do not exist just as those that do, so that a lock betrays nothing."""

    def __init__(self, lock: Lock) -> None:
        self.lock = lock
        self._failed: dict[str, tuple[int, datetime | None]] = {}

    def refuse(self, name: str, now: datetime) -> Refused:
        if len(self._failed) > 10_000:
            self._failed.clear()
        count, until = self._failed.get(name, (0, None))
        if until is not None and until > now:
            return Refused("locked", until)
        until = now + timedelta(minutes=self.lock.minutes)
        full = count + 1 >= self.lock.after
        self._failed[name] = (0, until) if full else (count + 1, None)
        return Refused("locked", until) if full else Refused("wrong")


class SignIn:
    """The pages' routes with what they need: the database and the settings."""

    def __init__(self, pool: Pool, settings: DashboardSettings) -> None:
        self.pool, self.settings = pool, settings
        self.attempts = Attempts(settings.staff.attempts_per_minute)
        staff = settings.staff
        self.lock = Lock(staff.lock_after, staff.lock_minutes, staff.one_time_hours)
        self.strangers = Strangers(self.lock)
        self.limiter = CapacityLimiter(_AT_ONCE)
        self.templates = Environment(
            loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined
        )
        self.router = APIRouter(include_in_schema=False)
        self.router.add_api_route("/sign-in", self.form, methods=["GET"])
        self.router.add_api_route("/sign-in", self.enter, methods=["POST"])
        self.router.add_api_route("/sign-in/{name}", style, methods=["GET"])
        self.router.add_api_route("/sign-out", self.ask, methods=["GET"])
        self.router.add_api_route("/sign-out", self.leave, methods=["POST"])

    async def form(self, request: Request) -> Response:
        return self._page(request, request.query_params.get("next"))

    async def enter(self, request: Request) -> Response:
        form = await read_form(request)
        address = address_of(request)
        next_ = form.get("next")
        if not self.attempts.allow(address):
            again = partial(self._page, request, next_)
            return self.too_many(request, again)
        name, password = form.get("name", "").strip(), form.get("password", "")
        agent = request.headers.get("user-agent", "")
        before = cookie(Headers(scope=request.scope), SESSION_COOKIE)
        attempt = partial(self._try, name, password, address, agent, before)
        found = await to_thread.run_sync(attempt, limiter=self.limiter)
        if isinstance(found, Refused):
            message = self.why(found, request)
            answer = self._page(request, next_, message, _status(found), name=name)
            if found.until is not None:
                left = max(1, ceil((found.until - datetime.now(UTC)).total_seconds()))
                answer.headers["Retry-After"] = str(left)
            return answer
        return self._welcome(request, *found, next_=next_)

    async def ask(self, request: Request) -> Response:
        principal: Principal = request.scope[PRINCIPAL]
        return self.render(request, "sign_out.html", principal=principal)

    async def leave(self, request: Request) -> Response:
        principal: Principal = request.scope[PRINCIPAL]
        form = await read_form(request)
        given = form.get("csrf") or request.headers.get("x-csrftoken")
        if not same(given, principal.csrf):
            raise Problem(403, "the form is not from this session; open /sign-out and try again")
        token = cookie(Headers(scope=request.scope), SESSION_COOKIE) or ""
        await to_thread.run_sync(partial(self._close, token, principal, address_of(request)))
        answer = RedirectResponse("/sign-in", 303)
        answer.delete_cookie(SESSION_COOKIE)
        answer.delete_cookie(CSRF_COOKIE)
        return answer

    def _try(
        self, name: str, password: str, address: str, agent: str, before: str | None
    ) -> Refused | tuple[str, str]:
        """Check, count, note and open a session: one transaction each way.

        before: the session whose cookie the new one takes the place of.
        """
        staff, now = self.settings.staff, datetime.now(UTC)
        with self.pool.transaction() as conn:
            found = accounts.verify_password(conn, name, password, now, self.lock)
            if isinstance(found, Refused) and found.reason == "stranger":
                found = self.strangers.refuse(name, now)
            if isinstance(found, Refused):
                reason = found.reason
                accounts.audit(conn, name[:80], "sign-in refused", None, address, reason=reason)
                return found
            accounts.audit(conn, found.name, "signed in", None, address)
            if before:
                accounts.close_session(conn, before)
            return accounts.open_session(
                conn, found.account_id, now, staff.session_hours, address=address, agent=agent
            )

    def _close(self, token: str, principal: Principal, address: str) -> None:
        with self.pool.transaction() as conn:
            accounts.close_session(conn, token)
            accounts.audit(conn, principal.name, "signed out", None, address)

    def _welcome(self, request: Request, token: str, csrf: str, next_: str | None) -> Response:
        answer = RedirectResponse(local_path(next_), 303)
        secure = self.settings.staff.secure_cookies
        # The session's end is the database's; the cookie lives as long as the browser allows.
        age = int(self.settings.staff.session_hours * 3600) + 30 * 86400
        answer.set_cookie(
            SESSION_COOKIE, token, max_age=age, httponly=True, samesite="lax", secure=secure
        )
        answer.set_cookie(CSRF_COOKIE, csrf, max_age=age, samesite="lax", secure=secure)
        if request.query_params.get("lang"):
            answer.set_cookie(LANGUAGE_COOKIE, self.language(request), max_age=age, samesite="lax")
        return answer

    def why(self, refused: Refused, request: Request, *, old: bool = False) -> str:
        """old: it is the old password that was asked for, of a name that is known."""
        t = text(self.language(request))
        if refused.reason == "expired":
            return t("This one-time password has expired. Ask an administrator for a new one.")
        if refused.until is None:
            return t("The old password is wrong.") if old else t("Name or password is wrong.")
        until = clock_text(refused.until, datetime.now(UTC), self.settings.zone)
        return t("Too many wrong passwords: this name is locked until {until}.", until=until)

    def too_many(self, request: Request, page: Callable[[str, int], Response]) -> Response:
        """The address has tried too often; Retry-After says when it may again."""
        seconds = self.attempts.wait_s(address_of(request))
        t = text(self.language(request))
        said = t("Too many attempts from this address. Try again in {n} s.", n=seconds)
        answer = page(said, 429)
        answer.headers["Retry-After"] = str(seconds)
        return answer

    def _page(
        self,
        request: Request,
        next_: str | None,
        message: str = "",
        status: int = 200,
        *,
        name: str = "",
    ) -> Response:
        return self.render(
            request,
            "sign_in.html",
            status=status,
            next=local_path(next_),
            message=message,
            name=name,
        )

    def render(
        self, request: Request, template: str, *, status: int = 200, **values: object
    ) -> Response:
        lang = self.language(request)
        page = self.templates.get_template(template).render(
            t=text(lang),
            lang=lang,
            other="en" if lang == "zh" else "zh",
            title=getattr(self.settings.title, lang),
            theme=theme if (theme := request.cookies.get("theme")) in ("light", "dark") else "",
            word=word,
            **values,
        )
        return HTMLResponse(page, status, {"Content-Security-Policy": POLICY})

    def language(self, request: Request) -> str:
        chosen = request.query_params.get("lang") or request.cookies.get(LANGUAGE_COOKIE)
        return language_of(chosen, None, self.settings.language)


async def style(name: str) -> Response:
    """The pages' one style sheet, for who is not signed in."""
    if name != "style.css":
        raise Problem(404, f"there is nothing at /sign-in/{name}")
    content = (TEMPLATES / "sign_in.css").read_text("utf-8")
    return Response(content, media_type="text/css", headers={"Cache-Control": "max-age=300"})


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a posted form; the first value of each. No text of the database has a NUL."""
    body = await request.body()
    if len(body) > _LONGEST_FORM:
        raise Problem(413, f"the form has {len(body)} bytes; {_LONGEST_FORM} are the most")
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    return {key: values[0].replace("\0", "\ufffd") for key, values in fields.items()}


def local_path(wanted: str | None) -> str:
    """Where to go on: a path of ours, else the front page; other hosts in disguise are not."""
    path = wanted or "/"
    parts = urlsplit(path)
    odd = "\\" in path or any(ord(character) < 33 for character in path)
    if odd or parts.scheme or parts.netloc or not path.startswith("/") or path.startswith("//"):
        return "/"
    return "/" if path.startswith(("/sign-in", "/sign-out")) else path


def address_of(request: Request) -> str:
    return request.client.host if request.client else "unknown"


def _status(refused: Refused) -> int:
    return 401 if refused.until is None else 423
