"""The end of what a rule has open where it does not carry it any more. Pure.

It was retired, moved away, or edited so that it asks something else: what stands by the old
question must not go on under the new one, whose limits it was never beyond.
"""

from datetime import datetime

from alerts.reason import Reason
from alerts.rule import BY_CLOCK, Key, Watch
from alerts.state import NONE, OFF, Judgement, State, Transition


def asks_otherwise(watch: Watch, state: State) -> bool:
    """Whether the rule asked something else when it left this state."""
    if state.asked is not None:
        return state.asked != watch.asks
    # What the clock raised, or was written before it was kept what was asked: an alert by a reading
    # has a latch on, one by the clock has none.
    latched = state.on != OFF or state.since != NONE
    if watch.when in BY_CLOCK:
        return latched
    return not latched and (state.alert is not None or state.missing_since is not None)


def withdraw(key: Key, state: State, now: datetime, *, edited: bool = False) -> Judgement:
    """End what is open. edited: the rule is in force here, and asks something else.

    Of a group it stays known who is on: their own latches stay on too.
    """
    judgement, alert = Judgement(), state.alert
    step = alert and Transition(
        alert_id=alert.id,
        kind="ended",
        at=now,
        grade=alert.grade,
        value=None,
        limit=None,
        reason=Reason("withdrawn", {"edited": True} if edited else {}),
        page=alert.told is not None,
        alert=alert,
        key=key,
    )
    judgement.add(key, State(members=state.members), [step] if step else [])
    return judgement
