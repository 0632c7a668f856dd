"""Who is to be told, decided at the end of a batch, when it is known what it ended in.

- An alert that ended: its end is told if people knew of it. If they did not, it is found afterwards
  and nobody is called; unless it is so young (PROMPT) that it was live all the same: then its whole
  life is told.
- An alert that is open: told once the newest reading is fresh, and only if its grade is not the one
  that was last told. The step that led there is told; where that lies in an earlier batch, or more
  than one step led there, a step `announced` says how things stand now.
- An open alert whose newest reading is older than the series' interval explains is amid a backlog:
  what follows may end it. It is left untold until no more comes (`alerts.judging.tell_untold`).

So nobody is ever told the same grade twice running, and an alert that ends fresh and open has been
told exactly once for the first time.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from alerts.rule import Watch
from alerts.state import State, Transition
from alerts.steps import standing
from sensors.reading import Reading

# An exceedance this young is live, not backlog, though it may begin and end within one batch.
PROMPT = timedelta(seconds=30)


def tell(
    watch: Watch,
    state: State,
    steps: Sequence[Transition],
    newest: Reading,
    now: datetime,
    *,
    backlog_over: bool = False,
) -> tuple[State, list[Transition]]:
    """The steps of a batch with `page` and `found_afterwards` decided, and the state that knows.

    newest: the last reading of the batch that counted. backlog_over: no later one waits, however
    old it is.
    """
    told = [_to_the_end(step, steps, now) for step in steps]
    alert = state.alert
    old = watch.fresh if backlog_over else min(watch.fresh, PROMPT + watch.interval)
    if alert is None or alert.told == alert.grade or now - newest.observed_at > old:
        return state, told
    last = told[-1] if told else None
    telling = ("raised",) if alert.told is None else ("stepped_up", "stepped_down")
    alert = replace(alert, told=alert.grade)
    if last and last.kind in telling:
        told[-1] = replace(last, page=True, alert=alert)
    else:
        step = standing(watch, alert, newest)
        told.append(replace(step, page=True, peak=state.peak))
    return replace(state, alert=alert), told


def _to_the_end(step: Transition, steps: Sequence[Transition], now: datetime) -> Transition:
    """A step of an alert that ended in this batch; other steps are left as they are."""
    if not any(each.kind == "ended" and each.alert_id == step.alert_id for each in steps):
        return step
    if step.alert.told is not None:
        return replace(step, page=step.kind == "ended")
    if now - step.alert.raised_at <= PROMPT:
        return replace(step, page=True)
    return replace(step, found_afterwards=step.kind == "ended")
