"""The live stream: everything at once, then what changes, and the truth about its own link."""

import asyncio
import json
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

import dashboard.store
from dashboard.settings import StaffSettings
from dashboard.stream.hub import QUEUE, RESYNC, EventStream, Hub
from dashboard.stream.live import Live
from dashboard.stream.snapshot import Changed, Difference, Loaded, Snapshot
from database.pool import Connection
from tests import sample
from tests.dashboard.test_shapes import NOW, alert, latest, station
from tests.servers.loops import run


class Screen:
    """A viewer's open stream, read by a thread: `expect(name)` gives the next event's data."""

    def __init__(self, desk, role="viewer"):
        self._events: queue.Queue[tuple[str | None, Any]] = queue.Queue()
        self.ended = threading.Event()
        self._client = desk.client(role)
        self._thread = threading.Thread(target=self._read)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._client.close()
        self._thread.join(10)

    def expect(self, name, within_s=30, having=lambda data: True):
        end = time.monotonic() + within_s
        while True:
            found, data = self._events.get(timeout=max(0.01, end - time.monotonic()))
            if found == name and having(data):
                return data

    def _read(self):
        try:
            with self._client.stream("GET", "/live", timeout=30) as answer:
                assert answer.headers["content-type"].startswith("text/event-stream")
                name = None
                for line in answer.iter_lines():
                    if line.startswith("event: "):
                        name = line[7:]
                    elif line.startswith("data: "):
                        self._events.put((name, json.loads(line[6:])))
        except (httpx.HTTPError, OSError, RuntimeError, AttributeError):
            pass  # closed while reading: the test is over
        self.ended.set()


def test_who_comes_hears_everything_first(shared_desk):
    with Screen(shared_desk) as screen:
        hello = screen.expect("hello")
    assert len(hello["stations"]["features"]) == len(sample.STATIONS)
    assert hello["stations"]["features"][0]["properties"]["department"]
    assert {a["id"] for a in hello["alerts"]} == {"a-nh3", "a-level", "a-pm25", "a-cod", "a-daqi"}
    assert hello["newest"]
    with shared_desk.client("viewer") as client:
        listed = client.get("/api/v1/stations").json()["features"]
    assert [f["id"] for f in hello["stations"]["features"]] == [f["id"] for f in listed]


def test_a_reading_is_on_the_screen_within_two_seconds(desk):
    with Screen(desk) as screen:
        screen.expect("hello")
        screen.expect("beat")
        began = time.monotonic()
        desk.write(lambda c: sample.observe(c, "R-01", "level_m", 31.77, datetime.now(UTC)))
        change = screen.expect("change")
        assert time.monotonic() - began < 2
        [feature] = change["stations"]
        assert feature["id"] == "R-01"
        assert feature["properties"]["latest"]["level_m"]["value"] == 31.77
        beat = screen.expect("beat", having=lambda data: data["screen_p95_s"] is not None)
        assert 0 <= beat["screen_p95_s"] < 2


def test_many_changes_are_merged_to_at_most_one_event_an_interval(desk):
    with Screen(desk) as screen:
        screen.expect("hello")
        begin, started = datetime.now(UTC), time.monotonic()
        times = []
        for index in range(40):
            at = begin + timedelta(milliseconds=index)
            desk.write(
                lambda c, at=at: sample.observe(c, "R-01", "level_m", 30 + at.microsecond / 1e6, at)
            )
        last = 30 + (begin + timedelta(milliseconds=39)).microsecond / 1e6

        def seen(data):
            times.append(time.monotonic())
            return any(
                f["properties"]["latest"].get("level_m", {}).get("value") == last
                for f in data["stations"]
            )

        screen.expect("change", having=seen)
    assert len(times) <= (time.monotonic() - started) / StaffSettings().push_interval_s + 2


def test_an_acknowledgement_reaches_every_screen(desk):
    with Screen(desk) as one, Screen(desk, "environment") as other:
        one.expect("hello")
        other.expect("hello")
        with desk.client("duty") as duty:
            duty.post("/api/v1/alerts/a-nh3/acknowledge", json={"version": 1})
        for screen in (one, other):
            change = screen.expect("change", having=lambda data: data["alerts"])
            assert change["alerts"][0]["owner"] == "duty"
            # What else changed within the same moment comes with it.
            found = {one["properties"]["code"]: one["properties"] for one in change["stations"]}
            assert found["G-31"]["acknowledged"] is True


def test_a_new_picture_is_said(desk):
    with Screen(desk) as screen:
        screen.expect("hello")
        taken = datetime.now(UTC).replace(microsecond=0)

        def write(conn):
            with conn.cursor() as cursor:
                sample._picture(cursor, "C-02", taken, 23.0)
                cursor.execute("notify dongtai")

        desk.write(write)
        change = screen.expect("change", having=lambda data: data["pictures"])
    assert change["pictures"] == [
        {"camera": "C-02", "t": taken.isoformat(timespec="milliseconds").replace("+00:00", "Z")}
    ]


def test_beats_come_every_two_seconds(shared_desk):
    with Screen(shared_desk) as screen:
        screen.expect("hello")
        times = []
        for _ in range(3):
            screen.expect("beat")
            times.append(time.monotonic())
    assert times[2] - times[0] < 6


def test_the_service_says_that_it_lives(desk):
    with Screen(desk) as screen:
        screen.expect("beat")
        screen.expect("beat")
    [(age_s,)] = desk.rows(
        "select extract(epoch from now() - at)::float from heartbeat where process = 'staff'"
    )
    assert age_s < 10


def test_a_process_that_fell_silent_is_named_in_the_beat_until_it_lives_again(desk):
    def heartbeat(process: str, ago_s: int) -> None:
        at = datetime.now(UTC) - timedelta(seconds=ago_s)
        desk.write(lambda conn: beat(conn, process, at))

    heartbeat("ingest", -600)  # its next sign of life lies ahead, however long the test takes
    heartbeat("alerts", 60)
    with Screen(desk) as screen:
        said = screen.expect("beat", having=lambda data: "silent" in data)["silent"]
        assert [one["process"] for one in said] == ["alerts"]
        assert said[0]["since"] is not None
        heartbeat("alerts", -600)
        screen.expect("beat", having=lambda data: "silent" not in data)


def beat(conn: Connection, process: str, at: datetime) -> None:
    with conn.cursor() as cursor:
        cursor.execute(
            "insert into heartbeat (process, at, up_since) values (%s, %s, %s) "
            "on conflict (process) do update set at = excluded.at",
            (process, at, at),
        )


def test_a_lost_database_is_said_and_survived(desk):
    late = Screen(desk)
    with Screen(desk) as screen, ExitStack() as stack:
        screen.expect("hello")
        desk.cut_off()
        lost = screen.expect("lost")
        assert lost["since"]
        # Who comes now hears the same instead of old values shown as new.
        stack.enter_context(late)
        assert late.expect("lost")
        desk.let_in()
        back = screen.expect("hello")
        assert back["now"] > lost["now"]
        desk.write(lambda c: sample.observe(c, "R-01", "level_m", 32.5, datetime.now(UTC)))
        screen.expect("change", having=lambda data: data["stations"][0]["id"] == "R-01")


def test_a_committed_change_without_a_wake_up_is_found_all_the_same(desk):
    with Screen(desk) as screen:
        screen.expect("hello")
        desk.write(
            lambda c: c.cursor().execute(
                "update series_state set value = 77, changed_at = clock_timestamp() where series_id"
                " = (select q.id from series q join station s on s.id = q.station_id"
                " where s.code = 'D-02' and q.metric = 'cod_mgl')"
            )
        )
        change = screen.expect(
            "change",
            having=lambda data: any(f["id"] == "D-02" for f in data["stations"]),
        )
    [found] = [f for f in change["stations"] if f["id"] == "D-02"]
    assert found["properties"]["latest"]["cod_mgl"]["value"] == 77


def test_stopping_does_not_wait_for_viewers(desk, tmp_path):
    config = tmp_path / "config.yaml"
    config.write_text(
        f'database: {{dsn: "{desk.database.dsn}"}}\ndashboard: {{staff: {{port: 0}}}}\n', "utf-8"
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "dashboard", "--config", str(config)],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        url = None
        for line in process.stderr:
            if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                url = found[0]
                break
        assert url, "it did not say where it listens"
        headers = {"Authorization": f"Bearer {desk.tokens['viewer']}"}
        with (
            httpx.Client(base_url=url, headers=headers) as client,
            client.stream("GET", "/live") as answer,
        ):
            lines = answer.iter_lines()
            assert next(line for line in lines if line == "event: hello")
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            process.wait(10)
            assert time.monotonic() - began < 3
    finally:
        process.kill()
        rest = process.stderr.read()
        process.stderr.close()
        process.wait()
    assert "Traceback" not in rest


# ---- the hub, without a server


def test_a_slow_viewer_is_told_to_begin_anew_and_the_others_hear_on():
    async def scenario():
        hub = Hub()
        slow, quick = hub.join(), hub.join()
        heard = []
        for number in range(QUEUE + 1):
            hub.publish((number, b"%d" % number))
            heard.append(quick.queue.get_nowait())
        assert hub.dropped == 1
        assert hub.viewers == {quick}
        assert [slow.queue.get_nowait()[1], slow.queue.get_nowait()] == [RESYNC, None]
        assert len(heard) == QUEUE + 1

    run(scenario())


async def _stream(hub, hello, still, act):
    """What one viewer is sent while `act(viewer)` runs once the stream has begun."""
    sent, opened = [], asyncio.Event()

    async def send(message):
        sent.append(message.get("body", b""))
        opened.set()

    async def receive():
        await asyncio.Event().wait()

    stream = asyncio.create_task(EventStream(hub, hello, still)({}, receive, send))
    await opened.wait()
    act()
    await asyncio.wait_for(stream, 10)
    return b"".join(sent)


def test_what_is_older_than_hello_is_not_heard_after_it():
    hub, ready = Hub(), threading.Event()

    def hello():
        assert ready.wait(5)
        return 5, b"HELLO-5;"

    def act():
        for number in (4, 5, 6):
            hub.publish((number, b"%d;" % number))
        [viewer] = hub.viewers
        viewer.queue.put_nowait(None)
        ready.set()

    assert run(_stream(hub, hello, None, act)).endswith(b"HELLO-5;6;")


def test_a_viewer_who_may_no_longer_see_is_shown_out(monkeypatch):
    monkeypatch.setattr("dashboard.stream.hub.ASK_AGAIN_S", -1.0)
    hub, asked = Hub(), []

    async def still():
        asked.append(True)
        return False

    sent = run(_stream(hub, lambda: None, still, lambda: hub.publish((1, b"one"))))
    assert sent.endswith(b"one")
    assert asked == [True]


# ---- the snapshot, without a database


def loaded(**more):
    found = Snapshot()
    found.load(Loaded([station("R-1"), station("R-2")], [latest("R-1", age_s=0)], []), Difference())
    found.age(NOW, Difference())
    return found


def test_what_is_known_already_makes_no_difference():
    snapshot, difference = loaded(), Difference()
    snapshot.apply(Changed([latest("R-1", age_s=0)], []), difference)
    assert not difference
    snapshot.apply(Changed([latest("R-1", age_s=0, value=2.0)], []), difference)
    assert difference.stations == {"R-1"}


def test_values_grow_old_without_any_message():
    snapshot = loaded()
    seen = []
    for seconds in range(0, 400, 10):
        difference = Difference()
        now = NOW + timedelta(seconds=seconds)
        snapshot.age(now, difference)
        if difference:
            [feature] = snapshot.change(difference, now)["stations"]
            seen.append(
                (seconds, feature["properties"]["state"], feature["properties"]["severity"])
            )
    assert seen == [(130, "late", "normal"), (310, "stale", "unknown")]


def test_an_ended_alert_is_said_once_and_its_station_is_calm_again():
    snapshot = loaded()
    for state, severity in (("active", "red"), ("ended", "normal")):
        difference = Difference()
        snapshot.apply(Changed([], [alert("a", "R-1", "red", state)]), difference)
        change = snapshot.change(difference, NOW)
        assert change["alerts"][0]["state"] == state
        assert change["stations"][0]["properties"]["severity"] == severity
        again = Difference()
        snapshot.apply(Changed([], [alert("a", "R-1", "red", state)]), again)
        assert not again
    assert snapshot.hello(NOW)["alerts"] == []


def test_a_station_that_came_or_went_needs_everything_sent_again():
    snapshot = loaded()
    assert not snapshot.load(Loaded([station("R-1"), station("R-2")], [], []), Difference())
    assert snapshot.load(Loaded([station("R-1")], [], []), Difference())


def test_an_alert_whose_end_no_look_found_does_not_stay_open_on_the_screens():
    snapshot = loaded()
    stations = list(snapshot.stations.values())
    values: list[Any] = []
    still = alert("a", "R-1", "red", "active")
    assert not snapshot.load(Loaded(stations, values, [still]), Difference())
    assert not snapshot.load(Loaded(stations, values, [still]), Difference())
    assert snapshot.load(Loaded(stations, values, []), Difference())
    assert snapshot.hello(NOW)["alerts"] == []


def _no_connection() -> Any:
    raise AssertionError("this stream is never started")


def test_who_comes_just_after_a_change_hears_it_in_hello():
    """Two come within the second for which a hello is kept, and between them something changes."""
    live = Live(_no_connection, dashboard.store, Hub())
    live._snapshot.load(Loaded([station("R-1")], [latest("R-1", age_s=0)], []), Difference())
    live._loaded = True
    number, _ = live.hello() or (0, b"")
    live._snapshot.apply(Changed([latest("R-1", age_s=0, value=31.77)], []), live._pending)
    live._push()
    later, content = live.hello() or (0, b"")
    assert later > number
    assert b"31.77" in content


@pytest.mark.parametrize("staff", [True, False])
def test_only_the_staff_snapshot_carries_what_only_staff_may_see(staff):
    snapshot = Snapshot(staff=staff)
    snapshot.load(Loaded([station("R-1")], [], []), Difference())
    [feature] = snapshot.features(["R-1"], NOW)
    assert ("department" in feature["properties"]) is staff
    assert ("device" in feature["properties"]) is staff
