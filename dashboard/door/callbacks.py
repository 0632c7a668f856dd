"""Dash's callbacks share one address: which of them somebody may call is decided here.

Deny by default: a callback without a right in the table stops the process at its start.
"""

from collections.abc import Mapping
from typing import Any

import flask

from dashboard.door.access import UPDATE, callback_rights, may, without_right
from dashboard.door.accounts import Principal
from dashboard.door.gate import PRINCIPAL
from dashboard.problems import MEDIA_TYPE, Problem


class UnguardedCallback(Exception):
    """A callback for which nobody said who may call it."""


def protect(
    server: flask.Flask, callback_map: Mapping[str, Any], rights: Mapping[str, str]
) -> None:
    """Guard every callback of a Dash application by the right of its output."""
    needed: dict[str, set[str]] = {}

    @server.before_request
    def check() -> flask.Response | None:
        if flask.request.path != UPDATE:
            return None
        try:
            body = flask.request.get_json(silent=True)
        except RecursionError:  # nested deeper than anything can be read
            body = None
        output = body.get("output") if isinstance(body, dict) else None
        wanted = needed.get(output) if isinstance(output, str) else None
        if wanted and all(may(principal(), right) for right in wanted):
            return None
        return _refuse(Problem(403, "your role may not do this"))

    # The first request makes Dash register what its pages need; Flask then takes no more hooks.
    server.test_client().get("/_dash-dependencies")
    if missing := without_right(callback_map, rights):
        raise UnguardedCallback(
            f"no right is given for {', '.join(missing)}: add them to CALLBACK_RIGHTS"
        )
    needed |= {output: callback_rights(output, rights) or set() for output in callback_map}


def principal() -> Principal:
    """Who makes the request that Flask is answering."""
    found: Principal = flask.request.environ["asgi.scope"][PRINCIPAL]
    return found


def _refuse(problem: Problem) -> flask.Response:
    answer = flask.jsonify(problem.body())
    answer.status_code, answer.mimetype = problem.status, MEDIA_TYPE
    return answer
