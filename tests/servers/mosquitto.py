"""Mosquitto from Debian's package, set as docs/testing.md says a broker must be set."""

import os
import subprocess
from pathlib import Path

from tests.servers.program import Program, needed
from tests.servers.waiting import free_port, listening, until

# on_changes: every change is on disk before the next, at the price of writing the whole queue each
# time: 20,000 waiting messages took minutes. Else once a second, and a kill costs that second.
# max_inflight_messages 0 and max_queued_messages 0: no cap, where the defaults drop silently.
CONFIG = """\
listener {port} 127.0.0.1
allow_anonymous true
persistence true
persistence_location {folder}/
autosave_on_changes {on_changes}
autosave_interval 1
max_inflight_messages 0
max_queued_messages 0
max_packet_size 16000000
log_dest stderr
log_type error
log_type warning
{user}
"""


class Mosquitto:
    """A broker on a port and in a folder of its own; both stay over kill and start."""

    def __init__(self, folder: Path, *, on_changes: bool = True) -> None:
        self.host, self.port, self.folder = "127.0.0.1", free_port(), folder
        folder.mkdir(parents=True, exist_ok=True)
        user = "user root" if os.geteuid() == 0 else ""  # else it may not write into the folder
        path = folder / "mosquitto.conf"
        changes = str(on_changes).lower()
        path.write_text(CONFIG.format(port=self.port, folder=folder, user=user, on_changes=changes))
        command = [needed("mosquitto", "mosquitto"), "-c", str(path)]
        self._program = Program(command, folder / "mosquitto.log")

    def start(self) -> "Mosquitto":
        self._program.start()
        until(self._ready, f"mosquitto to listen; it said:\n{self._program.said}")
        return self

    def stop(self) -> None:
        """In good order: it writes its queues to disk."""
        self._program.stop()

    def kill(self) -> None:
        self._program.kill()

    def restart(self) -> None:
        self.stop()
        self.start()

    @property
    def running(self) -> bool:
        return self._program.running

    @property
    def said(self) -> str:
        return self._program.said

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """One message by mosquitto_pub at QoS 1; returns when the broker has it."""
        content = "-s" if payload else "-n"  # an empty standard input is refused
        arguments = ["-t", topic, content, *(["-r"] if retain else [])]
        subprocess.run(self.client("mosquitto_pub", *arguments), input=payload, check=True)

    def publish_lines(self, topic: str, lines: Path) -> subprocess.Popen[bytes]:
        """Each line of a file as one message; returns at once, the caller waits."""
        with lines.open("rb") as source:
            return subprocess.Popen(self.client("mosquitto_pub", "-t", topic, "-l"), stdin=source)

    def client(self, program: str, *arguments: str) -> list[str]:
        """Command line of mosquitto_pub or mosquitto_sub against this broker, QoS 1."""
        path = needed(program, "mosquitto-clients")
        return [path, "-h", self.host, "-p", str(self.port), "-q", "1", *arguments]

    def _ready(self) -> bool:
        assert self._program.running, f"mosquitto ended:\n{self._program.said}"
        return listening(self.port)
