"""Words in both languages: every label has its Chinese, and figures read as people write them."""

import re
from datetime import UTC, datetime

import pytest
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from dashboard import wording
from dashboard.text import FOLDER, catalogue, language_of, text
from sensors.catalogue import METRICS

FILES = sorted((FOLDER / "zh").glob("*.po"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_every_entry_is_translated_and_keeps_its_placeholders(path):
    with path.open("rb") as file:
        entries = [m for m in read_po(file) if m.id]
    assert entries
    for entry in entries:
        msgid = entry.id[-1] if isinstance(entry.id, tuple) else entry.id
        string = entry.string[0] if isinstance(entry.string, tuple) else entry.string
        assert string, f"{msgid!r} has no Chinese"
        assert set(re.findall(r"\{(\w+)\}", string)) <= set(re.findall(r"\{(\w+)\}", msgid)), msgid


def test_two_catalogues_never_disagree():
    seen: dict[str, object] = {}
    for path in FILES:
        with path.open("rb") as file:
            for entry in read_po(file):
                if entry.id:
                    assert seen.setdefault(str(entry.id), entry.string) == entry.string, entry.id


def test_every_word_of_the_core_has_its_chinese():
    known = catalogue("zh")
    missing = [word for word in wording._WORDS.values() if word not in known]
    assert not missing


def test_what_nobody_translated_stays_readable():
    assert text("zh")("Not in any catalogue {n}", n=3) == "Not in any catalogue 3"
    assert text("en")("{n} station", "{n} stations", n=1) == "1 station"
    assert text("en")("{n} station", "{n} stations", n=2) == "2 stations"
    with pytest.raises(ValueError, match="unknown language 'fr'"):
        text("fr")


@pytest.mark.parametrize(
    ("wanted", "accept", "found"),
    [
        ("en", None, "en"),
        (None, "en-GB,zh;q=0.5", "en"),
        ("fr", "fr,zh-CN", "zh"),
        (None, None, "zh"),
    ],
)
def test_the_language_is_the_chosen_one_else_the_browsers_else_chinese(wanted, accept, found):
    assert language_of(wanted, accept) == found


@pytest.mark.parametrize(
    ("age_s", "state", "zh", "en"),
    [
        (4, "fresh", "4 秒前", "4 s ago"),
        (9 * 60 + 59, "late", "9 分前，迟", "9 min ago, late"),
        (47 * 60, "stale", "过期 47 分", "stale 47 min"),
        (2 * 3600 + 14 * 60, "unknown", "无数据 2 时 14 分", "no data 2 h 14 min"),
        (None, "unknown", "无数据", "no data"),
    ],
)
def test_ages_read_as_the_look_says(age_s, state, zh, en):
    assert wording.age_text(age_s, state, "zh") == zh
    assert wording.age_text(age_s, state, "en") == en


@pytest.mark.parametrize(
    ("value", "metric", "zh", "en"),
    [
        (23.861, "level_m", "23.86 m", "23.86 m"),
        (14_820_000, "storage_m3", "1,482 万 m³", "14.82 M m³"),
        (-3.21, "temp_c", "−3.2 °C", "−3.2 °C"),
        (-0.001, "temp_c", "0.0 °C", "0.0 °C"),
        (None, "nh3_ppm", "—", "—"),
        (7.3, "unheard_of", "7.30", "7.30"),
    ],
)
def test_values_have_their_unit_and_what_is_unknown_is_a_dash(value, metric, zh, en):
    assert wording.value_text(value, metric, "zh") == zh
    assert wording.value_text(value, metric, "en") == en


@given(st.floats(-1e9, 1e9), st.sampled_from(sorted(METRICS)), st.sampled_from(["zh", "en"]))
def test_no_value_reads_as_minus_nothing(value, metric, lang):
    shown = wording.value_text(value, metric, lang)
    assert "-" not in shown
    assert not re.match(r"−0(\.0+)?( |$)", shown)


def test_times_are_the_districts():
    at = datetime(2026, 11, 21, 19, 14, tzinfo=UTC)
    now = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
    assert wording.clock_text(at, now) == "03:14"
    assert wording.clock_text(at, datetime(2026, 11, 23, 3, 0, tzinfo=UTC)) == "11-22 03:14"
    assert wording.clock_text(at, datetime(2027, 1, 1, tzinfo=UTC)) == "2026-11-22 03:14"
    assert wording.clock_text(None, now) == "—"
    assert wording.date_text(at, "zh") == "11 月 22 日 周日"
    assert wording.date_text(at, "en") == "Sun 22 Nov"
