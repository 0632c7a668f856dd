import socket
from pathlib import Path

import pytest

from demo import ports
from demo.__main__ import Refused, _only_one
from tests.servers.program import python
from tests.servers.waiting import free_port


def test_a_free_port_is_fine() -> None:
    ports.check({"STAFF_PORT": free_port()})


def test_a_taken_port_is_named_with_its_variable_and_the_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(ports.PortTaken) as refusal:
            ports.check({"STAFF_PORT": free_port(), "MQTT_PORT": port})
    assert f"Port {port} (MQTT_PORT) is in use" in str(refusal.value)
    assert "MQTT_PORT=" in str(refusal.value)
    assert "STAFF_PORT" not in str(refusal.value)


def test_one_port_for_two_services_is_refused() -> None:
    port = free_port()
    with pytest.raises(ports.PortTaken, match=f"PUBLIC_PORT and STAFF_PORT are both {port}"):
        ports.check({"STAFF_PORT": port, "PUBLIC_PORT": port})


def test_the_demo_says_so_at_once_and_starts_nothing(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        env = {
            "STAFF_PORT": str(port),
            "PUBLIC_PORT": str(free_port()),
            "MQTT_PORT": str(free_port()),
            "DATA_DIR": str(tmp_path / "data"),
        }
        program = python("demo", tmp_path / "said", env=env).start()
        assert program.wait() == 1
    assert f"demo: Port {port} (STAFF_PORT) is in use" in program.said
    assert "Traceback" not in program.said
    assert not (tmp_path / "data" / "postgres").exists()


def test_a_port_that_is_no_number_is_refused(tmp_path: Path) -> None:
    program = python("demo", tmp_path / "said", env={"STAFF_PORT": "web"}).start()
    assert program.wait() == 1
    assert "STAFF_PORT is 'web'; expected a port" in program.said


def test_a_data_folder_that_cannot_be_written_is_refused_in_words(tmp_path):
    place = tmp_path / "file"
    place.write_text("")
    with pytest.raises(Refused, match="nothing can be written there"):
        _only_one(place)


def test_a_data_folder_with_a_space_is_refused_in_words(tmp_path):
    with pytest.raises(Refused, match="space in its name"):
        _only_one(tmp_path / "my data")
    assert not (tmp_path / "my data").exists()
