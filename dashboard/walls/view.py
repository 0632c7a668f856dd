"""What a wallboard may see of the live stream: named fields only, whatever is added to it. Pure.

People stand before a wall who have no account: notes, advice, devices, departments, pictures and
warnings that are not yet out stay on the desks.
"""

from collections.abc import Callable, Mapping
from typing import Any

Json = dict[str, Any]
View = Callable[[str, Mapping[str, Any]], Json]

ALERT = (
    *("id", "version", "state", "grade", "label", "station", "station_names", "subject", "metric"),
    *("basis", "unit", "value", "limit", "limit_period_s", "began_at", "raised_at", "ended_at"),
    *("acknowledged_at", "found_afterwards"),
)
STATION = (
    *("code", "kind", "names", "town", "interval_s", "state", "newest", "age_s", "severity"),
    *("acknowledged", "origin"),
)
LATEST = ("value", "t", "age_s", "state", "quality", "interval_s", "trend_per_h")
EVENTS = {
    "hello": ("now", "tally", "newest"),
    "change": ("now", "tally", "over", "stale"),
    "beat": ("now", "newest", "screen_p95_s", "silent", "canary"),
    "lost": ("now", "since"),
}


def wall_view(*, owners: bool) -> View:
    """The view of an event by its name and data. owners: whether who has an alert is named."""

    def view(name: str, data: Mapping[str, Any]) -> Json:
        shown = _only(data, EVENTS.get(name, ("now",)))
        if "stations" in data:
            shown["stations"] = _stations(data["stations"])
        if "alerts" in data:
            shown["alerts"] = [_alert(alert, owners) for alert in data["alerts"]]
        if "footprints" in data:
            shown["footprints"] = []  # that they changed; what they are is asked for
        return shown

    return view


def _stations(found: Any) -> Any:
    """A collection in `hello`, a list in `change`. Cameras are left out: a wall has no pictures."""
    if isinstance(found, Mapping):
        return {"features": _stations(found["features"])}
    return [_feature(one) for one in found if one["properties"]["kind"] != "camera"]


def _feature(feature: Mapping[str, Any]) -> Json:
    properties = feature["properties"]
    shown = _only(properties, STATION)
    shown["latest"] = {
        metric: _only(latest, LATEST) for metric, latest in properties["latest"].items()
    }
    shown["out_of_service"] = [
        {"metrics": one["metrics"]} for one in properties.get("out_of_service", ())
    ]
    return {"type": "Feature", "geometry": feature["geometry"], "properties": shown}


def _alert(alert: Mapping[str, Any], owners: bool) -> Json:
    shown = _only(alert, ALERT)
    muted = alert.get("muted")
    shown["muted"] = _only(muted, ("kind", "until")) if muted else None
    shown["owner"] = alert.get("owner") if owners else None
    return shown


def _only(data: Mapping[str, Any], keys: tuple[str, ...]) -> Json:
    return {key: data[key] for key in keys if key in data}
