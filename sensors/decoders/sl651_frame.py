"""SL 651-2014 frames in HEX/BCD coding, found in a message and taken apart.

A frame: 7E7E, centre (1 byte), station (5), password (2), function (1), direction and length of the
body (2), STX or SYN, the body, ETX or ETB, CRC-16/MODBUS over all before it, high byte first.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from sensors.decoders.crc16 import modbus
from sensors.decoders.decoded import SHOWN_CHARS
from sensors.reading import BadPayload

BEGIN = b"\x7e\x7e"
STX, SYN = 0x02, 0x16
ENDS = frozenset(b"\x03\x17\x04\x05\x06\x15\x1b")
_HEAD = 14
_TAIL = 3
_HEX = re.compile(rb"[0-9A-Fa-f\s]+")
# Station classes of table C.1 that may stand before the observation time.
_CLASSES = frozenset(b"PHKZDTMGQIO")
_TIME, _STATION, _TO_THE_END = b"\xf0\xf0", b"\xf1\xf1", (b"\xf2\xf2", b"\xf3\xf3")


@dataclass(frozen=True, slots=True)
class Frame:
    """One uplink frame whose checksum is right. packet: (total, number) of a divided report."""

    centre: int
    station: str
    password: str
    function: str
    body: bytes
    end: int
    packet: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Element:
    """time: YYMMDDHHmm of the observation, None where none was said before it."""

    code: str
    time: str | None
    data: bytes
    decimals: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """A frame's body. sent: YYMMDDHHmmSS. rest: what follows the station, mostly elements."""

    serial: int
    sent: str
    station: str | None
    station_class: str | None
    rest: bytes


def frames(payload: bytes) -> Iterator[Frame | BadPayload]:
    """Every frame of a message (bytes, or hex as text), and a problem for what is none.

    What has a frame's form is passed over whole, right or wrong: each byte is summed only once.
    """
    data = _as_bytes(payload)
    at = unread = 0
    while (begin := data.find(BEGIN, at)) >= 0:
        end = _end(data, begin)
        if end is None:
            at = begin + 1
            continue
        yield from _rest(data[unread:begin])
        yield _frame(data[begin:end])
        at = unread = end
    yield from _rest(data[unread:])


def report(frame: Frame) -> Report:
    """Serial, times and station of a body. Raises BadPayload where it is too short for them."""
    body = frame.body
    if len(body) < 8:
        raise malformed(frame, "its body is too short for a serial number and a time")
    rest, station, station_class = body[8:], None, None
    if rest.startswith(_STATION):
        if len(rest) < 7:
            raise malformed(frame, "its station address is cut short")
        station, rest = rest[2:7].hex().upper(), rest[7:]
        if rest[:1] and rest[0] in _CLASSES and rest[1:3] == _TIME:
            station_class, rest = f"{rest[0]:02X}", rest[1:]
    return Report(int.from_bytes(body[:2]), body[2:8].hex(), station, station_class, rest)


def elements(frame: Frame, rest: bytes) -> Iterator[Element]:
    """Identifier, definition (bytes, decimals), data; each under the observation time before it.

    Raises BadPayload where it does not come out even: then no element of it can be trusted.
    """
    time = None
    at = 0
    while at < len(rest):
        mark = rest[at : at + 2]
        if mark in _TO_THE_END:
            yield Element(f"{mark[0]:02X}", time, rest[at + 2 :])
            return
        if mark == _TIME:
            size, at = 5, at + 2
        elif mark == _STATION:
            raise malformed(frame, "it names a second station")
        else:
            wide = rest[at] == 0xFF  # an extended identifier: one more byte
            code, at = rest[at : at + 1 + wide].hex().upper(), at + 1 + wide
            definition = rest[at] if at < len(rest) else 0
            size, at = definition >> 3, at + 1
        data, at = rest[at : at + size], at + size
        if not size or len(data) < size:
            raise malformed(frame, "its elements do not come out even")
        if mark == _TIME:
            time = data.hex()
        else:
            yield Element(code, time, data, definition & 7)


def number(element: Element) -> Decimal | None:
    """The BCD value; FF before it is a minus. All FF, which is no number, means none was measured.

    Raises ValueError where the data is not BCD.
    """
    digits = element.data.removeprefix(b"\xff")
    if not element.data.strip(b"\xff"):
        return None
    if not (text := digits.hex()).isdecimal():
        raise ValueError(element.data.hex())
    value = Decimal(text).scaleb(-element.decimals)
    return -value if len(digits) < len(element.data) else value


def malformed(frame: Frame, what: str) -> BadPayload:
    sentence = f"a frame of station {frame.station}, function {frame.function}: {what}"
    return BadPayload("bad_frame", sentence)


def _as_bytes(payload: bytes) -> bytes:
    if payload.lstrip().startswith(b"\x01"):
        sentence = "a frame in ASCII coding (SOH); only HEX/BCD coding (7E7E) is read"
        raise BadPayload("ascii_coding", sentence)
    if not _HEX.fullmatch(payload):
        return payload
    text = b"".join(payload.split())
    return bytes.fromhex(text[: len(text) // 2 * 2].decode())


def says_end(data: bytes | bytearray, begin: int) -> int | None:
    """Where the frame that begins here ends, as far as its head says, which may be after the data;
    None if what stands here has not a frame's form."""
    head = data[begin : begin + _HEAD]
    if len(head) < _HEAD:
        return begin + _HEAD + _TAIL
    if head[11] >> 4 not in (0, 8) or head[13] not in (STX, SYN):
        return None
    return begin + _HEAD + _length(head) + _TAIL


def closed(data: bytes | bytearray, end: int) -> bool:
    """Whether a control character that ends a frame stands before the checksum."""
    return data[end - _TAIL] in ENDS


def _end(data: bytes, begin: int) -> int | None:
    """Where the frame that begins here ends; None if what stands here has not a frame's form."""
    end = says_end(data, begin)
    return end if end is not None and end <= len(data) and closed(data, end) else None


def _length(head: bytes | bytearray) -> int:
    return int.from_bytes(head[11:13]) & 0xFFF


def _frame(data: bytes) -> Frame | BadPayload:
    crc, right = int.from_bytes(data[-2:]), modbus(data[:-2])
    station, function = data[3:8].hex().upper(), f"{data[10]:02X}"
    body, packet = data[_HEAD:-_TAIL], None
    if crc != right:
        where = f"a frame of station {station}, function {function}"
        sentence = f"{where}: the checksum is {crc:04X}, {right:04X} expected"
        return BadPayload("bad_crc", sentence)
    if data[11] >> 4:
        return BadPayload("downlink", "a frame from a centre to a station; stations' are expected")
    if data[13] == SYN:
        both = int.from_bytes(body[:3])
        packet, body = (both >> 12, both & 0xFFF), body[3:]
    return Frame(data[2], station, data[8:10].hex().upper(), function, body, data[-3], packet)


def _rest(data: bytes) -> Iterator[BadPayload]:
    """What stands between frames: nothing but blanks, or a problem."""
    if not data.strip(b" \r\n\t\0"):
        return
    some = data[: SHOWN_CHARS // 2].hex().upper() + ("…" if len(data) > SHOWN_CHARS // 2 else "")
    if BEGIN in data:
        sentence = f"{len(data)} bytes begin like a frame and are cut short or damaged: {some}"
        yield BadPayload("truncated", sentence)
    else:
        yield BadPayload("no_frame", f"{len(data)} bytes that belong to no frame: {some}")
