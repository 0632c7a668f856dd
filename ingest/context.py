"""What the walk needs to know besides the messages."""

from dataclasses import dataclass

from alerts.judging import Judge
from ingest.message import Message
from ingest.route import feed_of
from ingest.settings import IngestSettings
from sensors.directory import Directory
from sensors.settings import ClockSettings

REPLAY = "replay"


@dataclass(frozen=True, slots=True)
class Context:
    settings: IngestSettings
    clock: ClockSettings
    directory: Directory
    judge: Judge
    client_id: str
    replaying: bool = False

    @property
    def observations_topic(self) -> str:
        """The topic above those of the stations."""
        return f"{self.settings.root}/obs"

    def feed(self, message: Message) -> str:
        """What a message is counted under; a replay was counted on its real feed before."""
        return REPLAY if self.replaying else feed_of(message.topic, self.settings.root)
