"""Which gas sensors speak of a leak at this moment, and which of them speak of the same one. Pure.

A sensor does when its newest reading lies above the lowest limit of its series, be it beyond what
the instrument can measure, or when it has an open alert: before anybody is paged, and for as long
as the alert stands.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from math import isnan

from sensors.catalogue import LEL
from sensors.chemicals.substances import OF_METRIC
from sensors.chemicals.toxic import aegl, aegls_exceeded
from sensors.reading import STALE_INTERVALS

# Per cent of the lower explosive limit that weigh as much as an AEGL; so are its zones graded.
LEL_LEVELS = {3: 60.0, 2: 10.0}


@dataclass(frozen=True, slots=True)
class GasNow:
    """The newest reading of a gas series. limit: the lowest of its own; plant: whose sensor it is.

    alarmed: it has an open alert. off_scale: not usable, for it is beyond what the instrument can
    measure, and nobody has called it invalid.
    """

    station: str
    plant: str | None
    metric: str
    value: float | None
    at: datetime | None
    interval_s: int
    usable: bool
    limit: float | None = None
    alarmed: bool = False
    off_scale: bool = False


@dataclass(frozen=True, slots=True)
class Leak:
    """place: the plant, else the sensor itself. sensors: that with the highest reading first.

    level: the AEGL (an hour's) that the worst reading lies above, 0 to 3; of flammable gas 3 from
    60 % of the explosive limit, 2 from 10 %.
    """

    place: str
    metric: str
    sensors: tuple[str, ...]
    level: int

    @property
    def worst(self) -> str:
        return self.sensors[0]


def leaks(gases: Iterable[GasNow], now: datetime) -> tuple[Leak, ...]:
    """Sensors of one plant and gas are one leak; the gravest first.

    Flammable gas beside a named one is a leak of its own: it may be another gas, that explodes.
    """
    speaking = sorted(
        (gas for gas in gases if gas.alarmed or _over(gas, now)),
        key=lambda gas: (_place(gas), gas.metric),
    )
    found = (
        _leak(*key, list(group))
        for key, group in groupby(speaking, key=lambda gas: (_place(gas), gas.metric))
    )
    return tuple(sorted(found, key=lambda leak: -leak.level))


def _place(gas: GasNow) -> str:
    return gas.plant or gas.station


def _over(gas: GasNow, now: datetime) -> bool:
    if gas.value is None or gas.at is None or not (gas.usable or gas.off_scale):
        return False
    if now - gas.at > timedelta(seconds=STALE_INTERVALS * gas.interval_s):
        return False
    limit = gas.limit if gas.limit is not None else _lowest(gas.metric)
    return limit is not None and gas.value > limit


def _lowest(metric: str) -> float | None:
    substance = OF_METRIC.get(metric)
    limits = (aegl(substance.code, level) for level in (1, 2, 3)) if substance else ()
    return next((limit.ppm for limit in limits if limit), None)


def _leak(place: str, metric: str, gases: list[GasNow]) -> Leak:
    ordered = sorted(gases, key=lambda gas: (-_amount(gas), gas.station))
    return Leak(
        place, metric, tuple(gas.station for gas in ordered), _level(metric, ordered[0].value)
    )


def _level(metric: str, value: float | None) -> int:
    if metric == LEL:
        reached = (level for level, pct in LEL_LEVELS.items() if value and value >= pct)
        return next(reached, 0)
    substance = OF_METRIC.get(metric)
    above = aegls_exceeded(substance.code, value) if substance else ()
    return int(above[0].name[-1]) if above else 0


def _amount(gas: GasNow) -> float:
    """An unknown reading comes last."""
    return -1.0 if gas.value is None or isnan(gas.value) else gas.value
