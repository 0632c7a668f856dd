"""What a file says, by its mapping: CSV and Parquet; what cannot be taken is refused by name."""

import csv
import io
from collections import Counter
from datetime import UTC, timedelta

import pyarrow as pa
import pytest
from pyarrow import parquet

from config import BadConfig, load_document
from database.stopping import Stopping
from ingest.imports.mapping import HistoryMapping
from ingest.imports.progress import Progress, told
from ingest.imports.run import NotBegun
from tests.ingest.histories import (
    BEFORE,
    LEVEL,
    READINGS,
    RECORDINGS,
    USGS,
    balanced,
    bring_by,
    emptied,
    levels,
    minutes,
    settled,
)


@pytest.fixture
def place(owner):
    return settled(owner)


@pytest.fixture
def bring(owner, place):
    return bring_by(owner, place)


def test_each_reading_that_is_not_taken_is_kept_with_row_and_reason(bring, query, tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text(
        "t,level,station,note\n"
        "2018-06-02T00:00Z,1,R-01,good\n"
        "2018-06-02T00:05Z,one,R-01,\n"
        "yesterday,1,R-01,\n"
        "2018-06-02T00:10,1,R-01,no zone\n"
        "2018-06-02T00:15Z,1,R-99,\n"
        "2018-06-02T00:20Z,1\n"
        "2018-06-02T00:25Z,nan,R-01,\n"
        "2099-06-02T00:30Z,1,R-01,\n"
        "0001-01-01T00:00Z,1,R-01,\n"
        "2018-06-02T00:35Z,1_0,R-01,\n"
        "2018-06-02T00:40Z,,R-01,empty\n"
        "\n"
        "2018-06-02T00:45Z,1,A-01,\n"
        "2018-06-02T00:50Z,2,R-01,good\n"
    )
    mapping = {"station_column": "station", "time": "t", "columns": {"level": "level_m"}}
    run = bring(path, mapping)
    assert balanced(run) == (2, 0, 0, 10)
    assert (run.read, run.left_out, run.rows_done) == (12, 1, 14)
    found = query("select row_number, code from import_refused order by row_number")
    assert found == [
        (2, "not_a_number"),
        (3, "bad_time"),
        (4, "bad_time"),
        (5, "unknown_station"),
        (6, "ragged"),
        (7, "not_finite"),
        (8, "clock_ahead"),
        (9, "bad_time"),
        (10, "not_a_number"),
        (13, "not_measured_here"),
    ]
    ((reason,),) = query("select reason from import_refused where row_number = 4")
    assert "time_zone" in reason


def test_a_file_of_which_nothing_can_be_taken_is_not_begun(bring, query, tmp_path):
    from ingest.imports.run import NotBegun

    path = levels(tmp_path / "bad.csv", minutes("a", "b"))
    with pytest.raises(NotBegun, match="not one of the first 2 readings"):
        bring(path, LEVEL)
    assert query("select count(*) from reading") == [(0,)]
    assert query("select sum(rows_done)::int from import_run") == [(0,)]


@pytest.mark.parametrize("groups", [3, 1000])
def test_parquet_comes_in_as_csv_does(bring, owner, query, tmp_path, groups):
    rows = minutes(*[1.0, None, 1.2, 7.0, 1.1] * 5)
    path = levels(tmp_path / "a.csv", [(at, "" if v is None else v) for at, v in rows])
    bring(path, LEVEL)
    expected = query(READINGS)
    emptied(owner)
    table = pa.table(
        {
            "t": pa.array([at for at, _ in rows], pa.timestamp("us", "UTC")),
            "level.of.R": [value for _, value in rows],
            "note": ["x"] * len(rows),
        }
    )
    parquet.write_table(table, tmp_path / "a.parquet", row_group_size=groups)
    stop = Stopping()
    mapping = {**LEVEL, "columns": {"level.of.R": "level_m"}}
    stop.set()
    bring(tmp_path / "a.parquet", mapping, stop=stop)
    for batches in (1, 2):
        bring(tmp_path / "a.parquet", mapping, size=4, stop=StopAfter(batches))
    run = bring(tmp_path / "a.parquet", mapping, size=7)
    assert balanced(run) == (20, 0, 0, 0)
    assert run.left_out == 5
    assert query(READINGS) == expected


class StopAfter(Stopping):
    def __init__(self, batches):
        super().__init__()
        self._left = batches

    def is_set(self):
        self._left -= 1
        return self._left < 0


def test_times_of_a_zone_are_taken_and_those_of_an_hour_that_comes_twice_are_not(
    bring, query, tmp_path
):
    path = tmp_path / "local.csv"
    path.write_text("t,level\n28.10.2018 00:30,1\n28.10.2018 02:30,1\n28.10.2018 04:30,1\n")
    bring(path, {**LEVEL, "time_format": "%d.%m.%Y %H:%M", "time_zone": "Europe/Berlin"})
    hours = query("select distinct observed_at from reading order by 1")
    assert [at.astimezone(UTC).hour for (at,) in hours] == [22, 3]
    ((reason,),) = query("select reason from import_refused")
    assert "twice" in reason


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("station: R-01\ntime: t\ncolumns:\n  level: levle_m\n", "line 4: columns.level"),
        ("station: R-01\ntime: t\ncolumns:\n  level: levle_m\n", "did you mean 'level_m'?"),
        ("station: R-1\ntime: t\ncolumns: {level: level_m}\n", "line 1: station = 'R-1'"),
        ("station: R-01\ntime: tt\ncolumns: {level: level_m}\n", "line 2: time.0 = 'tt'"),
        ("station: R-01\ntime: t\ncolumns:\n  lvl: level_m\n", "did you mean 'level'?"),
        ("station: R-01\ntime: t\ncolums: {level: level_m}\n", "did you mean 'columns'?"),
        ("station: R-01\ntime: t\ncolumns: {level: tide_m}\n", "R-01 does not measure it"),
        ("station: R-01\ntime: t\ncolumns: {level: storage_m3}\n", "computed here"),
        ("time: t\ncolumns: {level: level_m}\n", "`station_column`"),
        ("station: R-01\ntime: t\n", "`columns` (a column a metric) or `long`"),
        (
            "station: R-01\ntime: t\ntime_zone: Asia/Shanghay\ncolumns: {level: level_m}\n",
            "did you mean 'Asia/Shanghai'?",
        ),
        (
            "station: R-01\ntime: t\ncolumns: {level: {metric: level_m, unit: yd}}\n",
            "'yd' is not converted to m",
        ),
        ("station: R-01\ntime: t\ncolumns: {NO: level_m}\n", "in quotes"),
    ],
)
def test_each_mistake_of_a_mapping_is_named_with_its_line_and_remedy(place, tmp_path, text, told):
    path = tmp_path / "map.yaml"
    path.write_text(text)
    with pytest.raises(BadConfig) as raised:
        document = load_document(path, HistoryMapping)
        document.refuse(document.found.mistakes(["t", "level"], place.directory))
    assert told in str(raised.value)


NO_TIME = "is not an ISO 8601 time; see `time_format`"


def test_what_no_value_of_ours_can_be_is_refused_with_its_row(bring, query, tmp_path):
    """Lists, and times beyond the year 9999, of which Parquet knows and Python does not."""
    good, far = 1_527_897_600_000_000, 10**18
    times = pa.array([good, far, good + 60_000_000], pa.timestamp("us", "UTC"))
    path = tmp_path / "far.parquet"
    parquet.write_table(pa.table({"t": times, "level": [1.0, 2.0, 3.0]}), path)
    assert balanced(bring(path, LEVEL)) == (2, 0, 0, 1)
    path = tmp_path / "lists.parquet"
    parquet.write_table(pa.table({"t": ["2018-06-03T00:00Z"], "level": [[1.0]]}), path)
    with pytest.raises(NotBegun, match=r"row 1, level: '\[1.0\]' is not a number"):
        bring(path, LEVEL)
    parquet.write_table(pa.table({"t": [[1], [2]], "level": [1.0, 2.0]}), path)
    with pytest.raises(NotBegun, match=r"row 1: '\[1\]' is not an ISO 8601 time"):
        bring(path, LEVEL)
    assert query("select code, reason from import_refused order by 1, 2") == [
        ("bad_time", f"row 2: '{far} (timestamp[us, tz=UTC])' {NO_TIME}"),
    ]


def test_the_recordings_come_in_whole_and_the_sum_balances(bring, query):
    usgs = {
        "station": "R-01",
        "time": "datetimeUTC",
        "columns": {USGS: {"metric": "level_m", "unit": "ft"}},
        "keep_time": True,
    }
    path = RECORDINGS / "level_usgs" / "dead_run_2018-06.csv"
    with path.open() as file:
        said = {row["datetimeUTC"]: row[USGS] for row in csv.DictReader(file)}
    run = bring(path, usgs)
    assert balanced(run) == (len(said), 0, 0, 0)
    stored = query(READINGS)
    measured = [row for row in stored if row[1] == "level_m"]
    assert {row[2].isoformat(): row[3] for row in measured} == {
        at: float(text) * 0.3048 for at, text in said.items()
    }
    assert {(row[5], row[2] == row[6]) for row in stored} == {(1, True)}
    assert run.derived == len([row for row in stored if row[1] == "storage_m3"]) == len(said)


def test_a_long_file_of_several_stations_comes_in_by_their_names(bring, query):
    tide = {
        "station_column": "stationReference",
        "stations": {"E2085": "T-01", "E47907": "T-02"},
        "time": "dateTime",
        "long": {"metric": "parameter", "value": "value", "metrics": {"level": "tide_m"}},
    }
    path = RECORDINGS / "tide_uk_ea" / "wet_day_tide.csv"
    rows = path.read_text().splitlines()[1:]
    run = bring(path, tide, size=100)
    assert sum(balanced(run)) == len(rows) == run.rows_done
    counts = Counter(row.split(",")[1] for row in rows)
    assert query(
        "select s.code, count(*)::int from reading r join series q on q.id = r.series_id "
        "join station s on s.id = q.station_id group by 1 order by 1"
    ) == [("T-01", counts["E2085"]), ("T-02", counts["E47907"])]


def air(path):
    return path, {
        "station": "A-01",
        "time": ["year", "month", "day", "hour"],
        "time_format": "%Y %m %d %H",
        "time_zone": "Asia/Shanghai",
        "columns": {
            "PM2.5": "pm25_ugm3",
            "PM10": "pm10_ugm3",
            "SO2": "so2_ugm3",
            "NO2": "no2_ugm3",
            "CO": {"metric": "co_mgm3", "unit": "ug/m3"},
            "O3": "o3_ugm3",
        },
        "missing": ["NA"],
    }


def test_air_of_beijing_has_its_missing_values_and_its_aqi(bring, query):
    path, mapping = air(RECORDINGS / "air_quality_prsa" / "Shunyi.csv")
    with path.open() as file:
        rows = list(csv.DictReader(file))
    run = bring(path, mapping, size=500)
    assert balanced(run) == (6 * len(rows), 0, 0, 0)
    missing = sum(row[name] == "NA" for row in rows for name in mapping["columns"])
    assert query(
        "select count(*)::int from reading r join series q on q.id = r.series_id "
        "where r.value is null and q.metric <> 'aqi'"
    ) == [(missing,)]
    assert query(
        "select min(value) from reading r join series q on q.id = r.series_id "
        "where q.metric = 'co_mgm3'"
    ) == [(0.1,)]


def test_what_the_mapping_leaves_out_on_purpose_is_counted_and_not_refused(bring, query, tmp_path):
    path = tmp_path / "long.csv"
    path.write_text(
        "who|what|t|value|q\n"
        "gauge 1|stage|1527897600|1,5|A\n"
        "gauge 2|stage|1527897600|1,5|A\n"
        "gauge 1|battery|1527897600|12|A\n"
        "gauge 1|stage|1527897660|1.001,5|P\n"
        "gauge 1|colour|1527897720|1|A\n"
        "gauge 1|stage|1527897780|1|?\n"
    )
    mapping = {
        "station_column": "who",
        "stations": {"gauge 1": "R-01", "gauge 2": None},
        "time": "t",
        "time_format": "unix_s",
        "long": {
            "metric": "what",
            "value": "value",
            "quality": "q",
            "metrics": {"stage": {"metric": "level_m", "offset": 1}, "battery": None},
        },
        "qualities": {"A": "good", "P": "suspect"},
        "delimiter": "|",
        "decimal": ",",
        "origin": "live",
        "shift_days": 1,
    }
    run = bring(path, mapping)
    assert balanced(run) == (2, 0, 0, 2)
    assert (run.read, run.left_out) == (4, 2)
    first, second = [row for row in query(READINGS) if row[1] == "level_m"]
    assert first[2:7] == (BEFORE + timedelta(days=1), 2.5, 0, 0, BEFORE)
    assert (second[3], second[4] & 32) == (1002.5, 32)
    codes = query("select code from import_refused order by row_number")
    assert codes == [("unknown_metric",), ("bad_quality",)]


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_gets_a_bar_and_a_log_a_line():
    screen, log = Terminal(), io.StringIO()
    for out in (screen, log):
        progress = Progress("a.csv", 0.5, out)
        progress.show(0.75, 1000)  # too early to be shown
        progress.show(1.0, 2000, last=True)
    assert screen.getvalue().startswith("\r" + "█" * 30 + " 100%  2,000 readings, ")
    assert log.getvalue().startswith("a.csv: 100%  2,000 readings, ")
    assert log.getvalue().count("\n") == 1
    assert told(0.75, 0.25, 50_000, 100) == " 75%  50,000 readings, 500/s, 0:01:40 left"
