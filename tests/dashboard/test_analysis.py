"""Analyses by the API: known readings, known roses; what is not valid takes no part."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from dashboard.api import analysis
from dashboard.door.access import ANALYSES
from dashboard.environment.analysis_store import SummedHour, winds
from dashboard.environment.hours_store import Measured
from sensors.analysis.roses import Wind, wind_rose
from tests.dashboard.conftest import Desk, filled, served
from tests.dashboard.test_environment import limit, readings, station

NOW = datetime(2026, 6, 11, 4, 30, tzinfo=UTC)
SINCE = datetime(2026, 6, 8, 16, tzinfo=UTC)  # Tuesday 9 June in Beijing
HOUR = timedelta(hours=1)
DAY = {"from": "2026-06-09T00:00:00+08:00", "to": "2026-06-10T00:00:00+08:00"}
A1, A2 = "A-1:pm25_ugm3", "A-2:pm25_ugm3"


def halves(first, second):
    """Two readings an hour."""
    for n, (a, b) in enumerate(zip(first, second, strict=True)):
        yield SINCE + HOUR * n, a, 0
        yield SINCE + HOUR * n + HOUR / 2, b, 0


def hours(values, quality=0):
    return [(SINCE + HOUR * n, value, quality) for n, value in enumerate(values)]


def fill(conn):
    """A day of wind: 12 h from 350 and 10 degrees, 6 h from the east, 4 h calm, 2 h from both
    sides at once. PM2.5 is 10 with the north wind, 40 with the east one, 100 in the calm."""
    with conn.cursor() as cursor:
        cursor.execute("insert into department values ('environment', '生态环境局', 'Environment')")
        station(cursor, "A-1", "air", ["pm25_ugm3", "o3_ugm3"], 3600)
        station(cursor, "A-2", "air", ["pm25_ugm3"], 3600)
        station(cursor, "W-1", "weather", ["wind_speed_ms", "wind_dir_deg"], 1800)
        station(cursor, "W-2", "weather", ["wind_speed_ms", "wind_dir_deg"], 1800)
        cursor.execute(
            "update station_version set lon = 122.3 from station s "
            "where s.id = station_id and s.code = 'W-2'"
        )
    first = [350.0] * 12 + [90.0] * 6 + [90.0] * 4 + [0.0] * 2
    second = [10.0] * 12 + [90.0] * 6 + [90.0] * 4 + [180.0] * 2
    speeds = [3.0] * 12 + [6.0] * 6 + [0.2] * 4 + [2.0] * 2
    readings(conn, "W-1", "wind_dir_deg", halves(first, second))
    readings(conn, "W-1", "wind_speed_ms", halves(speeds, speeds))
    dust = [10.0] * 12 + [40.0] * 6 + [100.0] * 4 + [70.0] * 2
    readings(conn, "A-1", "pm25_ugm3", hours(dust))
    # Twice as much at the neighbour, which lost four hours: a value called invalid takes no part.
    readings(conn, "A-2", "pm25_ugm3", hours([2 * value for value in dust[:20]]))
    at = SINCE + 20 * HOUR
    readings(conn, "A-2", "pm25_ugm3", [(at, 4999.0, 2048), (at + HOUR, None, 1)])
    limit(conn, "A-1", "pm25_ugm3", "warn", 75, 3600)
    limit(conn, "A-1", "pm25_ugm3", "daily", 50, 86400)
    limit(conn, "A-1", "pm25_ugm3", "old", 5, 3600, until="2021-01-01")


@pytest.fixture(scope="module")
def site(server_dsn: str, template: str) -> Iterator[Desk]:
    with (
        filled(server_dsn, template, fill, ["viewer"]) as made,
        served(server_dsn, *made, lambda: NOW) as desk,
    ):
        yield desk


@pytest.fixture
def viewer(site):
    with site.client("viewer") as client:
        yield client


def ask(viewer, what, **query):
    answer = viewer.get(f"/api/v1/analysis/{what}", params=DAY | query)
    assert answer.status_code == 200, answer.text
    return answer.json()


# ---- roses


def test_a_known_wind_is_a_known_rose(viewer):
    body = ask(viewer, "rose", station="W-1")
    wind = body["wind"]
    assert (wind["station"], wind["distance_km"]) == ("W-1", 0)
    assert (wind["valid"], wind["expected"], wind["valid_share"]) == (24, 24, 1.0)
    assert wind["calms"] == {"hours": 4, "share": pytest.approx(4 / 24)}
    assert wind["variable"]["hours"] == 2
    sectors = {one["from_deg"]: one for one in wind["sectors"] if one["hours"]}
    assert {at: one["hours"] for at, one in sectors.items()} == {0: 12, 90: 6}
    assert sectors[0]["share"] == 0.5
    assert sectors[0]["classes"] == [0, 12, 0, 0, 0], "350 and 10 degrees are north, not south"
    assert sectors[90]["classes"] == [0, 0, 0, 6, 0]
    assert (wind["calm_below_ms"], len(wind["sectors"])) == (0.5, 16)
    assert wind["mean_ms"] == pytest.approx((12 * 3 + 6 * 6 + 4 * 0.2 + 2 * 2) / 24)
    assert body["pollution"] is None


def test_an_hour_without_a_vane_is_not_a_wind_from_all_sides():
    """Known: the calm, which has no direction, and what the vane saw."""

    def series(number, metric):
        every = ((SINCE, 1800.0),)
        return Measured(number, "W-1", "weather", metric, ("", ""), "", 0, SINCE, every)

    speed, direction = series(1, "wind_speed_ms"), series(2, "wind_dir_deg")
    summed = {
        1: {SINCE + n * HOUR: SummedHour(2, 2 * v, None, None) for n, v in enumerate([3, 3, 3, 0])},
        2: {SINCE: SummedHour(2, 0.0, 0.0, 2.0), SINCE + HOUR: SummedHour(2, 0.0, 0.0, 0.0)},
    }
    assert winds(speed, direction, summed) == {
        SINCE: Wind(3.0, 0.0), SINCE + HOUR: Wind(3.0, None), SINCE + 3 * HOUR: Wind(0.0, None),
    }  # fmt: skip
    rose = wind_rose(winds(speed, direction, summed).values())
    assert (rose.hours, rose.calms, rose.variable) == (3, 1, 1)


def test_a_station_without_wind_takes_the_nearest_and_says_how_far(viewer):
    body = ask(viewer, "rose", station="A-1", metric="pm25_ugm3")
    assert (body["station"], body["wind"]["station"]) == ("A-1", "W-1")
    found = body["pollution"]
    assert (found["valid"], found["with_wind"]) == (24, 24)
    assert found["threshold"] == {"value": 47.5, "limit": None}
    sectors = {one["from_deg"]: one for one in found["sectors"] if one["hours"]}
    assert {at: (one["hours"], one["mean"]) for at, one in sectors.items()} == {
        0: (12, 10.0), 90: (6, 40.0),
    }  # fmt: skip
    assert (found["calm"]["mean"], found["calm"]["probability"]) == (100.0, 1.0)
    assert found["calm"]["few"]
    nobody = next(one for one in found["sectors"] if one["from_deg"] == 180)
    assert (nobody["mean"], nobody["probability"], nobody["above"]) == (None, None, None)


def test_a_pollution_rose_by_a_limit(viewer):
    found = ask(viewer, "rose", station="A-1", metric="pm25_ugm3", threshold="warn")["pollution"]
    assert (found["threshold"]["value"], found["threshold"]["limit"]["name"]) == (75, "warn")
    assert [one["name"] for one in found["limits"]] == ["warn"], "a daily limit judges no hours"


def test_the_nearer_of_two_winds(site, viewer):
    assert ask(viewer, "rose", station="W-2")["wind"]["valid"] == 0
    shares = ask(viewer, "rose", station="W-2")["wind"]
    assert (shares["calms"]["share"], shares["mean_ms"]) == (None, None), "unknown is not calm"


# ---- distribution, day, comparison


def test_a_distribution_by_hand(viewer):
    [one] = ask(viewer, "distribution", series=A1)["series"]
    assert (one["valid"], one["expected"], one["least"], one["greatest"]) == (24, 24, 10, 100)
    assert one["mean"] == pytest.approx((12 * 10 + 6 * 40 + 4 * 100 + 2 * 70) / 24)
    assert one["quantiles"]["p50"] == 25.0
    assert sum(each["count"] for each in one["bins"]) == 24
    beyond = {each["name"]: each["exceed_hours"] for each in one["limits"]}
    assert beyond == {"warn": 4, "daily": None}, "the old limit is over, a daily one is no hour's"


def test_two_distributions_have_the_same_steps(viewer):
    first, second = ask(viewer, "distribution", series=[A1, A2])["series"]
    assert [b["low"] for b in first["bins"]] == [b["low"] for b in second["bins"]]
    assert (second["valid"], second["greatest"]) == (20, 200.0), "an invalid hour takes no part"


def test_the_course_of_the_day(viewer):
    [one] = ask(viewer, "diurnal", series=A1)["series"]
    assert [hour["median"] for hour in one["hours"]] == [10.0] * 12 + [40.0] * 6 + [100.0] * 4 + [
        70.0
    ] * 2
    assert one["week"][1][0] == {"n": 1, "p25": 10.0, "median": 10.0, "p75": 10.0}
    assert one["week"][0][0] == {"n": 0, "p25": None, "median": None, "p75": None}


def test_a_station_and_its_neighbour(viewer):
    body = ask(viewer, "comparison", series=[A1, A2])
    [pair] = body["pairs"]
    assert (pair["first"], pair["second"], pair["n"]) == (A1, A2, 20)
    assert pair["difference"] == pytest.approx((12 * 10 + 6 * 40 + 2 * 100) / 20)
    assert pair["correlation"] == pytest.approx(1)
    assert len(pair["points"]) == 20
    assert [one["valid"] for one in body["series"]] == [24, 20]


def test_what_was_never_measured_is_unknown(viewer):
    [one] = ask(viewer, "distribution", series="A-1:o3_ugm3")["series"]
    assert (one["valid"], one["mean"], one["bins"]) == (0, None, [])
    assert set(one["quantiles"].values()) == {None}


# ---- series


def test_several_series_at_their_own_resolution(viewer):
    body = ask(viewer, "series", series=[A1, "W-1:wind_speed_ms", A2], max_points=40)
    dust, wind, other = body["series"]
    assert [one["resolution"] for one in (dust, wind, other)] == ["raw", "1h", "raw"]
    assert (dust["gap_s"], wind["gap_s"]) == (5 * 3600, 5400)
    assert len(dust["points"]) == len(wind["points"]) == 24
    assert {limit["name"] for limit in dust["limits"]} == {"warn", "daily"}
    assert other["points"][20]["flags"] == ["marked_invalid"]
    assert other["points"][21]["value"] is None


# ---- files, refusals


@pytest.mark.parametrize("what", ANALYSES)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_analysis_is_a_file(viewer, what, lang):
    chosen = {"station": "A-1", "metric": "pm25_ugm3"} if what == "rose" else {"series": [A1, A2]}
    asked = DAY | chosen | {"format": "csv", "lang": lang}
    answer = viewer.get(f"/api/v1/analysis/{what}", params=asked)
    assert answer.status_code == 200
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert f"{what}_202606090000_202606100000.csv" in answer.headers["content-disposition"]
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) > 2
    assert len(rows[1]) == len(rows[0])
    assert any("\u4e00" <= letter <= "\u9fff" for letter in rows[0][0]) == (lang == "zh")


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [("series?series=A-1", 400, "station:metric"),
     ("series?series=A-9:pm25_ugm3", 404, "A-9"),
     ("series?series=A-1:wind_speed_ms", 404, "it has pm25_ugm3"),
     ("series", 422, "series"),
     ("series?series=A-1:pm25_ugm3&from=2020-01-01T00:00:00Z", 400, "367 days"),
     ("series?series=A-1:pm25_ugm3&from=2026-06-11T04:00:00Z&to=2026-06-11T04:30:00Z", 400, "hour"),
     ("distribution?" + "&".join(f"series=A-{n}:pm25_ugm3" for n in range(3)), 400, "at most 2"),
     ("distribution?series=W-1:wind_dir_deg", 400, "rose"),
     ("rose?station=A-9", 404, "A-9"),
     ("rose?station=A-1&metric=pm25_ugm3&threshold=nothing", 400, "p75, warn"),
     ("rose?station=A-1&metric=pm25_ugm3&threshold=daily", 400, "86400"),
     ("rose?station=A-1&metric=nothing", 404, "nothing")],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(viewer, path, status, said):
    answer = viewer.get(f"/api/v1/analysis/{path}")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert said in answer.json()["detail"]


def test_hours_that_are_not_over_take_no_part(viewer):
    body = ask(viewer, "distribution", series=A1, to=NOW.isoformat())
    assert body["to"] == "2026-06-11T04:00:00.000Z"
    assert body["series"][0]["expected"] == 60


@pytest.mark.parametrize("path", ["series", "distribution", "rose"])
def test_what_the_database_cannot_answer_in_time_is_said_and_the_next_one_is_answered(
    viewer, monkeypatch, path
):
    asked = {"station": "A-1"} if path == "rose" else {"series": A1}
    with monkeypatch.context() as patched:
        patched.setattr(analysis, "LONGEST_S", 0.0)
        answer = viewer.get(f"/api/v1/analysis/{path}", params={**asked, **DAY})
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert "ask for a shorter time" in answer.json()["detail"]
    assert viewer.get(f"/api/v1/analysis/{path}", params={**asked, **DAY}).status_code == 200
