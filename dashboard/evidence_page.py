"""An alert's evidence as a page to print: values as a curve, rule, neighbours, steps, digests."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from alerts.alert import to_json
from dashboard.api.common import Use
from dashboard.api.evidence import pack, read
from dashboard.door.signin import LANGUAGE_COOKIE, TEMPLATES
from dashboard.pages.strings import STEPS
from dashboard.text import language_of, text
from dashboard.wording import DISTRICT_TIME, metric_name, value_text, word

router = APIRouter(include_in_schema=False)
WIDTH, HEIGHT = 720, 200

_PAGES = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)


@router.get("/evidence/{alert_id}")
def print_evidence(use: Use, request: Request, alert_id: str) -> Response:
    life, parts = read(use, alert_id)
    chosen = request.query_params.get("lang") or request.cookies.get(LANGUAGE_COOKIE)
    lang = language_of(chosen, None, use.settings.language)
    found = pack(life, parts)
    values = _values(found)
    page = _PAGES.get_template("evidence.html").render(
        t=text(lang),
        lang=lang,
        title=getattr(use.settings.title, lang),
        alert=to_json(life.alert),
        found=found,
        steps=life.steps,
        curve=curve(values, life.alert.limit),
        width=WIDTH,
        height=HEIGHT,
        first=values[0][0] if values else None,
        last=values[-1][0] if values else None,
        count=len(values),
        suspect=sum(one[2] != "good" for one in values),
        word=lambda code: text(lang)(STEPS[code]) if code in STEPS else word(str(code), lang),
        metric=lambda code: metric_name(str(code), lang),
        amount=lambda value, code: value_text(value, str(code), lang),
        at=_at,
    )
    return HTMLResponse(page)


def curve(values: Sequence[Sequence[Any]], limit: float | None) -> dict[str, Any] | None:
    """Points of an SVG line in WIDTH by HEIGHT, cut where a value is missing, and the limit's
    height; None where there is nothing to draw."""
    known = [
        (datetime.fromisoformat(at), float(value)) for at, value, *_ in values if value is not None
    ]
    if len(known) < 2:
        return None
    numbers = [value for _, value in known] + ([limit] if limit is not None else [])
    low, high = min(numbers), max(numbers)
    start, length = known[0][0], (known[-1][0] - known[0][0]).total_seconds() or 1.0

    def height(value: float) -> float:
        return round(HEIGHT - 10 - (HEIGHT - 20) * (value - low) / ((high - low) or 1.0), 1)

    lines: list[list[str]] = [[]]
    for at, value, *_ in values:
        if value is None:
            lines.append([])
        else:
            along = WIDTH * (datetime.fromisoformat(at) - start).total_seconds() / length
            lines[-1].append(f"{along:.1f},{height(value)}")
    return {
        "lines": [" ".join(line) for line in lines if line],
        "limit": None if limit is None else height(limit),
        "low": low,
        "high": high,
    }


def _values(found: dict[str, Any]) -> list[list[Any]]:
    """Of the hour before, and, where it is sealed, of all that followed; each moment once."""
    by_time: dict[str, list[Any]] = {}
    for part in ("raised", "sealed"):
        if found[part]:
            by_time |= {one[0]: one for one in found[part]["document"]["values"]["readings"]}
    return [by_time[at] for at in sorted(by_time)]


def _at(moment: str | datetime | None) -> str:
    """District time, to the second."""
    if moment is None:
        return "—"
    read = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return read.astimezone(DISTRICT_TIME).strftime("%Y-%m-%d %H:%M:%S")
