"""The value everything turns on: one number of one series at one moment."""

from dataclasses import dataclass
from datetime import datetime, timedelta
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
    SPIKE = 128  # stands out of both its neighbours in time
    CLIMATE = 256  # unusual for the season; unusual is not wrong
    NEIGHBOUR = 512  # unlike what the stations around measure
    STATUS = 1024  # the device reports maintenance or a fault
    MARKED_INVALID = 2048  # a person said so: never judged, never averaged
    MARKED_VALID = 4096  # a person said so: judged and averaged even if impossible
    STALE_CLOCK = 8192  # the device's clock lags, and does not catch up

    @property
    def word(self) -> str:
        """`good`, `suspect` or `missing`, as the API and the screens say it."""
        if int(self) & 1:
            return "missing"
        return "suspect" if self else "good"

    @property
    def usable(self) -> bool:
        """Whether a value may be judged, averaged or derived from."""
        bits = int(self)  # as numbers: operators of flags cost a microsecond each
        return not bits & UNUSABLE or bits & VALID_OR_MISSING == VALID

    @property
    def off_scale(self) -> bool:
        """Impossible, and nobody called it invalid: beyond what the instrument measures, or broken.
        On the alarming side the worst there is; which side it is, only the value tells."""
        bits = int(self)
        return bool(bits & int(Quality.IMPOSSIBLE)) and not bits & INVALID_OR_MISSING

    @property
    def flags(self) -> tuple[str, ...]:
        """The names of what was found, in order of their bits: `spike`, `marked_invalid`."""
        return tuple(str(flag.name).lower() for flag in self)


VALID = int(Quality.MARKED_VALID)
VALID_OR_MISSING = VALID | int(Quality.MISSING)
UNUSABLE = int(Quality.MISSING | Quality.IMPOSSIBLE | Quality.MARKED_INVALID)
INVALID_OR_MISSING = int(Quality.MARKED_INVALID | Quality.MISSING)
# What explains nothing: a leak is not worked back from it, and no plume turns by it. What is merely
# unusual (rate, spike, climate, neighbour) does: a leak and a typhoon are just that.
NO_EVIDENCE = UNUSABLE | int(Quality.STUCK | Quality.DEVICE | Quality.STATUS)
STALE_INTERVALS = 5  # older than so many of its intervals, a reading is not the present
MARKS = int(Quality.MARKED_INVALID | Quality.MARKED_VALID)


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
    after_arrival: where the device knows no time but an age, what to add to the arrival time.
    """

    station: str
    metric: str
    observed_at: datetime | None
    value: float | None
    quality: Quality = Quality.GOOD
    origin: Origin = Origin.LIVE
    original_at: datetime | None = None
    after_arrival: timedelta = timedelta()

    def moment(self, received_at: datetime) -> datetime:
        """When it was measured, for a message that arrived then."""
        return self.observed_at or received_at + self.after_arrival


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
