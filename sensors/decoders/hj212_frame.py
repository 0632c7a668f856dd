"""HJ 212 frames: `##`, length, data segment, checksum; found in a message and taken apart.

A frame ends where the next begins, so that one that is cut short takes no other with it, and the
work on a message grows with its length only. A data segment may have the 9,999 bytes its length
field can say, though the standard stops at 1,024: devices send more.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sensors.decoders import crc16
from sensors.decoders.decoded import shown
from sensors.reading import BadPayload

Crc = Literal["standard", "modbus", "modbus_swapped"]
_CRCS = {
    "standard": crc16.hj212,
    "modbus": crc16.modbus,
    "modbus_swapped": crc16.modbus_swapped,
}
HEAD = re.compile(rb"##([0-9]{4})")
_CRC_TEXT = re.compile(rb"[0-9A-Fa-f]{4}")
BETWEEN = b" \r\n\t\0"


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame whose length is right; its checksum is still to be compared (`check`)."""

    data: bytes
    crc: int
    header: dict[str, str]
    values: tuple[tuple[str, str], ...]

    @property
    def mn(self) -> str:
        return self.header.get("MN", "")

    @property
    def command(self) -> str:
        return self.header.get("CN", "")


def frames(payload: bytes) -> Iterator[Frame | BadPayload]:
    """Every frame of a message, and a problem for everything that is none."""
    heads = list(HEAD.finditer(payload))
    starts = [*(head.start() for head in heads), len(payload)]
    if payload[: starts[0]].strip(BETWEEN):
        yield BadPayload("no_frame", _no_frame(payload[: starts[0]]))
    for head, end in zip(heads, starts[1:], strict=True):
        yield from _frame(int(head[1]), payload[head.end() : end])


def check(frame: Frame, crc: Crc) -> None:
    """Raise BadPayload unless the checksum is right in the way that the device should use."""
    if _CRCS[crc](frame.data) == frame.crc:
        return
    other = next((name for name, sum_ in _CRCS.items() if sum_(frame.data) == frame.crc), None)
    right = f"{_CRCS[crc](frame.data):04X}"
    sentence = f"{_named(frame)}: the checksum is {frame.crc:04X}, {right} expected"
    if other:
        sentence += f"; it would be right with hj212.crc: {other} for this device"
    raise BadPayload("bad_crc", sentence)


def framed(data: bytes, crc: Crc) -> bytes:
    """The frame around a data segment."""
    return b"##%04d%s%04X\r\n" % (len(data), data, _CRCS[crc](data))


def _frame(length: int, rest: bytes) -> Iterator[Frame | BadPayload]:
    data, crc, after = rest[:length], rest[length : length + 4], rest[length + 4 :].strip(BETWEEN)
    if len(crc) < 4:
        sentence = f"a frame says {length} bytes and is cut short after {len(rest)}"
        yield BadPayload("truncated", sentence)
        return
    if not _CRC_TEXT.fullmatch(crc) or (after and not data.endswith(b"&&")):
        sentence = f"a frame says {length} bytes, but no checksum follows them: {_some(rest)}"
        yield BadPayload("bad_length", sentence)
        return
    try:
        yield _taken_apart(data, int(crc, 16))
    except BadPayload as problem:
        yield problem
    if after:
        yield BadPayload("no_frame", _no_frame(after))


def _taken_apart(data: bytes, crc: int) -> Frame:
    """Header fields by name (the last of a name counts) and the data area in its order."""
    text = data.decode("utf-8", "replace")
    head, begin, area = text.partition("CP=&&")
    if not begin or not area.endswith("&&"):
        sentence = f"a frame's data area does not stand between CP=&& and &&: {_some(data)}"
        raise BadPayload("bad_frame", sentence)
    header = dict(_pairs(head))
    if not header.get("MN") or not header.get("CN"):
        raise BadPayload("bad_frame", f"a frame without MN or CN: {_some(data)}")
    return Frame(data, crc, header, tuple(_pairs(area.removesuffix("&&").replace(",", ";"))))


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for item in text.split(";"):
        name, equals, value = item.partition("=")
        if equals:
            yield name.strip(), value.strip()
        elif name.strip():
            # HJ 212-2025 lets the data area be encrypted with SM4, which looks like this.
            raise BadPayload("bad_frame", f"{shown(name)} in a frame is not name=value; encrypted?")


def _named(frame: Frame) -> str:
    return f"a frame of MN {shown(frame.mn)}, CN {shown(frame.command)}"


def _no_frame(rest: bytes) -> str:
    return f"{len(rest)} bytes that belong to no frame (## and a length are missing): {_some(rest)}"


def _some(data: bytes) -> str:
    return shown(data[:120].decode("utf-8", "replace"))
