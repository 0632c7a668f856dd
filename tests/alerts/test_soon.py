"""LEVEL-SOON in words, and where a rule on a computed metric may stand."""

import pytest

from alerts.check import check_rules
from alerts.reason import Reason
from alerts.wording import say
from sensors.water.outlook import FAR_H

AHEAD = {"metric": "to_limit_h", "when": "below"}


@pytest.mark.parametrize(
    ("reason", "zh", "en"),
    [
        (
            Reason("below", AHEAD | {"value": 2.5, "limit": 3.0}),
            "按目前涨速，约 2 小时 30 分钟后到达下一限值（少于 3 小时）",
            (
                "at the present rate the next limit is reached in about 2 hours 30 minutes "
                "(less than 3 hours)"
            ),
        ),
        (
            Reason("below", AHEAD | {"value": 0.5, "limit": 1.0, "quality": "suspect"}),
            "按目前涨速，约 30 分钟后到达下一限值（少于 1 小时）（数据可疑）",
            (
                "at the present rate the next limit is reached in about 30 minutes "
                "(less than 1 hour) (suspect reading)"
            ),
        ),
        (
            Reason("returned", AHEAD | {"value": FAR_H, "limit": 6.0}),
            "下一限值已不在预见范围内",
            "the next limit is no longer in sight",
        ),
        (
            Reason("returned", AHEAD | {"value": 7.0, "limit": 6.0}),
            "按目前涨速，约 7 小时后到达下一限值",
            "at the present rate the next limit is reached in about 7 hours",
        ),
        (
            Reason("not_cleared", AHEAD | {"value": 6.25, "limit": 6.0}),
            "按目前涨速，约 6 小时 15 分钟后到达下一限值",
            "at the present rate the next limit is reached in about 6 hours 15 minutes",
        ),
    ],
)
def test_it_speaks_of_time_and_never_of_a_thousand_hours(reason, zh, en):
    assert say(reason) == {"zh": zh, "en": en}


def document(**station) -> dict[str, object]:
    rule = {
        "code": "LEVEL-SOON",
        "metric": "to_limit_h",
        "kind": "reservoir",
        "when": "below",
        "unit": "h",
        "grades": {"yellow": 6, "orange": 3, "red": 1},
    }
    stations = [{"code": "R-01", "kind": "reservoir", **station}]
    return {"sensors": {"stations": stations}, "alerts": {"rules": [rule]}}


def test_it_may_stand_where_a_level_is_measured_and_nowhere_else():
    assert check_rules(document(metrics=["level_m"])) == []
    (mistake,) = check_rules(document(metrics=["rain_mm"]))
    assert "no station of this kind measures to_limit_h" in mistake.problem
