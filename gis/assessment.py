"""One entry for a release: zones, wedge, who lies in them, what to do, and what it rests on. Pure.

assess(release, weather, ground, limits, elapsed_s)
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from shapely.geometry import Polygon

from gis.advice import advice, headline
from gis.exposure.count import Exposure, Front, Plant, exposed
from gis.exposure.surroundings import Surroundings
from gis.leaks import LEL_LEVELS
from gis.plume.footprint import LEAST_MS, Footprint, Ring, Zone, circle, footprint
from gis.plume.honesty import Caveat, Text, caveats
from gis.plume.isolation import Isolation, isolation
from gis.plume.release import Release
from gis.plume.tables import Roughness
from gis.settings import PlumeSettings
from gis.weather import Weather
from sensors.chemicals.substances import Substance
from sensors.chemicals.toxic import ToxicLimit, aegl, limits_of

MODEL = "gaussian-briggs 1"
GRADES = ("red", "orange", "yellow")
BY_HAND, MEAN_MIN = "by hand", 10  # the model's concentrations are means over about 10 minutes
LEL_PRACTICE = "common practice (ALOHA uses 60 % and 10 %), unconfirmed"
Scale = Literal["AEGL", "ERPG", "IDLH"]


@dataclass(frozen=True)
class Ground:
    """What the district's ground is: its things, its plants, and how rough it is."""

    surroundings: Surroundings
    settings: PlumeSettings = field(default_factory=PlumeSettings)
    plants: tuple[Plant, ...] = ()

    @property
    def roughness(self) -> Roughness:
        return self.settings.roughness


@dataclass(frozen=True)
class Within:
    """A zone, its grade on the map, and all that lies in it (the graver zones inside included)."""

    zone: Zone
    grade: str
    exposure: Exposure


@dataclass(frozen=True)
class Assessment:
    """zones: the gravest first. turned: what lies in the wedge, where the wind may turn to; None
    where there is none. isolation: the guide's distance with its ring, if known. elapsed_s: how
    long the release had gone on, s; None: not known, and arrivals count from now."""

    release: Release
    weather: Weather
    footprint: Footprint
    zones: tuple[Within, ...]
    turned: Exposure | None
    isolation: Isolation | None
    isolation_ring: Ring
    headline: Text
    caveats: tuple[Caveat, ...]
    advice: tuple[Text, ...]
    roughness: Roughness
    elapsed_s: float | None = None
    model: str = MODEL


def limits_for(substance: Substance, minutes: int) -> tuple[ToxicLimit, ...]:
    """Of each level the lower of the AEGL of a duration and of the share of the LEL, as far known.

    Of a toxic gas it is nearly always the AEGL: long before it burns it harms. () where neither is
    known, or where the AEGLs of the duration are not though others are.
    """
    toxic = {level: aegl(substance.code, level, minutes) for level in (1, 2, 3)}
    if not any(toxic.values()) and any(aegl(substance.code, level) for level in (1, 2, 3)):
        return ()
    burning = _shares_of_lel(substance)
    both = [[each for each in (toxic[n], burning.get(n)) if each] for n in (1, 2, 3)]
    return tuple(min(known, key=lambda limit: limit.ppm) for known in both if known)


def _shares_of_lel(substance: Substance) -> dict[int, ToxicLimit]:
    """Level 3: flame may run through; level 2: nothing may spark. A moment's, by a mean."""
    if substance.lel_pct is None:
        return {}
    whole = substance.lel_pct * 1e4
    return {
        level: ToxicLimit(
            substance.code, f"LEL {share:.0f} %", MEAN_MIN, share / 100 * whole, LEL_PRACTICE, False
        )
        for level, share in LEL_LEVELS.items()
    }


def limits_of_scale(substance: Substance, scale: Scale, minutes: int) -> tuple[ToxicLimit, ...]:
    """AEGL of a duration beside the LEL's shares, or ERPG (an hour), or IDLH, as far as known."""
    if scale == "AEGL":
        return limits_for(substance, minutes)
    return tuple(each for each in limits_of(substance.code) if each.name.startswith(scale))


def limits_by_hand(substance: Substance, ppm: Sequence[float]) -> tuple[ToxicLimit, ...]:
    """Up to three concentrations that somebody asks for: L3 the gravest, then L2, L1."""
    ordered = sorted(set(ppm), reverse=True)[: len(GRADES)]
    return tuple(
        ToxicLimit(substance.code, f"L{len(GRADES) - index}", MEAN_MIN, each, BY_HAND, True)
        for index, each in enumerate(ordered)
    )


def assess(
    release: Release,
    weather: Weather,
    ground: Ground,
    limits: Sequence[ToxicLimit],
    elapsed_s: float | None = None,
) -> Assessment:
    """Without wind there are no zones; without limits neither; the isolation circle stays.

    elapsed_s: how long the release has gone on, so that nobody is told "10 min" where the gas may
    be; less than 0 (two clocks) is 0.
    """
    gone_s = None if elapsed_s is None else max(0.0, elapsed_s)
    wind = weather.wind
    found = footprint(
        release, wind, weather.stability.classes, limits, ground.roughness,
        weather.kelvin, weather.pascal,
    )  # fmt: skip
    speed = None if wind is None else max(wind.speed_ms, LEAST_MS)
    front = Front(release.lon, release.lat, speed)
    zones = tuple(
        Within(zone, grade_of(zone.limit, index), _exposure(zone.ring, ground, front))
        for index, zone in enumerate(found.zones)
    )
    first = isolation(
        release.substance.code, weather.sky, None if wind is None else wind.speed_ms,
        release.mass_kg,
    )  # fmt: skip
    ring = circle(release.lon, release.lat, first.isolate_m) if first else ()
    parts = [(within.zone, within.grade, within.exposure) for within in zones]
    return Assessment(
        release, weather, found, zones,
        _exposure(found.wedge, ground, front) if found.wedge else None,
        first, ring, headline(found, parts, gone_s),
        caveats(release, wind, weather.stability, found, weather.wind_age_s),
        advice(release, weather, found, parts, first, gone_s), ground.roughness, gone_s,
    )  # fmt: skip


def grade_of(limit: ToxicLimit, index: int) -> str:
    """Level 3 red, 2 orange, 1 yellow; a limit without a level by its place, the gravest first."""
    level = limit.name[-1:]
    if level in "123" and level:
        return GRADES[3 - int(level)]
    return GRADES[min(index, 2)]


def _exposure(ring: Ring, ground: Ground, front: Front) -> Exposure:
    shape = Polygon(ring) if len(ring) >= 4 else Polygon()
    return exposed(shape, ground.surroundings, ground.plants, front)
