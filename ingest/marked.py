"""Readings on their way in that lie in a stretch which somebody has marked already.

A detector that is being calibrated is marked invalid first, and must not page for its test gas. The
mark is laid on before anything is judged; what is computed from a reading is computed as ever.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from database.pool import Connection
from ingest.batch import Arrived
from ingest.columns import Columns, moment_of
from sensors.marks import Standing, marked, standing
from sensors.reading import Quality


def with_marks(
    conn: Connection, plain: Columns, news: Sequence[Arrived]
) -> tuple[Columns, list[Arrived]]:
    """Both with the bits of the marks that stand; the caller holds the rows of series_state."""
    odd = Columns.of_readings(item.reading for item in news)
    times = np.concatenate((plain.at, odd.at))
    if not len(times):
        return plain, list(news)
    marks = standing(conn, moment_of(int(times.min())), moment_of(int(times.max())))
    return (_columns(marks, plain), _items(marks, odd, news)) if marks else (plain, list(news))


def _columns(marks: Sequence[Standing], plain: Columns) -> Columns:
    return replace(plain, bits=marked(marks, plain.series, plain.at, plain.bits)[0])


def _items(marks: Sequence[Standing], odd: Columns, news: Sequence[Arrived]) -> list[Arrived]:
    bits, changed = marked(marks, odd.series, odd.at, odd.bits)
    return [
        replace(item, reading=replace(item.reading, quality=Quality(quality))) if other else item
        for item, quality, other in zip(news, bits.tolist(), changed.tolist(), strict=True)
    ]
