"""One's own account, everybody's, and the audit: three pages under one bar.

The scripts (account.mjs, accounts.mjs, audit.mjs) fill the places; the data comes by the API, which
refuses who may not, whatever a page shows.
"""

from dash import html
from dash.development.base_component import Component

from dashboard.door.access import ADMINISTER, RIGHTS
from dashboard.pages.layout import Say, aria, frame
from dashboard.pages.viewer import Viewer

SCREENS = (("/account", "My account"), ("/accounts", "Accounts"), ("/audit", "Audit"))


def own(say: Say, viewer: Viewer, title: str) -> html.Div:
    body = [
        _part("own", say("Signed in as")),
        _part("sessions", say("Where you are signed in")),
        _part("tokens", say("Tokens for programs")),
    ]
    return _page("account", "/account", say, viewer, title, html.Div(body, className="acc-parts"))


def people(say: Say, viewer: Viewer, title: str) -> html.Div:
    left = html.Section(
        [
            html.Div(id="people-find", className="acc-find"),
            html.Ul(id="people", className="acc-list"),
        ],
        className="acc-left",
        **aria(label=say("Accounts")),
    )
    right = html.Section(
        [
            html.P(say("Choose an account."), id="person-none", className="quiet none"),
            html.Div(id="person", hidden=True),
        ],
        className="acc-right",
        **aria(label=say("Account")),
    )
    columns = html.Div([left, right], className="acc-columns")
    new = html.Button(say("New account"), id="person-new", type="button", className="button")
    walls = html.Button(say("Wallboards"), id="walls", type="button", className="button")
    return _page("accounts", "/accounts", say, viewer, title, columns, extra=[walls, new])


def audit(say: Say, viewer: Viewer, title: str) -> html.Div:
    heads = [
        say(one) for one in ("Time", "Person", "What was done", "Of what", "Address", "Detail")
    ]
    table = html.Table(
        [
            html.Caption(say("Audit"), className="spoken"),
            html.Thead(html.Tr([html.Th(one, scope="col") for one in heads])),
            html.Tbody(id="audit-rows"),
        ],
        className="figures audit",
    )
    body = [
        html.Div(id="audit-filter", className="audit-filter"),
        html.Div(
            table,
            className="table-holder audit-holder",
            tabIndex=0,
            role="region",
            **aria(label=say("Audit")),
        ),
        html.P(say("Nothing like that."), id="audit-none", className="quiet none", hidden=True),
        html.Div(
            html.Button(say("Older"), id="audit-older", type="button", className="button"),
            className="audit-more",
        ),
    ]
    export = html.A(
        say("Export CSV"), id="audit-export", href="/api/v1/audit/export", className="button"
    )
    return _page("audit", "/audit", say, viewer, title, *body, extra=[export])


def _page(
    page: str,
    path: str,
    say: Say,
    viewer: Viewer,
    title: str,
    *body: Component,
    extra: list[Component] | None = None,
) -> html.Div:
    main = html.Main(
        [html.P(id="data-problem", className="data-problem", role="alert", hidden=True), *body],
        id="content",
        className="data-main",
        tabIndex=-1,
    )
    return frame(page, path, say, viewer, title, _bar(path, say, viewer, extra or []), main)


def _bar(path: str, say: Say, viewer: Viewer, extra: list[Component]) -> html.Section:
    mine = ADMINISTER in RIGHTS.get(viewer.role, set())
    links = [
        html.A(
            say(label),
            href=href,
            className="switch",
            **(aria(current="page") if href == path else {}),
        )
        for href, label in (SCREENS if mine else SCREENS[:1])
    ]
    return html.Section(
        [
            html.Nav(links, className="switches", **aria(label=say("Accounts"))),
            html.Span(className="spring"),
            html.Span(id="data-as-of", className="secondary"),
            *extra,
        ],
        className="data-bar",
        **aria(label=say("What is shown")),
    )


def _part(name: str, title: str) -> html.Section:
    return html.Section(
        [html.H2(title), html.Div(id=f"{name}-body", className="acc-body")],
        id=f"acc-{name}",
        className="data-part",
        **aria(label=title),
    )
