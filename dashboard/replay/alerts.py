"""Alerts as they stood at a moment, told from the steps of their lives. Pure.

An alert's row is what it is now; its steps say how it came there. `then`: the steps that were
recorded by the moment; `now`: those that happened by the moment, whenever they became known.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from alerts.alert import Alert, Muted, Step
from alerts.grade import RANK
from dashboard.replay.store import Quiet

# The judge's steps but the last: each says anew at which grade the alert stands, and why.
JUDGED = ("raised", "stepped_up", "stepped_down", "announced")


def moment_of(step: Step, *, then: bool) -> datetime:
    """When the step counts from."""
    return step.recorded_at if then else step.at


def as_of(
    alert: Alert, steps: Sequence[Step], at: datetime, quiet: Iterable[Quiet], *, then: bool
) -> Alert | None:
    """The alert at a moment, ended ones too; None: nobody knew of it. steps: all, in their order.

    version counts its steps until then: it grows while time goes on.
    """
    known = [step for step in steps if moment_of(step, then=then) <= at]
    judged = [step for step in known if _judged(step)]
    if not judged:
        return None
    newest, found = judged[-1], _lived(alert, known)
    final = len(known) == len(steps)
    found = replace(
        found,
        version=len(known),
        grade=newest.grade or alert.grade,
        peak_grade=max((step.grade for step in judged if step.grade), key=RANK.__getitem__),
        value=newest.value,
        limit=newest.limit,
        peak_value=alert.peak_value if final else None,
        reason=newest.reason,
        began_at=alert.began_at if final or not _found_longer(steps, known) else steps[0].at,
        announced_at=_by(alert.announced_at, at),
    )
    return replace(found, muted=None if found.state == "ended" else _muted(found, at, quiet))


def _judged(step: Step) -> bool:
    """Whether the alert stands as the step says. What is told when a shelf ends stands as it
    stood before (alerts/life/suppression.py)."""
    return step.kind in JUDGED and step.reason.code != "stands"


def _lived(alert: Alert, known: Iterable[Step]) -> Alert:
    """State, owner and end after these steps, as alerts/ writes them."""
    now = replace(alert, state="active", owner=None, acknowledged_at=None, note=None, ended_at=None)
    for step in known:
        now = _after(now, step)
    return now


def _after(now: Alert, step: Step) -> Alert:
    if step.kind == "stepped_up":  # the graver peril wants somebody anew
        return replace(now, state="active", owner=None, acknowledged_at=None, note=None)
    if step.kind == "ended":
        told = _by(now.announced_at, step.recorded_at) is not None
        unseen = now.latched or (told and now.owner is None)
        state = "returned" if unseen and not now.found_afterwards else "ended"
        return replace(now, state=state, ended_at=step.at)
    return _by_people(now, step)


def _by_people(now: Alert, step: Step) -> Alert:
    if step.kind == "acknowledged":
        state = "acknowledged" if now.ended_at is None else "ended"
        if now.state == "returned" and now.latched:
            state = "returned"
        return replace(now, state=state, owner=step.who, acknowledged_at=step.at, note=step.note)
    if step.kind == "handed_over":
        to = step.reason.params.get("to", now.owner)
        return replace(now, owner=to, acknowledged_at=step.at)
    if step.kind == "closed":
        return replace(now, state="ended")
    if step.kind == "reset":
        taken_at, owner = now.acknowledged_at or step.at, now.owner or step.who
        note = now.note or step.note
        return replace(now, state="ended", owner=owner, acknowledged_at=taken_at, note=note)
    return now


def _found_longer(steps: Sequence[Step], known: Sequence[Step]) -> bool:
    """Whether it was found later that it had begun before, or ended after."""
    numbers = {step.seq for step in known}
    later = (step for step in steps if step.seq not in numbers)
    return any(step.reason.code == "found_longer" for step in later)


def _by(moment: datetime | None, at: datetime) -> datetime | None:
    return moment if moment is not None and moment <= at else None


def _muted(alert: Alert, at: datetime, quiet: Iterable[Quiet]) -> Muted | None:
    """The first of what keeps it quiet then."""
    for one in quiet:
        if one.holds(at) and _keeps(one, alert):
            return one.muted
    return None


def _keeps(one: Quiet, alert: Alert) -> bool:
    if one.muted.kind == "out_of_service":
        here = one.station == alert.station
        return here and (one.metrics is None or alert.metric in one.metrics)
    same = (one.rule, one.subject) == (alert.rule, alert.subject)
    return same and (one.grade is None or RANK[alert.grade] <= RANK[one.grade])
