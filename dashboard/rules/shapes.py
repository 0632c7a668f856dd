"""Rules, their versions and back-tests as the API says them. Pure, but for what `listed` reads."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.backtest.run import Episode
from alerts.backtest.store import BackTest
from alerts.rule import Place, covers
from alerts.rule_history import Difference, RuleVersion, differences
from alerts.rule_settings import SYSTEM, RuleSettings
from config import Mistake, validated
from dashboard.rules.problems import said
from dashboard.shapes import iso

MOST_EPISODES = 500


@dataclass(frozen=True, slots=True)
class Standing:
    """What goes with the rules: the series, what the file says, open alerts by code."""

    places: Sequence[Place]
    file: Mapping[str, Mapping[str, Any]]
    alerts: Mapping[str, int]


def rule_json(one: RuleVersion, standing: Standing) -> dict[str, Any]:
    """A rule by its newest version. state: in_force, retired, unreadable, built_in."""
    found = None if one.code.startswith(SYSTEM) else validated(RuleSettings, one.definition)
    rule = found if isinstance(found, RuleSettings) else None
    problems = [str(mistake) for mistake in found] if isinstance(found, list) else []
    return {
        **version_json(one),
        "state": _state(one, rule, problems),
        "problems": problems,
        "drift": _drift(one, standing.file.get(one.code)),
        "open_alerts": standing.alerts.get(one.code, 0),
        "covers": covered(rule, standing.places) if rule else None,
    }


def version_json(one: RuleVersion) -> dict[str, Any]:
    return {
        "code": one.code,
        "version": one.version,
        "author": one.author,
        "reason": one.reason,
        "created_at": iso(one.created_at),
        "retired_at": iso(one.retired_at),
        "definition": one.definition,
    }


def history_json(some: Sequence[RuleVersion]) -> list[dict[str, Any]]:
    """The newest first, each with what differs from the one before."""
    before = [*some[1:], None]
    return [
        version_json(one) | {"changes": changes_json(old.definition if old else {}, one.definition)}
        for one, old in zip(some, before, strict=True)
    ]


def changes_json(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [_change(one) for one in differences(before, after)]


def covered(rule: RuleSettings, places: Iterable[Place]) -> dict[str, Any]:
    """series: how many; stations: their codes. Of a composite rule: of all its conditions."""
    conditions = rule.of or (rule,)
    if rule.when == "offline":
        every = rule.kind is None and not rule.stations  # then it is about all devices
        found = [p for p in places if every or p.kind == rule.kind or p.station in rule.stations]
    else:
        found = [place for place in places if any(covers(one, place) for one in conditions)]
    return {"series": len(found), "stations": sorted({place.station for place in found})}


def mistakes_json(mistakes: Iterable[Mistake], above: str = "") -> list[dict[str, Any]]:
    """field: where in the definition, `grades.orange`; empty for the rule as a whole."""
    return [
        {
            "field": _dotted(one.where),
            "where": _dotted((above, *one.where)),
            "problem": one.problem,
            "text": said(one.problem),
        }
        for one in mistakes
    ]


def back_test_json(found: BackTest) -> dict[str, Any]:
    summary = found.summary
    return {
        "rule": found.code,
        "from": iso(found.since),
        "to": iso(found.until),
        "series": found.series,
        "readings": found.readings,
        "judged": found.judged,
        "seconds": round(found.seconds, 3),
        "alerts": summary.alerts,
        "by_bad_data": summary.by_bad_data,
        "by_grade": summary.by_grade,
        "by_station": summary.by_station,
        "by_month": summary.by_month,
        "in_alarm_s": summary.in_alarm.total_seconds(),
        "chatter": summary.chatter,
        "open_at_end": summary.open_at_end,
        "longest": summary.longest and _episode(summary.longest),
        "first": summary.first and _episode(summary.first),
        "last": summary.last and _episode(summary.last),
        "really": {
            "alerts": summary.really.alerts,
            "both": summary.really.both,
            "only_back_tested": summary.really.only_back_tested,
            "missed": summary.really.missed,
        },
        "episodes": [_episode(one) for one in found.episodes[:MOST_EPISODES]],
        "left_out": max(0, len(found.episodes) - MOST_EPISODES),
    }


def _state(one: RuleVersion, rule: RuleSettings | None, problems: Sequence[str]) -> str:
    if one.retired_at:
        return "retired"
    if problems:
        return "unreadable"
    return "in_force" if rule else "built_in"


def _drift(one: RuleVersion, file: Mapping[str, Any] | None) -> list[dict[str, Any]] | None:
    """What differs from config.yaml as it was last read; None where the file has no such rule."""
    return None if file is None else changes_json(file, one.definition)


def _change(one: Difference) -> dict[str, Any]:
    return {"field": one.field, "before": one.before, "after": one.after}


def _dotted(parts: Iterable[str | int]) -> str:
    return ".".join(str(part) for part in parts if part != "")


def _episode(one: Episode) -> dict[str, Any]:
    return {
        "station": one.station,
        "subject": one.subject,
        "grade": one.peak_grade,
        "began_at": iso(one.began_at),
        "raised_at": iso(one.raised_at),
        "ended_at": iso(one.ended_at),
        "length_s": _length_s(one.began_at, one.ended_at),
        "peak": one.peak,
        "limit": one.limit,
        "bad_data": one.by_bad_data,
    }


def _length_s(began: datetime, ended: datetime | None) -> float | None:
    return (ended - began).total_seconds() if ended else None
