"""Cross-check of a rule that compares with the neighbours: whether anybody has so many in reach."""

from collections.abc import Iterable, Mapping, Sequence
from math import ceil
from typing import Any

from alerts.check_stations import Place
from alerts.neighbours import LEAST, MOST, WITHIN_KM, Spots

_Near = tuple[str, list[float]]  # a station, and how far its neighbours are, km, nearest first


def too_lonely(
    said: Mapping[str, Any], metric: str, covered: Sequence[Place], stations: Iterable[Place]
) -> tuple[str, str] | None:
    """The key that is wrong, and why, with the remedy that is nearest; None where all is well."""
    least, within_km = _number(said.get("least"), LEAST), _number(said.get("within_km"), WITHIN_KM)
    if not (2 <= least <= MOST and within_km > 0):
        return None  # its own model says so
    near = list(_near(metric, covered, stations))
    if not near or any(sum(km <= within_km for km in away) >= least for _, away in near):
        return None
    problem = (
        f"no covered station has {least:g} others that measure {metric} within {within_km:g} km; "
    )
    enough = [(away[int(least) - 1], code) for code, away in near if len(away) >= least]
    if enough:
        reach, code = min(enough)
        return "within_km", f"{problem}{code} has them within {_rounded_up(reach):g} km"
    code, most = max(((code, len(away)) for code, away in near), key=lambda one: one[1])
    if most >= 2:
        return "least", f"{problem}{code} has {most} at any distance: ask for no more"
    return "usual", f"{problem}too few measure it to compare with: `usual: month` asks no others"


def _near(metric: str, covered: Sequence[Place], stations: Iterable[Place]) -> Iterable[_Near]:
    others = [(one.code, one.spot) for one in stations if one.spot and one.has(metric)]
    spots = Spots([code for code, _ in others], [spot for _, spot in others])
    for place in covered:
        if place.spot:
            yield place.code, [km for _, km in spots.nearest(place.code, place.spot)]


def _number(value: object, otherwise: float) -> float:
    return float(value) if isinstance(value, int | float) else otherwise


def _rounded_up(km: float) -> float:
    """To a tenth: a person writes it into the rule."""
    return ceil(10 * km) / 10
