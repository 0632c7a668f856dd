"""What every decoder gives back, and how its sentences show foreign values."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TypeVar

from sensors.directory import Directory
from sensors.reading import BadPayload, Observation

SHOWN_CHARS = 40
SHOWN_PROBLEMS = 10
MAX_READINGS = 10_000
BEIJING = timezone(timedelta(hours=8))  # the time of both frame protocols; no summer time


@dataclass(frozen=True, slots=True)
class Decoded:
    """What could be used of a message, and what could not.

    A message with problems is quarantined with their reasons; its observations are stored all
    the same.
    """

    observations: tuple[Observation, ...]
    problems: tuple[BadPayload, ...] = ()

    @property
    def reason(self) -> str:
        """All problems as one text of bounded length; empty where there is none."""
        return "; ".join(str(problem) for problem in self.problems)


Frame = TypeVar("Frame")

# Of a feed whose topics name the station, and of one whose messages do.
Decoder = Callable[[bytes, str], Decoded]
FrameDecoder = Callable[[bytes, Directory], Decoded]


class Problems:
    """What is wrong with a message, counted whole and kept as far as somebody will read it."""

    def __init__(self) -> None:
        self._shown: list[BadPayload] = []
        self._more = 0
        self._code = ""

    def __bool__(self) -> bool:
        return bool(self._shown)

    def append(self, problem: BadPayload) -> None:
        if len(self._shown) < SHOWN_PROBLEMS:
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
    """Each metric and time of a frame once; where two values contradict each other, neither."""
    found: dict[tuple[str, datetime | None], Observation] = {}
    doubtful = set()
    for seen in observations:
        key = (seen.metric, seen.observed_at)
        if found.setdefault(key, seen) != seen:
            doubtful.add(key)
            sentence = f"{seen.station}: two values of {seen.metric} for the same time"
            problems.append(BadPayload("contradiction", f"{sentence}; ignore one of its sources"))
    return [seen for key, seen in found.items() if key not in doubtful]


def shown(value: object) -> str:
    """A foreign value for a sentence: short, printable, safe to store, whatever was sent."""
    if isinstance(value, str):
        cut = "…" if len(value) > SHOWN_CHARS else ""
        return repr(value[:SHOWN_CHARS]) + cut
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return "an object" if isinstance(value, dict) else repr(value)[:SHOWN_CHARS]


def name_shown(code: str) -> str:
    """A station's or metric's code: bare where it is an ordinary one, quoted and cut where not."""
    plain = code.isascii() and code.isprintable() and 0 < len(code) <= SHOWN_CHARS
    return code if plain else shown(code)


def bounded(problems: Sequence[BadPayload]) -> tuple[BadPayload, ...]:
    """The first problems, and one that counts the rest: a reason must stay readable."""
    more = len(problems) - SHOWN_PROBLEMS
    if more <= 0:
        return tuple(problems)
    rest = BadPayload(problems[SHOWN_PROBLEMS].code, f"and {more} more problems")
    return (*problems[:SHOWN_PROBLEMS], rest)
