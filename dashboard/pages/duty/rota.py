"""Who is on duty, and who comes next."""

from dash import html

from dashboard.door.access import RIGHTS, ROSTER
from dashboard.pages.duty.section import section
from dashboard.pages.layout import Say
from dashboard.pages.viewer import Viewer


def block(say: Say, viewer: Viewer) -> html.Section:
    part = section("rota", say("On duty"), hidden=True)
    if ROSTER in RIGHTS.get(viewer.role, set()):
        setattr(part, "data-roster", "")  # the script offers its forms
    return part
