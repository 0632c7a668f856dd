"""Two facts out of a picture's EXIF block: when it was taken, and which way is up. Pure.

Every offset comes from outside: at most what is there is read. A broken block gives nothing, never
an error, for the picture itself may be good.
"""

import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

# A camera that states no offset is taken to show the district's time.
LOCAL = ZoneInfo("Asia/Shanghai")

_ORIENTATION, _EXIF_IFD, _TAKEN, _OFFSET = 0x0112, 0x8769, 0x9003, 0x9011
_TIME = re.compile(r"(\d{4}):(\d\d):(\d\d) (\d\d):(\d\d):(\d\d)", re.ASCII)
_ZONE = re.compile(r"([+-])(\d\d):(\d\d)", re.ASCII)
_SIZES = {2: 1, 3: 2, 4: 4}  # ASCII, SHORT, LONG: all that these tags use
_MOST_TAGS = 200

Tags = Mapping[int, bytes | int]


@dataclass(frozen=True, slots=True)
class Exif:
    """taken_at: DateTimeOriginal in UTC. orientation: 1 to 8 as in EXIF, 1 is upright."""

    taken_at: datetime | None = None
    orientation: int = 1

    @property
    def turned(self) -> bool:
        """Whether it is shown with width and height exchanged."""
        return self.orientation >= 5


def read(tiff: bytes) -> Exif:
    """Read a TIFF block: the Exif segment of a JPEG behind its name, the eXIf chunk of a PNG."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None or len(tiff) < 8:
        return Exif()
    first = _tags(tiff, struct.unpack_from(f"{order}I", tiff, 4)[0], order)
    where = first.get(_EXIF_IFD)
    exif = _tags(tiff, where, order) if isinstance(where, int) else {}
    which = first.get(_ORIENTATION)
    orientation = which if isinstance(which, int) and 1 <= which <= 8 else 1
    return Exif(_time(exif.get(_TAKEN), exif.get(_OFFSET)), orientation)


def only_orientation(orientation: int) -> bytes:
    """A TIFF block that says which way is up, and nothing else."""
    entry = struct.pack("<HHHIHH", 1, _ORIENTATION, 3, 1, orientation, 0)
    return b"II*\0" + struct.pack("<I", 8) + entry + bytes(4)


def _tags(tiff: bytes, at: int, order: str) -> Tags:
    if at + 2 > len(tiff):
        return {}
    count = min(struct.unpack_from(f"{order}H", tiff, at)[0], _MOST_TAGS)
    found: dict[int, bytes | int] = {}
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        if entry + 12 > len(tiff):
            break
        tag, kind, number, offset = struct.unpack_from(f"{order}HHII", tiff, entry)
        if kind not in _SIZES:
            continue
        start = entry + 8 if _SIZES[kind] * number <= 4 else offset
        if kind == 2:
            found[tag] = tiff[start : start + min(number, 64)]
        elif number == 1:
            found[tag] = struct.unpack_from(f"{order}{'H' if kind == 3 else 'I'}", tiff, entry + 8)[
                0
            ]
    return found


def _time(taken: bytes | int | None, offset: bytes | int | None) -> datetime | None:
    match = _TIME.match(_text(taken))
    if not match:
        return None
    zone = _ZONE.match(_text(offset))
    try:
        local = datetime(*map(int, match.groups()), tzinfo=LOCAL)  # type: ignore[misc, arg-type]  # six numbers
        if zone:
            hours, minutes = int(zone[2]), int(zone[3])
            east = timedelta(hours=hours, minutes=minutes) * (1 if zone[1] == "+" else -1)
            local = local.replace(tzinfo=timezone(east))
        return local.astimezone(UTC)
    except (ValueError, OverflowError):  # no such day: cameras without a set clock write zeros
        return None


def _text(value: bytes | int | None) -> str:
    return value.decode("ascii", "replace") if isinstance(value, bytes) else ""
