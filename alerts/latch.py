"""The latches of a rule's grades: on and off by limit, dead-band and hold of each. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.grade import GRADES, Grade
from alerts.rule import Watch
from alerts.state import NONE, OFF, State

_ZERO = timedelta(0)


@dataclass(frozen=True, slots=True)
class Latches:
    """on, since: as in State. onsets: of the latches that changed now, by rank, when it began."""

    on: tuple[bool, ...]
    since: tuple[datetime | None, ...]
    onsets: Mapping[int, datetime]

    @property
    def grade(self) -> Grade | None:
        return next((GRADES[rank] for rank in (3, 2, 1, 0) if self.on[rank]), None)

    @property
    def cleared(self) -> int:
        """The least grade that went off now, by rank."""
        return min(rank for rank in self.onsets if not self.on[rank])

    @property
    def busy(self) -> bool:
        return self.on != OFF or self.since != NONE


def moved(watch: Watch, state: State, at: datetime, value: float, *, may_clear: bool) -> Latches:
    on, since, onsets = list(state.on), list(state.since), {}
    silence = at - state.last_at if state.last_at else _ZERO
    for rank in range(len(GRADES)):
        if not _wants_change(watch, rank, at, value, on=on[rank]) or (on[rank] and not may_clear):
            since[rank] = None
            continue
        hold = watch.off_delay if on[rank] else watch.on_delay
        onset = since[rank]
        if onset is None or silence > max(watch.gap, hold):
            onset = at  # nobody knows what lay in the gap: the hold begins anew
        if at - onset >= hold:
            on[rank], since[rank], onsets[rank] = not on[rank], None, onset
        else:
            since[rank] = onset
    return Latches(tuple(on), tuple(since), onsets)


def _wants_change(watch: Watch, rank: int, at: datetime, value: float, *, on: bool) -> bool:
    limits = watch.limits_at(rank, at)
    if not limits:
        return on  # no limit, or out of season: what is on goes off
    if on:
        return all(limit.sign * value <= limit.clear for limit in limits)
    return any(limit.sign * value > limit.beyond for limit in limits)
