"""Numbers, units, times and ages as people read them, in both languages. Pure."""

from datetime import datetime
from zoneinfo import ZoneInfo

from dashboard.text import text
from sensors.catalogue import METRICS

NOTHING = "—"
DISTRICT_TIME = ZoneInfo("Asia/Shanghai")
_GRADES = {"red": "Red", "orange": "Orange", "yellow": "Yellow", "blue": "Blue"}
_WORDS = _GRADES | {
    "normal": "Normal",
    "unknown": "Unknown",
    "fresh": "Fresh",
    "late": "Late",
    "stale": "Stale",
    "good": "Good",
    "suspect": "Suspect",
    "missing": "Missing",
    "impossible": "Outside what it can measure",
    "rate": "Jump",
    "stuck": "Stuck",
    "clock": "Clock ahead",
    "device": "Doubted by the device",
    "derived_from_suspect": "From a doubtful value",
    "spike": "Spike",
    "climate": "Unusual for the season",
    "neighbour": "Unlike its neighbours",
    "status": "Device in maintenance or at fault",
    "marked_invalid": "Marked invalid by a person",
    "marked_valid": "Marked valid by a person",
    "stale_clock": "Clock behind",
    "live": "Live",
    "recorded": "Recorded",
    "simulated": "Simulated",
    "exercise": "Exercise",
    "active": "Unclaimed",
    "acknowledged": "Acknowledged",
    "returned": "Back to normal",
    "ended": "Ended",
    "viewer": "Viewer",
    "duty": "Duty officer",
    "environment": "Environment desk",
    "administrator": "Administrator",
    "reservoir": "Reservoir",
    "air": "Air quality",
    "weather": "Weather",
    "discharge": "Outfall",
    "stack": "Stack",
    "plant": "Plant",
    "gas": "Gas sensor",
    "camera": "Camera",
}


def mean_words(length_s: int, lang: str) -> str:
    """Over which mean a limit holds: `24 h mean`."""
    if length_s % 3600:
        return text(lang)("{min} min mean", min=round(length_s / 60))
    return text(lang)("{h} h mean", h=length_s // 3600)


def word(code: str, lang: str) -> str:
    """The word for a grade, age state, quality, flag, origin, alert state, role or station kind."""
    return text(lang)(_WORDS.get(code, code))


def age_text(age_s: float | None, state: str, lang: str) -> str:
    """`4 s ago`, `9 min ago, late`, `stale 47 min`, `no data 2 h 14 min`, `no data`."""
    t = text(lang)
    if age_s is None:
        return t("no data")
    if state == "unknown":
        return t("no data {span}", span=span_text(age_s, lang))
    if state == "stale":
        return t("stale {span}", span=span_text(age_s, lang))
    late = t(", late") if state == "late" else ""
    return t("{span} ago", span=span_text(age_s, lang)) + late


def span_text(seconds: float, lang: str, *, precise: bool = False) -> str:
    """A length of time, cut not rounded: `4 s`, `9 min`, `2 h 14 min`, `3 d 4 h`.

    precise: `6 min 12 s` below an hour, for what runs now.
    """
    t, whole = text(lang), int(max(0.0, seconds))
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if whole < 60:
        return t("{s} s", s=whole)
    if hours == 0 and precise:
        return t("{min} min {s} s", min=minutes, s=f"{whole % 60:02d}")
    if hours == 0:
        return t("{min} min", min=minutes)
    if days == 0:
        return t("{h} h {min} min", h=hours, min=f"{minutes % 60:02d}")
    return t("{d} d {h} h", d=days, h=hours % 24)


def number_text(value: float | None, digits: int) -> str:
    """A figure with thousands and a true minus; a dash where there is none."""
    if value is None:
        return NOTHING
    shown = f"{value:,.{digits}f}"
    return shown.replace("-", "−") if float(shown.replace(",", "")) != 0 else shown.lstrip("-")


def amount(value: float | None, metric: str, lang: str) -> tuple[str, str]:
    """(figure, unit) with the metric's decimals; storage in 万 m³ or M m³."""
    known = METRICS.get(metric)
    if known is None:
        return number_text(value, 2), ""
    if metric == "storage_m3":
        scale, unit = (1e4, "万 m³") if lang == "zh" else (1e6, "M m³")
        scaled = None if value is None else value / scale
        return number_text(scaled, 0 if abs(scaled or 0) >= 100 else 2), unit
    return number_text(value, known.digits), known.unit


def value_text(value: float | None, metric: str, lang: str) -> str:
    """`23.86 m`; a dash without unit where there is no value."""
    figure, unit = amount(value, metric, lang)
    return figure if value is None or not unit else f"{figure} {unit}"


def metric_name(metric: str, lang: str) -> str:
    known = METRICS.get(metric)
    return metric if known is None else (known.zh if lang == "zh" else known.en)


def name(names: dict[str, str] | None, lang: str) -> str:
    """The name in a language from {"zh", "en"}; the other one where it is missing."""
    names = names or {}
    return names.get(lang) or names.get("zh") or names.get("en") or ""


def clock_text(at: datetime | None, now: datetime, zone: ZoneInfo = DISTRICT_TIME) -> str:
    """`03:14` today, `11-21 03:14` on another day, with the year in another year; 24 h."""
    if at is None:
        return NOTHING
    local, today = at.astimezone(zone), now.astimezone(zone)
    if local.date() == today.date():
        return f"{local:%H:%M}"
    return f"{local:%m-%d %H:%M}" if local.year == today.year else f"{local:%Y-%m-%d %H:%M}"


def date_text(at: datetime, lang: str, zone: ZoneInfo = DISTRICT_TIME) -> str:
    """`11 月 22 日 周日` or `Sun 22 Nov`."""
    local = at.astimezone(zone)
    if lang == "zh":
        return f"{local.month} 月 {local.day} 日 周{'一二三四五六日'[local.weekday()]}"
    days = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    return f"{days[local.weekday()]} {local.day} {months[local.month - 1]}"
