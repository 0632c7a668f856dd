"""Which readings a footprint is made of: the unusual, but not what is no evidence."""

from datetime import timedelta

import pytest

from gis import store
from sensors.reading import Quality
from tests.alerts.test_footprints import district, settings  # noqa: F401 - the fixtures

MARK = """
update {table} set quality = %s where series_id in (
select q.id from series q join station s on s.id = q.station_id
 where s.code = %s and q.metric = %s)"""
EVIDENCE = [
    Quality.GOOD,
    Quality.RATE,
    Quality.SPIKE,
    Quality.CLIMATE,
    Quality.NEIGHBOUR,
    Quality.CLOCK | Quality.RATE,
    Quality.IMPOSSIBLE | Quality.MARKED_VALID,
    Quality.STUCK | Quality.MARKED_VALID,
]
NONE = [
    Quality.IMPOSSIBLE,
    Quality.STUCK,
    Quality.DEVICE,
    Quality.STATUS,
    Quality.MARKED_INVALID,
    Quality.MARKED_INVALID | Quality.RATE,
]
BOTH = [*((each, True) for each in EVIDENCE), *((each, False) for each in NONE)]


def mark(owner, table, quality, station, metric):
    with owner.cursor() as cursor:
        cursor.execute(MARK.format(table=table), (int(quality), station, metric))


def sensors(owner, now):
    found = store.gas_sensors(owner, "nh3_ppm", now, timedelta(minutes=5))
    return {each.code: each for each in found}


@pytest.mark.parametrize(("quality", "is_evidence"), BOTH, ids=str)
def test_a_leak_is_worked_back_from_what_is_evidence(owner, district, quality, is_evidence):  # noqa: F811 - the fixture
    now, read = district
    read("G-34", "nh3_ppm", 700.0)
    mark(owner, "series_state", quality, "G-34", "nh3_ppm")
    assert ("G-34" in sensors(owner, now)) is is_evidence


@pytest.mark.parametrize(("quality", "is_evidence"), BOTH, ids=str)
@pytest.mark.parametrize("metric", ["wind_speed_ms", "wind_dir_deg"])
def test_the_wind_of_a_typhoon_turns_a_plume(owner, district, quality, is_evidence, metric):  # noqa: F811 - the fixture
    now, _ = district
    mark(owner, "reading", quality, "W-01", metric)
    wind = store.weather_for(owner, 121.8895, 29.9095, now, 100_000.0).wind
    assert (wind is not None and wind.station == "W-01") is is_evidence


def test_a_sensor_knows_its_plant_and_the_end_of_its_range(owner, district):  # noqa: F811 - the fixture
    now, read = district
    read("G-34", "nh3_ppm", 700.0)
    read("P-07", "nh3_ppm", 5.0)
    found = sensors(owner, now)
    assert (found["G-34"].plant, found["P-07"].plant) == ("P-07", "P-07")
    assert (found["G-34"].value, found["G-34"].high) == (700.0, 10_000.0)


@pytest.mark.parametrize(
    ("value", "quality", "reads"),
    [
        (60_000.0, Quality.IMPOSSIBLE, 10_000.0),
        (60_000.0, Quality.IMPOSSIBLE | Quality.STUCK, 10_000.0),
        (10_000.0, Quality.STUCK, 10_000.0),  # stands at its end
        (60_000.0, Quality.IMPOSSIBLE | Quality.MARKED_INVALID, None),
        (-5.0, Quality.IMPOSSIBLE, None),
    ],
)
def test_beyond_its_end_a_sensor_reads_as_its_end(owner, district, value, quality, reads):  # noqa: F811 - the fixture
    now, read = district
    read("G-34", "nh3_ppm", value)
    mark(owner, "series_state", quality, "G-34", "nh3_ppm")
    found = sensors(owner, now).get("G-34")
    assert (found and found.value) == reads
    assert found is None or found.value >= found.high


def test_a_replayed_wind_is_timed_by_its_own_time(owner, district):  # noqa: F811 - the fixture
    """Played an hour a minute, its ten minutes are the newest reading alone."""
    now, _ = district
    owner.cursor().execute(
        "update reading set original_at = '2016-07-20T12:00Z'::timestamptz"
        " - 60 * (%s - observed_at)",
        (now,),
    )
    wind = store.weather_for(owner, 121.8895, 29.9095, now, 100_000.0).wind
    assert (wind.readings, wind.spread_deg, wind.speed_ms) == (1, None, 3.0)
    owner.cursor().execute("update reading set original_at = null")
    assert store.weather_for(owner, 121.8895, 29.9095, now, 100_000.0).wind.readings > 5
