"""The past over HTTP: what was remembered at the time is what the past says later."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from alerts.alert import Alert, Names, Step
from alerts.reason import Reason
from dashboard.replay.alerts import as_of
from dashboard.shapes import iso
from tests import sample
from tests.dashboard.conftest import Desk, served
from tests.dashboard.test_api import problem
from tests.dashboard.test_warnings import done, drafted
from tests.servers.waiting import until

REPLAY, ALERTS = "/api/v1/replay", "/api/v1/alerts"


@pytest.fixture(scope="module")
def desk(server_dsn, sample_template):
    with served(server_dsn, *sample_template) as desk:
        yield desk


@pytest.fixture(scope="module")
def viewer(desk) -> Iterator[httpx.Client]:
    with desk.client("viewer") as client:
        yield client


def now() -> datetime:
    return datetime.now(UTC)


def state(client: httpx.Client, at: datetime, known: str = "then") -> dict[str, Any]:
    answer = client.get(f"{REPLAY}/state", params={"at": iso(at), "known": known})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def values(found: dict[str, Any], station: str) -> dict[str, Any]:
    (one,) = [f for f in found["stations"]["features"] if f["id"] == station]
    return dict(one["properties"]["latest"])


def open_now(client: httpx.Client) -> dict[str, Any]:
    found = client.get(f"{ALERTS}?state=open").json()["alerts"]
    return {one["id"]: settled(one) for one in found}


def settled(alert: dict[str, Any]) -> dict[str, Any]:
    """Of the worst value nobody kept the course."""
    return {key: value for key, value in alert.items() if key != "peak_value"}


def live_and_past(viewer: httpx.Client) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both of a moment at which no value grew old between the two questions."""

    def states(live: dict[str, Any]) -> list[tuple[object, ...]]:
        shown = [one["properties"] for one in live["features"]]
        return [(p["state"], *(x["state"] for x in p["latest"].values())) for p in shown]

    def found() -> tuple[dict[str, Any], dict[str, Any]] | None:
        before = viewer.get("/api/v1/stations").json()
        past = state(viewer, now())
        after = viewer.get("/api/v1/stations").json()
        return (before, past) if states(before) == states(after) else None

    answer = until(found, "a moment at which no value grows old")
    assert answer
    return answer


def test_a_moment_ago_is_what_the_live_screens_showed(desk, viewer):
    live, past = live_and_past(viewer)
    assert len(past["stations"]["features"]) == len(live["features"])
    for one, other in zip(past["stations"]["features"], live["features"], strict=True):
        for metric, latest in other["properties"]["latest"].items():
            shown = one["properties"]["latest"][metric]
            assert abs((shown["trend_per_h"] or 0) - (latest["trend_per_h"] or 0)) < 1e-6
            for key in ("value", "t", "received_at", "state", "quality", "flags", "origin"):
                assert shown[key] == latest[key], (other["id"], metric, key)
        for key in ("newest", "state", "severity", "acknowledged", "names", "department"):
            assert one["properties"][key] == other["properties"][key], (other["id"], key)
    assert {a["id"]: settled(a) for a in past["alerts"]} == open_now(viewer)


def test_what_people_did_is_seen_as_it_was_after_each_of_their_steps(desk, viewer):
    """The lists are read while it happens; the past must say the same of each moment."""
    seen: list[tuple[datetime, dict[str, Any]]] = []

    def remember() -> None:
        time.sleep(0.05)  # people's steps and our looking lie apart, as they do in life
        seen.append((now(), open_now(viewer)))
        time.sleep(0.05)

    def act(path: str, **body: Any) -> None:
        alert = path.split("/", maxsplit=1)[0]
        with desk.client("duty") as duty:
            version = duty.get(f"{ALERTS}/{alert}").json()["version"]
            body = body if path.endswith("notes") else {"version": version} | body
            answer = duty.post(f"{ALERTS}/{path}", json=body)
            assert answer.status_code == 200, answer.text
        remember()

    remember()
    act("a-nh3/acknowledge", note="坐车前往")
    act("a-nh3/notes", note="两人到场")
    act("a-nh3/hand-over", to="administrator", note="交班")
    act("a-pm25/shelve", reason="风沙", until=iso(now() + timedelta(minutes=30)))
    act("a-daqi/acknowledge", note="")  # over, and seen: it leaves the list
    act("a-pm25/unshelve", reason="好了")
    with desk.client("environment") as environment:
        answer = environment.post(
            "/api/v1/stations/D-02/out-of-service", json={"reason": "校准", "until": None}
        )
        assert answer.status_code == 201, answer.text
        remember()
        environment.post("/api/v1/stations/D-02/in-service", json={"reason": "完成"})
        remember()
    for at, wanted in seen:
        found = state(viewer, at)
        assert {a["id"]: settled(a) for a in found["alerts"]} == wanted
    assert len({json.dumps(wanted, sort_keys=True) for _, wanted in seen}) == len(seen)
    first, last = seen[0][0], seen[-1][0]
    played = viewer.get(
        f"{REPLAY}/changes", params={"from": iso(first), "step_s": 0.5, "count": 60}
    ).json()
    told = dict(seen[0][1])
    for change in played["changes"]:
        assert datetime.fromisoformat(change["now"]) > first
        told |= {a["id"]: settled(a) for a in change["alerts"]}
    assert datetime.fromisoformat(played["to"]) <= now()
    if datetime.fromisoformat(played["to"]) >= last:
        assert {k: a for k, a in told.items() if a["state"] != "ended"} == seen[-1][1]


def late(desk: Desk, station: str, metric: str, value: float, at: datetime, came: datetime) -> None:
    def insert(conn):
        conn.cursor().execute(
            "insert into reading (series_id, observed_at, value, quality, received_at) "
            "values (%s, %s, %s, 0, %s)",
            (sample.series_id(conn, station, metric), at, value, came),
        )

    desk.write(insert)


def test_a_reading_that_came_late_is_known_from_when_it_came(desk, viewer):
    """The outage of the sample: nothing of R-02 from 6 h to 5 h 20 min ago."""
    gap, came = now() - timedelta(hours=5, minutes=30), now() - timedelta(hours=2)
    measured = gap - timedelta(minutes=1)
    late(desk, "R-02", "level_m", 77.5, measured, came)
    then, later = values(state(viewer, gap), "R-02"), values(state(viewer, gap, "now"), "R-02")
    assert then["level_m"]["value"] != 77.5
    assert then["level_m"]["state"] == "stale"
    assert (later["level_m"]["value"], later["level_m"]["t"]) == (77.5, iso(measured))
    assert later["level_m"]["state"] == "fresh"
    # When it came newer ones were there: it never was the latest value.
    assert values(state(viewer, came + timedelta(seconds=1)), "R-02")["level_m"]["value"] != 77.5


def test_the_chart_of_then_has_no_reading_of_later(desk, viewer):
    gap, came = now() - timedelta(hours=5, minutes=40), now() - timedelta(hours=1)
    late(desk, "R-02", "level_m", 66.5, gap - timedelta(minutes=1), came)

    def chart(at: datetime, known: str) -> list[float]:
        wanted = {
            "station": "R-02", "metric": "level_m", "lang": "zh", "theme": "dark", "scale": 1,
            "past": at.timestamp() * 1000, "known": known,
        }  # fmt: skip
        with desk.browser("viewer") as browser:
            token = browser.get("/").cookies.get("_csrf_token") or browser.cookies["_csrf_token"]
            answer = browser.post(
                "/_dash-update-component",
                json={
                    "output": "chart.figure",
                    "outputs": {"id": "chart", "property": "figure"},
                    "inputs": [{"id": "chart-request", "property": "data", "value": wanted}],
                    "changedPropIds": ["chart-request.data"],
                },
                headers={"X-CSRFToken": token},
            )
        assert answer.status_code == 200, answer.text
        traces = answer.json()["response"]["chart"]["figure"]["data"]
        (measured,) = [trace for trace in traces if trace["meta"] == "measured"]
        y = measured["y"]
        return list(y) if isinstance(y, list) else ["packed"]  # type: ignore[list-item] # said below

    assert 66.5 in chart(gap, "now")
    assert 66.5 not in chart(gap, "then")
    assert 66.5 in chart(came + timedelta(seconds=1), "then")


def test_a_picture_is_seen_from_when_it_came(desk, viewer):
    taken = now() - timedelta(minutes=3)

    def add(conn):
        cursor = conn.cursor()
        picture = sample.add_picture(cursor, "C-02", taken, sample.picture(23), b"x")
        cursor.execute(
            "update picture set received_at = %s where id = %s",
            (taken + timedelta(minutes=2), picture),
        )

    desk.write(add)

    def newest(minutes: float, known: str) -> str | None:
        found = state(viewer, taken + timedelta(minutes=minutes), known)
        (one,) = [f for f in found["stations"]["features"] if f["id"] == "C-02"]
        shown: str | None = one["properties"]["newest"]
        return shown

    assert newest(1, "now") == iso(taken)
    assert newest(1, "then") != iso(taken)
    assert newest(2.1, "then") == iso(taken)


def test_a_footprint_stands_until_its_leak_is_over_though_few_were_kept(desk, viewer):
    begin = now() - timedelta(hours=3)

    def add(conn):
        for minute, ended in ((0, 1), (10, 11), (20, 25)):
            conn.cursor().execute(
                "insert into footprint (station_id, metric, began_at, computed_at, valid_to, "
                "sensors, level, document) select id, 'nh3_ppm', %s, %s, %s, '{G-31}', 2, %s "
                "from station where code = 'P-07'",
                (begin, begin + timedelta(minutes=minute), begin + timedelta(minutes=ended),
                 json.dumps({"at": minute})),
            )  # fmt: skip

    desk.write(add)

    def shown(minutes: float) -> list[int]:
        at = iso(begin + timedelta(minutes=minutes))
        found = viewer.get(f"{REPLAY}/footprints", params={"at": at}).json()["footprints"]
        return [one["footprint"]["at"] for one in found]

    moments = (-1, 0.5, 9, 10, 19, 24, 26)
    assert [shown(minute) for minute in moments] == [[], [0], [0], [10], [10], [20], []]
    played = viewer.get(
        f"{REPLAY}/changes",
        params={"from": iso(begin - timedelta(minutes=5)), "step_s": 300, "count": 8},
    ).json()["changes"]
    told = [change["footprints"] for change in played if "footprints" in change]
    assert [len(one) for one in told] == [1, 1, 1, 0]


def test_a_warning_is_said_while_it_was_in_force(desk, viewer):
    with desk.client("environment") as writer, desk.client("duty") as second:
        before = now()
        warning = done(writer, drafted(writer), "submit")
        waiting = now()
        time.sleep(1.1)  # a message is sent at a whole second
        done(second, warning, "approve")
    after = now()
    assert state(viewer, before)["warnings"] == []
    assert [w["kind"] for w in state(viewer, waiting)["warnings"]] == ["waiting"]
    (said,) = state(viewer, after)["warnings"]
    assert (said["kind"], said["id"]) == ("in_force", warning["id"])
    assert said["headline"]["zh"]
    time.sleep(0.5)  # the frame after the approval is over, however quick it was
    step_s = max(0.5, (now() - before).total_seconds() / 50)  # to the end, however long it took
    played = viewer.get(
        f"{REPLAY}/changes", params={"from": iso(before), "step_s": step_s, "count": 60}
    ).json()["changes"]
    told = [[w["kind"] for w in change["warnings"]] for change in played if "warnings" in change]
    assert told[-1] == ["in_force"]


def test_alerts_of_a_night_stand_on_the_line_with_rise_and_end(viewer):
    params = {"from": iso(now() - timedelta(days=1)), "to": iso(now())}
    found = viewer.get(f"{REPLAY}/alerts", params=params).json()
    bars = {one["id"]: one for one in found["alerts"]}
    assert set(bars) >= {"a-nh3", "a-level", "a-pm25", "a-cod", "a-daqi", "a-old", "a-late"}
    assert found["alerts"][0]["grade"] == "red"
    assert bars["a-nh3"]["until"] is None
    assert bars["a-old"]["until"] > bars["a-old"]["t"]
    assert found["left_out"] == 0
    shifts = {(shift["t"][11:16], shift["names"]["en"]) for shift in found["shifts"]}
    assert shifts == {("16:00", "Night"), ("00:00", "Morning"), ("08:00", "Evening")}
    early = {"from": iso(now() - timedelta(days=1)), "to": iso(now() - timedelta(hours=12))}
    ids = {one["id"] for one in viewer.get(f"{REPLAY}/alerts", params=early).json()["alerts"]}
    assert "a-nh3" not in ids
    assert "a-late" in ids


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("state", {"at": "yesterday"}),
        ("state", {"at": "2026-11-25T03:10:00"}),
        ("state", {"at": "2199-01-01T00:00:00Z"}),
        ("state", {"at": ""}),
        ("changes", {"from": "2199-01-01T00:00:00Z", "step_s": 1}),
        ("alerts", {"from": "2020-01-01T00:00:00Z", "to": "2021-01-01T00:00:00Z"}),
        ("footprints", {"at": "nonsense"}),
    ],
)
def test_what_is_no_moment_of_the_past_is_refused(viewer, path, params):
    problem(viewer.get(f"{REPLAY}/{path}", params=params), 400)


@pytest.mark.parametrize("more", [{"count": 61}, {"step_s": 0}, {"known": "later"}])
def test_more_than_can_be_answered_is_refused(viewer, more):
    params = {"from": iso(now() - timedelta(hours=1)), "step_s": 1} | more
    problem(viewer.get(f"{REPLAY}/changes", params=params), 422)


def test_nothing_is_told_beyond_the_present(viewer):
    since = now() - timedelta(seconds=5)
    found = viewer.get(f"{REPLAY}/changes", params={"from": iso(since), "step_s": 2}).json()
    assert datetime.fromisoformat(found["to"]) - since == timedelta(seconds=4)


def test_before_the_district_was_set_up_there_was_nothing_then_and_its_places_now(viewer):
    long_ago = now() - timedelta(days=500)
    assert state(viewer, long_ago)["stations"]["features"] == []
    places = state(viewer, long_ago, "now")["stations"]["features"]
    assert places
    assert {p["properties"]["state"] for p in places} == {"unknown"}


# ---- lives of alerts, without a server


T = datetime(2026, 11, 25, tzinfo=UTC)


def step(seq: int, kind: str, at: int, recorded: int | None = None, **more: Any) -> Step:
    found = {"grade": None, "value": None, "limit": None, "who": None, "note": None} | more
    reason = found.pop("reason", Reason("above", {}))
    when = T + timedelta(minutes=at)
    known = T + timedelta(minutes=at if recorded is None else recorded)
    return Step(seq, kind, when, known, reason=reason, **found)


def alert(**more: Any) -> Alert:
    """As its row is now; what the steps say is not taken from it."""
    row: dict[str, Any] = dict.fromkeys(Alert.__dataclass_fields__)
    row |= {
        "id": "a", "version": 9, "label": Names("甲", "a"), "grade": "blue", "peak_grade": "red",
        "state": "ended", "began_at": T, "raised_at": T, "announced_at": T, "reason": Reason("x"),
        "found_afterwards": False, "latched": False, "public": False, "changed_at": T,
        "origin": "live", "quality": "good", "rule": "R", "rule_version": 1, "subject": "s",
    }  # fmt: skip
    return Alert(**(row | more))


def lived(steps: list[Step], minute: float, *, then: bool = True, **more: Any) -> Alert | None:
    return as_of(alert(**more), steps, T + timedelta(minutes=minute), (), then=then)


def test_a_graver_step_takes_the_alert_from_its_owner():
    steps = [
        step(1, "raised", 0, grade="yellow", value=40.0),
        step(2, "acknowledged", 5, who="wang", note="n"),
        step(3, "stepped_up", 9, grade="red", value=200.0),
        step(4, "stepped_down", 12, grade="yellow", value=50.0),
        step(5, "announced", 14, grade="yellow", value=44.0),
    ]
    found = [lived(steps, minute) for minute in (-1, 1, 6, 10, 13, 15)]
    told = [one and (one.grade, one.state, one.owner, one.value, one.version) for one in found]
    assert told == [
        None,
        ("yellow", "active", None, 40.0, 1),
        ("yellow", "acknowledged", "wang", 40.0, 2),
        ("red", "active", None, 200.0, 3),
        ("yellow", "active", None, 50.0, 4),
        ("yellow", "active", None, 44.0, 5),
    ]
    assert found[4] is not None
    assert found[4].peak_grade == "red"


@pytest.mark.parametrize(
    ("more", "last", "states"),
    [
        ({}, "closed", ["returned", "ended"]),
        ({"announced_at": None}, "noted", ["ended", "ended"]),
        ({"latched": True}, "reset", ["returned", "ended"]),
        ({"latched": True}, "acknowledged", ["returned", "returned"]),
        ({}, "acknowledged", ["returned", "ended"]),
        ({"found_afterwards": True}, "noted", ["ended", "ended"]),
    ],
)
def test_over_and_unseen_is_a_state_of_the_past_too(more, last, states):
    steps = [
        step(1, "raised", 0, grade="red"),
        step(2, "ended", 5),
        step(3, last, 9, who="wang"),
    ]
    found = [lived(steps, minute, **more) for minute in (6, 10)]
    assert [one and one.state for one in found] == states


def test_what_was_found_afterwards_is_seen_when_it_was_found_or_when_it_was():
    steps = [
        step(1, "raised", 0, 90, grade="orange"),
        step(2, "ended", 20, 90),
    ]
    then = [lived(steps, minute) for minute in (10, 91)]
    assert [one and one.state for one in then] == [None, "returned"]
    later = [lived(steps, minute, then=False) for minute in (10, 30)]
    assert [one and one.state for one in later] == ["active", "returned"]


def test_an_alert_that_proved_longer_later_is_as_long_as_was_known():
    longer = step(2, "noted", 60, grade="red", reason=Reason("found_longer", {}))
    steps = [step(1, "raised", 10, grade="red"), longer]
    before, after = lived(steps, 30), lived(steps, 61)
    assert before is not None
    assert after is not None
    assert (before.began_at, after.began_at) == (T + timedelta(minutes=10), T)
