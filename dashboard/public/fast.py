"""The straight way for what everybody asks: raw ASGI from the snapshot, without a template."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

from dashboard.public.documents import Document
from dashboard.public.http import OPEN, REVALIDATE, SECURITY, head, unchanged
from dashboard.public.keeper import Keeper
from dashboard.public.snapshot import Snapshot
from dashboard.stream.packing import takes_packed
from dashboard.text import language_of

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

FIXED = {
    "/api/v1/stations": "stations",
    "/api/v1/cameras": "cameras",
    "/api/v1/warnings": "warnings",
    "/api/v1/warnings.atom": "warnings.atom",
    "/places.json": "places",
}


class Fast:
    """Answers GET and HEAD of the page and the fixed documents; all else goes to `app`.

    Every other answer gets the security headers here too, so that no route can forget them.
    """

    def __init__(self, app: App, keeper: Keeper, default: str) -> None:
        self._app, self._keeper, self._default = app, keeper, default
        self.served = 0
        # Searches wait here and not in threads, where the pages of places would wait behind them.
        self._searching = asyncio.Semaphore(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        self.served += 1
        if scope["method"] in ("GET", "HEAD"):
            found = await self._find(scope, self._keeper.snapshot)
            if found is not None:
                await _send(found, scope, send)
                return
        await self._app(_as_get(scope), receive, _secured(scope, send))

    async def _find(self, scope: Scope, snapshot: Snapshot) -> Document | None:
        path: str = scope["path"]
        if path == "/":
            return await self._page(scope, snapshot)
        name = FIXED.get(path)
        if name is None and path.startswith("/map/poster-"):
            name = path.removeprefix("/map/")
        return snapshot.fixed.get(name) if name else None

    async def _page(self, scope: Scope, snapshot: Snapshot) -> Document:
        """Made in a thread where it has to be made: streams and all others go on meanwhile."""
        query: bytes = scope["query_string"]
        asked = dict(parse_qsl(query.decode("latin-1"))) if query else {}
        accept = _header(scope, b"accept-language")
        lang = language_of(asked.get("lang"), accept, self._default)
        large = asked.get("size") == "large"
        if asked.get("q", "").strip():
            words = asked["q"].strip()[:60]
            async with self._searching:
                return await asyncio.to_thread(snapshot.search_page, lang, words, large=large)
        place = asked.get("place")
        found = snapshot.kept(lang, place, large=large)
        if found is None:
            found = await asyncio.to_thread(snapshot.page, lang, place, large=large)
        return found


def _as_get(scope: Scope) -> Scope:
    """HEAD is a GET whose body the server keeps to itself; a stream is nothing but its body."""
    if scope["method"] != "HEAD" or scope["path"] == "/live":
        return scope
    return {**scope, "method": "GET"}


async def _send(document: Document, scope: Scope, send: Send) -> None:
    packed = takes_packed(scope["headers"])
    known = document.status == 200 and unchanged(
        document, lambda name, _: _header(scope, name.encode())
    )
    more = OPEN if scope["path"] != "/" else ()
    lines = head(document, packed=packed and not known, cache=REVALIDATE, more=(*SECURITY, *more))
    body = b"" if known else document.packed if packed else document.body
    if not known:
        lines.append(("content-length", str(len(body))))
    await send(
        {
            "type": "http.response.start",
            "status": 304 if known else document.status,
            "headers": [(name.encode(), value.encode()) for name, value in lines],
        }
    )
    await send({"type": "http.response.body", "body": body if scope["method"] == "GET" else b""})


def _header(scope: Scope, name: bytes) -> str:
    for key, value in scope["headers"]:
        if key == name:
            return str(value.decode("latin-1"))
    return ""


def _secured(scope: Scope, send: Send) -> Send:
    more = (*SECURITY, *OPEN) if scope["path"].startswith(("/api/", "/live")) else SECURITY
    added = [(name.encode(), value.encode()) for name, value in more]

    async def wrapped(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            own = list(message.get("headers", []))
            # A cache on the way would choose how long alerts, or a 404, hold.
            unsaid = all(name != b"cache-control" for name, _ in own)
            message["headers"] = own + added + [(b"cache-control", b"no-cache")] * unsaid
        await send(message)

    return wrapped
