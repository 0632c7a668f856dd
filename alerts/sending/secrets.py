"""Where receivers' addresses come from, and how they are shown: never whole."""

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from alerts.receiver_settings import DeadManSettings, ReceiverSettings

HIDDEN = "***"
_PART = re.compile(r"[^/:@?&=#,;\s]+")
_SHORT = 4  # what is shorter is no secret, and would black out words


class NoAddress(Exception):
    """A receiver whose address cannot be had; the text says where it was looked for."""


def address(
    settings: ReceiverSettings | DeadManSettings, folder: Path, environ: Mapping[str, str]
) -> str | None:
    """The URL of a receiver; None where it has none. folder: that of config.yaml.

    Raises NoAddress.
    """
    if settings.url_env is not None:
        found = environ.get(settings.url_env, "").strip()
        if not found:
            raise NoAddress(f"the environment has no {settings.url_env}; set it to the URL")
        return found
    if settings.url_file is not None:
        return _from_file(folder / settings.url_file)
    return settings.url if isinstance(settings, ReceiverSettings) else None


def masked(url: str) -> str:
    """What may be shown: `mailto://***`; of a web address also the host, which is no secret."""
    scheme, found, _ = url.partition("://")
    if (host := _host(url)) is not None:
        return f"{scheme.lower()}://{host}/{HIDDEN}"
    return f"{scheme}://{HIDDEN}" if found else HIDDEN


def without_secrets(text: str, url: str) -> str:
    """The text with every part of the URL blacked out."""
    said = text.replace(url, masked(url))
    parts = set(_PART.findall(url.partition("://")[2]))
    parts |= {unquote(part) for part in parts}
    parts -= set(_PART.findall(_host(url) or ""))
    for part in sorted(parts, key=len, reverse=True):
        if len(part) >= _SHORT:
            said = said.replace(part, HIDDEN)
    return said


def _host(url: str) -> str | None:
    """Of a web address, without who signs in there; None of any other, or of what is none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return parts.netloc.rpartition("@")[2] if parts.scheme in ("http", "https") else None


def _from_file(path: Path) -> str:
    try:
        found = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise NoAddress(f"{path} cannot be read: {error}") from error
    if not found:
        raise NoAddress(f"{path} is empty; write the URL into it")
    return found
