"""Today against the usual: what a series was on other days at this time. Pure.

Usual is the median of earlier years where two of them are known, else that of the last 30 days;
of rain the mean, for most days have none. Where neither is long enough, nothing is called usual.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import fmean, median

from dashboard.text import text
from dashboard.wording import amount, number_text
from sensors.air import aqi as index
from sensors.catalogue import AIR_METRICS

AQI, RAIN = "aqi", "rain_mm"
METRICS = (*AIR_METRICS, AQI, "level_m", RAIN, "temp_c")
SPAN_S = {RAIN: 86_400}  # of a day in city.past_day; all others three hours
COMPLETE = 0.75
DAYS, LEAST_DAYS, LEAST_DAYS_A_YEAR, LEAST_YEARS = 30, 7, 10, 2
TIMES = 1.5  # from here on a ratio says more than a difference
# A difference below this is none: by metric, in its unit; for others a tenth of the usual.
SAME = {"level_m": 0.05, "temp_c": 1.0, RAIN: 0.5}

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class PastDay:
    """One day of a series, as the view city.past_day has it. year: so many ago."""

    station: str
    metric: str
    year: int
    day: int
    sum: float
    count: int


@dataclass(frozen=True, slots=True)
class Usual:
    """value: None where the record is too short; days: those known of the last 30.

    years: how many earlier ones it is of, 0: of the last 30 days. last: rain of 24 closed hours.
    """

    value: float | None
    days: int
    years: int = 0
    last: float | None = None


def usual(found: Iterable[PastDay], intervals: Mapping[Key, int]) -> dict[Key, Usual]:
    """By station and metric. intervals: seconds between readings; a day needs three of four."""
    days = sorted(
        (one for one in found if _complete(one, intervals)),
        key=lambda one: (one.station, one.metric, one.year, one.day),
    )
    known = {
        key: [(one.year, one.day, _value(one)) for one in group]
        for key, group in groupby(days, key=lambda one: (one.station, one.metric))
    }
    result = {key: _usual(values, key[1]) for key, values in known.items()}
    return _air(known) | result


def _air(known: Mapping[Key, Sequence[tuple[int, int, float]]]) -> dict[Key, Usual]:
    """The AQI of each day from its concentrations, where the station gives none itself."""
    levels: dict[str, dict[tuple[int, int], dict[str, float | None]]] = {}
    for (station, metric), values in known.items():
        if metric in AIR_METRICS:
            for year, day, value in values:
                levels.setdefault(station, {}).setdefault((year, day), {})[metric] = value
    found = {}
    for station, by_day in levels.items():
        aqis = [(*at, index.realtime(level).value) for at, level in sorted(by_day.items())]
        values = [(year, day, float(value)) for year, day, value in aqis if value is not None]
        found[station, AQI] = _usual(values, AQI)
    return found


def _usual(values: Sequence[tuple[int, int, float]], metric: str) -> Usual:
    middle: Callable[[Iterable[float]], float] = fmean if metric == RAIN else median
    last = next((value for year, day, value in values if (year, day) == (0, 0)), None)
    recent = [value for year, day, value in values if year == 0 and day > 0]
    before = [
        [value for at, _, value in values if at == year]
        for year in sorted({year for year, _, _ in values if year})
    ]
    years = [year for year in before if len(year) >= LEAST_DAYS_A_YEAR]
    if len(years) >= LEAST_YEARS:
        return Usual(middle([v for year in years for v in year]), len(recent), len(years), last)
    value = middle(recent) if len(recent) >= LEAST_DAYS else None
    return Usual(value, len(recent), 0, last)


def _complete(one: PastDay, intervals: Mapping[Key, int]) -> bool:
    expected = SPAN_S.get(one.metric, 10_800) / intervals.get((one.station, one.metric), 3600)
    return one.count >= COMPLETE * expected


def _value(one: PastDay) -> float:
    return one.sum if one.metric == RAIN else one.sum / one.count


def sentence(known: Usual, metric: str, now: float | None, lang: str) -> str:
    """In plain words; empty where the record is too short to call anything usual."""
    if known.value is None:
        return ""
    said = _basis(known, metric, _shown(known.value, metric, lang), text(lang))
    return said + _compared(known.last if metric == RAIN else now, known.value, metric, lang)


def _basis(known: Usual, metric: str, value: str, t: Callable[..., str]) -> str:
    n = known.years or known.days
    if metric == RAIN and known.years:
        return t(
            "Rain in 24 h, mean of this season in {n} earlier years: {value}", n=n, value=value
        )
    if metric == RAIN:
        return t("Rain in 24 h, mean of {n} of the last 30 days: {value}", n=n, value=value)
    if known.years:
        return t("Usual for this date and hour, median of {n} years: {value}", n=n, value=value)
    if known.days < DAYS:
        return t("Median of {n} of the last 30 days at this hour: {value}", n=n, value=value)
    return t("Median of the last 30 days at this hour: {value}", value=value)


def _compared(now: float | None, usual: float, metric: str, lang: str) -> str:
    t = text(lang)
    if now is None:
        return t(".")
    if metric == RAIN:
        return t("; the 24 h to the last full hour: {value}.", value=_shown(now, metric, lang))
    difference = now - usual
    if abs(difference) < SAME.get(metric, abs(usual) / 10):
        return t("; now about the same.")
    if metric in (AQI, *AIR_METRICS) and usual > 0 and now >= TIMES * usual:
        return t("; now {times} times that.", times=number_text(now / usual, 1))
    more = _shown(abs(difference), metric, lang)
    if difference > 0:
        return t("; now {more} higher.", more=more)
    return t("; now {more} lower.", more=more)


def _shown(value: float, metric: str, lang: str) -> str:
    if metric == AQI:
        return number_text(value, 0)
    figure, unit = amount(value, metric, lang)
    return f"{figure} {unit}" if unit else figure
