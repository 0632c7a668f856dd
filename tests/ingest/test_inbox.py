"""The box between the network thread and the pipeline: bounded, and never a dead end."""

import threading
from datetime import UTC, datetime

from ingest.message import BATCH_BYTES, Inbox, Message


def message(number: int, size: int = 1) -> Message:
    at = datetime(2026, 6, 1, tzinfo=UTC)
    return Message("t", b"x" * size, at, number, dup=False, epoch=1, qos=1)


def test_messages_leave_in_the_order_they_came_and_no_more_than_asked():
    inbox = Inbox(max_messages=10, max_bytes=1000)
    for number in range(5):
        inbox.put(message(number))
    assert [m.packet_id for m in inbox.take(3, 0, 0)] == [0, 1, 2]
    assert [m.packet_id for m in inbox.take(3, 0, 0)] == [3, 4]


def test_a_batch_is_bounded_in_bytes_too():
    inbox = Inbox(max_messages=10, max_bytes=100 * BATCH_BYTES)
    for number in range(4):
        inbox.put(message(number, size=BATCH_BYTES // 2 + 1))
    assert [m.packet_id for m in inbox.take(10, 0, 0)] == [0, 1]
    assert [m.packet_id for m in inbox.take(10, 0, 0)] == [2, 3]


def test_an_empty_box_gives_nothing_after_the_idle_wait():
    assert Inbox(10, 1000).take(3, 1, idle_wait_s=0.01) == []


def test_a_box_full_by_count_or_by_bytes_holds_the_network_thread_until_there_is_room():
    for inbox in (Inbox(max_messages=1, max_bytes=1000), Inbox(max_messages=9, max_bytes=5)):
        inbox.put(message(1, size=5))
        writer = threading.Thread(target=inbox.put, args=(message(2),))
        writer.start()
        writer.join(0.05)
        assert writer.is_alive()
        assert [m.packet_id for m in inbox.take(5, 0, 0)] == [1]
        writer.join(5)
        assert not writer.is_alive()
        assert [m.packet_id for m in inbox.take(5, 0, 1)] == [2]


def test_closing_frees_a_waiting_network_thread():
    inbox = Inbox(max_messages=1, max_bytes=1000)
    inbox.put(message(1))
    writer = threading.Thread(target=inbox.put, args=(message(2),))
    writer.start()
    inbox.close()
    writer.join(5)
    assert not writer.is_alive()
