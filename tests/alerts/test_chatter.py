"""Flapping: found by its definition, and a proposal that the engine itself has tried."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.engine import retrace
from alerts.quiet.chatter import propose, with_dead_band
from alerts.quiet.flapping import bouts, busiest
from alerts.quiet.settings import QuietSettings
from tests.alerts.conftest import NOW
from tests.alerts.timeline import at, counting, minute, rule, watch_of

SETTINGS = QuietSettings()
# Every two minutes over and back by 0.3: five alerts of one minute each.
TREMBLE = [at(n, 100.2 if n % 2 else 99.9) for n in range(11)]


def raises(watch, run):
    steps = retrace(watch, run, counting())[1]
    return [step.at for step in steps if step.kind == "raised"]


def test_a_tremble_is_one_alert_with_the_dead_band_that_is_proposed_and_none_smaller():
    found = propose(watch_of(rule()), TREMBLE, 2)
    assert found.alerts == 5
    assert (found.dead_band.value, found.dead_band.alerts) == (0.2, 1)
    assert len(raises(watch_of(rule(dead_band=0.2)), TREMBLE)) == 1
    assert len(raises(watch_of(rule(dead_band=0.1)), TREMBLE)) == 5


def test_a_tremble_is_one_alert_with_the_off_delay_that_is_proposed_and_none_smaller():
    found = propose(watch_of(rule()), TREMBLE, 2)
    assert (found.off_delay_s.value, found.off_delay_s.alerts) == (30, 1)
    assert len(raises(watch_of(rule(off_delay_s=30)), TREMBLE)) == 1


def test_where_nothing_of_the_grid_makes_one_the_fewest_are_proposed():
    apart = [at(n, 105 if n % 120 == 0 else 20) for n in range(361)]
    found = propose(watch_of(rule(dead_band=1)), apart, 2)
    assert found.alerts == 4
    assert found.dead_band is None  # 85 m back is farther than from grade to grade
    assert found.off_delay_s is None  # two hours are longer than any delay of the grid


@given(
    st.lists(st.floats(95, 112).map(lambda x: round(x, 2)), min_size=2, max_size=60),
    st.sampled_from([0, 60, 180]),
)
def test_a_proposal_holds_by_the_engine_calls_nobody_later_and_never_makes_more(levels, on_delay_s):
    run = [at(n, level) for n, level in enumerate(levels)]
    watch = watch_of(rule(on_delay_s=on_delay_s, dead_band=0.5))
    found, now = propose(watch, run, 2), raises(watch, run)
    assert found.alerts == len(now)
    if found.dead_band:
        tried = raises(with_dead_band(watch, found.dead_band.value), run)
        assert (len(tried), tried[0]) == (found.dead_band.alerts, now[0])
        assert len(tried) < len(now)
    if found.off_delay_s:
        other = rule(on_delay_s=on_delay_s, dead_band=0.5, off_delay_s=int(found.off_delay_s.value))
        tried = raises(watch_of(other), run)
        assert (len(tried), tried[0]) == (found.off_delay_s.alerts, now[0])


def test_a_dead_band_is_the_rules_own_dead_band():
    assert with_dead_band(watch_of(rule()), 0.4).limits == watch_of(rule(dead_band=0.4)).limits


@pytest.mark.parametrize(
    ("minutes", "run"),
    [
        ([0, 20, 40], (0, 3)),
        ([0, 20, 61], None),
        ([0, 40, 80, 120], None),
        ([0, 500, 510, 520, 571], (1, 4)),
        ([0, 30, 60, 90, 120, 400, 401, 402], (0, 5)),
    ],
)
def test_the_busiest_run_has_three_raises_in_every_hour(minutes, run):
    assert busiest([minute(n) for n in minutes], SETTINGS) == (range(*run) if run else None)


def test_what_flaps_in_the_database_has_its_proposal_of_the_stored_readings(
    owner, district, put_alert
):
    series = district["R-01/level_m"]
    with owner.cursor() as cursor:
        for n in range(7):
            began = NOW + timedelta(minutes=8 * n)
            put_alert(
                f"A{n}",
                began_at=began,
                subject="R-01/level_m",
                state="ended",
                ended_at=began + timedelta(minutes=4),
            )
        for n in range(53):
            cursor.execute(
                "insert into reading (series_id, observed_at, received_at, value, quality, origin)"
                " values (%s, %s, %s, %s, 0, 0)",
                (series, *[NOW + timedelta(minutes=n)] * 2, 23.6 if n % 8 < 4 else 23.4),
            )
    now = NOW + timedelta(hours=1)
    (found,) = bouts(owner, NOW - timedelta(hours=1), now, SETTINGS)
    assert (found.rule, found.raises, found.chattering) == ("LEVEL", 7, False)
    assert found.proposal.alerts == 7
    assert (found.proposal.dead_band.value, found.proposal.dead_band.alerts) == (0.2, 1)
    assert (found.proposal.off_delay_s.value, found.proposal.off_delay_s.alerts) == (300, 1)
    assert bouts(owner, NOW - timedelta(hours=1), now, SETTINGS, "A3") == [found]
    assert bouts(owner, NOW - timedelta(hours=1), now, SETTINGS, "none") == []
