"""The fixtures hold what they promise; every other test leans on them."""

import contextlib
import socket
import subprocess
import threading
import time
import urllib.request
from pathlib import Path

import paho.mqtt.client as paho
import psycopg2
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.servers.embedded_broker import embedded_broker_server
from tests.servers.program import needed
from tests.servers.waiting import free_port, until


def test_mosquitto_keeps_a_sleeping_session_over_a_kill(mosquitto, tmp_path):
    session = ["-c", "-i", "sleeper", "-t", "t/#"]
    subprocess.run([*mosquitto.client("mosquitto_sub", *session), "-E"], check=True)
    lines = tmp_path / "lines"
    lines.write_text("".join(f"{n}\n" for n in range(500)))
    assert mosquitto.publish_lines("t/x", lines).wait(60) == 0
    store = mosquitto.folder / "mosquitto.db"
    until(lambda: store.exists() and b"t/x499" in store.read_bytes(), "the last one on disk")
    mosquitto.kill()
    mosquitto.start()
    arguments = mosquitto.client("mosquitto_sub", *session, "-C", "500", "-W", "60")
    received = subprocess.run(arguments, capture_output=True, check=True).stdout.split()
    assert sorted(map(int, received)) == list(range(500))


def test_the_embedded_broker_takes_large_messages(embedded_broker):
    pub = [needed("mosquitto_pub", "mosquitto-clients"), "-p", str(embedded_broker.port), "-q", "1"]
    subprocess.run([*pub, "-t", "x", "-s"], input=b"x" * 3_000_000, check=True, timeout=60)


def test_no_setting_of_the_embedded_broker_moves_its_window_of_100_messages(tmp_path):
    """docs/demo.md says so: where this fails, a newer one can do what ingest asks for."""
    lines = tmp_path / "lines"
    lines.write_text("x\n" * 1000)
    with embedded_broker_server(max_inflight_count=20_000) as broker:
        got, subscribed = [], threading.Event()
        client = paho.Client(CallbackAPIVersion.VERSION2, manual_ack=True)
        client.on_message = lambda _client, _data, message: got.append(message.mid)
        client.on_subscribe = lambda *_: subscribed.set()
        client.connect(broker.host, broker.port)
        client.loop_start()
        client.subscribe("t/x", qos=1)
        assert subscribed.wait(60)
        pub = [needed("mosquitto_pub", "mosquitto-clients"), "-p", str(broker.port), "-q", "1"]
        with lines.open("rb") as source:
            subprocess.run([*pub, "-t", "t/x", "-l"], stdin=source, check=True, timeout=60)
        until(lambda: len(got) >= 100, "a window of messages, none acknowledged")
        time.sleep(1)  # all of them are at the broker: more would come now
        assert len(got) == 100
        client.disconnect()
        client.loop_stop()


def test_the_webhook_records_and_answers_as_told(webhook):
    webhook.statuses = [204]
    with urllib.request.urlopen(webhook.url, data=b"hello") as answer:
        assert answer.status == 204
    assert [(r.method, r.body) for r in webhook.wait_for(1)] == [("POST", b"hello")]


def test_a_request_cut_amid_its_body_was_not_received(webhook):
    host, port = webhook.url.split("/")[2].split(":")
    with socket.create_connection((host, int(port)), timeout=5) as sender:
        sender.sendall(b"POST /hook HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\nhalf")
        sender.shutdown(socket.SHUT_WR)
        assert sender.recv(1) == b""  # closed without an answer
    assert webhook.requests == []


def test_no_outgoing_connection_gets_a_free_port_before_its_server():
    low = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert all(1024 < free_port() < low for _ in range(20))


def test_no_outgoing_connection_gets_the_port_of_a_line_that_is_cut(webhook, proxy):
    low = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    host, port = webhook.url.split("/")[2].split(":")
    assert proxy(host, int(port)).port < low


def test_a_cut_line_is_cut_and_comes_back(webhook, proxy):
    host, port = webhook.url.split("/")[2].split(":")
    line = proxy(host, int(port))
    with socket.create_connection((line.host, line.port), timeout=5) as open_line:
        line.cut()
        with contextlib.suppress(ConnectionResetError):  # or an end, by what had been under way
            assert open_line.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((line.host, line.port), timeout=5)
    line.restore()
    urllib.request.urlopen(f"http://{line.host}:{line.port}/x", data=b"1", timeout=5).close()


def test_a_killed_program_is_gone_and_its_words_stay(process):
    program = process("http.server", "0", "--bind", "127.0.0.1")
    program.wait_for("Serving HTTP")
    program.kill()
    assert not program.running
    assert "Serving HTTP" in program.said


def test_the_browser_draws_webgl_and_stays_inside(browser):
    page = browser.context().new_page()
    page.goto("data:text/html,<canvas></canvas>")
    assert page.evaluate("!!document.querySelector('canvas').getContext('webgl2')")
    assert page.evaluate("fetch('http://example.org/').then(() => 1, () => 0)") == 0
    assert browser.outside == ["http://example.org/"]
    browser.outside.clear()


def test_timescale_is_the_real_thing(timescale):
    conn = psycopg2.connect(timescale)
    with conn.cursor() as cursor:
        cursor.execute("select extversion from pg_extension where extname = 'timescaledb'")
        assert cursor.fetchone()[0] >= "2.22"
    conn.close()


def test_a_missing_program_says_what_to_install():
    with pytest.raises(pytest.fail.Exception, match="apt-get install left-handed-screwdriver"):
        needed("no-such-program", "left-handed-screwdriver")


def test_fresh_databases_do_not_see_each_other(owner, bare_database: object, tmp_path: Path):
    with owner.cursor() as cursor:
        cursor.execute("select count(*) from station")
        assert cursor.fetchone()[0] == 0
