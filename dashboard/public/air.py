"""Air: each station's AQI now, what it means and what to do. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboard.public.look import Look, Value
from dashboard.shapes import StationRow
from dashboard.text import text
from sensors.air import advice as health
from sensors.air import aqi as index
from sensors.catalogue import AIR_METRICS

CATEGORY_WORDS = {lang: health.category_words(lang) for lang in health.LANGUAGES}


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

    def word(self, lang: str) -> str:
        if self.step:
            return CATEGORY_WORDS[lang][self.step - 1]
        return text(lang)(
            "Not known now" if self.state in ("stale", "unknown") else "AQI not given"
        )

    def advice(self, lang: str) -> str | None:
        """What to do, as the standard words it. None without an AQI."""
        return health.advice(self.step or None, lang)

    def effect(self, lang: str) -> str | None:
        return health.effect(self.step or None, lang)

    def sensitive(self, lang: str) -> str | None:
        """Who is more sensitive to the primary pollutants; from the third category on."""
        return health.sensitive(self.step or None, (v.metric for v in self.primary), lang)


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
