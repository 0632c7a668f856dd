"""The drawer's block on where the water goes; assets/desk/outlook.mjs fills it."""

from dash import html

from dashboard.pages.layout import Say, aria


def block(say: Say) -> html.Section:
    """Time to the next limit: assumption, central time, 80 % range, what it rests on."""
    grid = html.Div(
        [
            html.P(id="outlook-assumption", className="secondary"),
            html.P(id="outlook-chance", className="secondary outlook-right"),
            html.P([html.Span(id="outlook-hours"), html.Span(id="outlook-at")],
                   className="outlook-time"),
            html.P(id="outlook-range", className="outlook-range outlook-right"),
        ],
        className="outlook-grid",
    )  # fmt: skip
    return html.Section(
        [
            grid,
            html.P(id="outlook-notes", className="quiet outlook-notes"),
            html.P(id="outlook-grade", className="quiet outlook-notes"),
        ],
        id="drawer-outlook",
        className="part outlook",
        hidden=True,
        **aria(label=say("Time to limit")),
    )
