"""Pictures through the pipeline: checked, timed, stored as three things, each accounted for."""

from datetime import timedelta
from pathlib import Path

import pytest

import config
from database.settings import DatabaseSettings
from ingest.__main__ import pictures_work
from ingest.settings import IngestSettings
from ingest.snapshots import PictureContext, walk_pictures
from sensors.settings import SensorsSettings
from sensors.store import load_directory, sync
from tests.ingest.conftest import DISTRICT, NOW, message
from tests.servers.waiting import until

DATA = Path(__file__).parents[1] / "sensors" / "data"
DAY, NIGHT = ((DATA / f"gauge_{name}.jpg").read_bytes() for name in ("day", "night"))
CAMERA = {
    "kind": "camera",
    "zh": "坝前（示例）",
    "en": "Dam (sample)",
    "lon": 121.8,
    "lat": 29.9,
    "department": "water",
    "interval_s": 60,
    "public": True,
}
CAMERAS = SensorsSettings.model_validate(
    {
        "stations": [
            {"code": "C-01", **CAMERA},
            {"code": "C-02", **CAMERA, "release": "automatic", "origin": "recorded"},
        ]
    }
)


@pytest.fixture
def take(owner, context):
    stations = (*DISTRICT.stations, *CAMERAS.stations)
    sync(owner, DISTRICT.model_copy(update={"stations": stations}), NOW)
    owner.commit()
    pictures = PictureContext(context.settings, DISTRICT.clock, load_directory(owner))
    return lambda *messages: walk_pictures(owner, pictures, messages, NOW)


def picture(camera: str, payload: bytes = DAY, at: str = "", **changes):
    return message("x", payload, topic=f"dongtai/v1/img/{camera}{at}", **changes)


def milliseconds(ago_s: float) -> str:
    return f"/{int((NOW - timedelta(seconds=ago_s)).timestamp() * 1000)}"


def test_a_picture_is_stored_with_its_thumbnail_and_nobody_else_may_see_it(take, query):
    assert take(picture("C-01", at=milliseconds(30)))
    ((taken_at, source, kept, thumbnail),) = query(
        "select p.taken_at, p.time_source, o.content, o.thumbnail "
        "from picture p join picture_original o on o.picture_id = p.id"
    )
    assert (taken_at, source, bytes(kept)) == (NOW - timedelta(seconds=30), "topic", DAY)
    assert 0 < len(thumbnail) < len(DAY)
    assert query("select count(*) from city.picture") == [(0,)]


def test_only_a_camera_that_the_operator_opened_releases_by_itself(take, query):
    take(picture("C-01"), picture("C-02"))
    assert query("select camera, origin from city.picture") == [("C-02", 1)]


def test_the_time_is_that_of_the_topic_else_of_the_property_else_of_the_arrival(take, query):
    said = (NOW - timedelta(seconds=9)).isoformat()
    take(
        picture("C-01", at=milliseconds(30), user_time=said),
        picture("C-01", user_time=said),
        picture("C-01", arrived=-3),
    )
    rows = query(
        "select time_source, extract(epoch from %s - taken_at)::int from picture order by 2 desc",
        NOW,
    )
    assert rows == [("topic", 30), ("property", 9), ("arrival", 3)]


def test_the_same_picture_again_is_a_duplicate(take, query):
    first = picture("C-01", at=milliseconds(30))
    take(first, first._replace(packet_id=7))
    assert not take(first)
    assert query("select count(*) from picture") == [(1,)]
    assert query("select received, stored, duplicate from ledger") == [(3, 1, 2)]


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (picture("C-99"), "unknown_station"),
        (picture("R-01"), "not_a_camera"),
        (picture("C-01", at="/yesterday"), "bad_time"),
        (picture("C-01", at=milliseconds(-9999)), "clock_ahead"),
        (picture("C-01", user_time="2026-06-01T08:00:00"), "no_zone"),
        (picture("C-01", retain=True), "retained"),
        (picture("C-01", DAY + b" " * 5_000_000), "too_large"),
    ],
)
def test_what_is_no_picture_of_ours_is_kept_with_its_reason_and_stops_nothing(
    take, query, bad, code
):
    take(picture("C-01", b"\xff\xd8 no picture"), bad, picture("C-01", NIGHT))
    assert [row[0] for row in query("select code from quarantine order by id")][1:] == [code]
    assert query("select count(*) from picture") == [(1,)]
    assert query("select received, stored, quarantined from ledger") == [(3, 1, 2)]


def test_pictures_older_than_they_may_be_kept_go_with_all_their_copies(take, query):
    take(picture("C-02", at=milliseconds(40 * 86_400), arrived=-40 * 86_400))
    take(picture("C-02", NIGHT))
    for table in ("picture", "picture_original", "picture_released"):
        assert query(f"select count(*) from {table}") == [(1,)]


def test_pictures_have_a_session_and_a_small_window_of_their_own(owner, database, mosquitto):
    """Each may be megabytes: what is under way is bounded apart from the observations."""
    settings = IngestSettings.model_validate(
        {"broker": {"port": mosquitto.port}, "pictures": {"in_flight": 3}}
    )
    sections = {
        type(section): section for section in (settings, SensorsSettings(), DatabaseSettings())
    }
    work = pictures_work(owner, config.Config(Path(), sections))
    work.subscriber.start()
    until(lambda: work.subscriber.connected_since, "the session of pictures")
    mosquitto.publish("dongtai/v1/obs/R-01", b"{}")
    for number in range(5):
        mosquitto.publish("dongtai/v1/img/C-01", str(number).encode())
    until(lambda: len(work.inbox) == 3, "as many as the window holds")
    assert work.inbox.take(9, 0.3, 0.5)[0].topic == "dongtai/v1/img/C-01"
    assert work.inbox.take(9, 0.3, 0.5) == []  # nothing was acknowledged, so nothing follows
    assert work.subscriber.client_id != settings.broker.client_id
    work.subscriber.stop()
