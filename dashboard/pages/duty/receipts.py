"""How the receivers do: what waits, what arrived, what was given up."""

from dash import html

from dashboard.pages.duty.section import section
from dashboard.pages.layout import Say
from dashboard.pages.viewer import Viewer


def block(say: Say, _viewer: Viewer) -> html.Section:
    return section("receipts", say("Receivers"), hidden=True)
