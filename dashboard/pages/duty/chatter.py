"""Alerts that come and go, with the dead-band and delay that would have made one of them."""

from dash import html

from dashboard.pages.duty.section import section
from dashboard.pages.layout import Say
from dashboard.pages.viewer import Viewer


def block(say: Say, _viewer: Viewer) -> html.Section:
    return section("chatter", say("Alerts that flap"))
