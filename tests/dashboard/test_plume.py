"""The footprint of an alert and the what-if, on a real server and a real database."""

from datetime import UTC, datetime, timedelta

import pytest
from shapely.geometry import shape

from tests import sample
from tests.dashboard.test_api import problem

FOOTPRINT, PLUME = "/api/v1/alerts/a-nh3/footprint", "/api/v1/plume"


@pytest.fixture(scope="module")
def viewer(shared_desk):
    with shared_desk.client("viewer") as client:
        yield client


def refusal(answer) -> str:
    """What is wrong with which field."""
    problem(answer, 422)
    (error,) = answer.json()["errors"]
    return f"{error['where']}: {error['problem']}"


def ask(client, **body):
    return client.post(PLUME, json=body)


def test_the_footprint_of_a_gas_alert_with_all_that_it_rests_on(viewer):
    answer = viewer.get(FOOTPRINT)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["alert"], found["what_if"], found["shape"]) == ("a-nh3", False, "plume")
    assert [zone["grade"] for zone in found["zones"]] == ["red", "orange", "yellow"]
    assert found["release"]["substance"]["code"] == "ammonia"
    assert found["release"]["known"] == "assumed"
    wind = found["weather"]["wind"]
    assert (wind["station"], wind["by_hand"]) == ("W-01", False)
    assert wind["age_s"] >= 0  # the sample is as old as the run of the tests
    assert wind["readings"] >= 1
    assert found["weather"]["stability"]["used"] in found["weather"]["stability"]["classes"]
    assert {each["code"] for each in found["caveats"]} >= {"amount_assumed", "flat_ground"}
    assert found["advice"]
    assert shape(found["wedge"]).is_valid


def test_a_district_without_layers_says_so_rather_than_nobody(viewer):
    exposure = viewer.get(FOOTPRINT).json()["zones"][1]["exposure"]
    assert (exposure["people"], exposure["facilities"], exposure["roads"]) == (None, None, None)


def test_the_source_is_the_sensor_where_the_plant_is_not_named(viewer):
    """The sample's sensor belongs to no plant."""
    source = viewer.get(FOOTPRINT).json()["source"]
    assert source["station"] == "G-31"
    assert "no plant" in source["reason"]["en"]


@pytest.mark.parametrize(
    ("alert", "status", "says"),
    [("nobody", 404, "there is no alert"), ("a-level", 404, "no gas"), ("a-old", 404, "no gas")],
)
def test_what_has_no_footprint_says_why(viewer, alert, status, says):
    assert says in problem(viewer.get(f"/api/v1/alerts/{alert}/footprint"), status)


def test_an_ended_gas_alert_has_no_present_footprint(desk):
    desk.write(
        lambda conn: conn.cursor().execute(
            "update alert set state = 'ended', ended_at = clock_timestamp() where id = 'a-nh3'"
        )
    )
    with desk.client("viewer") as client:
        assert "has ended" in problem(client.get(FOOTPRINT), 409)


def test_without_usable_wind_only_the_isolation_circle_is_left(desk):
    desk.write(
        lambda conn: conn.cursor().execute("update reading set quality = 8 where value is not null")
    )
    with desk.client("viewer") as client:
        found = client.get(FOOTPRINT).json()
        assert (found["shape"], found["zones"], found["weather"]["wind"]) == ("nothing", [], None)
        assert found["isolation"]["isolate_m"] == 30
        assert "no_wind" in {each["code"] for each in found["caveats"]}
        says = refusal(ask(client, alert="a-nh3", wind_speed_ms=3))
        assert says.startswith("body.wind_from_deg: no wind is known here")
        assert ask(client, alert="a-nh3", wind_speed_ms=3, wind_from_deg=18).status_code == 200


def test_a_sensor_downwind_tells_the_rate(desk):
    """The plant stands west of the sensor: with wind from the southwest the sensor is downwind."""
    now = datetime.now(UTC)

    def write(conn):
        with conn.cursor() as cursor:
            cursor.execute(
                'update station_version set details = details || \'{"plant": "P-07"}\' where '
                "station_id = (select id from station where code = 'G-31')"
            )
            cursor.execute("delete from reading where series_id = any(%s)", ([speed, turn],))
            for minute in range(12):
                at = now - timedelta(minutes=minute, seconds=5)
                for series, value in ((speed, 3.0), (turn, 238.0 + minute % 3)):
                    cursor.execute(
                        "insert into reading (series_id, observed_at, value, quality, origin, "
                        "received_at) values (%s, %s, %s, 0, 0, %s)",
                        (series, at, value, at),
                    )
            cursor.execute(
                "update series_state set observed_at = %s, value = 400, quality = 0 "
                "where series_id = %s",
                (now, gas),
            )

    found: dict[str, int] = {}
    desk.write(lambda conn: found.update(
        speed=sample.series_id(conn, "W-01", "wind_speed_ms"),
        turn=sample.series_id(conn, "W-01", "wind_dir_deg"),
        gas=sample.series_id(conn, "G-31", "nh3_ppm"),
    ))  # fmt: skip
    speed, turn, gas = found["speed"], found["turn"], found["gas"]
    desk.write(write)
    with desk.client("viewer") as client:
        answer = client.get(FOOTPRINT).json()
        other = ask(client, alert="a-nh3", substance="chlorine").json()
        same = ask(client, alert="a-nh3", substance="ammonia").json()
        rated = ask(client, alert="a-nh3", substance="chlorine", rate_kgs=2).json()
    assert answer["source"]["station"] == "P-07"
    assert answer["release"]["known"] == "fitted"
    assert answer["release"]["sensors"] == ["G-31"]
    assert answer["release"]["low"] < 1 < answer["release"]["high"]
    assert answer["weather"]["wind"]["from_deg"] == pytest.approx(239, abs=0.5)
    assert answer["weather"]["wind"]["spread_deg"] == 10
    by_hand = {"known": "by_hand", "low": 1, "high": 1, "sensors": [], "source": "", "fit": None}
    assert other["release"] | by_hand == other["release"], "fitted to another gas"
    assert other["release"]["rate_kgs"] == answer["release"]["rate_kgs"]
    assert "readings do not speak of it" in other["source"]["reason"]["en"]
    assert same["release"] == answer["release"]
    assert (rated["release"]["known"], rated["release"]["rate_kgs"]) == ("by_hand", 2)


# ---- what-if


def test_what_if_keeps_what_is_not_said(viewer):
    live = viewer.get(FOOTPRINT).json()
    same = ask(viewer, alert="a-nh3").json()
    assert same["what_if"] is True
    assert [zone["reach_m"] for zone in same["zones"]] == pytest.approx(
        [zone["reach_m"] for zone in live["zones"]], rel=0.02
    )


def test_what_if_the_wind_turned(viewer):
    found = ask(viewer, alert="a-nh3", wind_from_deg=90, wind_speed_ms=4, stability="D").json()
    assert found["towards_deg"] == 270
    assert found["weather"]["wind"]["by_hand"] is True
    assert found["weather"]["wind"]["station"] is None
    assert (
        found["weather"]["stability"] | {"by_hand": True, "used": "D"}
        == found["weather"]["stability"]
    )
    lon = [point[0] for point in found["zones"][0]["geometry"]["coordinates"][0]]
    assert max(lon) <= found["source"]["lon"] + 1e-6


def test_what_if_at_once(viewer):
    found = ask(viewer, station="P-07", substance="氯", quantity_kg=1000, height_m=2).json()
    assert found["release"]["substance"]["code"] == "chlorine"
    assert (found["release"]["rate_kgs"], found["release"]["mass_kg"]) == (None, 1000)
    codes = {each["code"] for each in found["caveats"]}
    assert {"dense_gas", "short_release"} <= codes
    assert found["isolation"]["size"] == "large"


def test_what_if_anywhere(viewer):
    found = ask(viewer, lon=121.9, lat=29.9, substance="7664-41-7", rate_kgs=2).json()
    assert (found["source"]["lon"], found["source"]["lat"]) == (121.9, 29.9)
    assert found["release"]["known"] == "by_hand"


def test_what_if_by_other_limits(viewer):
    erpg = ask(viewer, alert="a-nh3", scale="ERPG").json()["zones"]
    assert [(zone["limit"]["name"], zone["limit"]["ppm"], zone["grade"]) for zone in erpg] == [
        ("ERPG-3", 750, "red"), ("ERPG-2", 150, "orange"), ("ERPG-1", 25, "yellow"),
    ]  # fmt: skip
    (idlh,) = ask(viewer, alert="a-nh3", scale="IDLH").json()["zones"]
    assert (idlh["limit"]["ppm"], idlh["limit"]["minutes"], idlh["grade"]) == (300, 30, "red")
    own = ask(viewer, alert="a-nh3", limits_ppm=[50, 500]).json()["zones"]
    assert [(zone["limit"]["ppm"], zone["grade"]) for zone in own] == [(500, "red"), (50, "orange")]
    assert own[0]["limit"]["evidence"] == "by hand"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "say where, once"),
        ({"alert": "a-nh3", "limits_ppm": [-1]}, "body.limits_ppm.0: Input should be greater"),
        ({"alert": "a-nh3", "limits_ppm": []}, "body.limits_ppm: List should have at least 1"),
        ({"alert": "a-nh3", "station": "P-07"}, "say where, once"),
        ({"lon": 121.9, "substance": "ammonia"}, "lon and lat go together"),
        ({"alert": "a-nh3", "rate_kgs": 1, "quantity_kg": 1}, "either rate_kgs or quantity_kg"),
        ({"alert": "a-nh3", "quantity_kg": 1, "duration_s": 9}, "duration_s belongs to rate_kgs"),
        ({"alert": "a-nh3", "rate_kgs": 0}, "body.rate_kgs: Input should be greater than 0"),
        ({"alert": "a-nh3", "wind_from_deg": 361}, "body.wind_from_deg: Input should be less"),
        ({"alert": "a-nh3", "stability": "G"}, "body.stability: Input should be 'A'"),
        ({"alert": "a-nh3", "minutes": 45}, "body.minutes: Input should be 10"),
        ({"alert": "a-nh3", "speed": 3}, "body.speed: Extra inputs are not permitted"),
        ({"station": "X-99", "substance": "ammonia"}, "body.station: there is no station 'X-99'"),
        ({"station": "X\0"}, "body.station: Value error, the text contains a character"),
        ({"alert": "a\0"}, "body.alert: Value error, the text contains a character"),
        ({"station": "R-01"}, "body.substance: say which gas"),
        ({"station": "G-31", "metric": "rain_mm"}, "body.metric: no gas; one of benzene_ppm, cl2_"),
        ({"station": "P-07", "substance": "tea"}, "body.substance: 'tea' is not in the table"),
    ],
)
def test_a_bad_question_names_the_field_and_what_would_be_right(viewer, body, says):
    assert says in refusal(ask(viewer, **body))


def test_nothing_is_stored(desk):
    tables = desk.rows(
        "select relname from pg_class "
        "where relkind = 'r' and relnamespace = 'dongtai'::regnamespace"
    )

    def counts():
        return {
            name: desk.rows(f"select count(*) from dongtai.{name}")[0][0]
            for (name,) in tables
            if name not in ("heartbeat", "session")
        }

    before = counts()
    with desk.client("viewer") as client:
        assert ask(client, alert="a-nh3", wind_from_deg=10).status_code == 200
        assert client.get(FOOTPRINT).status_code == 200
    assert counts() == before
