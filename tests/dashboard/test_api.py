"""The contract of the staff API, on a real server and a real database."""

import base64
import csv
import io
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from dashboard.api.operations import preview
from dashboard.api.stations import harmless, to_csv
from tests import sample
from tests.database.district import refresh

ACKNOWLEDGE = "/api/v1/alerts/a-nh3/acknowledge"


@pytest.fixture(scope="module")
def viewer(shared_desk):
    with shared_desk.client("viewer") as client:
        yield client


def problem(answer, status):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    assert body["title"]
    assert "Traceback" not in answer.text
    return body["detail"]


# ---- stations


def test_stations_are_a_feature_collection_with_values_ages_and_severity(viewer):
    answer = viewer.get("/api/v1/stations")
    assert answer.headers["content-type"] == "application/geo+json"
    body = answer.json()
    assert body["type"] == "FeatureCollection"
    assert body["generated_at"].endswith("Z")
    found = {f["id"]: f["properties"] for f in body["features"]}
    assert len(found) == len(sample.STATIONS)
    level = found["R-02"]["latest"]["level_m"]
    assert level["unit"] == "m"
    assert level["value"] == pytest.approx(23.86, abs=0.5)
    assert level["trend_per_h"] > 0
    assert found["R-02"]["names"] == {"zh": "柴桥水库（示例）", "en": "Chaiqiao reservoir (sample)"}
    assert found["R-02"]["town"] == {"zh": "柴桥", "en": "Chaiqiao"}
    assert (found["R-02"]["severity"], found["R-02"]["acknowledged"]) == ("orange", True)
    assert (found["G-31"]["severity"], found["G-31"]["acknowledged"]) == ("red", False)
    assert found["W-02"]["state"] == found["W-02"]["severity"] == "unknown"
    assert found["W-02"]["latest"]["temp_c"]["value"] is None
    assert (found["A-10"]["state"], found["A-10"]["severity"]) == ("stale", "unknown")
    assert found["A-03"]["state"] == "late"
    assert found["C-01"]["newest"]
    assert found["R-02"]["origin"] == "recorded"


def test_stations_can_be_asked_for_by_kind(viewer):
    found = viewer.get("/api/v1/stations?kind=gas&kind=plant").json()["features"]
    assert {f["properties"]["kind"] for f in found} == {"gas", "plant"}


def test_a_device_that_said_offline_makes_its_stations_unknown_until_it_speaks(desk):
    with desk.client("viewer") as client:

        def state():
            found = {
                f["id"]: f["properties"] for f in client.get("/api/v1/stations").json()["features"]
            }
            return found["R-01"]["state"], found["R-01"]["latest"]["level_m"]["state"]

        assert set(state()) <= {"fresh", "late"}  # on a slow machine they are late by now
        desk.write(
            lambda conn: conn.cursor().execute(
                "insert into device_status values ('GW-01', false, clock_timestamp())"
            )
        )
        assert state() == ("unknown", "unknown")
        desk.write(lambda conn: sample.observe(conn, "R-01", "level_m", 31.0, datetime.now(UTC)))
        assert set(state()) <= {"fresh", "late"}


# ---- readings


def test_a_day_of_readings_is_raw_with_its_gap_and_its_doubts(viewer):
    body = viewer.get("/api/v1/stations/R-02/readings?metric=level_m").json()
    assert {k: body[k] for k in ("station", "metric", "unit", "resolution")} == {
        "station": "R-02", "metric": "level_m", "unit": "m", "resolution": "raw",
    }  # fmt: skip
    points = body["points"]
    assert 1300 < len(points) < 1441
    assert list(points[0]) == ["t", "value", "min", "max", "count", "quality", "flags"]
    assert [p["t"] for p in points] == sorted(p["t"] for p in points)
    qualities = [p["quality"] for p in points]
    assert qualities.count("suspect") == 3
    assert all(bool(p["flags"]) == (p["quality"] != "good") for p in points)
    [missing] = [p for p in points if p["quality"] == "missing"]
    assert missing["value"] is None
    times = [datetime.fromisoformat(p["t"]) for p in points]
    assert max(b - a for a, b in pairwise(times)) > timedelta(minutes=39)


@pytest.mark.parametrize(
    ("most", "resolution"), [(2000, "raw"), (1439, "5m"), (290, "5m"), (200, "1h"), (20, "1d")]
)
def test_the_resolution_is_the_finest_that_max_points_holds(viewer, most, resolution):
    answer = viewer.get(
        "/api/v1/stations/W-01/readings", params={"metric": "temp_c", "max_points": most}
    ).json()
    assert answer["resolution"] == resolution
    assert 0 < len(answer["points"]) <= most


def test_the_running_bucket_is_there_and_counts_its_readings(desk):
    now = datetime.now(UTC)
    desk.write(lambda conn: sample.observe(conn, "R-01", "level_m", 31.5, now))
    with desk.client("viewer") as client:
        points = client.get("/api/v1/stations/R-01/readings?metric=level_m&max_points=100").json()[
            "points"
        ]
    last = datetime.fromisoformat(points[-1]["t"])
    assert last <= now < last + timedelta(hours=1)
    assert points[-1]["count"] >= 1


def test_a_mean_direction_around_north_is_north(desk):
    def write(conn):
        at = datetime.now(UTC) - timedelta(days=30)
        hour = at.replace(minute=0, second=0, microsecond=0)
        for minute, degrees in ((1, 350.0), (2, 10.0)):
            sample.observe(conn, "W-01", "wind_dir_deg", degrees, hour + timedelta(minutes=minute))

    desk.write(write)
    desk.write(refresh)
    with desk.client("viewer") as client:
        since = (datetime.now(UTC) - timedelta(days=31)).isoformat()
        answer = client.get(
            "/api/v1/stations/W-01/readings",
            params={"metric": "wind_dir_deg", "from": since, "max_points": 1000},
        ).json()
    assert answer["resolution"] == "1h"
    first = answer["points"][0]
    assert min(first["value"], 360 - first["value"]) < 1e-6
    assert (first["min"], first["max"], first["count"]) == (None, None, 2)


def test_an_unknown_station_or_metric_is_a_404_that_says_what_there_is(viewer):
    assert "no station 'R-99'" in problem(
        viewer.get("/api/v1/stations/R-99/readings?metric=level_m"), 404
    )
    said = problem(viewer.get("/api/v1/stations/R-02/readings?metric=levle_m"), 404)
    assert said == "R-02 has no 'levle_m'; it has level_m, storage_m3, rain_mm"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("from=yesterday", "is not a time; expected 2026-11-22T03:14:00Z"),
        ("from=2026-11-22T03:14:00", "has no time zone"),
        ("from=2026-11-22T04:00:00Z&to=2026-11-22T03:00:00Z", "must be before"),
        ("to=9999-12-31T23:59:59Z", "not between the years"),
        ("from=0001-01-01T00:00:00%2B14:00", "not between the years"),
    ],
)
def test_a_malformed_time_is_a_400_that_says_what_would_be_right(viewer, query, said):
    answer = viewer.get(f"/api/v1/stations/R-02/readings?metric=level_m&{query}")
    assert said in problem(answer, 400)


@pytest.mark.parametrize("zone", ["+23:59", "-23:59"])
def test_a_time_of_a_zone_that_the_server_of_the_database_does_not_know_is_a_time(desk, zone):
    """ISO 8601 has zones up to 24 hours, PostgreSQL below 16."""
    example = {"series": "A-01:pm25_ugm3", "station": "A-01", "metric": "pm25_ugm3"}
    at, found = f"2026-01-02T00:00:00{zone}", {}
    cursor = base64.urlsafe_b64encode(f"{at} 1".encode()).decode()
    with desk.client("administrator") as admin:
        for path, of in admin.get("/api/v1/openapi.json").json()["paths"].items():
            for one in of.get("get", {}).get("parameters", ()):
                if one["name"] in ("from", "to", "at", "t", "cursor"):
                    said = cursor if one["name"] == "cursor" else at
                    where = path.format_map(defaultdict(lambda: "A-01"))
                    answer = admin.get(where, params=example | {one["name"]: said})
                    found[path, one["name"]] = answer.status_code
    assert len(found) > 20
    assert {asked: status for asked, status in found.items() if status >= 500} == {}


def test_an_unescaped_plus_in_a_time_is_understood(viewer):
    answer = viewer.get(
        "/api/v1/stations/R-02/readings?metric=level_m&from=2020-01-01T00:00:00+08:00"
    )
    assert answer.status_code == 200
    assert len(answer.json()["points"]) <= 2000


def test_readings_as_csv_have_a_header_with_the_unit_and_no_bom(viewer):
    answer = viewer.get("/api/v1/stations/R-02/readings?metric=level_m&format=csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="R-02_level_m_raw.csv"'
    assert answer.content[:3] != b"\xef\xbb\xbf"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert list(rows[0]) == [
        "station", "metric", "resolution", "t", "value [m]", "min [m]", "max [m]", "count",
        "quality",
    ]  # fmt: skip
    missing = [row for row in rows if row["quality"] == "missing"]
    assert missing[0]["value [m]"] == ""


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "+1",
        "-cmd",
        "@x",
        "\tx",
        "\rx",
        "\nx",
        " =1",
        "\ufeff=1",
        "＝1",
        "＋1",
        "－1",
        "＠x",
    ],
)
def test_no_spreadsheet_takes_a_cell_for_a_formula(cell):
    assert harmless(cell) == f"'{cell}"
    row = to_csv(cell, "level_m", "m", "raw", [])
    assert not row.startswith(cell)


@pytest.mark.parametrize(
    "query", ["metric=level_m&max_points=0", "max_points=5", "metric=a&format=xml"]
)
def test_a_wrong_parameter_is_a_422_that_names_it(viewer, query):
    answer = viewer.get(f"/api/v1/stations/R-02/readings?{query}")
    assert "query." in problem(answer, 422)
    assert answer.json()["errors"]


# ---- alerts


def test_alerts_are_listed_newest_first_by_state_and_page_by_page(viewer):
    found = viewer.get("/api/v1/alerts?state=open").json()["alerts"]
    assert {a["id"] for a in found} == {"a-nh3", "a-level", "a-pm25", "a-cod", "a-daqi"}
    assert [a["began_at"] for a in found] == sorted((a["began_at"] for a in found), reverse=True)
    seen, cursor = [], None
    while True:
        page = viewer.get(
            "/api/v1/alerts", params={"limit": 3} | ({"cursor": cursor} if cursor else {})
        )
        seen += [a["id"] for a in page.json()["alerts"]]
        cursor = page.json()["cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == len(sample.ALERTS)


def test_alerts_can_be_asked_for_by_when_they_began(viewer):
    since = (datetime.now(UTC) - timedelta(minutes=30)).isoformat()
    found = viewer.get("/api/v1/alerts", params={"from": since}).json()["alerts"]
    assert {a["id"] for a in found} == {"a-nh3", "a-pm25"}


@pytest.mark.parametrize("query", ["cursor=nonsense", "from=x"])
def test_a_wrong_cursor_or_time_of_alerts_is_a_400(viewer, query):
    problem(viewer.get(f"/api/v1/alerts?{query}"), 400)


def test_one_alert_has_its_reason_its_life_and_its_evidence(viewer):
    alert = viewer.get("/api/v1/alerts/a-level").json()
    assert alert["reason"]["zh"]
    assert alert["reason"]["en"]
    assert [step["kind"] for step in alert["transitions"]] == ["raised", "acknowledged"]
    assert alert["owner"] == "duty"
    assert alert["evidence"] == {}
    assert problem(viewer.get("/api/v1/alerts/none"), 404) == "there is no alert 'none'"


def test_acknowledging_takes_the_alert_and_is_noted(desk):
    with desk.client("duty") as duty:
        answer = duty.post(ACKNOWLEDGE, json={"version": 1, "note": " 已派人 "})
    body = answer.json()
    assert answer.status_code == 200
    assert (body["owner"], body["state"], body["note"], body["version"]) == (
        "duty", "acknowledged", "已派人", 2,
    )  # fmt: skip
    [(who, object_)] = desk.rows("select who, object from audit where action = 'acknowledged'")
    assert (who, object_) == ("duty", "a-nh3")


def test_a_second_tap_changes_nothing_and_a_second_person_learns_who(desk):
    with desk.client("duty") as duty, desk.client("administrator") as other:
        first = duty.post(ACKNOWLEDGE, json={"version": 1})
        again = duty.post(ACKNOWLEDGE, json={"version": 1})
        late = other.post(ACKNOWLEDGE, json={"version": 1})
    assert first.status_code == again.status_code == 200
    assert again.json() == first.json()
    assert problem(late, 409) == "duty has this alert already"
    assert late.json()["owner"] == "duty"
    assert late.json()["alert"]["version"] == 2


def test_nobody_takes_what_they_have_not_seen(desk):
    with desk.client("duty") as duty:
        answer = duty.post(ACKNOWLEDGE, json={"version": 7})
    assert "look at it again" in problem(answer, 409)
    assert answer.json()["owner"] is None
    assert answer.json()["alert"]["owner"] is None


def test_two_people_at_once_one_has_it(desk):
    with (
        desk.client("duty") as duty,
        desk.client("administrator") as other,
        ThreadPoolExecutor(2) as pool,
    ):
        answers = list(pool.map(lambda c: c.post(ACKNOWLEDGE, json={"version": 1}), [duty, other]))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    [(steps,)] = desk.rows(
        "select count(*) from alert_transition where alert_id = 'a-nh3' and kind = 'acknowledged'"
    )
    assert steps == 1


def test_the_same_key_gives_the_same_answer_once_done_and_another_request_is_refused(desk):
    key = {"Idempotency-Key": "k-1"}
    with desk.client("duty") as duty, desk.client("administrator") as other:
        first = duty.post(ACKNOWLEDGE, json={"version": 1, "note": "a"}, headers=key)
        desk.write(lambda c: c.cursor().execute("update alert set note = 'changed since'"))
        again = duty.post(ACKNOWLEDGE, json={"version": 1, "note": "a"}, headers=key)
        assert (again.status_code, again.json()) == (first.status_code, first.json())
        misused = duty.post(ACKNOWLEDGE, json={"version": 1, "note": "b"}, headers=key)
        assert "another request" in problem(misused, 422)
        # A key belongs to an account.
        assert other.post(ACKNOWLEDGE, json={"version": 1}, headers=key).status_code == 409


def test_a_kept_refusal_is_a_problem_the_second_time_too(desk):
    key = {"Idempotency-Key": "k-2"}
    with desk.client("duty") as duty:
        for _ in range(2):
            problem(duty.post(ACKNOWLEDGE, json={"version": 9}, headers=key), 409)
            missing = "/api/v1/alerts/none/acknowledge"
            problem(duty.post(missing, json={"version": 1}), 404)


def test_the_same_key_ten_times_at_once_is_done_once(desk):
    with desk.client("duty") as duty, ThreadPoolExecutor(10) as pool:
        answers = list(
            pool.map(
                lambda _: duty.post(
                    ACKNOWLEDGE, json={"version": 1}, headers={"Idempotency-Key": "k-3"}
                ),
                range(10),
            )
        )
    assert {answer.status_code for answer in answers} == {200}
    assert all(answer.json() == answers[0].json() for answer in answers)
    [(done,)] = desk.rows("select count(*) from audit where action = 'acknowledged'")
    assert done == 1


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"{", b"null", b'{"version": "x"}', b'{"version": 0}', b"{}",
        b'{"version": 1, "note": "a\\u0000b"}', b'{"version": 1, "note": "\\ud800"}',
        b'{"version": 1, "more": 1}', b'{"version": 1e400}', b"\xff\xfe",
        b'{"version": 1, "note": "' + b"x" * 501 + b'"}',
    ],
)  # fmt: skip
def test_a_body_that_makes_no_sense_is_a_422_never_a_500(shared_desk, body):
    with shared_desk.client("duty") as duty:
        headers = {"Content-Type": "application/json"}
        answer = duty.post(ACKNOWLEDGE, content=body, headers=headers)
    assert problem(answer, answer.status_code)
    assert answer.status_code in (400, 422)


# ---- pictures


def test_cameras_show_the_age_of_their_newest_picture(viewer):
    found = {c["code"]: c for c in viewer.get("/api/v1/cameras").json()["cameras"]}
    assert found["C-01"]["state"] == "fresh"
    assert found["C-02"]["state"] == "stale"
    assert found["C-01"]["origin"] == "simulated"
    assert found["C-01"]["released"]
    assert found["C-02"]["released"] is None
    assert viewer.get(found["C-01"]["picture"]).content == sample.picture(23.86)


def test_a_picture_has_its_time_and_is_sent_once(viewer):
    answer = viewer.get("/cam/C-01.jpg")
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.content == sample.picture(23.86)
    assert datetime.fromisoformat(answer.headers["x-taken-at"])
    assert answer.headers["last-modified"].endswith("GMT")
    assert answer.headers["cache-control"] == "private, no-cache"
    known = viewer.get("/cam/C-01.jpg", headers={"If-None-Match": answer.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")
    assert known.headers["x-taken-at"] == answer.headers["x-taken-at"]
    thumb = viewer.get(
        "/cam/C-01.jpg?size=thumb", headers={"If-None-Match": answer.headers["etag"]}
    )
    assert thumb.status_code == 200
    assert len(thumb.content) < len(answer.content)


def test_a_picture_of_a_time_is_the_newest_not_after_it(viewer):
    pictures = viewer.get("/api/v1/cameras/C-01/pictures").json()["pictures"]
    assert [p["t"] for p in pictures] == sorted((p["t"] for p in pictures), reverse=True)
    second = datetime.fromisoformat(pictures[1]["t"])
    between = (second + timedelta(seconds=100)).isoformat()
    answer = viewer.get("/cam/C-01.jpg", params={"t": between})
    assert datetime.fromisoformat(answer.headers["x-taken-at"]) == second
    exact = viewer.get(pictures[1]["picture"])
    assert exact.headers["cache-control"] == "private, max-age=86400"
    problem(viewer.get("/cam/C-01.jpg?t=2000-01-01T00:00:00Z"), 404)
    problem(viewer.get("/cam/C-99.jpg"), 404)


def test_a_picture_is_released_masked_or_on_somebodys_word(desk):
    with desk.client("environment") as client:
        picture = client.get("/api/v1/cameras/C-02/pictures").json()["pictures"][0]
        path, t = "/api/v1/cameras/C-02/release", picture["t"]
        assert "no masked copy" in problem(client.post(path, json={"t": t}), 409)
        assert client.post(path, json={"t": t, "unmasked": True}).status_code == 200
        problem(client.post(path, json={"t": "2001-01-01T00:00:00Z"}), 404)
        released = client.get("/api/v1/cameras/C-02/pictures").json()["pictures"][0]["released"]
    assert released is True
    [(who, detail)] = desk.rows("select who, detail from audit where action = 'released a picture'")
    assert (who, detail) == ("environment", {"unmasked": True})


# ---- operations


def test_the_ledger_accounts_for_every_message(viewer):
    body = viewer.get("/api/v1/ledger").json()
    assert {row["feed"] for row in body["rows"]} == {"obs", "img"}
    for row in body["rows"]:
        outcomes = row["stored"] + row["duplicate"] + row["revised"] + row["quarantined"]
        assert row["received"] == outcomes + row["unaccounted"]
    assert body["totals"]["received"] == sum(row["received"] for row in body["rows"])
    assert {r["feed"] for r in viewer.get("/api/v1/ledger?feed=img").json()["rows"]} == {"img"}


def test_the_quarantine_is_grouped_paged_and_shows_payloads_as_text_only(shared_desk):
    with shared_desk.client("duty") as duty:
        body = duty.get("/api/v1/quarantine").json()
        assert {g["code"]: g["count"] for g in body["groups"]} == {
            "not_number": 1, "unknown_station": 1, "not_json": 1,
        }  # fmt: skip
        payloads = {m["code"]: m["payload"] for m in body["messages"]}
        assert "<img src=x" in payloads["not_number"]["text"]
        assert payloads["not_json"] == {"base64": "/9gA", "cut": False}
        first = duty.get("/api/v1/quarantine?limit=2").json()
        rest = duty.get("/api/v1/quarantine", params={"limit": 2, "cursor": first["cursor"]}).json()
        assert len(first["messages"] + rest["messages"]) == 3
        assert rest["cursor"] is None
        assert len(duty.get("/api/v1/quarantine?code=not_json").json()["messages"]) == 1
        problem(duty.get("/api/v1/quarantine?cursor=x"), 400)


@pytest.mark.parametrize(
    ("payload", "size", "shown"),
    [
        (b"a\x1b[31m\x00", 7, {"text": "a\\u001b[31m\\u0000", "cut": False}),
        ("水".encode()[:2], 3, {"base64": "5rA=", "cut": True}),
        ("水位".encode()[:5], 6, {"text": "水", "cut": True}),
        (b"\xff\xfe", 2, {"base64": "//4=", "cut": False}),
        ("a\u202eb".encode(), 5, {"text": "a\\u202eb", "cut": False}),
    ],
)
def test_a_preview_is_text_without_control_characters_or_base64(payload, size, shown):
    assert preview(payload, size) == shown


def test_health_answers_nobody_and_says_what_is_ready(shared_desk):
    with shared_desk.client() as nobody:
        assert nobody.get("/healthz").json() == {"status": "ok"}
        body = nobody.get("/readyz")
    assert body.status_code == 200
    assert body.json()["ready"] is True
    assert set(body.json()["heartbeat_age_s"]) >= {"ingest", "alerts"}
    assert body.json()["jobs_late"] == []


def test_a_missing_migration_is_not_ready(desk):
    desk.write(
        lambda c: c.cursor().execute(
            "delete from schema_migration where number = (select max(number) from schema_migration)"
        )
    )
    with desk.client() as nobody:
        answer = nobody.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["migrations"] is False


def test_metrics_are_prometheus_text(viewer):
    answer = viewer.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert 'dongtai_heartbeat_age_seconds{process="ingest"}' in answer.text
    assert 'dongtai_open_alerts{grade="red"} 1' in answer.text
    for name in ("jobs_failed", "jobs_late", "touched_ranges", "touched_wait_seconds"):
        assert f"\ndongtai_{name} " in answer.text
    for line in answer.text.splitlines():
        assert line.startswith("#") or float(line.rpartition(" ")[2]) >= 0


# ---- as a whole


def test_openapi_describes_every_route_of_the_api(viewer):
    document = viewer.get("/api/v1/openapi.json").json()
    assert {
        "/api/v1/stations", "/api/v1/stations/{code}/readings", "/api/v1/alerts",
        "/api/v1/stations/{code}/marks", "/api/v1/marks/{mark_id}/withdraw",
        "/api/v1/alerts/{alert_id}/acknowledge", "/api/v1/cameras", "/cam/{code}.jpg",
        "/api/v1/ledger", "/api/v1/quarantine", "/live", "/healthz", "/readyz", "/metrics",
    } <= set(document["paths"])  # fmt: skip
    assert "https://" not in str(document)


def test_names_full_of_html_stay_data(desk):
    evil = '</script><img src=x onerror="alert(1)">'

    def write(conn):
        with conn.cursor() as cursor:
            cursor.execute("update station_version set name_zh = %s, name_en = %s", (evil, evil))
            cursor.execute("update alert set note = %s", (evil,))

    desk.write(write)
    with desk.browser("duty") as browser:
        stations = browser.get("/api/v1/stations")
        assert stations.headers["content-type"] == "application/geo+json"
        assert stations.headers["x-content-type-options"] == "nosniff"
        assert stations.json()["features"][0]["properties"]["names"]["zh"] == evil
        assert browser.get("/api/v1/alerts/a-level").json()["note"] == evil
        page = browser.get("/")
        assert page.status_code == 200
        assert evil not in page.text
        assert "<img src=x" not in page.text


def test_when_the_database_is_away_the_answer_says_so(desk):
    with desk.client("viewer") as client:
        assert client.get("/api/v1/stations").status_code == 200
        desk.cut_off()
        answer = client.get("/api/v1/stations")
        assert "does not answer" in problem(answer, 503)
        assert answer.headers["retry-after"]
        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").status_code == 503
        stranger = client.get("/api/v1/stations", headers={"Authorization": "Bearer other"})
        assert stranger.status_code == 503
        desk.let_in()
        assert client.get("/api/v1/stations").status_code == 200
