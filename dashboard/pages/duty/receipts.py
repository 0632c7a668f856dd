"""Who was told of what, and whether it arrived."""

from dash import html

from dashboard.pages.duty.section import section
from dashboard.pages.layout import Say
from dashboard.pages.viewer import Viewer


def block(say: Say, _viewer: Viewer) -> html.Section:
    return section("receipts", say("Messages sent"), hidden=True)
