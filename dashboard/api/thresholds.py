"""Every series that has limits, at a glance; and of one of them a year of days and its quality."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from dashboard.api import threshold_models as models
from dashboard.api.common import Use, json_answer
from dashboard.api.tables import Format, Lang, csv_answer, department_names
from dashboard.api.threshold_documents import calendar_json, quality_json, row_json
from dashboard.environment.thresholds import Bound, Row, counts
from dashboard.problems import Problem
from dashboard.shapes import iso
from dashboard.text import text
from dashboard.wording import mean_words, word
from sensors.air.means import BEIJING
from sensors.catalogue import METRICS

router = APIRouter(prefix="/api/v1/thresholds", tags=["thresholds"])
PEERS = 7
_TITLES = (
    *("Grade", "Station", "Station name", "Kind", "Department", "Parameter", "Value", "Unit"),
    *("What is compared", "Limit", "Value of the limit", "Side", "Judging rule", "Rule version"),
    *("Source of the limit", "Margin", "Margin (%)", "Verdict", "Time", "Data state"),
    *("Valid data of 24 h (%)", "Data origin"),
)


@router.get("", responses={200: {"model": models.Thresholds}})
def read_thresholds(
    use: Use,
    kind: Annotated[str | None, Query(description="of the station: air, reservoir, ...")] = None,
    q: Annotated[str | None, Query(max_length=100, description="in code, names or metric")] = None,
    department: Annotated[str | None, Query(description="only what it owns")] = None,
    format_: Format = "json",
    lang: Lang = "zh",
) -> Response:
    """Open alerts by grade, then by how near the next limit is; stale and unknown ones last.

    counts: of all; `judged` are those that were compared. Stale, unknown and unusable values never
    are. A limit of a mean is compared with that mean.
    """
    rows, at = use.thresholds.rows(use.pool, use.live.now())
    shown = [row for row in rows if _wanted(row, kind, q, department)]
    if format_ == "csv":
        return _csv(shown, at, lang, department_names(use, lang))
    return json_answer(
        {
            "generated_at": iso(at),
            "counts": counts(rows),
            "shown": len(shown),
            "rows": [row_json(row) for row in shown],
        }
    )


@router.get("/{station}/{metric}", responses={200: {"model": models.ThresholdSeries}})
def read_series(use: Use, station: str, metric: str) -> Response:
    """One of them with 52 weeks of days against its limit, and the last 24 whole hours of it and of
    the nearest stations that measure the same."""
    now = use.live.now()
    rows, _ = use.thresholds.rows(use.pool, now)
    states = {(r.series.station, r.series.metric): r.series.state for r in rows}
    row = next((r for r in rows if (r.series.station, r.series.metric) == (station, metric)), None)
    place = use.thresholds.place(station, metric)
    if row is None or place is None:
        said = f"{station!r} has no series {metric!r} with a limit; see /api/v1/thresholds"
        raise Problem(404, said)
    found = use.thresholds.side(use.pool, row, place, now, PEERS)
    return json_answer(
        {
            "generated_at": iso(found.at),
            "row": row_json(row),
            "calendar": calendar_json(found.calendar),
            "quality": quality_json(found.quality, use.thresholds.names, states, found.at),
        }
    )


def _wanted(row: Row, kind: str | None, q: str | None, department: str | None) -> bool:
    one = row.series
    if kind not in (None, one.kind) or department not in (None, one.department):
        return False
    if not q:
        return True
    metric = METRICS[one.metric]
    names = (one.station, *one.names, one.metric, metric.zh, metric.en)
    return all(any(part in name.lower() for name in names) for part in q.lower().split())


# ---- the file


def _csv(rows: Sequence[Row], at: datetime, lang: str, departments: Mapping[str, str]) -> Response:
    t = text(lang)
    note = t("A limit of a mean is compared with that mean; what is stale or unknown is not judged")
    name = f"thresholds_{at.astimezone(BEIJING):%Y%m%d%H%M}"
    lines = (_line(row, lang, departments) for row in rows)
    return csv_answer(name, lang, _TITLES, lines, [note])


def _line(row: Row, lang: str, departments: Mapping[str, str]) -> list[Any]:
    one, index = row.series, ("zh", "en").index(lang)
    metric, limit, found = METRICS[one.metric], row.limit, row.margin
    value = one.compared(limit) if limit else one.value
    return [
        word(one.alert.grade, lang) if one.alert else None,
        *(one.station, one.names[index], word(one.kind, lang)),
        departments.get(one.department or ""),
        *((metric.zh, metric.en)[index], _digits(value, metric.digits), one.unit),
        *(_limit(limit, lang) if limit else [None] * 7),
        *((_digits(found.gap, metric.digits + 1), _digits(found.percent, 1)) if found else
          (None, None)),
        _verdict(row, lang),
        None if one.at is None else f"{one.at.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}",
        word(one.state, lang),
        None if one.valid is None else round(100 * one.valid, 1),
        word(one.origin, lang),
    ]  # fmt: skip


def _limit(limit: Bound, lang: str) -> list[Any]:
    t = text(lang)
    return [
        t("each reading") if limit.mean_s is None else mean_words(limit.mean_s, lang),
        limit.label[("zh", "en").index(lang)],
        limit.value,
        t("upper limit") if limit.sign > 0 else t("lower limit"),
        *(limit.rule, limit.version, limit.source),
    ]


def _verdict(row: Row, lang: str) -> str:
    t = text(lang)
    if row.margin is None:
        return t("not judged")
    return t("beyond the limit") if row.margin.beyond else t("within the limit")


def _digits(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
