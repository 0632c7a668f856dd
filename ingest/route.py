"""Topic → feed and sender. Topics are the contract of docs/mqtt.md."""

from dataclasses import dataclass
from functools import lru_cache

from sensors.reading import BadPayload

OBSERVATION_FEEDS = ("obs", "hj212", "sl651", "status")
PICTURE_FEEDS = ("img",)
LONGEST_DEVICE = 100  # characters; a device needs no entry in config.yaml, so its name is checked


@dataclass(frozen=True, slots=True)
class Route:
    """sender: the station, camera or device that the topic names; rest: levels after it."""

    feed: str
    sender: str
    rest: tuple[str, ...] = ()


def filters(root: str, feeds: tuple[str, ...]) -> list[str]:
    """The subscriptions for some feeds."""
    return [f"{root}/{feed}/#" for feed in feeds]


@lru_cache(maxsize=20_000)
def feed_of(topic: str, root: str) -> str:
    """The feed a message is counted under, decided by its topic alone, before any decoding."""
    levels = topic.removeprefix(f"{root}/").split("/", 1)
    known = levels[0] in OBSERVATION_FEEDS + PICTURE_FEEDS and topic.startswith(f"{root}/")
    return levels[0] if known else "other"


def route(topic: str, root: str) -> Route:
    """Raises BadPayload for a topic that names nobody."""
    feed = feed_of(topic, root)
    levels = topic.removeprefix(f"{root}/").split("/")[1:]
    if feed == "other" or not levels or not levels[0]:
        raise BadPayload(
            "topic",
            f"topic {topic[:200]!r} names no station; expected {root}/<feed>/<station>",
        )
    if feed in ("obs", "status") and len(levels) > 1:
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
