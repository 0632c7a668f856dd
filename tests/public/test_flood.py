"""Many who search at once: nobody else waits behind them."""

import asyncio
import threading
from types import SimpleNamespace
from typing import Any

from dashboard.public.documents import document
from dashboard.public.fast import Fast
from dashboard.public.snapshot import HTML
from tests.servers.loops import run

SEARCHES = 100  # more than there are threads


def test_the_page_of_a_place_does_not_wait_behind_searches() -> None:
    go_on = threading.Event()

    def search_page(*_: object, **__: object) -> object:
        go_on.wait(60)
        return document(b"found", HTML)

    snapshot = SimpleNamespace(
        search_page=search_page,
        kept=lambda *_, **__: None,
        page=lambda *_, **__: document(b"place", HTML),
    )
    keeper: Any = SimpleNamespace(snapshot=snapshot)

    async def ask(fast: Fast, query: bytes) -> bytes:
        said = b""

        async def send(message: Any) -> None:
            nonlocal said
            said += message.get("body", b"")

        scope = {"type": "http", "method": "GET", "path": "/", "query_string": query, "headers": []}
        await fast(scope, send, send)  # it asks for no body
        return said

    async def crowd() -> None:
        fast = Fast(keeper, keeper, "zh")
        searches = [asyncio.create_task(ask(fast, b"q=x")) for _ in range(SEARCHES)]
        await asyncio.sleep(0)
        try:
            assert await asyncio.wait_for(ask(fast, b"place=R-02"), 50) == b"place"
        finally:
            go_on.set()
        assert set(await asyncio.gather(*searches)) == {b"found"}

    run(crowd())
