"""What a JPEG or PNG says of itself, read without decoding a pixel. Pure.

Strict where a decoder is lenient: a picture is whole, ends where it ends, and has one size. So what
we check is what the decoder will later see.
"""

import re
import struct
import zlib
from dataclasses import dataclass

from sensors import exif
from sensors.reading import BadPayload

# Each further scan of a progressive JPEG costs a pass over all pixels; ordinary ones have ten.
MOST_SCANS = 100
# Segments or chunks: a camera's pictures have tens or hundreds.
MOST_PARTS = 20_000

_JPEG, _PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
_SIZE_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_START_OF_SCAN, _END, _EXIF, _COMMENT = 0xDA, 0xD9, 0xE1, 0xFE
_PNG_NEEDED = frozenset(
    (b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT")
)
# In entropy-coded data FF 00 is a byte and FF D0..D7 a restart; anything else is the next marker.
# Fill bytes before it are passed over singly: `\xff+` would go through a run of them from each.
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


@dataclass(frozen=True, slots=True)
class Header:
    media_type: str
    width: int
    height: int
    exif: bytes = b""


def read_header(payload: bytes) -> Header:
    """Raises BadPayload for what is no picture, or not a whole one."""
    if payload.startswith(_JPEG):
        return _jpeg(payload)
    if payload.startswith(_PNG):
        return _png(payload)
    begins = payload[:8].hex(" ") or "nothing"
    raise BadPayload("not_a_picture", f"neither JPEG nor PNG: it begins with {begins}")


def bare(payload: bytes) -> bytes:
    """The picture without what it says beside its pixels: place, serial number, comments, previews.

    Pixels are not touched; what they are decoded by stays (JFIF, Adobe's transform), and which way
    is up. Colour profiles go, which can hold any text, and what follows the end. Raises BadPayload
    for what cannot be parsed.
    """
    if payload.startswith(_JPEG):
        return _bare_jpeg(payload)
    if payload.startswith(_PNG):
        return _bare_png(payload)
    raise BadPayload("not_a_picture", "neither JPEG nor PNG")


def _bare_jpeg(payload: bytes) -> bytes:
    kept, at, scans = [payload[:2]], 2, 0
    for _ in range(MOST_PARTS):
        marker, body, end = _segment(payload, at)
        if marker == _START_OF_SCAN:
            scans += 1
            end = _after_scan(payload, end, scans)
        kept.append(_bare_segment(marker, body, payload[at:end]))
        at = end
        if marker == _END:
            return b"".join(kept)
    raise _too_many_parts("JPEG")


def _bare_segment(marker: int, body: bytes, whole: bytes) -> bytes:
    """All but comments and what applications put in; of that what decoders need, at its length."""
    if marker == _COMMENT:
        return b""
    if not 0xE0 <= marker <= 0xEF:
        return whole
    if body.startswith(b"JFIF\0") and len(body) >= 14:
        return _made_segment(marker, body[:12] + b"\0\0")  # a preview of 0 x 0
    if body.startswith(b"Adobe"):
        return _made_segment(marker, body[:12])
    if marker == _EXIF and body.startswith(b"Exif\0\0"):
        up = _up(body[6:])
        return _made_segment(marker, b"Exif\0\0" + up) if up else b""
    return b""


def _made_segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def _up(tiff: bytes) -> bytes:
    """Of an EXIF block which way is up; nothing where it stands as it is."""
    orientation = exif.read(tiff).orientation
    return exif.only_orientation(orientation) if orientation != 1 else b""


def _bare_png(payload: bytes) -> bytes:
    kept, at = [_PNG], len(_PNG)
    for _ in range(MOST_PARTS):
        kind, body, end = _chunk(payload, at)
        if kind in _PNG_NEEDED:
            kept.append(payload[at:end])
        elif kind == b"eXIf" and (up := _up(body)):
            kept.append(_made_chunk(kind, up))
        at = end
        if kind == b"IEND":
            return b"".join(kept)
    raise _too_many_parts("PNG")


def _made_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _jpeg(payload: bytes) -> Header:
    size: tuple[int, int] | None = None
    said, scans, at = b"", 0, 2
    for _ in range(MOST_PARTS):
        marker, body, at = _segment(payload, at)
        if marker == _END:
            break
        if marker in _SIZE_MARKERS:
            if size is not None or len(body) < 5:
                raise BadPayload("damaged_picture", "the JPEG states its size twice or not at all")
            height, width = struct.unpack_from(">HH", body, 1)
            size = width, height
        elif marker == _EXIF and body.startswith(b"Exif\0\0"):
            said = said or body[6:]
        elif marker == _START_OF_SCAN:
            scans += 1
            at = _after_scan(payload, at, scans)
    else:
        raise _too_many_parts("JPEG")
    if size is None or scans == 0:
        raise BadPayload("damaged_picture", "the JPEG has no picture in it")
    _refuse_rest(payload[at:])
    return Header("image/jpeg", *size, said)


def _segment(payload: bytes, at: int) -> tuple[int, bytes, int]:
    """The marker at `at`, its body, and where the next one is."""
    if at + 2 > len(payload):
        raise _cut_off("JPEG")
    if payload[at] != 0xFF:
        raise BadPayload("damaged_picture", f"the JPEG is damaged at byte {at}")
    while payload[at + 1 : at + 2] == b"\xff":  # fill bytes
        at += 1
    if at + 2 > len(payload):
        raise _cut_off("JPEG")
    marker = payload[at + 1]
    if marker == _END:
        return marker, b"", at + 2
    if at + 4 > len(payload):
        raise _cut_off("JPEG")
    length = struct.unpack_from(">H", payload, at + 2)[0]
    end = at + 2 + length
    if length < 2 or end > len(payload):
        raise _cut_off("JPEG")
    return marker, payload[at + 4 : end], end


def _after_scan(payload: bytes, at: int, scans: int) -> int:
    if scans > MOST_SCANS:
        raise BadPayload("too_many_scans", f"the JPEG has more than {MOST_SCANS} scans")
    found = _NEXT_MARKER.search(payload, at)
    if not found:
        raise _cut_off("JPEG")
    return found.start()


def _png(payload: bytes) -> Header:
    size: tuple[int, int] | None = None
    said, at = b"", len(_PNG)
    for _ in range(MOST_PARTS):
        kind, body, at = _chunk(payload, at)
        if size is None:
            if kind != b"IHDR" or len(body) != 13:
                raise BadPayload("damaged_picture", "the PNG does not begin with its size")
            size = struct.unpack_from(">II", body)
        elif kind == b"eXIf":
            said = said or body
        elif kind == b"IEND":
            break
    else:
        raise _too_many_parts("PNG")
    if size is None:
        raise _cut_off("PNG")
    _refuse_rest(payload[at:])
    return Header("image/png", *size, said)


def _chunk(payload: bytes, at: int) -> tuple[bytes, bytes, int]:
    if at + 12 > len(payload):
        raise _cut_off("PNG")
    length = struct.unpack_from(">I", payload, at)[0]
    end = at + 12 + length
    if end > len(payload):
        raise _cut_off("PNG")
    kind, body = payload[at + 4 : at + 8], payload[at + 8 : end - 4]
    if zlib.crc32(payload[at + 4 : end - 4]) != struct.unpack_from(">I", payload, end - 4)[0]:
        raise BadPayload("damaged_picture", f"the PNG is damaged near byte {at}")
    return kind, body, end


def _refuse_rest(rest: bytes) -> None:
    """Padding is harmless; anything else makes the file two things at once."""
    if rest.strip(b"\0\xff\r\n "):
        sentence = f"{len(rest)} bytes follow the end of the picture; it is not only a picture"
        raise BadPayload("not_only_a_picture", sentence)


def _too_many_parts(kind: str) -> BadPayload:
    return BadPayload("damaged_picture", f"the {kind} consists of more than {MOST_PARTS} parts")


def _cut_off(kind: str) -> BadPayload:
    return BadPayload("cut_off", f"the {kind} is cut off: it has no end")
