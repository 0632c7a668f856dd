"""A footprint and its exposure, on 10,000 facilities and a grid of people of 100 m.

No database, no network: what an alert or a what-if costs in computing. Beside each stands a rival
measured in the same run: shapely's test of every feature without the index, on the same zone.
"""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import geopandas as gpd
import numpy as np
import shapely

from bench.figure import Figure
from gis.assessment import Ground, assess, limits_for
from gis.crs import WGS84, utm_crs
from gis.exposure.count import Front, exposed
from gis.exposure.surroundings import Surroundings, open_surroundings
from gis.plume.footprint import footprint
from gis.plume.release import Release
from gis.plume.stability import Stability, sky_at
from gis.plume.wind import wind_by_hand
from gis.settings import GisSettings, Source
from gis.weather import Weather
from sensors.chemicals.substances import SUBSTANCES

PLACE = (121.8895, 29.9095)
NOW = datetime(2026, 11, 21, 19, 14, tzinfo=UTC)
FACILITIES, SIDE_M, CELL_M = 10_000, 30_000, 100
TIMES = 15
FOOTPRINT_MS, EXPOSURE_MS = 100.0, 200.0


def measure() -> Iterator[Figure]:
    ground = Ground(_surroundings())
    release = Release(SUBSTANCES["ammonia"], *PLACE, rate_kgs=30.0)
    wind = wind_by_hand(2.0, 18)
    limits = limits_for(release.substance, 60)
    weather = Weather(NOW, wind, sky_at(*PLACE, NOW), Stability(("D", "E", "F")))
    found = footprint(release, wind, ("D", "E", "F"), limits, "rural")
    zone = shapely.Polygon(found.zones[-1].ring)
    drawn = _ms(lambda: footprint(release, wind, ("D", "E", "F"), limits, "rural"))
    yield Figure("footprint of three limits", drawn, "ms", FOOTPRINT_MS, drawn < FOOTPRINT_MS)
    counted = _ms(lambda: exposed(zone, ground.surroundings, (), Front(*PLACE, 2.0)))
    yield Figure(
        "exposure of a 10 km zone, 10,000 facilities, 90,000 cells", counted, "ms",
        EXPOSURE_MS, counted < EXPOSURE_MS,
    )  # fmt: skip
    without = _ms(lambda: _one_by_one(zone, ground.surroundings))
    yield Figure("the same without the index", without, "ms")
    whole = _ms(lambda: assess(release, weather, ground, limits))
    limit = FOOTPRINT_MS + len(limits) * EXPOSURE_MS
    yield Figure("assessment of three zones", whole, "ms", limit, whole < limit)


def _surroundings() -> Surroundings:
    """The shipped land; facilities and people by chance, the same at each run."""
    chance = np.random.default_rng(7)
    utm = utm_crs(*PLACE)
    middle = gpd.GeoSeries([shapely.Point(PLACE)], crs=WGS84).to_crs(utm).iloc[0]
    west, south = (float(each) - SIDE_M / 2 for each in middle.coords[0])
    at = chance.uniform(0, SIDE_M, (FACILITIES, 2)) + np.array([west, south])
    places = gpd.GeoSeries(shapely.points(at), crs=utm)
    degrees = places.to_crs(WGS84)
    names = [f"F{number}" for number in range(FACILITIES)]
    facilities = gpd.GeoDataFrame(
        {
            "kind": chance.choice(["school", "hospital", "care", "shelter"], FACILITIES),
            "zh": names, "en": names, "lon": degrees.x, "lat": degrees.y,
        },
        geometry=places,
    )  # fmt: skip
    x, y = np.meshgrid(np.arange(0, SIDE_M, CELL_M), np.arange(0, SIDE_M, CELL_M))
    cells = shapely.box(west + x, south + y, west + x + CELL_M, south + y + CELL_M).ravel()
    people = gpd.GeoDataFrame({"people": chance.integers(0, 90, cells.size)}, geometry=cells)
    land = open_surroundings(GisSettings(), Path()).land
    return Surroundings(
        utm, facilities=facilities, population=people.set_crs(utm),
        population_source=Source(zh="chance", en="chance"),
        land=land,
    )  # fmt: skip


def _one_by_one(zone: shapely.Polygon, surroundings: Surroundings) -> None:
    area = gpd.GeoSeries([zone], crs=WGS84).to_crs(surroundings.utm).iloc[0]
    for frame in (surroundings.facilities, surroundings.population):
        assert frame is not None
        shapely.area(shapely.intersection(frame.geometry.to_numpy(), area))


def _ms(act: Callable[[], object]) -> float:
    """Median of some runs, the first, which builds indexes, left out."""
    act()
    taken = []
    for _ in range(TIMES):
        began = time.perf_counter()
        act()
        taken.append(1000 * (time.perf_counter() - began))
    return round(median(taken), 2)
