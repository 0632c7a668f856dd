"""What every staff page has: the top bar, the banner for a lost link, the place for spoken news."""

from collections.abc import Callable
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard.pages.viewer import Viewer
from dashboard.wording import word

Say = Callable[..., str]
NAVIGATION = (
    *(("/", "Desk"), ("/duty", "Duty"), ("/environment", "Environment")),
    *(("/warnings", "Warnings"), ("/rules", "Rules"), ("/cameras", "Pictures"), ("/data", "Data")),
)


def frame(page: str, path: str, say: Say, viewer: Viewer, title: str, *body: Component) -> html.Div:
    """A page in its frame. `page` tells the scripts what to start."""
    return html.Div(
        [
            html.A(say("To the content"), href="#content", className="skip"),
            top_bar(path, say, viewer, title),
            banner(say),
            notices(say),
            *body,
            html.Div(id="live-words", className="spoken", role="status", **aria(live="polite")),
        ],
        className=f"app {page}",
        **data(page=page),
    )


def top_bar(path: str, say: Say, viewer: Viewer, title: str) -> html.Header:
    links = [
        html.A(
            say(label),
            href=href,
            className="nav-link",
            **(aria(current="page") if href == path else {}),
        )
        for href, label in NAVIGATION
    ]
    return html.Header(
        [
            html.H1(title, className="brand"),
            html.Nav(links, className="nav", **aria(label=say("Screens"))),
            *([_search(say)] if path == "/" else []),
            html.Span(say("Sample data"), id="sample-chip", className="chip"),
            html.Span(className="spring"),
            _link(say),
            html.Div(
                [html.Time("--:--:--", id="clock"), html.Span(id="clock-date")], className="time"
            ),
            _person(say, viewer),
        ],
        className="top",
    )


def banner(say: Say) -> html.Div:
    return html.Div(
        [
            html.Span(className="banner-mark"),
            html.Span(id="banner-text"),
            html.A(say("Sign in"), id="banner-sign-in", href="/sign-in", hidden=True),
        ],
        id="banner",
        className="banner",
        role="alert",
        hidden=True,
    )


def notices(say: Say) -> html.Section:
    """Warnings that wait, run out or outlive their alert; the stream's beat fills it."""
    return html.Section(
        html.Ul(),
        id="warning-notices",
        className="notices",
        hidden=True,
        **aria(label=say("Notices of warnings")),
    )


def icon_button(name: str, icon: str, label: str, className: str = "") -> html.Button:  # noqa: N803 - Dash's spelling
    return html.Button(
        id=name,
        type="button",
        title=label,
        className=f"icon-button {className}".strip(),
        **aria(label=label),
        **data(icon=icon),
    )


def _search(say: Say) -> html.Div:
    return html.Div(
        [
            html.Span(className="search-icon", **data(icon="i-search")),
            # The script puts the field here: not dcc.Input, typing is the browser's own business.
            html.Div(id="search-holder"),
            html.Kbd("/", **aria(hidden="true")),
            html.Ul(
                id="search-list",
                className="search-list",
                role="listbox",
                hidden=True,
                **aria(label=say("Found stations")),
            ),
        ],
        className="search",
        role="search",
    )


def _link(say: Say) -> html.Div:
    return html.Div(
        [
            html.Span(className="link-icon", **data(icon="i-link")),
            html.B(say("Connecting"), id="link-word"),
            html.Span(id="link-age"),
            html.Span(
                [say("to screen"), " ", html.B(id="link-p95"), " p95"],
                id="link-screen",
                className="wide gone",
            ),
            html.Span(
                [say("canary"), " ", html.B(id="link-canary")],
                id="link-path",
                className="wide gone",
            ),
        ],
        className="link",
    )


def _person(say: Say, viewer: Viewer) -> html.Div:
    other = "en" if viewer.lang == "zh" else "zh"
    return html.Div(
        [
            html.Button(
                html.Span(id="sound-word"),
                id="sound",
                type="button",
                className="text-button sound",
                hidden=True,
            ),
            html.Button(
                "EN" if other == "en" else "中文",
                id="language",
                type="button",
                className="text-button",
                lang=other,
                title="English" if other == "en" else "中文",
                **data(lang=other),
            ),
            icon_button("theme", "i-contrast", say("Dark theme")),
            html.A(
                viewer.name,
                href="/account",
                className="person-name",
                title=f"{say('My account')} · {word(viewer.role, viewer.lang)}",
            ),
            html.A(say("Sign out"), href="/sign-out", className="sign-out"),
        ],
        className="person",
    )


def aria(**values: str) -> dict[str, Any]:
    """aria-label and so on, which Python's argument names cannot spell."""
    return {f"aria-{name}": value for name, value in values.items()}


def data(**values: str) -> dict[str, Any]:
    """data-icon and so on."""
    return {f"data-{name}": value for name, value in values.items()}
