"""What the scripts of a page need before they start: their texts, words, tables and addresses."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pypinyin import Style, lazy_pinyin

from dashboard.pages.kept import KEPT
from dashboard.pages.tokens import ASSETS, TOKENS
from dashboard.text import text
from dashboard.wording import word
from gis.incident import GAS_METRICS
from sensors.catalogue import METRICS

# The codes that the scripts turn into words.
CODES = (
    *("red", "orange", "yellow", "blue", "normal", "unknown", "fresh", "late", "stale"),
    *("good", "suspect", "missing", "impossible", "rate", "stuck", "clock", "device"),
    *("spike", "climate", "neighbour", "status", "marked_invalid", "marked_valid", "stale_clock"),
    *("derived_from_suspect", "live", "recorded", "simulated", "exercise"),
    *("active", "acknowledged", "returned", "ended"),
    *("viewer", "duty", "environment", "administrator"),
    *("reservoir", "air", "weather", "discharge", "stack", "plant", "gas", "camera"),
)
# The steps of an alert's life, as the journal says them.
STEPS = {
    "raised": "raised",
    "announced": "announced",
    "stepped_up": "stepped up",
    "stepped_down": "stepped down",
    "noted": "noted",
    "handed_over": "handed over",
    "reset": "reset",
    "closed": "closed by itself",
    "shelved": "shelved",
    "unshelved": "no longer shelved",
    "suppressed": "suppressed by design",
    "released": "no longer suppressed",
    "out_of_service": "out of service",
    "in_service": "back in service",
}
URLS = {
    "live": "/live",
    "ask": "/api/v1/alerts?state=active&limit=1",
    "alerts": "/api/v1/alerts",
    "stations": "/api/v1/stations",
    "suppressions": "/api/v1/suppressions",
    "marks": "/api/v1/marks",
    "plants": "/api/v1/plants",
    "substances": "/api/v1/substances",
    "plume": "/api/v1/plume",
    "footprints": "/api/v1/footprints",
    "exposure": "/api/v1/exposure",
    "warnings": "/api/v1/warnings",
    "replay": "/api/v1/replay",
    "cam": "/cam",
    "style": "/map/style-{theme}-{lang}.json",
    "maplibre": "/assets/vendor/maplibre-gl.mjs",
    "symbols": "/assets/symbols.svg",
}
_SAMPLE = re.compile(r"[（(]示例[）)]$")
_CALL = re.compile(r"""\bt\(\s*"((?:[^"\\]|\\.)+)\"""")


@cache
def msgids(folder: Path = ASSETS) -> tuple[str, ...]:
    """Every text the scripts ask for: t("...") in their source."""
    found = {
        msgid for path in folder.rglob("*.mjs") for msgid in _CALL.findall(path.read_text("utf-8"))
    }
    return tuple(sorted(found))


def page_data(lang: str, zone: str, names: Mapping[str, str], user: str) -> dict[str, Any]:
    """The JSON that core.mjs reads. names: code -> Chinese name, for the initials."""
    t = text(lang)
    return {
        "lang": lang,
        "zone": zone,
        "user": user,
        "texts": {msgid: t(msgid) for msgid in msgids()},
        "words": {code: word(code, lang) for code in CODES}
        | {code: t(step) for code, step in STEPS.items()}
        | {f"kept_{code}": t(name) for code, (name, _) in KEPT.items()}
        | {f"why_{code}": t(why) for code, (_, why) in KEPT.items()},
        "grades": TOKENS["grade"],
        "metrics": {
            m.code: {"zh": m.zh, "en": m.en, "unit": m.unit, "digits": m.digits}
            for m in METRICS.values()
        },
        "gas": sorted(GAS_METRICS),
        "initials": {code: initials(name) for code, name in names.items()},
        "urls": URLS,
    }


def initials(name: str) -> str:
    """柴桥水库 -> cqsk: what a hurried officer types."""
    return "".join(lazy_pinyin(_SAMPLE.sub("", name), style=Style.FIRST_LETTER)).lower()
