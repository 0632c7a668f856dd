"""What the walk needs to know besides the messages."""

from dataclasses import dataclass, field

from alerts.judging import Judge
from database.books import REPLAY
from ingest.line.devices import OwnStations
from ingest.message import Message
from ingest.route import feed_of, foreign_feed
from ingest.settings import IngestSettings
from sensors.directory import Directory
from sensors.foreign import Foreign
from sensors.settings import ClockSettings


@dataclass(frozen=True, slots=True)
class Kept:
    """The row of quarantine that is replayed, and for which request."""

    number: int
    request: int


@dataclass(frozen=True, slots=True)
class Context:
    """own: what each device with an account of its own may speak for. canary: the name of ours,
    None where there is none. kept: set while one row is replayed."""

    settings: IngestSettings
    clock: ClockSettings
    directory: Directory
    judge: Judge
    client_id: str
    replaying: bool = False
    own: OwnStations = field(default_factory=dict)
    kept: Kept | None = None
    canary: str | None = None

    @property
    def observations_topic(self) -> str:
        """The topic above those of the stations."""
        return f"{self.settings.root}/obs"

    def feed(self, message: Message) -> str:
        """What a message is counted under; a replay was counted on its real feed before."""
        if self.replaying:
            return REPLAY
        return feed_of(message.topic, self.settings.root, self.settings.foreign_filters)

    def mapping(self, topic: str) -> Foreign | None:
        """How to read a message of a foreign topic; None for one of ours, and for a stranger's."""
        name = foreign_feed(topic, self.settings.foreign_filters)
        return next((each for each in self.settings.foreign if each.name == name), None)
