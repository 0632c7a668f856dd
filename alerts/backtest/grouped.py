"""A composite rule over the past: the moves of its members, put together by the live code. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from alerts.backtest.run import Episode, Run, episode_of, numbering
from alerts.group import Group, judge_groups
from alerts.state import Judgement, Move, Transition


def grouped(group: Group, members: Iterable[Run], until: datetime) -> list[Episode]:
    """The alerts that there would have been at this place. As if all readings had come in time.

    From bad data is one for which every reading that put a condition on was bad.
    """
    moves = [each for run in members for each in run.moves]
    judged = Judgement(moves=[move for move, _ in moves])
    of = {member.key: group for member in group.members.values()}
    found = judge_groups(of, judged, {}, until, numbering())
    by_alert: dict[str, list[Transition]] = {}
    for step in found.transitions:
        by_alert.setdefault(step.alert_id, []).append(step)
    state = found.states.get(group.key)
    peak = state.peak if state else None
    some = sorted(by_alert.values(), key=lambda steps: steps[0].alert.began_at)
    return [
        episode_of(group.watch, steps, peak, by_bad_data=bad)
        for steps, bad in zip(some, _bad(moves, some, until), strict=True)
    ]


def _bad(
    moves: Iterable[tuple[Move, bool]], alerts: Iterable[Sequence[Transition]], until: datetime
) -> Iterator[bool]:
    """Of each alert, the earlier before the later: of the members that were on in its time, by the
    reading that put them on last. One pass: of the moves before it only who is on is kept."""
    moves = sorted(moves, key=lambda each: each[0].reading.observed_at)
    times = [move.reading.observed_at for move, _ in moves]
    standing: dict[object, bool] = {}
    at = 0
    for steps in alerts:
        end = steps[-1].at if steps[-1].kind == "ended" else until
        first, last = bisect_left(times, steps[0].alert.began_at), bisect_right(times, end)
        for move, bad in moves[at:first]:
            if move.on:
                standing[move.key] = bad
            else:
                standing.pop(move.key, None)
        at = first
        on = standing | {move.key: bad for move, bad in moves[first:last] if move.on}
        yield bool(on) and all(on.values())
