"""The past: the district at a moment, how it went on, its alerts, where gas went."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from alerts.alert import Alert, Step
from alerts.quiet.settings import ShiftSettings
from alerts.quiet.shifts import shift_at
from dashboard.api import replay_models as models
from dashboard.api.common import Use, json_answer
from dashboard.moments import moment, span
from dashboard.problems import Problem
from dashboard.replay import frames, store
from dashboard.replay.alerts import as_of, moment_of
from dashboard.shapes import GRADES, Json, iso

router = APIRouter(prefix="/api/v1/replay", tags=["replay"])
MOST_FRAMES, MOST_MARKS = 60, 300
LONGEST = timedelta(days=31)
Known = Annotated[
    Literal["then", "now"],
    Query(description="then: what had arrived by the moment; now: what has come since, too"),
]
At = Annotated[str, Query(description="the moment, not in the future")]


@router.get("/state", responses={200: {"model": models.PastState}})
def read_state(use: Use, at: At, known: Known = "then") -> Response:
    """The district at a moment, in the shape of the stream's `hello`."""
    then = past_moment(at, "at", use.live.now())
    with use.pool.transaction() as conn:
        past = frames.read(conn, [then], then=known == "then")
    return json_answer(frames.state(past) | {"known": known})


@router.get("/changes", responses={200: {"model": models.PastChanges}})
def read_changes(
    use: Use,
    from_: Annotated[str, Query(alias="from", description="a moment whose state is known")],
    step_s: Annotated[float, Query(ge=0.5, le=3600, description="s from frame to frame")],
    count: Annotated[int, Query(ge=1, le=MOST_FRAMES, description="frames")] = 20,
    known: Known = "then",
) -> Response:
    """What changed from frame to frame, in the shapes of the stream; frames in which nothing did
    are left out. `to` is how far it goes: never beyond the present."""
    now = use.live.now()
    since = past_moment(from_, "from", now)
    every = (since + timedelta(seconds=step_s * n) for n in range(count + 1))
    moments = [at for at in every if at <= now]
    with use.pool.transaction() as conn:
        past = frames.read(conn, moments, then=known == "then")
    found = {"from": iso(since), "to": iso(moments[-1]), "changes": frames.changes(past)}
    return json_answer(found | {"known": known, "now": iso(now)})


@router.get("/alerts", responses={200: {"model": models.PastAlerts}})
def list_alerts(
    use: Use,
    from_: Annotated[str | None, Query(alias="from", description="default: a day before")] = None,
    to: Annotated[str | None, Query(description="default: now")] = None,
    known: Known = "then",
) -> Response:
    """The alerts that stood in [from, to], the gravest first: when each arose, was taken, ended."""
    now = use.live.now()
    since, until = span(from_, to, now, timedelta(days=1))
    if until - since > LONGEST:
        raise Problem(400, f"from and to are more than {LONGEST.days} days apart")
    then = known == "then"
    with use.pool.transaction() as conn:
        lives = store.alerts(conn, since, min(until, now))
    bars = [bar for life in lives if (bar := _bar(*life, since, min(until, now), then=then))]
    bars.sort(key=lambda bar: (GRADES.index(bar["grade"]), bar["t"]))
    left_out = max(0, len(bars) - MOST_MARKS)
    found: Json = {"from": iso(since), "to": iso(until), "known": known, "left_out": left_out}
    found["shifts"] = list(_shifts(use.alerts.shifts, since, until))
    return json_answer(found | {"alerts": bars[:MOST_MARKS]})


@router.get("/footprints", responses={200: {"model": models.PastFootprints}})
def list_footprints(use: Use, at: At) -> Response:
    """Where gas went as it was computed then: of each leak the newest footprint, the gravest first.
    Of old ones one in ten minutes is kept: `computed_at` says how old it was."""
    now = use.live.now()
    then = past_moment(at, "at", now)
    with use.pool.transaction() as conn:
        leaks = frames.standing(store.leaks(conn, then, then), then).values()
        documents = store.documents(conn, [leak.number for leak in leaks])
    gravest = sorted(leaks, key=lambda leak: (-leak.level, leak.began_at, leak.number))
    found = [
        {
            "id": leak.number,
            "place": leak.place,
            "metric": leak.metric,
            "began_at": iso(leak.began_at),
            "computed_at": iso(leak.computed_at),
            "until": iso(leak.until),
            "sensors": leak.sensors,
            "footprint": documents[leak.number],
        }
        for leak in gravest
        if leak.number in documents
    ]
    return json_answer({"generated_at": iso(now), "footprints": found})


def _shifts(shifts: Sequence[ShiftSettings], since: datetime, until: datetime) -> Iterator[Json]:
    """When shifts began in the stretch."""
    if not shifts:
        return
    shift = shift_at(shifts, since)
    while shift.until < until:
        shift = shift_at(shifts, shift.until)
        yield {"t": iso(shift.since), "names": {"zh": shift.zh, "en": shift.en}}


def past_moment(text: str, name: str, now: datetime) -> datetime:
    """A moment that has been; raises Problem 400."""
    at = moment(text, name)
    if at is None:
        raise Problem(400, f"{name} is empty")
    if at > now:
        raise Problem(400, f"{name}={text} lies in the future; it is {iso(now)}")
    return at


def _bar(
    alert: Alert, steps: tuple[Step, ...], since: datetime, until: datetime, *, then: bool
) -> Json | None:
    """An alert's stretch on the time line; None: it did not stand in [since, until]."""
    last = as_of(alert, steps, until, (), then=then)
    if last is None:
        return None
    rose = next(moment_of(step, then=then) for step in steps if step.kind == "raised")
    taken = [moment_of(step, then=then) for step in steps if step.kind == "acknowledged"]
    over = [moment_of(step, then=then) for step in steps if step.kind == "ended"]
    end = over[0] if over and over[0] <= until else None
    if rose > until or (end is not None and end < since):
        return None
    return {
        "id": alert.id,
        "grade": last.peak_grade,
        "t": iso(rose),
        "taken": iso(taken[0]) if taken and taken[0] <= until else None,
        "until": iso(end),
        "station": alert.station,
        "station_names": alert.station_names.to_json() if alert.station_names else None,
        "metric": alert.metric,
        "label": alert.label.to_json(),
        "found_afterwards": alert.found_afterwards,
    }
