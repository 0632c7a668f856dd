"""The MQTT session on a real broker: acknowledged after the commit, and by its own connection."""

from collections.abc import Callable, Iterator

import pytest

from ingest.message import Inbox, Message
from ingest.mqtt import Subscriber
from ingest.settings import BrokerSettings
from tests.servers.mosquitto import Mosquitto
from tests.servers.proxy import Proxy
from tests.servers.waiting import until

TOPIC = "dongtai/v1/obs/R-01"


class Session:
    """A subscriber with its inbox, behind a line that can be cut."""

    def __init__(self, port: int, protocol: str, in_flight: int = 100) -> None:
        self.inbox = Inbox(1000, 1_000_000)
        settings = BrokerSettings(port=port, protocol=protocol, keepalive_s=5)
        self.subscriber = Subscriber(
            settings, "test-ingest", ["dongtai/v1/obs/#"], self.inbox, in_flight
        )
        self.subscriber.start()
        until(lambda: self.subscriber.connected_since, "the session to connect")

    def take(self, count: int) -> list[Message]:
        taken: list[Message] = []
        while len(taken) < count:
            got = self.inbox.take(count - len(taken), 0.1, idle_wait_s=60)
            assert got, f"only {len(taken)} of {count} messages came"
            taken += got
        return taken


@pytest.fixture(params=["3.1.1", "5"])
def session(request, mosquitto: Mosquitto) -> Iterator[Callable[..., Session]]:
    opened: list[Session] = []

    def open_session(port: int = mosquitto.port, **options: int) -> Session:
        opened.append(Session(port, request.param, **options))
        return opened[-1]

    yield open_session
    for one in opened:
        one.subscriber.stop()


def test_what_was_not_acknowledged_comes_again_and_what_was_does_not(session, mosquitto):
    first = session()
    for text in (b"one", b"two"):
        mosquitto.publish(TOPIC, text)
    one, _two = first.take(2)
    assert first.subscriber.acknowledge([one]) == 0
    first.subscriber.stop()
    again = session().take(1)[0]
    assert (again.payload, again.dup) == (b"two", True)


def test_messages_sent_while_nobody_listens_wait_in_the_broker(session, mosquitto):
    session().subscriber.stop()
    mosquitto.publish(TOPIC, b"waited")
    assert session().take(1)[0].payload == b"waited"


def test_an_acknowledgement_of_a_lost_connection_is_dropped(session, mosquitto, proxy):
    line: Proxy = proxy(mosquitto.host, mosquitto.port)
    one = session(line.port)
    mosquitto.publish(TOPIC, b"old")
    (old,) = one.take(1)
    line.cut()
    until(lambda: not one.subscriber.connected_since, "the loss to be seen")
    line.restore()
    (again,) = one.take(1)
    assert again.epoch > old.epoch
    assert one.subscriber.acknowledge([old]) == 1
    assert one.subscriber.acknowledge([again]) == 0


def test_the_window_of_the_session_bounds_what_is_under_way(mosquitto):
    """MQTT 5: Receive Maximum is the back-pressure, however much waits."""
    one = Session(mosquitto.port, "5", in_flight=3)
    for number in range(8):
        mosquitto.publish(TOPIC, str(number).encode())
    taken = one.take(3)
    assert one.inbox.take(9, 0.3, idle_wait_s=0.5) == []
    one.subscriber.acknowledge(taken)
    assert [m.payload for m in one.take(3)] == [b"3", b"4", b"5"]
    one.subscriber.stop()
