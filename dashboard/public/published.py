"""Approved warnings (CAP) as the public sees them: what holds at a moment, and what was called off.
Pure: a warning leaves the page and the feed by its expiry, whether or not the database answers.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from shapely.geometry import Point, Polygon

from alerts.warnings.compose import headline
from alerts.warnings.content import Content
from dashboard.public.places import Place, distance_km
from dashboard.shapes import GRADES, iso


@dataclass(frozen=True, slots=True)
class Published:
    """One message as it went out. cap: its XML; replaced_by: the message that took its place."""

    id: str
    thread: str
    number: int
    type: str
    published_at: datetime
    expires_at: datetime
    content: Content
    cap: str
    replaced_by: str | None
    replaced_at: datetime | None
    replaced_type: str | None

    def holds(self, now: datetime) -> bool:
        """Whether it is the newest word of its event and has not run out; a Cancel may hold too."""
        return self.replaced_by is None and now < self.expires_at

    def text(self, name: str, lang: str) -> str:
        both = self.content.area.names if name == "area" else getattr(self.content, name)
        return str(both.zh if lang == "zh" else both.en)

    def headline(self, lang: str) -> str:
        return headline(self.content, lang)

    def covers(self, place: Place | None) -> bool | None:
        """Whether a place lies in the area; None where no place was asked for."""
        if place is None:
            return None
        area, at = self.content.area, Point(place.lon, place.lat)
        inside = any(Polygon(ring).intersects(at) for ring in area.polygons if len(ring) >= 4)
        return inside or any(
            distance_km(place, each.lon, each.lat) <= each.radius_km for each in area.circles
        )


def in_force(published: Iterable[Published], now: datetime) -> list[Published]:
    """Real ones before exercises, the gravest first, then the newest."""
    found = [one for one in published if one.holds(now) and one.type != "Cancel"]
    return sorted(
        found,
        key=lambda one: (
            one.content.status != "Actual",
            GRADES.index(one.content.grade),
            -one.published_at.timestamp(),
        ),
    )


def called_off(published: Iterable[Published], now: datetime) -> list[Published]:
    """Cancels until the warning would have run out, the newest first."""
    found = [one for one in published if one.holds(now) and one.type == "Cancel"]
    return sorted(found, key=lambda one: -one.published_at.timestamp())


def changed_at(published: Iterable[Published], now: datetime) -> datetime | None:
    """When what holds last changed: something went out, or ran out. None: nothing ever did."""
    times = [one.published_at for one in published]
    times += [one.expires_at for one in published if one.expires_at <= now]
    return max(times, default=None)


def to_json(one: Published, now: datetime) -> dict[str, object]:
    """The object of the public API."""
    said = one.content.model_dump(mode="json", exclude={"onset", "expires"})
    return {
        "id": one.id,
        "thread": one.thread,
        "number": one.number,
        "type": one.type,
        "state": _state(one, now),
        "sent": iso(one.published_at),
        "onset": iso(one.content.onset),
        "expires": iso(one.expires_at),
        "severity": one.content.severity,
        **said,
        "cap": f"/api/v1/warnings/{one.id}.cap",
    }


def _state(one: Published, now: datetime) -> str:
    if one.holds(now):
        return "cancel" if one.type == "Cancel" else "in_force"
    if one.replaced_type is None:
        return "expired"
    return "cancelled" if one.replaced_type == "Cancel" else "updated"
