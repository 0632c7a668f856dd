"""Outfalls and stacks: what counts, how it is averaged, and that a gap is never compliance."""

import csv
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensors.discharge.compliance import LEAST_SHARE, comply, owed
from sensors.discharge.means import (
    DAY,
    HOUR,
    Judged,
    RolledHour,
    day_of,
    hour_of,
    hours_wanted,
    method_of,
)
from sensors.discharge.permits import PermitLimit, due
from sensors.hj212_factors import MARKS
from sensors.reading import Quality
from tests.servers.program import ROOT

MIDNIGHT = datetime(2026, 5, 31, 16, tzinfo=UTC)  # 1 June in Beijing
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
HOURS = [MIDNIGHT + HOUR * n for n in range(24)]


def permit(value=50.0, side="upper", mean_over_s=3600, **more):
    return PermitLimit("permit", value, side, mean_over_s, ("许可限值", "Permit"), "sample",
                       **({"valid_from": BEGINNING} | more))  # fmt: skip


def rolled(value, *, at=MIDNIGHT, count=60, good=None, total=60, interval_s=60):
    good = count if good is None else good
    one = value if count else None
    return RolledHour(at, total, count, good, one and one * count, one, one, interval_s)


def judged(value, at=MIDNIGHT, *, sound=True, **more):
    reason = "too_few_minutes" if value is None else None
    return Judged(at, value, reason, sound and value is not None, value, value, sound, **more)


def hours_at(values, *, sound=True):
    return {at: judged(v, at, sound=sound) for at, v in zip(HOURS, values, strict=False)}


# ---- what counts


@pytest.mark.parametrize("flag", "FMDCBP")
def test_what_hj_212_says_was_not_measured_never_counts(flag):
    assert not (Quality(MARKS[flag])).usable


@pytest.mark.parametrize(("flag", "good"), [("N", True), ("S", False), ("T", False)])
def test_set_by_hand_and_above_the_range_count_but_are_doubtful(flag, good):
    assert Quality(MARKS[flag]).usable
    assert (MARKS[flag] == Quality.GOOD) == good


# ---- hours


@pytest.mark.parametrize(
    ("count", "good", "value", "sound"),
    [(60, 60, 40.0, True), (45, 45, 40.0, True), (60, 44, 40.0, False), (44, 44, None, False)],
)
def test_an_hour_needs_45_minutes_and_is_sound_without_its_doubts(count, good, value, sound):
    found = hour_of(rolled(40.0, count=count, good=good))
    assert (found.value, found.sound) == (value, sound)
    assert found.reason == (None if value else "too_few_minutes")


def test_an_hour_of_missing_readings_is_no_data():
    found = hour_of(rolled(0.0, count=0, total=60))
    assert (found.value, found.reason, found.sound, found.clean) == (None, "no_data", False, False)


# ---- days


@pytest.mark.parametrize(("known", "valid"), [(24, True), (20, True), (19, False), (0, False)])
def test_a_day_needs_20_hours(known, valid):
    found = day_of(MIDNIGHT, hours_at([40.0] * known), 60)
    assert (found.value, found.sound) == ((40.0, True) if valid else (None, False))
    assert found.reason == (None if valid else "too_few_hours" if known else "no_data")


@pytest.mark.parametrize(
    ("interval_s", "wanted"), [(60, 20), (3600, 20), (7200, 10), (14400, 5), (86400, 1)]
)
def test_a_slow_analyser_must_have_its_share(interval_s, wanted):
    assert hours_wanted(interval_s) == wanted


def test_a_day_of_water_weighs_by_flow():
    """Twelve hours at 10 mg/L with 3 m³/s, twelve at 90 with 1: 30, not 50."""
    water, flow = hours_at([10.0] * 12 + [90.0] * 12), hours_at([3.0] * 12 + [1.0] * 12)
    assert day_of(MIDNIGHT, water, 60, flow).value == 30.0
    assert day_of(MIDNIGHT, water, 60).value == 50.0


def test_a_day_without_enough_flow_is_not_valid_and_says_so():
    water = hours_at([10.0] * 24)
    assert day_of(MIDNIGHT, water, 60, hours_at([1.0] * 19)).reason == "too_few_flow_hours"
    assert day_of(MIDNIGHT, water, 60, {}).reason == "too_few_flow_hours"
    dry = day_of(MIDNIGHT, water, 60, hours_at([0.0] * 24))
    assert (dry.value, dry.reason, dry.sound) == (None, "no_flow", False)


def test_doubtful_hours_make_a_doubtful_day():
    hours = hours_at([40.0] * 24) | hours_at([40.0] * 5, sound=False)
    found = day_of(MIDNIGHT, hours, 60)
    assert (found.value, found.sound) == (40.0, False)


@given(
    st.lists(st.floats(0, 500), min_size=24, max_size=24),
    st.lists(st.floats(0.001, 50), min_size=24, max_size=24),
    st.floats(0.01, 100),
)
def test_the_unit_of_the_flow_does_not_matter_and_the_mean_lies_between(values, flows, scale):
    water = hours_at(values)
    mean = day_of(MIDNIGHT, water, 60, hours_at(flows)).value
    assert min(values) <= mean <= max(values)
    other = day_of(MIDNIGHT, water, 60, hours_at([f * scale for f in flows])).value
    assert other == pytest.approx(mean, rel=1e-9, abs=1e-9)


def test_only_concentrations_in_water_weigh():
    assert method_of("cod_mgl", "discharge", flow_measured=True) == "flow_weighted"
    assert method_of("cod_mgl", "discharge", flow_measured=False) == "arithmetic"
    assert method_of("ph", "discharge", flow_measured=True) == "arithmetic"
    assert method_of("stack_nox_mgm3", "stack", flow_measured=True) == "arithmetic"


# ---- limits in force


def test_a_new_version_counts_from_the_first_hour_that_begins_in_it():
    change = MIDNIGHT + HOUR * 5 + timedelta(minutes=20)
    old, new = permit(50, valid_to=change), permit(40, valid_from=change)
    found = due([old, new], HOURS)
    assert found[old] == HOURS[:6]
    assert found[new] == HOURS[6:]


def test_a_season_goes_before_the_rest_of_the_year():
    year = permit(50)
    june = permit(40, season_from="06-01", season_to="06-30")
    starts = [MIDNIGHT - DAY, MIDNIGHT]
    assert due([year, june], starts) == {year: starts[:1], june: starts[1:]}


# ---- verdicts


def test_one_sound_hour_above_is_exceeded():
    values = [40.0] * 23 + [51.0]
    found = comply(permit(), HOURS, hours_at(values))
    assert (found.verdict, found.why) == ("exceeded", "above")
    assert (found.expected, found.valid, found.over, found.over_sound) == (24, 24, 1, 1)
    assert (found.worst, found.worst_at) == (51.0, HOURS[-1])
    assert found.mean == pytest.approx(sum(values) / 24)


def test_at_the_limit_is_met():
    found = comply(permit(), HOURS, hours_at([50.0] * 24))
    assert (found.verdict, found.why, found.over) == ("met", "within", 0)


def test_a_ph_may_fall_short():
    low, high = permit(6.0, "lower"), permit(9.0)
    found = comply(low, HOURS, hours_at([7.0] * 23 + [5.9]))
    assert (found.verdict, found.worst) == ("exceeded", 5.9)
    assert comply(high, HOURS, hours_at([7.0] * 23 + [5.9])).verdict == "met"


@pytest.mark.parametrize(
    ("known", "verdict", "why"),
    [(24, "met", "within"), (18, "met", "within"), (17, "undetermined", "too_little_valid"),
     (0, "undetermined", "no_data")],
)  # fmt: skip
def test_too_little_is_never_met(known, verdict, why):
    found = comply(permit(), HOURS, hours_at([40.0] * known))
    assert (found.verdict, found.why) == (verdict, why)
    assert found.completeness == pytest.approx(known / 24)


def every(hours):
    return lambda _: hours * 3600.0


def sparse(which, value=40.0):
    return {HOURS[n]: judged(value, HOURS[n]) for n in which}


@pytest.mark.parametrize("mean_over_s", [3600, None])
@pytest.mark.parametrize("phase", [0, 1])
def test_a_2_hourly_analyser_that_measured_all_it_should_meets_its_limit(phase, mean_over_s):
    measured = sparse(range(phase, 24, 2))
    found = comply(permit(mean_over_s=mean_over_s), owed(HOURS, measured, every(2)), measured)
    assert (found.verdict, found.valid, found.expected) == ("met", 12, 12)


@pytest.mark.parametrize(
    ("interval_h", "had", "expected"),
    [(1, range(12), 24), (0.1, range(12), 24), (1.5, [0, 1, 3, 4, 6, 7, 9, 10], 16),
     (2, range(0, 12, 2), 12), (2, [], 12), (4, [0, 4, 20], 6), (24, [9], 1), (24, [], 1),
     (36, [], 0)],
)  # fmt: skip
def test_a_silence_owes_a_value_for_each_interval(interval_h, had, expected):
    assert len(owed(HOURS, sparse(had), every(interval_h))) == expected


def test_readings_of_half_a_day_do_not_stand_for_the_other_half():
    measured = sparse(range(12))
    found = comply(permit(), owed(HOURS, measured, every(2)), measured)
    assert (found.verdict, found.why, found.expected) == ("undetermined", "too_little_valid", 18)


def test_a_break_between_the_hours_owes_nothing():
    starts = [*HOURS[:2], *HOURS[13:15]]
    assert owed(starts, sparse([0, 14]), every(2)) == [HOURS[0], HOURS[14]]


@given(st.sets(st.integers(0, 23)), st.floats(0.1, 30))
def test_whatever_was_measured_is_owed_and_a_faster_analyser_owes_no_less(had, interval_h):
    measured = sparse(had)
    found = owed(HOURS, measured, every(interval_h))
    assert set(measured) <= set(found) <= set(HOURS)
    assert found == sorted(found)
    assert len(owed(HOURS, measured, every(interval_h / 2))) >= len(found)


def test_doubt_neither_condemns_nor_acquits():
    calm = comply(permit(), HOURS, hours_at([40.0] * 24, sound=False))
    assert (calm.verdict, calm.why, calm.valid) == ("undetermined", "too_doubtful", 24)
    high = comply(permit(), HOURS, hours_at([60.0] * 24, sound=False))
    assert (high.verdict, high.why) == ("undetermined", "above_but_doubtful")


def test_why_a_mean_is_lacking_is_said():
    dry = {MIDNIGHT: Judged(MIDNIGHT, None, "no_flow", sound=False)}
    assert comply(permit(mean_over_s=86400), [MIDNIGHT], dry).lacking == "no_flow"
    short = hours_at([None] * 20 + [40.0] * 2)
    assert comply(permit(), HOURS, short).lacking == "too_few_minutes"
    assert comply(permit(), HOURS, {}).lacking == "no_data"
    assert comply(permit(), HOURS, hours_at([40.0] * 24)).lacking is None


def test_nothing_due_is_undetermined():
    found = comply(permit(mean_over_s=86400), [], {})
    assert (found.verdict, found.why) == ("undetermined", "nothing_due")
    assert found.completeness is found.mean is None


def test_a_mean_that_is_not_computed_is_undetermined():
    found = comply(permit(mean_over_s=1800), HOURS, hours_at([40.0] * 24))
    assert (found.verdict, found.why) == ("undetermined", "period_unknown")


def test_a_limit_for_each_reading_goes_by_the_farthest_reading():
    peak = Judged(MIDNIGHT, 40.0, None, sound=True, least=30.0, greatest=80.0, clean=True)
    found = comply(permit(mean_over_s=None), [MIDNIGHT], {MIDNIGHT: peak})
    assert (found.verdict, found.worst, found.mean) == ("exceeded", 80.0, 40.0)
    doubtful = Judged(MIDNIGHT, 40.0, None, sound=True, least=30.0, greatest=80.0, clean=False)
    found = comply(permit(mean_over_s=None), [MIDNIGHT], {MIDNIGHT: doubtful})
    assert (found.verdict, found.why) == ("undetermined", "above_but_doubtful")


@given(
    st.lists(st.one_of(st.none(), st.floats(0, 100)), min_size=24, max_size=24), st.floats(1, 99)
)
def test_met_means_measured_and_below(values, value):
    found = comply(permit(value), HOURS, hours_at(values))
    known = [v for v in values if v is not None]
    if found.verdict == "met":
        assert len(known) >= LEAST_SHARE * 24
        assert max(known) <= value
    assert (found.verdict == "exceeded") == any(v > value for v in known)
    assert found.valid == len(known) <= found.expected


@given(st.lists(st.floats(0, 100), min_size=24, max_size=24))
def test_a_stricter_limit_never_turns_exceeded_into_met(values):
    rank = ("met", "exceeded")
    verdicts = [comply(permit(v), HOURS, hours_at(values)).verdict for v in (80.0, 60.0, 40.0)]
    assert all(rank.index(a) <= rank.index(b) for a, b in pairwise(verdicts))


def test_a_recorded_year_of_a_treatment_plant_day_by_day():
    """One value a day, -1 where there is none; by flow, which changes no single day."""
    recorded = ROOT / "demo" / "recordings" / "wastewater_uci" / "water-treatment_1990.data"
    with recorded.open(encoding="ascii") as file:
        rows = [(row[1], row[25]) for row in csv.reader(file)]
    starts = [MIDNIGHT + DAY * n for n in range(len(rows))]

    def hours(column):
        return {
            at: hour_of(rolled(float(row[column]), at=at, count=1, total=1, interval_s=86400))
            for at, row in zip(starts, rows, strict=True)
            if row[column] not in ("-1", "?")
        }

    flow, cod = hours(0), hours(1)
    measured = {at: day_of(at, cod, 86400, flow) for at in starts}
    found = comply(permit(100.0, mean_over_s=86400), starts, measured)
    both = [float(c) for q, c in rows if c not in ("-1", "?") and q not in ("-1", "?")]
    assert (found.expected, found.valid) == (len(rows), len(both))
    assert found.over == sum(v > 100.0 for v in both) > 0
    assert found.worst == max(both)
    assert found.verdict == "exceeded"


def test_a_recorded_stack_hour_by_hour():
    """Gas turbine 2011: NOx in mg/m³ is the last column; our count against a plain one."""
    recorded = ROOT / "demo" / "recordings" / "emission_gasturbine" / "gt_2011.csv"
    with recorded.open(encoding="ascii") as file:
        nox = [float(row[-1]) for row in csv.reader(file)][:720]
    starts = [MIDNIGHT + HOUR * n for n in range(len(nox))]
    measured = {
        at: hour_of(rolled(v, at=at, count=1, total=1, interval_s=3600))
        for at, v in zip(starts, nox, strict=True)
    }
    found = comply(permit(80.0), starts, measured)
    assert found.over == sum(v > 80.0 for v in nox) > 0
    assert found.worst == pytest.approx(max(nox))
    assert found.mean == pytest.approx(sum(nox) / len(nox))
