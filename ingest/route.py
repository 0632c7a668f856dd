"""Topic → feed and sender. Topics are the contract of docs/mqtt.md."""

from dataclasses import dataclass
from functools import lru_cache

from database.books import CANARY
from sensors.reading import BadPayload

OBSERVATION_FEEDS = ("obs", "hj212", "sl651", "status")
PICTURE_FEEDS = ("img",)
FEEDS = (*OBSERVATION_FEEDS, *PICTURE_FEEDS, CANARY)
# What the ledger counts besides: no mapping may take these names.
OTHER_FEEDS = ("other", "derived", "replay")
LONGEST_DEVICE = 100  # characters; a device needs no entry in config.yaml, so its name is checked

Filters = tuple[tuple[str, str], ...]  # of foreign topics: name of the mapping, topic filter


@dataclass(frozen=True, slots=True)
class Route:
    """sender: the station, camera or device that the topic names; rest: levels after it."""

    feed: str
    sender: str
    rest: tuple[str, ...] = ()


def filters(root: str, feeds: tuple[str, ...]) -> list[str]:
    """The subscriptions for some feeds."""
    return [f"{root}/{feed}/#" for feed in feeds]


def feed_of(topic: str, root: str, foreign: Filters = ()) -> str:
    """The feed a message is counted under, decided by its topic alone, before any decoding."""
    return _own_feed(topic, root) or foreign_feed(topic, foreign) or "other"


@lru_cache(maxsize=20_000)
def foreign_feed(topic: str, foreign: Filters) -> str | None:
    """The mapping of config.yaml that a topic is for."""
    return next((name for name, text in foreign if matches(topic, text)), None)


def matches(topic: str, text: str) -> bool:
    """Whether a topic filter takes a topic (MQTT 5, 4.7): `a/#` takes `a`, `#` no `$SYS`."""
    levels, wanted = topic.split("/"), text.split("/")
    if topic.startswith("$") and wanted[0] in ("+", "#"):
        return False
    if wanted[-1] == "#":
        wanted = wanted[:-1]
        levels = levels[: len(wanted)]
    return len(levels) == len(wanted) and all(
        each in ("+", level) for level, each in zip(levels, wanted, strict=True)
    )


@lru_cache(maxsize=20_000)
def _own_feed(topic: str, root: str) -> str | None:
    levels = topic.removeprefix(f"{root}/").split("/", 1)
    known = levels[0] in FEEDS and topic.startswith(f"{root}/")
    return levels[0] if known else None


def route(topic: str, root: str) -> Route:
    """Raises BadPayload for a topic that names nobody."""
    feed = feed_of(topic, root)
    levels = topic.removeprefix(f"{root}/").split("/")[1:]
    if feed == "other" or not levels or not levels[0]:
        raise BadPayload(
            "topic",
            f"topic {topic[:200]!r} names no station; expected {root}/<feed>/<station>, "
            "or a mapping in ingest.foreign",
        )
    if feed in ("obs", "status", CANARY) and len(levels) > 1:
        raise BadPayload(
            "topic",
            f"topic {topic[:200]!r} has too many levels; expected {root}/{feed}/{levels[0][:60]}",
        )
    if feed == "status" and len(levels[0]) > LONGEST_DEVICE:
        raise BadPayload(
            "topic",
            f"the device {levels[0][:60]!r}... has a name of {len(levels[0]):,} characters; "
            f"at most {LONGEST_DEVICE} are kept",
        )
    return Route(feed, levels[0], tuple(levels[1:]))
