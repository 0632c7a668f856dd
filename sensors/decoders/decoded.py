"""What every decoder gives back, and how its sentences show foreign values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sensors.reading import BadPayload, Observation

SHOWN_CHARS = 40
SHOWN_PROBLEMS = 10


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


def shown(value: object) -> str:
    """A foreign value for a sentence: short, printable, safe to store, whatever was sent."""
    if isinstance(value, str):
        cut = "…" if len(value) > SHOWN_CHARS else ""
        return repr(value[:SHOWN_CHARS]) + cut
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, datetime):
        return value.isoformat()
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
