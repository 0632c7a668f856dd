"""Camera pictures: checked before a pixel is decoded, then decoded once, small, as thumbnail."""

from dataclasses import dataclass
from datetime import datetime

import cv2
import numpy as np

from sensors import exif
from sensors.picture_format import Header, read_header
from sensors.reading import BadPayload

_THUMBNAIL_QUALITY = 80
# Decoders can shrink by these while they decode, at a fraction of the time and memory.
_REDUCED = (
    (8, cv2.IMREAD_REDUCED_COLOR_8),
    (4, cv2.IMREAD_REDUCED_COLOR_4),
    (2, cv2.IMREAD_REDUCED_COLOR_2),
    (1, cv2.IMREAD_COLOR),
)


@dataclass(frozen=True, slots=True)
class Picture:
    """A sound picture. width, height: pixels as shown, upright. thumbnail: JPEG without metadata.

    exif_time: when the camera says it was taken, UTC; without an offset its clock is read as the
    district's time. None where it says nothing.
    """

    media_type: str
    width: int
    height: int
    thumbnail: bytes
    exif_time: datetime | None


def inspect(payload: bytes, max_pixels: int, thumbnail_px: int) -> Picture:
    """Check a picture and make its thumbnail, at most `thumbnail_px` wide and high.

    Raises BadPayload for anything but a whole JPEG or PNG of at most `max_pixels`.
    """
    header = read_header(payload)
    pixels = header.width * header.height
    size = f"{header.width} x {header.height}"
    if pixels == 0:
        raise BadPayload("no_pixels", f"the picture is {size} pixels")
    if pixels > max_pixels:
        sentence = f"the picture is {size}, {pixels:,} pixels; at most {max_pixels:,} are taken"
        raise BadPayload("too_many_pixels", sentence)
    said = exif.read(header.exif)
    shown = (header.height, header.width) if said.turned else (header.width, header.height)
    thumbnail = _thumbnail(payload, header, thumbnail_px)
    return Picture(header.media_type, *shown, thumbnail, said.taken_at)


def _thumbnail(payload: bytes, header: Header, most: int) -> bytes:
    long, short = max(header.width, header.height), min(header.width, header.height)
    # A side shorter than the factor would shrink to nothing.
    flag = next(flag for by, flag in _REDUCED if by == 1 or (long // by >= most and short >= by))
    try:
        image = cv2.imdecode(np.frombuffer(payload, np.uint8), flag)
        if image is None:
            raise BadPayload("unreadable_picture", f"the {header.media_type} cannot be decoded")
        scale = min(1.0, most / max(image.shape[:2]))
        if scale < 1:
            width, height = (max(1, round(n * scale)) for n in image.shape[1::-1])
            image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
        _, jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _THUMBNAIL_QUALITY])
    except cv2.error as error:
        sentence = f"the {header.media_type} cannot be decoded"
        raise BadPayload("unreadable_picture", sentence) from error
    return jpeg.tobytes()
