"""What vetting needs of every series, as columns: the directory for work on whole batches."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sensors.catalogue import DERIVED_FROM, METRICS
from sensors.settings import ClockSettings

if TYPE_CHECKING:
    from sensors.directory import SeriesInfo

_SECOND = 1_000_000  # times in columns are microseconds since 1970, UTC


@dataclass(frozen=True, eq=False)
class Instruments:
    """One row a series, in order of series_id.

    low, high: what it can measure. max_step: greatest believable change in a minute, infinite where
    none is set. stuck_us: microseconds without change after which it counts as stuck, 0 for never.
    interval_us: between readings. usual_low, usual_high: a column a month, NaN where nothing is
    usual; has_usual: whether any is. derived: computed here. feeds: something is derived from it.
    row: station -> metric -> row.
    """

    series: NDArray[np.int32]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    max_step: NDArray[np.float64]
    stuck_us: NDArray[np.int64]
    interval_us: NDArray[np.int64]
    usual_low: NDArray[np.float64]
    usual_high: NDArray[np.float64]
    has_usual: NDArray[np.bool_]
    circular: NDArray[np.bool_]
    derived: NDArray[np.bool_]
    feeds: NDArray[np.bool_]
    row: Mapping[str, Mapping[str, int]]

    def stale_us(self, clock: ClockSettings) -> NDArray[np.int64]:
        """`quality.stale_after_s` of each."""
        return np.maximum(clock.stale_s * _SECOND, 2 * self.interval_us)


def instruments(series: Iterable["SeriesInfo"]) -> Instruments:
    """As columns; a range is the catalogue's where the series says nothing."""
    ordered = sorted(series, key=lambda one: one.series_id)
    derived = {(one.station, one.metric) for one in ordered if one.derived}
    feeding = {(s, source) for s, metric in derived for source in DERIVED_FROM.get(metric, ())}
    row: dict[str, dict[str, int]] = {}
    for number, one in enumerate(ordered):
        row.setdefault(one.station, {})[one.metric] = number
    metrics = [METRICS[one.metric] for one in ordered]
    pairs = list(zip(ordered, metrics, strict=True))
    nothing = ((np.nan, np.nan),) * 12
    usual = np.array(
        [[month or nothing[0] for month in o.usual or nothing] for o in ordered], np.float64
    ).reshape(-1, 12, 2)
    return Instruments(
        series=np.array([one.series_id for one in ordered], np.int32),
        low=np.array([m.low if o.low is None else o.low for o, m in pairs], np.float64),
        high=np.array([m.high if o.high is None else o.high for o, m in pairs], np.float64),
        max_step=np.array([o.max_step or np.inf for o in ordered], np.float64),
        stuck_us=np.array([(o.stuck_after_s or 0) * _SECOND for o in ordered], np.int64),
        interval_us=np.array([o.interval_s * _SECOND for o in ordered], np.int64),
        usual_low=usual[:, :, 0],
        usual_high=usual[:, :, 1],
        has_usual=np.array([o.usual is not None for o in ordered], np.bool_),
        circular=np.array([m.circular for m in metrics], np.bool_),
        derived=np.array([o.derived for o in ordered], np.bool_),
        feeds=np.array([(o.station, o.metric) in feeding for o in ordered], np.bool_),
        row=row,
    )
