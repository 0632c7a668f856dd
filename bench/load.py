"""Requests over connections that stay open, as fast as they are answered: the load of `city`.

Also the ceiling: a server that does nothing but give the same bytes, without reading the request
further than its end. Both are processes of their own: `python -m bench.load ask | serve ...`.
"""

import argparse
import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

import uvloop

END = b"\r\n\r\n"


@dataclass(frozen=True)
class Asked:
    """What came of one run: latencies in milliseconds, refused: answers that were not 200."""

    requests: int
    refused: int
    seconds: float
    median_ms: float
    p95_ms: float
    p99_ms: float

    @property
    def a_second(self) -> float:
        return self.requests / self.seconds


class Asker(asyncio.Protocol):
    """One connection: the next request leaves when the whole answer to the last one is there."""

    def __init__(self, request: bytes, took: list[float]) -> None:
        self._request, self._took = request, took
        self.refused, self.stopped = 0, False
        self._held, self._need, self._begun = 0, 0, 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by birth
        self._ask()

    def data_received(self, data: bytes) -> None:
        if not self._need:
            head, _, _ = data.partition(END)
            self._need = len(head) + len(END) + _length(head)
            self.refused += not head.startswith(b"HTTP/1.1 200")
        self._held += len(data)
        if self._held < self._need:
            return
        self._took.append(time.perf_counter() - self._begun)
        if self.stopped:
            self._transport.close()
        else:
            self._ask()

    def _ask(self) -> None:
        self._held = self._need = 0
        self._begun = time.perf_counter()
        self._transport.write(self._request)


class Bare(asyncio.Protocol):
    """The least that a server can do: the same bytes for whatever is asked."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by birth

    def data_received(self, data: bytes) -> None:
        if data.endswith(END):
            self._transport.write(self._answer)


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise ValueError(f"an answer without its length: {head[:200]!r}")


async def _ask(port: int, path: str, connections: int, seconds: float) -> Asked:
    request = (
        f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n"
        "user-agent: Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Mobile Safari/537.36\r\n"
        "accept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8\r\n"
        "accept-language: zh-CN,zh;q=0.9\r\naccept-encoding: gzip, deflate, br\r\n\r\n"
    ).encode()
    took: list[float] = []
    loop = asyncio.get_running_loop()
    begun = time.perf_counter()
    made = [
        await loop.create_connection(lambda: Asker(request, took), "127.0.0.1", port)
        for _ in range(connections)
    ]
    await asyncio.sleep(seconds)
    elapsed = time.perf_counter() - begun
    found, refused = sorted(took), sum(asker.refused for _, asker in made)
    for transport, asker in made:
        asker.stopped = True
        transport.close()
    return Asked(
        len(found),
        refused,
        elapsed,
        *(1000 * found[int(q * len(found))] for q in (0.5, 0.95, 0.99)),
    )


async def _serve(port: int, answer: bytes) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Bare(answer), "127.0.0.1", port)
    sys.stdout.write("listens\n")
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__)
    parser.add_argument("what", choices=("ask", "serve"))
    parser.add_argument("port", type=int)
    parser.add_argument("given", help="ask: the path; serve: the file with the answer")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=8.0)
    asked = parser.parse_args()
    if asked.what == "serve":
        uvloop.run(_serve(asked.port, Path(asked.given).read_bytes()))
    else:
        found = uvloop.run(_ask(asked.port, asked.given, asked.connections, asked.seconds))
        sys.stdout.write(json.dumps(asdict(found)) + "\n")


if __name__ == "__main__":
    main()
