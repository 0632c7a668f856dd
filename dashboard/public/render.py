"""From a Page to bytes: templates, words, and each document packed once for every reader."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from dashboard import wording
from dashboard.public.air import CATEGORY_WORDS
from dashboard.public.assets import Assets
from dashboard.public.page import Page, Pin
from dashboard.public.places import Place, distance_km, plain_name, search_words, short_name
from dashboard.public.poster import LOW, km_per_width
from dashboard.public.usual import AQI, sentence
from dashboard.public.water import Reservoir
from dashboard.public.weather import Rain
from dashboard.settings import PublicSettings
from dashboard.shapes import StationRow, age_of, iso
from dashboard.text import text
from dashboard.wording import NOTHING, number_text, value_text
from sensors.reading import Origin

Translator = Callable[..., str]

TEMPLATES = Path(__file__).parent / "templates"
HERE_KM = 0.1
# Lives hang on it that nobody takes a sample for the real thing, or the real thing for a sample.
NOT_REAL = {
    Origin.RECORDED: "Recorded data, not a real emergency",
    Origin.SIMULATED: "Simulated data, not a real emergency",
    Origin.EXERCISE: "Exercise or simulated data, not a real emergency",
}
NOT_NOW = {
    Origin.RECORDED: "Recorded, not the air outside now",
    Origin.SIMULATED: "Simulated, not the air outside now",
    Origin.EXERCISE: "Exercise or simulated, not the air outside now",
}
LEVELS = {"red": ("红", "1"), "orange": ("橙", "2"), "yellow": ("黄", "3"), "blue": ("蓝", "4")}
NOT_ACTUAL = {
    "Exercise": "Exercise, not a real emergency",
    "Test": "Technical test, please disregard",
}
AREA_NOT_ACTUAL = {"Exercise": "Exercise", "Test": "Test"}
AREA_LETTERS = {"zh": 12, "en": 24}  # of an area's words on the map
# The words that public.js says by itself: ages count on, a link can be lost.
SCRIPT_WORDS = (
    *("no data", "stale {span}", "{span} ago", ", late"),
    *(", ", "{s} s", "{min} min", "{h} h {min} min", "{d} d {h} h"),
    *("Connection lost {time}. ", "Trying again.", "The page shows {time}."),
    *("Nothing found", "Looking for your place …", "You are far from every station."),
    "Your device did not allow it. Allow it in the browser's settings, or type a place.",
    "Your device does not know where it is. Type a place instead.",
    "Your device took too long. Try again, or type a place.",
    *("Link copied", "Copy this:", "as of {time}"),
    *("Zoom in", "Zoom out", "Live map, movable"),
    *("Use Ctrl and scroll to zoom the map", "Use two fingers to move the map"),
    "{n} stations are covered by others here: zoom in, or see the table.",
    "stale or unknown",
)


def page_html(
    page: Page,
    lang: str,
    settings: PublicSettings,
    assets: Assets,
    attribution: Mapping[str, str],
) -> bytes:
    """The whole page as UTF-8."""
    t = text(lang)
    area = settings.area.zh if lang == "zh" else settings.area.en
    template = _environment().get_template("page.html")
    return template.render(
        _words(lang, page.now, page.place.key if page.place else None, large=page.large),
        site=settings.title.zh if lang == "zh" else settings.title.en,
        page=page,
        heading=page.place.name(lang) if page.place else area,
        asset=assets.url,
        attribution=attribution[lang],
        words=script_words(lang),
        categories=CATEGORY_WORDS[lang],
        air_note=_air_note(page, t),
        gases=(t(" and ")).join(page.gases),
        calm=_calm(page, t),
        scale=_scale(page),
        low=LOW,
        areas=_areas(page, lang),
        usual=partial(_usual, page, lang),
        address=_address(settings),
        short_record=_short_record(page, lang),
        bars_text=_bars_text(page, t),
        bars_note=_bars_note(page, t),
    ).encode()


def plain_html(
    name: str, lang: str, settings: PublicSettings, assets: Assets, *, large: bool, **more: Any
) -> bytes:
    """One of the pages that never change: data, accessibility, nothing here."""
    template = _environment().get_template(name)
    return template.render(
        _words(lang, None, None, large=large),
        site=settings.title.zh if lang == "zh" else settings.title.en,
        asset=assets.url,
        **more,
    ).encode()


def places_json(places: Iterable[Place]) -> bytes:
    """What the search in the browser looks through."""
    return orjson.dumps(
        [
            {"key": p.key, "kind": p.kind, "zh": p.zh, "en": p.en, "lon": p.lon, "lat": p.lat,
             "words": search_words(p)}
            for p in places
        ]
    )  # fmt: skip


def _areas(page: Page, lang: str) -> list[dict[str, Any]]:
    """The areas of warnings, the gravest last: words for the map, and what its script draws."""
    t, found = text(lang), []
    for one in page.poster.warned if page.poster else ():
        grade = wording.word(one.grade, lang)
        label = f"{grade}{t(': ')}{cut(one.warning.text('event', lang), AREA_LETTERS[lang])}"
        if one.warning.content.status != "Actual":
            label = f"{t(AREA_NOT_ACTUAL[one.warning.content.status])} {label}"
        drawn: dict[str, Any] = {
            "id": one.id,
            "grade": one.grade,
            "label": label,
            "rings": one.rings,
        }
        drawn |= {"expires": iso(one.expires_at)}
        found.append({"at": one, "label": label, "drawn": drawn})
    return found


def cut(said: str, letters: int) -> str:
    return said if len(said) <= letters else said[: letters - 1].rstrip() + "…"


@cache
def script_words(lang: str) -> Markup:
    """JSON inside a data block: `<` is escaped, so that no text can end the block."""
    t = text(lang)
    document = orjson.dumps({word: t(word) for word in SCRIPT_WORDS}).decode()
    return Markup(document.replace("<", "\\u003c"))  # noqa: S704 - catalogue text, `<` escaped


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _words(lang: str, now: datetime | None, place: str | None, *, large: bool) -> dict[str, Any]:
    """What every template can say in its language."""
    t = text(lang)
    moment = now or datetime.fromtimestamp(0).astimezone()
    return {
        "lang": lang,
        "large": large,
        "other": "en" if lang == "zh" else "zh",
        "t": t,
        "iso": iso,
        "word": partial(wording.word, lang=lang),
        "level": lambda grade: LEVELS[grade][0 if lang == "zh" else 1],
        "clock": lambda at: wording.clock_text(at, moment),
        "date": lambda at: wording.date_text(at, lang),
        "age_text": lambda age_s, state: wording.age_text(age_s, state, lang),
        "ago": lambda at: wording.age_text(age_of(at, moment), "fresh", lang),
        "amount": lambda v: wording.amount(v.value, v.metric, lang),
        "amount_of": lambda value, metric: wording.amount(value, metric, lang)[0],
        "value_text": lambda value, metric: value_text(value, metric, lang),
        "metric_name": lambda metric: wording.metric_name(metric, lang),
        "name": lambda s: s.name_zh if lang == "zh" else s.name_en,
        "short": lambda s: short_name(s.name_zh if lang == "zh" else s.name_en),
        "plain": lambda s: plain_name(s.name_zh if lang == "zh" else s.name_en),
        "plain_name": plain_name,
        "percent": lambda share, most=None: _percent(share, most),
        "storage_text": lambda m3: value_text(m3, "storage_m3", lang),
        "reservoir_text": lambda r: _reservoir_text(r, lang),
        "rain_text": rain_text,
        "pin_text": lambda pin: _pin_text(pin, lang),
        "origins": lambda values: origins(values, lang),
        "not_real": lambda values: not_real(values, lang, NOT_REAL),
        "original_day": original_day,
        "not_actual": lambda one: t(NOT_ACTUAL.get(one.content.status, "")),
        "not_now": lambda values: not_real(values, lang, NOT_NOW),
        "km_away": lambda place, s: _km_away(place, s, t),
        "json": lambda found: orjson.dumps(found).decode(),
        "link": lambda **change: _link(lang, place, change, large=large),
    }


def origins(values: Iterable[Any], lang: str) -> list[str]:
    """`2013-03-01 录制`, `模拟`: what is not live says so, with the original day, each once."""
    found: dict[str, None] = {}
    for value in values:
        if value.origin:
            word = wording.word(Origin(value.origin).word, lang)
            day = value.original_at
            local = f"{day.astimezone(wording.DISTRICT_TIME):%Y-%m-%d} " if day else ""
            found[local + word] = None
    return list(found)[:3]


def not_real(values: Iterable[Any], lang: str, words: Mapping[Origin, str]) -> str:
    """In plain words that these figures are no measurement of now; empty where one of them is.

    Several kinds at once get the words of all together, so that none is called what it is not.
    """
    kinds = {Origin(value.origin) for value in values}
    if not kinds or Origin.LIVE in kinds:
        return ""
    return text(lang)(words[kinds.pop() if len(kinds) == 1 else Origin.EXERCISE])


def original_day(values: Iterable[Any]) -> str:
    """The day all of them were recorded; empty where there is none, or more than one."""
    days = {v.original_at.astimezone(wording.DISTRICT_TIME).date() for v in values if v.original_at}
    return days.pop().isoformat() if len(days) == 1 else ""


def _pin_text(pin: Pin, lang: str) -> str:
    """What a pin of the map says by shape, colour and figure."""
    t = text(lang)
    said = [pin.name]
    if pin.grade:
        said.append(wording.word(pin.grade, lang))
    if pin.aqi is not None:
        said.append(f"{t('AQI')} {pin.aqi}")
    elif pin.kind == "air" or pin.state in ("stale", "unknown"):
        said.append(t("stale or unknown"))
    return t(", ").join(said)


def rain_text(rain: Rain) -> str:
    return number_text(rain.mm, 1)


def _percent(share: float, most: float | None) -> str:
    """A bar ends at its track (most=1); the written figure may be above 100."""
    kept = share if most is None else max(0.0, min(most, share))
    return f"{100 * kept:.0f}" if most is None else f"{100 * kept:.1f}"


def _km_away(place: Place | None, station: StationRow, t: Translator) -> str:
    """`, 3.2 km away`; nothing for the whole district and for the station itself."""
    km = distance_km(station, place.lon, place.lat) if place else 0.0
    return t(", {km} km away", km=f"{km:.1f}") if km >= HERE_KM else ""


def _bars_text(page: Page, t: Translator) -> str:
    """The chart for those who hear it."""
    bars = page.bars.bars if page.bars else ()
    said = (f"{bar.label} {NOTHING if bar.aqi is None else bar.aqi}" for bar in bars)
    return t("AQI: ") + ", ".join(said)


def _bars_note(page: Page, t: Translator) -> str:
    """What the bars are, in words that promise no more than they show."""
    if page.bars is None:
        return ""
    said = (
        t("AQI by day, last 6 days, and now")
        if page.bars.unit == "day"
        else t("AQI by hour, last 6 h, and now; an hour is named by its end")
    )
    missing = any(bar.aqi is None for bar in page.bars.bars)
    return said + (t("; a dash: too few data") if missing else "")


def _reservoir_text(r: Reservoir, lang: str) -> str:
    t = text(lang)
    said = t("{full} % of capacity", full=_percent(r.full or 0, None))
    if r.flood_share is not None:
        said += t("; flood limit at {share} %", share=_percent(r.flood_share, None))
    return said


def _air_note(page: Page, t: Translator) -> str | None:
    """Why it is this station's air that stands here."""
    if page.air is None:
        return None
    if page.air.aqi is None:
        return t("No current air data.")
    if page.place is None and page.air_of > 1:
        return t("The highest of {n} stations with current data", n=page.air_of)
    return t("The nearest station is far from here.") if page.far else None


def _calm(page: Page, t: Translator) -> str:
    """An empty board says since when nobody could look, or how many stations are silent."""
    if page.down_since:
        return t(
            "No warning was in force at {time}.", time=wording.clock_text(page.read_at, page.now)
        )
    said = t("No warning is in force.")
    silent = t(
        "{n} station is silent and not covered by this.",
        "{n} stations are silent and not covered by this.",
        n=page.silent,
    )
    return f"{said} {silent}" if page.silent else said


def _scale(page: Page) -> tuple[int, float]:
    """A round length in km of at most a quarter of the map, and its width in per cent."""
    if page.poster is None:
        return 1, 0.0
    whole = km_per_width(page.poster.box)
    length = next((km for km in (50, 20, 10, 5, 2, 1) if km <= whole / 4), 1)
    return length, round(100 * length / whole, 2)


def _usual(page: Page, lang: str, station: str, metric: str, now: float | None) -> str:
    """Today against the usual; empty where the record of the series is too short for it."""
    known = (page.usual or {}).get((station, metric))
    return sentence(known, metric, now, lang) if known else ""


def _short_record(page: Page, lang: str) -> dict[str, str]:
    """Of each card none of whose figures has a record long enough: why nothing is said there."""
    t = text(lang)
    weather = [v for v in page.weather.values if v.metric in ("rain_mm", "temp_c")]
    cards = {
        "air": [(page.air.station.code, AQI)] if page.air else [],
        "weather": [(v.station, v.metric) for v in weather],
        "reservoirs": [(r.level.station, r.level.metric) for r in page.reservoirs],
    }
    found = dict.fromkeys(cards, "")
    for card, keys in cards.items():
        known = [(page.usual or {}).get(key) for key in keys]
        if (
            page.usual is not None
            and keys
            and all(one is None or one.value is None for one in known)
        ):
            days = max((one.days for one in known if one), default=0)
            found[card] = t(
                "What is usual here is not known yet: {n} complete day on record.",
                "What is usual here is not known yet: {n} complete days on record.",
                n=days,
            )
    return found


def _address(settings: PublicSettings) -> str:
    """Where the public reaches the page, with a slash; empty where nobody has said it."""
    return settings.address.rstrip("/") + "/" if settings.address else ""


def _link(lang: str, place: str | None, change: Mapping[str, str | None], *, large: bool) -> str:
    asked = {"lang": lang, "place": place, "size": "large" if large else None} | dict(change)
    path = asked.pop("page", None) or "./"
    return path + "?" + urlencode({key: value for key, value in asked.items() if value})
