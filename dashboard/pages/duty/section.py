"""What the sections of the duty page have in common."""

from dash import html
from dash.development.base_component import Component

from dashboard.pages.layout import aria


def section(name: str, title: str, *body: Component, hidden: bool = False) -> html.Section:
    """`name`-note is beside the heading, `name`-body below it; both are the script's to fill.

    hidden: until the script shows it.
    """
    heading = html.H2([title, html.Span(id=f"{name}-note", className="secondary")])
    return html.Section(
        [heading, *body, html.Div(id=f"{name}-body", className="duty-body")],
        id=f"duty-{name}",
        className="data-part",
        hidden=hidden,
        **aria(label=title),
    )
