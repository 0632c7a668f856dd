"""How fine a history is shown: never more points than asked for, never a wrong mean."""

import math
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from dashboard import resolution, store
from dashboard.resolution import (
    ALL,
    Bucket,
    RawRow,
    bucket_points,
    candidates,
    far_of,
    mean,
    merged,
)
from tests import sample

NOW = datetime(2026, 11, 22, 3, 14, tzinfo=UTC)


def _sum(buckets) -> float:
    return math.fsum(b.sum for b in buckets)


def bucket(start, values=(), total=None, good=None):
    numbers = list(values)
    return Bucket(
        start,
        len(numbers) if total is None else total,
        len(numbers),
        len(numbers) if good is None else good,
        math.fsum(numbers) if numbers else None,
        min(numbers, default=None),
        max(numbers, default=None),
        math.fsum(math.sin(math.radians(n)) for n in numbers) if numbers else None,
        math.fsum(math.cos(math.radians(n)) for n in numbers) if numbers else None,
    )


@given(st.integers(1, 400 * 86400), st.integers(1, 3600), st.integers(3, 5000))
def test_resolutions_are_tried_from_fine_to_coarse_and_the_coarsest_always(
    span_s, interval_s, most
):
    found = candidates(NOW - timedelta(seconds=span_s), NOW, interval_s, most)
    assert found == [name for name in ALL if name in found]
    assert found[-1] == "1d"
    if found[0] != "raw" and span_s / interval_s + 1 <= most:
        raise AssertionError("raw would have fitted")


@given(st.integers(1, 3000), st.integers(1, 500))
def test_days_are_put_together_until_they_fit_and_nothing_is_lost(days, most):
    first = datetime(2020, 1, 1, tzinfo=UTC) - timedelta(hours=8)
    buckets = [bucket(first + timedelta(days=i), [float(i), i + 1.0]) for i in range(days)]
    each, found = merged(buckets, most)
    assert len(found) <= most
    assert (each == 1) == (days <= most)
    assert sum(b.count for b in found) == 2 * days
    assert math.isclose(_sum(found), _sum(buckets))


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50))
def test_a_mean_lies_between_least_and_greatest(values):
    found = mean(bucket(NOW, values), circular=False)
    assert found is not None
    assert min(values) - 1e-6 <= found <= max(values) + 1e-6


def test_hours_to_a_limit_that_was_out_of_sight_have_no_mean():
    buckets = [bucket(NOW, v) for v in ([2.0, 4.0], [2.0, 1000.0], [1000.0, 1000.0], [])]
    found = list(bucket_points(buckets, circular=False, far=far_of("to_limit_h")))
    said = [(point["value"], point["min"], point["max"]) for point in found]
    assert said == [(3.0, 2.0, 4.0), (None, 2.0, None), (None, None, None), (None, None, None)]
    assert [point["count"] for point in found] == [2, 2, 2, 0]
    storage = bucket_points(buckets[1:2], circular=False, far=far_of("storage_m3"))
    assert next(storage)["value"] == 501.0


@given(st.floats(0, 360), st.floats(0, 60))
def test_directions_are_averaged_on_the_circle(middle, apart):
    found = mean(bucket(NOW, [(middle - apart) % 360, (middle + apart) % 360]), circular=True)
    assert found is not None
    assert 0 <= found < 360
    away = abs(found - middle) % 360
    assert min(away, 360 - away) < 1e-6


def test_opposite_directions_have_no_mean():
    assert mean(bucket(NOW, [0.0, 180.0]), circular=True) is None


def test_a_bucket_without_usable_readings_has_no_value_and_is_missing():
    [point] = bucket_points([bucket(NOW, [], total=3)], circular=False)
    assert (point["value"], point["count"], point["quality"]) == (None, 0, "missing")


def test_one_doubtful_reading_makes_its_bucket_suspect():
    points = bucket_points([bucket(NOW, [1.0, 2.0], good=1), bucket(NOW, [1.0])], circular=False)
    assert [point["quality"] for point in points] == ["suspect", "good"]


def test_raw_points_keep_missing_readings_as_holes():
    [point] = resolution.raw_points([RawRow(NOW, None, 1)])
    assert (point["value"], point["count"], point["quality"]) == (None, 0, "missing")


def test_every_resolution_tells_the_same_sum(owner):
    """Mean times count over a whole day is the same number, however it is cut."""
    sample.fill(owner, datetime.now(UTC))
    series = store.series_of(owner, "R-01")["level_m"]
    # Whole Beijing days, so that every resolution cuts at the same moments.
    until = datetime.now(UTC).replace(hour=16, minute=0, second=0, microsecond=0)
    until += timedelta(days=1)
    since = until - timedelta(days=3)
    sums = {}
    for most in (5000, 4400, 900, 80, 5):
        name, points = store.history(owner, series, since, until, most)
        assert len(points) <= most
        sums[name] = math.fsum(p["value"] * p["count"] for p in points if p["count"])
    assert {"raw", "5m", "1h", "1d"} <= set(sums)
    first = next(iter(sums.values()))
    assert all(math.isclose(total, first, rel_tol=1e-9) for total in sums.values())


def test_a_series_that_reports_more_often_than_it_should_still_fits(owner):
    sample.fill(owner, datetime.now(UTC))
    now = datetime.now(UTC)
    series = store.series_of(owner, "A-01")["pm25_ugm3"]  # says every 300 s
    with owner.cursor() as cursor:
        cursor.execute(
            "insert into reading (series_id, observed_at, value, quality, received_at) select "
            "%s, %s - make_interval(secs => n), 1, 0, now() from generate_series(1, 900) n "
            "on conflict do nothing",
            (series.series_id, now),
        )
    name, points = store.history(owner, series, now - timedelta(minutes=20), now, 100)
    assert name == "1m"
    assert 0 < len(points) <= 100
