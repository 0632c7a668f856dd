"""A realistic reason of every code: of the engine where it makes one, else as it is written."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from alerts.afterwards import episodes
from alerts.built_in import DUTY, JUDGE, TELLING
from alerts.life.suppression import ENDING, Suppression
from alerts.reason import Reason
from alerts.rule import Watch
from alerts.silence import Heartbeat, Status
from alerts.state import Transition
from alerts.trouble import Trouble, ended, raised
from alerts.withdrawal import withdraw
from tests.alerts import test_composites as composites
from tests.alerts.test_conditions import DEVIATION, KNOWN
from tests.alerts.test_neighbours import NEIGHBOURS, Circle
from tests.alerts.test_silence import Clock, Line, healthy
from tests.alerts.timeline import NOON, Desk, at, counting, minute, rule

SINCE = "2026-11-22T00:12:00Z"


def every_reason() -> dict[str, list[Reason]]:
    """By code, each at least once."""
    found: dict[str, list[Reason]] = defaultdict(list)
    for one in (*_of_readings(), *_of_the_clock(), *_of_our_own(), *_of_people()):
        found[one.code].append(one)
    return dict(found)


def _reasons(steps: Iterable[Transition]) -> Iterator[Reason]:
    return (step.reason for step in steps)


def _of_readings() -> Iterator[Reason]:
    banded = rule(dead_band=5, on_delay_s=60)
    for settings in (
        banded,
        rule(when="below", grades={"blue": 90, "red": 80}, dead_band=5),
        rule(when="rate", window_s=600, direction="either", grades={"blue": 3}),
        rule(mean_over_s=180),
    ):
        desk = Desk(settings)
        for number, level in enumerate([100] * 12 + [115] * 6 + [75] * 12 + [95] * 12):
            desk.batch(at(number, level))
        yield from _reasons(desk.happened)
    desk = Desk(rule(**DEVIATION, direction="either"), KNOWN)
    for number, level in enumerate([35, 50, 65, 50]):
        desk.batch(at(number, level))
    yield from _reasons(desk.happened)
    desk = Circle(rule(**NEIGHBOURS, direction="either"))
    for number, level in enumerate([100, 130, 100, 70, 100]):
        desk.batch(*(at(number - 0.5, 100, series_id=series) for series in range(2, 7)))
        desk.batch(at(number, level))
    yield from _reasons(desk.happened)
    desk = Desk(banded)  # told late, when it is within the dead-band
    desk.batch(at(0, 101), at(1, 101), now=60)
    desk.batch(at(60, 98), now=60)
    yield from _reasons(desk.happened)
    late = [at(number, 101) for number in range(3)]
    for episode in episodes(Desk(banded).watch, late, counting()):
        yield from _reasons(episode)
    for asked in (composites.TWO_OF_THREE, composites.BOTH, composites.BOTH | {"when": "any"}):
        both = composites.Desk(composites.composite(**asked))
        for number, value in enumerate([40, 40, 5, 5]):
            both.batch(*(composites.reading(series, number, value) for series in range(1, 6)))
        yield from _reasons(both.happened)
    for edited in (False, True):
        yield from _reasons(withdraw((1, "x"), _standing().state, NOON, edited=edited).transitions)
    yield Reason("found_longer", {"began": SINCE, "ended": None})
    yield Reason("found_longer", {"began": SINCE, "ended": "2026-11-22T01:12:00Z"})


def _standing() -> Desk:
    desk = Desk(rule())
    desk.batch(at(0, 101))
    return desk


def _of_the_clock() -> Iterator[Reason]:
    heard, never, device = Clock(), Clock(), Line()
    heard.reading(at(0, 5))
    heard.seen = replace(heard.seen, offline_since=minute(1))
    heard.tick(15)
    heard.reading(at(17, 5))
    never.tick(15)
    yield from _reasons(heard.happened + never.happened)
    for status in (Status(False, minute(0)), Status(True, minute(10))):
        device.tick(10, status)
        assert device.last
        yield device.last.reason
    for beat in (
        None,
        healthy(5),
        Heartbeat(minute(20), None, minute(20)),
        replace(healthy(20), proven_at=minute(0)),
    ):
        ingest = Clock()
        ingest.reading(at(19, 5))
        ingest.tick(19.5, beat)
        ingest.tick(20, beat)
        ingest.tick(21)
        yield from _reasons(ingest.happened)


def _of_our_own() -> Iterator[Reason]:
    for code, names, why in (
        (JUDGE, ("R-01", "rule/LEVEL"), "ZeroDivisionError: division by zero"),
        (TELLING, ("mail",), "the server did not answer"),
        (DUTY, ("water",), "水利|Water"),
    ):
        watch = Watch(9, 1, code, "ingest", f"x/{names[0]}", grade="orange")
        for name in names:
            yield raised(watch, Trouble(name, NOON, why), NOON).reason
        yield ended(watch, ("A1", "orange", "orange", NOON, NOON), NOON).reason


def _of_people() -> Iterator[Reason]:
    for kind in ENDING:
        for until in (None, NOON):
            yield Suppression(
                *(1, kind, 1, "R-01/level_m", 1, None, "blue", "A1", NOON, until, "li", "works")
            ).reason
    yield from (Reason(code, {"suppression": 1, "who": "li"}) for code in ENDING.values())
    for why in ("its time is over", "graver"):
        yield Reason("unshelved", {"suppression": 1, "who": None, "why": why})
    yield Reason("in_service", {"suppression": 1, "who": None, "why": "its time is over"})
    yield Reason("released", {"suppression": 1, "who": None, "why": "not hidden any more"})
    above = _standing().happened[0].reason
    yield from (Reason("stands", {"after": kind, "why": above.to_json()}) for kind in ENDING)
    yield Reason("handed_over", {"from": "li", "to": "wang"})
    yield Reason("closed", {"waited_s": 86400})
    yield from (Reason(code, {"who": "li"}) for code in ("acknowledged", "noted", "reset"))
