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

    def __init__(self, settings, stored=None):
        self.steady = Steady.of(by_series([watch_of(settings)]))
        self.before = NEVER
        self.stored = stored

    def _remember(self, first, back):
        """As `alerts.past.follow` does it, of what is stored."""
        since = (first - back) / 1e6
        inside = [
            r.value
            for r in self.stored
            if r.value is not None
            and r.quality.usable
            and since <= (r.observed_at - NOON).total_seconds() < first / 1e6
        ]
        if inside:
            self.steady.remember(1, first, min(inside), max(inside))
        self.steady.asked(np.ones(1, np.int32))

    def unsteady(self, *readings):
        times = np.array([(r.observed_at - NOON).total_seconds() * 1e6 for r in readings], np.int64)
        values = np.array(
            [r.value if r.value is not None and r.quality.usable else np.nan for r in readings]
        )
        series, before = np.ones(len(readings), np.int32), np.full(len(readings), self.before)
        anew, first, back = self.steady.begin(series, times, before)
        if len(anew) and self.stored is not None:
            self._remember(int(first[0]), int(back[0]))
        self.before = int(times[-1])
        found = self.steady.unsteady(series, times, values)
        assert len(set(found.tolist())) == 1, "a series is looked at as a whole"
        return bool(found[0])


@given(RATES, streams(), SIZES, st.sets(st.integers(0, 19)), st.booleans())
def test_what_it_spares_the_engine_changes_nothing(asked, readings, sizes, restarts, knows):
    """Whether it began with what is stored or with nothing, and however often."""
    whole, spared = Desk(asked), Desk(asked)
    screen = Screen(asked, spared.stored if knows else None)
    for number, batch in enumerate(cut(readings, sizes)):
        if number in restarts:
            before = screen.before
            screen = Screen(asked, spared.stored if knows else None)
            screen.before = before
        screen.stored = spared.stored if knows else None
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
    assert len(steady.begin(one, zero, zero)[0]) == 0
    assert steady.unsteady(one, zero, np.ones(1)).tolist() == [False]


def test_what_was_stored_before_it_began_is_enough_to_be_steady():
    asked = rule(when="rate", grades={"blue": 6}, window_s=720)
    stored = [at(n, 20.0) for n in range(20)]
    assert not Screen(asked, stored).unsteady(at(20, 20.1))
    assert Screen(asked, stored).unsteady(at(20, 21.0))
    assert not Screen(asked, []).unsteady(at(20, 20.1)), "it is known that there was nothing"
    assert Screen(asked).unsteady(at(20, 20.1)), "nothing is known: the engine looks"
