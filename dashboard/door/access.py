"""Who may do what: one table of rights by role, one of routes. What is in neither is denied."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from dashboard.door.accounts import Principal

ANYONE = "anyone"  # no sign-in needed
WATCH = "watch"  # what a wallboard shows, read only
SEE = "see"  # everything on the desks, pictures included
ACKNOWLEDGE = "acknowledge"  # take an alert
REPLAY = "replay"  # let messages walk again after a fix
INSPECT = "inspect"  # messages that could not be used, with what devices sent
RELEASE = "release"  # show a picture to the public
TUNE = "tune"  # rules and limits
SERVICE = "service"  # take a station out of service for maintenance, and put it back
MARK = "mark"  # say that readings are invalid or valid
ENTER = "enter"  # say what a tank holds
ROSTER = "roster"  # say who is on duty when, hand over
WARN = "warn"  # write warnings to the public
APPROVE = "approve"  # publish what somebody else wrote
ADMINISTER = "administer"  # accounts and keys

RIGHTS = {
    "wall": {WATCH},  # a screen that nobody sits at (dashboard/walls/keys.py)
    "viewer": {WATCH, SEE},
    "duty": {WATCH, SEE, ACKNOWLEDGE, INSPECT, ENTER, ROSTER, WARN, APPROVE},
    "environment": {WATCH, SEE, INSPECT, REPLAY, RELEASE, TUNE, MARK, ENTER, SERVICE, WARN},
    "administrator": {
        *(SEE, ACKNOWLEDGE, INSPECT, REPLAY, RELEASE, TUNE, MARK, ENTER, SERVICE, ROSTER),
        *(WATCH, ADMINISTER),
        *(WARN, APPROVE),
    },
}


@dataclass(frozen=True, slots=True)
class Route:
    """path: as FastAPI writes it. form: an HTML form, whose handler checks the CSRF field."""

    method: str
    path: str
    right: str
    form: bool = False


API = "/api/v1"
STREAMS = ("/live", "/wall/live")
ANALYSES = ("series", "rose", "distribution", "diurnal", "comparison")
UPDATE = "/_dash-update-component"  # of Dash: every callback of every page
ROUTES = (
    Route("GET", "/sign-in", ANYONE),
    Route("POST", "/sign-in", ANYONE, form=True),
    Route("GET", "/sign-in/{name}", ANYONE),
    # A wallboard: its page and stream, and how a device takes its token.
    Route("GET", "/wall", WATCH),
    Route("GET", "/wall/live", WATCH),
    Route("GET", "/wall/facts", WATCH),
    Route("GET", "/wall/version", WATCH),
    Route("GET", "/wall/enter", ANYONE),
    Route("POST", "/wall/enter", ANYONE, form=True),
    Route("GET", "/wall/enter/{name}", ANYONE),
    Route("GET", f"{API}/walls", ADMINISTER),
    Route("POST", f"{API}/walls", ADMINISTER),
    Route("POST", f"{API}/walls/{{wall_id}}/revoke", ADMINISTER),
    Route("GET", "/sign-out", SEE),
    Route("POST", "/sign-out", SEE, form=True),
    *(Route("GET", "/password", SEE), Route("POST", "/password", SEE, form=True)),
    Route("GET", "/healthz", ANYONE),
    Route("GET", "/readyz", ANYONE),
    Route("GET", "/metrics", SEE),
    Route("GET", "/live", SEE),
    Route("GET", "/cam/{code}.jpg", SEE),
    Route("GET", f"{API}/openapi.json", SEE),
    Route("GET", f"{API}/stations", SEE),
    Route("GET", f"{API}/stations/{{code}}/readings", SEE),
    Route("GET", f"{API}/stations/{{code}}/readings/export", SEE),
    Route("GET", f"{API}/stations/{{code}}/outlook", SEE),
    Route("GET", f"{API}/stations/{{code}}/marks", SEE),
    Route("POST", f"{API}/stations/{{code}}/marks", MARK),
    Route("POST", f"{API}/marks/{{mark_id}}/withdraw", MARK),
    Route("GET", f"{API}/stations/{{code}}/air/hours", SEE),
    Route("GET", f"{API}/stations/{{code}}/air/days", SEE),
    Route("GET", f"{API}/stations/{{code}}/air/exceedance", SEE),
    Route("GET", f"{API}/discharge/compliance", SEE),
    *(Route("GET", f"{API}/analysis/{what}", SEE) for what in ANALYSES),
    Route("GET", f"{API}/thresholds", SEE),
    Route("GET", f"{API}/thresholds/{{station}}/{{metric}}", SEE),
    Route("GET", f"{API}/alerts", SEE),
    Route("GET", f"{API}/alerts/pending", SEE),
    Route("GET", f"{API}/alerts/owners", ACKNOWLEDGE),
    Route("GET", f"{API}/alerts/score", SEE),
    Route("GET", f"{API}/alerts/stale", SEE),
    Route("GET", f"{API}/alerts/chattering", SEE),
    Route("GET", f"{API}/alerts/groups", SEE),
    Route("GET", f"{API}/alerts/{{alert_id}}", SEE),
    Route("POST", f"{API}/alerts/acknowledge", ACKNOWLEDGE),
    Route("POST", f"{API}/alerts/{{alert_id}}/hand-over", ACKNOWLEDGE),
    Route("POST", f"{API}/alerts/{{alert_id}}/notes", ACKNOWLEDGE),
    Route("POST", f"{API}/alerts/{{alert_id}}/reset", ACKNOWLEDGE),
    Route("POST", f"{API}/alerts/{{alert_id}}/shelve", ACKNOWLEDGE),
    Route("POST", f"{API}/alerts/{{alert_id}}/unshelve", ACKNOWLEDGE),
    Route("GET", f"{API}/suppressions", SEE),
    Route("POST", f"{API}/stations/{{code}}/out-of-service", SERVICE),
    Route("POST", f"{API}/stations/{{code}}/in-service", SERVICE),
    Route("GET", f"{API}/alerts/{{alert_id}}/evidence", SEE),
    Route("GET", "/evidence/{alert_id}", SEE),
    Route("POST", f"{API}/alerts/{{alert_id}}/acknowledge", ACKNOWLEDGE),
    Route("GET", f"{API}/alerts/{{alert_id}}/messages", SEE),
    Route("GET", f"{API}/receivers", SEE),
    Route("GET", f"{API}/rota", SEE),
    Route("POST", f"{API}/rota/shifts", ROSTER),
    Route("POST", f"{API}/rota/shifts/{{shift_id}}/remove", ROSTER),
    Route("POST", f"{API}/rota/shifts/{{shift_id}}/hand-over", ROSTER),
    Route("POST", f"{API}/rota/hand-overs/{{offer_id}}/answer", ROSTER),
    Route("GET", f"{API}/contacts", ADMINISTER),
    Route("POST", f"{API}/contacts", ADMINISTER),
    Route("POST", f"{API}/contacts/{{contact_id}}/remove", ADMINISTER),
    Route("GET", f"{API}/rules", SEE),
    Route("GET", f"{API}/rule-form", SEE),
    Route("GET", f"{API}/rules/{{code}}", SEE),
    Route("POST", f"{API}/rules", TUNE),
    Route("POST", f"{API}/rules/check", TUNE),
    Route("POST", f"{API}/rules/backtest", TUNE),
    Route("PUT", f"{API}/rules/{{code}}", TUNE),
    Route("POST", f"{API}/rules/{{code}}/retire", TUNE),
    Route("POST", f"{API}/rules/{{code}}/reinstate", TUNE),
    Route("GET", f"{API}/substances", SEE),
    Route("GET", f"{API}/plants", SEE),
    Route("GET", f"{API}/plants/{{code}}", SEE),
    Route("POST", f"{API}/plants/{{code}}/tanks/{{tank}}/entries", ENTER),
    Route("GET", f"{API}/alerts/{{alert_id}}/footprint", SEE),
    Route("GET", f"{API}/footprints", SEE),
    # Computes and stores nothing: a question with a body.
    Route("POST", f"{API}/plume", SEE),
    Route("POST", f"{API}/exposure", SEE),
    Route("GET", f"{API}/warnings", SEE),
    Route("GET", f"{API}/warnings/start", SEE),
    Route("GET", f"{API}/warnings/{{warning_id}}", SEE),
    Route("POST", f"{API}/warnings", WARN),
    # Computes and stores nothing: a question with a body.
    Route("POST", f"{API}/warnings/check", WARN),
    Route("POST", f"{API}/warnings/{{warning_id}}/edit", WARN),
    Route("POST", f"{API}/warnings/{{warning_id}}/submit", WARN),
    Route("POST", f"{API}/warnings/{{warning_id}}/return", APPROVE),
    Route("POST", f"{API}/warnings/{{warning_id}}/approve", APPROVE),
    Route("POST", f"{API}/warnings/{{warning_id}}/discard", WARN),
    Route("POST", f"{API}/warnings/{{warning_id}}/update", WARN),
    Route("POST", f"{API}/warnings/{{warning_id}}/cancel", WARN),
    Route("GET", f"{API}/cameras", SEE),
    Route("GET", f"{API}/cameras/{{code}}/pictures", SEE),
    Route("POST", f"{API}/cameras/{{code}}/release", RELEASE),
    Route("GET", f"{API}/replay/state", SEE),
    Route("GET", f"{API}/replay/changes", SEE),
    Route("GET", f"{API}/replay/alerts", SEE),
    Route("GET", f"{API}/replay/footprints", SEE),
    Route("GET", f"{API}/ledger", SEE),
    Route("GET", f"{API}/completeness", SEE),
    Route("GET", f"{API}/quarantine", INSPECT),
    Route("POST", f"{API}/quarantine/replay", REPLAY),
    # Accounts: one's own, those of all, what everybody did.
    Route("GET", f"{API}/account", SEE),
    Route("POST", f"{API}/account/sessions/end-others", SEE),
    Route("POST", f"{API}/account/sessions/{{session_id}}/end", SEE),
    Route("POST", f"{API}/account/tokens", SEE),
    Route("POST", f"{API}/account/tokens/{{token_id}}/revoke", SEE),
    Route("GET", f"{API}/accounts", ADMINISTER),
    Route("POST", f"{API}/accounts", ADMINISTER),
    Route("GET", f"{API}/accounts/{{person}}", ADMINISTER),
    *(
        Route("POST", f"{API}/accounts/{{person}}/{act}", ADMINISTER)
        for act in ("change", "disable", "enable", "unlock", "reset-password", "sessions/end")
    ),
    Route("POST", f"{API}/accounts/{{person}}/sessions/{{session_id}}/end", ADMINISTER),
    Route("POST", f"{API}/accounts/{{person}}/tokens/{{token_id}}/revoke", ADMINISTER),
    *(Route("GET", f"{API}/audit", ADMINISTER), Route("GET", f"{API}/audit/export", ADMINISTER)),
    *(Route("GET", "/accounts", ADMINISTER), Route("GET", "/audit", ADMINISTER)),
    # Third-party scripts and styles as published: nothing of ours is in them.
    Route("GET", "/assets/vendor/{name}", ANYONE),
    # Our scripts, styles and symbols, and the base map: no reading is in them.
    Route("GET", "/assets/{name}", WATCH),
    Route("GET", "/assets/{folder}/{name}", WATCH),
    Route("GET", "/map/{name}", WATCH),
    # Dash: its pages and assets, and its callbacks, which have a table of their own.
    Route("POST", UPDATE, SEE),
    Route("GET", "/{path:path}", SEE),
)

# What may take a second or more of the database or of this process (turns.py).
COSTLY = (
    *(f"{API}/analysis/", f"{API}/thresholds", f"{API}/discharge/", f"{API}/completeness"),
    *(f"{API}/plume", f"{API}/exposure", f"{API}/replay/", f"{API}/rules/backtest"),
)
# All that a password opens which somebody else gave.
BEFORE_CHANGE = ("/password", "/sign-out")


def may(principal: Principal, right: str) -> bool:
    return right == ANYONE or right in RIGHTS.get(principal.role, set())


def find(method: str, path: str) -> Route | None:
    """The first route that fits; None: no one may. HEAD is GET without the body."""
    if method == "HEAD" and path in STREAMS:
        return None  # a stream is nothing but its body
    wanted = "GET" if method == "HEAD" else method
    for route, pattern in _patterns():
        if route.method == wanted and pattern.fullmatch(path):
            return route
    return None


def is_page(path: str) -> bool:
    """Whether a person's browser shows this address: who is not signed in is then led to do so."""
    apart = (
        "/wall/",
        "/api/",
        "/cam/",
        "/map/",
        "/live",
        "/metrics",
        "/_dash",
        "/assets/",
        "/_reload-hash",
    )
    return not path.startswith(apart)


def callback_rights(output: str, rights: Mapping[str, str]) -> set[str] | None:
    """The rights that a Dash callback needs: of all its outputs; None where one has none.

    Dash writes several outputs as `..a.children...b.data..`, allowed duplicates as `a.children@..`.
    """
    parts = output[2:-2].split("...") if output.startswith("..") else [output]
    found = [rights.get(part.partition("@")[0]) for part in parts]
    return None if None in found else {right for right in found if right is not None}


def without_right(outputs: Iterable[str], rights: Mapping[str, str]) -> list[str]:
    """The callbacks that nobody has been given a right for."""
    return sorted(output for output in outputs if callback_rights(output, rights) is None)


@cache
def _patterns() -> tuple[tuple[Route, re.Pattern[str]], ...]:
    return tuple((route, _pattern(route.path)) for route in ROUTES)


def _pattern(path: str) -> re.Pattern[str]:
    """`{name}` is one part of the path, `{name:path}` all the rest."""
    parts = re.split(r"(\{\w+(?::path)?\})", path)
    return re.compile(
        "".join(
            (".*" if part.endswith(":path}") else "[^/]+")
            if part.startswith("{")
            else re.escape(part)
            for part in parts
        ),
        re.DOTALL,
    )
