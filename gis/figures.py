"""Figures of an assessment as sentences have them. Pure.

dashboard/assets/map/plume_words.mjs writes them from the API's JSON: both round half up, and both
from figures rounded as the JSON has them, so that card and headline never differ.
"""

from math import floor, log10

from gis.plume.honesty import NEAR_M


def kilometres(metres: float, *, more: bool = False) -> str:
    """0.1 km from 1 km on, 10 m below; within 100 m the model says no more than that."""
    whole = round(metres)
    if whole < NEAR_M:
        return "< 100 m"
    text = f"{_half_up(whole / 100) / 10:.1f} km" if whole >= 995 else f"{_half_up(whole / 10)}0 m"
    return f"> {text}" if more else text


def minutes(seconds: float | None) -> str:
    """At least 1: nobody should read 0 as none."""
    return "—" if seconds is None else str(max(1, _half_up(round(seconds) / 60)))


def people(count: float) -> str:
    """Two digits, with thousands: about 1,900. Below one person: 0 is said as < 1."""
    tenth = tenths(count)
    if tenth < 1:
        return "< 1" if tenth > 0 else "0"
    unit = 10 ** max(0, floor(log10(tenth)) - 1)
    return f"{_half_up(tenth / unit) * unit:,}"


def tenths(count: float) -> float:
    """People to a tenth, but never 0 where there is anybody."""
    return max(0.1, round(count, 1)) if count > 0 else 0.0


def reached(arrival_s: float | None, elapsed_s: float | None) -> bool:
    """Whether gas let out for elapsed_s may have come there; not known is not reached."""
    return arrival_s is not None and elapsed_s is not None and arrival_s <= elapsed_s


def remaining_s(arrival_s: float | None, elapsed_s: float | None) -> float | None:
    """Until the gas comes, of a release that has gone on for elapsed_s; None: arrival not known."""
    return None if arrival_s is None else max(0.0, arrival_s - (elapsed_s or 0.0))


def _half_up(value: float) -> int:
    return floor(value + 0.5)
