"""Frames out to the broker at QoS 1, each held in hand until the broker has confirmed it."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from ingest.line.security import secure
from ingest.settings import BrokerSettings

log = logging.getLogger(__name__)

_AGAIN_S = 2.0
# MQTT 5: the broker took the message and had nobody to give it to, which means that it is gone.
_NOBODY_SUBSCRIBED = 16
# Mosquitto confirms before it writes to disk, and saves once a second or at each change: what it
# confirmed so shortly before it was killed may be gone.
_AT_RISK_S = 3.0
# So much may be at risk at once; then nothing more is taken in hand. Frames are bounded because a
# packet id has sixteen bits, too: with ingest.gateway.hold (at most 20,000) they stay below 65,536.
_AT_RISK_FRAMES = 20_000
_AT_RISK_BYTES = 64 * 1024 * 1024
_LOOK_S = 0.05


@dataclass(frozen=True, slots=True)
class _Parcel:
    topic: str
    payload: bytes
    held: Callable[[], None] | None  # None: confirmed before, and published once more

    @property
    def size(self) -> int:
        return len(self.topic) + len(self.payload)


class Outlet:
    """paho keeps connecting in a thread of its own; everything else here happens in the loop.

    What the broker has not confirmed is sent again by paho after each reconnection. What it
    refuses, or says that nobody subscribed to, is tried again every two seconds. What it confirmed
    in the last seconds before it was lost is published once more: a duplicate does no harm. Of a
    broker that never lives so long ever more is at risk: at a bound nothing more is taken in hand.
    """

    def __init__(self, broker: BrokerSettings, client_id: str, hold: int) -> None:
        self._broker, self._loop = broker, asyncio.get_running_loop()
        self._room = asyncio.Semaphore(hold)
        self._waiting: dict[int, _Parcel] = {}
        self._empty = asyncio.Event()
        self._empty.set()
        self._in_hand = 0
        # At risk is what was confirmed and may not be on the broker's disk: `_recent`, and what was
        # in it and is under way once more.
        self._recent: deque[tuple[float, _Parcel]] = deque()
        self._risk_frames = self._risk_bytes = 0
        self._turn = asyncio.Lock()
        self._lost = False
        self.refused: str | None = None
        self._client = self._make_client(client_id, hold)

    @property
    def in_hand(self) -> int:
        """Frames that the broker has not confirmed."""
        return self._in_hand

    def start(self) -> None:
        """Connect in the background and keep connecting; returns at once."""
        self._client.connect_async(self._broker.host, self._broker.port, self._broker.keepalive_s)
        self._client.loop_start()

    async def publish(self, topic: str, payload: bytes, held: Callable[[], None]) -> None:
        """Take a message in hand, when there is room; `held` is called once the broker has it."""
        await self._room.acquire()
        try:
            await self._bearable()
        except asyncio.CancelledError:
            self._room.release()
            raise
        self._in_hand += 1
        self._empty.clear()
        self._send(_Parcel(topic, payload, held))

    async def stop(self, seconds: float) -> None:
        """Wait so long for what is in hand, then leave."""
        try:
            async with asyncio.timeout(seconds):
                await self._empty.wait()
        except TimeoutError:
            log.warning("leaving with %d frames that the broker has not confirmed", self._in_hand)
        self._client.disconnect()
        await asyncio.to_thread(self._client.loop_stop)

    def _send(self, parcel: _Parcel) -> None:
        # No race with the confirmation: it comes through the loop, after this has returned.
        self._waiting[self._client.publish(parcel.topic, parcel.payload, qos=1).mid] = parcel

    def _settled(self, mid: int, reason: Any) -> None:
        parcel = self._waiting.pop(mid, None)
        if parcel is None:
            return
        self._age()
        if reason.is_failure or reason.value == _NOBODY_SUBSCRIBED:
            self._complain(str(reason))
            self._loop.call_later(_AGAIN_S, self._send, parcel)
            return
        self.refused = None
        self._recent.append((self._loop.time(), _Parcel(parcel.topic, parcel.payload, None)))
        if parcel.held is None:
            return
        self._risk_frames += 1
        self._risk_bytes += parcel.size
        self._in_hand -= 1
        self._room.release()
        if not self._in_hand:
            self._empty.set()
        parcel.held()

    def _age(self) -> None:
        """An answer, a refusal too, says that the broker lived on; the clock alone never does."""
        now = self._loop.time()
        while self._recent and self._recent[0][0] < now - _AT_RISK_S:
            _, safe = self._recent.popleft()
            self._risk_frames -= 1
            self._risk_bytes -= safe.size

    async def _bearable(self) -> None:
        """Wait until no more is at risk than may be; one that will show so may pass."""
        async with self._turn:
            # Looked at again and again: `_wants_news` comes true by time alone, without an event.
            while self._too_much_at_risk and not self._wants_news:  # noqa: ASYNC110 - see above
                await asyncio.sleep(_LOOK_S)

    @property
    def _too_much_at_risk(self) -> bool:
        return self._risk_frames >= _AT_RISK_FRAMES or self._risk_bytes >= _AT_RISK_BYTES

    @property
    def _wants_news(self) -> bool:
        """Whether the next confirmation will say of something that it is safe, and none is due."""
        if self._lost or self._in_hand or not self._recent:
            return False
        return self._recent[0][0] < self._loop.time() - _AT_RISK_S

    def _lose(self) -> None:
        self._lost = True

    def _find(self) -> None:
        """The broker is back: publish again what it may have forgotten."""
        if self._lost:
            self._lost = False
            for _, parcel in self._recent:
                self._send(parcel)
            self._recent.clear()

    def _complain(self, reason: str) -> None:
        if reason != self.refused:
            log.error("the broker does not keep what we publish: %s; trying again", reason)
        self.refused = reason

    def _make_client(self, client_id: str, hold: int) -> paho.Client:
        v5 = self._broker.protocol == "5"
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=None if v5 else True,
            protocol=paho.MQTTv5 if v5 else paho.MQTTv311,
        )
        client.max_inflight_messages_set(hold)
        client.max_queued_messages_set(0)  # `hold` is the bound
        client.reconnect_delay_set(min_delay=1, max_delay=10)
        secure(client, self._broker)
        client.on_connect = self._on_connect
        client.on_connect_fail = lambda *_: log.warning(
            "no broker at %s:%s, trying again", self._broker.host, self._broker.port
        )
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        return client

    def _on_connect(
        self, _client: object, _data: object, _flags: object, reason: Any, _properties: object
    ) -> None:
        if reason.is_failure:
            log.error("the broker refuses the gateway: %s", reason)
        else:
            log.info("connected to the broker")
            self._loop.call_soon_threadsafe(self._find)

    def _on_disconnect(
        self, _client: object, _data: object, _flags: object, reason: Any, _properties: object
    ) -> None:
        log.warning("disconnected from the broker: %s", reason)
        self._loop.call_soon_threadsafe(self._lose)

    def _on_publish(
        self, _client: object, _data: object, mid: int, reason: Any, _properties: object
    ) -> None:
        self._loop.call_soon_threadsafe(self._settled, mid, reason)
