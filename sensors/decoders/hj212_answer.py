"""HJ 212: what a platform answers to a device whose frame it holds.

Data is answered by 9014, a notice by 9013, where Flag bit A asks for it; the answer has the QN, PW
and MN of what it answers, ST 91 (system interaction) and the Flag's version bits. HJ/T 212-2005
(version bits 0) has the QN in the data area. Each packet of a divided upload is answered as it is
held, with its PNUM and PNO: the copies at hand do not say how, and so much is surely right.
"""

import re

from sensors.decoders.hj212_frame import Crc, Frame, framed

_NO_ANSWER = frozenset(("9011", "9012", "9013", "9014"))
# Clock calibration is asked for, data no longer wanted; 9015, a heartbeat, by HJ 212-2025
# (unconfirmed).
_NOTICES = frozenset(("1013", "2012", "2022", "9015"))
_WANTS_ANSWER, _HAS_PACKETS, _VERSION = 1, 2, 0b1111_1100
_FLAG = re.compile(r"[0-9]{1,3}")
_PACKET = re.compile(r"[0-9]{1,4}")
# What is sent back was sent by a stranger.
_PLAIN = re.compile(r"[\w.-]{0,64}", re.ASCII)


def answer(frame: Frame, crc: Crc) -> bytes | None:
    """The answer in the device's own kind of checksum; None if it wants none, or cannot have it."""
    flag = _flag(frame)
    qn, password = (frame.header.get(name, "") for name in ("QN", "PW"))
    plain = all(_PLAIN.fullmatch(text) for text in (qn, password, frame.mn))
    if not flag & _WANTS_ANSWER or frame.command in _NO_ANSWER or not plain:
        return None
    command = "9013" if frame.command in _NOTICES else "9014"
    packet = _packet(frame) if flag & _HAS_PACKETS else ""
    back = flag & _VERSION | (_HAS_PACKETS if packet else 0)
    middle = f"ST=91;CN={command};PW={password};MN={frame.mn};Flag={back};{packet}"
    if flag & _VERSION:
        return framed(f"QN={qn};{middle}CP=&&&&".encode(), crc)
    return framed(f"{middle}CP=&&QN={qn}&&".encode(), crc)


def _flag(frame: Frame) -> int:
    text = frame.header.get("Flag", "")
    return int(text) if _FLAG.fullmatch(text) else 0


def _packet(frame: Frame) -> str:
    total, number = (frame.header.get(name, "") for name in ("PNUM", "PNO"))
    both = _PACKET.fullmatch(total) and _PACKET.fullmatch(number)
    return f"PNUM={total};PNO={number};" if both else ""
