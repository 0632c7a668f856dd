"""The screen before rates: whoever it calls steady has no rate beyond its limit."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from alerts.rule import by_series
from alerts.state import State
from alerts.steady import Steady
from sensors.reading import Quality
from sensors.vetting import NEVER
from tests.alerts.test_condition_properties import SIZES, streams
from tests.alerts.test_properties import cut, facts
from tests.alerts.timeline import NOON, Desk, at, rule, watch_of

RATES = st.builds(
    lambda window, limit, direction: rule(
        when="rate", grades={"blue": limit}, window_s=window, direction=direction
    ),
    st.sampled_from([240, 600, 1200]),
    st.sampled_from([5, 30, 90]),
    st.sampled_from(["up", "down", "either"]),
)


class Screen:
    """The screen with what ingest gives it: times, values, the newest reading before the batch."""

    def __init__(self, settings):
        self.steady = Steady.of(by_series([watch_of(settings)]))
        self.before = NEVER

    def unsteady(self, *readings):
        times = np.array([(r.observed_at - NOON).total_seconds() * 1e6 for r in readings], np.int64)
        values = np.array(
            [r.value if r.value is not None and r.quality.usable else np.nan for r in readings]
        )
        before = np.full(len(readings), self.before, np.int64)
        self.before = int(times[-1])
        found = self.steady.unsteady(np.ones(len(readings), np.int32), times, values, before)
        assert len(set(found.tolist())) == 1, "a series is looked at as a whole"
        return bool(found[0])


@given(RATES, streams(), SIZES)
def test_what_it_spares_the_engine_changes_nothing(asked, readings, sizes):
    whole, spared, screen = Desk(asked), Desk(asked), Screen(asked)
    for batch in cut(readings, sizes):
        whole.batch(*batch, now=2000)
        state = spared.states.get(spared.watch.key, State())
        unsteady = screen.unsteady(*batch)
        if unsteady or not state.idle or state.window:
            spared.batch(*batch, now=2000)
        else:
            spared.stored += batch
    assert facts(whole) == facts(spared)


def test_a_series_is_steady_once_it_was_followed_for_a_whole_window():
    screen = Screen(rule(when="rate", grades={"blue": 6}, window_s=720))
    found = [screen.unsteady(at(n, 20.0 + 0.01 * (n % 3))) for n in range(20)]
    assert found == [True] * 12 + [False] * 8
    assert screen.unsteady(at(20, 21.0))
    assert not screen.unsteady(*[at(40 + n, 21.0) for n in range(5)])


def test_readings_that_did_not_come_by_begin_it_anew():
    screen = Screen(rule(when="rate", grades={"blue": 6}, window_s=720))
    for n in range(20):
        screen.unsteady(at(n, 20.0))
    screen.before += 1
    assert screen.unsteady(at(20, 20.0))


def test_what_is_missing_or_impossible_is_no_movement():
    screen = Screen(rule(when="rate", grades={"blue": 6}, window_s=720))
    for n in range(20):
        screen.unsteady(at(n, 20.0))
    assert not screen.unsteady(at(20, None), at(21, 9999, Quality.IMPOSSIBLE))


def test_a_rulebook_that_leaves_the_rates_as_they_are_goes_on_with_what_was_followed():
    asked = rule(when="rate", grades={"blue": 6}, window_s=720)
    old, new = Screen(asked).steady, Screen(asked).steady
    assert new.or_older(old) is old
    other = Screen(rule(when="rate", grades={"blue": 7}, window_s=720)).steady
    assert other.or_older(old) is other


def test_series_without_rates_are_none_of_its_business():
    steady = Steady.of(by_series([watch_of(rule())]))
    one, zero = np.ones(1, np.int32), np.zeros(1, np.int64)
    assert steady.unsteady(one, zero, np.ones(1), zero).tolist() == [False]
