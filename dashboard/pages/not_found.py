"""What Dash would answer with its page, or with a trace, although there is nothing: 404."""

from collections.abc import Collection

import flask
from dash.exceptions import DependencyException
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dashboard.door.signin import TEMPLATES
from dashboard.pages.viewer import viewer
from dashboard.settings import DashboardSettings
from dashboard.text import text

_ANY_PATH = "/<path:path>"  # Dash's rule for whatever no other rule of it answers


def install_not_found(
    server: flask.Flask, pages: Collection[str], settings: DashboardSettings
) -> None:
    """Only `pages` are pages; and only registered files are files of Dash's libraries."""
    template = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined
    ).get_template("not_found.html")

    def not_found(_: Exception | None = None) -> tuple[str, int]:
        who = viewer(settings.language)
        title = getattr(settings.title, who.lang)
        page = template.render(t=text(who.lang), lang=who.lang, theme=who.theme, title=title)
        return page, 404

    @server.before_request
    def check() -> tuple[str, int] | None:
        rule = flask.request.url_rule
        if rule is None or rule.rule != _ANY_PATH:
            return None
        return None if f"/{flask.request.path.strip('/')}" in pages else not_found()

    server.register_error_handler(DependencyException, not_found)
