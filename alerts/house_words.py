"""What is said of our own troubles: ingest, judging, telling, duty. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from alerts.times import Pair, clock, duration

Params = Mapping[str, Any]


def _ingest_silent(p: Params) -> Pair:
    if p.get("silent_s") is None:
        return "采集进程从未报告心跳", "the ingest process has never reported a heartbeat"
    zh, en = duration(p["silent_s"])
    return f"采集进程已 {zh}无心跳", f"no heartbeat from the ingest process for {en}"


def _ingest_disconnected(p: Params) -> Pair:
    zh, en = duration(p["silent_s"])
    return f"采集进程与消息服务器断开已 {zh}", f"ingest cut off from the broker for {en}"


def _canary_silent(p: Params) -> Pair:
    zh, en = duration(p["silent_s"])
    return (
        f"探测消息已 {zh}未走完采集全程，其他数据可能同样未入库",
        f"no canary has come the whole way for {en}: other data may be stuck as well",
    )


def _telling_fails(p: Params) -> Pair:
    zh = "；".join(f"{x['name']} 自 {clock(x['since'])} 起：{x['why']}" for x in p["troubles"])
    en = "; ".join(f"{x['name']} since {clock(x['since'])}: {x['why']}" for x in p["troubles"])
    return f"告警发不出去：{zh}", f"messages do not arrive: {en}"


def _unjudged(p: Params) -> Pair:
    zh, en = [], []
    for one in p["troubles"]:
        kind, _, rule = one["name"].rpartition("/")
        since, why = clock(one["since"]), one["why"]
        if kind:
            zh.append(f"规则 {rule} 本程序无法读取，自 {since} 起不起作用")
            en.append(f"rule {rule} cannot be read by this program: no effect since {since}")
        else:
            zh.append(f"{rule} 的读数自 {since} 起未经判定（{why}）")
            en.append(f"readings of {rule} are not judged since {since} ({why})")
    return "；".join(zh), "; ".join(en)


def _nobody_on_duty(p: Params) -> Pair:
    names = [(x["why"].split("|"), clock(x["since"])) for x in p["troubles"]]
    zh = "；".join(f"{name[0]} 自 {since} 起" for name, since in names)
    en = "; ".join(f"{name[1]} from {since}" for name, since in names)
    return f"无人值班：{zh}", f"nobody is on duty: {en}"


SENTENCES: dict[str, Callable[[Params], Pair]] = {
    "ingest_silent": _ingest_silent,
    "ingest_disconnected": _ingest_disconnected,
    "canary_silent": _canary_silent,
    "unjudged": _unjudged,
    "judged_again": lambda p: (
        f"{p['name'].rpartition('/')[2]} 已恢复判定，或已撤除",
        f"{p['name'].rpartition('/')[2]} is judged again, or is gone",
    ),
    "telling_fails": _telling_fails,
    "telling_works": lambda p: (
        f"{p['name']} 已恢复，或已撤除",
        f"{p['name']} takes messages again, or is gone",
    ),
    "nobody_on_duty": _nobody_on_duty,
    "somebody_on_duty": lambda p: (
        f"{p['name']} 已排班，或不再要求值班",
        f"{p['name']} has somebody on duty again, or needs nobody",
    ),
    "ingest_back": lambda _: ("采集进程已恢复", "the ingest process is back"),
}
