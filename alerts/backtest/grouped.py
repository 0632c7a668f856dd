"""A composite rule over the past: the moves of its members, put together by the live code. Pure."""

from collections.abc import Iterable
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
    return [
        episode_of(group.watch, steps, peak, by_bad_data=_bad(moves, steps, until))
        for steps in by_alert.values()
    ]


def _bad(moves: Iterable[tuple[Move, bool]], steps: list[Transition], until: datetime) -> bool:
    """Of the members that were on in its time, by the reading that put them on last."""
    began = steps[0].alert.began_at
    end = steps[-1].at if steps[-1].kind == "ended" else until
    on: dict[object, bool] = {}
    for move, bad in sorted(moves, key=lambda each: each[0].reading.observed_at):
        at = move.reading.observed_at
        if at > end:
            break
        if move.on:
            on[move.key] = bad
        elif at < began:
            on.pop(move.key, None)
    return bool(on) and all(on.values())
