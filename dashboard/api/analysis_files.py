"""Analyses as CSV files: the same figures as the documents, with where they are from below."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from starlette.responses import Response

from dashboard.api.analysis_documents import Line, Polluted, Rose
from dashboard.api.tables import csv_answer
from dashboard.environment.analysis import Hourly, exceed_hours, of_hours
from dashboard.environment.analysis_store import Place
from dashboard.environment.hours_store import Measured
from dashboard.text import text
from dashboard.wording import word
from sensors.air.means import BEIJING
from sensors.analysis.distribution import histogram, summary
from sensors.analysis.diurnal import by_hour, by_weekday
from sensors.analysis.pairs import compare, paired
from sensors.analysis.roses import CALM_MS, SECTORS, SPEED_CLASSES, Share
from sensors.catalogue import METRICS

_WHO = ("Station", "Station name", "Parameter", "Unit")
_WEEK = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def series(lines: Sequence[Line], since: datetime, until: datetime, lang: str) -> Response:
    titles = (*_WHO, "Resolution", "Time (Beijing)", "Value", "Least", "Greatest", "Readings",
              "Quality")  # fmt: skip
    rows = (
        (*_who(line.place, line.measured, lang), line.resolution, _local(point["t"]),
         *(point[key] for key in ("value", "min", "max", "count")),
         word(point["quality"], lang))
        for line in lines for point in line.points
    )  # fmt: skip
    return _file("series", since, until, lang, titles, rows)


def rose(
    found: Rose, polluted: Polluted | None, since: datetime, until: datetime, lang: str
) -> Response:
    """A row a sector, then calm and variable; shares in per cent of the hours with wind known."""
    t = text(lang)
    edges = [*(f"{edge:g}" for edge in SPEED_CLASSES)]
    classes = [f"{a}–{b} m/s" for a, b in pairwise(edges)]
    titles = ["From (°)", "Hours", "Share (%)", *classes, f"≥ {edges[-1]} m/s"]
    rose_ = found.found
    shares = polluted.found if polluted else None
    if polluted:
        unit = _unit(polluted.of.measured)
        mean = f"{t('Mean')} ({unit})" if unit else "Mean"
        titles += ["Hours of the pollutant", mean, "Above the threshold", "Probability (%)"]
    rows: list[list[Any]] = [
        [n * 360 / SECTORS, sum(counts), _percent(rose_.share(sum(counts))), *counts,
         *(_shares(shares.sectors[n], polluted) if shares else ())]
        for n, counts in enumerate(rose_.counts)
    ]  # fmt: skip
    blank = [None] * len(SPEED_CLASSES)
    calm = _shares(shares.calm, polluted) if shares else ()
    rows.append([t("calm"), rose_.calms, _percent(rose_.share(rose_.calms)), *blank, *calm])
    rows.append([t("variable"), rose_.variable, _percent(rose_.share(rose_.variable)), *blank])
    notes = [
        f"{found.at.code} {_name(found.at, lang)}",
        t("Directions are where the wind comes from; calm is below {calm} m/s", calm=CALM_MS),
        t("{n} of {all} hours with a valid wind", n=rose_.hours, all=found.expected),
    ]
    if polluted and polluted.threshold is not None:
        unit = _unit(polluted.of.measured)
        value = f"{polluted.of.measured.metric}: {polluted.threshold:g} {unit}"
        notes.append(f"{t('Threshold')} {value}")
    return _file("rose", since, until, lang, titles, rows, notes)


def distribution(found: Sequence[Hourly], since: datetime, until: datetime, lang: str) -> Response:
    def rows() -> Iterable[Sequence[Any]]:
        for one in found:
            like = [v for other in found if other.measured.metric == one.measured.metric
                    and other != one for v in other.values]  # fmt: skip
            for each in histogram(one.values, like):
                yield (*_of(one, lang), each.low, each.high, each.count)

    titles = (*_WHO, "From", "To", "Hours")
    return _file("distribution", since, until, lang, titles, rows(), _bases(found, lang))


def diurnal(found: Sequence[Hourly], since: datetime, until: datetime, lang: str) -> Response:
    """The day as a whole first, then each day of the week."""
    t = text(lang)

    def rows() -> Iterable[Sequence[Any]]:
        for one in found:
            courses = [("Every day", by_hour(one.means))]
            courses += list(zip(_WEEK, by_weekday(one.means), strict=True))
            for name, course in courses:
                for hour, spread in enumerate(course):
                    values = (spread.n, spread.p25, spread.median, spread.p75)
                    yield (*_of(one, lang), t(name), f"{hour:02d}:00", *values)

    titles = (*_WHO, "Day", "Hour", "Hours", "25th percentile", "Median", "75th percentile")
    return _file("diurnal", since, until, lang, titles, rows(), _bases(found, lang))


def comparison(found: Sequence[Hourly], since: datetime, until: datetime, lang: str) -> Response:
    def rows() -> Iterable[Sequence[Any]]:
        for number, one in enumerate(found):
            known = summary(one.values)
            same = one.measured.metric == found[0].measured.metric
            pair = compare(paired(found[0].means, one.means)) if number else None
            yield (
                *_of(one, lang), len(one.means), one.expected, _percent(one.share), known.mean,
                *known.quantiles, known.greatest, _exceed(one, lang),
                pair and pair.n, pair.difference if pair and same else None,
                pair and pair.correlation,
            )  # fmt: skip

    titles = (
        *(*_WHO, "Valid", "Expected", "Valid (%)", "Mean", "5th percentile", "25th percentile"),
        *("Median", "75th percentile", "95th percentile", "98th percentile", "Greatest"),
        *("Hours beyond a limit", "Paired hours", "Difference to the first"),
        "Correlation with the first",
    )
    return _file("comparison", since, until, lang, titles, rows())


FILES: dict[str, Callable[[Sequence[Hourly], datetime, datetime, str], Response]] = {
    "distribution": distribution,
    "diurnal": diurnal,
    "comparison": comparison,
}


def _file(
    what: str,
    since: datetime,
    until: datetime,
    lang: str,
    titles: Sequence[str],
    rows: Iterable[Sequence[Any]],
    notes: Sequence[str] = (),
) -> Response:
    t = text(lang)
    a, b = (f"{at.astimezone(BEIJING):%Y%m%d%H%M}" for at in (since, until))
    basis = t("usable readings; an hour is known by its start")
    return csv_answer(f"{what}_{a}_{b}", lang, titles, rows, [*notes, basis])


def _exceed(one: Hourly, lang: str) -> str | None:
    names = [
        f"{limit.label[0 if lang == 'zh' else 1]} {limit.value:g}: {exceed_hours(one, limit)}"
        for limit in one.limits
        if of_hours(limit) and one.means
    ]
    return "; ".join(names) or None


def _bases(found: Sequence[Hourly], lang: str) -> list[str]:
    t = text(lang)
    return [
        f"{one.place.code} {one.measured.metric}: "
        + t("{n} of {all} hours are valid", n=len(one.means), all=one.expected)
        for one in found
    ]


def _shares(share: Share, polluted: Polluted | None) -> tuple[Any, ...]:
    known = polluted is not None and polluted.threshold is not None and share.hours
    above = (share.above, _percent(share.probability)) if known else (None, None)
    return (share.hours, share.mean, *above)


def _of(one: Hourly, lang: str) -> tuple[str, ...]:
    return _who(one.place, one.measured, lang)


def _who(place: Place, one: Measured, lang: str) -> tuple[str, ...]:
    known = METRICS.get(one.metric)
    name = one.metric if known is None else known.zh if lang == "zh" else known.en
    return (place.code, _name(place, lang), name, _unit(one))


def _name(place: Place, lang: str) -> str:
    return place.names[0 if lang == "zh" else 1]


def _unit(one: Measured) -> str:
    return METRICS[one.metric].unit if one.metric in METRICS else ""


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 2)


def _local(written: str) -> str:
    return f"{datetime.fromisoformat(written).astimezone(BEIJING):%Y-%m-%d %H:%M:%S}"
