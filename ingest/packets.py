"""PUBLISH packets out of what was read from a broker (MQTT 3.1.1 and 5, section 3.3). Pure.

Only the plain kind, which is nearly all of the traffic: QoS 1, whole, no properties. Everything
else is left where it is, for paho.
"""

from typing import NamedTuple

_PUBLISH_QOS_1 = 0x32
_NEITHER_DUP_NOR_RETAIN = 0xF6
_DUP, _RETAIN = 0x08, 0x01
_MOST_LENGTH_BYTES = 4
_ACK = bytes((0x40, 2))  # PUBACK with nothing but the packet id: success


class Publish(NamedTuple):
    topic: str
    payload: bytes
    packet_id: int
    dup: bool
    retain: bool


def read_publishes(data: bytes, at: int, *, v5: bool) -> tuple[list[Publish], int]:
    """The plain PUBLISH packets that come first in `data` from `at` on, and where they end."""
    found: list[Publish] = []
    size = len(data)
    while at + 2 <= size and data[at] & _NEITHER_DUP_NOR_RETAIN == _PUBLISH_QOS_1:
        length, begins = data[at + 1], at + 2
        if length > 127:
            length, begins = _long_length(data, at + 1)
        end = begins + length
        if not begins or end > size:
            break
        one = _publish(data, data[at], begins, end, v5=v5)
        if one is None:
            break
        found.append(one)
        at = end
    return found, at


def acknowledgements(packet_ids: list[int]) -> bytes:
    """A PUBACK for each, one behind the other; the same bytes in MQTT 3.1.1 and 5."""
    return b"".join(_ACK + packet_id.to_bytes(2, "big") for packet_id in packet_ids)


def _publish(data: bytes, header: int, at: int, end: int, *, v5: bool) -> Publish | None:
    """A packet's variable part and payload; None where it is not plain, or broken."""
    topic_ends = at + 2 + (data[at] << 8 | data[at + 1]) if at + 2 <= end else end
    payload = topic_ends + (3 if v5 else 2)
    if payload > end or (v5 and data[payload - 1]):
        return None
    try:
        topic = data[at + 2 : topic_ends].decode()
    except UnicodeDecodeError:
        return None
    packet_id = data[topic_ends] << 8 | data[topic_ends + 1]
    if not topic or not packet_id:
        return None
    return Publish(topic, data[payload:end], packet_id, bool(header & _DUP), bool(header & _RETAIN))


def _long_length(data: bytes, at: int) -> tuple[int, int]:
    """A remaining length of several bytes and where it ends; (0, 0) if it is not whole."""
    length = 0
    for place, byte in enumerate(data[at : at + _MOST_LENGTH_BYTES]):
        length |= (byte & 127) << 7 * place
        if byte < 128:
            return length, at + place + 1
    return 0, 0
