"""From a gas alert to a release: which substance, where it comes from, how much; with reasons.

The source is taken to be the plant. Where the wind says that the alarmed sensor does not lie
downwind of it, the plant's mapped point cannot be the source, and the sensor's place stands for it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from gis.near import distance_m
from gis.plume.footprint import CALM_MS
from gis.plume.honesty import Text
from gis.plume.release import Fit, GasReading, Known, NoFit, Release, fit_rate
from gis.plume.tables import Roughness
from gis.weather import Weather
from sensors.catalogue import LEL
from sensors.chemicals.substances import OF_METRIC, Substance, find_substance
from sensors.chemicals.toxic import aegl

# What an alert must be about for a footprint: a gas by name, or one that the plant's list names.
GAS_METRICS = {*OF_METRIC, LEL, "voc_ppm"}
NO_PLANTS_WITHIN_M = 3000.0  # a sensor of no plant speaks for one that is no farther away
_LEAKS_BESIDE = {NoFit.UPWIND, NoFit.BESIDE}


@dataclass(frozen=True)
class RegisteredLeak:
    """What the register assumes of a leak at one of a plant's tanks."""

    tank: str
    substance: str
    rate_kgs: float
    height_m: float


@dataclass(frozen=True)
class GasPlace:
    """A station where gas may come out. plant: the code of the plant a sensor belongs to.

    leaks: what the register assumes of a leak there.
    """

    code: str
    kind: str
    zh: str
    en: str
    lon: float
    lat: float
    plant: str | None = None
    substances: tuple[str, ...] = ()
    leaks: tuple[RegisteredLeak, ...] = ()


@dataclass(frozen=True)
class Sensor:
    """The newest reading of a gas sensor, in its metric's unit. high: the end of its range.

    plant: the code of the plant it belongs to.
    """

    code: str
    lon: float
    lat: float
    value: float
    high: float | None = None
    plant: str | None = None


@dataclass(frozen=True)
class Assumed:
    """The rate of a leak of which nothing is known, and who says so."""

    rate_kgs: float
    source: str
    height_m: float = 0.0


@dataclass(frozen=True)
class Incident:
    """place: the station that stands for the source. reason: why this one. fit: what became of
    working the rate back; None: not tried, for there is no wind."""

    release: Release
    place: GasPlace
    reason: Text
    fit: Fit | NoFit | None


def gases_of(metric: str, places: Sequence[GasPlace | None]) -> tuple[Substance, ...]:
    """The gases that a reading may be of, the one to assume first; () where nobody says.

    By what the sensor measures, else of what the first place that names any has: for flammable gas
    what burns, first what burns at the least mass in the air, whose cloud reaches farthest; else
    what has limits, first the toxic.
    """
    if metric in OF_METRIC:
        return (OF_METRIC[metric],)
    known = list(dict.fromkeys(each for each in _named(places) if each))
    if metric == LEL:
        return tuple(sorted((each for each in known if each.lel_pct), key=_lel_by_mass))
    toxic = [each for each in known if aegl(each.code, 2)]
    return (*toxic, *(each for each in known if each.lel_pct and each not in toxic))


def ppm_per_unit(
    metric: str, substance: Substance, places: Sequence[GasPlace | None]
) -> float | None:
    """What a reading must be multiplied by to be ppm of the gas; None: it tells no amount of it.

    Per cent of the LEL do where nothing else burns at the place; a photoionisation detector's ppm
    are those of what it was calibrated with.
    """
    if metric in OF_METRIC:
        return 1.0
    if metric != LEL or not substance.lel_pct:
        return None
    burns = {each for each in _named(places) if each is None or each.lel_pct}
    return substance.lel_pct * 100 if burns == {substance} else None


def _named(places: Sequence[GasPlace | None]) -> Iterator[Substance | None]:
    """What the first place that names any has; None for what the table does not know."""
    names = next((place.substances for place in places if place and place.substances), ())
    return (find_substance(name) for name in names)


def _lel_by_mass(substance: Substance) -> float:
    return (substance.lel_pct or 0.0) * substance.molar_mass_gmol


def assumed_at(plant: GasPlace | None, substance: Substance, otherwise: Assumed) -> Assumed:
    """The greatest leak that the plant's register assumes of a substance; else `otherwise`."""
    known = [
        leak
        for leak in (plant.leaks if plant else ())
        if find_substance(leak.substance) is substance
    ]
    if plant is None or not known:
        return otherwise
    worst = max(known, key=lambda leak: leak.rate_kgs)
    return Assumed(worst.rate_kgs, f"{plant.code} {worst.tank}", worst.height_m)


def incident(
    substance: Substance,
    sensor: GasPlace,
    plant: GasPlace | None,
    sensors: Sequence[Sensor],
    weather: Weather,
    roughness: Roughness,
    assumed: Assumed,
    factor: float | None = 1.0,
) -> Incident:
    """The release behind an alert of a gas sensor, as far as the readings tell.

    Sensors of other plants do not. factor: from their unit to ppm, see ppm_per_unit.
    """
    if plant is None:
        return _assumed(substance, sensor, assumed, _NO_PLANT, None)
    there = [each for each in sensors if _speaks_for(plant, each)]
    in_ppm = [_times(factor, each) for each in there] if factor is not None else []
    speaking = _speaking(substance, sensor, in_ppm)
    fit = _worked_back(substance, plant, speaking, weather, roughness)
    if isinstance(fit, Fit) and fit.trusted:
        return Incident(_fitted(substance, plant, fit), plant, _FITS, fit)
    # Where it stands is asked, not how much it reads: any amount will do.
    own = [replace(each, value=1.0, high=None) for each in there if each.code == sensor.code]
    alone = _worked_back(substance, plant, own, weather, roughness)
    if alone in _LEAKS_BESIDE:
        return _assumed(substance, sensor, assumed, _BESIDE, alone)
    alone_each = (_worked_back(substance, plant, [each], weather, roughness) for each in speaking)
    bounds = [found for found in alone_each if isinstance(found, Fit)]
    bound = max(bounds, key=_least_kgs, default=None)
    if bound is not None and _least_kgs(bound) > assumed.rate_kgs:
        return Incident(_at_least(substance, plant, bound), plant, _reads_at_least(bound), bound)
    return _assumed(substance, plant, assumed, _PLANT if factor else _NO_AMOUNT, fit)


def _speaks_for(plant: GasPlace, sensor: Sensor) -> bool:
    if sensor.plant is not None:
        return sensor.plant == plant.code
    return distance_m(plant.lon, plant.lat, sensor.lon, sensor.lat) <= NO_PLANTS_WITHIN_M


def _times(factor: float, sensor: Sensor) -> Sensor:
    high = None if sensor.high is None else factor * sensor.high
    return replace(sensor, value=factor * sensor.value, high=high)


def _speaking(substance: Substance, alarmed: GasPlace, sensors: Sequence[Sensor]) -> list[Sensor]:
    """Those that read as much as there is to explain: at least AEGL-1, and half of the alarmed one.

    The background that another sensor downwind reads would explain a leak away.
    """
    least = aegl(substance.code, 1)
    loudest = max((each.value for each in sensors if each.code == alarmed.code), default=0.0)
    enough = max(loudest / 2, least.ppm if least else 0.0)
    return [each for each in sensors if each.value >= enough]


_NO_PLANT = Text(
    "传感器不属于任何厂，按传感器位置算。",
    "The sensor belongs to no plant: its own place is taken.",
)
_FITS = Text("下风向传感器与厂区泄漏相符。", "Sensors downwind agree with a leak at the plant.")
_PLANT = Text(
    "按厂区位置算；读数不足以反推泄漏量。",
    "The plant's place is taken; the readings do not tell the amount.",
)
_NO_AMOUNT = Text(
    "按厂区位置算；读数不是这种气体的浓度，不能反推泄漏量。",
    "The plant's place is taken; the readings are not of this gas alone: they tell no amount.",
)
_BESIDE = Text(
    "报警传感器不在厂区下风向，按传感器位置算。",
    "The alarmed sensor is not downwind of the plant's point: its own place is taken.",
)


def _worked_back(
    substance: Substance,
    plant: GasPlace,
    sensors: Sequence[Sensor],
    weather: Weather,
    roughness: Roughness,
) -> Fit | NoFit | None:
    """With the most stable class that may be: it asks for the least gas at the sensor. None without
    a wind, and where it has no direction: no sensor is then down- or upwind of anything."""
    wind = weather.wind
    if wind is None or wind.turning or wind.speed_ms < CALM_MS or not weather.stability.classes:
        return None
    readings = [GasReading(s.code, s.lon, s.lat, s.value, _saturated(s)) for s in sensors]
    return fit_rate(
        readings, plant.lon, plant.lat, substance, wind, weather.stability.classes[-1],
        roughness, kelvin=weather.kelvin, pascal=weather.pascal,
    )  # fmt: skip


def _saturated(sensor: Sensor) -> bool:
    return sensor.high is not None and sensor.value >= sensor.high


def _reads_at_least(fit: Fit) -> Text:
    return Text(
        f"按厂区位置算；{fit.sensor} 到了量程尽头或离得太近，泄漏量至少这么多。",
        f"The plant's place is taken; {fit.sensor} is at its end or too near: "
        "at least so much is let out.",
    )


def _least_kgs(fit: Fit) -> float:
    return fit.rate_kgs * fit.low


def _at_least(substance: Substance, place: GasPlace, fit: Fit) -> Release:
    """The least that explains a sensor which cannot tell the whole, at the ground as it was found.

    Assumed, for it is no more than a bound; high: what the wind's spread leaves open above it.
    """
    return Release(
        substance, place.lon, place.lat, rate_kgs=_least_kgs(fit), known=Known.ASSUMED,
        high=fit.high / fit.low, sensors=(fit.sensor,), source=f"at least, by {fit.sensor}",
    )  # fmt: skip


def _fitted(substance: Substance, place: GasPlace, fit: Fit) -> Release:
    return Release(
        substance, place.lon, place.lat, rate_kgs=fit.rate_kgs, known=Known.FITTED,
        low=fit.low, high=fit.high, sensors=(fit.sensor,), source=fit.sensor,
    )  # fmt: skip


def _assumed(
    substance: Substance,
    place: GasPlace,
    assumed: Assumed,
    reason: Text,
    fit: Fit | NoFit | None,
) -> Incident:
    release = Release(
        substance, place.lon, place.lat, rate_kgs=assumed.rate_kgs, known=Known.ASSUMED,
        source=assumed.source, height_m=assumed.height_m,
    )  # fmt: skip
    return Incident(release, place, reason, fit)
