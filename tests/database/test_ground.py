"""Which server can carry Dongtai, and what a refused one is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from database.ground import UnfitDatabase, decide_ground, failing_jobs, ground_of, late_jobs

FAILED_RUN = """
insert into _timescaledb_internal.bgw_job_stat
       (job_id, last_start, last_finish, next_start, last_successful_finish, last_run_success,
        total_runs, total_duration, total_duration_failures, total_successes, total_failures,
        total_crashes, consecutive_failures, consecutive_crashes)
values (%(job)s, now(), now(), now(), '-infinity', false, 1, '0', '0', 0, 1, 0, 1, 0)
"""
FAILED_BECAUSE = """
insert into _timescaledb_internal.bgw_job_stat_history
       (job_id, pid, execution_start, execution_finish, succeeded, data)
values (%(job)s, 1, now() + interval '1 day', now() + interval '1 day', false,
        '{"error_data": {"message": "the disk is full"}}')
"""


def test_without_the_extension_it_is_plain_postgresql():
    assert decide_ground(150000, None, None) == "plain"


@given(some.integers(0, 60), some.integers(0, 5))
def test_every_timescaledb_from_2_22_on_is_taken(above: int, patch: int):
    assert decide_ground(170005, f"2.{22 + above}.{patch}", "timescale") == "timescale"


@pytest.mark.parametrize("version", ["3.0.0", "2.23.0-dev", "2.100.1", "10.1"])
def test_versions_are_compared_as_numbers(version):
    assert decide_ground(170005, version, "timescale") == "timescale"


@pytest.mark.parametrize(
    ("postgres", "timescale", "build", "sentence"),
    [
        (140012, None, None, "PostgreSQL 14 is too old: Dongtai needs 15 or newer"),
        (140012, "2.22.0", "timescale", "PostgreSQL 14 is too old"),
        (170005, "2.18.0", "timescale", "TimescaleDB 2.18.0 is too old.*2.22 or newer.*7672"),
        (170005, "2.21.4", "timescale", "TimescaleDB 2.21.4 is too old"),
        (170005, "1.7.5", "timescale", "too old"),
        (170005, "2.22.1", "apache", "Apache build.*install the TSL build, or drop the extension"),
        (170005, "2.22.1", None, "not loaded: put timescaledb into shared_preload_libraries"),
    ],
)
def test_an_unfit_server_is_refused_with_the_remedy(postgres, timescale, build, sentence):
    with pytest.raises(UnfitDatabase, match=sentence):
        decide_ground(postgres, timescale, build)


def test_the_embedded_server_is_plain(plain_owner):
    assert ground_of(plain_owner) == "plain"


def test_no_job_fails_where_there_are_none(plain_owner):
    assert failing_jobs(plain_owner) == {}
    assert late_jobs(plain_owner) == []


def test_a_job_that_failed_is_named_with_its_error(timescale_owner):
    with timescale_owner.cursor() as cursor:
        cursor.execute(
            "select job_id from timescaledb_information.jobs where hypertable_name = 'reading_1h'"
        )
        job = cursor.fetchone()[0]
        cursor.execute("delete from _timescaledb_internal.bgw_job_stat where job_id = %s", (job,))
        cursor.execute(FAILED_RUN, {"job": job})
        cursor.execute(FAILED_BECAUSE, {"job": job})
    name = "policy_refresh_continuous_aggregate on reading_1h"
    assert failing_jobs(timescale_owner)[name] == "the disk is full"
    with timescale_owner.cursor() as cursor:
        cursor.execute("set local role staff")
    assert name in failing_jobs(timescale_owner)
    timescale_owner.rollback()


def test_a_job_that_does_not_run_any_more_is_late(timescale_owner):
    with timescale_owner.cursor() as cursor:
        cursor.execute(
            "select job_id from timescaledb_information.jobs where hypertable_name = 'reading_1d'"
        )
        job = cursor.fetchone()[0]
        cursor.execute("delete from _timescaledb_internal.bgw_job_stat where job_id = %s", (job,))
        cursor.execute(FAILED_RUN, {"job": job})
        name = "policy_refresh_continuous_aggregate on reading_1d"
        assert name not in late_jobs(timescale_owner)
        cursor.execute(
            "update _timescaledb_internal.bgw_job_stat set next_start = now() - interval '2 hours' "
            "where job_id = %s",
            (job,),
        )
        cursor.execute("set local role staff")
    assert name in late_jobs(timescale_owner)
    timescale_owner.rollback()
