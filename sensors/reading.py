"""The value everything turns on: one number of one series at one moment."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, IntFlag


class Quality(IntFlag):
    """Why a reading is not plainly good. 0 is good; the bits are kept in the database for ever."""

    GOOD = 0
    MISSING = 1  # no value: the device said null, or that it could not measure
    IMPOSSIBLE = 2  # outside what the instrument can measure; kept, never judged, never averaged
    RATE = 4  # changed faster than this series can
    STUCK = 8  # has not changed for longer than this series can
    CLOCK = 16  # the device's clock is ahead of ours, within what we tolerate
    DEVICE = 32  # the device itself called the value doubtful
    DERIVED_FROM_SUSPECT = 64  # computed from a doubtful reading

    @property
    def word(self) -> str:
        """`good`, `suspect` or `missing`, as the API and the screens say it."""
        if int(self) & 1:
            return "missing"
        return "suspect" if self else "good"

    @property
    def usable(self) -> bool:
        """Whether a value may be judged, averaged or derived from."""
        return not int(self) & 3  # as numbers: operators of flags cost a microsecond each


class Origin(IntEnum):
    """Where a reading comes from; screens say so for all but LIVE."""

    LIVE = 0
    RECORDED = 1
    SIMULATED = 2
    EXERCISE = 3

    @property
    def word(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Observation:
    """What a decoder found in a message, before vetting. Times are aware UTC.

    observed_at: the device's time, or None where it sent none (the arrival time is then used).
    value: in the metric's catalogue unit; None means missing.
    """

    station: str
    metric: str
    observed_at: datetime | None
    value: float | None
    quality: Quality = Quality.GOOD
    origin: Origin = Origin.LIVE
    original_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A vetted reading of a known series, ready to be judged and stored."""

    series_id: int
    station: str
    metric: str
    observed_at: datetime
    received_at: datetime
    value: float | None
    quality: Quality
    origin: Origin = Origin.LIVE
    original_at: datetime | None = None


class BadPayload(Exception):
    """A message that cannot be understood. `code` groups, the text tells a person what is wrong."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
