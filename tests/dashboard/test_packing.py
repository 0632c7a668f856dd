"""Events packed once: their pieces fit behind each other, and each is heard at once."""

import asyncio
import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.stream.hub import OPENING, EventStream, Hub
from dashboard.stream.live import event
from dashboard.stream.packing import HEAD, packed, takes_packed
from tests.servers.loops import run


@given(st.lists(st.binary(min_size=1, max_size=5000), min_size=1, max_size=8))
def test_a_stream_of_pieces_says_each_event_when_its_piece_has_come(events):
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)
    assert unpack.decompress(HEAD) == b""
    for each in events:
        assert unpack.decompress(packed(each)) == each


def test_the_head_is_one_that_gzip_knows():
    body = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    data = body.compress(b"x") + body.flush()
    end = zlib.crc32(b"x").to_bytes(4, "little") + (1).to_bytes(4, "little")
    assert gzip.decompress(HEAD + data + end) == b"x"


def test_values_of_many_stations_become_much_smaller():
    stations = [{"id": f"B-{n}", "value": n / 7, "state": "fresh"} for n in range(500)]
    said = event("change", {"stations": stations})
    assert len(packed(said)) < len(said) / 3


@pytest.mark.parametrize(
    ("said", "takes"),
    [
        (None, False),
        (b"gzip, deflate, br", True),
        (b"GZIP;q=0.5", True),
        (b"gzip;q=0", False),
        (b"gzip; q=0.0", False),
        (b"br", False),
        (b"identity, xgzip", False),
    ],
)
def test_only_who_takes_gzip_gets_it(said, takes):
    headers = [(b"host", b"x")] + ([(b"accept-encoding", said)] if said is not None else [])
    assert takes_packed(headers) is takes


@pytest.mark.parametrize("said", [b"gzip", b"identity"])
def test_every_viewer_hears_the_same_however_it_is_packed(said):
    hello, change = event("hello", {"n": 1}), event("change", {"n": 2})
    sent = run(_heard(said, hello, change))
    headers = dict(sent[0]["headers"])
    body = b"".join(message["body"] for message in sent[1:])
    assert headers[b"vary"] == b"Accept-Encoding"
    if said == b"gzip":
        assert headers[b"content-encoding"] == b"gzip"
        body = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(body)
    else:
        assert b"content-encoding" not in headers
    assert body == OPENING + hello + change


async def _heard(said, hello, change):
    hub, sent = Hub(), []
    over = asyncio.Event()

    async def send(message):
        sent.append(message)
        if len(sent) == 3:
            hub.publish((2, change))
            _end(hub)

    async def receive():
        await over.wait()

    stream = EventStream(hub, lambda: (1, hello))
    await stream({"headers": [(b"accept-encoding", said)]}, receive, send)
    return sent


def _end(hub):
    for viewer in list(hub.viewers):
        viewer.queue.put_nowait(None)
