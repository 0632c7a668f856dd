"""However often the broker dies, what devices were told is not forgotten, and is bounded."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from ingest.door import outlet
from ingest.door.outlet import Outlet
from ingest.settings import BrokerSettings

HOLD = 5
FRAMES = 40  # may be at risk at once
SOON_S = 0.2
RIGHT = SimpleNamespace(is_failure=False, value=0)
UNWANTED = b"unwanted"
NOT_AUTHORISED = SimpleNamespace(is_failure=True, value=0x87)


class Broker:
    """In place of paho and what is behind it. arrived: what is unconfirmed, most: at once."""

    def __init__(self) -> None:
        self.arrived: dict[int, bytes] = {}
        self.seen: list[bytes] = []
        self.most = self._mid = 0
        self.client = SimpleNamespace(publish=self._publish)
        for name in ("max_inflight_messages_set", "max_queued_messages_set", "reconnect_delay_set"):
            setattr(self.client, name, lambda *_args, **_options: None)

    def _publish(self, _topic: str, payload: bytes, qos: int) -> Any:
        assert qos == 1
        self._mid += 1
        self.arrived[self._mid] = payload
        self.seen.append(payload)
        self.most = max(self.most, len(self.arrived))
        return SimpleNamespace(mid=self._mid)

    async def confirm(self, most: int = 10_000) -> None:
        for mid in list(self.arrived)[:most]:
            answer = NOT_AUTHORISED if self.arrived.pop(mid) == UNWANTED else RIGHT
            self.client.on_publish(None, None, mid, answer, None)
        await asyncio.sleep(0.01)

    async def die_and_return(self) -> list[bytes]:
        """paho keeps what is unconfirmed. Gives back what is published anew."""
        before = len(self.seen)
        self.client.on_disconnect(None, None, None, "killed", None)
        self.client.on_connect(None, None, None, RIGHT, None)
        await asyncio.sleep(0.01)
        return self.seen[before:]


@pytest.fixture
def broker(monkeypatch):
    fake = Broker()
    monkeypatch.setattr("paho.mqtt.client.Client", lambda *_args, **_options: fake.client)
    monkeypatch.setattr(outlet, "secure", lambda *_: None)
    monkeypatch.setattr(outlet, "_AT_RISK_S", 600)  # nothing is safe while a test lasts
    monkeypatch.setattr(outlet, "_AT_RISK_FRAMES", FRAMES)
    monkeypatch.setattr(outlet, "_LOOK_S", 0.01)
    return fake


class Devices:
    """They publish one after the other, as fast as the door lets them."""

    def __init__(self, door: Outlet, size: int = 1) -> None:
        self.told: list[bytes] = []
        self._door, self._size, self._number = door, size, 0
        self._tasks = [asyncio.create_task(self._publish()) for _ in range(2 * HOLD)]

    async def _publish(self) -> None:
        while True:
            self._number += 1
            frame = b"%d" % self._number * self._size
            await self._door.publish("t", frame, partial(self.told.append, frame))

    def stop(self) -> None:
        for task in self._tasks:
            task.cancel()


def with_door(test: Callable[[Outlet], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        async with asyncio.timeout(30):
            await test(Outlet(BrokerSettings(), "door", HOLD))

    # On a thread of its own: a browser of other tests may have left its loop on this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, run()).result()


def test_of_what_devices_were_told_all_that_is_at_risk_is_published_again(broker):
    async def test(door: Outlet) -> None:
        devices = Devices(door)
        for _ in range(20):
            await broker.confirm()
        told = list(devices.told)
        assert FRAMES <= len(told) < FRAMES + 2 * HOLD
        assert await broker.die_and_return() == told
        devices.stop()

    with_door(test)


def test_of_large_frames_fewer_may_be_at_risk(broker, monkeypatch):
    monkeypatch.setattr(outlet, "_AT_RISK_BYTES", 1000)

    async def test(door: Outlet) -> None:
        devices = Devices(door, size=100)
        for _ in range(10):
            await broker.confirm()
        assert HOLD <= len(devices.told) <= 10 + 2 * HOLD
        devices.stop()

    with_door(test)


def test_once_the_broker_has_lived_long_enough_devices_are_heard_again(broker, monkeypatch):
    monkeypatch.setattr(outlet, "_AT_RISK_S", SOON_S)

    async def test(door: Outlet) -> None:
        devices = Devices(door)
        for _ in range(20):
            await broker.confirm()
        full = len(devices.told)
        while len(devices.told) < 5 * full:
            await asyncio.sleep(SOON_S)
            for _ in range(20):
                await broker.confirm()
        devices.stop()

    with_door(test)


def test_a_frame_that_the_broker_keeps_refusing_does_not_stop_the_others(broker, monkeypatch):
    monkeypatch.setattr(outlet, "_AT_RISK_S", SOON_S)
    monkeypatch.setattr(outlet, "_AGAIN_S", 0.05)

    async def test(door: Outlet) -> None:
        await door.publish("t", UNWANTED, lambda: None)
        devices = Devices(door)
        while len(devices.told) < 3 * FRAMES:
            await broker.confirm()
        devices.stop()

    with_door(test)


def test_killed_again_and_again_it_holds_no_more_and_forgets_nothing(broker):
    async def test(door: Outlet) -> None:
        devices = Devices(door)
        for round_ in range(60):
            told = set(devices.told)
            assert told <= set(broker.seen)
            anew = await broker.die_and_return()
            # What was told is under way again: published anew, or unconfirmed since before.
            assert told <= {*anew, *broker.arrived.values()}
            assert broker.most <= FRAMES + 3 * HOLD
            await broker.confirm(round_ % 7 * HOLD)
        devices.stop()
        assert len(devices.told) >= FRAMES

    with_door(test)


def test_a_device_that_leaves_while_it_waits_takes_no_room_with_it(broker, monkeypatch):
    monkeypatch.setattr(outlet, "_AT_RISK_S", SOON_S)

    async def test(door: Outlet) -> None:
        devices = Devices(door)
        for _ in range(20):
            await broker.confirm()
        devices.stop()
        await asyncio.sleep(SOON_S + 0.05)
        others = Devices(door)
        before = len(others.told)
        while len(others.told) == before:  # with_door gives up where it never comes
            await broker.confirm()
        others.stop()

    with_door(test)
