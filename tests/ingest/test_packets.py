"""PUBLISH packets read many at once: the same messages as paho reads one by one."""

import inspect
import socket
import threading
import time
from collections.abc import Sequence

import paho.mqtt.client as paho
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from paho.mqtt import _packet as paho_packet
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from ingest.client import BufferedSocket, Client
from ingest.message import Inbox, Message
from ingest.mqtt import Subscriber
from ingest.packets import Publish, acknowledgements, read_publishes
from ingest.settings import BrokerSettings
from tests.servers.mosquitto import Mosquitto
from tests.servers.waiting import until


class Zeros(bytes):
    """Many bytes that are not printed: for lengths of two and three bytes."""

    def __repr__(self) -> str:
        return f"Zeros({len(self)})"


PLAIN = st.builds(
    Publish,
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40),
    st.one_of(st.binary(max_size=40), st.sampled_from((110, 140, 17_000)).map(Zeros)),
    st.integers(1, 65_535),
    st.booleans(),
    st.booleans(),
)
PINGRESP = bytes((0xD0, 0))


def encoded(one: Publish, *, v5: bool, properties: bytes = b"\0") -> bytes:
    """After section 3.3 of the standards."""
    topic = one.topic.encode()
    body = len(topic).to_bytes(2, "big") + topic + one.packet_id.to_bytes(2, "big")
    body += (properties if v5 else b"") + one.payload
    length, left = bytearray(), len(body)
    while left > 127:
        length.append(left & 127 | 128)
        left >>= 7
    head = bytes((0x32 | one.dup << 3 | one.retain, *length, left))
    return head + body


def as_paho_reads(packet: bytes, *, v5: bool) -> Publish:
    body = 2
    while packet[body - 1] & 128:
        body += 1
    version = MQTTProtocolVersion.MQTTv5 if v5 else MQTTProtocolVersion.MQTTv311
    read = paho_packet.decode_publish(packet[0], packet[body:], version)
    assert read.qos == 1
    return Publish(read.topic.decode(), read.payload, read.mid, read.dup, read.retain)


@given(st.lists(PLAIN, max_size=6), st.booleans(), st.data())
def test_whole_packets_are_read_as_paho_reads_them_wherever_the_chunk_ends(sent, v5, data):
    packets = [encoded(one, v5=v5) for one in sent]
    stream = b"".join(packets)
    cut = data.draw(st.integers(0, len(stream)))
    found, end = read_publishes(stream[:cut], 0, v5=v5)
    whole = [packet for number, packet in enumerate(packets) if ends(packets, number) <= cut]
    assert found == [as_paho_reads(packet, v5=v5) for packet in whole] == sent[: len(whole)]
    assert end == sum(map(len, whole))
    again, last = read_publishes(stream, end, v5=v5)
    assert (found + again, last) == (sent, len(stream))


def ends(packets: Sequence[bytes], number: int) -> int:
    return sum(map(len, packets[: number + 1]))


@given(st.lists(PLAIN, max_size=3), st.booleans())
def test_another_packet_is_left_for_paho_and_nothing_behind_it_is_read(sent, v5):
    before = b"".join(encoded(one, v5=v5) for one in sent)
    with_time = encoded(Publish("t", b"x", 1, dup=False, retain=False), v5=v5, properties=b"\1\1")
    qos_0 = bytes((0x30, 3, 0, 1, 65))
    for other in (PINGRESP, qos_0, *([with_time] if v5 else [])):
        assert read_publishes(before + other + before, 0, v5=v5) == (sent, len(before))


@settings(max_examples=1000)
@given(st.binary(max_size=60), st.booleans())
def test_no_bytes_raise_or_are_read_past_their_end(data, v5):
    for stream in (data, b"\x32" + data):
        found, end = read_publishes(stream, 0, v5=v5)
        assert 0 <= end <= len(stream)
        assert sum(len(one.payload) + len(one.topic.encode()) for one in found) <= end


@pytest.mark.parametrize("protocol", [MQTTProtocolVersion.MQTTv311, MQTTProtocolVersion.MQTTv5])
def test_acknowledgements_are_the_bytes_paho_would_send(protocol):
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=protocol, manual_ack=True)
    client.on_socket_register_write = lambda *_: None  # else it writes at once
    ids = [1, 255, 256, 65_535]
    for packet_id in ids:
        client.ack(packet_id, 1)
    assert acknowledgements(ids) == b"".join(packet["packet"] for packet in client._out_packet)


def test_what_is_used_of_the_insides_of_paho_is_there():
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    assert client._in_packet["command"] == 0
    assert client._protocol == paho.MQTTv5
    assert client._sock is None
    assert isinstance(client._last_bytes_received, float)
    with client._msgtime_mutex:
        queue = list(inspect.signature(client._packet_queue).parameters)
    assert queue == ["command", "packet", "mid", "qos", "info"]
    assert "self._create_socket()" in inspect.getsource(paho.Client.reconnect)
    assert "self._packet_read()" in inspect.getsource(paho.Client.loop_read)
    assert "self._sock.recv(" in inspect.getsource(paho.Client._sock_recv)
    assert "self._sock.pending()" in inspect.getsource(paho.Client._loop)


class Pieces:
    """The far end of a socket, giving out what it has in pieces of given sizes."""

    def __init__(self, data: bytes, sizes: Sequence[int]) -> None:
        self.data, self.sizes = data, list(sizes)

    def recv(self, size: int) -> bytes:
        if not self.data or (self.sizes and not self.sizes[0]):
            self.sizes = self.sizes[1:]
            raise BlockingIOError
        most = min(size, self.sizes.pop(0) if self.sizes else size)
        piece, self.data = self.data[:most], self.data[most:]
        return piece


@given(st.lists(PLAIN, max_size=5), st.lists(st.integers(0, 300), max_size=20), st.booleans())
def test_nothing_is_lost_between_the_fast_reader_and_pahos_own(sent, sizes, v5):
    """Both take turns on one stream, as the network thread lets them."""
    stream = b"".join(encoded(one, v5=v5) + PINGRESP for one in sent)
    sock, taken = BufferedSocket(Pieces(stream, sizes)), b""
    while len(taken) < len(stream):
        taken += b"".join(encoded(one, v5=v5) for one in sock.publishes(v5=v5))
        if len(taken) < len(stream):
            taken += packet_as_paho_reads(sock)
    assert taken == stream
    assert sock.pending() == 0


def packet_as_paho_reads(sock: BufferedSocket) -> bytes:
    """Two bytes, the rest of the length, then what it says."""
    packet = exactly(sock, 2)
    while packet[-1] & 128:
        packet += exactly(sock, 1)
    length = sum((byte & 127) << 7 * place for place, byte in enumerate(packet[1:]))
    return packet + exactly(sock, length)


def exactly(sock: BufferedSocket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        try:
            found += sock.recv(size - len(found))
        except BlockingIOError:
            continue
    return found


def test_plain_messages_and_those_with_properties_keep_their_order(mosquitto: Mosquitto):
    inbox = Inbox(1000, 1_000_000)
    broker = BrokerSettings(port=mosquitto.port, protocol="5")
    subscriber = Subscriber(broker, "mixed", ["mixed/#"], inbox, 100)
    subscriber.start()
    sender = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    try:
        until(lambda: subscriber.connected_since, "the session to connect")
        sender.connect("127.0.0.1", mosquitto.port)
        sender.loop_start()
        for number in range(90):
            properties = Properties(PacketTypes.PUBLISH)
            if number % 3 == 0:
                properties.UserProperty = ("t", str(number))
            payload = str(number) * (1 + 7 * number)
            sender.publish("mixed/" + "x" * number, payload, 1, properties=properties)
        taken: list[Message] = []
        while len(taken) < 90:
            got = inbox.take(90, 0.1, idle_wait_s=60)
            assert got, f"only {len(taken)} came"
            taken += got
    finally:
        subscriber.stop()
        sender.disconnect()
        sender.loop_stop()
    assert [one.topic for one in taken] == ["mixed/" + "x" * number for number in range(90)]
    assert [one.user_time for one in taken] == [
        str(number) if number % 3 == 0 else None for number in range(90)
    ]
    assert all(one.payload == (str(n) * (1 + 7 * n)).encode() for n, one in enumerate(taken))


def test_who_leaves_in_order_is_heard_out_by_a_slow_broker():
    """What it had not read yet would be lost with the line, and come again to the next ingest."""
    heard = {}
    for leaving in (True, False):
        with socket.create_server(("127.0.0.1", 0)) as server:
            line = BufferedSocket(socket.create_connection(server.getsockname()))
            broker, _ = server.accept()
        line.leaving = leaving
        line.sendall(b"confirmed" * 1000)
        broker.sendall(b"one more")  # unread when the line is closed
        closing = threading.Thread(target=line.close)
        closing.start()
        time.sleep(0.2)  # busy with its disk
        heard[leaving] = _all_of(broker)
        broker.close()
        closing.join(10)
        assert not closing.is_alive()
    assert heard == {True: b"confirmed" * 1000, False: None}


def _all_of(broker: socket.socket) -> bytes | None:
    """What there is to read; None where the line was reset."""
    found = b""
    try:
        while piece := broker.recv(1000):
            found += piece
    except ConnectionResetError:
        return None
    return found
