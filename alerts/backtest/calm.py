"""Which stored readings change nothing that the engine must remember: numpy passes over them.

Not a second engine: a reading that is in doubt is shown to the first one. Holds for conditions that
judge readings singly; limits with seasons or on two sides are left to the engine while something is
open or pending. A property holds that what is passed over changes nothing.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from alerts.backtest.block import Block, microseconds_of, moment_of
from alerts.rule import Watch
from alerts.state import NONE, State
from sensors.vetting import Mask

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Calm:
    """band: (sign, above, up to); calm is a value that, times its sign, lies so for each of them.

    peak: the gravest value so far, times the sign; a doubtful reading beyond it is not calm.
    due: when the first of the running holds is over, microseconds since 1970; calm is then no
    doubtful reading, and none that comes more than `gap_us` after the one before (the first: after
    `last_at`).
    """

    band: tuple[tuple[int, float, float], ...]
    peak: float | None = None
    due: int | None = None
    last_at: int = 0
    gap_us: int = 0


def calm(watch: Watch, state: State) -> Calm | None:
    """None where nothing can be said."""
    if state.idle:
        return Calm(tuple((sign, -np.inf, lowest) for sign, lowest in watch.sides))
    seasonal = any(limit.season_from for some in watch.limits for limit in some)
    if seasonal or len(watch.sides) != 1 or watch.signal or state.last_at is None:
        return None
    ((sign, _),) = watch.sides
    peak = -np.inf if state.peak is None else sign * state.peak
    found = Calm(((sign, *_between(watch, state)),), float(peak))
    if state.since == NONE:
        return found
    holds = (watch.off_delay if on else watch.on_delay for on in state.on)
    due = min(since + hold for since, hold in zip(state.since, holds, strict=True) if since)
    return replace(
        found,
        due=microseconds_of(due),
        last_at=microseconds_of(state.last_at),
        gap_us=watch.gap // _MICROSECOND,
    )


def stirring(block: Block, at: int, calm: Calm) -> int:
    """The first reading from `at` on that is not calm; as many as there are if all are."""
    size = 64
    while at < len(block):
        found = _stirs(block, at, min(at + size, len(block)), calm)
        if found.any():
            return at + int(found.argmax())
        at, size = min(at + size, len(block)), size * 4
        if calm.due is not None:
            calm = replace(calm, last_at=int(block.at[at - 1]))
    return at


def passed(watch: Watch, state: State, block: Block, first: int, last: int) -> State:
    """The state after the readings from `first` to before `last`, all of them calm."""
    good = np.flatnonzero(block.bits[first:last] == 0) + first
    if not len(good):
        return state
    gravest = block.value[good][np.argmax(watch.sides[0][0] * block.value[good])]
    at = moment_of(int(block.at[good[-1]]))
    peak = watch.graver(float(gravest), state.peak)
    return replace(state, judged_to=at, last_at=at, peak=peak)


def _between(watch: Watch, state: State) -> tuple[float, float]:
    """Above which value, and up to which, each latch goes on wanting what it wants."""
    above, up_to = -np.inf, np.inf
    for some, is_on, since in zip(watch.limits, state.on, state.since, strict=True):
        if not some:
            continue
        edge = some[0].clear if is_on else some[0].beyond
        if is_on == (since is None):  # it stays on, or is about to go on: beyond the edge
            above = max(above, edge)
        else:
            up_to = min(up_to, edge)
    return above, up_to


def _stirs(block: Block, first: int, last: int, calm: Calm) -> Mask:
    value, doubtful = block.value[first:last], block.bits[first:last] != 0
    found: Mask = np.zeros(last - first, bool)
    for sign, above, up_to in calm.band:
        signed = sign * value
        found |= (signed <= above) | (signed > up_to)
        if calm.peak is not None:
            found |= doubtful & (signed > calm.peak)
    if calm.due is not None:
        at = block.at[first:last]
        before = np.append(calm.last_at, at[:-1])
        found |= doubtful | (at >= calm.due) | (at - before > calm.gap_us)
    return found
