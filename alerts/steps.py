"""A step of an alert's life, by a reading or by the clock, with its reason. Pure."""

from datetime import datetime

from alerts.grade import RANK
from alerts.neighbours import Compared
from alerts.reason import Reason
from alerts.rule import Limit, Watch
from alerts.state import Kind, OpenAlert, Transition
from alerts.window import Signal
from sensors.reading import Quality, Reading


def rising(
    watch: Watch, alert: OpenAlert, kind: Kind, reading: Reading, since: datetime
) -> Transition:
    """raised, stepped_up: beyond the grade's limit since `since`."""
    return _step(watch, alert, kind, reading, _reason(watch, alert, reading, since))


def falling(
    watch: Watch, alert: OpenAlert, kind: Kind, reading: Reading, cleared: int
) -> Transition:
    """stepped_down, ended: back behind the limit of rank `cleared`, dead-band included."""
    params = _params(watch, reading, watch.limit_at(cleared, reading.observed_at, reading.value))
    return _step(watch, alert, kind, reading, Reason("returned", params))


def standing(watch: Watch, alert: OpenAlert, reading: Reading) -> Transition:
    """announced: how things stand now, which may be within the dead-band."""
    reason = _reason(watch, alert, reading, alert.began_at)
    return _step(watch, alert, "announced", reading, reason)


def handed_on(watch: Watch, alert: OpenAlert, reading: Reading) -> Transition:
    """ended, of an alert found afterwards: from this reading on, all was judged as it came."""
    return _step(watch, alert, "ended", reading, Reason("judged_as_it_came"))


def by_the_clock(
    watch: Watch, alert: OpenAlert, kind: Kind, reason: Reason, at: datetime
) -> Transition:
    """raised, ended: of what no reading says. It is now by its nature, so people are told at once,
    of its end too if they were told of it."""
    return Transition(
        alert_id=alert.id,
        kind=kind,
        at=at,
        grade=alert.grade,
        value=None,
        limit=None,
        reason=reason,
        page=alert.told is not None,
        alert=alert,
        key=watch.key,
        watch=watch,
    )


def _reason(watch: Watch, alert: OpenAlert, reading: Reading, since: datetime) -> Reason:
    value = reading.value
    limit = watch.limit_at(RANK[alert.grade], reading.observed_at, value)
    held_s = (reading.observed_at - since).total_seconds()
    params = _params(watch, reading, limit) | {"held_s": held_s}
    if limit is None or value is None or limit.excess(value) <= 0:
        return Reason("not_cleared", params)
    return Reason(str(params["when"]), params)


def _params(watch: Watch, reading: Reading, limit: Limit | None) -> dict[str, object]:
    own = _of_signal(watch.signal, reading) if watch.signal else {}
    return {
        "metric": reading.metric,
        "when": _when(watch, limit),
        "value": reading.value,
        "limit": limit.value if limit else None,
        "limit_zh": limit.zh if limit else "",
        "limit_en": limit.en if limit else "",
        # Who shows a reading beside a limit for a mean says so, also where the mean is compared.
        "mean_over_s": own.get("averaged_s", limit.mean_over_s if limit else None),
        **own,
        "quality": "good" if Quality.MARKED_VALID in reading.quality else reading.quality.word,
        "off_scale": Quality.IMPOSSIBLE in reading.quality,
    }


def _when(watch: Watch, limit: Limit | None) -> str:
    """Of a rule with two sides, the side that the limit is on."""
    if watch.when != "outside":
        return watch.when
    return "below" if limit and limit.sign < 0 else "above"


def _of_signal(signal: Signal, reading: Reading) -> dict[str, object]:
    """What the value is, where it is not a reading."""
    if signal.kind == "neighbours":
        beside = reading.beside if isinstance(reading, Compared) else None
        return {"usual": "neighbours"} | (beside.to_json() if beside else {})
    seconds = int(signal.span.total_seconds())
    if signal.kind == "mean":
        return {"averaged_s": seconds}
    return {"over_s": seconds} if signal.kind == "rate" else {"usual": "month"}


def _step(
    watch: Watch, alert: OpenAlert, kind: Kind, reading: Reading, reason: Reason
) -> Transition:
    limit = watch.limit_at(RANK[alert.grade], reading.observed_at, reading.value)
    return Transition(
        alert_id=alert.id,
        kind=kind,
        at=reading.observed_at,
        grade=alert.grade,
        value=reading.value,
        limit=limit.value if limit else None,
        reason=reason,
        page=False,
        alert=alert,
        key=watch.key,
        watch=watch,
        quality=reading.quality,
        origin=reading.origin,
    )
