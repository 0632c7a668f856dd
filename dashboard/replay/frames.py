"""The past as the live stream would have told it: a moment whole, then what changed.

The same Snapshot makes both: a screen cannot tell which of the two it is fed by, and needs not.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from alerts.alert import Alert, Step, to_json
from dashboard.replay import store
from dashboard.replay.alerts import as_of, moment_of
from dashboard.shapes import Json, LatestRow, StationRow, iso
from dashboard.stream.snapshot import Changed, Difference, Loaded, Snapshot
from database.pool import Connection
from sensors.catalogue import METRICS
from sensors.reading import MARKS, Quality

LATER_MARKS = ~MARKS


@dataclass(frozen=True, slots=True)
class Past:
    """What was read of a stretch: all that the moments of it are made of."""

    moments: Sequence[datetime]
    then: bool
    stations: list[list[StationRow]]
    values: list[list[LatestRow]]
    lives: list[tuple[Alert, tuple[Step, ...]]]
    quiet: list[store.Quiet]
    leaks: list[store.Leak]
    offline: Mapping[str, datetime]
    warnings: list[list[Json]]

    def alerts(self, number: int) -> list[Json]:
        """As they stood at the moment, without those that were over."""
        found = (self._as_of(one, number) for one in self.lives)
        return [to_json(alert) for alert in found if alert and alert.state != "ended"]

    def changed(self, number: int) -> list[Json]:
        """Those that changed since the moment before, ended ones too."""
        since, until = self.moments[number - 1], self.moments[number]
        ends = {
            end for one in self.quiet for end in (one.muted.since, one.ended_at, one.muted.until)
        }
        turned = any(end is not None and since < end <= until for end in ends)
        found = (
            self._as_of(one, number)
            for one in self.lives
            if turned or any(since < moment_of(s, then=self.then) <= until for s in one[1])
        )
        return [to_json(alert) for alert in found if alert]

    def footprints(self, number: int) -> dict[tuple[str, str], datetime]:
        return {
            key: leak.computed_at
            for key, leak in standing(self.leaks, self.moments[number]).items()
        }

    def _as_of(self, life: tuple[Alert, tuple[Step, ...]], number: int) -> Alert | None:
        return as_of(*life, self.moments[number], self.quiet, then=self.then)


def read(conn: Connection, moments: Sequence[datetime], *, then: bool) -> Past:
    """moments: in order, at least one; aware."""
    since, until = moments[0], moments[-1]
    marks = store.marks(conn, since, until) if then else {}
    quiet = store.suppressions(conn, since, until)
    values: list[list[LatestRow]] = [[] for _ in moments]
    for row in store.at_moments(conn, store.LATEST, moments, then=then):
        values[row[0] - 1].append(_latest(row[1:], moments[row[0] - 1], marks, then=then))
    return Past(
        moments,
        then,
        _stations(conn, moments, quiet, then=then),
        values,
        store.alerts(conn, since, until),
        quiet,
        store.leaks(conn, since, until),
        store.offline(conn),
        _warnings(conn, moments),
    )


def state(past: Past) -> Json:
    """The first moment whole, as the stream's `hello`, with `warnings`."""
    hello = _begun(past, Difference()).hello(past.moments[0])
    return hello | {"warnings": past.warnings[0]}


def changes(past: Past) -> list[Json]:
    """What is new at each moment after the first, as the stream's `change`; moments at which
    nothing changed are left out. One at which stations came or went has `hello` instead."""
    pending = Difference()
    snapshot = _begun(past, pending)
    found: list[Json] = []
    for number in range(1, len(past.moments)):
        at, pending = past.moments[number], Difference()
        said = past.warnings[number]
        more: Json = {} if said == past.warnings[number - 1] else {"warnings": said}
        if _places(past.stations[number]) != _places(past.stations[number - 1]):
            snapshot = _begun(past, Difference(), number)
            found.append({"now": iso(at), "hello": snapshot.hello(at), "warnings": said})
            continue
        snapshot.apply(_news(past, number), pending)
        snapshot.age(at, pending)
        if pending or more:
            newest = iso(snapshot.newest())
            found.append(snapshot.change(pending, at) | {"newest": newest} | more)
    return found


def standing(leaks: Iterable[store.Leak], at: datetime) -> dict[tuple[str, str], store.Leak]:
    """The newest footprint then of each leak that went on; by place and metric."""
    return {
        (leak.place, leak.metric): leak
        for leak in leaks
        if leak.computed_at <= at < (leak.until or at + timedelta(seconds=1))
        and leak.computed_at > at - timedelta(days=1)
    }


def _warnings(conn: Connection, moments: Sequence[datetime]) -> list[list[Json]]:
    """Warnings to the public as they stood: in force, or waiting for a second person."""
    found: list[list[Json]] = [[] for _ in moments]
    every = store.at_moments(conn, store.WARNINGS, moments, then=True)
    for index, at in enumerate(moments):
        rows = [row[1:] for row in every if row[0] == index + 1]
        published = [row for row in rows if row[4] is not None and row[4] <= at]
        newest = {row[1]: max(r[2] for r in published if r[1] == row[1]) for row in published}
        for number, thread, place, kind, _, expires, step, content in rows:
            in_force = step == "published" and kind != "Cancel" and newest.get(thread) == place
            if in_force or step == "submitted":
                ends = expires if in_force else None
                found[index].append(_warning(number, content, ends, in_force=in_force))
    return found


def _warning(
    number: str, content: Mapping[str, Any], ends: datetime | None, *, in_force: bool
) -> Json:
    return {
        "id": number,
        "kind": "in_force" if in_force else "waiting",
        **{key: content.get(key) for key in ("headline", "grade", "status")},
        "expires_at": iso(ends),
    }


def _begun(past: Past, pending: Difference, number: int = 0) -> Snapshot:
    """A snapshot that knows the moment."""
    snapshot = Snapshot()
    found = Loaded(past.stations[number], past.values[number], past.alerts(number))
    snapshot.load(found, pending)
    snapshot.apply(_news(past, number, whole=True), pending)
    snapshot.age(past.moments[number], pending)
    return snapshot


def _news(past: Past, number: int, *, whole: bool = False) -> Changed:
    stations = past.stations[number]
    at = past.moments[number]
    return Changed(
        past.values[number],
        [] if whole else past.changed(number),
        {s.code: (s.newest_picture, s.picture_origin) for s in stations if s.newest_picture},
        {device: since for device, since in past.offline.items() if since <= at},
        past.footprints(number),
        {s.code: list(s.out_of_service) for s in stations},
    )


def _places(stations: Iterable[StationRow]) -> list[StationRow]:
    """What does not change by the stream."""
    return [replace(s, newest_picture=None, picture_origin=0, out_of_service=()) for s in stations]


def _stations(
    conn: Connection, moments: Sequence[datetime], quiet: Iterable[store.Quiet], *, then: bool
) -> list[list[StationRow]]:
    pictures: list[dict[str, tuple[datetime, int]]] = [{} for _ in moments]
    for number, code, taken_at, origin in store.at_moments(
        conn, store.PICTURES, moments, then=then
    ):
        pictures[number - 1][code] = (taken_at, origin)
    found: list[list[StationRow]] = [[] for _ in moments]
    for row in store.at_moments(conn, store.STATIONS, moments, then=then):
        index = row[-1] - 1
        newest, origin = pictures[index].get(row[0], (None, 0))
        out = tuple(_out(quiet, row[0], moments[index]))
        station = StationRow(*(*row[:-1], newest, origin))
        found[index].append(replace(station, out_of_service=out))
    return found


def _out(quiet: Iterable[store.Quiet], code: str, at: datetime) -> Iterable[Json]:
    """What of a station was in maintenance, as life_store.out_of_service says it."""
    for one in quiet:
        if one.muted.kind == "out_of_service" and one.station == code and one.holds(at):
            muted = one.muted
            yield {
                "id": muted.id,
                "metrics": one.metrics,
                "since": iso(muted.since),
                "until": iso(muted.until),
                "who": muted.who,
                "why": muted.why,
            }


def _latest(
    row: Sequence[Any],
    at: datetime,
    marks: Mapping[tuple[str, str], Sequence[store.MarkRow]],
    *,
    then: bool,
) -> LatestRow:
    station, metric, interval_s, observed_at, value, quality, origin, received_at, original = row[
        :9
    ]
    base_at, base = row[9:]
    if then and quality is not None:
        known = marks.get((station, metric), ())
        quality = (quality & LATER_MARKS) | _bits(known, observed_at, value, at)
        if base_at is not None and _bits(known, base_at, base, at):
            base_at = None
    trend = None
    circular = metric in METRICS and METRICS[metric].circular
    if quality == 0 and base_at is not None and value is not None and not circular:
        trend = round((value - base) * 3600 / (observed_at - base_at).total_seconds(), 4)
    rest = (observed_at, value, quality, origin, received_at, original, trend)
    return LatestRow(station, metric, interval_s, *rest)


def _bits(
    marks: Iterable[store.MarkRow], observed_at: datetime, value: float | None, at: datetime
) -> int:
    """What people had said of a reading by then: the newest of its own marks, the newest of what it
    is computed from (sensors/marks.py)."""
    if value is None:
        return 0
    own = source = None
    for mark in marks:
        said = mark.made_at <= at and not (mark.withdrawn_at and mark.withdrawn_at <= at)
        if said and mark.since <= observed_at and not (mark.until and mark.until <= observed_at):
            own, source = (own, mark.verdict) if mark.by_source else (mark.verdict, source)
    if "invalid" in (own, source):
        return int(Quality.MARKED_INVALID)
    return int(Quality.MARKED_VALID) if own == "valid" else 0
