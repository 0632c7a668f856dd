"""What is shown to the public says nothing beside its pixels, and stands as the camera stood."""

import struct
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensors import exif
from sensors.picture_format import bare, read_header
from sensors.reading import BadPayload
from tests.sensors.test_image import DAY, JPEG, NIGHT, PNG, png_with, tiff, with_exif

MARK = b"29.8405N 121.8597E SN-0042"
MARKS = (MARK, zlib.compress(MARK))


def segment(marker: int, body: bytes) -> bytes:
    return b"\xff" + bytes((marker,)) + struct.pack(">H", len(body) + 2) + body


def pixels(payload: bytes) -> np.ndarray:
    """As decoded and, like a browser, turned by what it says of itself."""
    found = cv2.imdecode(np.frombuffer(payload, np.uint8), cv2.IMREAD_COLOR)
    assert found is not None
    return found


def silent(payload: bytes) -> bool:
    return not any(mark in payload for mark in MARKS)


TALK = {
    "exif": (0xE1, b"Exif\0\0" + tiff(taken="2026:11:22 12:00:00") + MARK),
    "broken exif": (0xE1, b"Exif\0\0" + MARK),
    "xmp": (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + MARK),
    "colour profile": (0xE2, b"ICC_PROFILE\0\1\1" + MARK),
    "preview": (0xE0, b"JFXX\0\x10" + MARK),
    "preview in JFIF": (0xE0, b"JFIF\0\1\2\0\0\1\0\1\3\3" + MARK + b"!"),
    "Photoshop": (0xED, b"Photoshop 3.0\0" + MARK),
    "a maker's": (0xEB, MARK),
    "behind Adobe's transform": (0xEE, b"Adobe\0d\0\0\0\0\1" + MARK),
    "comment": (0xFE, MARK),
}
CHUNKS = {
    "exif": (b"eXIf", tiff(taken="2026:11:22 12:00:00") + MARK),
    "text": (b"tEXt", b"Comment\0" + MARK),
    "packed text": (b"zTXt", b"Comment\0\0" + zlib.compress(MARK)),
    "xmp": (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + MARK),
    "colour profile": (b"iCCP", b"p\0\0" + zlib.compress(MARK)),
    "time": (b"tIME", MARK[:7]),
    "a maker's": (b"prIv", MARK),
}


@pytest.mark.parametrize("jpeg", [JPEG, DAY, NIGHT], ids=["drawn", "day", "infrared night"])
@pytest.mark.parametrize("name", TALK)
def test_a_jpeg_keeps_its_pixels_and_nothing_else(name: str, jpeg: bytes) -> None:
    told = jpeg[:2] + segment(*TALK[name]) + jpeg[2:] + MARK
    found = bare(told)
    assert silent(found)
    assert np.array_equal(pixels(found), pixels(jpeg))
    assert read_header(found).exif == b""


@pytest.mark.parametrize("name", CHUNKS)
def test_a_png_keeps_its_pixels_and_nothing_else(name: str) -> None:
    found = bare(png_with(*CHUNKS[name]) + MARK)
    assert silent(found)
    assert CHUNKS[name][0] not in found
    assert np.array_equal(pixels(found), pixels(PNG))


@given(st.sampled_from([JPEG, PNG, DAY]))
def test_what_is_bare_stays_as_it_is(payload: bytes) -> None:
    assert bare(bare(payload)) == bare(payload)


@pytest.mark.parametrize("turned", range(1, 9))
def test_a_picture_stands_as_it_stood(turned: int) -> None:
    """Eight ways up, and still only that is said."""
    block = tiff(taken="2026:11:22 12:00:00", turned=turned)
    told = with_exif(block + MARK)
    found = bare(told)
    assert np.array_equal(pixels(found), pixels(told))
    said = read_header(found).exif
    assert (exif.read(said).orientation if said else 1) == turned
    assert exif.read(said).taken_at is None
    assert silent(found)
    of_png = read_header(bare(png_with(b"eXIf", block))).exif
    assert of_png == said


@pytest.mark.parametrize(
    ("payload", "code", "said"),
    [
        (b"", "not_a_picture", "neither JPEG nor PNG"),
        (b"GIF89a" + bytes(100), "not_a_picture", "neither JPEG nor PNG"),
        (DAY[: len(DAY) // 2], "cut_off", "the JPEG is cut off: it has no end"),
        (DAY[:-2], "cut_off", "the JPEG is cut off: it has no end"),
        (JPEG[:20] + b"garbage" + JPEG[20:], "damaged_picture", "the JPEG is damaged at byte 20"),
        (PNG[: len(PNG) // 2], "cut_off", "the PNG is cut off: it has no end"),
        (PNG[:40] + b"\0" + PNG[41:], "damaged_picture", "the PNG is damaged near byte 33"),
    ],
)
def test_what_is_damaged_is_refused_in_words(payload: bytes, code: str, said: str) -> None:
    with pytest.raises(BadPayload) as caught:
        bare(payload)
    assert (caught.value.code, str(caught.value)) == (code, said)


@given(st.sampled_from([JPEG, PNG]), st.data())
def test_whatever_is_damaged_the_answer_is_a_picture_or_a_sentence(
    payload: bytes, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(payload) - 1))
    damaged = payload[:at] + data.draw(st.binary(max_size=8)) + payload[at + 4 :]
    found, said = outcome(damaged)
    assert said.isprintable()
    assert found[:2] == damaged[:2]
    assert len(found) <= len(damaged)


def outcome(payload: bytes) -> tuple[bytes, str]:
    """(the bare picture, nothing), or (what it began with, why it was refused)."""
    try:
        return bare(payload), ""
    except BadPayload as error:
        said = str(error)
    return payload[:2], said
