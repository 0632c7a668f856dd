import math
from datetime import UTC, datetime

import pytest

import config
from demo import provenance
from demo.recordings import FOLDER, RECORDINGS, gauge_frames, river_frames
from demo.senders import cameras, senders
from demo.settings import DemoSettings
from demo.tracks import TRACKS, Track
from sensors.catalogue import METRICS
from sensors.settings import SensorsSettings, Station

Stations = tuple[Station, ...]
NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture(scope="module")
def stations() -> Stations:
    return config.load().section(SensorsSettings).stations


@pytest.mark.parametrize("name", RECORDINGS)
def test_recording_can_be_read_and_its_times_have_a_zone(name: str) -> None:
    rows = RECORDINGS[name].rows()
    assert len(rows) > 90
    assert all(row.at is None or row.at.tzinfo for row in rows)


@pytest.mark.parametrize("track", TRACKS, ids=lambda t: f"{t.station}-{t.recording}")
def test_replayed_figures_are_possible_or_missing(track: Track) -> None:
    for row in track.rows():
        for field in track.fields:
            value = field.value(row)
            metric = METRICS[field.metric]
            assert value is None or (math.isfinite(value) and metric.low <= value <= metric.high)


def test_defects_stay_as_they_are() -> None:
    pamba = RECORDINGS["kerala-pamba"].rows()
    assert any(row.values["waterLevel"] is None for row in pamba), "the typing error 964..90"
    assert any(row.at is None for row in pamba), "a date without a dot"
    air = RECORDINGS["prsa-shunyi"].rows()
    assert any(row.values["PM2.5"] is None for row in air)
    water = RECORDINGS["wastewater-1990"].rows()
    assert any(row.values["DQO-S"] is None for row in water)
    assert any(row.values["C6H6(GT)"] is None for row in RECORDINGS["devito-2004"].rows())


def test_units_are_converted_by_the_device() -> None:
    by_key = {(t.station, field.metric): (t, field) for t in TRACKS for field in t.fields}
    track, co = by_key["A-01", "co_mgm3"]
    row = track.rows()[track.first()]
    assert row.values["CO"] == 1100
    assert co.value(row) == 1.1
    track, stage = by_key["D-04", "level_m"]
    flood = max(value for row in track.rows() if (value := stage.value(row)) is not None)
    assert flood == pytest.approx(6.17 * 0.3048 + 1.2)
    _, direction = by_key["W-01", "wind_dir_deg"]
    assert direction.conversion.apply("NNW") == 337.5


def test_every_series_is_fed_once_and_says_from_where(stations: Stations) -> None:
    streams = senders(stations, DemoSettings(), NOW)
    fed = [(s.station, metric) for s in streams for metric in s.report(0, NOW).values]
    series = {(s.code, sensor.metric) for s in stations for sensor in s.sensors}
    assert len(fed) == len(set(fed))
    assert set(fed) == series
    first = [(s.station, s.report(0, NOW)) for s in streams]
    origins = {(code, metric): report.origin for code, report in first for metric in report.values}
    told = {(row.station, row.metric): row for row in provenance.table(stations)}
    assert {key: told[key].origin for key in series} == origins


def test_every_camera_shows_a_picture_and_says_from_where(stations: Stations) -> None:
    pictures = [row for row in provenance.table(stations) if row.metric == "picture"]
    told = {row.station: row.origin for row in pictures}
    by_code = {station.code: station for station in stations}
    for camera in cameras(stations):
        assert camera.picture(0)[:3] in (b"\xff\xd8\xff", b"\x89PN")
        assert told[camera.station] == by_code[camera.station].origin
    assert len(told) == 15


def test_only_pictures_without_people_are_released(stations: Stations) -> None:
    automatic = {s.code for s in stations if s.release == "automatic"}
    gauge = {frame.path.read_bytes() for frame in gauge_frames()}
    for camera in cameras(stations):
        if camera.station in automatic:
            assert {camera.picture(step) for step in range(24)} == gauge
    assert len(river_frames()) == 2


def test_provenance_names_source_and_licence_of_all(stations: Stations) -> None:
    rows = provenance.table(stations)
    assert all(row.source and row.licence and row.done_zh and row.done_en for row in rows)
    assert all(row.recording for row in rows if row.origin == "recorded")


def test_sources_page_names_every_folder_and_stays_small() -> None:
    text = (FOLDER / "SOURCES.md").read_text("utf-8")
    for folder in FOLDER.iterdir():
        assert not folder.is_dir() or f"`{folder.name}/`" in text
    size = sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file())
    assert size < 10_000_000
