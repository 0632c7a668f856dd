"""What is said on one connection, in each of the two protocols. No I/O.

A piece of bytes becomes a message for the broker and, if it is a good frame, the answer that the
device gets once the broker has it. A damaged one is published as well, for the decoders to keep it
with its reason, and never answered.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from ingest.door.framing import Hj212Splitter, Sl651Splitter, Splitter
from sensors.decoders import hj212_frame, sl651_ascii, sl651_frame
from sensors.decoders.hj212_answer import answer
from sensors.decoders.sl651_answer import Confirmations
from sensors.protocols import Hj212
from sensors.reading import BadPayload

# The last level of the topic where a piece names no device that can be believed.
DAMAGED = "damaged"
_PLAIN_MN = re.compile(r"[A-Za-z0-9_.-]{1,40}")  # anything else is no level of a topic

Frame = TypeVar("Frame")


@dataclass(frozen=True, slots=True)
class Piece:
    """sender: MN or address, as a topic level. answer: what to say once the broker has it."""

    sender: str
    good: bool
    answer: Callable[[datetime], bytes | None]


class Dialogue(Protocol):
    feed: str
    splitter: Splitter

    def read(self, data: bytes) -> Piece: ...


class Hj212Dialogue:
    """devices: those of config.yaml by MN, of which some use a checksum of their own."""

    feed = "hj212"

    def __init__(self, devices: Mapping[str, Hj212]) -> None:
        self.splitter: Splitter = Hj212Splitter()
        self._devices = devices

    def read(self, data: bytes) -> Piece:
        try:
            frame = _only(hj212_frame.frames(data))
            device = self._devices.get(frame.mn)
            crc = device.crc if device else "standard"
            hj212_frame.check(frame, crc)
        except BadPayload:
            return _DAMAGED
        sender = frame.mn if _PLAIN_MN.fullmatch(frame.mn) else DAMAGED
        return Piece(sender, good=True, answer=lambda _now: answer(frame, crc))


class Sl651Dialogue:
    feed = "sl651"

    def __init__(self, *, stay: bool) -> None:
        self.splitter: Splitter = Sl651Splitter()
        self._confirmations = Confirmations(stay=stay)

    def read(self, data: bytes) -> Piece:
        ascii_coding = data.startswith(sl651_ascii.BEGIN)
        try:
            frame = _only([sl651_ascii.frame(data)] if ascii_coding else sl651_frame.frames(data))
        except BadPayload:
            return _DAMAGED
        return Piece(
            frame.station,
            good=True,
            answer=lambda now: self._confirmations.held(frame, now, ascii_coding=ascii_coding),
        )


_DAMAGED = Piece(DAMAGED, good=False, answer=lambda _now: None)


def _only(found: Iterable[Frame | BadPayload]) -> Frame:
    """The frame, where a piece is one frame and nothing else. Raises BadPayload."""
    first, *more = found
    if isinstance(first, BadPayload):
        raise first
    if more:
        raise BadPayload("no_frame", "more than one frame where one was expected")
    return first
