"""Every label in both languages: English in the source, Chinese from the catalogues, read once.

t = text("zh")
t("Acknowledge"), t("{count} open", count=3), t("{n} station", "{n} stations", n=2)
"""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

FOLDER = Path(__file__).parent / "locales"
LANGUAGES = ("zh", "en")
DEFAULT = "zh"


@cache
def text(lang: str) -> Callable[..., str]:
    """The translator of a language: `t(msgid, plural=None, /, **values)`.

    With a plural the value `n` chooses. What no catalogue has stays English, so a forgotten label
    is readable, never an error.
    """
    messages = catalogue(lang)

    def t(msgid: str, plural: str | None = None, /, **values: object) -> str:
        english = msgid if plural is None or values.get("n") == 1 else plural
        found = messages.get(msgid, english)
        return found.format(**values) if values else found

    return t


def catalogue(lang: str, folder: Path = FOLDER) -> Mapping[str, str]:
    """msgid -> translation from every .po file of a language; empty for English."""
    if lang not in LANGUAGES:
        raise ValueError(f"unknown language {lang!r}; there are {', '.join(LANGUAGES)}")
    messages: dict[str, str] = {}
    for path in sorted((folder / lang).glob("*.po")):
        messages |= read_catalogue(path)
    return messages


def read_catalogue(path: Path) -> dict[str, str]:
    """One file. Chinese has one plural form, which is filed under the singular msgid."""
    with path.open("rb") as file:
        entries = [message for message in read_po(file) if message.id and not message.fuzzy]
    return {_first(entry.id): _first(entry.string) for entry in entries if _first(entry.string)}


def language_of(wanted: str | None, accept: str | None, default: str = DEFAULT) -> str:
    """The language to answer in: what was chosen, else the first of `Accept-Language` we speak."""
    if wanted in LANGUAGES:
        return str(wanted)
    for part in (accept or "").split(","):
        tag = part.partition(";")[0].strip().lower()[:2]
        if tag in LANGUAGES:
            return tag
    return default


def _first(value: object) -> str:
    return str(value[0] if isinstance(value, list | tuple) else value or "")
