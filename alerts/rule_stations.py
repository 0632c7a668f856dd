"""The stations of the database as config.yaml would say them: what rules are checked against."""

from collections.abc import Mapping
from typing import Any

from database.pool import Connection

STATIONS = """
select s.code, s.kind, v.device, v.interval_s, v.details ->> 'plant', v.name_zh, v.name_en,
       v.lon, v.lat
  from station s join station_version v on v.station_id = s.id and v.valid_to is null
 order by s.code
"""
SENSORS = """
select s.code, q.metric, n.interval_s, n.low, n.high, n.checks ? 'usual'
  from sensor n join series q on q.id = n.series_id join station s on s.id = q.station_id
 where n.valid_to is null order by q.id
"""
LIMITS = """
select s.code, q.metric, l.name, l.value, l.season_from, l.season_to, l.label_zh, l.label_en
  from limit_value l join series q on q.id = l.series_id join station s on s.id = q.station_id
 where l.valid_to is null order by q.id, l.value
"""

Station = dict[str, Any]


def stations(conn: Connection) -> list[Station]:
    """As the entries of `sensors.stations`, so far as rules ask: code, kind, zh, en, lon, lat,
    device, plant, interval_s, metrics, limits."""
    with conn.cursor() as cursor:
        cursor.execute(STATIONS)
        found = {row[0]: _station(*row) for row in cursor.fetchall()}
        cursor.execute(SENSORS)
        for code, metric, interval_s, low, high, usual in cursor.fetchall():
            sensor = {"metric": metric, "interval_s": interval_s, "low": low, "high": high}
            sensor["usual"] = usual
            _put(found, code, "metrics", sensor)
        cursor.execute(LIMITS)
        for code, metric, name, value, season_from, season_to, zh, en in cursor.fetchall():
            limit = {"metric": metric, "name": name, "value": value, "zh": zh, "en": en}
            seasons = {"season_from": season_from, "season_to": season_to}
            _put(found, code, "limits", limit | seasons)
    return list(found.values())


def _station(
    code: str,
    kind: str,
    device: str | None,
    interval_s: int,
    plant: str | None,
    zh: str,
    en: str,
    lon: float,
    lat: float,
) -> Station:
    known = {"code": code, "kind": kind, "zh": zh, "en": en, "interval_s": interval_s}
    known |= {"lon": lon, "lat": lat}
    return {**known, "device": device, "plant": plant, "metrics": [], "limits": []}


def _put(found: Mapping[str, Station], code: str, key: str, value: object) -> None:
    """Nothing of a station that is no more."""
    if code in found:
        found[code][key].append(value)
