"""Released pictures with their age, and which of them stands first. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboard.public.look import Look
from dashboard.public.places import distance_km
from dashboard.public.store import Picture
from dashboard.shapes import GRADES, StationRow, age_of, age_state


@dataclass(frozen=True, slots=True)
class Shot:
    """A released picture with its age. src, thumbnail: addresses, new with every picture."""

    picture: Picture
    station: StationRow
    at: datetime
    age_s: float | None
    interval_s: int
    state: str
    src: str
    thumbnail: str

    @property
    def origin(self) -> int:
        return self.picture.origin

    @property
    def original_at(self) -> datetime | None:
        return self.picture.original_at


def shots(look: Look, near: Sequence[StationRow], *, district: bool) -> list[Shot]:
    """The newest released picture of each camera.

    near: stations by distance from the place. For the whole district the cameras nearest to the
    worst warning come first, so that the large picture is the one that matters and does not jump
    from camera to camera. A stale picture is never before a young one.
    """
    pictures = {p.camera: p for p in look.city.pictures}
    cameras = _by_warning(look, near) if district else near
    found = [_shot(look, s, pictures[s.code]) for s in cameras if s.code in pictures]
    return sorted(found, key=lambda shot: shot.state in ("stale", "unknown"))


def _by_warning(look: Look, stations: Sequence[StationRow]) -> Sequence[StationRow]:
    warned = [s for s in stations if s.kind == "reservoir" and look.grade(s.code)]
    if not warned:
        return stations
    worst = min(warned, key=lambda s: GRADES.index(look.grade(s.code) or GRADES[-1]))
    return sorted(stations, key=lambda s: distance_km(s, worst.lon, worst.lat))


def _shot(look: Look, station: StationRow, picture: Picture) -> Shot:
    age_s = age_of(picture.taken_at, look.now)
    address = f"cam/{station.code}.jpg?v={picture.id}"
    return Shot(
        picture,
        station,
        picture.taken_at,
        age_s,
        station.interval_s,
        age_state(age_s, station.interval_s),
        address,
        f"{address}&size=small",
    )
