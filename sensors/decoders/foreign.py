"""Messages of a foreign shape become observations, by a mapping of config.yaml. docs/foreign.md."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sensors.decoders import json_path, senml
from sensors.decoders.decoded import Decoded, shown
from sensors.decoders.foreign_station import named_in_topic, station_of
from sensors.decoders.foreign_value import moment, number
from sensors.decoders.frames import MAX_READINGS, Problems, agreed
from sensors.decoders.json_path import Absent, JsonPath
from sensors.decoders.json_text import parsed
from sensors.foreign import Foreign, ValueAt, When
from sensors.reading import BadPayload, Observation, Origin, Quality


@dataclass(frozen=True, slots=True)
class _Part:
    """What paths start from, and how a sentence names it.

    seen: what paths from the root have led to, or why to nothing; all elements of a message share
    it, because a long list would be searched once for each of them.
    """

    root: Any
    start: Any
    where: str
    seen: dict[str, Any] = field(default_factory=dict)

    def find(self, text: str) -> Any:
        """Raises Absent, or BadPayload, with whose it is."""
        path = json_path.parse(text)
        found = self.seen[text] if text in self.seen else self._found(path)
        if path.from_root:
            self.seen[text] = found
        if isinstance(found, Absent):
            raise Absent(f"{self.where}: {found}")
        if isinstance(found, BadPayload):
            raise BadPayload(found.code, f"{self.where}: {found}")
        return found

    def _found(self, path: JsonPath) -> Any:
        try:
            return path.find(self.root, self.start)
        except BadPayload as error:
            return error


def decode(payload: bytes, topic: str, mapping: Foreign, stations: Collection[str]) -> Decoded:
    """Read one message. stations: the codes there are. Raises BadPayload where nothing of it can be
    used; a message that `when` leaves out holds nothing."""
    found = parsed(payload, mapping.name)
    problems = Problems()
    if mapping.format == "senml":
        observations = senml.read(found, topic, mapping, stations, problems)
    else:
        message = _Part(found, found, mapping.name)
        if mapping.when is not None and not _is_meant(message, mapping.when):
            return Decoded(())
        observations = _read(message, topic, mapping, stations, problems)
    agreeing = tuple(agreed(observations, problems))
    if not agreeing and not problems:
        raise BadPayload("empty", f"{mapping.name}: the message holds no value of the mapping")
    return Decoded(agreeing, problems.bounded)


def _is_meant(message: _Part, when: When) -> bool:
    try:
        found = message.find(when.path)
    except Absent:
        found = None
    return any(
        found == one and isinstance(found, bool) is isinstance(one, bool) for one in when.values
    )


def _read(
    message: _Part, topic: str, mapping: Foreign, stations: Collection[str], problems: Problems
) -> list[Observation]:
    origin = _origin(message, mapping)
    observations: list[Observation] = []
    for part in _parts(message, mapping):
        try:
            name, station = _station(part, topic, mapping, stations)
            at = _time(part, mapping)
        except BadPayload as problem:
            problems.append(problem)
            continue
        for value in mapping.values:
            if value.only and name not in value.only:
                continue
            try:
                observations += _observed(part, value, station, at, origin)
            except BadPayload as problem:
                problems.append(problem)
    return observations


def _parts(message: _Part, mapping: Foreign) -> Iterator[_Part]:
    """The message, or each element of the list in it."""
    if mapping.each is None:
        yield message
        return
    found = message.find(mapping.each)
    if not isinstance(found, list):
        sentence = f"{message.where}: {mapping.each} is {shown(found)}, expected a list"
        raise BadPayload("wrong_shape", sentence)
    if len(found) * len(mapping.values) > MAX_READINGS:
        sentence = f"{len(found)} elements of {len(mapping.values)} values"
        raise BadPayload(
            "too_many",
            f"{message.where}: {sentence}; a message has {MAX_READINGS} readings at most",
        )
    for index, element in enumerate(found):
        where = f"{message.where}: {mapping.each}[{index}]"
        yield _Part(message.root, element, where, message.seen)


def _station(
    part: _Part, topic: str, mapping: Foreign, stations: Collection[str]
) -> tuple[str | None, str]:
    """The foreign name, where there is one, and the station's code."""
    at = mapping.station
    if at.code is not None:
        return None, station_of(at.code, mapping, stations, part.where)
    name = part.find(at.path) if at.path is not None else named_in_topic(topic, mapping)
    if isinstance(name, int) and not isinstance(name, bool):
        name = str(name)
    if not isinstance(name, str):
        sentence = f"{part.where}: {at.path} is {shown(name)}, expected the name of a station"
        raise BadPayload("unknown_station", sentence)
    return name, station_of(name, mapping, stations, part.where)


def _time(part: _Part, mapping: Foreign) -> datetime | None:
    at = mapping.time
    return None if at is None else moment(part.find(at.path), at, f"{part.where}: {at.path}")


def _observed(
    part: _Part, value: ValueAt, station: str, at: datetime | None, origin: Origin
) -> Iterator[Observation]:
    """The reading; none where the value is absent and may be."""
    path, unit = value.path or "$", value.unit or ""
    try:
        found = part.find(path)
    except Absent:
        if value.optional:
            return
        raise
    read = number(found, value, unit, f"{part.where}: {path}")
    quality = Quality.MISSING if read is None else Quality.GOOD
    yield Observation(station, value.metric, at, read, quality, origin)


def _origin(message: _Part, mapping: Foreign) -> Origin:
    """Simulated where the flag says so; what is no flag must not pass for live."""
    if mapping.simulated is None:
        return Origin.LIVE
    try:
        flag = message.find(mapping.simulated)
    except Absent:
        return Origin.LIVE
    if flag is not None and not isinstance(flag, bool):
        sentence = f"{message.where}: {mapping.simulated} is {shown(flag)}, expected true or false"
        raise BadPayload("bad_origin", sentence)
    return Origin.SIMULATED if flag else Origin.LIVE
