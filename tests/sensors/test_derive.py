"""Storage and AQI follow from what was measured, and say so when they cannot."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensors.catalogue import AIR_METRICS
from sensors.derive import derive
from sensors.directory import Directory, SeriesInfo, StationInfo
from sensors.reading import Origin, Quality, Reading

START = datetime(2026, 11, 22, 4, tzinfo=UTC)
IDS = {("R-01", "level_m"): 1, ("R-01", "storage_m3"): 2, ("R-02", "level_m"): 3}
IDS |= {("A-01", metric): 10 + n for n, metric in enumerate((*AIR_METRICS, "aqi"))}
IDS |= {("A-02", metric): 20 + n for n, metric in enumerate((*AIR_METRICS, "aqi"))}
DIRECTORY = Directory(
    stations={
        code: StationInfo(n, code, "air" if code[0] == "A" else "reservoir", 60, None, public=True)
        for n, code in enumerate(("R-01", "R-02", "A-01", "A-02"))
    },
    series={
        key: SeriesInfo(id_, *key, 60, derived=key[1] in {"storage_m3", "aqi"})
        for key, id_ in IDS.items()
    },
    curves={"R-01": ((12.0, 0.0), (22.0, 1e6))},
)
CLEAN = dict(zip(AIR_METRICS, (10.0, 20.0, 0.5, 100.0, 40.0, 36.0), strict=True))


def reading(
    station, metric, minutes, value, quality=Quality.GOOD, *, origin=Origin.LIVE
) -> Reading:
    at = START + timedelta(minutes=minutes)
    if value is None:
        quality |= Quality.MISSING
    received_at = at + timedelta(seconds=2)
    return Reading(
        IDS[station, metric], station, metric, at, received_at, value, quality, origin, at
    )


def air(minutes, station="A-01", **values) -> list[Reading]:
    chosen = CLEAN | values
    return [reading(station, metric, minutes, chosen[metric]) for metric in AIR_METRICS]


def known(readings) -> dict[tuple[str, str], Reading]:
    return {(r.station, r.metric): r for r in readings}


def test_storage_follows_each_level_at_its_time():
    level = reading("R-01", "level_m", 0, 17.0, origin=Origin.RECORDED)
    (storage,) = derive([level], {}, DIRECTORY)
    assert (storage.series_id, storage.metric, storage.value) == (2, "storage_m3", 500_000.0)
    assert storage.quality is Quality.GOOD
    assert (storage.observed_at, storage.received_at) == (level.observed_at, level.received_at)
    assert (storage.origin, storage.original_at) == (Origin.RECORDED, level.original_at)


@pytest.mark.parametrize("level", [11.0, 22.5, None])
def test_where_the_curve_is_silent_storage_is_missing_not_old(level):
    (storage,) = derive([reading("R-01", "level_m", 0, level)], {}, DIRECTORY)
    assert storage.value is None
    assert storage.quality & Quality.MISSING


def test_an_impossible_level_has_no_storage_and_a_doubtful_one_a_doubtful_storage():
    impossible, jump = derive(
        [
            reading("R-01", "level_m", 0, 17.0, Quality.IMPOSSIBLE),
            reading("R-01", "level_m", 1, 17.0, Quality.RATE),
        ],
        {},
        DIRECTORY,
    )
    assert impossible.value is None
    assert (jump.value, jump.quality) == (500_000.0, Quality.DERIVED_FROM_SUSPECT)


def test_without_a_curve_nothing_is_derived():
    assert derive([reading("R-02", "level_m", 0, 17.0)], {}, DIRECTORY) == []


def test_six_concentrations_of_one_message_make_one_aqi():
    (aqi,) = derive(air(0), {}, DIRECTORY)
    assert (aqi.series_id, aqi.value, aqi.observed_at) == (16, 52.0, START)
    assert aqi.quality is Quality.GOOD


def test_one_new_concentration_is_joined_with_the_newest_of_the_others():
    (aqi,) = derive([reading("A-01", "pm25_ugm3", 5, 60.0)], known(air(0)), DIRECTORY)
    assert (aqi.value, aqi.observed_at) == (100.0, START + timedelta(minutes=5))


def test_concentrations_of_an_hour_ago_do_not_count():
    (aqi,) = derive([reading("A-01", "pm25_ugm3", 60, 60.0)], known(air(0)), DIRECTORY)
    assert aqi.value is None
    (aqi,) = derive([reading("A-01", "pm25_ugm3", 59, 60.0)], known(air(0)), DIRECTORY)
    assert aqi.value == 100.0


def test_a_missing_pollutant_makes_a_clean_aqi_na_and_leaves_a_high_one():
    (clean,) = derive(air(0, o3_ugm3=None), {}, DIRECTORY)
    assert (clean.value, clean.quality) == (None, Quality.MISSING)
    (high,) = derive(air(0, o3_ugm3=None, pm25_ugm3=115.0), {}, DIRECTORY)
    assert high.value == 150.0


def test_an_impossible_concentration_counts_as_missing():
    sent = [*air(0)[:-1], reading("A-01", "pm25_ugm3", 0, 4000.0, Quality.IMPOSSIBLE)]
    (aqi,) = derive(sent, {}, DIRECTORY)
    assert (aqi.value, aqi.quality) == (None, Quality.MISSING)


def test_a_doubtful_concentration_makes_a_doubtful_aqi():
    sent = [*air(0)[:-1], reading("A-01", "pm25_ugm3", 0, 36.0, Quality.STUCK)]
    (aqi,) = derive(sent, {}, DIRECTORY)
    assert (aqi.value, aqi.quality) == (52.0, Quality.DERIVED_FROM_SUSPECT)


def test_the_aqi_is_as_unreal_as_its_least_real_input():
    sent = [*air(0)[:-1], reading("A-01", "pm25_ugm3", 0, 36.0, origin=Origin.SIMULATED)]
    assert [r.origin for r in derive(sent, {}, DIRECTORY)] == [Origin.SIMULATED]


def test_late_concentrations_give_the_aqi_of_their_own_time_if_all_are_there():
    latest = known(air(10, pm25_ugm3=115.0))
    (aqi,) = derive(air(0), latest, DIRECTORY)
    assert (aqi.value, aqi.observed_at) == (52.0, START)
    assert derive(air(0)[:-1], latest, DIRECTORY) == []


def test_before_the_standard_was_in_force_it_says_nothing():
    minutes = (datetime(2026, 2, 28, 16, tzinfo=UTC) - START).total_seconds() / 60
    assert derive(air(minutes - 1), {}, DIRECTORY) == []
    assert len(derive(air(minutes), {}, DIRECTORY)) == 1


MESSAGES = st.lists(
    st.tuples(
        st.sampled_from(["A-01", "A-02"]),
        st.integers(0, 90),
        st.dictionaries(st.sampled_from(AIR_METRICS), st.floats(0, 300), min_size=1),
    ),
    max_size=12,
).map(lambda messages: list(enumerate(messages)))


def opened(message) -> list[Reading]:
    """The readings of one message, which all arrive at the same moment."""
    arrival, (station, minutes, values) = message
    received_at = START + timedelta(hours=2, seconds=arrival)
    sent = [reading(station, metric, minutes, value) for metric, value in values.items()]
    return [replace(one, received_at=received_at) for one in sent]


def run(batches) -> dict[tuple[int, datetime], Reading]:
    """The derived readings as they stand in the end: the same series and time again is upserted."""
    latest: dict[tuple[str, str], Reading] = {}
    stored: dict[tuple[int, datetime], Reading] = {}
    for batch in batches:
        sent = [one for message in batch for one in opened(message)]
        for one in derive(sent, latest, DIRECTORY):
            stored[one.series_id, one.observed_at] = one
        for one in sent:
            before = latest.get((one.station, one.metric))
            if before is None or one.observed_at >= before.observed_at:
                latest[one.station, one.metric] = one
    return stored


@given(MESSAGES)
def test_it_does_not_matter_how_messages_are_gathered(messages):
    assert run([messages]) == run([message] for message in messages)


WHOLE = st.fixed_dictionaries({metric: st.floats(0, 300) for metric in AIR_METRICS})


@given(st.lists(st.tuples(st.just("A-01"), st.integers(0, 3), WHOLE), max_size=6))
def test_nor_does_it_when_they_come_in_any_order(sent):
    messages = list(enumerate(sent))
    assert run([messages]) == run([message] for message in messages)


@given(MESSAGES)
def test_stations_do_not_influence_each_other(messages):
    alone = run([[m for m in messages if m[1][0] == "A-01"]])
    assert {k: v for k, v in run([messages]).items() if v.station == "A-01"} == alone
