"""Reasons as people read them, in both languages."""

import re
from dataclasses import replace

import pytest

from alerts.reason import Reason
from alerts.sending.parcel import word
from alerts.store import find_alert
from alerts.times import duration
from alerts.wording import SENTENCES, limit_period_s, say
from tests.alerts.reasons import every_reason

REASONS = every_reason()
CHINESE = re.compile("[\u4e00-\u9fff]")
ABOVE = {
    "metric": "level_m",
    "value": 23.86,
    "limit": 23.5,
    "held_s": 300,
    "quality": "good",
    "limit_zh": "汛限",
    "limit_en": "flood limit",
    "when": "above",
}


@pytest.mark.parametrize(
    ("code", "params", "zh", "en"),
    [
        (
            "above",
            ABOVE,
            "水位 23.86 m 高于汛限 23.50 m，已持续 5 分钟",
            "Level 23.86 m above flood limit 23.50 m for 5 minutes",
        ),
        (
            "above",
            {**ABOVE, "metric": "nh3_ppm", "value": 186, "limit": 160, "limit_zh": "AEGL-2"},
            "氨 186.0 ppm 高于 AEGL-2 160.0 ppm，已持续 5 分钟",
            "NH₃ 186.0 ppm above flood limit 160.0 ppm for 5 minutes",
        ),
        (
            "below",
            {**ABOVE, "limit_zh": "", "limit_en": "", "held_s": 0, "quality": "suspect"},
            "水位 23.86 m 低于 23.50 m（数据可疑）",
            "Level 23.86 m below 23.50 m (suspect reading)",
        ),
        (
            "returned",
            {**ABOVE, "value": 23.4},
            "水位 23.40 m，已回到汛限 23.50 m 以下",
            "Level 23.40 m, back below flood limit 23.50 m",
        ),
        (
            "no_data",
            {"metric": "cl2_ppm", "silent_s": 905, "offline_since": "2026-11-22T00:12:00Z"},
            "氯已 15 分钟 5 秒无有效数据，设备自 11-22 08:12 起离线",
            "no usable Cl₂ data for 15 minutes 5 seconds; device offline since 11-22 08:12",
        ),
        (
            "no_data",
            {"metric": "level_m", "silent_s": 7200, "never_seen": True},
            "水位从未收到数据，已等待 2 小时",
            "no Level data ever received, 2 hours waited",
        ),
        (
            "ingest_silent",
            {"silent_s": 12.3},
            "采集进程已 12 秒无心跳",
            "no heartbeat from the ingest process for 12 seconds",
        ),
    ],
)
def test_a_reason_reads_as_a_sentence(code, params, zh, en):
    assert say(Reason(code, params)) == {"zh": zh, "en": en}


def test_an_unknown_value_is_a_dash_and_never_zero():
    assert "—" in say(Reason("above", {**ABOVE, "value": None}))["zh"]


def test_what_cannot_be_worded_is_shown_as_it_is():
    assert say(Reason("novel", {"x": 1}))["zh"] == '{"code": "novel", "x": 1}'
    assert "gone_metric" in say(Reason("above", {**ABOVE, "metric": "gone_metric"}))["en"]


@pytest.mark.parametrize(
    ("seconds", "zh"),
    [(0, "0 秒"), (59.9, "59 秒"), (60, "1 分钟"), (3661, "1 小时 1 分钟"), (90000, "1 天 1 小时")],
)
def test_durations_have_two_units_at_most(seconds, zh):
    assert duration(seconds)[0] == zh


@pytest.mark.parametrize("code", sorted(SENTENCES))
def test_every_reason_is_worded_in_both_languages(code):
    for reason in REASONS[code]:
        said = say(reason)
        assert CHINESE.search(said["zh"]), reason
        assert re.search("[a-z]{2}", said["en"]), reason
        assert not CHINESE.search(said["en"]), reason
        for text in said.values():
            assert not text.startswith("{"), reason
            assert not re.search(r"None|nan|_|\[|T\d\d:", text), reason


def test_no_reason_is_written_that_has_no_sentence():
    assert REASONS.keys() == SENTENCES.keys()


def test_a_message_says_origin_grade_what_where_and_why(put_alert, staff):
    put_alert("A1")
    alert = find_alert(staff, "A1")
    assert alert
    text = word(replace(alert, origin="exercise"), "raised", "orange", alert.reason)
    assert text["zh"] == (
        "【演练】【橙色】触发：超汛限 R-01 站，水位 23.86 m 高于汛限 23.50 m，已持续 5 分钟"
    )
    assert text["en"] == (
        "[EXERCISE] ORANGE raised: Above flood limit, Station R-01. "
        "Level 23.86 m above flood limit 23.50 m for 5 minutes"
    )


def test_what_has_no_word_is_shown_as_it_is_and_hides_no_alert(put_alert, staff):
    put_alert("A1")
    alert = find_alert(staff, "A1")
    assert alert
    text = word(alert, "escalated", "violet", alert.reason)
    assert "【violet】escalated：超汛限 R-01 站" in text["zh"]
    assert "VIOLET escalated: Above flood limit, Station R-01." in text["en"]


def test_a_limit_for_a_mean_says_so_itself_not_by_its_name():
    named = ABOVE | {"limit_zh": "1 小时预警", "limit_en": "1 h warning"}
    assert limit_period_s(Reason("above", named)) is None
    assert limit_period_s(Reason("above", ABOVE | {"mean_over_s": 3600})) == 3600
    assert limit_period_s(Reason("above", ABOVE | {"mean_over_s": None})) is None
    assert limit_period_s(Reason("no_data", {})) is None
