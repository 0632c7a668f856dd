"""Air and discharge by the API: what is judged, by what, and that a gap is never compliance."""

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from psycopg2.extras import execute_values

from dashboard.environment.discharge_table import compliance_table
from dashboard.environment.hours_store import Measured
from dashboard.environment.words import _WHY, DOUBTS, REASONS, VERDICTS
from dashboard.text import catalogue
from sensors.air.exceedance import UNCONFIRMED as OF_AIR
from sensors.air.us_aqi import us_aqi
from sensors.discharge.means import UNCONFIRMED as OF_DISCHARGE
from sensors.discharge.means import RolledHour
from sensors.discharge.permits import PermitLimit
from tests import sample
from tests.dashboard.conftest import Desk, filled, served

NOW = datetime(2026, 6, 11, 4, 30, tzinfo=UTC)
MIDNIGHT = datetime(2026, 6, 9, 16, tzinfo=UTC)  # 10 June in Beijing
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
AIR = {"so2_ugm3": 8.0, "no2_ugm3": 30.0, "co_mgm3": 0.6, "o3_ugm3": 90.0, "pm10_ugm3": 80.0,
       "pm25_ugm3": 61.0}  # fmt: skip
WINDOW = {"from": "2026-06-10T00:00:00+08:00", "to": "2026-06-11T00:00:00+08:00"}


def station(cursor, code, kind, metrics, interval_s):
    cursor.execute("insert into station (code, kind) values (%s, %s) returning id", (code, kind))
    number = cursor.fetchone()[0]
    cursor.execute(
        "insert into station_version (station_id, valid_from, name_zh, name_en, lon, lat, "
        "department, interval_s, public, details) values (%s, '2020-01-01', %s, %s, 121.8, 29.9, "
        "'environment', %s, true, '{}')",
        (number, f"{code} 站", f"Station {code}", interval_s),
    )
    for metric in metrics:
        cursor.execute(
            "insert into series (station_id, metric) values (%s, %s) returning id", (number, metric)
        )
        series = cursor.fetchone()[0]
        cursor.execute(
            "insert into sensor (series_id, valid_from, interval_s, department, public) "
            "values (%s, '2020-01-01', %s, 'environment', true)",
            (series, interval_s),
        )
        cursor.execute("insert into series_state (series_id, origin) values (%s, 2)", (series,))


def readings(conn, code, metric, values):
    """values: (at, value, quality)."""
    series = sample.series_id(conn, code, metric)
    rows = [(series, at, value, quality, 2, at) for at, value, quality in values]
    with conn.cursor() as cursor:
        execute_values(
            cursor,
            "insert into reading (series_id, observed_at, value, quality, origin, received_at) "
            "values %s",
            rows,
        )


def hourly(value, hours, quality=0):
    return [(MIDNIGHT + HOUR * n, value, quality) for n in hours]


def limit(conn, code, metric, name, value, mean_s, *, side="upper", since="2020-01-01", until=None):
    with conn.cursor() as cursor:
        cursor.execute(
            "insert into limit_value (series_id, name, valid_from, valid_to, value, label_zh, "
            "label_en, source, department, public, mean_over_s, side) "
            "values (%s, %s, %s, %s, %s, '许可限值', 'Permit', '=permit 7', 'environment', true, "
            "%s, %s)",
            (sample.series_id(conn, code, metric), name, since, until, value, mean_s, side),
        )


def fill(conn):
    """A clean air station, one with a gap, an outfall with flow, one that stood still, a stack."""
    with conn.cursor() as cursor:
        execute_values(cursor, "insert into department values %s", sample.DEPARTMENTS)
        station(cursor, "A-1", "air", AIR, 3600)
        station(cursor, "A-2", "air", ["pm25_ugm3", "o3_ugm3"], 3600)
        station(cursor, "D-1", "discharge", ["cod_mgl", "ph", "flow_m3s"], 3600)
        station(cursor, "D-2", "discharge", ["cod_mgl"], 600)
        station(cursor, "S-1", "stack", ["stack_nox_mgm3"], 3600)
    for metric, value in AIR.items():
        readings(conn, "A-1", metric, hourly(value, range(-24, 36)))
    readings(conn, "A-2", "pm25_ugm3", hourly(20.0, range(19)))
    # COD: 12 h at 30 mg/L with 3 m³/s, 12 h at 90 with 1: 45 by flow, 60 by time.
    readings(conn, "D-1", "cod_mgl", hourly(30.0, range(12)) + hourly(90.0, range(12, 24)))
    readings(conn, "D-1", "flow_m3s", hourly(3.0, range(12)) + hourly(1.0, range(12, 24)))
    readings(conn, "D-1", "ph", hourly(7.0, range(23)) + hourly(5.5, [23]))
    readings(conn, "D-2", "cod_mgl", hourly(None, range(24), quality=1025))
    doubtful = hourly(120.0, [3], quality=32)
    readings(
        conn, "S-1", "stack_nox_mgm3", hourly(60.0, [n for n in range(24) if n != 3]) + doubtful
    )
    limit(conn, "D-1", "cod_mgl", "permit", 50, 86400)
    limit(conn, "D-1", "ph", "permit_low", 6, 3600, side="lower")
    limit(conn, "D-1", "ph", "permit_high", 9, 3600)
    limit(conn, "D-2", "cod_mgl", "permit", 50, 86400)
    limit(conn, "S-1", "stack_nox_mgm3", "permit", 100, 3600, until="2026-06-10T12:00:00+08:00")
    limit(conn, "S-1", "stack_nox_mgm3", "permit", 50, 3600, since="2026-06-10T12:00:00+08:00")


@pytest.fixture(scope="module")
def site(server_dsn: str, template: str) -> Iterator[Desk]:
    with (
        filled(server_dsn, template, fill, ["viewer"]) as made,
        served(server_dsn, *made, lambda: NOW) as desk,
    ):
        yield desk


@pytest.fixture(scope="module")
def viewer(site):
    with site.client("viewer") as client:
        yield client


def table(viewer, **more):
    body = viewer.get("/api/v1/discharge/compliance", params=WINDOW | more).json()
    return body, {(r["station"], r["limit"]["name"], r["limit"]["value"]): r for r in body["rows"]}


# ---- discharge


def test_a_day_of_water_is_judged_by_its_flow(viewer):
    _, rows = table(viewer)
    row = rows["D-1", "permit", 50.0]
    assert (row["verdict"], row["mean"], row["method"]) == ("met", 45.0, "flow_weighted")
    assert (row["expected"], row["valid"], row["sound"], row["completeness"]) == (1, 1, 1, 1.0)
    assert row["limit"]["mean_over_s"] == 86400
    assert row["origin"] == "simulated"


def test_a_ph_has_two_sides(viewer):
    _, rows = table(viewer)
    low, high = rows["D-1", "permit_low", 6.0], rows["D-1", "permit_high", 9.0]
    assert (low["verdict"], low["over"], low["worst"]) == ("exceeded", 1, 5.5)
    assert low["worst_at"] == "2026-06-10T15:00:00.000Z"
    assert (high["verdict"], high["over"]) == ("met", 0)
    assert low["reason"] == {
        "en": "beyond the limit in 1 of 24 valid hours", "zh": "24 个有效小时中有 1 个超限",
    }  # fmt: skip


def test_an_outfall_that_stood_still_is_undetermined_not_met(viewer):
    _, rows = table(viewer)
    row = rows["D-2", "permit", 50.0]
    assert (row["verdict"], row["why"], row["valid"], row["mean"]) == (
        *("undetermined", "no_data", 0, None),
    )
    assert row["reason"]["en"] == "none of 1 days has a valid mean: no data"


def test_each_version_of_a_limit_has_its_hours(viewer):
    _, rows = table(viewer)
    old, new = rows["S-1", "permit", 100.0], rows["S-1", "permit", 50.0]
    assert (old["expected"], new["expected"]) == (12, 12)
    assert (old["verdict"], old["why"]) == ("undetermined", "above_but_doubtful")
    assert (new["verdict"], new["over"]) == ("exceeded", 12)


def test_what_a_person_called_valid_is_no_doubt_any_more(site):
    """The roll-up counts it as usable only; the mark makes it as good as good."""
    start = MIDNIGHT + HOUR * 3

    def act(conn):
        series = sample.series_id(conn, "S-1", "stack_nox_mgm3")
        with conn.cursor() as cursor:
            cursor.execute(
                "insert into mark (series_id, from_at, until_at, verdict, reason, who) "
                "values (%s, %s, %s, 'valid', 'calibrated', 'chen')",
                (series, start, start + HOUR),
            )
            cursor.execute(
                "update reading set quality = quality | 4096 "
                "where series_id = %s and observed_at = %s",
                (series, start),
            )

    site.write(act)
    with site.client("viewer") as client:
        _, rows = table(client)
    assert rows["S-1", "permit", 100.0]["verdict"] == "exceeded"


def test_what_is_not_over_is_not_judged(viewer):
    now = NOW.isoformat()
    body = viewer.get(
        "/api/v1/discharge/compliance", params={"from": WINDOW["to"], "to": now}
    ).json()
    assert body["to"] == "2026-06-11T04:00:00.000Z"
    daily = [r for r in body["rows"] if r["limit"]["mean_over_s"] == 86400]
    assert {(r["verdict"], r["why"]) for r in daily} == {("undetermined", "nothing_due")}
    hourly_rows = [r for r in body["rows"] if r["limit"]["name"] == "permit_high"]
    assert [r["expected"] for r in hourly_rows] == [12]


def test_the_table_says_where_it_is_from_and_what_is_doubtful(viewer):
    body, _ = table(viewer)
    said = body["provenance"]
    assert said["rollup"] == "reading_1h"
    assert [one["key"] for one in said["unconfirmed"]] == list(OF_DISCHARGE)
    assert all(one["zh"] != one["en"] for one in said["unconfirmed"])


def test_only_what_a_department_owns(viewer):
    assert table(viewer, department="water")[0]["rows"] == []
    assert len(table(viewer, department="environment")[0]["rows"]) == 6


@pytest.mark.parametrize(("lang", "verdict"), [("zh", "达标"), ("en", "Met")])
def test_the_table_as_a_file_that_excel_opens(viewer, lang, verdict):
    answer = viewer.get(
        "/api/v1/discharge/compliance", params=WINDOW | {"format": "csv", "lang": lang}
    )
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert "compliance_202606100000_202606110000.csv" in answer.headers["content-disposition"]
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    width = len(rows[0])
    body = rows[1:7]
    assert {len(row) for row in body} == {width}
    assert body[0][0] == "D-1"
    assert verdict in body[0]
    assert ("生态环境分局" if lang == "zh" else "Environment Bureau") in body[0]
    assert "'=permit 7" in body[0], "a text is no formula"
    still = next(row for row in body if row[0] == "D-2")
    assert still[rows[0].index("均值" if lang == "zh" else "Mean")] == ""
    assert len(rows) == 1 + 6 + 1 + len(OF_DISCHARGE)


def test_a_table_has_its_length(viewer):
    asked = {"from": "2026-01-01T00:00:00Z", "to": "2026-06-01T00:00:00Z"}
    answer = viewer.get("/api/v1/discharge/compliance", params=asked)
    assert answer.status_code == 400
    assert "100 days" in answer.json()["detail"]


# ---- air


def test_the_days_of_a_station(viewer):
    asked = {"from": "2026-06-09T00:00:00+08:00", "to": "2026-06-12T00:00:00+08:00"}
    body = viewer.get("/api/v1/stations/A-1/air/days", params=asked).json()
    assert [r["day"] for r in body["reports"]] == ["2026-06-09", "2026-06-10"], "11 June runs"
    day = body["reports"][1]
    assert (day["aqi"], day["category"], day["primary"]) == (101, 3, ["pm25_ugm3"])
    assert day["standard"] == "HJ 633-2026"
    assert day["class"] == {"zh": "轻度污染", "en": "Light pollution"}
    [entry] = [e for e in day["entries"] if e["metric"] == "o3_ugm3"]
    assert (entry["item"], entry["value"], entry["count"]) == ("O3_8H", 90.0, 17)


def test_a_day_with_a_gap_is_na_with_its_reason(viewer):
    body = viewer.get("/api/v1/stations/A-2/air/days", params=WINDOW).json()
    [day] = body["reports"]
    assert (day["aqi"], day["reason"], day["expected"], day["known"]) == (None, "no_data", 2, 0)
    by_metric = {e["metric"]: e for e in day["entries"]}
    assert (by_metric["pm25_ugm3"]["reason"], by_metric["pm25_ugm3"]["mark"]) == (
        *("too_few_hours", "NA"),
    )
    assert by_metric["so2_ugm3"]["mark"] == "/"
    assert "plan" in [one["key"] for one in body["provenance"]["unconfirmed"]]


def test_the_hours_of_a_station(viewer):
    asked = {"from": "2026-06-10T00:00:00+08:00", "to": "2026-06-10T03:30:00+08:00"}
    body = viewer.get("/api/v1/stations/A-1/air/hours", params=asked).json()
    assert [r["t"] for r in body["reports"]] == [
        f"2026-06-09T{hour}:00:00.000Z" for hour in (16, 17, 18)
    ]
    assert {r["aqi"] for r in body["reports"]} == {101}
    cast = body["reports"][0]["us_epa"]
    assert cast["pm25_ugm3"]["aqi"] == us_aqi("PM25_24H", cast["pm25_ugm3"]["nowcast"])


def test_exceedance_by_edition_and_class(viewer):
    def row(**more):
        body = viewer.get("/api/v1/stations/A-1/air/exceedance", params=WINDOW | more).json()
        rows = {(r["metric"], r["limit"]["averaging"]): r for r in body["rows"]}
        return rows["pm25_ugm3", "daily"]

    now = row()
    assert now["limit"]["edition"] == "GB 3095-2026 (transition)"
    assert (now["limit"]["value"], now["over"], now["rate"]) == (60, 1, 1.0)
    assert now["multiple"] == pytest.approx(1 / 60, abs=1e-6)
    assert (now["greatest"], now["greatest_at"]) == (61.0, "2026-06-10")
    assert (now["percentile_pct"], now["percentile"]) == (95, 61.0)
    assert row(edition="2012")["over"] == 0
    assert row(edition="final")["limit"]["value"] == 50
    first = row(**{"edition": "2012", "class": "1"})
    assert (first["limit"]["value"], first["limit"]["confirmed"]) == (35, False)


def test_exceedance_says_what_is_unconfirmed_and_that_no_year_is_whole(viewer):
    body = viewer.get("/api/v1/stations/A-1/air/exceedance", params=WINDOW).json()
    assert set(OF_AIR) <= {one["key"] for one in body["provenance"]["unconfirmed"]}
    assert body["years"] == []
    hours = {(r["metric"], r["limit"]["averaging"]): r["expected"] for r in body["rows"]}
    assert (hours["so2_ugm3", "1h"], hours["so2_ugm3", "daily"]) == (24, 1)


@pytest.mark.parametrize("what", ["hours", "days", "exceedance"])
def test_air_as_files(viewer, what):
    answer = viewer.get(f"/api/v1/stations/A-1/air/{what}", params=WINDOW | {"format": "csv"})
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows[1]) == len(rows[0])
    assert any("PM2.5" in cell for row in rows for cell in row)


@pytest.mark.parametrize(
    ("path", "status"),
    [("A-1/air/exceedance?from=2025-05-01T00:00:00Z", 400),
     ("A-9/air/days", 404), ("D-1/air/days", 404), ("A-1/air/days?from=2020-01-01T00:00:00Z", 400),
     ("A-1/air/hours?from=2026-01-01T00:00:00Z", 400), ("A-1/air/exceedance?class=3", 422)],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(viewer, path, status):
    assert viewer.get(f"/api/v1/stations/{path}").status_code == status


# ---- words


def test_every_verdict_reason_and_doubt_has_its_chinese():
    known = catalogue("zh")
    for words in (VERDICTS, _WHY, REASONS, DOUBTS):
        assert set(words.values()) <= set(known)
    assert set(OF_AIR) | set(OF_DISCHARGE) <= set(DOUBTS)


def test_a_2_hourly_analyser_can_meet_an_hourly_limit():
    """Of an unbroken day; the same figures hourly and with twelve hours of silence do not."""
    slow = Measured(1, "D-9", "discharge", "cod_mgl", ("", ""), "environment", 0, MIDNIGHT - DAY,
                    ((MIDNIGHT - DAY, 7200.0),))  # fmt: skip
    permit = PermitLimit("permit", 50.0, "upper", 3600, ("", ""), "", MIDNIGHT - DAY)

    def line(interval_s, numbers):
        starts = [MIDNIGHT + HOUR * n for n in numbers]
        hours = {at: RolledHour(at, 1, 1, 1, 40.0, 40.0, 40.0, interval_s) for at in starts}
        one = replace(slow, intervals=((MIDNIGHT - DAY, interval_s),))
        found = compliance_table([one], {1: hours}, {1: [permit]}, MIDNIGHT, MIDNIGHT + DAY)
        return found[0].compliance

    assert line(7200.0, range(1, 24, 2)).verdict == "met"
    assert line(3600.0, range(24)).verdict == "met"
    assert line(3600.0, range(1, 24, 2)).why == "too_little_valid"
    assert line(7200.0, range(1, 12, 2)).why == "too_little_valid"
