"""Whose a foreign message is: a foreign name becomes a station's code."""

from collections.abc import Collection

from sensors.decoders.decoded import shown
from sensors.foreign import Foreign
from sensors.reading import BadPayload


def named_in_topic(topic: str, mapping: Foreign) -> str:
    """The level of the topic that names the station."""
    level = mapping.station.level or 1
    levels = topic.split("/", level)  # no further: each element of a message asks again
    if level > len(levels) or not levels[level - 1]:
        sentence = f"{mapping.name}: topic {topic[:200]!r} has no level {level}, which is to name"
        raise BadPayload("topic", f"{sentence} the station")
    return levels[level - 1]


def station_of(name: str, mapping: Foreign, stations: Collection[str], where: str) -> str:
    """The code behind a foreign name. Raises BadPayload where config.yaml has none.

    No nearest name is guessed: those of devices are alike, and a wrong one is another's station.
    """
    known = mapping.station.codes
    if known and name not in known:
        remedy = "add it to station.codes of the mapping, then replay"
        raise BadPayload("unknown_station", f"{where}: unknown name {shown(name)}; {remedy}")
    code = known.get(name, name)
    if code not in stations:
        remedy = "add it to config.yaml, or to station.codes of the mapping, then replay"
        raise BadPayload("unknown_station", f"{where}: unknown station {shown(code)}; {remedy}")
    return code
