"""The one door to everything of the staff service: who asks, may they, and is it really them.

ASGI middleware around the whole application (pages, callbacks, stream, API, pictures, assets).
Deny by default: access.py says who may. It also puts the security headers on every answer.
"""

import hmac
import logging
import re
import time
from asyncio import Task, create_task
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote, urlsplit

import psycopg2
from anyio import sleep, to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard import problems
from dashboard.door import access, accounts, departments
from dashboard.door.accounts import Principal
from dashboard.door.attempts import Attempts
from dashboard.door.turns import Turns
from dashboard.problems import Problem
from dashboard.walls import keys
from database.pool import Connection, Pool

SESSION_COOKIE = "dongtai_session"
WALL_COOKIE = "dongtai_wall"
CSRF_COOKIE = "_csrf_token"  # Dash sends it back as the header by itself
CSRF_HEADER = "x-csrftoken"
PRINCIPAL = "dongtai.principal"  # its key in the ASGI scope
GATE = "dongtai.gate"
PASSWORD = "/password"  # noqa: S105 - its page's address
LARGEST_BODY = 2_000_000
# While the database is away, who was known this many seconds ago is still known: a desk shows what
# it has and says that the link is lost, instead of asking for a password that nobody can check.
REMEMBER_S = 600
LOOK_S = 1.5  # a revoked session's stream hears of it with the second beat, within five seconds
_SAFE = ("GET", "HEAD", "OPTIONS")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
Finder = Callable[[Connection, str, datetime], Principal | None]
WALL = "/wall"

log = logging.getLogger(__name__)


def security_headers(csp: str, *, https: bool) -> dict[str, str]:
    headers = {
        "Content-Security-Policy": csp,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    }
    return headers | ({"Strict-Transport-Security": "max-age=31536000"} if https else {})


def content_policy(script_hashes: Sequence[str], outside: str | None) -> str:
    """Scripts are ours or known by hash; styles may be inline, as React and MapLibre set them so.

    outside: the origin of map tiles that the operator allowed.
    """
    more = f" {outside}" if outside else ""
    return "; ".join(
        (
            "default-src 'none'",
            " ".join(("script-src 'self'", *script_hashes)),
            "style-src 'self' 'unsafe-inline'",
            f"img-src 'self' data: blob:{more}",
            "font-src 'self' data:",
            f"connect-src 'self'{more}",
            "worker-src 'self' blob:",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


UNNOTED = Problem(
    503,
    "an export is noted in the audit before it begins, and the database does not answer; "
    "try again in a few seconds",
    {"Retry-After": "5"},
)


async def _never() -> Message:
    raise AssertionError("an answer that is made already reads no request")


class Headered:
    """Puts the same headers on every answer, and no-store where the answer does not say."""

    def __init__(self, app: ASGIApp, headers: dict[str, str]) -> None:
        self.app, self.headers = app, headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def headered(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self.app(scope, receive, headered)


class Gate:
    """Finds out who asks, refuses who may not, and hands on the rest with its principal."""

    def __init__(
        self, app: ASGIApp, pool: Pool, session_hours: float, writes_per_minute: int
    ) -> None:
        self.app, self.pool, self.session_hours = app, pool, session_hours
        self.writes = Attempts(writes_per_minute)
        self._remembered: dict[bytes, tuple[Principal, float]] = {}
        self.watch = Watch(pool, session_hours)
        self.turns = Turns()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        try:
            scope[GATE] = self
            scope[PRINCIPAL] = await self._admit(scope)
        except Problem as problem:
            await _refusal(scope, problem)(scope, receive, send)
            return
        # A GET whose body the server keeps to itself.
        asked = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
        try:
            async with self.turns.turn(scope[PRINCIPAL], scope["path"]):
                await self.app(asked, receive, self._noting(scope, send))
        except Problem as problem:  # of the turn: the application answers its own
            await problem.response()(scope, receive, send)

    def _noting(self, scope: Scope, send: Send) -> Send:
        """What leaves the house as a file stands in the audit before its first byte, whichever
        route makes it; what cannot be noted does not leave."""
        withheld = False

        async def noting(message: Message) -> None:
            nonlocal withheld
            if withheld:
                return
            if message["type"] == "http.response.start" and message["status"] == 200:
                kind = Headers(raw=message["headers"]).get("content-disposition", "")
                if kind.startswith("attachment") and scope["method"] == "GET":
                    withheld = not await to_thread.run_sync(partial(self._note_export, scope))
            if withheld:
                await UNNOTED.response()(scope, _never, send)
            else:
                await send(message)

        return noting

    def _note_export(self, scope: Scope) -> bool:
        """Whether it stands in the audit now."""
        principal: Principal | None = scope[PRINCIPAL]
        if principal is None:
            return True
        query = scope["query_string"].decode("ascii")
        what = scope["path"] + (f"?{query}" if query else "")
        address = scope["client"][0] if scope.get("client") else "unknown"
        try:
            with self.pool.transaction() as conn:
                accounts.audit(conn, principal.name, "exported", what[:500], address)
        except psycopg2.Error as error:
            log.warning("%s may not export %s: %s", principal.name, what, str(error).strip())
            return False
        return True

    async def _admit(self, scope: Scope) -> Principal | None:
        headers, method, path = Headers(scope=scope), scope["method"], scope["path"]
        _check_body(headers)
        query: bytes = scope["query_string"]
        # Also because a pattern of Starlette's ends before a line break as at the end: an address
        # with one behind it would be another here than for the routes.
        if _CONTROL.search(path) or b"%00" in query or not query.isascii():
            raise Problem(400, "the address contains a character that has no place in one")
        route = access.find(method, path)
        if route is not None and route.right == access.ANYONE:
            if method not in _SAFE:
                check_origin(headers)
            return None
        principal, by_cookie = await self.who(headers)
        if principal is None:
            raise Problem(401, "sign in first, or send a token", {"WWW-Authenticate": "Bearer"})
        if route is None:
            raise Problem(405, f"{method} is not possible at {path}")
        if by_cookie and method not in _SAFE:
            check_origin(headers)
            if not route.form:
                _check_csrf(headers, principal)
        _check_right(principal, route)
        if method not in _SAFE and path != access.UPDATE:  # a callback of a page reads
            self._check_pace(principal)
        if principal.bound is not None and not departments.is_free(route):
            await to_thread.run_sync(partial(self._check_department, principal, route, path))
        return principal

    def _check_pace(self, principal: Principal) -> None:
        account = str(principal.account_id)
        if not self.writes.allow(account):
            seconds = self.writes.wait_s(account)
            raise Problem(
                429,
                f"{principal.name} has sent {self.writes.most} writes within a minute; "
                f"try again in {seconds} s",
                {"Retry-After": str(seconds)},
            )

    def _check_department(self, principal: Principal, route: access.Route, path: str) -> None:
        try:
            with self.pool.transaction() as conn:
                departments.check_address(conn, principal, route, path)
        except psycopg2.Error as error:
            log.warning("cannot look up whose %s is: %s", path, str(error).strip())
            raise problems.unavailable() from error

    async def who(self, headers: Headers) -> tuple[Principal | None, bool]:
        """Who asks, and whether by cookie. A bearer token comes first: it is meant."""
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return await self.known(token.strip(), by_cookie=False), False
        session = cookie(headers, SESSION_COOKIE)
        person = await self.known(session, by_cookie=True) if session else None
        wall = cookie(headers, WALL_COOKIE)
        return person or (await self._known(wall, keys.by_secret) if wall else None), True

    async def known(self, secret: str, *, by_cookie: bool) -> Principal | None:
        """Who holds this session or token now."""
        hours = self.session_hours
        by_session = partial(accounts.by_session, hours=hours)
        return await self._known(secret, by_session if by_cookie else accounts.by_token)

    async def _known(self, secret: str, find: Finder) -> Principal | None:
        key = accounts.digest(secret)
        try:
            principal = await to_thread.run_sync(partial(self._look_up, secret, find))
        except psycopg2.Error as error:
            return self._known_before(key, error)
        if principal is None:
            self._remembered.pop(key, None)
        else:
            self._remember(key, principal)
        return principal

    def _look_up(self, secret: str, find: Finder) -> Principal | None:
        with self.pool.transaction() as conn:
            return find(conn, secret, datetime.now(UTC))

    def _known_before(self, key: bytes, error: psycopg2.Error) -> Principal:
        principal, at = self._remembered.get(key, (None, 0.0))
        if principal is None or time.monotonic() - at > REMEMBER_S:
            log.warning("cannot look up who asks: %s", str(error).strip())
            raise problems.unavailable()
        return principal

    def _remember(self, key: bytes, principal: Principal) -> None:
        if len(self._remembered) > 10_000:
            self._remembered.clear()
        self._remembered[key] = (principal, time.monotonic())


class Watch:
    """Whether open streams may go on: one look at the database for all of them, apart from them.

    A stream must never wait for the database: it is what says that the database is away.
    """

    def __init__(self, pool: Pool, session_hours: float) -> None:
        self.pool, self.session_hours = pool, session_hours
        self._keys: dict[bytes, int] = {}  # how many streams each has open
        self._ended: set[bytes] = set()
        self._task: Task[None] | None = None

    @contextmanager
    def watched(self, key: bytes) -> Iterator[None]:
        """While a stream of this session or token is open."""
        self._keys[key] = self._keys.get(key, 0) + 1
        if self._task is None or self._task.done():
            self._task = create_task(self._look_on())
        try:
            yield
        finally:
            self._keys[key] -= 1
            if not self._keys[key]:
                del self._keys[key]

    async def still(self, key: bytes) -> bool:
        """At most LOOK_S old; while the database is away, what was known last."""
        return key not in self._ended

    async def _look_on(self) -> None:
        while keys := list(self._keys):
            try:
                alive = await to_thread.run_sync(partial(self._look, keys))
                self._ended = set(keys) - alive
            except psycopg2.Error as error:
                log.warning("cannot look who still watches: %s", str(error).strip())
            await sleep(LOOK_S)

    def _look(self, keys: list[bytes]) -> set[bytes]:
        with self.pool.transaction() as conn:
            return accounts.alive(conn, keys, datetime.now(UTC), self.session_hours)


def cookie(headers: Headers, name: str) -> str | None:
    try:
        morsel = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return None
    return morsel.value if morsel else None


def check_origin(headers: Headers) -> None:
    """Refuse what another site made a browser send; programs send no Origin."""
    origin = headers.get("origin")
    site = headers.get("sec-fetch-site")
    foreign = (
        urlsplit(origin).netloc != headers.get("host")
        if origin
        else site not in (None, "same-origin", "none")
    )
    if foreign:
        raise Problem(403, f"this request comes from another site ({origin or site})")


def same(given: str | None, expected: str | None) -> bool:
    """Compare secrets in constant time; nothing equals a missing one."""
    if not given or not expected:
        return False
    return hmac.compare_digest(given.encode(), expected.encode())


def _check_right(principal: Principal, route: access.Route) -> None:
    if principal.must_change and route.path not in access.BEFORE_CHANGE:
        raise Problem(403, f"choose a password of your own first, at {PASSWORD}", must_change=True)
    if not access.may(principal, route.right):
        raise Problem(403, f"the role {principal.role} may not {route.right}", role=principal.role)


def _check_csrf(headers: Headers, principal: Principal) -> None:
    if not same(headers.get(CSRF_HEADER), principal.csrf):
        raise Problem(
            403, f"the header X-CSRFToken is missing or wrong; send the cookie {CSRF_COOKIE} in it"
        )


def _check_body(headers: Headers) -> None:
    length = headers.get("content-length", "0")
    if not length.isdigit() or int(length) > LARGEST_BODY:
        raise Problem(413, f"the body has {length} bytes; {LARGEST_BODY} are the most")


def _refusal(scope: Scope, problem: Problem) -> ASGIApp:
    """A person is led to the sign-in page; everything else gets the problem.

    A wallboard has nobody who could sign in or try again: it is led to its own door, and tries.
    """
    if scope["path"] == WALL and scope["method"] in _SAFE:
        if problem.status == 401:
            query = scope["query_string"].decode()
            return RedirectResponse("/wall/enter" + (f"?{query}" if query else ""), 303)
        if problem.status == 503:
            problem.headers = {**(problem.headers or {}), "Refresh": "10"}
    if problem.status == 401 and scope["method"] in _SAFE and access.is_page(scope["path"]):
        here = scope["path"] + (
            "?" + scope["query_string"].decode() if scope["query_string"] else ""
        )
        return RedirectResponse(f"/sign-in?next={quote(here, safe='')}", 303)
    if "must_change" in problem.members and access.is_page(scope["path"]):
        return RedirectResponse(PASSWORD, 303)
    return problem.response()
