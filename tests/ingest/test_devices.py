"""Who may speak for which station: settings, rights, hashes, and the files of the accounts."""

import base64
import subprocess
from types import SimpleNamespace

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import config
from ingest.line import accounts
from ingest.line.devices import only_own, own_stations
from ingest.line.rights import acl, hashed
from ingest.settings import DeviceSettings, IngestSettings
from sensors.decoders.decoded import Decoded
from sensors.reading import BadPayload, Observation
from sensors.settings import SensorsSettings
from tests.ingest.line_site import NAMES, STATIONS
from tests.servers.program import needed

SENSORS = {
    "departments": [{"code": "water", "zh": "水利局", "en": "Water"}],
    "stations": [{**NAMES, "department": "water", **one} for one in STATIONS],
}
CODES = [one["code"] for one in STATIONS]
DEVICES = [{"name": "GW-02"}, {"name": "LOGGER-7", "stations": ["A-01", "A-02"]}]


def mistakes(tmp_path, **ingest):
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump({"sensors": SENSORS, "ingest": ingest}, allow_unicode=True))
    try:
        config.load(path)
    except config.BadConfig as error:
        return [str(mistake) for mistake in error.mistakes]
    return []


@pytest.mark.parametrize(
    ("ingest", "said"),
    [
        ({"devices": [{"name": "GW-02"}, {"name": "GW-02"}]}, "another device's"),
        ({"devices": [{"name": "dongtai-ingest"}]}, "the ingest's own account"),
        ({"devices": [{"name": "me"}], "broker": {"user": "me"}}, "the ingest's own account"),
        ({"devices": [{"name": "GW-99"}]}, "no station has it as its `device`"),
        ({"devices": [{"name": "X", "stations": ["A-1"]}]}, "did you mean 'A-01'?"),
        ({"devices": [{"name": "a b"}]}, "should match pattern"),
        ({"devices": [{"name": "GW/02"}]}, "should match pattern"),
        ({"devices": [{"name": "x\ntopic readwrite #"}]}, "should match pattern"),
        ({"broker": {"password_file": "p"}}, "say whose it is"),
        ({"broker": {"tls": {"certificate_file": "c"}}}, "belong together"),
        ({"broker": {"tls": {"key_file": "c"}}}, "belong together"),
        ({"broker": {"password": "geheim"}}, "unknown key"),
    ],
)
def test_a_mistake_is_named(tmp_path, ingest, said):
    found = mistakes(tmp_path, **ingest)
    assert found
    assert any(said in one for one in found), found


def test_right_ones_are_none(tmp_path):
    assert mistakes(tmp_path, devices=DEVICES, broker={"tls": {}}) == []


def station(code, device=None):
    return SimpleNamespace(code=code, device=device)


def test_without_stations_a_device_has_those_that_hang_on_it_and_that_of_its_name():
    stations = [station("R-01", "G"), station("R-02", "H"), station("G", "H")]
    devices = [DeviceSettings(name="G"), DeviceSettings(name="H", stations=("R-01",))]
    assert own_stations(devices, stations) == {"G": {"R-01", "G"}, "H": {"R-01"}}


def test_without_devices_nobody_is_checked():
    assert own_stations((), [station("R-01", "G")]) == {}


def observed(codes):
    return tuple(Observation(code, "level_m", None, 1.0) for code in codes)


@given(
    st.lists(st.sampled_from(CODES)),
    st.sampled_from(["GW-02", "LOGGER-7", "any"]),
    st.dictionaries(st.sampled_from(["GW-02", "LOGGER-7"]), st.frozensets(st.sampled_from(CODES))),
)
def test_what_is_kept_is_its_own_and_what_is_not_has_a_reason(codes, sender, own):
    before = BadPayload("unit_unknown", "another problem")
    kept = only_own(Decoded(observed(codes), (before,)), sender, own)
    allowed = own.get(sender, frozenset(CODES))
    assert [seen.station for seen in kept.observations] == [c for c in codes if c in allowed]
    assert kept.problems[0] is before
    lies = sorted(set(codes) - allowed)
    assert [str(problem) for problem in kept.problems[1:]] == [
        f"device {sender} speaks for station {code}, not its own" for code in lies
    ]


def rights(devices):
    ingest = IngestSettings.model_validate({"devices": devices})
    return acl(ingest, SensorsSettings.model_validate(SENSORS).stations)


def test_the_rights_of_devices_are_written_one_by_one():
    text = rights(DEVICES)
    assert "pattern" not in text
    assert text.partition("user GW-02\n")[2].partition("\n\n")[0].splitlines() == [
        "topic write dongtai/v1/status/GW-02",
        "topic write dongtai/v1/obs/R-01",
        "topic write dongtai/v1/obs/S-01",
        "topic write dongtai/v1/hj212/GW-02/#",
    ]


def test_no_device_may_hear_anything():
    lines = [line for line in rights(DEVICES).partition("user GW-02")[2].splitlines() if line]
    assert all(line.startswith(("user ", "topic write ")) for line in lines)
    assert "topic read dongtai/v1/#" in rights(DEVICES).partition("user GW-02")[0]


@given(st.binary(min_size=12, max_size=12))
def test_a_hash_has_its_salt(salt):
    assert hashed("geheim", salt) == hashed("geheim", salt) != hashed("Geheim", salt)


def test_a_hash_is_what_mosquitto_passwd_writes(tmp_path):
    program = needed("mosquitto_passwd", "mosquitto")
    path = tmp_path / "passwords"
    subprocess.run([program, "-c", "-b", str(path), "R-01", "geheim"], check=True)
    theirs = accounts.read_passwords(path)["R-01"]
    salt = base64.b64decode(theirs.split("$")[3])
    assert hashed("geheim", salt) == theirs


@pytest.fixture
def devices(tmp_path, capsys):
    path = tmp_path / "config.yaml"
    document = {"sensors": SENSORS, "ingest": {"devices": DEVICES}}
    path.write_text(yaml.safe_dump(document, allow_unicode=True))

    def run(*words):
        status = accounts.main([*words, "--config", str(path), "--folder", str(tmp_path)])
        return (status, *capsys.readouterr())

    return run


def test_each_password_is_printed_once(devices, tmp_path):
    status, printed, _ = devices("add", "--all")
    made = dict(line.split("\t") for line in printed.splitlines())
    assert (status, list(made)) == (0, ["dongtai-ingest", "GW-02", "LOGGER-7"])
    assert len(set(made.values())) == 3
    assert all(len(password) >= 24 for password in made.values())
    assert devices("add", "--all") == (0, "", "")
    before = accounts.read_passwords(tmp_path / "passwords")
    devices("add", "GW-02")
    after = accounts.read_passwords(tmp_path / "passwords")
    assert {name for name in before if before[name] != after[name]} == {"GW-02"}


def test_the_list_names_what_lacks_and_what_is_too_much(devices, tmp_path):
    devices("add", "GW-02")
    with (tmp_path / "passwords").open("a") as file:
        file.write(f"OLD-1:{hashed('x')}\n")
    assert devices("list")[1].splitlines() == [
        "dongtai-ingest\tno password yet",
        "GW-02\thas a password",
        "LOGGER-7\tno password yet",
        "OLD-1\thas a password, but is not in config.yaml: remove it?",
    ]
    assert devices("remove", "OLD-1")[0] == 0
    assert "OLD-1" not in devices("list")[1]


@pytest.mark.parametrize("words", [("add", "GW-2"), ("remove", "GW-02")])
def test_an_account_that_is_none_is_refused(devices, words):
    status, _, said = devices(*words)
    assert status == 1
    assert "no account" in said


def test_a_file_that_mosquitto_would_not_read_is_left_as_it_is(devices, tmp_path):
    (tmp_path / "passwords").write_text("GW-02:plain\n")
    status, _, said = devices("add", "--all")
    assert status == 1
    assert "line 1" in said
    assert (tmp_path / "passwords").read_text() == "GW-02:plain\n"


def test_a_written_file_keeps_its_mode(tmp_path):
    path = tmp_path / "acl"
    accounts.write_whole(path, "one")
    assert path.stat().st_mode & 0o777 == 0o640
    path.chmod(0o600)
    accounts.write_whole(path, "two")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("two", 0o600)
    assert [one.name for one in tmp_path.iterdir()] == ["acl"]


def test_the_ingest_may_hear_foreign_topics():
    mapping = {
        "name": "ttn",
        "topic": "v3/+/devices/+/up",
        "station": {"code": "R-01"},
        "values": [{"metric": "level_m", "path": "level", "unit": "m"}],
    }
    text = acl(IngestSettings.model_validate({"foreign": [mapping]}), [])
    assert "\ntopic read v3/+/devices/+/up\n" in text.partition("pattern")[0]
