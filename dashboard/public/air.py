"""Air: each station's AQI now, what it means, what to do, and the last days. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from dashboard.public.look import Look, Value
from dashboard.public.store import HourMean
from dashboard.shapes import StationRow
from dashboard.text import text
from dashboard.wording import DISTRICT_TIME
from sensors import aqi as index
from sensors.aqi_tables import CATEGORIES
from sensors.catalogue import AIR_METRICS

DAYS = 6
CHART_TOP, BAR_MOST, BAR_LEAST = 96, 92, 4
HOUR_SHARE = 0.75
DAY_HOURS, OZONE_WINDOW, OZONE_WINDOW_HOURS, OZONE_WINDOWS = 20, 8, 6, 14  # GB 3095, validity

_LANGS = ("zh", "en")
CATEGORY_WORDS = {lang: [c.name[i] for c in CATEGORIES] for i, lang in enumerate(_LANGS)}

# HJ 633-2026 table 2; the English is ours.
_LUNGS = (
    "患有呼吸系统疾病（如哮喘）的人、青少年儿童",
    "people with asthma or other respiratory disease",
)
_PARTICLES = (
    "患有心血管系统疾病或呼吸系统疾病（如哮喘）的人、青少年儿童、户外活动频繁的人以及老年人",
    (
        "people with heart, vascular or respiratory disease, children, adolescents, people who are "
        "often active outdoors, older people"
    ),
)
SENSITIVE = {
    "so2_ugm3": (
        "患有哮喘的人、青少年儿童以及老年人",
        "people with asthma, children, adolescents, older people",
    ),
    "no2_ugm3": (
        f"{_LUNGS[0]}以及老年人",
        f"{_LUNGS[1]}, children, adolescents, older people",
    ),
    "co_mgm3": ("患有心血管系统疾病的人", "people with heart or vascular disease"),
    "o3_ugm3": (
        f"{_LUNGS[0]}、户外活动频繁的人以及老年人",
        f"{_LUNGS[1]}, children, adolescents, people who are often active outdoors, older people",
    ),
    "pm10_ugm3": _PARTICLES,
    "pm25_ugm3": _PARTICLES,
}


@dataclass(frozen=True, slots=True)
class AirNow:
    """One station's air. aqi: None where stale, unknown or NA; step: its category 1 to 6, else 0.

    primary: the primary pollutants, or without an AQI the concentrations that are known.
    """

    station: StationRow
    aqi: int | None
    step: int
    primary: tuple[Value, ...]
    values: tuple[Value, ...]
    at: datetime | None
    age_s: float | None
    interval_s: int
    state: str

    @property
    def origins(self) -> tuple[Value, ...]:
        return self.values

    def name(self, lang: str) -> str:
        return self.station.name_zh if lang == "zh" else self.station.name_en

    def word(self, lang: str) -> str:
        if self.step:
            return CATEGORY_WORDS[lang][self.step - 1]
        return text(lang)(
            "Not known now" if self.state in ("stale", "unknown") else "AQI not given"
        )

    def advice(self, lang: str) -> str | None:
        """What to do, as the standard words it. None without an AQI."""
        return CATEGORIES[self.step - 1].advice[_LANGS.index(lang)] if self.step else None

    def effect(self, lang: str) -> str | None:
        return CATEGORIES[self.step - 1].effect[_LANGS.index(lang)] if self.step else None

    def sensitive(self, lang: str) -> str | None:
        """Who is more sensitive to the primary pollutants; from the third category on."""
        if self.step < 3:
            return None
        found = (SENSITIVE[v.metric][_LANGS.index(lang)] for v in self.primary)
        return ("；" if lang == "zh" else "; ").join(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class Day:
    """One bar of the chart, in its own units."""

    label: str
    aqi: int | None
    step: int
    x: int
    height: int


def air_now(look: Look, station: StationRow) -> AirNow:
    """The ingest's AQI where there is one, else from the concentrations that are current."""
    values = tuple(
        look.value(station.code, metric) for metric in AIR_METRICS if look.has(station.code, metric)
    )
    current = {v.metric: v for v in values if v.current}
    computed = index.realtime({metric: v.value for metric, v in current.items()})
    given = look.value(station.code, "aqi") if look.has(station.code, "aqi") else None
    if given and given.current and given.value is not None:
        value: int | None = round(given.value)
    else:
        value = computed.value
    category = index.category_of(value)
    shown = given if given and given.current else newest(values)
    return AirNow(
        station,
        value,
        category.number if category else 0,
        tuple(current[m] for m in (computed.primary if value else tuple(current)[:3])),
        values,
        shown.at if shown else None,
        shown.age_s if shown else None,
        shown.interval_s if shown else station.interval_s,
        shown.state if shown else "unknown",
    )


def newest(values: Sequence[Value]) -> Value | None:
    known = [value for value in values if value.at]
    return max(known, key=lambda value: str(value.at), default=values[0] if values else None)


def days_chart(
    days: Sequence[tuple[datetime, int | None]], air: AirNow, now: datetime, lang: str
) -> list[Day]:
    """The six closed days before today, and now. A day without enough hours stays empty."""
    known = {at.astimezone(DISTRICT_TIME).date(): value for at, value in days}
    today = now.astimezone(DISTRICT_TIME).date()
    dates = [today - timedelta(days=back) for back in range(DAYS, 0, -1)]
    if not any(known.get(date) for date in dates):
        return []
    names = "一二三四五六日" if lang == "zh" else ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    values = [known.get(date) for date in dates] + [air.aqi]
    labels = [names[date.weekday()] for date in dates] + [text(lang)("now")]
    most = max((value for value in values if value), default=1)
    return [
        _day(label, value, position, most)
        for position, (label, value) in enumerate(zip(labels, values, strict=True))
    ]


def daily(
    means: Sequence[HourMean], intervals: Mapping[tuple[str, str], int]
) -> dict[str, list[tuple[datetime, int | None]]]:
    """The AQI of each station's whole Beijing days, oldest first, from valid hourly means.

    intervals: seconds between readings by (station, metric).
    """
    found: dict[str, list[tuple[datetime, int | None]]] = {}
    valid = (m for m in means if _valid(m, intervals.get((m.station, m.metric), 3600)))
    ordered = sorted(valid, key=lambda m: (m.station, _day_of(m.bucket), m.metric, m.bucket))
    for (station, day), of_day in groupby(ordered, key=lambda m: (m.station, _day_of(m.bucket))):
        levels = {
            metric: _daily_level(
                metric, {h.bucket.astimezone(DISTRICT_TIME).hour: h.mean for h in hours}
            )
            for metric, hours in groupby(of_day, key=lambda m: m.metric)
        }
        found.setdefault(station, []).append((day, index.daily(levels).value))
    return found


def _valid(mean: HourMean, interval_s: int) -> bool:
    """GB 3095: at least 45 minutes of an hour were measured."""
    return mean.count >= HOUR_SHARE * 3600 / min(interval_s, 3600)


def _daily_level(metric: str, hours: Mapping[int, float]) -> float | None:
    """The mean of a day, for ozone its greatest 8 h mean; None with too few valid hours."""
    if metric != "o3_ugm3":
        return sum(hours.values()) / len(hours) if len(hours) >= DAY_HOURS else None
    windows = []
    for last in range(OZONE_WINDOW - 1, 24):
        part = [hours[h] for h in range(last - OZONE_WINDOW + 1, last + 1) if h in hours]
        if len(part) >= OZONE_WINDOW_HOURS:
            windows.append(sum(part) / len(part))
    return max(windows) if len(windows) >= OZONE_WINDOWS else None


def _day_of(bucket: datetime) -> datetime:
    local = bucket.astimezone(DISTRICT_TIME)
    return local.replace(hour=0, minute=0, second=0, microsecond=0)


def _day(label: str, value: int | None, position: int, most: int) -> Day:
    category = index.category_of(value)
    height = max(BAR_LEAST, round(BAR_MOST * value / max(most, 1))) if value is not None else 0
    return Day(label, value, category.number if category else 0, 8 + 51 * position, height)
