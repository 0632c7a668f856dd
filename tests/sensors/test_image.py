"""A picture is checked before a pixel is decoded; what is no whole picture is refused in words."""

import struct
import time
import zlib
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensors import exif
from sensors.image import inspect
from sensors.picture_format import MOST_SCANS, read_header
from sensors.reading import BadPayload

DATA = Path(__file__).parent / "data"
DAY, NIGHT = (DATA / "gauge_day.jpg").read_bytes(), (DATA / "gauge_night.jpg").read_bytes()


def encoded(kind: str, width: int = 64, height: int = 48) -> bytes:
    """A picture whose upper left quarter is white."""
    image = np.zeros((height, width, 3), np.uint8)
    image[: height // 2, : width // 2] = 255
    return cv2.imencode(kind, image)[1].tobytes()


JPEG, PNG = encoded(".jpg"), encoded(".png")


def tiff(order: str = "<", *, taken: str = "", offset: str = "", turned: int = 1) -> bytes:
    """An EXIF block with orientation, DateTimeOriginal and OffsetTimeOriginal."""
    head = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(f"{order}I", 8)
    texts = [(0x9003, taken), (0x9011, offset)]
    first = struct.pack(f"{order}H", 2)
    first += struct.pack(f"{order}HHIHH", 0x0112, 3, 1, turned, 0)
    first += struct.pack(f"{order}HHII", 0x8769, 4, 1, 8 + 2 + 24 + 4) + bytes(4)
    at = 8 + len(first) + 2 + 12 * len(texts) + 4
    entries, tail = struct.pack(f"{order}H", len(texts)), b""
    for tag, text in texts:
        content = text.encode() + b"\0"
        entries += struct.pack(f"{order}HHII", tag, 2, max(5, len(content)), at + len(tail))
        tail += content.ljust(5, b"\0")
    return head + first + entries + bytes(4) + tail


def with_exif(block: bytes, jpeg: bytes = JPEG) -> bytes:
    body = b"Exif\0\0" + block
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


def png_with(kind: bytes, body: bytes) -> bytes:
    """PNG with one more chunk behind its header."""
    check = struct.pack(">I", zlib.crc32(kind + body))
    return PNG[:33] + struct.pack(">I", len(body)) + kind + body + check + PNG[33:]


def refused(payload: bytes, max_pixels: int = 1_000_000) -> BadPayload:
    with pytest.raises(BadPayload) as caught:
        inspect(payload, max_pixels, 64)
    assert str(caught.value).isprintable()
    return caught.value


def outcome(payload: bytes) -> str:
    try:
        inspect(payload, 100_000, 32)
    except BadPayload as error:
        return error.code
    return "a picture"


def with_size(width: int, height: int) -> bytes:
    """The JPEG with another size written into its header."""
    at = JPEG.index(b"\xff\xc0") + 5
    return JPEG[:at] + struct.pack(">HH", height, width) + JPEG[at + 4 :]


@pytest.mark.parametrize("payload", [DAY, NIGHT], ids=["day", "infrared night"])
def test_a_real_camera_picture_gets_its_thumbnail(payload):
    picture = inspect(payload, 40_000_000, 480)
    assert picture.media_type == "image/jpeg"
    assert (picture.width, picture.height) == (800, 600)
    assert read_header(picture.thumbnail).width == 480
    assert read_header(picture.thumbnail).height == 360
    assert len(picture.thumbnail) < len(payload) / 2
    small = cv2.imdecode(np.frombuffer(picture.thumbnail, np.uint8), cv2.IMREAD_COLOR)
    whole = cv2.imdecode(np.frombuffer(payload, np.uint8), cv2.IMREAD_COLOR)
    same = cv2.resize(whole, (480, 360), interpolation=cv2.INTER_AREA)
    assert np.abs(small.astype(int) - same).mean() < 5


def test_a_png_is_a_picture_too():
    picture = inspect(PNG, 1_000_000, 32)
    assert (picture.media_type, picture.width, picture.height) == ("image/png", 64, 48)
    assert read_header(picture.thumbnail).media_type == "image/jpeg"


def test_a_small_picture_is_not_blown_up():
    assert read_header(inspect(JPEG, 1_000_000, 480).thumbnail).width == 64


@pytest.mark.parametrize(("width", "height"), [(3000, 1), (1, 3000), (1, 1)])
def test_the_narrowest_pictures_have_a_thumbnail(width, height):
    thumbnail = read_header(inspect(encoded(".png", width, height), 1_000_000, 64).thumbnail)
    assert max(thumbnail.width, thumbnail.height) == min(64, max(width, height))


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"", "not_a_picture"),
        (b"level 23.86 m\n" * 100, "not_a_picture"),
        (b"<html><script>alert(1)</script></html>", "not_a_picture"),
        (b"GIF89a" + bytes(100), "not_a_picture"),
        (JPEG[:3], "cut_off"),
        (DAY[: len(DAY) // 2], "cut_off"),
        (DAY[:-2], "cut_off"),
        (PNG[: len(PNG) // 2], "cut_off"),
        (PNG[:40] + b"\0" + PNG[41:], "damaged_picture"),
        (b"\xff\xd8\xff\xd9", "damaged_picture"),
        (JPEG[:2] + b"\xff\xe0\0\1" + JPEG[2:], "cut_off"),
        (JPEG[:20] + b"garbage" + JPEG[20:], "damaged_picture"),
        (JPEG + b"PK\3\4" + b"\1" * 1000, "not_only_a_picture"),
        (PNG + b"<?php system($_GET[0]); ?>", "not_only_a_picture"),
        (with_size(0, 48), "no_pixels"),
        (with_size(64, 0), "no_pixels"),
        (with_size(65_500, 65_500), "too_many_pixels"),
    ],
)
def test_what_is_no_whole_picture_is_refused(payload, code):
    assert refused(payload).code == code


def test_a_bomb_is_refused_before_it_is_decoded():
    """16 gigapixels in a few bytes, as PNG: the header alone decides."""
    header = struct.pack(">II", 131_072, 131_072) + b"\x01\0\0\0\0"
    chunk = b"IHDR" + header
    bomb = PNG[:8] + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk)) + PNG[33:]
    started = time.monotonic()
    assert str(refused(bomb, 40_000_000)) == (
        "the picture is 131072 x 131072, 17,179,869,184 pixels; at most 40,000,000 are taken"
    )
    assert time.monotonic() - started < 5


def test_scans_without_end_are_refused():
    start = JPEG.index(b"\xff\xda")
    assert refused(JPEG[:-2] + JPEG[start:-2] * MOST_SCANS + JPEG[-2:]).code == "too_many_scans"


def test_a_header_with_no_decodable_picture_behind_it_is_refused():
    assert refused(png_with(b"IDAT", b"this is not deflated")).code == "unreadable_picture"


def test_padding_behind_the_end_is_no_crime():
    assert inspect(JPEG + bytes(512), 1_000_000, 64).width == 64


@given(st.sampled_from([JPEG, PNG]), st.data())
def test_whatever_is_damaged_the_answer_is_a_picture_or_a_sentence(payload, data):
    at = data.draw(st.integers(0, len(payload) - 1))
    damaged = payload[:at] + data.draw(st.binary(max_size=8)) + payload[at + 4 :]
    assert outcome(damaged) in {
        *("a picture", "not_a_picture", "cut_off", "damaged_picture", "no_pixels"),
        *("too_many_pixels", "not_only_a_picture", "unreadable_picture", "too_many_scans"),
    }


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_camera_without_an_offset_shows_the_districts_time(order):
    block = tiff(order, taken="2026:11:22 12:00:00")
    picture = inspect(with_exif(block), 1_000_000, 64)
    assert picture.exif_time == datetime(2026, 11, 22, 4, tzinfo=UTC)
    assert inspect(png_with(b"eXIf", block), 1_000_000, 64).exif_time == picture.exif_time


@pytest.mark.parametrize(("offset", "hour"), [("+00:00", 12), ("-05:00", 17), ("+08:00", 4)])
def test_a_stated_offset_goes_before(offset, hour):
    block = tiff(taken="2026:11:22 12:00:00", offset=offset)
    assert exif.read(block).taken_at == datetime(2026, 11, 22, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    "taken", ["", "0000:00:00 00:00:00", "2026:13:45 99:00:00", "    :  :     :  :  ", "noon"]
)
def test_a_camera_without_a_clock_says_nothing(taken):
    assert exif.read(tiff(taken=taken)).taken_at is None


def test_a_picture_without_exif_says_nothing():
    assert inspect(DAY, 1_000_000, 64).exif_time is None


def test_a_camera_lying_on_its_side_is_shown_upright():
    picture = inspect(with_exif(tiff(turned=6)), 1_000_000, 64)
    assert (picture.width, picture.height) == (48, 64)
    upright = cv2.imdecode(np.frombuffer(picture.thumbnail, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert upright.shape == (64, 48)
    assert upright[5, 40] > 200  # turned clockwise: the white quarter is now upper right
    assert upright[5, 5] < 50


@given(st.binary(max_size=200) | st.binary(max_size=200).map(lambda b: b"II*\0\x08\0\0\0" + b))
def test_a_broken_exif_block_is_never_an_error(block):
    assert exif.read(block).taken_at is None or block


@given(st.integers(0, 150), st.binary(min_size=1, max_size=4))
def test_a_damaged_exif_block_is_never_an_error(at, damage):
    block = tiff(taken="2026:11:22 12:00:00", offset="+08:00")
    found = exif.read(block[:at] + damage + block[at + len(damage) :])
    assert found.taken_at is None or found.taken_at.tzinfo is UTC
