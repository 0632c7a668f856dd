"""Who looks, in which language and theme: from the request that is being answered."""

from dataclasses import dataclass
from typing import Any

import flask

from dashboard.text import DEFAULT, language_of

THEMES = ("light", "dark")


@dataclass(frozen=True, slots=True)
class Viewer:
    """theme: None follows the system's wish. name, role: of the session, empty without one."""

    lang: str
    theme: str | None
    name: str
    role: str
    bound: str | None = None  # the department to whose stations what they do is limited


def viewer(default_lang: str = DEFAULT) -> Viewer:
    """The viewer of the current request. The language is a cookie's, else the site's own."""
    request = flask.request
    principal: Any = request.environ.get("asgi.scope", {}).get("dongtai.principal")
    theme = request.cookies.get("theme")
    return Viewer(
        lang=language_of(request.cookies.get("lang"), None, default_lang),
        theme=theme if theme in THEMES else None,
        name=getattr(principal, "name", ""),
        role=getattr(principal, "role", ""),
        bound=getattr(principal, "bound", None),
    )
