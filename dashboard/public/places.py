"""Places a visitor can ask for: towns and public stations; search words; what is near. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from math import cos, hypot, radians

from pypinyin import Style, lazy_pinyin

from dashboard.shapes import StationRow

KM_PER_DEGREE = 111.2
SAMPLE = ("（示例）", " (sample)")  # how the names of sample stations end


@dataclass(frozen=True, slots=True)
class Place:
    """key: as in `?place=`: a station's code, or a town's English name in small letters."""

    key: str
    kind: str
    zh: str
    en: str
    lon: float
    lat: float

    def name(self, lang: str) -> str:
        return self.zh if lang == "zh" else self.en


def places(stations: Iterable[StationRow], towns: Iterable[Place] = ()) -> dict[str, Place]:
    """Towns first, then stations, by key; cameras last: who types a name means the reservoir."""
    found = {town.key: town for town in towns}
    stations = tuple(stations)
    for town in _towns_of(stations):
        found.setdefault(town.key, town)
    for s in sorted(stations, key=lambda s: s.kind == "camera"):
        found.setdefault(s.code, Place(s.code, s.kind, s.name_zh, s.name_en, s.lon, s.lat))
    return found


def town(zh: str, en: str, lon: float, lat: float) -> Place:
    return Place(re.sub(r"[^a-z0-9]+", "-", en.lower()).strip("-"), "town", zh, en, lon, lat)


def search_words(place: Place) -> str:
    """What a search may match: both names, pinyin, its initials, the code; small letters."""
    bare = place.zh.replace(" ", "")
    return " ".join((place.zh, bare, place.en, *_pinyin(place.zh), place.key)).lower()


def matches(place: Place, words: str) -> bool:
    """Whether every word asked for stands in the place's search words."""
    known = search_words(place)
    return all(word in known for word in words.lower().split())


def distance_km(a: Place | StationRow, lon: float, lat: float) -> float:
    """Flat-earth distance, good to a per mille within a district."""
    east = (a.lon - lon) * cos(radians(lat))
    return KM_PER_DEGREE * hypot(east, a.lat - lat)


def nearest(stations: Iterable[StationRow], place: Place) -> list[StationRow]:
    """The stations by distance from the place, a station itself first."""
    return sorted(stations, key=lambda s: (distance_km(s, place.lon, place.lat), s.code))


@cache
def _pinyin(zh: str) -> tuple[str, str]:
    whole = "".join(lazy_pinyin(zh, errors="ignore"))
    initials = "".join(lazy_pinyin(zh, style=Style.FIRST_LETTER, errors="ignore"))
    return whole, initials


def _towns_of(stations: Iterable[StationRow]) -> list[Place]:
    """The towns that stations name, at the middle of their stations."""
    groups: dict[str, list[tuple[Mapping[str, str], StationRow]]] = {}
    for station in stations:
        if station.town:
            groups.setdefault(str(station.town.get("en")), []).append((station.town, station))
    return [
        town(
            str(group[0][0].get("zh")),
            name,
            sum(s.lon for _, s in group) / len(group),
            sum(s.lat for _, s in group) / len(group),
        )
        for name, group in groups.items()
    ]


def is_sample(label: str) -> bool:
    return label.endswith(SAMPLE)


def plain_name(label: str) -> str:
    """Without the sample mark, for short lines under a head that carries it for all of them."""
    for tail in SAMPLE:
        label = label.removesuffix(tail)
    return label


def short_name(label: str) -> str:
    """A station's name without what every station's of its kind says: `水库`, `站`, `reservoir`."""
    label = plain_name(label)
    for tail in ("水库", "站", " reservoir", " res.", " weather", " met", "气象"):
        label = label.removesuffix(tail)
    return label
