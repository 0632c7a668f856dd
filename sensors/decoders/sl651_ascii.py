"""SL 651-2014 frames in ASCII coding: as far as they must be understood to be confirmed.

A frame: SOH, centre (2 characters), station (10), password (4), function (2), direction and length
of the body (4), STX or SYN, the body, ETX or ETB, CRC-16/MODBUS over all before it (4).
"""

import re

from sensors.decoders.crc16 import modbus
from sensors.decoders.sl651_frame import ENDS, SYN, Frame
from sensors.reading import BadPayload

BEGIN = b"\x01"
HEAD = re.compile(rb"\x01[0-9A-Fa-f]{18}[08][0-9A-Fa-f]{3}[\x02\x16]")
_SO_FAR = re.compile(rb"\x01[0-9A-Fa-f]{0,22}")
_HEX = re.compile(rb"[0-9A-Fa-f]+")
_HEAD, _TAIL = 24, 5
_SERIAL_AND_TIME = 16


def says_end(data: bytes | bytearray, begin: int) -> int | None:
    """As for the other coding: where the frame ends as far as its head says, None if it is none."""
    head = data[begin : begin + _HEAD]
    if len(head) < _HEAD:
        return begin + _HEAD + _TAIL if _SO_FAR.fullmatch(head) else None
    return begin + _HEAD + int(head[20:23], 16) + _TAIL if HEAD.fullmatch(head) else None


def closed(data: bytes | bytearray, end: int) -> bool:
    return data[end - _TAIL] in ENDS


def frame(data: bytes) -> Frame | BadPayload:
    """The frame in the terms of the other coding; of its body the serial number and the time."""
    head, tail = data[:_HEAD], data[-_TAIL:]
    if not HEAD.fullmatch(head) or len(tail) < _TAIL or not _HEX.fullmatch(tail[1:]):
        return BadPayload("bad_frame", "no whole frame in ASCII coding")
    if int(tail[1:], 16) != modbus(data[:-4]):
        return BadPayload("bad_crc", "a frame in ASCII coding whose checksum is wrong")
    if head[19:20] == b"8":
        return BadPayload("downlink", "a frame from a centre to a station; stations' are expected")
    body, packet = data[_HEAD:-_TAIL], None
    if head[23] == SYN:
        if not _HEX.fullmatch(body[:6]) or len(body) < 6:
            return BadPayload("bad_frame", "a divided report without the number of its packet")
        packet, body = (int(body[:3], 16), int(body[3:6], 16)), body[6:]
    text = head[1:19].decode().upper()
    begin = body[:_SERIAL_AND_TIME]
    serial = bytes.fromhex(begin.decode()) if _HEX.fullmatch(begin) and len(begin) == 16 else b""
    return Frame(int(text[:2], 16), text[2:12], text[12:16], text[16:18], serial, tail[0], packet)
