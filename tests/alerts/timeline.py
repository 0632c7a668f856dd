"""A little language: rules tested as timelines. Minutes from NOON; a reading is due each minute.

assert life(rule(on_delay_s=120), at(0, 99), at(1, 101), at(2, 101), at(3, 102)) == [
    "raised blue at 3"]
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from alerts.engine import asks_around, asks_past, judge
from alerts.neighbours import Around
from alerts.rule import Limit, Place, Watch, by_series, watch
from alerts.rule_settings import RuleSettings
from alerts.state import Judgement, State
from sensors.reading import Quality, Reading

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
PLACE = Place(
    1,
    "R-01",
    "reservoir",
    "level_m",
    60,
    department="water",
    public=True,
    limits={"flood_limit": (Limit(100.0, "汛限", "flood limit"),)},
)


def minute(number: float) -> datetime:
    return NOON + timedelta(minutes=number)


def at(
    when: float,
    level: float | None,
    quality: Quality = Quality.GOOD,
    *,
    series_id: int = 1,
    arrived: float | None = None,
) -> Reading:
    if level is None:
        quality |= Quality.MISSING
    moment = minute(when)
    received = moment if arrived is None else minute(arrived)
    return Reading(series_id, "R-01", "level_m", moment, received, level, quality)


def rule(**changes: Any) -> RuleSettings:
    """Above 100 m is blue, above 110 red; no dead-band, no delay, unless changed."""
    said: dict[str, Any] = {
        "code": "LEVEL",
        "label": {"zh": "超汛限", "en": "Above flood limit"},
        "metric": "level_m",
        "kind": "reservoir",
        "when": "above",
        "unit": "m",
        "grades": {"blue": 100, "red": 110},
        **changes,
    }
    return RuleSettings.model_validate({k: v for k, v in said.items() if v is not None})


def absence(**changes: Any) -> RuleSettings:
    """No data for 15 minutes is yellow."""
    said = {"when": "no_data", "grades": None, "unit": None, "grade": "yellow", "patience_s": 900}
    return rule(**(said | changes))


def watch_of(settings: RuleSettings, place: Place = PLACE) -> Watch:
    found = watch(1, 1, settings, place)
    assert found
    return found


def counting() -> Callable[[datetime], str]:
    numbers = count(1)
    return lambda _: f"A{next(numbers)}"


class Desk:
    """A rule at work: batches go in, what happened is kept. stored: what was judged so far."""

    def __init__(
        self, settings: RuleSettings, place: Place = PLACE, *, watch: Watch | None = None
    ) -> None:
        self.watch = watch or watch_of(settings, place)
        self.states: dict[tuple[int, str], State] = {}
        self.stored: list[Reading] = []
        self.happened: list[Any] = []
        self._new_id = counting()

    def batch(self, *readings: Reading, now: float | None = None) -> Judgement:
        """Judge one batch; now, in minutes: else the arrival of its last reading."""
        moment = max(r.received_at for r in readings) if now is None else minute(now)
        watches = by_series([self.watch])
        past = {
            series_id: [r for r in self.stored if since <= r.observed_at < until]
            for series_id, (since, until) in asks_past(watches, self.states, readings).items()
        }
        asked = asks_around(watches, readings)
        near = {series_id for series_id, _, _ in asked}
        around = Around.of(
            [
                *(r for r in self.stored if any(_in(r, *span) for span in asked)),
                *(r for r in readings if r.series_id in near),
            ]
        )
        judged = judge(watches, self.states, readings, moment, self._new_id, past, around)
        self.stored = sorted([*self.stored, *readings], key=lambda r: r.observed_at)
        self.states.update(judged.states)
        self.happened += judged.transitions
        return judged

    @property
    def state(self) -> State:
        return self.states[self.watch.key]

    @property
    def told(self) -> list[str]:
        return [words(step) for step in self.happened if step.page]

    @property
    def life(self) -> list[str]:
        return [words(step) for step in self.happened]


def _in(reading: Reading, series_id: int, since: datetime, until: datetime) -> bool:
    return reading.series_id == series_id and since <= reading.observed_at < until


def words(step: Any) -> str:
    after = (step.at - NOON).total_seconds() / 60
    return f"{step.kind} {step.grade} at {after:g}"


def life(settings: RuleSettings, *readings: Reading, place: Place = PLACE) -> list[str]:
    """What happens when readings come one by one, as they are made."""
    desk = Desk(settings, place)
    for reading in readings:
        desk.batch(reading)
    return desk.life
