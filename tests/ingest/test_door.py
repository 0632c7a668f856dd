"""The TCP door: a frame in, a message at the broker, and only then an answer."""

import json
import queue
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from sensors.decoders.hj212_frame import framed
from tests.ingest.devices import Device, Listener, RunningGateway
from tests.servers.mosquitto import Mosquitto
from tests.servers.waiting import free_port, until

DATA = Path(__file__).parents[1] / "sensors" / "data"
HJ212 = [v["frame"] for v in json.loads((DATA / "hj212_frames.json").read_text())["vectors"]]
SL651 = [v["hex"] for v in json.loads((DATA / "sl651_frames.json").read_text())["vectors"]]
DUST = next(f for f in HJ212 if "MN=ZX00001" in f).encode()  # asks for an answer
SWAPPED = next(f for f in HJ212 if "MN=4201003" in f)
TIMED = bytes.fromhex(SL651[1])
QUIET = next(f for f in HJ212 if "MN=8888888000114W" in f).encode()  # asks for none
CONFIRMED = framed(
    b"QN=20191018104952418;ST=91;CN=9014;PW=123456;MN=ZX00001;Flag=4;CP=&&&&", "standard"
)
SL651_ANSWER = 25  # bytes


def upload(number: int, mn: str = "ZX00001", more: str = "Flag=5") -> bytes:
    head = f"QN={number:017d};ST=22;CN=2011;PW=123456;MN={mn};{more}"
    return framed(f"{head};CP=&&DataTime=20260601080000;a34004-Rtd=25&&".encode(), "standard")


def confirmed(number: int, mn: str = "ZX00001", more: str = "Flag=4") -> bytes:
    return framed(
        f"QN={number:017d};ST=91;CN=9014;PW=123456;MN={mn};{more};CP=&&&&".encode(), "standard"
    )


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """It saves once a second: what it confirmed just before it is killed is gone."""
    broker = Mosquitto(tmp_path / "mosquitto", on_changes=False).start()
    yield broker
    broker.stop()


@pytest.fixture
def listener(mosquitto: Mosquitto) -> Iterator[Listener]:
    ear = Listener(mosquitto)
    yield ear
    ear.close()


@pytest.fixture
def gateway(tmp_path, mosquitto, listener, process) -> Callable[..., RunningGateway]:
    """Started when called, with settings of its own; somebody listens at the broker."""
    return lambda **settings: RunningGateway(tmp_path, mosquitto, process, **settings)


def test_an_hj212_frame_reaches_the_broker_unchanged_and_is_confirmed(gateway, listener):
    with Device(gateway().hj212) as device:
        device.send(DUST + b"\r\n")
        assert device.hear(len(CONFIRMED)) == CONFIRMED
    assert listener.next() == ("dongtai/v1/hj212/ZX00001", DUST)


def test_an_sl651_report_reaches_the_broker_unchanged_and_is_confirmed(gateway, listener):
    with Device(gateway().sl651) as device:
        device.send(TIMED)
        said = device.hear(SL651_ANSWER)
    assert listener.next() == ("dongtai/v1/sl651/0011223344", TIMED)
    assert said[:16].hex().upper() == "7E7E00112233440503E8328008020034"
    assert said[22] == 0x04


def test_who_wants_no_answer_is_published_all_the_same(gateway, listener):
    with Device(gateway().hj212) as device:
        device.send(QUIET)
        assert listener.next() == ("dongtai/v1/hj212/8888888000114W", QUIET)
        device.send(DUST)
        assert device.hear(len(CONFIRMED)) == CONFIRMED  # the first answer is that to the second


def test_a_damaged_frame_is_published_and_not_answered(gateway, listener):
    damaged = DUST.replace(b"a34004-Rtd=25", b"a34004-Rtd=75")
    with Device(gateway().hj212) as device:
        device.send(damaged + b"noise" + DUST)
        assert device.hear(len(CONFIRMED)) == CONFIRMED
        assert device.silent()
    assert [listener.next() for _ in range(2)] == [
        ("dongtai/v1/hj212/damaged", damaged),
        ("dongtai/v1/hj212/ZX00001", DUST),
    ]


def test_a_frame_that_was_cut_off_is_published_when_the_device_leaves(gateway, listener):
    with Device(gateway().hj212) as device:
        device.send(DUST[:100])
    assert listener.next() == ("dongtai/v1/hj212/damaged", DUST[:100])


def test_a_frame_that_was_cut_off_does_not_hide_the_next_for_long(gateway, listener):
    with Device(gateway(stall_s=0.5).sl651) as device:
        device.send(TIMED[:11] + b"\x0f\xff\x02")
        assert listener.next() == ("dongtai/v1/sl651/damaged", TIMED[:11] + b"\x0f\xff\x02")
        device.send(TIMED)
        assert len(device.hear(SL651_ANSWER)) == SL651_ANSWER


def test_frames_split_and_joined_are_confirmed_one_by_one(gateway, listener):
    frames = [upload(number) for number in range(200)]
    data = b"".join(frames)
    with Device(gateway().hj212) as device:
        for at in range(0, len(data), 37):
            device.send(data[at : at + 37])
        answers = b"".join(confirmed(number) for number in range(200))
        assert device.hear(len(answers)) == answers
    assert [listener.next()[1] + b"\r\n" for _ in frames] == frames


def test_each_packet_of_a_divided_upload_is_confirmed(gateway, listener):
    packets = [upload(7, more=f"Flag=7;PNUM=3;PNO={number}") for number in (1, 2, 3)]
    answers = b"".join(confirmed(7, more=f"Flag=6;PNUM=3;PNO={number}") for number in (1, 2, 3))
    with Device(gateway().hj212) as device:
        device.send(b"".join(packets))
        assert device.hear(len(answers)) == answers
    assert [listener.next()[1] + b"\r\n" for _ in packets] == packets


def test_an_oversized_frame_passes(gateway, listener):
    large = large_upload(1)
    with Device(gateway().hj212) as device:
        device.send(large)
        assert device.hear(len(confirmed(1))) == confirmed(1)
    assert listener.next() == ("dongtai/v1/hj212/ZX00001", large.rstrip())


def large_upload(number: int) -> bytes:
    """As long as the length of a frame can say."""
    head = f"QN={number:017d};ST=22;CN=2011;PW=123456;MN=ZX00001;Flag=5;CP=&&Info=".encode()
    return framed(head.ljust(9997, b"1") + b"&&", "standard")


STATION = {
    "code": "S-01",
    "kind": "stack",
    "zh": "站（示例）",
    "en": "Sample",
    "lon": 121.8,
    "lat": 29.9,
    "department": "water",
    "interval_s": 60,
    "metrics": ["stack_so2_mgm3"],
}
DEPARTMENTS = [{"code": "water", "zh": "水利局", "en": "Water"}]


def test_a_checksum_of_its_own_is_accepted_and_used_where_it_is_configured(gateway, listener):
    head = "QN=1;ST=31;CN=2011;PW=1;MN=4201003;Flag=5;CP=&&DataTime=20260601080000&&"
    frame = framed(head.encode(), "modbus_swapped")
    stations = [{**STATION, "hj212": {"mn": "4201003", "crc": "modbus_swapped"}}]
    running = gateway(sensors={"departments": DEPARTMENTS, "stations": stations})
    answer = framed(b"QN=1;ST=91;CN=9014;PW=1;MN=4201003;Flag=4;CP=&&&&", "modbus_swapped")
    with Device(running.hj212) as device:
        device.send(frame)
        assert device.hear(len(answer)) == answer
        device.send(framed(head.encode(), "standard"))
        assert device.silent()
    assert [listener.next()[0] for _ in range(2)] == [
        "dongtai/v1/hj212/4201003",
        "dongtai/v1/hj212/damaged",
    ]


def test_without_the_broker_nothing_is_confirmed_and_with_it_everything(
    gateway, listener, mosquitto
):
    running = gateway()
    with Device(running.hj212) as device, Device(running.hj212) as other:
        mosquitto.stop()
        device.send(upload(1))
        other.send(upload(2, mn="ZX00002"))
        assert device.silent()
        assert other.silent(seconds=0.1)
        mosquitto.start()
        assert device.hear(len(confirmed(1))) == confirmed(1)
        assert other.hear(len(confirmed(2))) == confirmed(2, mn="ZX00002")
    heard = {listener.next()[1] + b"\r\n" for _ in range(2)}
    assert heard == {upload(1), upload(2, mn="ZX00002")}


def test_a_long_absence_of_the_broker_stops_the_reading_and_loses_nothing(
    gateway, listener, mosquitto
):
    frames = [large_upload(number) for number in range(2000)]
    running = gateway(hold=8)
    with Device(running.hj212) as device:
        mosquitto.stop()
        device.socket.settimeout(1)
        sent = 0
        data = memoryview(b"".join(frames))
        with pytest.raises(TimeoutError):  # TCP tells the device that nobody reads
            while sent < len(data):
                sent += device.socket.send(data[sent : sent + 4096])
        device.socket.settimeout(20)
        mosquitto.start()
        # All that had been sent whole is confirmed.
        whole = sent // len(frames[0])
        size = len(confirmed(0))
        assert device.hear(size * whole) == b"".join(map(confirmed, range(whole)))
    assert {listener.next()[1] + b"\r\n" for _ in range(whole)} == set(frames[:whole])


def test_what_was_confirmed_just_before_the_broker_was_lost_is_published_once_more(
    gateway, listener, mosquitto
):
    with Device(gateway().hj212) as device:
        device.send(DUST)
        assert device.hear(len(CONFIRMED)) == CONFIRMED
        assert listener.next() == ("dongtai/v1/hj212/ZX00001", DUST)
        mosquitto.restart()
        assert listener.next() == ("dongtai/v1/hj212/ZX00001", DUST)
        assert device.silent()  # it knows already


def test_a_broker_that_dies_again_and_again_costs_nothing_that_was_confirmed(
    gateway, listener, mosquitto
):
    """It saves once a second only, and nobody takes the frames from it meanwhile."""
    listener.close()
    running = gateway(hold=8)
    disk = mosquitto.folder / "mosquitto.db"
    until(lambda: disk.exists() and b"listener" in disk.read_bytes(), "the session on its disk")
    sent, heard = 0, b""
    size = len(confirmed(0))
    with Device(running.hj212) as device:
        for _ in range(5):
            wanted = len(heard) + 300 * size
            while len(heard) < wanted:
                device.send(b"".join(upload(sent + n) for n in range(50)))
                sent += 50
                heard += device.hear(50 * size)
            mosquitto.kill()
            mosquitto.start()
        heard += device.hear(sent * size - len(heard))
    assert heard == b"".join(confirmed(n) for n in range(sent))
    ear = Listener(mosquitto)
    missing = {upload(n) for n in range(sent)}
    with suppress(queue.Empty):
        while missing:
            missing.discard(ear.next()[1] + b"\r\n")
    ear.close()
    assert missing == set()


def test_what_nobody_at_the_broker_would_get_is_not_confirmed(tmp_path, mosquitto, process):
    running = RunningGateway(tmp_path, mosquitto, process)
    with Device(running.hj212) as device:
        device.send(DUST)
        running.program.wait_for("No matching subscribers")
        assert device.silent()
        ear = Listener(mosquitto)
        assert device.hear(len(CONFIRMED)) == CONFIRMED
        assert ear.next() == ("dongtai/v1/hj212/ZX00001", DUST)
        ear.close()


def test_a_killed_gateway_confirmed_nothing_that_the_broker_lacks(gateway, listener):
    running = gateway()
    heard = b""
    for round_ in range(3):
        with Device(running.hj212) as device:
            device.send(b"".join(upload(round_ * 1000 + n) for n in range(1000)))
            heard += device.hear(len(confirmed(0)) * 100)
            running.program.kill()
            with suppress(OSError):
                heard += device.hear(10_000_000, seconds=1)
        running.start()
    running.program.stop()
    told = {line for line in heard.split(b"\r\n") if line}
    believed = [n for n in range(3000) if confirmed(n).rstrip() in told]
    assert len(believed) >= 300
    missing = {upload(n) for n in believed}
    with suppress(queue.Empty):
        while missing:  # the listener may be behind the broker
            missing.discard(listener.next()[1] + b"\r\n")
    assert missing == set()


def test_it_stops_when_asked_and_answers_what_is_under_way(gateway, listener):
    running = gateway()
    with Device(running.hj212) as device:
        device.send(DUST)
        assert device.hear(len(CONFIRMED)) == CONFIRMED
        assert running.program.stop() == 0
        assert device.sent_away()
    assert "1 connected, 0 frames in hand" in running.program.said
    assert "1 frames, 0 damaged, 1 published, 1 answered" in running.program.said
    assert "Traceback" not in running.program.said


def test_it_stops_although_the_broker_is_away(gateway, mosquitto):
    running = gateway()
    with Device(running.hj212) as device:
        mosquitto.stop()
        device.send(DUST)
        assert device.silent(seconds=0.5)
        assert running.program.stop() == 0
        assert device.sent_away()
    assert "leaving with 1 frames that the broker has not confirmed" in running.program.said


def test_endless_bytes_without_a_frame_end_the_connection(gateway):
    running = gateway(wasted_bytes=20_000)
    with Device(running.sl651) as device, pytest.raises(OSError, match=r"reset|Broken pipe"):
        for _ in range(10_000):
            device.send(b"\0" * 4096)


def test_who_never_reads_its_answers_is_let_go(gateway):
    with Device(gateway().hj212, receive_buffer=4096) as device:
        device.send(b"".join(upload(number) for number in range(5000)))
        until(device.is_cut_off, "the gateway to let go of a device that reads no answers")


def test_who_sends_no_frame_for_long_is_sent_away(gateway):
    with Device(gateway(idle_s=0.5, stall_s=0.2).hj212) as device:
        until(device.sent_away, "the gateway to close an idle connection")


def test_a_full_house_gives_up_who_never_sent_a_frame(gateway):
    running = gateway(max_connections=3)
    with Device(running.hj212) as good, ExitStack() as crowd:
        good.send(DUST)
        assert good.hear(len(CONFIRMED)) == CONFIRMED
        strangers = [crowd.enter_context(Device(running.hj212)) for _ in range(20)]
        until(lambda: sum(one.sent_away() for one in strangers) == 18, "strangers to be let go")
        good.send(DUST)
        assert good.hear(len(CONFIRMED)) == CONFIRMED


def hostile(port: int, number: int) -> socket.socket:
    """A connection that asks for much and means nothing."""
    one = socket.create_connection(("127.0.0.1", port), timeout=20)
    one.setblocking(False)
    bytes_ = (b"##9999QN=", b"##9999" * 3000, b"\0" * 100_000, b"", upload(9) * 40)[number % 5]
    with suppress(OSError):
        one.send(bytes_)
    return one


def test_two_hundred_hostile_connections_disturb_nobody(gateway, listener):
    running = gateway(max_connections=100)
    with Device(running.hj212) as device, ExitStack() as crowd:
        device.send(upload(0, mn="GOOD"))
        assert device.hear(len(confirmed(0, "GOOD"))) == confirmed(0, "GOOD")
        for number in range(200):
            crowd.enter_context(hostile(running.hj212, number))
        for number in range(1, 50):
            device.send(upload(number, mn="GOOD"))
            answer = confirmed(number, "GOOD")
            assert device.hear(len(answer), seconds=5) == answer
        assert memory_mb(running.program.pid) < 150


def memory_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def test_without_a_place_to_listen_it_says_so(tmp_path, process):
    path = tmp_path / "config.yaml"
    path.write_text("ingest: {root: dongtai/v1}\n", "utf-8")
    program = process("ingest", "gateway", "--config", str(path))
    assert program.wait() == 2
    assert "nowhere to listen; set ingest.gateway.hj212" in program.said


def test_a_port_that_is_taken_is_named(tmp_path, process):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_port()))
        taken.listen()
        port = taken.getsockname()[1]
        path = tmp_path / "config.yaml"
        path.write_text(f"ingest: {{gateway: {{hj212: {{port: {port}}}}}}}\n", "utf-8")
        program = process("ingest", "gateway", "--config", str(path))
        assert program.wait() == 1
    assert str(port) in program.said
    assert "Traceback" not in program.said
