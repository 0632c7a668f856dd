"""What happens to readings after they came: the second look of quality, and marks of people."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest

from database import beside
from database.pool import Connection, connect
from ingest.context import Context
from ingest.pipeline import walk
from ingest.upkeep.marks import follow_marks, look_again
from ingest.upkeep.review import watched
from sensors.marks import Touched, add
from sensors.reading import Quality
from sensors.settings import SensorsSettings
from sensors.store import load_directory, sync
from tests.ingest.conftest import DISTRICT, NOW, level, message
from tests.ingest.running import RunningIngest
from tests.servers.waiting import until

QUALITY = """
select r.observed_at, r.quality from reading r join series q on q.id = r.series_id
  join station s on s.id = q.station_id
 where s.code = %s and q.metric = %s order by 1
"""
LIVE_END = """
select x.quality from series_state x join series q on q.id = x.series_id
  join station s on s.id = q.station_id where s.code = %s and q.metric = %s
"""
SERIES = """
select q.id from series q join station s on s.id = q.station_id
 where s.code = %s and q.metric = 'level_m'
"""


@pytest.fixture
def air(owner: Connection, context: Context) -> Context:
    """Five air stations a kilometre apart; the first is compared with those within 10 km."""
    asked = {"metric": "pm25_ugm3", "spike": 30}
    compared = {**asked, "neighbours": {"within_km": 10, "floor": 20}}
    stations = [
        {
            "code": f"A-{n}",
            "kind": "air",
            "zh": "气",
            "en": "Air",
            "department": "water",
            "lon": 121.8 + n / 100,
            "lat": 29.9,
            "interval_s": 60,
            "metrics": [compared if n == 1 else asked],
        }
        for n in range(1, 6)
    ]
    stations[4]["lon"] = 123.0  # beyond the ten kilometres
    known = DISTRICT.model_dump(mode="json", exclude_none=True)
    settings = {**known, "stations": [*known["stations"], *stations]}
    sync(owner, SensorsSettings.model_validate(settings), NOW)
    owner.commit()
    return replace(context, directory=load_directory(owner))


def send(conn: Connection, context: Context, station: str, metric: str, values: list[Any]) -> None:
    """A value a minute from NOW on."""
    for minute, value in enumerate(values):
        at = NOW + timedelta(minutes=minute)
        payload = {"t": at.isoformat(), "v": {metric: value}}
        walk(conn, context, [message(station, payload, arrived=60 * minute)], at)


def found(query: Callable[..., list[tuple[Any, ...]]], station: str) -> list[str]:
    """The tests that marked each reading."""
    return [",".join(Quality(bits).flags) for _, bits in query(QUALITY, station, "pm25_ugm3")]


def test_a_spike_is_marked_once_the_next_reading_is_there(owner, air, query):
    send(owner, air, "A-2", "pm25_ugm3", [10, 100])
    assert look_again(owner, air.directory, watched(owner, air.directory), NOW) == []
    send(owner, air, "A-2", "pm25_ugm3", [10, 100, 11])
    marked = look_again(owner, air.directory, watched(owner, air.directory), NOW)
    assert [(one.first, one.last) for one in marked] == [(NOW + timedelta(minutes=1),) * 2]
    assert found(query, "A-2") == ["", "spike", ""]
    assert look_again(owner, air.directory, watched(owner, air.directory), NOW) == []


def test_a_reading_unlike_its_neighbours_is_marked_on_the_live_end_too(owner, air, query):
    for station, value in (("A-2", 10), ("A-3", 11), ("A-4", 12), ("A-5", 80)):
        send(owner, air, station, "pm25_ugm3", [value] * 3)
    send(owner, air, "A-1", "pm25_ugm3", [12, 80, 80])
    look_again(owner, air.directory, watched(owner, air.directory), NOW)
    assert found(query, "A-1") == ["", "neighbour", "neighbour"]
    assert found(query, "A-5") == [""] * 3
    assert query(LIVE_END, "A-1", "pm25_ugm3") == [(int(Quality.NEIGHBOUR),)]


def test_neighbours_that_have_fallen_silent_say_nothing(owner, air, query):
    for station in ("A-2", "A-3", "A-4"):
        send(owner, air, station, "pm25_ugm3", [10])
    send(owner, air, "A-1", "pm25_ugm3", [80] * 5)
    look_again(owner, air.directory, watched(owner, air.directory), NOW)
    assert found(query, "A-1") == ["neighbour"] * 3 + [""] * 2


def test_a_late_reading_in_a_marked_stretch_is_marked_as_it_comes(owner, context, query):
    series = query(SERIES, "R-01")[0][0]
    walk(
        owner,
        context,
        [message("R-01", level(5, 0)), message("R-01", level(5.1, 600), arrived=600)],
        NOW,
    )
    add(owner, series, NOW, NOW + timedelta(minutes=5), "invalid", reason="cleaning", who="li")
    assert Touched(series, NOW, NOW) in follow_marks(owner)
    late = [message("R-01", level(v, t), arrived=700) for v, t in ((5.2, 120), (5.3, 400))]
    walk(owner, context, late, NOW)
    invalid = int(Quality.MARKED_INVALID)
    for metric in ("level_m", "storage_m3"):
        assert [bits for _, bits in query(QUALITY, "R-01", metric)] == [invalid, invalid, 0, 0]


def test_a_defect_beside_the_flow_is_told_and_tried_again(monkeypatch, caplog):
    monkeypatch.setattr(beside, "_DEFECT_S", 0)
    stop, tries = threading.Event(), []

    def work(conn: Any) -> None:
        tries.append(conn)
        if len(tries) == 1:
            raise KeyError("a station that is gone")
        stop.set()

    beside.work_beside("upkeep", StringIO, work, stop)
    assert len(tries) == 2
    assert "a station that is gone" in caplog.text


def test_a_running_ingest_follows_marks(tmp_path, database, mosquitto, process):
    ingest = RunningIngest(tmp_path, database, mosquitto, process)
    moment = NOW.isoformat()
    mosquitto.publish("dongtai/v1/obs/R-01", b'{"t": "%s", "v": {"level_m": 5}}' % moment.encode())
    until(lambda: ingest.ask("select 1 from reading"), "the reading to be stored")
    conn = connect(database, None, application="test")
    with conn, conn.cursor() as cursor:
        cursor.execute("select series_id, observed_at from reading")
        ((series, since),) = cursor.fetchall()
        add(conn, series, since, None, "invalid", reason="drift", who="li")
    conn.close()
    until(
        lambda: ingest.ask("select quality from reading") == [(int(Quality.MARKED_INVALID),)],
        "the mark to show",
    )
