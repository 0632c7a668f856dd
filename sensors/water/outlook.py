"""How long until the water reaches the next limit: at the present rate, with a band. Pure.

The central figure is the distance over the present rate. The band is no theory of floods: it is how
far recorded floods departed from their present rate (docs/science.md has the figures), and holds
where the limit is reached in this rise at all; in the records about every second time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from math import isfinite, sqrt

from sensors.water.balance import Z80
from sensors.water.levels import next_above, reached
from sensors.water.rise import AHEAD, SIGNIFICANT, Rise, Unknown

METHOD = "outlook 1"  # in every answer: another method is another number
# The earliest: the rate may grow by so many times itself in one window (more while it grows).
GROWTH_A_WINDOW = 8.0
# The latest: so many times the central figure, and so many windows more.
LATE_FACTOR, LATE_WINDOWS = 2.0, 1.4
# The newer half of the window against the whole: a rise that halved mostly ends before its limit.
SLOWING = 0.5
# Stored for "not in sight": a rule must see that it is over. About six weeks; never shown as hours.
FAR_H = 1000.0
_SURELY_FAR_H = 24.0
_LEAST_SHAPE, _MOST_SHAPE = 0.5, 3.0
_HOUR = timedelta(hours=1)


class State(StrEnum):
    RISING = "rising"
    FALLING = "falling"
    STEADY = "steady"
    UNKNOWN = "unknown"


class Reason(StrEnum):
    """Why there is no figure, or what to know of it."""

    NO_LIMIT = "no limit lies above the level"
    NOT_RISING = "the water does not rise"
    BEYOND = "farther ahead than the rate can tell"
    SLOWING = "the rise is dying away: the limit may not be reached"
    DUE = "by this the limit should have been reached; no newer level says whether it was"
    PAST = "the latest time has passed without a newer level"
    NOISY = "a rise that would reach the limit could hide in the gauge's noise"


@dataclass(frozen=True, slots=True)
class Outlook:
    """Hours count from `at`, the newest usable reading. None: no figure, and reasons say why.

    latest_h None beside a central figure: perhaps never. horizon_h: how far the rate can tell, set
    while the water rises to a limit. hidden_mh: a slower rise than this would not be seen.
    """

    state: State
    at: datetime | None = None
    level_m: float | None = None
    rise: Rise | None = None
    limit: str | None = None
    limit_m: float | None = None
    reached: tuple[str, ...] = ()
    central_h: float | None = None
    earliest_h: float | None = None
    latest_h: float | None = None
    horizon_h: float | None = None
    hidden_mh: float | None = None
    reasons: tuple[Reason | Unknown, ...] = ()


def outlook(level_m: float | None, rise: Rise | Unknown, levels: Mapping[str, float]) -> Outlook:
    """Time to the lowest of `levels` (those in force, by name) that lies above the newest level.

    level_m: the newest usable reading. Without a rate the state is unknown, with the reason;
    what is reached already is said of the newest reading all the same.
    """
    known = level_m is not None and isfinite(level_m)
    above = reached(level_m, levels) if known and level_m is not None else ()
    name = next_above(level_m, levels) if known and level_m is not None else None
    limit_m = levels[name] if name is not None else None
    if isinstance(rise, Unknown) or level_m is None or not known:
        why = rise if isinstance(rise, Unknown) else Unknown.NO_READING
        shown = level_m if known else None
        return Outlook(State.UNKNOWN, None, shown, None, name, limit_m, above, reasons=(why,))
    found = Outlook(state_of(rise), rise.at, level_m, rise, name, limit_m, above)
    found = replace(found, hidden_mh=SIGNIFICANT * rise.error_mh)
    return _ahead(found, rise, None if limit_m is None else limit_m - level_m)


def aged(found: Outlook, now: datetime) -> Outlook:
    """The outlook as it may be told at `now`, some time after its reading: hours still count from
    the reading, so moments (`at` + hours) stay what they were.

    DUE is added when the central time has passed. When the latest has (where it has no end: how far
    the rate can tell) nothing is known any more: PAST.
    """
    if found.central_h is None or found.at is None:
        return found
    age_h = (now - found.at) / _HOUR
    last_h = found.horizon_h if found.latest_h is None else found.latest_h
    if last_h is not None and age_h > max(last_h, found.central_h):
        return _with(replace(found, state=State.UNKNOWN), (Reason.PAST,))
    if age_h > found.central_h:
        return replace(found, reasons=(*found.reasons, Reason.DUE))
    return found


def stored_hours(found: Outlook) -> float | None:
    """What the series to_limit_h has of it: the central figure; FAR_H where the limit is not in
    sight (steady, falling, or a day away and beyond what the rate can tell); None where nothing is
    known, or no limit is left above."""
    if found.central_h is not None:
        return min(found.central_h, FAR_H)
    if found.limit_m is None or found.state is State.UNKNOWN:
        return None
    if found.state is not State.RISING:
        return FAR_H
    return FAR_H if (found.horizon_h or 0) >= _SURELY_FAR_H - 1 else None


def state_of(rise: Rise) -> State:
    """Rising or falling only where the rate stands clear of the gauge's noise."""
    if rise.rises:
        return State.RISING
    return State.FALLING if rise.falls else State.STEADY


def band(distance_m: float, rise: Rise) -> tuple[float, float, float | None]:
    """(earliest, central, latest) hours to climb `distance_m` > 0 at a rate > 0.

    latest None: perhaps never, for the rise is dying away.

    The earliest is that of a rate growing steadily; with the noise of the rate on both sides.
    """
    window_h = rise.window / _HOUR
    central = distance_m / rise.rate_mh
    doubt = Z80 * rise.error_mh / rise.rate_mh
    trend = rise.recent_mh / rise.rate_mh
    shape = min(max(trend, _LEAST_SHAPE), _MOST_SHAPE)
    growth = GROWTH_A_WINDOW * shape**2 / window_h
    at_most = central / (1 + doubt)
    earliest = (sqrt(1 + 2 * growth * at_most) - 1) / growth
    if trend < SLOWING or doubt >= 1:
        return earliest, central, None
    latest = (LATE_FACTOR * central + LATE_WINDOWS * window_h) / sqrt(shape)
    return earliest, central, max(central, latest) / (1 - doubt)


def _ahead(found: Outlook, rise: Rise, distance_m: float | None) -> Outlook:
    if distance_m is None:
        return _with(found, (Reason.NO_LIMIT,))
    if found.state is not State.RISING:
        hidden_m = SIGNIFICANT * rise.error_mh * AHEAD * (rise.window / _HOUR)
        if found.state is State.STEADY and hidden_m > distance_m:
            return _with(replace(found, state=State.UNKNOWN), (Reason.NOISY,))
        return _with(found, (Reason.NOT_RISING,))
    horizon_h = AHEAD * (rise.window / _HOUR)
    earliest, central, latest = band(distance_m, rise)
    slowing = (Reason.SLOWING,) if latest is None else ()
    if central > horizon_h:
        return _with(found, (Reason.BEYOND, *slowing), horizon_h=horizon_h)
    return _with(found, slowing, horizon_h, central, earliest, latest)


def _with(
    found: Outlook,
    reasons: tuple[Reason, ...],
    horizon_h: float | None = None,
    central_h: float | None = None,
    earliest_h: float | None = None,
    latest_h: float | None = None,
) -> Outlook:
    return replace(
        found,
        reasons=reasons,
        horizon_h=horizon_h,
        central_h=central_h,
        earliest_h=earliest_h,
        latest_h=latest_h,
    )
