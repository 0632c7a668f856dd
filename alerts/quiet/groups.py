"""Which alerts belong together: one place, one cause, near in time. Pure.

An alert is put into its group when it is raised, and stays there: a group's identity is the alert
that founded it, whatever becomes of its members. Causes:

gas       gas sensors around one plant, as a footprint takes them for one leak; else of one station
silence   what hangs on one device; else on one station: a dead gateway is one cause
air       the same pollutant anywhere in the district: haze knows no station
others    the same kind of measurement at one station
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from alerts.alert import Alert, Names
from alerts.grade import GRADES, RANK
from alerts.times import rfc3339
from gis.incident import GAS_METRICS

WITHIN = timedelta(minutes=30)
SILENCE = ("no_data", "offline")


@dataclass(frozen=True, slots=True)
class Where:
    """Of a series: its station, the plant that it watches, the device that it hangs on."""

    station: str
    kind: str
    metric: str
    plant: str | None = None
    device: str | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """place: code of a plant, device or station; empty: the district."""

    cause: str
    place: str
    what: str = ""

    @property
    def key(self) -> str:
        return f"{self.cause}:{self.place}:{self.what}"


@dataclass(frozen=True, slots=True)
class Newcomer:
    alert_id: str
    cause: Cause
    raised_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """A group that somebody may join. newest_at: when its newest member was raised."""

    group_id: str
    key: str
    newest_at: datetime


@dataclass(frozen=True, slots=True)
class Group:
    """Open alerts that belong together, the gravest first. what: labels and how many of each."""

    id: str
    cause: str
    place: str
    grade: str
    waiting: int
    what: tuple[tuple[Names, int], ...]
    began_at: datetime
    newest_at: datetime
    alerts: tuple[Alert, ...]


def cause_of(when: str, where: Where) -> Cause:
    if when in SILENCE:
        return Cause("silence", where.device or where.station)
    if where.metric in GAS_METRICS:
        return Cause("gas", where.plant or where.station)
    if where.kind == "air":
        return Cause("air", "", where.metric)
    return Cause(where.kind, where.station)


def joined(newcomers: Iterable[Newcomer], standing: Iterable[Standing]) -> dict[str, str]:
    """Alert -> group. Each joins the group of its key whose newest member was raised nearest to it,
    at most `WITHIN` away; else it founds one that has its own id."""
    known: dict[str, dict[str, datetime]] = {}
    for one in standing:
        known.setdefault(one.key, {})[one.group_id] = one.newest_at
    found: dict[str, str] = {}
    for each in sorted(newcomers, key=lambda one: (one.raised_at, one.alert_id)):
        groups = known.setdefault(each.cause.key, {})
        near = {group: abs(at - each.raised_at) for group, at in groups.items()}
        group = min(near, key=lambda one: (near[one], one), default=None)
        if group is None or near[group] > WITHIN:
            group = each.alert_id
        groups[group] = max(each.raised_at, groups.get(group, each.raised_at))
        found[each.alert_id] = group
    return found


def groups_of(alerts: Iterable[Alert]) -> list[Group]:
    """Open alerts by group, the gravest groups first, among equals the newest. One that was put
    into no group is one by itself."""
    members: dict[str, list[Alert]] = {}
    for alert in alerts:
        members.setdefault((alert.grouping or {}).get("id", alert.id), []).append(alert)
    found = [_group(group_id, some) for group_id, some in members.items()]
    newest_first = sorted(found, key=lambda one: (one.newest_at, one.id), reverse=True)
    return sorted(newest_first, key=lambda one: -RANK[one.grade])


def headline(group: Group) -> dict[str, str]:
    """How many of what: `3 alerts: Ammonia leak ×2, Flammable gas`."""
    count = len(group.alerts)

    def said(lang: str, joint: str) -> str:
        return joint.join(
            f"{getattr(names, lang)} ×{n}" if n > 1 else str(getattr(names, lang))
            for names, n in group.what
        )

    plural = "alerts" if count != 1 else "alert"
    return {
        "zh": f"{count} 条告警：{said('zh', '，')}",
        "en": f"{count} {plural}: {said('en', ', ')}",
    }


def to_json(group: Group) -> dict[str, Any]:
    return {
        "id": group.id,
        "cause": group.cause,
        "place": group.place,
        "grade": group.grade,
        "count": len(group.alerts),
        "waiting": group.waiting,
        "grades": {grade: sum(a.grade == grade for a in group.alerts) for grade in GRADES},
        "headline": headline(group),
        "began_at": rfc3339(group.began_at),
        "newest_at": rfc3339(group.newest_at),
        "alerts": [alert.id for alert in group.alerts],
    }


def _group(group_id: str, some: Sequence[Alert]) -> Group:
    ordered = sorted(some, key=lambda one: (-RANK[one.grade], one.raised_at, one.id))
    grouping: Mapping[str, str] = ordered[0].grouping or {}
    counted = Counter(alert.label for alert in ordered)
    return Group(
        id=group_id,
        cause=grouping.get("cause", ""),
        place=grouping.get("place", ordered[0].station or ""),
        grade=ordered[0].grade,
        waiting=sum(alert.acknowledged_at is None for alert in some),
        what=tuple(sorted(counted.items(), key=lambda pair: (-pair[1], pair[0].en))),
        began_at=min(alert.began_at for alert in some),
        newest_at=max(alert.raised_at for alert in some),
        alerts=tuple(ordered),
    )
