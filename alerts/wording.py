"""Reasons made into sentences, Chinese and English: the same words on screen and in messages."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from alerts import house_words
from alerts.life import words
from alerts.reason import Reason
from alerts.times import Pair, clock, duration, span
from sensors.catalogue import HAZARD, METRICS, TO_LIMIT
from sensors.water.outlook import FAR_H

GRADE_WORDS = {
    "red": ("红色", "red"),
    "orange": ("橙色", "orange"),
    "yellow": ("黄色", "yellow"),
    "blue": ("蓝色", "blue"),
}
KIND_WORDS = {
    "raised": ("触发", "raised"),
    "announced": ("触发", "raised"),
    "stepped_up": ("升级", "stepped up"),
    "stepped_down": ("降级", "stepped down"),
    "ended": ("解除", "ended"),
    "acknowledged": ("已确认", "acknowledged"),
    "handed_over": ("已移交", "handed over"),
}
# Anything but live data says so before all else.
ORIGIN_WORDS = {
    "recorded": ("【回放】", "[RECORDED] "),
    "simulated": ("【模拟】", "[SIMULATED] "),
    "exercise": ("【演练】", "[EXERCISE] "),
}

Params = Mapping[str, Any]


def say(reason: Reason) -> dict[str, str]:
    """{"zh": ..., "en": ...}. What cannot be worded is shown as it is: it never hides an alert."""
    try:
        zh, en = SENTENCES[reason.code](reason.params)
    except (KeyError, TypeError, ValueError):
        zh = en = json.dumps(reason.to_json(), ensure_ascii=False)
    return {"zh": zh, "en": en}


def limit_period_s(reason: Reason) -> int | None:
    """The time of the mean that the limit is for, s; None where it is for each reading.

    Rules compare reading by reading: a screen that shows one beside such a limit must say so.
    """
    found = reason.params.get("mean_over_s")
    return found if isinstance(found, int) else None


def amount(metric: str, value: float | None) -> str:
    """A value with the metric's decimals and unit; an unknown one is a dash, never 0."""
    known = METRICS[metric]
    if value is None:
        return "—"
    return f"{value:.{known.digits}f} {known.unit}".rstrip()


def _what(p: Params) -> Pair:
    """What the value is: the metric, or its mean."""
    metric = METRICS[p["metric"]]
    if not p.get("averaged_s"):
        return metric.zh, metric.en
    zh, en = span(p["averaged_s"])
    return f"{metric.zh} {zh}均值", f"{metric.en} {en} mean"


def _figure(p: Params, value: float | None) -> str:
    """A value as the limits have it: a rate's is per hour, and to one decimal more."""
    metric = METRICS[p["metric"]]
    if value is None:
        return "—"
    if p.get("over_s") is None:
        return amount(metric.code, value)
    return f"{value:.{metric.digits + 1}f} {metric.unit}/h".replace("°C/h", "K/h")


def _rate(p: Params) -> Pair:
    """Rises or falls faster than it may."""
    metric = METRICS[p["metric"]]
    up, (zh_over, en_over) = p["value"] > 0, span(p["over_s"])
    value, limit = _figure(p, abs(p["value"])), _figure(p, abs(p["limit"]))
    zh = f"{metric.zh}{'上升' if up else '下降'} {value}，超过 {limit}（{zh_over}内）"
    en = f"{metric.en} {'rises' if up else 'falls'} by {value}, more than {limit}, over {en_over}"
    return _with_quality(p, zh, en)


def _deviation(p: Params) -> Pair:
    """Far from what is usual there in that month, or from the stations around."""
    metric, up = METRICS[p["metric"]], p["value"] > 0
    value, limit = amount(metric.code, abs(p["value"])), amount(metric.code, abs(p["limit"]))
    zh_from, en_from = _from_what(p)
    zh = f"{metric.zh}比{zh_from}{'高' if up else '低'} {value}，超过 {limit}"
    en = f"{metric.en} {value} {'above' if up else 'below'} {en_from}, more than {limit}"
    return _with_quality(p, zh, en)


def _from_what(p: Params) -> Pair:
    if p["usual"] != "neighbours":
        return "当月常值", "the usual of the month"
    count, digits = len(p["neighbours"]), METRICS[p["metric"]].digits
    middle = f"{p['median']:.{digits}f}"
    return f"周边 {count} 站中位值 {middle} ", f"the median {middle} of {count} stations around"


def _calmer(p: Params, *, safely: bool) -> Pair:
    """Of a rate or a deviation that is back, or not safely so."""
    metric = METRICS[p["metric"]]
    value, limit = (
        _figure(p, p["value"]),
        _figure(p, abs(p["limit"]) if p["limit"] is not None else None),
    )
    zh_what, en_what = ("变化率", "rate") if p.get("over_s") else ("偏差", "deviation")
    zh_back, en_back = (
        ("已回到", "back within") if safely else ("尚未稳定回到", "not yet safely within")
    )
    return _with_quality(
        p,
        f"{metric.zh}{zh_what} {value}，{zh_back} {limit} 以内",
        f"{metric.en} {en_what} {value}, {en_back} {limit}",
    )


def _ahead(hours: float | None) -> Pair:
    """How far ahead the next limit is; None and FAR_H are never spoken as hours."""
    if hours is None or hours >= FAR_H:
        return "下一限值已不在预见范围内", "the next limit is no longer in sight"
    zh, en = duration(hours * 3600)
    return (
        f"按目前涨速，约 {zh}后到达下一限值",
        f"at the present rate the next limit is reached in about {en}",
    )


def _soon(p: Params) -> Pair:
    (zh, en), (zh_limit, en_limit) = _ahead(p["value"]), duration(p["limit"] * 3600)
    return _with_quality(p, f"{zh}（少于 {zh_limit}）", f"{en} (less than {en_limit})")


def _beyond(zh_word: str, en_word: str) -> Callable[[Params], Pair]:
    def sentence(p: Params) -> Pair:
        if p["metric"] == TO_LIMIT:
            return _soon(p)
        if p["metric"] == HAZARD:
            return _hazard(p)
        metric, (zh_what, en_what) = METRICS[p["metric"]], _what(p)
        value, limit = amount(metric.code, p["value"]), amount(metric.code, p["limit"])
        named_zh, named_en = _named(p)
        zh = f"{zh_what} {value} {zh_word}{named_zh} {limit}"
        en = f"{en_what} {value} {en_word} {named_en}{limit}"
        if p.get("held_s"):
            held_zh, held_en = duration(p["held_s"])
            zh, en = f"{zh}，已持续 {held_zh}", f"{en} for {held_en}"
        return _with_quality(p, zh, en)

    return sentence


def _not_cleared(p: Params) -> Pair:
    """Behind the limit again, but within the dead-band, or not for long enough."""
    if p["metric"] == TO_LIMIT:
        return _with_quality(p, *_ahead(p["value"]))
    if p["metric"] == HAZARD:
        return _hazard(p)
    if p.get("over_s") or p.get("usual"):
        return _calmer(p, safely=False)
    metric, (zh_what, en_what) = METRICS[p["metric"]], _what(p)
    value, limit = amount(metric.code, p["value"]), amount(metric.code, p["limit"])
    named_zh, named_en = _named(p)
    zh = f"{zh_what} {value}，尚未稳定回到{named_zh} {limit} 的安全一侧"
    en = f"{en_what} {value}, not yet safely back behind {named_en}{limit}"
    return _with_quality(p, zh, en)


def _hazard(p: Params) -> Pair:
    """GB 18218 from what the tanks hold now; 5 is no major hazard."""
    if p["value"] is None:
        return (
            "按现存量无法评定重大危险源等级",
            "the major hazard grade by what is there is unknown",
        )
    if p["value"] >= 5:
        zh, en = "按现存量不构成重大危险源", "by what is there now, no major hazard"
        return _with_quality(p, zh, en)
    grade = int(p["value"])
    zh = f"按现存量达到{'一二三四'[grade - 1]}级重大危险源"
    return _with_quality(p, zh, f"by what is there now, a major hazard of grade {grade}")


def _named(p: Params) -> Pair:
    """The limit's name as it stands before its value; empty where it has none."""
    zh = p.get("limit_zh") or ""
    apart = " " if zh[:1].isascii() and zh else ""  # Latin letters among Chinese: 高于 AEGL-2
    return apart + zh, f"{p['limit_en']} " if p.get("limit_en") else ""


def _with_quality(p: Params, zh: str, en: str) -> Pair:
    if p.get("off_scale"):
        return (
            f"{zh}（超出仪器量程：可能极高，也可能是仪器故障）",
            f"{en} (beyond the instrument's range: very high, or a broken instrument)",
        )
    if p.get("quality") == "suspect":
        return f"{zh}（数据可疑）", f"{en} (suspect reading)"
    return zh, en


def _returned(p: Params) -> Pair:
    if p["metric"] == TO_LIMIT:
        return _with_quality(p, *_ahead(p["value"]))
    if p["metric"] == HAZARD:
        return _hazard(p)
    metric, (zh_what, en_what) = METRICS[p["metric"]], _what(p)
    value = _figure(p, p["value"])
    if p.get("limit") is None:
        return f"{zh_what} {value}，限值已失效", f"{en_what} {value}, limit not in force now"
    if p.get("over_s") or p.get("usual"):
        return _calmer(p, safely=True)
    limit = amount(metric.code, p["limit"])
    zh_side, en_side = ("以下", "below") if p.get("when") == "above" else ("以上", "above")
    named_zh, named_en = _named(p)
    return _with_quality(
        p,
        f"{zh_what} {value}，已回到{named_zh} {limit} {zh_side}",
        f"{en_what} {value}, back {en_side} {named_en}{limit}",
    )


def _members(p: Params) -> Pair:
    """Who is on, each with its value; the first four of many."""
    named, more = p["on"][:4], len(p["on"]) > 4
    figures = [
        (one["station"], METRICS[one["metric"]], _figure(one, one["value"])) for one in named
    ]
    zh = "、".join(f"{station} {metric.zh} {value}" for station, metric, value in figures)
    en = ", ".join(f"{station} {metric.en} {value}" for station, metric, value in figures)
    return (f"{zh} 等", f"{en}, …") if more else (zh, en)


def _group(p: Params) -> Pair:
    (zh_on, en_on), of, count = _members(p), p["of"], p["count"]
    if p["how"] == "at_least":
        zh, en = f"{of} 个传感器中有 {count} 个越限", f"{count} of {of} sensors beyond"
    elif p["how"] == "all":
        zh, en = f"{of} 项条件同时满足", f"all {of} conditions are met"
    else:
        zh, en = f"{of} 项条件中满足 {count} 项", f"{count} of {of} conditions met"
    return f"{zh}：{zh_on}", f"{en}: {en_on}"


def _group_back(p: Params) -> Pair:
    of, count = p["of"], p["count"]
    if p["how"] == "at_least":
        return f"{of} 个传感器中只剩 {count} 个越限", f"only {count} of {of} sensors still beyond"
    return f"{of} 项条件中只剩 {count} 项满足", f"only {count} of {of} conditions still met"


def _no_data(p: Params) -> Pair:
    metric = METRICS[p["metric"]]
    zh_for, en_for = duration(p["silent_s"])
    if p.get("never_seen"):
        zh = f"{metric.zh}从未收到数据，已等待 {zh_for}"
        en = f"no {metric.en} data ever received, {en_for} waited"
    else:
        zh, en = f"{metric.zh}已 {zh_for}无有效数据", f"no usable {metric.en} data for {en_for}"
    if p.get("offline_since"):
        since = clock(p["offline_since"])
        return f"{zh}，设备自 {since} 起离线", f"{en}; device offline since {since}"
    return zh, en


def _offline(p: Params) -> Pair:
    zh_for, en_for = duration(p["silent_s"])
    since, hung = clock(p["since"]), list(p.get("stations", ()))
    zh = f"设备 {p['device']} 自 {since} 起离线，已 {zh_for}"
    en = f"device {p['device']} offline since {since}, for {en_for}"
    if hung:
        named, more = ", ".join(hung[:4]), len(hung) > 4
        zh += f"；涉及 {len(hung)} 个站点（{named}{' 等' if more else ''}）"
        en += f"; {len(hung)} station{'s' if len(hung) > 1 else ''}: {named}{', …' if more else ''}"
    return zh, en


def _data_again(p: Params) -> Pair:
    metric = METRICS[p["metric"]]
    value = amount(metric.code, p["value"])
    return f"{metric.zh}数据已恢复：{value}", f"{metric.en} data are back: {value}"


def _found_longer(p: Params) -> Pair:
    began = clock(p["began"])
    if p.get("ended") is None:
        return f"补传数据表明：{began} 已开始", f"late readings show that it began at {began}"
    ended = clock(p["ended"])
    return (
        f"补传数据表明：自 {began} 持续至 {ended}",
        f"late readings show that it lasted from {began} to {ended}",
    )


def _stands(p: Params) -> Pair:
    """Told anew after a mute: why it stands at its grade, and what kept it quiet so far."""
    zh_after, en_after = {
        "shelved": ("搁置结束", "no longer shelved"),
        "suppressed": ("抑制解除", "no longer suppressed"),
        "out_of_service": ("恢复投用", "back in service"),
    }[p["after"]]
    why = say(Reason.from_json(p["why"]))
    return f"{why['zh']}（{zh_after}，仍未恢复）", f"{why['en']} ({en_after}, and it still stands)"


SENTENCES: dict[str, Callable[[Params], Pair]] = {
    "above": _beyond("高于", "above"),
    "below": _beyond("低于", "below"),
    "rate": _rate,
    "deviation": _deviation,
    "not_cleared": _not_cleared,
    "returned": _returned,
    "group": _group,
    "group_back": _group_back,
    "no_data": _no_data,
    "data_again": _data_again,
    "offline": _offline,
    "online": lambda p: (f"设备 {p['device']} 已上线", f"device {p['device']} is online again"),
    "found_longer": _found_longer,
    "judged_as_it_came": lambda _: (
        "其后的读数已按时判定",
        "the readings that follow were judged as they came",
    ),
    "withdrawn": lambda p: (
        ("规则已改为另一种条件", "the rule was changed and asks something else now")
        if p.get("edited")
        else ("规则已不再适用于此处", "the rule no longer applies here")
    ),
    "acknowledged": lambda p: (f"{p['who']} 已确认", f"acknowledged by {p['who']}"),
    "stands": _stands,
    **words.SENTENCES,
    **house_words.SENTENCES,
}
