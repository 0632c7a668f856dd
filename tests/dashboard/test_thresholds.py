"""Thresholds: what matters now of each series, by properties; and by the API with real rules."""

import csv
import io
import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from alerts.rulebook import seed
from alerts.settings import AlertsSettings
from dashboard.environment.exceedance_calendar import Calendar, limit_calendar, span_of
from dashboard.environment.hour_quality import Counted, day_of, hours_before
from dashboard.environment.thresholds import (
    Bound,
    Series,
    Stands,
    counts,
    mean_of,
    nearest,
    row_of,
    table,
)
from sensors.air.means import hours_of
from sensors.discharge.means import RolledHour
from tests.dashboard.conftest import Desk, filled, served
from tests.dashboard.test_environment import limit, readings, station

NOW = datetime(2026, 6, 11, 4, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
values = st.floats(-50, 500, allow_nan=False).map(lambda v: round(v, 3))
levels = st.floats(0.5, 400, allow_nan=False).map(lambda v: round(v, 3))


def series(metric="nh3_ppm", value=10.0, **more):
    of = Series(
        station="G-1",
        kind="gas",
        names=("站", "Station"),
        department=None,
        metric=metric,
        unit="",
        interval_s=60,
        at=NOW,
        state="fresh",
        value=value,
        quality="good",
        flags=(),
        usable=value is not None,
        origin="live",
    )
    return replace(of, **more)


def upper(value, rule="R", **more):
    return Bound(value, 1, ("限", "limit"), rule=rule, **more)


def lower(value, rule="R", **more):
    return Bound(value, -1, ("限", "limit"), rule=rule, **more)


METRICS = st.sampled_from(["nh3_ppm", "level_m", "ph", "aqi", "to_limit_h", "temp_c"])


@given(METRICS, values, levels, st.booleans())
def test_the_sign_of_a_margin_and_the_tick_say_the_same(metric, value, at, above):
    """Beyond is beyond the tick, whatever the metric, the side and the way the margin is said."""
    bound = upper(at) if above else lower(at)
    found = row_of(series(metric, value, bounds=(bound,), span=(-100.0, 900.0)))
    beyond = value > at if above else value < at
    assert found.margin.beyond is beyond
    assert (found.margin.gap > 0) is beyond
    if not math.isclose(value, at, rel_tol=1e-9):
        assert (found.margin.share > 1) is beyond
    if found.margin.percent is not None:
        assert (found.margin.percent > 0) is beyond


@given(values, st.lists(levels, min_size=1, max_size=4, unique=True))
def test_of_marks_the_next_outwards_is_compared(value, some):
    bound = nearest(series(value=value, bounds=tuple(upper(v, rule=None) for v in some)))
    ahead = [v for v in some if v >= value]
    assert bound.value == (min(ahead) if ahead else max(some))


@given(values, st.lists(levels, min_size=1, max_size=4, unique=True))
def test_what_a_rule_has_passed_is_never_hidden_by_a_limit_farther_out(value, some):
    found = row_of(series(value=value, bounds=tuple(upper(v) for v in some)))
    assert found.margin.beyond is (value > min(some))


def test_both_ends_of_a_range_are_measured_from_its_middle():
    bounds = (lower(6.0), upper(9.0))
    for value, end, share in ((7.9, 9.0, 0.4 / 1.5), (6.3, 6.0, 0.8), (9.3, 9.0, 1.2)):
        found = row_of(series("ph", value, bounds=bounds))
        assert found.limit.value == end
        assert found.margin.percent is None
        assert found.margin.share == pytest.approx(share)


def test_a_limit_of_a_mean_is_compared_with_that_mean_alone():
    bound = upper(75.0, mean_s=3600)
    found = row_of(series(value=118.0, bounds=(bound,), means={3600: 60.0}))
    assert (found.margin.gap, found.margin.beyond) == (-15.0, False)
    assert row_of(series(value=118.0, bounds=(bound,), means={3600: None})).margin is None


def test_a_mean_needs_three_quarters_of_its_readings():
    assert mean_of(450.0, 45, 3600, 60) == 10
    assert mean_of(440.0, 44, 3600, 60) is None


def test_an_open_alert_keeps_the_limit_that_it_stands_on():
    stands = Stands("a", "yellow", owned=False, rule="R", version=1, limit=50.0)
    found = row_of(series(value=48.0, bounds=(upper(50.0), upper(100.0)), alert=stands))
    assert (found.limit.value, found.margin.gap) == (50.0, -2.0)


STATES = st.sampled_from(["fresh", "late", "stale", "unknown"])
ALERTS = st.none() | st.sampled_from(["red", "orange", "yellow", "blue"])


@st.composite
def rows(draw):
    found = []
    for number in range(draw(st.integers(0, 12))):
        grade = draw(ALERTS)
        stands = Stands("a", grade, False, "R", 1, None) if grade else None
        one = series(value=draw(values), state=draw(STATES), alert=stands)
        usable = draw(st.booleans())
        found.append(
            replace(one, station=f"G-{number}", usable=usable, bounds=(upper(draw(levels)),))
        )
    return found


@given(rows())
def test_grades_come_first_then_margins_and_what_takes_no_part_comes_last(some):
    found = table(some)
    assert sorted(row.series.station for row in found) == sorted(one.station for one in some)
    graded = [row for row in found if row.series.alert]
    assert found[: len(graded)] == graded
    order = ["red", "orange", "yellow", "blue"]
    assert [order.index(r.series.alert.grade) for r in graded] == sorted(
        order.index(r.series.alert.grade) for r in graded
    )
    rest = found[len(graded) :]
    known = [row.margin.share for row in rest if row.margin]
    assert known == sorted(known, reverse=True)
    assert all(row.margin for row in rest[: len(known)])


@given(rows())
def test_stale_unknown_and_unusable_are_in_no_count_of_what_was_judged(some):
    found = table(some)
    said = counts(found)
    part = [one for one in some if one.state in ("fresh", "late") and one.usable]
    assert said["judged"] == len(part)
    assert said["beyond"] == sum(one.value > one.bounds[0].value for one in part)
    assert all(not row.margin for row in found if row.series.state in ("stale", "unknown"))


# ---- the calendar, the hours of a day


def rolled(day, value, hours=24, interval_s=3600):
    return {
        at: RolledHour(at, 1, 1, 1, value, value, value, interval_s) for at in hours_of(day)[:hours]
    }


def limited(days, hours, at=50.0) -> Calendar:
    return limit_calendar(
        "nh3_ppm", "gas", hours, None, days, lambda _: (upper(at),), None, 3600, (0.0, 1000.0)
    )


def test_52_weeks_begin_on_a_monday_and_end_today():
    days = span_of(date(2026, 11, 22))
    assert (days[0].weekday(), days[-1], len(days)) == (0, date(2026, 11, 22), 364)


@given(levels, levels)
def test_a_day_has_a_step_beyond_its_limit_and_only_then(value, at):
    assume(not math.isclose(value, at, rel_tol=1e-9))
    days = span_of(date(2026, 11, 22))
    found = limited(days, rolled(days[-3], value), at).days[-3]
    wanted = 0 if value <= at else 1 if value <= 1.25 * at else 2 if value <= 1.5 * at else 3
    assert found.step in {wanted, wanted - 1, wanted + 1}
    assert (found.step > 0) is (value > at)


def test_too_little_of_a_day_is_not_within_but_an_exceedance_stands():
    days = span_of(date(2026, 11, 22))
    found = limited(days, rolled(days[10], 20, 5) | rolled(days[11], 90, 5) | rolled(days[9], 20))
    assert [found.days[n].step for n in (8, 9, 10, 11)] == [None, 0, None, 3]
    assert found.days[8].reason == "before"
    assert (found.valid, found.exceeded) == (2, 1)


def test_what_runs_is_counted_nowhere():
    days = span_of(date(2026, 11, 22))
    found = limited(days, rolled(days[-1], 90, 3))
    assert (found.days[-1].step, found.days[-1].running, found.exceeded) == (3, True, 0)


def test_an_hour_without_data_is_a_line_and_a_doubtful_one_is_hollow():
    hours = hours_before(NOW)
    full = [Counted(h, 0, 60) for h in hours[:-2]]
    day = day_of([*full, Counted(hours[-2], 4, 60, late=7)], hours, 60, hours[0])
    assert day.cells[-2:] == ("suspect", "none")
    assert set(day.cells[:-2]) == {"full"}
    assert day.share == pytest.approx(23 / 24, abs=1e-3)
    assert [one["code"] for one in day.reasons] == ["missing_hours", "rate", "late"]


# ---- the API

RULES = {
    "rules": [
        {"code": "GAS", "label": {"zh": "氨", "en": "Ammonia"}, "metric": "nh3_ppm", "kind": "gas",
         "when": "above", "unit": "ppm", "grades": {"yellow": 30, "red": 160}},
        {"code": "PM", "label": {"zh": "颗粒", "en": "Dust"}, "metric": "pm25_ugm3", "kind": "air",
         "when": "above", "unit": "µg/m³", "grades": {"yellow": "hourly"}, "mean_over_s": 3600},
        {"code": "PH", "label": {"zh": "酸碱", "en": "pH"}, "metric": "ph", "kind": "discharge",
         "when": "outside", "unit": "pH", "low": {"yellow": 6}, "high": {"yellow": 9}},
        {"code": "RISE", "label": {"zh": "涨", "en": "Rise"}, "metric": "level_m",
         "kind": "reservoir", "when": "rate", "direction": "up", "window_s": 600, "unit": "m",
         "grades": {"yellow": 1}},
        {"code": "BOTH", "label": {"zh": "多点", "en": "Several"}, "when": "at_least",
         "per": "rule", "grades": {"red": 2},
         "of": [{"metric": "nh3_ppm", "kind": "gas", "when": "above", "unit": "ppm",
                 "limit": 25}]},
    ]
}  # fmt: skip


def newest(conn, code, metric, value, at, quality=0):
    with conn.cursor() as cursor:
        cursor.execute(
            "update series_state t set observed_at = %s, value = %s, quality = %s, "
            "received_at = %s from series q join station s on s.id = q.station_id "
            "where t.series_id = q.id and s.code = %s and q.metric = %s",
            (at, value, quality, at, code, metric),
        )


def fill(conn):
    with conn.cursor() as cursor:
        cursor.execute("insert into department values ('environment', '环境', 'Environment')")
        for code, kind, metrics, interval_s in (
            ("G-1", "gas", ["nh3_ppm"], 60), ("G-2", "gas", ["nh3_ppm"], 60),
            ("G-3", "gas", ["nh3_ppm"], 60), ("A-1", "air", ["pm25_ugm3"], 60),
            ("D-1", "discharge", ["ph", "flow_m3s"], 60), ("R-1", "reservoir", ["level_m"], 60),
        ):  # fmt: skip
            station(cursor, code, kind, metrics, interval_s)
    limit(conn, "A-1", "pm25_ugm3", "hourly", 75, 3600)
    limit(conn, "R-1", "level_m", "dead", 18.0, None)
    limit(conn, "R-1", "level_m", "normal_pool", 25.0, None)
    seed(conn, AlertsSettings.model_validate(RULES), NOW)
    newest(conn, "G-1", "nh3_ppm", 42.0, NOW - timedelta(seconds=30))
    newest(conn, "G-2", "nh3_ppm", 400.0, NOW - timedelta(minutes=20))
    newest(conn, "A-1", "pm25_ugm3", 118.0, NOW - timedelta(seconds=30))
    newest(conn, "D-1", "ph", 6.4, NOW - timedelta(seconds=30))
    newest(conn, "R-1", "level_m", 23.0, NOW - timedelta(seconds=30))
    minutes = [NOW - timedelta(minutes=n) for n in range(60)]
    of = [(at, 118.0 if n == 0 else 40.0, 0) for n, at in enumerate(minutes)]
    readings(conn, "A-1", "pm25_ugm3", of)


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


def test_each_series_says_which_limit_of_which_rule_it_is_near(viewer):
    body = viewer.get("/api/v1/thresholds").json()
    found = {row["station"]: row for row in body["rows"]}
    said = {
        code: (row["limit"]["value"], row["limit"]["rule"], row["limit"]["version"], row["beyond"])
        for code, row in found.items()
        if row["limit"]
    }
    assert said == {
        "G-1": (30, "GAS", 1, True),
        "A-1": (75, "PM", 1, False),
        "D-1": (6, "PH", 1, False),
        "R-1": (25, None, None, False),
    }
    assert found["A-1"]["value"] == pytest.approx((118 + 59 * 40) / 60)
    assert found["D-1"]["margin"] == pytest.approx(-0.4)
    assert found["R-1"]["not_compared"] == [{"rule": "RISE", "version": 1, "when": "rate"}]
    assert found["G-1"]["not_compared"] == [{"rule": "BOTH", "version": 1, "when": "at_least"}]
    assert body["rows"][0]["station"] == "G-1"


def test_an_old_value_beyond_every_limit_is_not_judged(viewer):
    body = viewer.get("/api/v1/thresholds").json()
    old = next(row for row in body["rows"] if row["station"] == "G-2")
    assert (old["state"], old["margin"], old["share"], old["beyond"]) == ("stale", *[None] * 3)
    assert [row["station"] for row in body["rows"]][-2:] == ["G-2", "G-3"]
    assert body["counts"] == {
        "stations": 6, "series": 6, "judged": 4, "beyond": 1, "alerts": 0, "late": 0, "stale": 1,
        "unknown": 1,
    }  # fmt: skip


def test_rows_are_found_by_kind_and_text_and_the_count_stays_of_all(viewer):
    body = viewer.get("/api/v1/thresholds", params={"kind": "gas", "q": "g-1 氨"}).json()
    assert ([row["station"] for row in body["rows"]], body["shown"]) == (["G-1"], 1)
    assert body["counts"]["series"] == 6


@pytest.mark.parametrize(("lang", "title"), [("zh", "判定"), ("en", "Verdict")])
def test_the_table_is_a_file_for_excel(viewer, lang, title):
    answer = viewer.get("/api/v1/thresholds", params={"format": "csv", "lang": lang})
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert "thresholds_202606111230.csv" in answer.headers["content-disposition"]
    lines = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert title in lines[0]
    assert {line[title] for line in lines if None not in line} >= {
        "未判定" if lang == "zh" else "not judged"
    }
    column, name = ("部门", "环境") if lang == "zh" else ("Department", "Environment")
    assert lines[0][column] == name


def test_one_series_has_its_year_its_day_and_its_peers(viewer):
    body = viewer.get("/api/v1/thresholds/A-1/pm25_ugm3").json()
    assert (body["calendar"]["basis"], body["calendar"]["limit"]["value"]) == ("air_daily", 60)
    assert len(body["calendar"]["days"]) in range(358, 365)
    assert body["calendar"]["valid"] == 0
    assert len(body["quality"]["hours"]) == 24
    near = viewer.get("/api/v1/thresholds/G-1/nh3_ppm").json()["quality"]["rows"]
    assert [row["station"] for row in near] == ["G-1", "G-2", "G-3"]


@pytest.mark.parametrize("path", ["G-9/nh3_ppm", "D-1/flow_m3s", "G-1/nonsense"])
def test_a_series_without_a_limit_is_said_not_to_be_there(viewer, path):
    answer = viewer.get(f"/api/v1/thresholds/{path}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert "/api/v1/thresholds" in answer.json()["detail"]


def test_a_look_kept_over_the_full_hour_says_its_own_hours(site, viewer, monkeypatch):
    """Whether the second answer is kept or read anew, each cell stands at its hour."""

    def cells():
        found = viewer.get("/api/v1/thresholds/A-1/pm25_ugm3").json()["quality"]
        return dict(zip(found["hours"], found["rows"][0]["cells"], strict=True))

    first = cells()
    monkeypatch.setattr(site.staff.live, "_clock", lambda: NOW + timedelta(hours=1))
    again = cells()
    assert len(set(first.values())) > 1
    assert {hour: again[hour] for hour in first if hour in again} == {
        hour: cell for hour, cell in first.items() if hour in again
    }
