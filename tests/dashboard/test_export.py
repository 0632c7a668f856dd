"""Exports: every reading as it was stored, in memory that does not grow with them."""

import csv
import io
import tracemalloc
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dashboard import store
from dashboard.api.exporting import KINDS
from dashboard.shapes import iso
from database.pool import Pool

START = datetime(2021, 1, 1, tzinfo=UTC)
MANY = 200_000
FILL = """
insert into reading (series_id, observed_at, value, quality, received_at)
select %(series)s, %(start)s + make_interval(secs => n), n / 8.0, n %% 2 * 4, %(start)s
  from generate_series(0, %(last)s) n"""


def fill(desk, count):
    """So many readings of R-01's level, a second apart, years ago."""

    def write(conn):
        series = store.series_of(conn, "R-01")["level_m"]
        values = {"series": series.series_id, "start": START, "last": count - 1}
        conn.cursor().execute(FILL, values)

    desk.write(write)


def test_an_export_has_every_reading_as_it_was_stored(desk):
    fill(desk, 25_000)
    where = "/api/v1/stations/R-01/readings/export?metric=level_m"
    with desk.client("viewer") as client:
        answer = client.get(f"{where}&from=2021-01-01T00:00:00Z&to=2021-02-01T00:00:00Z")
        missing = client.get("/api/v1/stations/R-01/readings/export?metric=nonsense")
    assert answer.status_code == 200
    assert missing.status_code == 404
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [float(row["value"]) for row in rows] == [n / 8 for n in range(25_000)]
    assert [row["quality_bits"] for row in rows[:2]] == ["0", "4"]
    assert [row["quality"] for row in rows[:2]] == ["good", "suspect"]


def test_nobody_exports_without_signing_in(desk):
    with desk.client() as client:
        answer = client.get("/api/v1/stations/R-01/readings/export?metric=level_m")
    assert answer.status_code == 401


def test_a_parquet_file_says_the_same_as_the_csv_one(desk):
    fill(desk, 120_000)  # more than two row groups
    where = "/api/v1/stations/R-01/readings/export?metric=level_m"
    span = "&from=2021-01-01T00:00:00Z&to=2021-02-01T00:00:00Z"
    with desk.client("viewer") as client:
        answer = client.get(f"{where}{span}&format=parquet")
        text = client.get(f"{where}{span}").text
        wrong = client.get(f"{where}{span}&format=xlsx")
    assert answer.headers["content-type"] == "application/vnd.apache.parquet"
    assert 'filename="R-01_level_m_raw.parquet"' in answer.headers["content-disposition"]
    assert wrong.status_code == 422
    table = pq.read_table(io.BytesIO(answer.content))
    assert table.schema.field("t").type == pa.timestamp("us", tz="UTC")
    assert table.schema.metadata[b"unit"] == b"m"
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == table.num_rows == 120_000
    assert table.column("value").to_pylist() == [float(row["value"]) for row in rows]
    assert table.column("quality").to_pylist() == [row["quality"] for row in rows]
    assert [iso(t) for t in table.column("t").to_pylist()[:9]] == [row["t"] for row in rows[:9]]


@pytest.mark.parametrize("format_", ["csv", "parquet"])
def test_an_export_of_nothing_is_a_whole_file(desk, format_):
    where = "/api/v1/stations/R-01/readings/export?metric=level_m"
    span = "&from=1999-01-01T00:00:00Z&to=1999-02-01T00:00:00Z"
    with desk.client("viewer") as client:
        content = client.get(f"{where}{span}&format={format_}").content
    if format_ == "csv":
        assert content.count(b"\n") == 1
    else:
        assert pq.read_table(io.BytesIO(content)).num_rows == 0


@pytest.mark.parametrize(("format_", "least"), [("csv", 10_000_000), ("parquet", 330_000)])
def test_memory_stays_flat_however_long_the_export_is(desk, format_, least):
    """The peak over all is that of its first half."""
    fill(desk, MANY)
    pool = Pool(desk.database, "staff", application="test")
    with pool.transaction() as conn:
        series = store.series_of(conn, "R-01")["level_m"]

    def measured(seconds):
        blocks = KINDS[format_].blocks(pool, series, START, START + timedelta(seconds=seconds))
        tracemalloc.start()
        size = sum(len(block) for block in blocks)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return size, peak

    _, peak_of_some = measured(MANY / 2)
    size, peak = measured(MANY)
    pool.close()
    assert size > least
    assert peak < 1.2 * peak_of_some
