"""`python -m ingest gateway` as it runs on site, and devices that talk to it."""

import queue
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import paho.mqtt.client as paho
import yaml
from paho.mqtt.enums import CallbackAPIVersion

from tests.servers.mosquitto import Mosquitto
from tests.servers.program import Program
from tests.servers.waiting import free_port, listening, until

_ESTABLISHED = 1  # of Linux's TCP states


class RunningGateway:
    """Both protocols on ports of their own; killed and started again."""

    def __init__(
        self,
        folder: Path,
        broker: Mosquitto,
        start: Callable[..., Program],
        *,
        sensors: dict[str, Any] | None = None,
        database: dict[str, Any] | None = None,
        **gateway: Any,
    ) -> None:
        self.hj212, self.sl651 = free_port(), free_port()
        self.path, self._start = folder / "gateway.yaml", start
        document = {
            "sensors": sensors or {},
            "database": database or {},
            "ingest": {
                "broker": {"host": broker.host, "port": broker.port},
                "gateway": {
                    "hj212": {"port": self.hj212},
                    "sl651": {"port": self.sl651},
                    **gateway,
                },
            },
        }
        self.path.write_text(yaml.safe_dump(document, allow_unicode=True), "utf-8")
        self.start()
        self.program.wait_for("connected to the broker")

    def start(self) -> None:
        self.program = self._start("ingest", "gateway", "--config", str(self.path))
        until(self._listens, "the gateway to listen")

    def _listens(self) -> bool:
        assert self.program.running, f"the gateway ended:\n{self.program.said}"
        return listening(self.hj212) and listening(self.sl651)


class Device:
    """A station with a TCP connection. Its frames and answers are bytes."""

    def __init__(self, port: int, *, receive_buffer: int | None = None) -> None:
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(60)
        self.socket.connect(("127.0.0.1", port))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def hear(self, size: int, *, seconds: float = 60) -> bytes:
        """So many bytes of answers."""
        self.socket.settimeout(seconds)
        heard = b""
        while len(heard) < size and (more := self.socket.recv(size - len(heard))):
            heard += more
        return heard

    def silent(self, *, seconds: float = 1.0) -> bool:
        """Whether nothing is said to it for so long."""
        self.socket.settimeout(seconds)
        try:
            return self.socket.recv(1) is None
        except TimeoutError:
            return True

    def sent_away(self) -> bool:
        """Whether the other side has closed."""
        self.socket.settimeout(0.05)
        try:
            return self.socket.recv(1) == b""
        except TimeoutError:
            return False
        except OSError:
            return True

    def is_cut_off(self) -> bool:
        """Whether nothing can be sent any more; reads nothing."""
        state = self.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
        return state != _ESTABLISHED


class Listener:
    """A session at the broker that stays over its restart, in place of ingest."""

    def __init__(self, broker: Mosquitto) -> None:
        self.messages: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self._subscribed = threading.Event()
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id="listener", clean_session=False)
        client.on_connect = self._subscribe
        client.on_subscribe = lambda *_: self._subscribed.set()
        client.on_message = lambda _client, _data, message: self.messages.put(
            (message.topic, message.payload)
        )
        client.reconnect_delay_set(1, 1)
        client.connect(broker.host, broker.port)
        client.loop_start()
        assert self._subscribed.wait(60), "the broker confirms no subscription"
        self._client = client

    @staticmethod
    def _subscribe(client: paho.Client, *_: object) -> None:
        client.subscribe("dongtai/v1/#", qos=1)

    def next(self) -> tuple[str, bytes]:
        return self.messages.get(timeout=60)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
