"""Footprints follow the gas: at once, each minute, until it is over; and what was is kept."""

from datetime import datetime, timedelta

import pytest

import config
from alerts import footprint_store, footprints
from alerts.footprint_store import Standing
from alerts.footprints import ANEW_AFTER, is_due, refresh
from database import query
from gis.assessment import Ground
from gis.exposure.surroundings import open_surroundings
from gis.leaks import Leak
from gis.scene import scene_of
from gis.settings import GisSettings
from sensors import store
from sensors.reading import Quality
from sensors.settings import SensorsSettings
from tests.servers.program import ROOT

STATE = """
update series_state set observed_at = %(at)s, received_at = %(at)s, value = %(value)s, quality = 0
 where series_id = (select q.id from series q join station s on s.id = q.station_id
                     where s.code = %(station)s and q.metric = %(metric)s)"""
READING = """
insert into reading (series_id, observed_at, received_at, value, quality)
select q.id, %(at)s, %(at)s, %(value)s, 0 from series q join station s on s.id = q.station_id
 where s.code = %(station)s and q.metric = %(metric)s"""


@pytest.fixture(scope="module")
def settings():
    return config.load(ROOT / "config.yaml")


@pytest.fixture(scope="module")
def ground(settings):
    gis = settings.section(GisSettings)
    return Ground(open_surroundings(gis, ROOT), gis.plume)


@pytest.fixture
def district(owner, settings):
    """The sample district with a north wind of 3 m/s; returns how a reading comes."""
    now = query.now(owner)
    store.sync(owner, settings.section(SensorsSettings), now - timedelta(days=1))

    def read(station: str, metric: str, value: float, at: datetime = now) -> None:
        asked = {"station": station, "metric": metric, "value": value, "at": at}
        with owner.cursor() as cursor:
            cursor.execute(STATE, asked)
            cursor.execute(READING, asked)

    for second in range(0, 600, 60):
        at = now - timedelta(seconds=second)
        read("W-01", "wind_speed_ms", 3.0 + second / 1000, at)
        read("W-01", "wind_dir_deg", 10.0 + second / 100, at)
    owner.commit()
    return now, read


def kept(owner):
    return footprint_store.present(owner)


def test_the_first_reading_over_its_limit_has_a_footprint_before_there_is_any_alert(
    owner, district, ground
):
    now, read = district
    read("G-34", "nh3_ppm", 31.0)
    assert refresh(owner, ground, now)
    (found,) = kept(owner)
    assert (found.place, found.metric, found.sensors) == ("P-07", "nh3_ppm", ["G-34"])
    document = found.document
    assert document["shape"] == "plume"
    assert [zone["grade"] for zone in document["zones"]] == ["red", "orange", "yellow"]
    assert document["zones"][1]["exposure"]["people"]["assumption"] is True
    assert document["advice"]
    assert document["weather"]["wind"]["station"] == "W-01"
    assert not refresh(owner, ground, now + timedelta(seconds=2)), "nothing has changed"


def test_it_is_computed_anew_each_minute_and_what_was_is_kept(owner, district, ground):
    now, read = district
    read("G-34", "nh3_ppm", 31.0)
    refresh(owner, ground, now)
    read("G-34", "nh3_ppm", 32.0, now + timedelta(seconds=60))
    assert refresh(owner, ground, now + timedelta(seconds=60))
    (found,) = kept(owner)
    assert found.began_at == now
    assert found.computed_at == now + timedelta(seconds=60)
    (before,) = footprint_store.as_of(owner, now + timedelta(seconds=30))
    assert (before.computed_at, before.until) == (now, found.computed_at)


def test_another_sensor_and_a_graver_reading_compute_it_at_once(owner, district, ground):
    now, read = district
    read("G-34", "nh3_ppm", 31.0)
    refresh(owner, ground, now)
    soon = now + timedelta(seconds=3)
    read("G-31", "nh3_ppm", 40.0, soon)
    assert refresh(owner, ground, soon)
    assert kept(owner)[0].sensors == ["G-31", "G-34"]
    read("G-31", "nh3_ppm", 200.0, soon + timedelta(seconds=1))
    assert refresh(owner, ground, soon + timedelta(seconds=1))
    assert len(kept(owner)) == 1


def test_it_ends_when_the_gas_is_gone(owner, district, ground):
    now, read = district
    read("G-34", "nh3_ppm", 31.0)
    refresh(owner, ground, now)
    later = now + timedelta(seconds=20)
    read("G-34", "nh3_ppm", 1.0, later)
    assert refresh(owner, ground, later)
    assert kept(owner) == []
    assert len(footprint_store.as_of(owner, now + timedelta(seconds=10))) == 1
    assert footprint_store.as_of(owner, later) == []


def test_without_wind_it_says_so_instead_of_guessing(owner, district, ground):
    now, read = district
    hour = now + timedelta(hours=1)
    read("G-34", "nh3_ppm", 31.0, hour)
    refresh(owner, ground, hour)
    (found,) = kept(owner)
    assert (found.document["shape"], found.document["zones"]) == ("nothing", [])
    assert "no_wind" in {each["code"] for each in found.document["caveats"]}
    assert found.document["isolation"]["isolate_m"] == 30


def test_a_defect_at_one_leak_costs_no_other(owner, district, ground, monkeypatch):
    now, read = district

    def broken(conn, station, *rest):
        if station == "G-34":
            raise ValueError("a defect of ours")
        return scene_of(conn, station, *rest)

    monkeypatch.setattr(footprints, "scene_of", broken)
    read("G-34", "nh3_ppm", 31.0)
    read("G-33", "cl2_ppm", 5.0)
    assert refresh(owner, ground, now)
    found = {each.metric: each.document for each in kept(owner)}
    assert found["nh3_ppm"] == {"shape": "nothing", "why": "internal"}
    assert found["cl2_ppm"]["shape"] == "plume"


def test_after_a_day_the_first_one_of_ten_minutes_and_the_last_are_kept(owner, district):
    now, _ = district
    began = (now - timedelta(days=2)).replace(minute=3, second=0, microsecond=0)
    for minute in range(30):
        at = began + timedelta(minutes=minute)
        footprint_store.put(owner, LEAK, began, at, {})
        (standing,) = footprint_store.standing(owner).values()
        footprint_store.end(owner, standing, at + timedelta(minutes=1))
    footprint_store.prune(owner, 400, 500)
    with owner.cursor() as cursor:
        cursor.execute("select computed_at from footprint order by 1")
        assert [row[0].minute for row in cursor.fetchall()] == [3, 10, 20, 30, 32]
        for minute, then in {0: 3, 6: 3, 7: 10, 16: 10, 28: 30, 29: 32}.items():
            (found,) = footprint_store.as_of(owner, began + timedelta(minutes=minute))
            assert found.computed_at.minute == then
        assert footprint_store.as_of(owner, began + timedelta(minutes=30)) == []  # it was over
        footprint_store.prune(owner, 1, 500)
        cursor.execute("select count(*) from footprint")
        assert cursor.fetchall() == [(0,)]


LEAK = Leak("P-07", "nh3_ppm", ("G-31",), 1)


@pytest.mark.parametrize(
    ("standing", "due"),
    [
        (None, True),
        ({}, False),
        ({"age": ANEW_AFTER}, True),
        ({"level": 2}, True),
        ({"sensors": ["G-32"]}, True),
        ({"sensors": ["G-31", "G-32"]}, False),  # one of them fell silent
    ],
)
def test_when_it_is_due(standing, due):
    now = datetime.fromisoformat("2026-06-01T12:00:00+00:00")
    before = None
    if standing is not None:
        at = now - standing.get("age", timedelta(seconds=59))
        sensors, level = standing.get("sensors", ["G-31"]), standing.get("level", 1)
        before = Standing(1, "P-07", "nh3_ppm", at, at, sensors, level)
    assert is_due(LEAK, before, now) is due


LIMIT = """
insert into limit_value (series_id, name, value, side, mean_over_s, valid_from, label_zh, label_en,
                         source, department, public)
select q.id, %s, %s, %s, %s, clock_timestamp(), '限', 'limit', 'test', 'emergency', false
  from series q join station s on s.id = q.station_id
 where s.code = 'G-34' and q.metric = 'nh3_ppm'"""


@pytest.mark.parametrize(
    ("name", "value", "side", "mean_over_s", "over"),
    [
        ("zero check", 1.0, "lower", None, False),
        ("8 h", 10.0, "upper", 28_800, False),
        ("own", 10.0, "upper", None, True),
    ],
)
def test_neither_a_lower_bound_nor_the_limit_of_a_mean_makes_a_leak(
    owner, district, ground, name, value, side, mean_over_s, over
):
    now, read = district
    with owner.cursor() as cursor:
        cursor.execute(LIMIT, (name, value, side, mean_over_s))
    read("G-34", "nh3_ppm", 20.0)  # below its AEGL-1 and its alarm
    assert refresh(owner, ground, now) is over


MARK = """
update series_state set quality = %s where series_id = (
select q.id from series q join station s on s.id = q.station_id
 where s.code = 'G-34' and q.metric = 'nh3_ppm')"""


@pytest.mark.parametrize(
    ("quality", "leaks"),
    [(Quality.IMPOSSIBLE, 1), (Quality.IMPOSSIBLE | Quality.MARKED_INVALID, 0), (Quality.RATE, 1)],
)
def test_beyond_what_it_measures_a_sensor_says_at_least_so_much(
    owner, district, ground, quality, leaks
):
    now, read = district
    read("G-34", "nh3_ppm", 60_000.0)
    with owner.cursor() as cursor:
        cursor.execute(MARK, (int(quality),))
    refresh(owner, ground, now)
    assert len(kept(owner)) == leaks
    for each in kept(owner):
        release = each.document["release"]
        assert release["rate_kgs"] > 7
        assert "at least" in release["source"]


def test_flammable_gas_at_a_plant_of_gases_without_aegl_has_its_zones(owner, district, ground):
    now, read = district
    read("G-41", "lel_pct", 40.0)
    refresh(owner, ground, now)
    (found,) = kept(owner)
    assert (found.place, found.metric) == ("P-04", "lel_pct")
    document = found.document
    names = [zone["limit"]["name"] for zone in document["zones"]]
    assert names == ["LEL 60 %", "LEL 10 %"]
    assert document["release"]["known"] == "assumed"  # LPG or propylene: 40 % of which LEL?
    assert "gas_assumed" in {each["code"] for each in document["caveats"] if each["grave"]}


def test_per_cent_of_the_explosive_limit_tell_the_rate_where_one_gas_burns(district, owner, ground):
    """Plant 7 has ammonia alone: 40 % of 15.4 % are 61,600 ppm, not 40."""
    now, read = district
    read("G-34", "lel_pct", 40.0)
    read("G-31", "nh3_ppm", 61_600.0)  # of another metric: not asked
    found = scene_of(owner, "G-34", "lel_pct", ground, now).release
    assert (found.substance.code, found.known, found.sensors) == ("ammonia", "fitted", ("G-34",))
    assert found.others == ()
    read("G-34", "nh3_ppm", 616.0)
    hundredth = scene_of(owner, "G-34", "nh3_ppm", ground, now).release
    assert found.rate_kgs == pytest.approx(100 * (hundredth.rate_kgs or 0))
