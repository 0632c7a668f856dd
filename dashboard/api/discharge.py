"""Outfalls and stacks against their permits: the table that an inspector asks for."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from dashboard.api import environment_models as models
from dashboard.api.common import Use, json_answer
from dashboard.api.tables import Format, Lang, csv_answer, department_names
from dashboard.environment import hours_store
from dashboard.environment.discharge_table import KINDS, Line, compliance_table
from dashboard.environment.words import VERDICTS, both, doubts, reason_of
from dashboard.moments import span
from dashboard.problems import Problem
from dashboard.shapes import Json, iso
from dashboard.text import text
from sensors.air.means import BEIJING
from sensors.catalogue import METRICS
from sensors.discharge.means import UNCONFIRMED
from sensors.reading import Origin

router = APIRouter(prefix="/api/v1/discharge", tags=["discharge"])
LONGEST = timedelta(days=100)
_TITLES = (
    *("Station", "Station name", "Department", "Parameter", "Unit", "Limit", "Value of the limit"),
    *("Side", "Mean over (s)", "Source of the limit", "From", "To", "Expected", "Valid"),
    *("Without doubt", "Completeness (%)", "Mean", "Worst", "Worst at", "Times beyond"),
    *("Verdict", "Reason", "Daily mean by", "Data origin"),
)


@router.get("/compliance", responses={200: {"model": models.ComplianceTable}})
def read_compliance(
    use: Use,
    from_: Annotated[str | None, Query(alias="from", description="default: a day before")] = None,
    to: Annotated[str | None, Query(description="default: now")] = None,
    department: Annotated[str | None, Query(description="only what it owns")] = None,
    format_: Format = "json",
    lang: Lang = "zh",
) -> Response:
    """Each limit of each outfall and stack over the whole hours and Beijing days of [from, to).

    Hours and days that are not over are left out. Verdicts: met, exceeded, undetermined: too little
    valid data is never met.
    """
    now = use.live.now()
    since, until = span(from_, to, now, timedelta(days=1))
    if until - since > LONGEST:
        raise Problem(400, "a compliance table covers at most 100 days; narrow from and to")
    over = max(since, min(until, now.replace(minute=0, second=0, microsecond=0)))
    lines = _lines(use, since, over, department)
    if format_ == "csv":
        return _csv(lines, since, over, lang, department_names(use, lang))
    return json_answer(
        {
            "from": iso(since),
            "to": iso(over),
            "rows": [to_json(line) for line in lines],
            "provenance": {
                "basis": both("Permit limits as configured, each with its source"),
                "rollup": "reading_1h",
                "counts": both("usable readings; doubtful ones never decide alone"),
                "day": "Asia/Shanghai",
                "generated_at": iso(now),
                "unconfirmed": doubts(*UNCONFIRMED),
            },
        }
    )


def _lines(use: Use, since: datetime, until: datetime, department: str | None) -> list[Line]:
    with use.pool.transaction() as conn:
        series = hours_store.series(conn, KINDS, department=department)
        limits = hours_store.limits(conn, series, since, until)
        hours = hours_store.hours(conn, series, since, until)
    return compliance_table(series, hours, limits, since, until)


def to_json(line: Line) -> Json:
    found, limit, series = line.compliance, line.compliance.limit, line.series
    return {
        "station": series.station,
        "kind": series.kind,
        "names": dict(zip(("zh", "en"), series.names, strict=True)),
        "department": series.department,
        "metric": series.metric,
        "unit": METRICS[series.metric].unit,
        "limit": {
            "name": limit.name,
            "label": dict(zip(("zh", "en"), limit.label, strict=True)),
            "value": limit.value,
            "side": limit.side,
            "mean_over_s": limit.mean_over_s,
            "source": limit.source,
            "valid_from": iso(limit.valid_from),
            "valid_to": iso(limit.valid_to),
        },
        "method": line.method,
        "expected": found.expected,
        "valid": found.valid,
        "sound": found.sound,
        "completeness": _rounded(found.completeness),
        "mean": _rounded(found.mean),
        "worst": _rounded(found.worst),
        "worst_at": iso(found.worst_at),
        "over": found.over,
        "over_sound": found.over_sound,
        "verdict": found.verdict,
        "why": found.why,
        "reason": reason_of(found),
        "origin": Origin(series.origin).word,
    }


def _rounded(value: float | None) -> float | None:
    """Far more digits than any instrument has, without the noise of a division."""
    return None if value is None else round(value, 6)


def _csv(
    lines: list[Line], since: datetime, until: datetime, lang: str, departments: Mapping[str, str]
) -> Response:
    t = text(lang)
    notes = [f"{t('Unconfirmed')}: {doubt[lang]}" for doubt in doubts(*UNCONFIRMED)]
    name = f"compliance_{_local(since):%Y%m%d%H%M}_{_local(until):%Y%m%d%H%M}"
    rows = (_row(line, lang, since, until, departments) for line in lines)
    return csv_answer(name, lang, _TITLES, rows, notes)


def _row(
    line: Line, lang: str, since: datetime, until: datetime, departments: Mapping[str, str]
) -> list[Any]:
    t, index = text(lang), ("zh", "en").index(lang)
    found, limit, series = line.compliance, line.compliance.limit, line.series
    metric = METRICS[series.metric]
    shown = found.completeness
    return [
        *(series.station, series.names[index], departments.get(series.department)),
        (metric.zh, metric.en)[index],
        *(metric.unit, limit.label[index], limit.value),
        t("upper limit" if limit.side == "upper" else "lower limit"),
        t("each reading") if limit.mean_over_s is None else limit.mean_over_s,
        *(limit.source, _time(since), _time(until), found.expected, found.valid, found.sound),
        None if shown is None else round(100 * shown, 1),
        *(_digits(found.mean, metric.digits), _digits(found.worst, metric.digits)),
        *(_time(found.worst_at), found.over, t(VERDICTS[found.verdict]), reason_of(found)[lang]),
        t("flow" if line.method == "flow_weighted" else "time"),
        t(Origin(series.origin).word.capitalize()),
    ]


def _digits(value: float | None, digits: int) -> float | None:
    """One more than the screen shows: a table must not round a mean onto its limit."""
    return None if value is None else round(value, digits + 1)


def _time(at: datetime | None) -> str | None:
    """Beijing time as a spreadsheet reads it."""
    return None if at is None else f"{_local(at):%Y-%m-%d %H:%M}"


def _local(at: datetime) -> datetime:
    return at.astimezone(BEIJING)
