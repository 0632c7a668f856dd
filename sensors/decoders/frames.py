"""What the decoders of frame protocols share: a message is read frame by frame."""

from collections.abc import Callable, Iterable
from datetime import timedelta, timezone
from typing import TypeVar

from sensors.decoders.decoded import SHOWN_PROBLEMS, Decoded
from sensors.reading import BadPayload, Observation

MAX_READINGS = 10_000
BEIJING = timezone(timedelta(hours=8))  # the time of both protocols; no summer time

Frame = TypeVar("Frame")


class Problems:
    """What is wrong with a message, counted whole and kept as far as somebody will read it."""

    def __init__(self) -> None:
        self._shown: list[BadPayload] = []
        self._more = 0
        self._code = ""

    def __bool__(self) -> bool:
        return bool(self._shown)

    @property
    def full(self) -> bool:
        """Whether nobody will read what a further problem says."""
        return len(self._shown) >= SHOWN_PROBLEMS

    def append(self, problem: BadPayload) -> None:
        if not self.full:
            self._shown.append(problem)
        else:
            self._more, self._code = self._more + 1, self._code or problem.code

    @property
    def bounded(self) -> tuple[BadPayload, ...]:
        if not self._more:
            return tuple(self._shown)
        return (*self._shown, BadPayload(self._code, f"and {self._more} more problems"))


def read_frames(
    frames: Iterable[Frame | BadPayload], read: Callable[[Frame, Problems], list[Observation]]
) -> Decoded:
    """What `read` makes of each frame of a message. Raises BadPayload if there is none at all."""
    problems = Problems()
    observations: list[Observation] = []
    found = False
    for frame in frames:
        if isinstance(frame, BadPayload):
            problems.append(frame)
            continue
        found = True
        if len(observations) >= MAX_READINGS:
            sentence = f"more than {MAX_READINGS} readings in one message; the rest is not read"
            problems.append(BadPayload("too_many", sentence))
            break
        try:
            observations += read(frame, problems)
        except BadPayload as problem:
            problems.append(problem)
    if not found and not problems:
        raise BadPayload("empty", "the message is empty")
    return Decoded(tuple(observations), problems.bounded)


def agreed(observations: Iterable[Observation], problems: Problems) -> list[Observation]:
    """Each series and time of a message once; where two values contradict each other, neither."""
    found: dict[tuple[object, ...], Observation] = {}
    doubtful = set()
    for seen in observations:
        key = (seen.station, seen.metric, seen.observed_at, seen.after_arrival)
        if found.setdefault(key, seen) != seen:
            doubtful.add(key)
            sentence = f"{seen.station}: two values of {seen.metric} for the same time"
            problems.append(BadPayload("contradiction", f"{sentence}; ignore one of its sources"))
    return [seen for key, seen in found.items() if key not in doubtful]
