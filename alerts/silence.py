"""Absence: series that fell silent, devices offline, ingest itself; and their return. Pure.

The clock raises (`tick`); what a series is heard of again ends it (`hear`).

Silence of a series counts only while ingest was listening and had caught up: our own outage is one
alert (subject `ingest`), never one a series.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from alerts.reason import Reason
from alerts.rule import Key, Watch
from alerts.state import Judgement, NewId, OpenAlert, State, Transition
from alerts.steps import by_the_clock
from alerts.times import rfc3339
from sensors.reading import Origin, Quality, Reading

INGEST = "ingest"
CANARY = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What ingest says of itself. connected_since: None while it has no broker.

    caught_up_at: the newest moment at which nothing was waiting to be judged, None if never.
    proven_at: until when a canary proves the whole path, None where none is sent.
    """

    at: datetime
    connected_since: datetime | None
    caught_up_at: datetime | None
    proven_at: datetime | None = None

    def listened(self, since: datetime) -> timedelta:
        """How long of the time since then ingest has heard, without a break, all there was."""
        if self.connected_since is None or self.caught_up_at is None:
            return timedelta(0)
        return max(timedelta(0), self.caught_up_at - max(since, self.connected_since))


def together(members: Iterable[Heartbeat | None]) -> Heartbeat | None:
    """Several ingests that share the topics, as one: it is only as well as the worst of them."""
    found = list(members)
    beats = [beat for beat in found if beat]
    if not beats or len(beats) < len(found):
        return None  # one that never said a word

    def worst(values: list[datetime | None], of: Callable[[Iterable[datetime]], datetime]) -> Any:
        return None if None in values else of(value for value in values if value)

    return Heartbeat(
        min(beat.at for beat in beats),
        worst([beat.connected_since for beat in beats], max),
        worst([beat.caught_up_at for beat in beats], min),
        min((beat.proven_at for beat in beats if beat.proven_at), default=None),
    )


@dataclass(frozen=True, slots=True)
class Seen:
    """When a series was last heard of. observed_at: None if never; created_at: since it exists."""

    created_at: datetime
    observed_at: datetime | None = None
    offline_since: datetime | None = None
    origin: Origin = Origin.LIVE


@dataclass(frozen=True, slots=True)
class Status:
    """What a device last said of itself, or its last will for it."""

    online: bool
    reported_at: datetime


def tick(
    watches: Iterable[Watch],
    states: Mapping[Key, State],
    series: Mapping[int, Seen],
    now: datetime,
    heartbeat: Heartbeat | None,
    *,
    limit: timedelta,
    canary: timedelta = CANARY,
    watching_since: datetime,
    new_id: NewId,
    devices: Mapping[str, Status] | None = None,
) -> Judgement:
    """Judge what did not happen. watches: of no_data and offline, and the built-in one of ingest.

    limit: the age at which ingest's heartbeat is an alert; canary: that of its canary;
    watching_since: when this clock began to look, so that a machine that starts gives ingest the
    same time to appear.
    """
    judgement = Judgement()
    alive = heartbeat if heartbeat and now - heartbeat.at <= limit else None
    for watch in watches:
        state = states.get(watch.key, State())
        if watch.when == "ingest":
            trouble = _trouble(
                state, heartbeat, now, limit=limit, canary=canary, watching_since=watching_since
            )
            ingest = _ingest(watch, state, trouble, now=now, new_id=new_id)
            judgement.add(watch.key, *ingest)
            continue
        if watch.when == "offline":
            status = (devices or {}).get(watch.device or "")
            step = status and _gone(watch, state, status, alive, now=now, new_id=new_id)
            if step:
                after = step.alert if step.kind == "raised" else None
                judgement.add(watch.key, replace(state, alert=after), [step])
            continue
        seen = series.get(watch.series_id or 0)
        if seen and alive and state.alert is None:
            step = _silent(watch, state, seen, alive, now=now, new_id=new_id)
            if step:
                judgement.add(watch.key, replace(state, alert=step.alert), [step])
    return judgement


def hear(
    watch: Watch, state: State, run: Sequence[Reading], now: datetime
) -> tuple[State, list[Transition]]:
    """Readings under a no_data rule: a usable one that is not old itself ends the alert.

    Times are arrival times: absence has no other.
    """
    steps: list[Transition] = []
    for reading in run:
        if state.judged_to is not None and reading.observed_at <= state.judged_to:
            continue
        usable, alert = _heard(reading.quality), state.alert
        missing = None if usable else (state.missing_since or reading.observed_at)
        if alert and usable and now - reading.observed_at <= watch.patience:
            steps.append(_data_again(watch, alert, reading))
            alert = None
        state = State(reading.observed_at, missing_since=missing, alert=alert)
    return state, steps


def quiet_since(state: State, seen: Seen) -> datetime:
    """Since when there is no usable reading; at most since the series exists here, for a history
    that was imported says nothing of a device that has not spoken yet."""
    return state.missing_since or max(seen.observed_at or seen.created_at, seen.created_at)


def _silent(
    watch: Watch, state: State, seen: Seen, ingest: Heartbeat, *, now: datetime, new_id: NewId
) -> Transition | None:
    quiet = quiet_since(state, seen)
    if ingest.listened(quiet) < watch.patience:
        return None
    params = {
        "metric": watch.metric,
        "silent_s": (now - quiet).total_seconds(),
        "since": rfc3339(quiet),
        "never_seen": seen.observed_at is None,
        "offline_since": rfc3339(seen.offline_since),
    }
    step = _raised(watch, quiet, now, Reason("no_data", params), new_id)
    return replace(step, origin=seen.origin)


def _gone(
    watch: Watch,
    state: State,
    status: Status,
    ingest: Heartbeat | None,
    *,
    now: datetime,
    new_id: NewId,
) -> Transition | None:
    """A device that is offline for its patience while we listened; and its return."""
    if status.online:
        return _is_back(watch, state.alert, now, status) if state.alert else None
    if state.alert or not ingest or ingest.listened(status.reported_at) < watch.patience:
        return None
    params = {
        "device": watch.device,
        "silent_s": (now - status.reported_at).total_seconds(),
        "since": rfc3339(status.reported_at),
        "stations": list(watch.stations),
    }
    return _raised(watch, status.reported_at, now, Reason("offline", params), new_id)


def _is_back(watch: Watch, alert: OpenAlert, now: datetime, status: Status) -> Transition:
    params = {"device": watch.device, "since": rfc3339(status.reported_at)}
    return by_the_clock(watch, alert, "ended", Reason("online", params), now)


def _raised(
    watch: Watch, began: datetime, now: datetime, reason: Reason, new_id: NewId
) -> Transition:
    alert = OpenAlert(new_id(now), watch.grade, watch.grade, min(began, now), now, watch.grade)
    return by_the_clock(watch, alert, "raised", reason, now)


@dataclass(frozen=True, slots=True)
class _Trouble:
    """patience: how long after counts_from it is an alert."""

    code: str
    since: datetime
    told_s: float | None
    counts_from: datetime
    patience: timedelta


def _trouble(
    state: State,
    heartbeat: Heartbeat | None,
    now: datetime,
    *,
    limit: timedelta,
    canary: timedelta,
    watching_since: datetime,
) -> _Trouble | None:
    """What is wrong with ingest, the gravest only: one outage is one alert."""
    if heartbeat is None:
        return _Trouble("ingest_silent", watching_since, None, watching_since, limit)
    if now - heartbeat.at > limit:
        silent_s = (now - heartbeat.at).total_seconds()
        counts_from = max(heartbeat.at, watching_since)
        return _Trouble("ingest_silent", heartbeat.at, silent_s, counts_from, limit)
    if heartbeat.connected_since is None:
        since = state.missing_since or now
        cut_off_s = (now - since).total_seconds()
        return _Trouble("ingest_disconnected", since, cut_off_s, since, limit)
    proven_at = heartbeat.proven_at
    if proven_at is not None and now - proven_at > canary:
        silent_s = (now - proven_at).total_seconds()
        return _Trouble(
            "canary_silent", proven_at, silent_s, max(proven_at, watching_since), canary
        )
    return None


def _ingest(
    watch: Watch,
    state: State,
    trouble: _Trouble | None,
    *,
    now: datetime,
    new_id: NewId,
) -> tuple[State, list[Transition]]:
    alert = state.alert
    if trouble is None:
        back = Reason("ingest_back")
        return State(), [by_the_clock(watch, alert, "ended", back, now)] if alert else []
    cut_off = trouble.since if trouble.code == "ingest_disconnected" else None
    if alert is not None or now - trouble.counts_from <= trouble.patience:
        return State(missing_since=cut_off, alert=alert), []
    params: dict[str, Any] = {"silent_s": trouble.told_s, "since": rfc3339(trouble.since)}
    step = _raised(watch, trouble.since, now, Reason(trouble.code, params), new_id)
    return State(missing_since=cut_off, alert=step.alert), [step]


def _heard(quality: Quality) -> bool:
    """Whether a reading shows that its device measures: also one that is marked invalid, as while
    it is calibrated."""
    return quality.usable or not quality & (Quality.MISSING | Quality.IMPOSSIBLE)


def _data_again(watch: Watch, alert: OpenAlert, reading: Reading) -> Transition:
    return Transition(
        alert_id=alert.id,
        kind="ended",
        at=max(reading.received_at, alert.raised_at),
        grade=alert.grade,
        value=reading.value,
        limit=None,
        reason=Reason("data_again", {"metric": reading.metric, "value": reading.value}),
        page=alert.told is not None,
        alert=alert,
        key=watch.key,
        watch=watch,
        quality=reading.quality,
        origin=reading.origin,
    )
