"""The flash flood of June 2018 at a gauge made a reservoir; `python -m tests.ingest.flash_flood`.

Prints how long before each crossing of a limit the rule LEVEL-SOON of config.yaml warned, and how
often it warned in vain in that month: the same functions as on site, without servers.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import config
from alerts.engine import retrace
from alerts.rule import Place, watch
from alerts.rule_settings import RuleSettings
from alerts.settings import AlertsSettings
from sensors.catalogue import TO_LIMIT
from sensors.reading import Quality, Reading
from sensors.water.foresee import Reservoir, foresee, reach_back
from sensors.water.outlook import stored_hours
from tests.sensors.floods import DEAD_RUN, dead_run

INTERVAL_S = 300
PEAK = datetime(2018, 6, 3, 22, 0, tzinfo=UTC)  # 6.17 ft
JUNE = (datetime(2018, 6, 1, tzinfo=UTC), datetime(2018, 7, 2, 12, tzinfo=UTC))
# A warning was not in vain if a limit was crossed until this after it ended.
_AFTER = timedelta(hours=6)
# A curve of our own: the pool of a small dam. It makes the derived inflow visible, no more.
CURVE = [[0.0, 0], [0.6, 90_000], [1.0, 210_000], [1.4, 380_000], [1.8, 600_000], [2.5, 1_150_000]]
STATION: dict[str, Any] = {
    "code": "R-09",
    "kind": "reservoir",
    "zh": "死溪（示例）",
    "en": "Dead Run (sample)",
    "lon": 121.8,
    "lat": 29.9,
    "department": "water",
    "interval_s": INTERVAL_S,
    "metrics": [{"metric": "level_m", "low": -1, "high": 9}],
    "limits": [
        {
            "metric": "level_m",
            "name": name,
            "value": value,
            "unit": "m",
            "zh": name,
            "en": name,
            "source": "chosen for this test",
        }
        for name, value in DEAD_RUN.items()
    ],
    "curve": {"points": CURVE, "source": "made up for this test"},
}


@dataclass(frozen=True, slots=True)
class Warned:
    """One alert of LEVEL-SOON, from raised to ended."""

    raised: datetime
    ended: datetime
    grade: str


@cache
def level_soon() -> RuleSettings:
    rules = config.load().section(AlertsSettings).rules
    return next(rule for rule in rules if rule.code == "LEVEL-SOON")


@cache
def figures(since: datetime, until: datetime) -> tuple[Reading, ...]:
    """to_limit_h beside each level of that time, as ingest computes it."""
    levels, place = dead_run(), Reservoir(INTERVAL_S, DEAD_RUN)
    back, first, found = reach_back(INTERVAL_S), 0, []
    for i, newest in enumerate(levels):
        if not since <= newest.at <= until:
            continue
        while levels[first].at <= newest.at - back:
            first += 1
        hours = stored_hours(foresee(levels[first : i + 1], [], place, newest.at).outlook)
        quality = Quality.MISSING if hours is None else Quality.GOOD
        found.append(Reading(1, "R-09", TO_LIMIT, newest.at, newest.at, hours, quality))
    return tuple(found)


def warnings(within: tuple[datetime, datetime] = JUNE) -> list[Warned]:
    laid = watch(1, 1, level_soon(), Place(1, "R-09", "reservoir", TO_LIMIT, INTERVAL_S))
    assert laid is not None
    numbers = itertools.count(1)
    _, steps = retrace(laid, figures(*within), lambda _: f"a{next(numbers)}")
    found: dict[str, Warned] = {}
    for step in steps:
        begun = found.get(step.alert_id)
        raised = begun.raised if begun else step.at
        worst = step.alert.peak_grade if step.alert else step.grade
        found[step.alert_id] = Warned(raised, step.at, worst)
    return list(found.values())


def crossings(limit_m: float) -> list[datetime]:
    """When the water came from below to `limit_m`, at least an hour after it last stood above."""
    found: list[datetime] = []
    last_above: datetime | None = None
    for one in dead_run():
        if (one.value or 0) >= limit_m:
            if last_above is None or one.at - last_above > timedelta(hours=1):
                found.append(one.at)
            last_above = one.at
    return found


def lead(crossed: datetime, known: Sequence[Warned]) -> timedelta | None:
    """How long before a crossing the warning was raised that stood then; None: not warned."""
    of = [one for one in known if one.raised < crossed <= one.ended]
    return crossed - of[-1].raised if of else None


def in_vain(known: Sequence[Warned]) -> list[Warned]:
    """Warnings that no crossing of any limit followed."""
    every = [at for limit_m in DEAD_RUN.values() for at in crossings(limit_m)]
    return [one for one in known if not any(one.raised < at <= one.ended + _AFTER for at in every)]


def main() -> None:
    known = warnings()
    for name, limit_m in DEAD_RUN.items():
        for crossed in crossings(limit_m):
            before = lead(crossed, known)
            said = "not warned" if before is None else f"warned {_minutes(before)} min before"
            print(f"{name:13s} {limit_m:.1f} m crossed {crossed:%m-%d %H:%M}: {said}")
    first = next(one for one in known if one.raised.date() == date(2018, 6, 3))
    print(f"peak of 3 June, 1.88 m: warned {_minutes(PEAK - first.raised)} min before")
    vain = in_vain(known)
    print(f"{len(known)} warnings in the month, {len(vain)} in vain:")
    for one in vain:
        top = max(x.value or 0 for x in dead_run() if one.raised <= x.at <= one.ended + _AFTER)
        print(f"  {one.raised:%m-%d %H:%M} to {one.ended:%H:%M} {one.grade}: {top:.2f} m at most")


def _minutes(span: timedelta) -> int:
    return round(span.total_seconds() / 60)


if __name__ == "__main__":
    main()
