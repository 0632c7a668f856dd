"""What `python -m ingest check` sees of certificates, keys and passwords before a socket opens."""

import base64
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ingest.line.certificate import NoCertificate, validities
from ingest.line.security import PASSWORD, findings, is_local
from ingest.settings import BrokerSettings
from tests.servers.program import ROOT


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Path:
    """An authority (ten years), its key, another key, an encrypted one; certificates of 20 days."""
    folder = tmp_path_factory.mktemp("files")
    script = """
    new() { openssl req -x509 -newkey rsa:2048 -subj /CN=$1 -keyout $1.key -out $1.crt "${@:2}"; }
    new ca -nodes -days 3650
    new soon -nodes -days 20
    new other -nodes -days 900
    new locked -passout pass:geheim -days 900
    cat ca.crt soon.crt > both.crt
    chmod 600 *.key
    cp soon.key open.key && chmod 644 open.key
    : > empty.crt
    echo nonsense > nonsense.crt
    echo geheim > password && chmod 600 password
    """
    subprocess.run(["bash", "-euc", script], cwd=folder, capture_output=True, check=True)
    return Path(folder)


def sentences(files: Path, later: timedelta = timedelta(), **broker) -> list[str]:
    """What is said now, for the certificates were just made; or so much later."""
    tls = {key: str(files / name) for key, name in broker.pop("tls", {}).items()}
    settings = BrokerSettings(tls=tls or None, **broker)
    return [str(finding) for finding in findings(settings, datetime.now(UTC) + later)]


def test_a_line_in_order_has_no_findings(files):
    tls = {"ca_file": "ca.crt", "certificate_file": "other.crt", "key_file": "other.key"}
    assert sentences(files, tls=tls) == []
    password = str(files / "password")
    assert sentences(files, tls={"ca_file": "ca.crt"}, user="x", password_file=password) == []


@pytest.mark.parametrize(
    ("tls", "said"),
    [
        ({"ca_file": "missing"}, "wrong: ingest.broker.tls.ca_file"),
        ({"ca_file": "empty.crt"}, "holds no certificate"),
        ({"ca_file": "nonsense.crt"}, "holds no certificate"),
        ({"ca_file": "both.crt"}, "risk: ingest.broker.tls.ca_file"),
        ({"certificate_file": "other.crt", "key_file": "missing"}, "No such file"),
        ({"certificate_file": "other.crt", "key_file": "soon.key"}, "cannot be used with"),
        ({"certificate_file": "locked.crt", "key_file": "locked.key"}, "without a passphrase"),
        ({"certificate_file": "other.crt", "key_file": "other.crt"}, "cannot be used with"),
        ({"certificate_file": "soon.crt", "key_file": "soon.key"}, "expires in 19 days"),
        ({"certificate_file": "soon.crt", "key_file": "open.key"}, "read by everybody"),
    ],
)
def test_a_file_that_will_not_do_is_named(files, tls, said):
    found = sentences(files, tls=tls)
    assert any(said in one for one in found), found


def test_an_expired_certificate_is_wrong(files):
    tls = {"certificate_file": "soon.crt", "key_file": "soon.key"}
    (said,) = sentences(files, timedelta(days=21), tls=tls)
    assert said.startswith("wrong: ")
    assert "expired on" in said
    tls = {"certificate_file": "other.crt", "key_file": "other.key"}
    (said,) = sentences(files, timedelta(days=-1), tls=tls)
    assert "is our clock right?" in said


def test_a_name_needs_a_password_from_somewhere(files, monkeypatch):
    assert "has no password" in sentences(files, user="x")[0]
    assert "cannot be read" in sentences(files, user="x", password_file="missing")[0]
    monkeypatch.setenv(PASSWORD, "geheim")
    assert sentences(files, user="x") == []
    assert sentences(files, user="x", password_file="missing") == []


def test_a_plain_line_to_another_machine_is_a_risk(files):
    assert sentences(files) == []
    assert sentences(files, host="10.0.0.7")[0].startswith("risk: the line to 10.0.0.7 is plain")


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("[::1]", True),
        ("10.0.0.1", False),
        ("0.0.0.0", False),
        ("localhost.example.org", False),
        ("mqtt", False),
    ],
)
def test_what_leaves_the_machine(host, local):
    assert is_local(host) is local


def test_times_are_those_that_openssl_prints(files):
    for name in ("ca.crt", "soon.crt"):
        shown = subprocess.run(
            ["openssl", "x509", "-in", str(files / name), "-noout", "-startdate", "-enddate"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
        begins, ends = (
            datetime.strptime(line.partition("=")[2], "%b %d %H:%M:%S %Y GMT").replace(tzinfo=UTC)
            for line in shown
        )
        (found,) = validities((files / name).read_text())
        assert (found.begins, found.ends) == (begins, ends)


def test_a_certificate_beyond_2050_has_its_year(tmp_path):
    """RFC 5280 writes it in another form of time."""
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 20000 -subj /CN=x -keyout k -out c"
    subprocess.run(command.split(), cwd=tmp_path, capture_output=True, check=True)
    (found,) = validities((tmp_path / "c").read_text())
    assert found.ends.year > 2050


@given(st.binary(max_size=200))
def test_whatever_stands_there_it_is_a_certificate_or_none(content):
    body = base64.b64encode(content).decode()
    text = f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"
    with pytest.raises(NoCertificate):
        validities(text)


def test_check_and_start_refuse_a_line_that_cannot_work(files, tmp_path):
    path = tmp_path / "config.yaml"
    broker = {"tls": {"ca_file": str(files / "missing")}}
    path.write_text(yaml.safe_dump({"ingest": {"broker": broker}}))
    for command, status in (("check", 2), ("run", 1)):
        done = subprocess.run(
            [sys.executable, "-m", "ingest", command, "--config", str(path)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status
        assert "ca_file" in done.stderr
        assert "No such file" in done.stderr
