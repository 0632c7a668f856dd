"""SL 651-2014: what a centre answers to a station whose frames it holds (6.3, tables 10 to 23).

A report (M1, M2) is confirmed by a frame of the same function and serial number, which ends with
EOT (the station may leave) or ESC (it is to stay), or with ACK where more is to follow (ETB): so
says table 10, while 6.3.1.2 knows only EOT and ESC for M2. A divided report (M3) is confirmed once,
when all its packets are held; with its last packet in hand, the first missing one is asked for by
NAK. Keep-alive (2F) has no answer. What a station sends without being asked looks the same as an
answer to a question (M4), and both are confirmed alike; this centre asks nothing.
"""

from dataclasses import dataclass, field
from datetime import datetime

from sensors.decoders.crc16 import modbus
from sensors.decoders.frames import BEIJING
from sensors.decoders.sl651_frame import STX, SYN, Frame

_ETX, _EOT, _ACK, _NAK, _ETB, _ESC = 0x03, 0x04, 0x06, 0x15, 0x17, 0x1B
_KEEP_ALIVE = "2F"
_REPORTS_AT_ONCE = 4


@dataclass(slots=True)
class _Report:
    """A divided report on its way. got: packet number → what tells its body from another one."""

    total: int
    got: dict[int, int] = field(default_factory=dict)
    serial: bytes = b"\0\0"

    def add(self, number: int, body: bytes) -> bool:
        """Take a packet that is held; False if it belongs to another report than the earlier."""
        if self.got.setdefault(number, hash(body)) != hash(body):
            return False
        if number == 1:
            self.serial = body[:2].ljust(2, b"\0")
        return True

    @property
    def missing(self) -> int | None:
        return next((n for n in range(1, self.total + 1) if n not in self.got), None)


class Confirmations:
    """The answers on one connection, each asked for when the frame is safely held.

    stay: stations are told to keep the connection (ESC) instead of leaving it (EOT).
    """

    def __init__(self, *, stay: bool = False) -> None:
        self._end = _ESC if stay else _EOT
        self._reports: dict[tuple[str, str], _Report] = {}

    def held(self, frame: Frame, now: datetime, *, ascii_coding: bool = False) -> bytes | None:
        if frame.function == _KEEP_ALIVE or frame.end not in (_ETX, _ETB):
            return None
        if frame.packet is not None:
            return self._packet(frame, frame.packet, now, ascii_coding=ascii_coding)
        if len(frame.body) < 2:
            return None  # without a serial number there is nothing to confirm
        end = _ACK if frame.end == _ETB else self._end
        return _answer(frame, frame.body[:2], now, end, None, ascii_coding=ascii_coding)

    def _packet(
        self, frame: Frame, packet: tuple[int, int], now: datetime, *, ascii_coding: bool
    ) -> bytes | None:
        total, number = packet
        if not 1 <= number <= total:
            return None
        report = self._report(frame, total, number)
        missing = report.missing
        if missing is None:
            del self._reports[frame.station, frame.function]
            both = (total, total)
            end = self._end
        elif frame.end == _ETX:
            both, end = (total, missing), _NAK
        else:
            return None
        return _answer(frame, report.serial, now, end, both, ascii_coding=ascii_coding)

    def _report(self, frame: Frame, total: int, number: int) -> _Report:
        key = frame.station, frame.function
        report = self._reports.pop(key, None)
        if report is None or report.total != total or not report.add(number, frame.body):
            report = _Report(total)
            report.add(number, frame.body)
        self._reports[key] = report
        if len(self._reports) > _REPORTS_AT_ONCE:
            del self._reports[next(iter(self._reports))]
        return report


def _answer(
    frame: Frame,
    serial: bytes,
    now: datetime,
    end: int,
    packet: tuple[int, int] | None,
    *,
    ascii_coding: bool,
) -> bytes:
    """A downlink frame, whose body is serial number and time (table 29)."""
    body = serial + bytes.fromhex(f"{now.astimezone(BEIJING):%y%m%d%H%M%S}")
    if packet:
        body = (packet[0] << 12 | packet[1]).to_bytes(3) + body
    head = f"{frame.station}{frame.centre:02X}{frame.password}{frame.function}"
    start = SYN if packet else STX
    if ascii_coding:
        text = body.hex().upper()
        data = f"\x01{head}8{len(text):03X}{chr(start)}{text}{chr(end)}".encode()
        return data + b"%04X" % modbus(data)
    data = b"\x7e\x7e" + bytes.fromhex(f"{head}8{len(body):03X}{start:02X}") + body + bytes([end])
    return data + modbus(data).to_bytes(2)
