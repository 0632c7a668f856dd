"""The city as it lies in memory: every document made once, then served to everybody."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Lock
from typing import Any

import orjson

from dashboard.public.assets import Assets
from dashboard.public.bars import Past
from dashboard.public.documents import Document, document, http_date
from dashboard.public.feed import ATOM, feed
from dashboard.public.look import Look
from dashboard.public.page import page
from dashboard.public.places import Place, places
from dashboard.public.poster import Box, box_around
from dashboard.public.published import called_off, changed_at, in_force
from dashboard.public.published import to_json as published_json
from dashboard.public.render import page_html, places_json
from dashboard.public.store import Alert, City
from dashboard.public.water import slope_per_h
from dashboard.settings import PublicSettings
from dashboard.shapes import LatestRow, OpenAlert, collection, features, iso
from dashboard.text import LANGUAGES
from sensors.catalogue import METRICS
from sensors.reading import Origin

HTML, JSON, GEOJSON = "text/html; charset=utf-8", "application/json", "application/geo+json"
Json = dict[str, Any]


@dataclass(frozen=True)
class Setting:
    """What does not change while the process runs."""

    settings: PublicSettings
    assets: Assets
    attribution: Mapping[str, str]
    posters: Callable[[Box], Mapping[str, Document]]
    towns: tuple[Place, ...] = ()


@dataclass
class Snapshot:
    """One moment of the city. `ready`: whether the database has ever been read."""

    setting: Setting
    look: Look
    past: Past
    down_since: datetime | None
    ready: bool
    stations: list[Json] = field(default_factory=list)
    alerts: list[Json] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)
    pages: dict[tuple[str, str | None, bool], Document] = field(default_factory=dict)
    fixed: dict[str, Document] = field(default_factory=dict)
    box: Box | None = None
    making: Lock = field(default_factory=Lock)

    def kept(self, lang: str, place: str | None, *, large: bool = False) -> Document | None:
        """The page of a place, where it has been made."""
        return self.pages.get((lang, place if place in self.places else None, large))

    def page(self, lang: str, place: str | None, *, large: bool = False) -> Document:
        """The page of a place, made when first asked for, once a snapshot. Not for the loop."""
        with self.making:  # who asks for the same meanwhile waits, and nobody makes it twice
            found = self.kept(lang, place, large=large)
            if found is None:
                known = self.places.get(place or "")
                found = self._page(lang, known, None, large=large)
                self.pages[lang, known.key if known else None, large] = found
            return found

    def search_page(self, lang: str, query: str, *, large: bool = False) -> Document:
        """The page with what a search found, for browsers without scripts. Not kept."""
        with self.making:  # one at a time: searches must not crowd out what others wait for
            return self._page(lang, None, query, large=large)

    def _page(self, lang: str, place: Place | None, query: str | None, *, large: bool) -> Document:
        made = page(
            self.look,
            self.past,
            lang=lang,
            place=place,
            query=query,
            places=self.places,
            box=self.box,
            down_since=self.down_since,
            large=large,
        )
        body = page_html(
            made, lang, self.setting.settings, self.setting.assets, self.setting.attribution
        )
        return document(body, HTML, 200 if self.ready else 503)


def build(
    setting: Setting,
    city: City,
    past: Past,
    now: datetime,
    *,
    down_since: datetime | None = None,
    ready: bool = True,
) -> Snapshot:
    """Everything that is asked for often, made now: the page in each language, stations, alerts."""
    snapshot = begin(setting, city, past, now, down_since=down_since, ready=ready)
    finish(snapshot)
    return snapshot


def begin(
    setting: Setting,
    city: City,
    past: Past,
    now: datetime,
    *,
    down_since: datetime | None = None,
    ready: bool = True,
) -> Snapshot:
    """What the stream says of a moment; `finish` makes its documents, which takes longer."""
    look = Look(city, now)
    snapshot = Snapshot(setting, look, past, down_since, ready)
    snapshot.stations = station_features(look)
    snapshot.alerts = [alert_json(look, alert) for alert in city.alerts]
    return snapshot


def finish(snapshot: Snapshot) -> None:
    setting, look = snapshot.setting, snapshot.look
    city, now = look.city, look.now
    snapshot.places = places(city.stations, setting.towns)
    stations = collection(snapshot.stations, now) | {
        "read_at": iso(city.read_at),
        "down_since": iso(snapshot.down_since),
    }
    snapshot.fixed = {
        "stations": document(orjson.dumps(stations), GEOJSON),
        "cameras": document(orjson.dumps(cameras_json(look)), JSON),
        "places": document(places_json(snapshot.places.values()), JSON),
    } | warning_documents(setting, city, now)
    shown = [(s.lon, s.lat) for s in city.stations if s.kind != "camera"]
    snapshot.box = box_around(shown)
    if snapshot.box:
        snapshot.fixed |= setting.posters(snapshot.box)
    for lang in LANGUAGES:
        snapshot.page(lang, None)


def warning_documents(setting: Setting, city: City, now: datetime) -> dict[str, Document]:
    """The list and the feed: what holds now, and nothing of those who wrote it."""
    found = (*in_force(city.published, now), *called_off(city.published, now))
    listed = {
        "generated_at": iso(now),
        "read_at": iso(city.read_at),
        "warnings": [published_json(one, now) for one in found],
    }
    changed = changed_at(city.published, now)
    atom = feed(city.published, now, setting.settings)
    modified = http_date(changed) if changed else None
    return {
        "warnings": document(orjson.dumps(listed), JSON),
        "warnings.atom": document(atom, ATOM, modified=modified),
    }


def station_features(look: Look) -> list[Json]:
    """Public stations. Whether somebody has claimed an alert is not public."""
    alerts = [OpenAlert(a.station, a.grade, acknowledged=False) for a in look.city.alerts]
    values = [_with_trend(look, row) for row in look.city.latest]
    found = features(look.city.stations, values, alerts, look.now, staff=False)
    for feature in found:
        feature["properties"].pop("acknowledged", None)
    return found


def _with_trend(look: Look, row: LatestRow) -> LatestRow:
    hour = look.hours.get((row.station, row.metric)) if row.metric == "level_m" else None
    slope = slope_per_h(hour) if hour else None
    return row if slope is None else replace(row, trend_per_h=round(slope, 4))


def alert_json(look: Look, alert: Alert) -> Json:
    """An alert as the public sees it: open or ended, never whose."""
    station = look.stations.get(alert.station)
    metric = METRICS.get(alert.metric)
    return {
        "id": alert.id,
        "rule": alert.rule,
        "rule_version": alert.rule_version,
        "station": alert.station,
        "station_names": {"zh": station.name_zh, "en": station.name_en} if station else None,
        "metric": alert.metric,
        "label": dict(alert.label),
        "advice": dict(alert.advice),
        "grade": alert.grade,
        "state": "active" if alert.open else "ended",
        "began_at": iso(alert.began_at),
        "raised_at": iso(alert.raised_at),
        "ended_at": iso(alert.ended_at),
        "value": alert.value,
        "limit": alert.limit,
        "unit": metric.unit if metric else "",
        "origin": Origin(alert.origin).word,
    }


def cameras_json(look: Look) -> Json:
    """Public cameras with their newest released picture, which may be none."""
    pictures = {p.camera: p for p in look.city.pictures}
    return {
        "generated_at": iso(look.now),
        "cameras": [
            {
                "code": s.code,
                "names": {"zh": s.name_zh, "en": s.name_en},
                "lon": s.lon,
                "lat": s.lat,
                "interval_s": s.interval_s,
                "taken_at": iso(p.taken_at) if p else None,
                "released_at": iso(p.released_at) if p else None,
                "width": p.width if p else None,
                "height": p.height if p else None,
                "origin": Origin(p.origin).word if p else None,
                "original_t": iso(p.original_at) if p else None,
                "picture": f"/cam/{s.code}.jpg" if p else None,
            }
            for s in look.of_kind("camera")
            for p in [pictures.get(s.code)]
        ],
    }


def changes(before: Snapshot | None, after: Snapshot) -> Json | None:
    """What a viewer of `before` must be told; None where nothing but time has passed."""
    old = {f["id"]: _without_ages(f) for f in before.stations} if before else {}
    stations = [f for f in after.stations if old.get(f["id"]) != _without_ages(f)]
    known = {a["id"]: a for a in before.alerts} if before else {}
    alerts = [a for a in after.alerts if known.pop(a["id"], None) != a]
    ended = [
        {**a, "state": "ended", "ended_at": iso(after.look.now)}
        for key, a in known.items()
        if key not in {x["id"] for x in after.alerts}
    ]
    taken = {p.id for p in before.look.city.pictures} if before else set()
    pictures = [
        {"camera": p.camera, "t": iso(p.taken_at)}
        for p in after.look.city.pictures
        if p.id not in taken
    ]
    warned = _warned(before) != _warned(after)
    down = before is not None and before.down_since != after.down_since
    gone = set(old) - {f["id"] for f in after.stations}
    if not (stations or alerts or ended or pictures or warned or down or gone):
        return None
    return {
        "now": iso(after.look.now),
        "stations": stations,
        "alerts": alerts + ended,
        "pictures": pictures,
        "gone": sorted(gone),
        "warnings": _warned(after),
        "down_since": iso(after.down_since),
    }


def hello(snapshot: Snapshot) -> Json:
    return {
        "now": iso(snapshot.look.now),
        "stations": collection(snapshot.stations, snapshot.look.now),
        "alerts": snapshot.alerts,
        "newest": iso(snapshot.look.newest),
        "down_since": iso(snapshot.down_since),
    }


def _warned(snapshot: Snapshot | None) -> list[str]:
    """The messages that hold: a page that shows others is made anew."""
    if snapshot is None:
        return []
    published, now = snapshot.look.city.published, snapshot.look.now
    return [one.id for one in (*in_force(published, now), *called_off(published, now))]


def _without_ages(feature: Json) -> Json:
    """The feature without what merely counts on: ages. Its age states stay."""
    properties = {k: v for k, v in feature["properties"].items() if k != "age_s"}
    properties["latest"] = {
        metric: {k: v for k, v in value.items() if k != "age_s"}
        for metric, value in properties["latest"].items()
    }
    return properties
