"""Alerts that have been open for longer than a day, oldest first."""

from dash import html

from dashboard.pages.duty.section import section
from dashboard.pages.layout import Say
from dashboard.pages.viewer import Viewer


def block(say: Say, _viewer: Viewer) -> html.Section:
    return section("stale", say("Open for more than a day"))
