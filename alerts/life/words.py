"""What is said of the steps of an alert's life that people and designs make. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from alerts.times import Pair, clock, duration

Params = Mapping[str, Any]

# Why a shelf ended by itself.
_ENDS: dict[str, Pair] = {
    "its time is over": ("到期", "its time is over"),
    "graver": ("告警升级", "it became graver"),
}


def _until(p: Params) -> Pair:
    if not p.get("until"):
        return "", ""
    return f"至 {clock(p['until'])}", f" until {clock(p['until'])}"


SENTENCES: dict[str, Callable[[Params], Pair]] = {
    "handed_over": lambda p: (
        f"由 {p['from']} 移交 {p['to']}",
        f"handed over from {p['from']} to {p['to']}",
    ),
    "noted": lambda p: (f"{p['who']} 备注", f"noted by {p['who']}"),
    "reset": lambda p: (f"{p['who']} 已复位", f"reset by {p['who']}"),
    "closed": lambda p: (
        f"恢复后 {duration(p['waited_s'])[0]}无人确认，自动关闭",
        f"over for {duration(p['waited_s'])[1]} and acknowledged by nobody: closed by itself",
    ),
    "shelved": lambda p: (f"{p['who']} 搁置{_until(p)[0]}", f"shelved by {p['who']}{_until(p)[1]}"),
    "unshelved": lambda p: (
        (f"{p['who']} 取消搁置", f"unshelved by {p['who']}")
        if p.get("who")
        else (f"搁置结束：{_ENDS[p['why']][0]}", f"unshelved: {_ENDS[p['why']][1]}")
    ),
    "suppressed": lambda p: (
        f"按设计抑制（{p['who']}）",
        f"suppressed by design ({p['who']})",
    ),
    "released": lambda _: ("抑制解除", "no longer suppressed"),
    "out_of_service": lambda p: (
        f"{p['who']} 停用检修{_until(p)[0]}",
        f"taken out of service by {p['who']}{_until(p)[1]}",
    ),
    "in_service": lambda p: (
        (f"{p['who']} 恢复投用", f"put back into service by {p['who']}")
        if p.get("who")
        else ("检修时间已到，恢复投用", "back in service: the time is over")
    ),
}
