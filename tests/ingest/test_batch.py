"""What a batch comes to: news, repeats, corrections, late readings, and their counts."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ingest.batch import (
    Arrived,
    Letter,
    Outcome,
    Problem,
    SeriesRow,
    advanced_rows,
    corrected_rows,
    count_hours,
    ledger_lines,
    quarantined,
    settle,
    split,
)
from ingest.message import Message
from sensors.reading import Quality, Reading

START = datetime(2026, 6, 1, 8, tzinfo=UTC)


def reading(series: int, minute: int, value: float | None = 1.0) -> Reading:
    at = START + timedelta(minutes=minute)
    quality = Quality.MISSING if value is None else Quality.GOOD
    return Reading(series, "R-01", "level_m", at, at, value, quality)


READINGS = st.builds(
    reading,
    st.integers(1, 3),
    st.integers(0, 8),
    st.sampled_from([1.0, 2.0, None]),
)


def message(number: int = 0, topic: str = "dongtai/v1/obs/R-01") -> Message:
    return Message(topic, b"{}", START, number, dup=False, epoch=1, qos=1)


def key(item: Arrived):
    return item.reading.series_id, item.reading.observed_at


def rows_at(minute: int | None) -> dict[int, SeriesRow]:
    at = None if minute is None else START + timedelta(minutes=minute)
    return {number: SeriesRow(number, at) for number in (1, 2, 3)}


@given(st.lists(READINGS), st.none() | st.integers(0, 8))
def test_news_is_newer_than_the_state_once_per_time_and_in_event_order(readings, newest):
    arrived = [Arrived(r, None) for r in readings]
    rows = rows_at(newest)
    news, rest = split(arrived, rows)
    assert Counter(map(id, news + rest)) == Counter(map(id, arrived))
    assert [n.reading.observed_at for n in news] == sorted(n.reading.observed_at for n in news)
    assert len({key(n) for n in news}) == len(news)
    assert all(rows[n.reading.series_id].is_news(n.reading) for n in news)
    told = {key(n) for n in news}
    assert all(key(r) in told or not rows[r.reading.series_id].is_news(r.reading) for r in rest)


@given(st.lists(READINGS), st.lists(READINGS))
def test_what_is_not_news_is_late_or_a_correction_or_a_repeat_and_the_last_word_counts(
    stored, readings
):
    known = {(r.series_id, r.observed_at): r for r in stored}
    settled = settle([Arrived(r, None) for r in readings], known)
    kinds = [*settled.late, *settled.revisions, *settled.duplicates]
    assert Counter(id(k.reading) for k in kinds) == Counter(map(id, readings))
    assert not {key(item) for item in settled.late} & set(known)
    table = {k: r.value for k, r in known.items()}
    table |= {key(item): item.reading.value for item in settled.late}
    for item in settled.revisions:
        table[key(item)] = item.reading.value
    last = {k: r.value for k, r in known.items()}
    last |= {(r.series_id, r.observed_at): r.value for r in readings}
    assert table == last


@given(st.lists(READINGS, min_size=1))
def test_the_state_moves_to_the_newest_reading_and_the_watermark_with_it(readings):
    rows = rows_at(None)
    news, _ = split([Arrived(r, None) for r in readings], rows)
    moved = advanced_rows(news, rows, {number: row.memory for number, row in rows.items()})
    for row in moved:
        times = [r.observed_at for r in readings if r.series_id == row.series_id]
        assert row.observed_at == row.judged_to == max(times)
    assert [row.series_id for row in moved] == sorted({r.series_id for r in readings})


def test_a_correction_of_the_newest_reading_shows_at_once_but_leaves_the_watermark():
    rows = rows_at(5)
    older, newest = Arrived(reading(1, 4, 7.0), None), Arrived(reading(1, 5, 9.0), None)
    (row,) = corrected_rows([older, newest], rows)
    assert (row.value, row.revision, row.judged_to) == (9.0, 1, None)


def test_a_message_is_as_bad_as_its_worst_part_and_as_new_as_its_newest():
    letter = Letter(message(), "obs")
    seen = [letter.outcome]
    for part in (Outcome.STORED, Outcome.REVISED):
        letter.raise_to(part)
        seen.append(letter.outcome)
    letter.refuse(Problem("not_finite", "nonsense"))
    letter.raise_to(Outcome.STORED)
    assert [*seen, letter.outcome] == [
        Outcome.DUPLICATE,
        Outcome.STORED,
        Outcome.STORED,
        Outcome.QUARANTINED,
    ]


@given(st.lists(st.sampled_from(Outcome), max_size=30))
def test_the_ledger_balances_when_every_message_has_an_outcome_and_shows_a_lost_one(outcomes):
    letters = [Letter(message(n), "obs", outcome=outcome) for n, outcome in enumerate(outcomes)]
    received = count_hours(("obs", x.message.received_at) for x in letters)
    assert all(line.gap == 0 for line in ledger_lines(received, letters, {}, {}))
    for line in ledger_lines(received, letters[1:], {}, {}):
        assert line.gap == 1


def test_quarantine_keeps_the_first_reason_counts_the_others_and_cuts_the_bytes():
    letter = Letter(message(), "obs")
    letter.refuse(Problem("unknown_metric", "R-01: unknown metric 'x'"))
    letter.refuse(Problem("not_finite", "R-01: ph is NaN"))
    (entry,) = quarantined([letter, Letter(message(), "obs")], keep_bytes=1)
    assert entry.code == "unknown_metric"
    assert entry.reason == "R-01: unknown metric 'x' (and 1 more)"
    assert entry.kept == b"{"
