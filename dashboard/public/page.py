"""What stands on the page: one place's view of the city, from values alone. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from dashboard.public.air import AirNow, air_now
from dashboard.public.areas import Warned, warned
from dashboard.public.bars import Chart, Past, chart
from dashboard.public.look import Look, Value
from dashboard.public.pictures import Shot, shots
from dashboard.public.places import (
    Place,
    distance_km,
    is_sample,
    matches,
    nearest,
    short_name,
)
from dashboard.public.poster import Box, apart, place_percent
from dashboard.public.published import Published, called_off, in_force
from dashboard.public.usual import Key, Usual
from dashboard.public.warnings import Notice, warnings
from dashboard.public.water import Reservoir, reservoirs
from dashboard.public.weather import Weather, weather, wind_word
from dashboard.shapes import GRADES, StationRow, age_of, age_state
from dashboard.wording import metric_name

NAMED_KINDS = ("air", "reservoir")  # whose names stand on the map
LARGE = 1.5  # times the usual type
NEAR_KM = 15.0  # an air station farther away says nothing about a place


@dataclass(frozen=True, slots=True)
class Pin:
    """One mark on the map; x, y in per cent of the poster. named: whether its label has room."""

    code: str
    kind: str
    name: str
    label: str
    named: bool
    lon: float
    lat: float
    x: float
    y: float
    state: str
    at: datetime | None
    interval_s: int
    grade: str | None
    aqi: int | None
    step: int


@dataclass(frozen=True, slots=True)
class Poster:
    """pins: what has room on the poster, the most important drawn last; every: all, it first.

    warned: the areas of warnings in force, drawn under the pins, the gravest last.
    """

    box: Box
    pins: tuple[Pin, ...]
    every: tuple[Pin, ...]
    hidden: int
    warned: tuple[Warned, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One station in the table. at, age_s, state: of its newest value."""

    station: StationRow
    values: tuple[Value, ...]
    at: datetime | None
    age_s: float | None
    interval_s: int
    state: str
    grade: str | None
    aqi: int | None


@dataclass(frozen=True)
class Page:
    """All of it. place is None for the whole district."""

    now: datetime
    read_at: datetime
    newest: datetime | None
    down_since: datetime | None
    place: Place | None
    query: str | None
    hits: tuple[Place, ...]
    warnings: Sequence[Notice]
    published: Sequence[Published]
    called_off: Sequence[Published]
    air: AirNow | None
    air_of: int
    far: bool
    gases: tuple[str, ...]
    bars: Chart | None
    weather: Weather
    wind: str | None
    reservoirs: Sequence[Reservoir]
    poster: Poster | None
    rows: Sequence[Row]
    pictures: Sequence[Shot]
    silent: int = field(default=0)
    usual: Mapping[Key, Usual] | None = None
    large: bool = False

    @property
    def sample(self) -> bool:
        """Whether anything shown is not live; it is then said in the head at all times."""
        return (
            any(v.origin for row in self.rows for v in row.values)
            or any(shot.origin for shot in self.pictures)
            or any(one.content.status != "Actual" for one in self.published)
            # Names lose their "(sample)" where a line is short: the head then says it for all.
            or any(is_sample(row.station.name_en) for row in self.rows)
        )

    @property
    def reservoir_values(self) -> list[Value]:
        return [r.level for r in self.reservoirs]


def page(
    look: Look,
    past: Past,
    *,
    lang: str,
    place: Place | None = None,
    query: str | None = None,
    places: Mapping[str, Place] | None = None,
    box: Box | None = None,
    down_since: datetime | None = None,
    large: bool = False,
) -> Page:
    """The page for a place and a language. large: in large type."""
    near = nearest(look.city.stations, place) if place else list(look.city.stations)
    airs = [air_now(look, s) for s in near if s.kind == "air"]
    air = choose_air(airs, place)
    conditions = weather(look, near)
    return Page(
        now=look.now,
        read_at=look.city.read_at,
        newest=look.newest,
        down_since=down_since,
        place=place,
        query=query,
        hits=tuple(p for p in (places or {}).values() if query and matches(p, query))[:12],
        warnings=warnings(look, near),
        published=in_force(look.city.published, look.now),
        called_off=called_off(look.city.published, look.now),
        air=air,
        air_of=sum(a.aqi is not None for a in airs),
        far=bool(air and place and distance_km(air.station, place.lon, place.lat) > NEAR_KM),
        gases=gases(look, lang),
        bars=chart(past, air.station.code, air.aqi, look.now, lang) if air else None,
        weather=conditions,
        wind=wind_word(conditions.direction, conditions.wind) if conditions.wind else None,
        reservoirs=reservoirs(look, near if place else None),
        poster=poster(look, {a.station.code: a for a in airs}, box, lang, LARGE if large else 1)
        if box
        else None,
        rows=rows(look, {a.station.code: a for a in airs}),
        pictures=shots(look, near, district=place is None),
        usual=past.usual,
        large=large,
        silent=sum(row.state in ("stale", "unknown") for row in rows(look, {})),
    )


def choose_air(airs: Sequence[AirNow], place: Place | None) -> AirNow | None:
    """For a place the nearest with a current AQI; for the district the worst of them."""
    current = [air for air in airs if air.aqi is not None]
    if place or not current:
        return next(iter(current or airs), None)
    return max(current, key=lambda air: air.aqi or 0)


def gases(look: Look, lang: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(metric_name(a.metric, lang) for a in look.gas_alerts()))


def poster(look: Look, airs: Mapping[str, AirNow], box: Box, lang: str, scale: float = 1) -> Poster:
    """Warned stations first, then the worst air. Cameras have their pictures instead."""
    shown = [s for s in look.city.stations if s.kind != "camera"]
    order = sorted(shown, key=lambda s: _importance(look, airs, s))
    kept = apart(box, [(s, s.kind in NAMED_KINDS) for s in order], scale)
    pins = [_pin(look, airs, box, s, lang, named=named) for s, named in reversed(kept)]
    every = [_pin(look, airs, box, s, lang, named=s.kind in NAMED_KINDS) for s in order]
    areas = warned(in_force(look.city.published, look.now), box)
    return Poster(box, tuple(pins), tuple(every), len(shown) - len(kept), tuple(areas))


def rows(look: Look, airs: Mapping[str, AirNow]) -> list[Row]:
    """Warned stations first, then by kind and code."""
    found = [_row(look, airs, s) for s in look.city.stations if s.kind != "camera"]
    return sorted(found, key=lambda r: GRADES.index(r.grade) if r.grade else len(GRADES))


def _row(look: Look, airs: Mapping[str, AirNow], station: StationRow) -> Row:
    values = tuple(v for v in look.values.get(station.code, ()) if v.metric != "aqi")
    times = [v.at for v in values if v.at] + (
        [station.newest_picture] if station.newest_picture else []
    )
    newest = max(times, default=None)
    interval_s = min((v.interval_s for v in values), default=station.interval_s)
    age_s, air = age_of(newest, look.now), airs.get(station.code)
    return Row(
        station,
        values,
        newest,
        age_s,
        interval_s,
        age_state(age_s, interval_s),
        look.grade(station.code),
        air.aqi if air else None,
    )


def _pin(
    look: Look, airs: Mapping[str, AirNow], box: Box, station: StationRow, lang: str, *, named: bool
) -> Pin:
    air, row = airs.get(station.code), _row(look, airs, station)
    name = station.name_zh if lang == "zh" else station.name_en
    x, y = place_percent(box, station.lon, station.lat)
    return Pin(
        code=station.code,
        kind=station.kind,
        name=name,
        label=short_name(name),
        named=named,
        lon=station.lon,
        lat=station.lat,
        x=x,
        y=y,
        state=row.state,
        at=air.at if air else row.at,
        interval_s=air.interval_s if air else row.interval_s,
        grade=row.grade,
        aqi=air.aqi if air else None,
        step=air.step if air else 0,
    )


def _importance(look: Look, airs: Mapping[str, AirNow], s: StationRow) -> tuple[int, int, int, str]:
    grade = look.grade(s.code)
    air = airs.get(s.code)
    kinds = ("air", "reservoir", "weather")
    return (
        GRADES.index(grade) if grade else len(GRADES),
        kinds.index(s.kind) if s.kind in kinds else len(kinds),
        -(air.aqi or 0) if air else 0,
        s.code,
    )
