"""Who is on duty, and who comes next."""

from dash import html

from dashboard.pages.duty.section import section
from dashboard.pages.layout import Say
from dashboard.pages.viewer import Viewer


def block(say: Say, _viewer: Viewer) -> html.Section:
    return section("rota", say("On duty"), hidden=True)
