"""The shift's score, beside its targets, and the earlier shifts."""

from dash import html

from dashboard.pages.duty.section import section
from dashboard.pages.layout import Say
from dashboard.pages.viewer import Viewer


def block(say: Say, _viewer: Viewer) -> html.Section:
    return section("score", say("Score of the shift"))
