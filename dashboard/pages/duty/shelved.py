"""Alerts set aside: shelved, suppressed by design, out of service."""

from dash import html

from dashboard.pages.duty.section import section
from dashboard.pages.layout import Say
from dashboard.pages.viewer import Viewer


def block(say: Say, _viewer: Viewer) -> html.Section:
    return section("shelved", say("Set aside"))
