"""What the screens show now, in memory: told what was read, it says which stations differ."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from dashboard.shapes import (
    Json,
    LatestRow,
    OpenAlert,
    StationRow,
    age_of,
    age_state,
    collection,
    feature,
    iso,
)
from dashboard.stream import crowd


@dataclass(frozen=True, slots=True)
class Loaded:
    """Everything, as one look at the database found it. alerts: Alert objects of the API, open."""

    stations: list[StationRow]
    values: list[LatestRow]
    alerts: list[Json]


@dataclass(frozen=True, slots=True)
class Changed:
    """What one look found since the last one; it may well be known already.

    pictures: camera -> newest. offline: device -> since when. footprints: those that stand, by
    place and metric -> when it was computed; None: not asked. out_of_service: station -> what of it
    is in maintenance; None: not asked.
    """

    values: list[LatestRow]
    alerts: list[Json]
    pictures: Mapping[str, tuple[datetime, int]] = field(default_factory=dict)
    offline: Mapping[str, datetime] = field(default_factory=dict)
    footprints: Mapping[tuple[str, str], datetime] | None = None
    out_of_service: Mapping[str, list[Json]] | None = None


@dataclass(slots=True)
class Difference:
    """What viewers have not seen yet; gathered until it is pushed.

    held: ids of the alerts that were known before, so that viewers may have them as they were.
    """

    stations: set[str] = field(default_factory=set)
    alerts: dict[str, Json] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)
    pictures: dict[str, datetime] = field(default_factory=dict)
    values: list[LatestRow] = field(default_factory=list)
    footprints: bool = False

    def __bool__(self) -> bool:
        return bool(self.stations or self.alerts or self.pictures or self.footprints)


class Snapshot:
    """staff: whether features carry what only staff may see."""

    def __init__(self, *, staff: bool = True) -> None:
        self.staff = staff
        self.stations: dict[str, StationRow] = {}
        self.values: dict[str, dict[str, LatestRow]] = {}
        self.alerts: dict[str, Json] = {}
        self.footprints: Mapping[tuple[str, str], datetime] = {}
        self._states: dict[str, list[str]] = {}

    def load(self, found: Loaded, into: Difference) -> bool:
        """Take over everything; True where all must be sent: stations came or went, or an alert
        that viewers still have open ended in a commit that no look found in time."""
        stations = {row.code: row for row in found.stations}
        values: dict[str, dict[str, LatestRow]] = {code: {} for code in stations}
        for row in found.values:
            values.setdefault(row.station, {})[row.metric] = row
        into.stations |= {
            code
            for code, row in stations.items()
            if self.stations.get(code) != row or self.values.get(code) != values[code]
        }
        moved = stations.keys() != self.stations.keys()
        moved |= not _open(self.alerts.values()) <= _open(found.alerts)
        self.stations, self.values = stations, values
        self._take_alerts(found.alerts, into)
        self.alerts = {alert["id"]: alert for alert in found.alerts}
        return moved

    def apply(self, found: Changed, into: Difference) -> None:
        """Take over what changed; what is known already makes no difference."""
        for row in found.values:
            of_station = self.values.setdefault(row.station, {})
            if of_station.get(row.metric) != row:
                of_station[row.metric] = row
                into.stations.add(row.station)
                into.values.append(row)
        self._take_alerts(found.alerts, into)
        self._take_pictures(found.pictures, into)
        self._take_offline(found.offline, into)
        if found.out_of_service is not None:
            self._take_service(found.out_of_service, into)
        if found.footprints is not None and found.footprints != self.footprints:
            self.footprints, into.footprints = found.footprints, True

    def age(self, now: datetime, into: Difference) -> None:
        """Values grow old without any message: find the stations where one changed its state."""
        for code, station in self.stations.items():
            rows = self.values.get(code, {}).values()
            states = [age_state(age_of(row.observed_at, now), row.interval_s) for row in rows]
            states.append(age_state(age_of(station.newest_picture, now), station.interval_s))
            if self._states.get(code) != states:
                if code in self._states:
                    into.stations.add(code)
                self._states[code] = states

    def features(self, codes: Iterable[str], now: datetime) -> list[Json]:
        by_station: dict[str, list[OpenAlert]] = {}
        for alert in self.alerts.values():
            if alert["station"] and _colours(alert):
                claimed = alert["acknowledged_at"] is not None or alert.get("muted") is not None
                found = OpenAlert(alert["station"], alert["grade"], claimed)
                by_station.setdefault(alert["station"], []).append(found)
        return [
            feature(
                self.stations[code],
                list(self.values.get(code, {}).values()),
                by_station.get(code, []),
                now,
                staff=self.staff,
            )
            for code in sorted(codes)
            if code in self.stations
        ]

    def hello(self, now: datetime) -> Json:
        """All of it, for who has just come."""
        alerts = self.open_alerts()
        told = crowd.most_urgent(alerts, crowd.MOST_TOLD)
        return {
            "now": iso(now),
            "stations": collection(self.features(self.stations, now), now),
            "alerts": sorted(told, key=lambda alert: str(alert["began_at"]), reverse=True),
            "tally": crowd.tally(alerts),
            "newest": iso(self.newest()),
        }

    def open_alerts(self) -> list[Json]:
        return [alert for alert in self.alerts.values() if alert["state"] != "ended"]

    def change(self, difference: Difference, now: datetime) -> Json:
        """At most so many alerts whole, the most urgent. Beyond that by their ids: those that are
        over, and as `stale` those that stand and changed, which nobody may go on showing."""
        changed: Json = {
            "now": iso(now),
            "stations": self.features(difference.stations, now),
            **self._told(difference),
            "pictures": [
                {"camera": camera, "t": iso(at)} for camera, at in difference.pictures.items()
            ],
        }
        if difference.footprints:
            changed["footprints"] = [
                {"place": place, "metric": metric, "computed_at": iso(at)}
                for (place, metric), at in self.footprints.items()
            ]
        return changed

    def _told(self, difference: Difference) -> Json:
        if not difference.alerts:
            return {"alerts": []}
        over = [alert for alert in difference.alerts.values() if alert["state"] == "ended"]
        standing = [alert for alert in difference.alerts.values() if alert["state"] != "ended"]
        whole, rest = over[: crowd.MOST_AT_ONCE], over[crowd.MOST_AT_ONCE :]
        urgent = crowd.most_urgent(standing, len(standing))
        told, left_out = urgent[: crowd.MOST_AT_ONCE], urgent[crowd.MOST_AT_ONCE :]
        return {
            "alerts": [*told, *whole],
            "over": [alert["id"] for alert in rest],
            "stale": [alert["id"] for alert in left_out if alert["id"] in difference.held],
            "tally": crowd.tally(self.open_alerts()),
        }

    def newest(self) -> datetime | None:
        """The newest device time of any value: what the link's age is counted from."""
        times = (row.observed_at for rows in self.values.values() for row in rows.values())
        return max((at for at in times if at is not None), default=None)

    def _take_alerts(self, alerts: Iterable[Json], into: Difference) -> None:
        for alert in alerts:
            known = self.alerts.get(alert["id"])
            if known != alert:
                into.held |= {alert["id"]} if known else set()
                self.alerts[alert["id"]] = alert
                into.alerts[alert["id"]] = alert
                into.stations |= {alert["station"]} if alert["station"] else set()

    def _take_pictures(
        self, pictures: Mapping[str, tuple[datetime, int]], into: Difference
    ) -> None:
        for code, (at, origin) in pictures.items():
            station = self.stations.get(code)
            if station is not None and station.newest_picture != at:
                self.stations[code] = replace(station, newest_picture=at, picture_origin=origin)
                into.pictures[code] = at
                into.stations.add(code)

    def _take_offline(self, offline: Mapping[str, datetime], into: Difference) -> None:
        for code, station in self.stations.items():
            since = offline.get(station.device) if station.device else None
            if station.device_down_since != since:
                self.stations[code] = replace(station, device_down_since=since)
                into.stations.add(code)

    def _take_service(self, out: Mapping[str, list[Json]], into: Difference) -> None:
        for code, station in self.stations.items():
            now = tuple(out.get(code, ()))
            if tuple(station.out_of_service) != now:
                self.stations[code] = replace(station, out_of_service=now)
                into.stations.add(code)


def _colours(alert: Json) -> bool:
    """Whether its condition is on, at a station that is in service: else it colours no station."""
    muted = alert.get("muted") or {}
    return alert["state"] in ("active", "acknowledged") and muted.get("kind") != "out_of_service"


def _open(alerts: Iterable[Json]) -> set[str]:
    return {alert["id"] for alert in alerts if alert["state"] != "ended"}
