"""Alarm floods: more come than anybody can take in. Pure.

ISA-18.2: a flood starts when more than 10 alarms come within 10 minutes for one operator. That it
ends below 5 in 10 minutes is widely used and was not confirmed in the standard's own text.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

WINDOW = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Flood:
    """since: the alert that made it one. until: None while it lasts. count: alerts in its time."""

    since: datetime
    until: datetime | None
    count: int


def floods(times: Iterable[datetime], now: datetime, *, above: int, below: int) -> list[Flood]:
    """The floods among these moments up to now, in order.

    Counted over the ten minutes before each moment, so that no flood hides in a bucket's edge. It
    ends at the moment from which on fewer than `below` lie in the ten minutes before.
    """
    found: list[Flood] = []
    recent: deque[datetime] = deque()
    since: datetime | None = None
    count = 0
    for moment in [*sorted(at for at in times if at <= now), None]:
        reached = now if moment is None else moment
        while recent and recent[0] <= reached - WINDOW:
            left = recent.popleft() + WINDOW
            if since is not None and len(recent) < below:
                found.append(Flood(since, left, count))
                since = None
        if moment is None:
            break
        recent.append(moment)
        count += 1
        if since is None and len(recent) > above:
            since, count = moment, len(recent)
    return [*found, Flood(since, None, count)] if since is not None else found
