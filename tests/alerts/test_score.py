"""The score of a shift: every ten minutes counts, empty ones too; floods by their definition."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from alerts.quiet.flood import WINDOW, floods
from alerts.quiet.score import Call, Figure, score
from alerts.quiet.settings import DEFAULT_SHIFTS, QuietSettings, ShiftSettings
from alerts.quiet.shifts import shift_at, shifts_before
from alerts.quiet.store import score_of, stale
from alerts.settings import AlertsSettings
from alerts.times import BEIJING
from tests.alerts.conftest import NOW

NIGHT = datetime(2026, 11, 22, 0, 0, tzinfo=BEIJING)
MORNING, EIGHT = NIGHT + timedelta(hours=8), timedelta(hours=8)
SETTINGS = QuietSettings()
minutes = st.floats(0, 479, allow_nan=False).map(lambda number: timedelta(minutes=number))


def call(after: timedelta, grade: str = "yellow", subject: str = "R-01/level_m", **more) -> Call:
    at = MORNING + after
    return Call("a", more.pop("kind", "raised"), at, at, grade, "LEVEL", subject, **more)


def of(*calls: Call, stale: int = 0, hours: float = 8):
    return score(calls, stale, MORNING, MORNING + timedelta(hours=hours), SETTINGS)


def figures(found) -> dict[str, Figure]:
    return {one.code: one for one in found.figures}


def test_a_quiet_shift_has_all_its_windows_and_meets_every_target():
    found = of()
    assert [count for _, count in found.windows] == [0] * 48
    known = figures(found)
    assert known["per_10_min"].value == known["most_in_10_min"].value == 0
    assert {one.verdict for one in found.figures} == {"met", None}
    assert known["top_ten_pct"].value is known["acknowledge_median_s"].value is None


def test_twelve_alerts_at_once_are_a_flood_and_a_crowded_window_among_the_empty_ones():
    found = of(*(call(timedelta(minutes=21, seconds=n), subject=f"G-{n}/x") for n in range(12)))
    known = figures(found)
    assert known["most_in_10_min"].value == 12
    assert known["crowded_pct"].value == pytest.approx(100 / 48)
    assert known["per_10_min"].value == pytest.approx(12 / 48)
    assert known["per_10_min"].verdict == "met"
    assert known["most_in_10_min"].verdict == "over"
    (flood,) = found.floods
    assert flood.since == MORNING + timedelta(minutes=21, seconds=10)  # the eleventh
    assert flood.until == MORNING + timedelta(minutes=31, seconds=7)  # four are left
    assert flood.count == 12


def test_a_flood_across_the_start_of_the_shift_lasts_from_there_and_counts_no_call_before():
    before = [call(timedelta(seconds=n - 120), subject=f"G-{n}/x") for n in range(12)]
    found = of(*before, call(timedelta(minutes=1)))
    known = figures(found)
    (flood,) = found.floods
    assert flood.since == MORNING
    assert flood.until == MORNING + timedelta(minutes=8, seconds=8)  # four are left
    assert (flood.count, known["alerts"].value, known["most_in_10_min"].value) == (1, 1, 1)
    assert known["flood_pct"].value == pytest.approx(100 * 488 / (8 * 3600))
    assert of(*(call(timedelta(hours=-1, seconds=n)) for n in range(12))).floods == ()


@pytest.mark.parametrize(
    ("count", "verdict"), [(48, "met"), (49, "manageable"), (96, "manageable"), (97, "over")]
)
def test_a_rate_is_met_manageable_or_over(count, verdict):
    found = of(*(call(timedelta(minutes=4.9 * n)) for n in range(count)))
    assert figures(found)["per_10_min"].verdict == verdict


def test_chatter_flapping_and_fleeting_are_three_things():
    chatter = [call(timedelta(seconds=20 * n), subject="chatter") for n in range(3)]
    flaps = [call(timedelta(minutes=20 * n), subject="flaps") for n in range(3)]
    slow = [call(timedelta(minutes=40 * n), subject="slow") for n in range(3)]
    short = call(timedelta(hours=1), subject="short", ended_at=MORNING + timedelta(minutes=60.9))
    taken = call(
        timedelta(hours=1),
        subject="taken",
        ended_at=MORNING + timedelta(minutes=60.9),
        acknowledged_at=MORNING + timedelta(minutes=60.5),
    )
    found = of(*chatter, *flaps, *slow, short, taken)
    assert [subject for _, subject in found.flapping["chattering"]] == ["chatter"]
    assert [subject for _, subject in found.flapping["flapping"]] == ["chatter", "flaps"]
    assert [subject for _, subject in found.flapping["fleeting"]] == ["short"]


def test_each_call_waits_for_its_own_acknowledgement():
    first = call(timedelta(0), acknowledged_at=MORNING + timedelta(seconds=40))
    taken = MORNING + timedelta(minutes=7)
    graver = call(timedelta(minutes=5), "red", kind="stepped_up", acknowledged_at=taken)
    known = figures(of(first, graver, call(timedelta(minutes=9))))
    assert known["acknowledge_median_s"].value == 80
    assert known["acknowledge_worst_s"].value == 120
    assert known["unacknowledged"].value == 1


def test_four_grades_are_laid_on_three_priorities():
    found = of(*(call(timedelta(0), grade) for grade in ("blue", "yellow", "orange", "red")))
    assert found.priorities == {"low": 25, "medium": 25, "high": 50}


@given(st.lists(minutes), st.randoms())
def test_the_order_in_which_alerts_are_read_changes_nothing(times, random):
    calls = [call(after, subject=f"{n % 5}") for n, after in enumerate(times)]
    mixed = list(calls)
    random.shuffle(mixed)
    assert figures(of(*mixed)) == figures(of(*calls))
    assert sum(count for _, count in of(*mixed).windows) == len(calls)


@given(st.lists(minutes, max_size=80))
def test_a_flood_lasts_from_more_than_ten_until_fewer_than_five(times):
    """Against the definition, moment by moment."""
    at = sorted(MORNING + after for after in times)
    now = MORNING + EIGHT
    found = floods(at, now, above=10, below=5)

    def before(moment: datetime) -> int:
        return sum(moment - WINDOW < one <= moment for one in at)

    assert bool(found) == any(before(moment) > 10 for moment in at)
    for one in found:
        assert before(one.since) > 10
        assert all(before(x) >= 5 for x in at if one.since <= x < (one.until or now))
        if one.until:
            assert before(one.until) < 5
    outside = [x for x in at if not any(f.since <= x < (f.until or now) for f in found)]
    assert all(before(moment) <= 10 for moment in outside)


def test_a_flood_that_lasts_has_no_end():
    at = [MORNING + timedelta(seconds=n) for n in range(20)]
    (flood,) = floods(at, at[-1], above=10, below=5)
    assert (flood.until, flood.count) == (None, 20)


@given(st.integers(0, 366 * 1440).map(lambda number: NIGHT + timedelta(minutes=number)))
def test_every_moment_has_one_shift_and_shifts_join(at):
    shift = shift_at(DEFAULT_SHIFTS, at)
    assert shift.since <= at < shift.until
    assert shift.until - shift.since == EIGHT
    earlier = shifts_before(DEFAULT_SHIFTS, shift, 3)
    assert [one.until for one in earlier] == [shift.since, earlier[0].since, earlier[1].since]


def test_a_shift_over_midnight_belongs_to_the_evening_it_began():
    two = (
        ShiftSettings(zh="白班", en="Day", starts="08:30"),
        ShiftSettings(zh="夜班", en="Night", starts="20:30"),
    )
    shift = shift_at(two, NIGHT + timedelta(hours=1))
    assert (shift.en, shift.since.hour, shift.until.hour) == ("Night", 20, 8)


def test_two_shifts_that_start_at_once_are_refused_with_their_time():
    twice = [{"zh": "早", "en": "A", "starts": "08:00"}, {"zh": "晚", "en": "B", "starts": "08:00"}]
    with pytest.raises(ValidationError, match=r"two shifts start at 08:00"):
        AlertsSettings.model_validate({"shifts": twice})


def test_what_was_kept_back_called_nobody(owner, put_alert):
    """A shelved alert does not count, the same one untold does."""
    for name in ("A1", "A2"):
        put_alert(name)
    with owner.cursor() as cursor:
        cursor.execute(
            "insert into suppression (kind, rule_id, subject, grade, until, began_at, who, why)"
            " select 'shelved', rule_id, subject, 'red', %s, %s, 'li', 'x' from alert"
            " where id = 'A1' returning id",
            (NOW + timedelta(hours=1), NOW),
        )
        cursor.execute(
            "insert into outbox (transition_id, routed_at, muted_by) select t.id, %s, %s"
            " from alert_transition t where t.alert_id = 'A1'",
            (NOW, cursor.fetchone()[0]),
        )
    found = score_of(owner, NOW - timedelta(hours=1), NOW + timedelta(hours=1), SETTINGS)
    assert figures(found)["alerts"].value == 1


def test_a_flood_that_began_before_is_read_from_the_store(owner, put_alert):
    for n in range(12):
        put_alert(f"A{n}", began_at=NOW + timedelta(seconds=n))
    found = score_of(owner, NOW + timedelta(minutes=2), NOW + timedelta(hours=1), SETTINGS)
    (flood,) = found.floods
    assert (flood.since, flood.count) == (NOW + timedelta(minutes=2), 0)
    assert figures(found)["alerts"].value == 0


def test_the_stale_list_and_the_figure_are_of_the_same_alerts(owner, put_alert):
    put_alert("A1")
    put_alert("A2", found_afterwards=True)
    now = NOW + timedelta(hours=30)
    found, count = stale(owner, now, SETTINGS.stale_hours, 10)
    assert [one.alert_id for one in found] == ["A1"]
    known = figures(score_of(owner, now - timedelta(hours=8), now, SETTINGS))
    assert known["stale"].value == count == 1
