"""The outlook of a reservoir over the API: figures, reasons and what they rest on."""

from datetime import UTC, datetime, timedelta

import pytest
from psycopg2.extras import Json, execute_values

from dashboard.reservoirs import Rain, rain_so_far
from tests.dashboard.test_api import problem

LEVEL = """
select q.id from series q join station s on s.id = q.station_id
 where s.code = 'R-02' and q.metric = 'level_m'
"""
POINTS = [[18.5, 9e5], [23.5, 1.355e7], [25, 1.9e7], [26.2, 2.36e7]]


def rising(
    conn, *, late_s: float = 20, slope_mh: float = 0.3, quality: int = 0, top_m: float = 24.0
) -> None:
    """R-02 at 24.0 m, rising evenly for six hours, a reading a minute; with a curve."""
    now = datetime.now(UTC) - timedelta(seconds=late_s)
    with conn.cursor() as cursor:
        cursor.execute(LEVEL)
        (number,) = cursor.fetchone()
        cursor.execute("delete from reading where series_id = %s", (number,))
        rows = [
            (number, now - timedelta(minutes=n), top_m - slope_mh * n / 60, quality, 0, now)
            for n in range(420)
        ]
        execute_values(
            cursor,
            "insert into reading (series_id, observed_at, value, quality, origin, received_at) "
            "values %s",
            rows,
            page_size=1000,
        )
        cursor.execute(
            "insert into curve (station_id, valid_from, points, source, department, public) "
            "select id, '2020-01-01Z', %s, 'survey 2020', 'water', true from station "
            "where code = 'R-02' on conflict do nothing",
            (Json(POINTS),),
        )
        cursor.execute("update limit_value set name = 'normal_pool' where name = 'normal_level'")


def ask(desk, code="R-02"):
    with desk.client("viewer") as client:
        return client.get(f"/api/v1/stations/{code}/outlook")


def test_it_says_where_the_water_goes_and_when_with_its_band(desk):
    desk.write(rising)
    body = ask(desk).json()
    assert (body["state"], body["reasons"]) == ("rising", [])
    ahead = body["time_to_limit"]
    assert (ahead["limit"], ahead["value"]) == ("normal_pool", 25.0)
    assert ahead["central_h"] == pytest.approx(1 / 0.3, rel=0.02)
    assert ahead["earliest_h"] < ahead["central_h"] < ahead["latest_h"]
    assert ahead["earliest_t"] < ahead["central_t"] < ahead["latest_t"]
    assert [x["name"] for x in body["limits"] if x["reached"]] == ["flood_limit"]
    assert body["percent"]["value"] == pytest.approx(100 * 1.5366e7 / 1.9e7, rel=0.01)
    area_m2 = (1.9e7 - 1.355e7) / 1.5
    assert body["inflow"]["value"] == pytest.approx(area_m2 * 0.3 / 3600, rel=0.05)
    assert body["inflow"]["band_m3s"] > 0
    assert body["inflow"]["remarks"] == ["net"]


def test_it_says_what_it_rests_on(desk):
    desk.write(rising)
    body = ask(desk).json()
    used = body["provenance"]["readings"]
    assert used["count"] > 4
    assert used["from"] < used["to"]
    assert used["left_out"] == 0
    assert used["quality"] == {"good": used["quality"]["good"]}
    assert body["provenance"]["curve"]["source"] == "survey 2020"
    assert body["provenance"]["curve"]["valid_from"].startswith("2020-01-01")
    assert body["provenance"]["method"]
    assert all(limit["source"] for limit in body["limits"])


def test_the_grade_is_the_rules_or_a_proposal_that_says_so(desk):
    desk.write(rising)
    grade = ask(desk).json()["grade"]
    assert grade["known"]
    assert grade["confirmed"] == (grade["rule"] is not None)


def test_old_or_doubtful_readings_make_it_unknown_with_the_reason(desk):
    desk.write(lambda conn: rising(conn, late_s=3600))
    body = ask(desk).json()
    assert (body["state"], body["reasons"]) == ("unknown", ["too_old"])
    assert body["time_to_limit"]["central_h"] is None
    assert body["inflow"]["value"] is None
    assert body["inflow"]["reason"] == "too_old"
    desk.write(lambda conn: rising(conn, quality=4))
    body = ask(desk).json()
    assert (body["state"], body["reasons"]) == ("unknown", ["no_reading"])
    assert body["level_m"] is None
    assert not body["grade"]["known"]


def test_a_station_without_a_level_and_a_stranger_are_told_so(desk):
    assert "has no 'level_m'" in problem(ask(desk, "A-01"), 404)
    assert "no station" in problem(ask(desk, "X-99"), 404)


def test_without_a_curve_there_is_no_storage_and_it_says_so(desk):
    body = ask(desk, "R-01").json()
    assert body["storage_m3"] == {"value": None, "reason": "no_curve"}
    assert body["percent"]["reason"] == "no_curve"
    assert body["provenance"]["curve"] is None


def test_hours_count_from_the_reading_and_moments_are_times(desk):
    desk.write(lambda conn: rising(conn, late_s=150, top_m=24.99))
    body = ask(desk).json()
    ahead = body["time_to_limit"]
    at, central = (datetime.fromisoformat(ahead[key]) for key in ("at", "central_t"))
    assert at == datetime.fromisoformat(body["provenance"]["readings"]["to"])
    assert (central - at) / timedelta(hours=1) == pytest.approx(ahead["central_h"], abs=1e-4)
    assert central < datetime.fromisoformat(body["generated_at"])
    assert (body["state"], body["reasons"]) == ("rising", ["due"])


# ---- rain


@pytest.mark.parametrize(
    ("hour", "day", "interval_s", "said"),
    [
        ((None, 0), (12.0, 270), 300, (None, 12.0, 270, 288)),
        ((0.0, 12), (0.0, 288), 300, (0.0, 0.0, 288, 288)),
        ((1.0, 5), (9.0, 143), 300, (None, None, 143, 288)),
        ((1.0, 6), (9.0, 144), 300, (1.0, 9.0, 144, 288)),
        ((2.0, 1), (9.0, 24), 3600, (2.0, 9.0, 24, 24)),
        ((2.0, 1), (9.0, 8), 10800, (None, 9.0, 8, 8)),
        ((None, 0), (None, 0), 300, (None, None, 0, 288)),
    ],
)
def test_a_silent_gauge_has_not_measured_that_it_was_dry(hour, day, interval_s, said):
    assert rain_so_far(hour, day, interval_s) == Rain(*said)


def test_the_rain_of_a_silent_hour_is_null(desk):
    def silent(conn):
        with conn.cursor() as cursor:
            cursor.execute(
                "delete from reading where observed_at > now() - interval '61 min' and series_id = "
                "(select q.id from series q join station s on s.id = q.station_id "
                "where s.code = 'R-02' and q.metric = 'rain_mm')"
            )

    desk.write(silent)
    rain = ask(desk).json()["rain"]
    assert rain["hour_mm"] is None
    assert rain["count"] < rain["expected"]


# ---- which rule grades


def rule(conn, code, grades, **more):
    definition = {"code": code, "label": {"zh": "水位", "en": "Level"}, "metric": "level_m",
                  "when": "above", "unit": "m", "grades": grades} | more  # fmt: skip
    with conn.cursor() as cursor:
        cursor.execute("insert into rule (code) values (%s) returning id", (code,))
        cursor.execute(
            "insert into rule_version (rule_id, version, definition, author, reason) "
            "values (%s, 1, %s, 'config.yaml', 'new')",
            (cursor.fetchone()[0], Json(definition)),
        )


def test_the_rule_that_has_a_limit_here_grades_and_of_several_the_gravest(desk):
    """Its level is 24 m. The first by code names a limit that is not here, the second not this
    station, the third grades it blue, the fourth yellow."""

    def act(conn):
        rising(conn)
        rule(conn, "A-NONE", {"red": "no_such_level"}, kind="reservoir")
        rule(conn, "B-OTHER", {"red": 1.0}, stations=["R-01"])
        rule(conn, "C-LOW", {"blue": "flood_limit"}, kind="reservoir")
        rule(conn, "D-HIGH", {"yellow": 23.8, "red": 26.0}, stations=["R-02"])

    desk.write(act)
    grade = ask(desk).json()["grade"]
    assert (grade["rule"], grade["grade"], grade["above"]) == ("D-HIGH", "yellow", "23.8")
    assert grade["confirmed"]
