"""paho's client, reading many packets with one system call and confirming many with one packet.

paho reads a packet byte by byte with three system calls and more, and sends each acknowledgement by
itself: more than half of the ingest's time. Connecting, subscribing, keeping alive, TLS and all
packets out of the ordinary stay with paho. What is used of its insides is listed in
tests/ingest/test_packets.py, which fails when a new version changes it.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from socket import SHUT_WR
from ssl import SSLWantReadError, SSLWantWriteError
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import MQTTErrorCode

from ingest.packets import Publish, acknowledgements, read_publishes

_CHUNK = 256 * 1024
_LEAVE_S = 5.0
_PUBACK = 0x40
_OK = MQTTErrorCode.MQTT_ERR_SUCCESS


class BufferedSocket:
    """A socket of which much is read at once and given out in pieces; else as the one inside."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._data, self._at = b"", 0
        self.leaving = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def publishes(self, *, v5: bool) -> list[Publish]:
        """The plain messages that come first, of what has been read or can be without waiting."""
        if not self._left():
            try:
                self._data, self._at = self._inner.recv(_CHUNK), 0
            except (BlockingIOError, SSLWantReadError, SSLWantWriteError):
                return []
        found, self._at = read_publishes(self._data, self._at, v5=v5)
        return found

    def recv(self, size: int) -> bytes:
        if not self._left():
            self._data, self._at = self._inner.recv(max(size, _CHUNK)), 0
        piece = self._data[self._at : self._at + size]
        self._at += len(piece)
        return piece

    def pending(self) -> int:
        """How much can be had without waiting; paho asks before it waits for the socket."""
        inner = getattr(self._inner, "pending", None)
        return self._left() or (inner() if inner else 0)

    def close(self) -> None:
        """If leaving in order, once the other side has read all: to close with something unread
        resets the line, and with it go the confirmations that a busy broker has not read yet."""
        if self.leaving:
            self._hear_out()
        self._inner.close()

    def _hear_out(self) -> None:
        end = time.monotonic() + _LEAVE_S
        with suppress(OSError):  # the line is broken: there is nothing to wait for
            self._inner.shutdown(SHUT_WR)
            while (left := end - time.monotonic()) > 0:
                self._inner.settimeout(left)
                if not self._inner.recv(_CHUNK):
                    return

    def _left(self) -> int:
        return len(self._data) - self._at


class Client(paho.Client):
    """on_publishes: given the plain QoS 1 messages of one read; others come by on_message."""

    on_publishes: Callable[[Sequence[Publish]], None] | None = None

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:
        """All plain messages that have come; or, if another packet is first, that one, by paho."""
        sock = self._sock
        if self.on_publishes and isinstance(sock, BufferedSocket) and not self._packet_begun():
            try:
                publishes = sock.publishes(v5=self._protocol == paho.MQTTv5)
            except OSError:
                publishes = []  # paho meets the same error, and handles it
            if publishes:
                with self._msgtime_mutex:
                    self._last_bytes_received = time.monotonic()
                self.on_publishes(publishes)
                return _OK
        return super().loop_read(max_packets)

    def leave(self) -> None:
        """Disconnect in order; returns at once, the loop ends when the broker has heard all."""
        if isinstance(self._sock, BufferedSocket):
            self._sock.leaving = True
        self.disconnect()

    def acknowledge(self, packet_ids: Sequence[int]) -> None:
        """Confirm these messages, all of this connection."""
        if packet_ids:
            self._packet_queue(_PUBACK, acknowledgements(list(packet_ids)), packet_ids[0], 1)

    def _packet_begun(self) -> bool:
        return bool(self._in_packet["command"])

    def _create_socket(self) -> Any:
        return BufferedSocket(super()._create_socket())
