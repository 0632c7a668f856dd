"""What the API says of a station's air: documents and files of reports and exceedance. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from starlette.responses import Response

from dashboard.api.tables import csv_answer
from dashboard.environment.air_tables import AVERAGES, Row
from dashboard.environment.words import REASONS, both, doubts
from dashboard.shapes import Json, iso
from dashboard.text import text
from sensors.air.aqi import IN_FORCE_SINCE
from sensors.air.aqi_tables import CATEGORIES
from sensors.air.exceedance import Year
from sensors.air.limits import AirLimit
from sensors.air.means import BEIJING, Mean
from sensors.air.reports import Entry, Plan, Report
from sensors.air.us_aqi import NOWCAST_ITEMS, nowcast_of
from sensors.catalogue import AIR_METRICS, METRICS
from sensors.reading import Origin


@dataclass(frozen=True, slots=True)
class Air:
    """What a station measured: hourly means by metric and start, in [since, until), all over."""

    code: str
    since: datetime
    until: datetime
    means: Mapping[str, Mapping[datetime, Mean]]
    origin: int

    @property
    def hours(self) -> dict[str, dict[datetime, float | None]]:
        return {m: {at: mean.value for at, mean in of.items()} for m, of in self.means.items()}

    @property
    def plan(self) -> Plan:
        """What has no sensor is not in the plan; whether 5.3.2 holds nobody has shown."""
        return Plan(unplanned=[m for m in AIR_METRICS if m not in self.means])


def document(air: Air, now: datetime, also: Sequence[str] = ()) -> Json:
    return {
        "station": air.code,
        "from": iso(air.since),
        "to": iso(air.until),
        "origin": Origin(air.origin).word,
        "provenance": {
            "basis": both("HJ 633 for AQI, GB 3095 for limits and validity"),
            "rollup": "reading_1h",
            "counts": both("usable readings; an hour is known by its start"),
            "day": "Asia/Shanghai",
            "generated_at": iso(now),
            "unconfirmed": doubts(*_keys(air, also)),
        },
    }


def _keys(air: Air, also: Sequence[str]) -> list[str]:
    keys = [*also, *(["ozone_windows"] if "ozone_windows" not in also else []), "particles_hour"]
    if air.plan.unplanned:
        keys.append("plan")
    if air.since < IN_FORCE_SINCE:
        keys += ["ozone_2012", "missing_2012", "limits_2012"]
    return keys


def doubts_of(air: Air, also: Sequence[str] = ()) -> list[dict[str, str]]:
    return doubts(*_keys(air, also))


def report_json(report: Report) -> Json:
    aqi = report.aqi
    category = CATEGORIES[aqi.category - 1] if aqi.category else None
    return {
        "standard": report.standard,
        "aqi": aqi.value,
        "category": aqi.category,
        "class": category and dict(zip(("zh", "en"), category.name, strict=True)),
        "primary": list(aqi.primary),
        "exceeding": list(report.exceeding),
        "expected": report.expected,
        "known": report.known,
        "reason": report.reason,
        "entries": [_entry(entry) for entry in report.entries],
    }


def us_json(hours: Mapping[str, Mapping[datetime, float | None]], at: datetime) -> Json:
    """NowCast and index of particles by the US scale, from the hour and the eleven before it; null
    where fewer than two of the last three are known."""
    back = [at - n * timedelta(hours=1) for n in range(12)]
    found = {
        metric: nowcast_of(metric, [hours[metric].get(hour) for hour in back])
        for metric in NOWCAST_ITEMS
        if metric in hours
    }
    return {
        metric: None if cast is None else {"nowcast": cast.value, "aqi": cast.aqi}
        for metric, cast in found.items()
    }


def _entry(entry: Entry) -> Json:
    return {
        "metric": entry.metric,
        "item": entry.item,
        "value": entry.mean.value,
        "count": entry.mean.count,
        "wanted": entry.mean.wanted,
        "reason": entry.mean.reason,
        "iaqi": entry.iaqi,
        "mark": entry.mark,
    }


def _limit(limit: AirLimit | None) -> Json | None:
    if limit is None:
        return None
    return {
        "value": limit.value,
        "unit": limit.unit,
        "averaging": limit.averaging,
        "edition": limit.edition,
        "confirmed": limit.confirmed,
        "source": limit.source,
    }


def exceedance_json(row: Row) -> Json:
    found = row.figures
    at = found.greatest_at
    return {
        "metric": row.metric,
        "limit": _limit(found.limit),
        "expected": found.expected,
        "valid": found.valid,
        "over": found.over,
        "rate": _rounded(found.rate),
        "greatest": found.greatest,
        "greatest_at": iso(at) if isinstance(at, datetime) else at and at.isoformat(),
        "multiple": _rounded(found.multiple),
        "percentile_pct": row.percentile_pct,
        "percentile": _rounded(row.percentile),
    }


def year_json(metric: str, found: Year) -> Json:
    return {
        "metric": metric,
        "year": found.year,
        "valid_days": found.valid_days,
        "mean": _rounded(found.mean),
        "reason": found.reason,
        "limit": _limit(found.limit),
        "over": found.over,
        "percentile_pct": found.percentile_pct,
        "percentile": _rounded(found.percentile),
        "daily_limit": _limit(found.daily_limit),
        "percentile_over": found.percentile_over,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def reports_csv(
    name: str, lang: str, found: Sequence[tuple[str, Report]], said: Sequence[Mapping[str, str]]
) -> Response:
    """Of each pollutant the indicator, its value and index; `NA` and `/` as the standard has it.

    Where there are two (ozone of 1 h and of 8 h in 2012) it is the one that gave the index.
    """
    index = ("zh", "en").index(lang)
    pollutants = [((METRICS[m].zh, METRICS[m].en)[index], METRICS[m].unit) for m in AIR_METRICS]
    titles = ["Time", "Standard", "AQI", "Class", "Primary pollutant", "Reason"]
    of_each = [
        title
        for name, unit in pollutants
        for title in (f"HJ 633 {name}", f"{name} ({unit})", f"IAQI {name}")
    ]
    rows = ([at, *_report_row(report, lang, index)] for at, report in found)
    return csv_answer(name, lang, [*titles, *of_each], rows, _notes(lang, said))


def _report_row(report: Report, lang: str, index: int) -> list[Any]:
    t, aqi = text(lang), report.aqi
    primary = ", ".join((METRICS[m].zh, METRICS[m].en)[index] for m in aqi.primary)
    category = CATEGORIES[aqi.category - 1].name[index] if aqi.category else "NA"
    why = t(REASONS[report.reason]) if report.reason else ""
    cells: list[Any] = []
    for metric in AIR_METRICS:
        entry = _decisive([entry for entry in report.entries if entry.metric == metric])
        cells += [entry.item, entry.mark if entry.mean.value is None else entry.mean.value]
        cells += [entry.mark if entry.iaqi is None else entry.iaqi]
    return [
        report.standard,
        "NA" if aqi.value is None else aqi.value,
        category,
        primary,
        why,
        *cells,
    ]


def _decisive(entries: Sequence[Entry]) -> Entry:
    """The indicator of one pollutant with the greatest index; the last where none has one."""
    return max(reversed(entries), key=lambda entry: -1 if entry.iaqi is None else entry.iaqi)


def exceedance_csv(
    code: str,
    lang: str,
    found: Collection[Row],
    said: Sequence[Mapping[str, str]],
) -> Response:
    titles = (
        *("Pollutant", "Mean", "Edition", "Limit", "Unit", "Confirmed", "Expected", "Valid"),
        *("Above", "Rate (%)", "Greatest", "Greatest at", "Exceedance multiple"),
        *("Percentile (%)", "Percentile"),
    )
    index, t = ("zh", "en").index(lang), text(lang)
    rows = []
    for row in found:
        metric, one = row.metric, row.figures
        at, limit = one.greatest_at, one.limit
        rows.append([
            *((METRICS[metric].zh, METRICS[metric].en)[index], t(AVERAGES[limit.averaging])),
            *(limit.edition, limit.value, limit.unit, t("yes" if limit.confirmed else "no")),
            *(one.expected, one.valid, one.over),
            None if one.rate is None else round(100 * one.rate, 1),
            *(one.greatest, _written(at), _rounded(one.multiple)),
            *(row.percentile_pct, _rounded(row.percentile)),
        ])  # fmt: skip
    return csv_answer(f"{code}_exceedance", lang, titles, rows, _notes(lang, said))


def _written(at: datetime | date | None) -> str | None:
    if isinstance(at, datetime):
        return f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M}"
    return None if at is None else at.isoformat()


def _notes(lang: str, said: Sequence[Mapping[str, str]]) -> list[str]:
    return [f"{text(lang)('Unconfirmed')}: {one[lang]}" for one in said]
