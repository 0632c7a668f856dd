"""The line as docs/line.md sets it up: who may come in, what each may say, what survives."""

import json
import signal
import subprocess
from pathlib import Path

import pytest

from database.pool import connect
from ingest.line.guest import Guest
from ingest.line.rights import acl
from ingest.settings import BrokerSettings, IngestSettings
from tests.ingest.line_site import Site, SiteBroker, blocks
from tests.servers.program import ROOT, needed
from tests.servers.waiting import until

VECTORS = json.loads(
    (ROOT / "tests" / "sensors" / "data" / "hj212_frames.json").read_text("utf-8")
)["vectors"]
DUST = next(v["frame"] for v in VECTORS if "MN=ZX00001" in v["frame"])  # A-01's, of LOGGER-7
REFUSED = 135  # Not authorized


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Site:
    return Site(tmp_path_factory.mktemp("line"))


@pytest.fixture
def broker(site, tmp_path):
    running = SiteBroker(site, tmp_path / "broker").start()
    yield running
    running.program.stop()


@pytest.fixture
def ask(database):
    conn = connect(database, None, application="test")

    def answer(query: str) -> list[tuple[object, ...]]:
        with conn.cursor() as cursor:
            cursor.execute(query)
            rows = cursor.fetchall()
        conn.rollback()
        return rows

    yield answer
    conn.close()


@pytest.fixture
def ingest(site, broker, database, process, ask):
    """Running over TLS with its password, and heard by: it stores LOGGER-7's word."""
    config = site.write_config(database.dsn)
    program = process("ingest", "--config", str(config))
    until(lambda: "connected as" in program.said, f"ingest to connect; it said {program.said}")
    return program


@pytest.fixture
def certificate(site) -> list[str]:
    """LOGGER-7's, made as the page says."""
    if not (site.folder / "LOGGER-7.crt").exists():
        request, publish = blocks("sh certificate")[0].split("mosquitto_pub")
        assert publish
        site.run(f"cd {site.folder}\n{request}")
    return ["--cert", str(site.folder / "LOGGER-7.crt"), "--key", str(site.folder / "LOGGER-7.key")]


def observation(value: float, minute: int = 0) -> str:
    return json.dumps({"t": f"2026-06-01T08:{minute:02}:00+08:00", "v": {"level_m": value}})


READINGS = """
select st.code, r.value
  from reading r join series s on s.id = r.series_id join station st on st.id = s.station_id
 where s.metric = 'level_m'
"""


def test_a_device_says_its_own_and_it_is_stored(site, ingest, ask):
    (script,) = blocks("sh device")
    site.run(script, PASSWORD=site.password("GW-02"))
    assert until(lambda: ask(READINGS), f"the reading; {ingest.said}") == [("R-01", 24.1)]


def test_a_device_with_a_certificate_needs_no_password(site, ingest, ask, certificate):
    publish = "mosquitto_pub" + blocks("sh certificate")[0].split("mosquitto_pub")[1]
    site.run(f"cd {site.folder}\n{publish}")
    until(lambda: ask("select device from device_status where online"), "the state")
    assert ask("select device from device_status where online") == [("LOGGER-7",)]


@pytest.mark.parametrize(
    "topic",
    [
        "dongtai/v1/obs/A-02",
        "dongtai/v1/status/LOGGER-7",
        "dongtai/v1/hj212/LOGGER-7",
        "dongtai/v1/img/R-01",
        "dongtai/v1-probe/x",
        "dongtai/v1/canary/x",
        "elsewhere",
    ],
)
def test_the_broker_refuses_what_is_not_its_own(site, broker, topic):
    done = site.pub(topic, observation(1), *site.account("GW-02"))
    assert "Not authorized" in done.stderr


def test_what_the_broker_refuses_is_not_stored(site, ingest, ask):
    """MQTT 3.1.1 has no word for a refusal: the broker throws it away."""
    for version in ("5", "311"):
        site.pub("dongtai/v1/obs/A-02", observation(1), "-V", version, *site.account("GW-02"))
    site.pub("dongtai/v1/obs/R-01", observation(2), *site.account("GW-02"))
    until(lambda: ask(READINGS), "the reading that is its own")
    assert ask("select sum(received) from ledger where feed <> 'canary'") == [(1,)]


def test_nobody_comes_in_without_the_right_password(site, broker):
    topic, own = "dongtai/v1/status/GW-02", "online"
    assert site.pub(topic, own).returncode == REFUSED
    assert site.pub(topic, own, "-u", "GW-02", "-P", "guessed").returncode == REFUSED
    assert site.pub(topic, own, "-u", "GW-02").returncode == REFUSED
    borrowed = ["-u", "GW-02", "-P", site.password("LOGGER-7")]
    assert site.pub(topic, own, *borrowed).returncode == REFUSED
    assert site.pub(topic, own, *site.account("GW-02")).returncode == 0


def test_nobody_comes_in_without_a_certificate_of_our_authority(site, broker, certificate):
    topic = "dongtai/v1/status/LOGGER-7"
    assert site.pub(topic, "online", *certificate, port="8884").returncode == 0
    assert site.pub(topic, "online", port="8884").returncode != 0
    assert site.pub(topic, "online", *site.account("LOGGER-7"), port="8884").returncode != 0
    subprocess.run(
        "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=LOGGER-7 -keyout own.key -out own.crt",
        shell=True,
        cwd=site.folder,
        capture_output=True,
        check=True,
    )
    own = ["--cert", str(site.folder / "own.crt"), "--key", str(site.folder / "own.key")]
    assert site.pub(topic, "online", *own, port="8884").returncode != 0


def test_the_certificate_decides_who_a_device_is(site, broker, certificate):
    """A name and password beside it count for nothing."""
    both = [*certificate, *site.account("GW-02")]
    assert "Not authorized" in site.pub("dongtai/v1/status/GW-02", "x", *both, port="8884").stderr
    assert site.pub("dongtai/v1/status/LOGGER-7", "x", *both, port="8884").returncode == 0


def test_a_device_hears_nothing(site, broker):
    site.pub("dongtai/v1/status/GW-02", "online", "-r", *site.account("GW-02"))

    def heard(name: str, port: str, within_s: int) -> str:
        command = [
            needed("mosquitto_sub", "mosquitto-clients"),
            *("-h", "localhost", "-p", str(site.ports[port])),
            *("--cafile", str(site.line / "ca.crt"), "-C", "1"),
            *("-W", str(within_s), "-t", "#"),
            *site.account(name),
        ]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout

    assert heard("dongtai-ingest", "8885", 60) == "online\n"
    assert heard("LOGGER-7", "8883", 2) == heard("GW-02", "8883", 2) == ""


def test_a_frame_that_speaks_for_another_devices_station_is_refused(site, ingest, ask):
    for device in ("GW-02", "LOGGER-7"):
        done = site.pub(f"dongtai/v1/hj212/{device}", DUST, *site.account(device))
        assert (done.returncode, done.stderr) == (0, "")
        until(
            lambda: ask("select sum(received) from ledger where feed = 'hj212'")[0][0], "the frame"
        )
        if device == "GW-02":
            assert ask("select code, reason from quarantine") == [
                ("not_its_own", "device GW-02 speaks for station A-01, not its own")
            ]
            assert ask("select count(*) from reading") == [(0,)]
    until(lambda: ask("select count(*) from reading")[0][0], "the frame of its own device")
    assert ask("select count(*) from quarantine") == [(1,)]


def test_what_waits_survives_the_brokers_death_and_a_thief_of_sessions(
    site, broker, ingest, process, ask
):
    """A device that signs in under the ingest's client id gets a session of its own only."""
    ingest.stop()
    for minute in range(20):
        site.pub("dongtai/v1/obs/R-01", observation(minute, minute), *site.account("GW-02"))
    thief = ["-i", "dongtai-ingest", *site.account("LOGGER-7")]
    assert site.pub("dongtai/v1/status/LOGGER-7", "online", *thief).returncode == 0
    until(lambda: broker.on_disk(observation(19, 19).encode()), "the queue on disk")
    broker.program.kill()
    broker.start()
    process("ingest", "--config", str(site.config))
    until(lambda: len(ask(READINGS)) == 20, "what waited")


def test_a_lost_device_is_sent_away_and_refused(site, broker, tmp_path):
    """Also while it is connected: Mosquitto looks again when it reads the accounts anew."""
    kept = (site.line / "passwords").read_bytes()
    (tmp_path / "password").write_text(site.password("GW-02"))
    device = Guest(
        BrokerSettings(
            host="localhost",
            port=site.ports["8883"],
            user="GW-02",
            password_file=str(tmp_path / "password"),
            tls={"ca_file": str(site.line / "ca.crt")},
        ),
        "anything",
    )
    assert device.come().refused is None
    site.run(".venv/bin/python -m ingest devices remove GW-02")
    broker.program.signal(signal.SIGHUP)
    until(lambda: not device.connected, "the broker to send it away")
    device.leave()
    assert site.pub("dongtai/v1/status/GW-02", "x", *site.account("GW-02")).returncode == REFUSED
    (site.line / "passwords").write_bytes(kept)


def test_a_certificate_without_rights_says_nothing(site, broker, certificate):
    """A device taken out of config.yaml has a valid certificate still."""
    gone = {"devices": [{"name": "GW-02"}]}
    site.write_config(**gone)
    site.run(".venv/bin/python -m ingest devices acl")
    broker.program.signal(signal.SIGHUP)
    until(
        lambda: (
            "Not authorized"
            in site.pub("dongtai/v1/status/LOGGER-7", "x", *certificate, port="8884").stderr
        ),
        "the refusal",
    )
    site.write_config()
    site.run(".venv/bin/python -m ingest devices acl")


def test_the_page_holds_what_it_says(site, broker):
    checked, tried = site.trial()
    assert (checked.returncode, checked.stderr) == (0, "")
    assert tried.returncode == 0, tried.stdout
    assert "nothing wrong to be seen" in tried.stdout
    assert "no client can see" in tried.stdout


def test_what_a_broker_lacks_is_said(site, tmp_path):
    """The same site with Mosquitto's own defaults where they lose, and open to everybody."""
    text = (site.folder / "etc/mosquitto/mosquitto.conf").read_text()
    for ours, usual in {
        "max_queued_messages 0": "max_queued_messages 1000",
        "max_packet_size 16777216": "max_packet_size 100000",
        "allow_anonymous false": "allow_anonymous true",
        "acl_file": "#acl_file",
    }.items():
        assert ours in text
        text = text.replace(ours, usual)
    (site.folder / "etc/mosquitto/worse.conf").write_text(text)
    broker = SiteBroker(site, tmp_path / "broker", "worse.conf").start()
    done = site.trial()[1]
    broker.program.stop()
    assert done.returncode == 1
    assert "of 1,100 messages that waited for us it kept 1,0" in done.stdout
    assert "who gives no name gets in, and may publish and read" in done.stdout
    assert "it takes packets of 100,000 bytes" in done.stdout


def test_a_listener_for_devices_is_none_for_the_ingest(site, broker):
    config = site.write_config(
        broker={
            "host": "localhost",
            "port": site.ports["8883"],
            "user": "dongtai-ingest",
            "password_file": str(site.folder / "etc/dongtai/mqtt.password"),
            "tls": {"ca_file": str(site.line / "ca.crt")},
        }
    )
    done = site.trial()[1]
    site.write_config()
    assert config == site.config
    assert done.returncode == 1
    assert "one session for all that sign in as dongtai-ingest" in done.stdout


def test_a_broker_that_our_authority_does_not_vouch_for_is_not_spoken_to(
    site, broker, database, process, tmp_path
):
    command = "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=other -keyout k -out ca.crt"
    subprocess.run(command.split(), cwd=tmp_path, capture_output=True, check=True)
    ours = {"host": "localhost", "port": site.ports["8885"]}
    config = site.write_config(
        database.dsn, broker={**ours, "tls": {"ca_file": str(tmp_path / "ca.crt")}}
    )
    program = process("ingest", "--config", str(config))
    program.wait_for("certificate verify failed")
    tried = site.trial()[1]
    site.write_config()
    assert tried.returncode == 1
    assert "certificate verify failed" in tried.stdout
    assert "connected as" not in program.said


def test_the_shipped_rights_are_those_of_a_site_without_devices():
    assert (ROOT / "deploy" / "acl").read_text() == acl(IngestSettings(), [])


def test_both_shipped_files_are_equally_durable():
    plain, secure = (
        (ROOT / "deploy" / name).read_text().partition("# Without persistence")[2]
        for name in ("mosquitto.conf", "mosquitto-tls.conf")
    )
    assert plain == secure != ""


def test_no_password_is_written_down(site):
    written = "".join(path.read_text() for path in Path(site.line).iterdir() if path.is_file())
    for name in ("dongtai-ingest", "GW-02", "LOGGER-7"):
        assert site.password(name) not in written
    assert (site.line / "passwords").stat().st_mode & 0o777 == 0o640
