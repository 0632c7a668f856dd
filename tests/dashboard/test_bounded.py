"""What a client may send before anybody looks at it, by the staff service as it runs."""

import socket
import threading
import time
from urllib.parse import urlsplit

import pytest

from dashboard import bounded
from tests.dashboard.conftest import Desk, until
from tests.servers.raw import status

HEAD = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
FORM = b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"


@pytest.mark.parametrize(
    "head",
    [
        b"GET /healthz?" + b"a=b&" * 30_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        HEAD + b"Cookie: " + b"a=b; " * 20_000 + b"\r\n\r\n",
        HEAD + b"".join(b"x-%d: y\r\n" % n for n in range(10_000)) + b"\r\n",
    ],
    ids=["address", "cookies", "headers"],
)
def test_a_head_that_is_too_long_is_refused_in_words(shared_desk, head):
    assert status(shared_desk.url, [head]) == 431


def test_a_long_head_that_comes_in_pieces_is_none_too_long(shared_desk):
    head = HEAD + b"Cookie: " + b"a=b; " * 10_000 + b"\r\n\r\n"
    assert status(shared_desk.url, [head[:1000], head[1000:30_000], head[30_000:]]) == 200
    body = b"name=" + b"a" * 500_000
    form = FORM + b"Content-Length: %d\r\n\r\n" % len(body) + body
    assert status(shared_desk.url, [form[:50], form[50:]]) == 413


@pytest.mark.parametrize("begin", [b"GET /", HEAD + b"X: ", HEAD], ids=["url", "value", "lines"])
def test_a_head_without_end_is_refused_and_holds_nobody_up(shared_desk, begin):
    # A busy machine may hold a visitor up now and then; the server would each time.
    assert any(longest_wait(shared_desk, begin) < 2 for _ in range(5))


def longest_wait(shared_desk: Desk, begin: bytes) -> float:
    """Of those who ask for something else while a head without end is sent."""
    piece = b"x: y\r\n" * 20_000 if begin == HEAD else b"a" * 100_000
    waits: list[float] = []
    done = threading.Event()

    def visit():
        with shared_desk.client() as other:
            while not (done.is_set() and waits):
                began = time.monotonic()
                assert other.get("/healthz").status_code == 200
                waits.append(time.monotonic() - began)

    visitor = threading.Thread(target=visit)
    visitor.start()
    began = time.monotonic()
    # The server may close before the client has read why: it is still sending then.
    assert status(shared_desk.url, [begin, *[piece] * 300]) in (431, None)
    assert time.monotonic() - began < 5
    done.set()
    visitor.join()
    return max(waits)


def test_a_body_without_its_length_is_not_read(shared_desk):
    chunks = [FORM + b"Transfer-Encoding: chunked\r\n\r\n", *[b"5;" + b"x" * 100_000] * 50]
    assert status(shared_desk.url, chunks[:1]) == 411
    assert status(shared_desk.url, chunks) in (411, None)


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (b"", None),
        (b"\r\n", None),
        (HEAD, 408),
        (FORM + b"Content-Length: 100\r\n\r\nname=", None),
    ],
    ids=["nothing", "a break", "half a head", "half a body"],
)
def test_who_does_not_come_to_the_end_is_shown_out(shared_desk, monkeypatch, said, answer):
    monkeypatch.setattr(bounded, "WHOLE_WITHIN_S", 0.3)
    assert status(shared_desk.url, [said], within_s=60) == answer


def test_who_listens_and_takes_nothing_is_shown_out(shared_desk, monkeypatch):
    monkeypatch.setattr(bounded, "TAKES_WITHIN_MS", 500)
    where, key = urlsplit(shared_desk.url), shared_desk.tokens["viewer"].encode()
    viewers = shared_desk.staff.live.hub.viewers
    before = len(viewers)
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        line.connect((where.hostname, where.port))
        line.sendall(b"GET /live HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + key + b"\r\n\r\n")
        until(lambda: len(viewers) > before)
        until(lambda: len(viewers) == before)


def test_who_has_said_all_may_listen_on(shared_desk, monkeypatch):
    monkeypatch.setattr(bounded, "WHOLE_WITHIN_S", 0.3)
    with shared_desk.client("viewer") as viewer, viewer.stream("GET", "/live") as stream:
        began = time.monotonic()
        for _ in stream.iter_bytes():
            if time.monotonic() - began > 1:
                break
        assert time.monotonic() - began > 1
        assert viewer.get("/healthz").status_code == 200
