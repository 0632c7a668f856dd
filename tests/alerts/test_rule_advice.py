"""What a rule's author is told before the rule is in force, from stations and stored readings."""

import random
from datetime import timedelta

import numpy as np
import pytest
from psycopg2.extras import execute_values

from alerts.rule_advice import advise, least_dead_band, noise, noise_of
from tests.alerts.conftest import NOW
from tests.alerts.timeline import absence, rule


@pytest.fixture
def history(owner, district):
    """`history("R-01/level_m", values)`: a reading a minute that ends now; returns the series."""

    def history(subject, values):
        rows = [
            (district[subject], NOW - timedelta(minutes=len(values) - n), value, 0, NOW)
            for n, value in enumerate(values)
        ]
        with owner.cursor() as cursor:
            execute_values(
                cursor,
                "insert into reading (series_id, observed_at, value, quality, received_at)"
                " values %s",
                rows,
            )
        owner.commit()
        return district[subject]

    return history


def trembling(sigma, count=600, seed=1):
    chance = random.Random(seed)
    return [round(23.4 + chance.gauss(0, sigma), 4) for _ in range(count)]


def codes(found):
    return [(one.code, one.field, one.station) for one in found]


def test_noise_is_the_spread_of_a_reading_about_its_neighbours(owner, history):
    series = history("R-01/level_m", trembling(0.02))
    found = noise(owner, series, 60, NOW)
    assert found.sigma == pytest.approx(0.02, rel=0.15)
    assert found.dead_band == pytest.approx(3 * found.sigma, rel=0.1)
    assert found.readings == 600


def test_a_rise_and_an_outlier_are_no_noise():
    at = 60.0 * np.arange(600)
    rise = np.round(20 + 0.01 * np.arange(600), 4)
    rise[300] = 900
    assert noise_of(1, at, rise, 300).sigma < 0.001


def test_an_instrument_that_counts_in_centimetres_wants_one_of_them():
    at = 60.0 * np.arange(600)
    steps = np.where(np.arange(600) % 10 == 0, 23.41, 23.40)
    found = noise_of(1, at, steps, 300)
    assert found.step == pytest.approx(0.01)
    assert 0.01 <= found.dead_band <= 0.03


def test_too_few_readings_say_nothing(owner, history):
    assert noise(owner, history("R-01/level_m", [23.0] * 20), 60, NOW) is None


def test_steps_over_a_gap_are_left_out():
    at = np.concatenate([60.0 * np.arange(100), 1e6 + 60.0 * np.arange(100)])
    value = np.concatenate([np.full(100, 20.0), np.full(100, 30.0)])
    assert noise_of(1, at, value, 300).sigma == 0


def test_a_dead_band_smaller_than_the_noise_is_said_with_a_better_one(owner, history):
    history("R-01/level_m", trembling(0.05))
    found = advise(owner, rule(grades={"orange": "flood_limit"}, dead_band=0.01), NOW)
    (own,) = [one for one in found if one.code == "dead_band"]
    assert own.station == "R-01"
    assert own.proposed == pytest.approx(0.15, rel=0.2)
    assert "0.01" in own.text["en"]
    wide = rule(grades={"orange": "flood_limit"}, dead_band=own.proposed)
    assert "dead_band" not in [one.code for one in advise(owner, wide, NOW)]


def test_a_mean_and_a_long_rate_need_less_than_single_readings(owner, history):
    found = noise(owner, history("R-01/level_m", trembling(0.05)), 60, NOW)
    mean = rule(mean_over_s=3600)
    assert least_dead_band(mean, found, 60, "above") < found.dead_band / 5
    short, long = (
        rule(when="rate", grades={"blue": 1}, window_s=seconds) for seconds in (600, 3600)
    )
    assert least_dead_band(long, found, 60, "rate") < least_dead_band(short, found, 60, "rate") / 5


def test_a_limit_that_the_instrument_cannot_report_is_named(owner, district):
    with owner.cursor() as cursor:
        cursor.execute(
            "update sensor set high = 24 where series_id = %s", (district["R-01/level_m"],)
        )
    found = advise(owner, rule(grades={"orange": 23, "red": 25}), NOW)
    assert codes(found) == [("never_reached", "grades", "R-01")]
    assert "25" in found[0].text["zh"]
    owner.rollback()


def test_where_a_named_limit_is_missing_the_station_is_named(owner, district):
    found = advise(owner, rule(grades={"orange": "flood_limit"}), NOW)
    assert codes(found) == [("no_limit", "grades", "R-02"), ("no_limit", "grades", "R-03")]


def test_where_nothing_is_known_to_be_usual_the_station_is_named(owner, district):
    asked = rule(when="deviation", usual="month", grades={"red": 2}, stations=["R-01"], kind=None)
    assert codes(advise(owner, asked, NOW)) == [("no_usual", "usual", "R-01")]


def test_where_too_few_stations_are_around_the_station_is_named(owner, district):
    asked = {"when": "deviation", "usual": "neighbours", "grades": {"red": 2}}
    found = advise(owner, rule(**asked, least=2), NOW)
    assert codes(found) == [("few_neighbours", "within_km", f"R-0{n}") for n in (1, 2, 3)]
    assert "1 other stations of the metric within 10 km" in found[0].text["en"]
    assert advise(owner, rule(**asked, least=2, within_km=20), NOW) == []


def test_delays_and_patience_shorter_than_the_interval_are_said(owner, district):
    hasty = advise(owner, rule(grades={"red": 30}, on_delay_s=20), NOW)
    assert {(one.code, one.proposed) for one in hasty} == {("on_delay", 60.0)}
    impatient = advise(owner, absence(patience_s=90), NOW)
    assert {(one.code, one.proposed) for one in impatient} == {("patience", 180.0)}


def test_a_rule_upon_nothing_is_said(owner, district):
    found = advise(owner, rule(kind="air"), NOW)
    assert codes(found) == [("covers_nothing", "metric", None)]
    assert set(found[0].to_json()) == {"code", "field", "station", "proposed", "text"}


def test_members_of_a_composite_are_looked_at_each(owner, district):
    member = {"metric": "level_m", "kind": "reservoir", "unit": "m", "when": "above", "limit": 30}
    both = rule(
        when="any",
        of=[member, member | {"limit": 99999, "stations": ["R-01"], "kind": None}],
        grade="red",
        **dict.fromkeys(("metric", "kind", "unit", "grades")),
    )
    assert codes(advise(owner, both, NOW)) == [("never_reached", "of.1.limit", "R-01")]
