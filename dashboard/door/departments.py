"""Writes of an account with a department: only to what its department owns.

It sees everything, as the emergency desk does. An administrator is not limited, nor is an account
without a department. What has no owner is for those alone. The gate asks here before every write
whose address names its object; `BY_BODY` name it in their body, and their handlers ask.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from alerts.rule_settings import RuleSettings
from alerts.rulebook import load_places
from config import validated
from dashboard.door import access
from dashboard.door.access import API, Route
from dashboard.door.accounts import Principal
from dashboard.problems import Problem
from dashboard.rules import shapes
from database import query
from database.pool import Connection

OF_STATION = """
select s.code, v.department from station s
  left join station_version v on v.station_id = s.id and v.valid_to is null
 where s.code = any(%(keys)s)"""
OF_ALERT = "select id, department from alert where id = any(%(keys)s)"
OF_MARK = """
select m.id::text, v.department
  from mark m join series q on q.id = m.series_id
  left join station_version v on v.station_id = q.station_id and v.valid_to is null
 where m.id::text = any(%(keys)s)"""
ABOVE = {
    f"{API}/stations/{{code}}/": OF_STATION,
    f"{API}/plants/{{code}}/": OF_STATION,
    f"{API}/cameras/{{code}}/": OF_STATION,
    f"{API}/alerts/{{alert_id}}/": OF_ALERT,
    f"{API}/marks/{{mark_id}}/": OF_MARK,
}
BY_BODY = {
    ("POST", f"{API}/alerts/acknowledge"),
    ("POST", f"{API}/rules"),
    ("PUT", f"{API}/rules/{{code}}"),
    ("POST", f"{API}/rules/{{code}}/retire"),
    ("POST", f"{API}/rules/{{code}}/reinstate"),
}
# Beyond one department by their nature, or asking and writing nothing; their rights decide alone.
WHOLE_DISTRICT = (
    f"{API}/rules/check",
    f"{API}/rules/backtest",
    f"{API}/warnings",
    f"{API}/rota/",
    f"{API}/quarantine/replay",
)


def named(route: Route) -> str | None:
    """The statement that knows the owner of what the route's address names."""
    return next((of for above, of in ABOVE.items() if route.path.startswith(above)), None)


def is_free(route: Route) -> bool:
    """Whether no department limits it. Of a write that nobody has thought of: no."""
    reads = route.method in ("GET", "HEAD") or route.right in (access.SEE, access.ANYONE)
    return reads or (route.method, route.path) in BY_BODY or route.path.startswith(WHOLE_DISTRICT)


def check_address(conn: Connection, who: Principal, route: Route, path: str) -> None:
    """Raises Problem 403 where the write is to what another department owns."""
    if who.bound is None or is_free(route):
        return
    statement = named(route)
    if statement is None:
        raise Problem(403, f"{who.name} is of the department {who.bound}, which may not do this")
    # The object is the fifth part: /api/v1/stations/R-02/marks.
    key = path.split("/")[4]
    owners = dict(query.rows(conn, statement, keys=[key]))
    # Not left to the handler: it may know by another spelling what is not found here (mark 07).
    if key not in owners:
        raise Problem(404, f"there is nothing at {path}")
    if owners[key] != who.bound:
        raise outside(who, key, owners[key])


def alerts_outside(
    conn: Connection, who: Principal, alerts: Iterable[str]
) -> dict[str, str | None]:
    """Of these alerts those that another department owns, and which; None: no department does.

    Raises Problem 403 where all are: then nothing can be done.
    """
    asked = list(alerts)
    if who.bound is None or not asked:
        return {}
    owners = dict(query.rows(conn, OF_ALERT, keys=asked))
    found = {key: owner for key, owner in owners.items() if owner != who.bound}
    if len(found) == len(asked):
        raise outside(who, *next(iter(found.items())))
    return found


def check_rule(conn: Connection, who: Principal, definition: Mapping[str, Any]) -> None:
    """A rule is a department's where every station that it covers is, and it covers one."""
    if who.bound is None:
        return
    rule = validated(RuleSettings, definition)
    if not isinstance(rule, RuleSettings):
        raise Problem(
            403, f"{who.name} is of the department {who.bound}; whose rule it is, is unclear"
        )
    places = load_places(conn)
    covered = set(shapes.covered(rule, places)["stations"])
    owners = {place.station: place.department for place in places if place.station in covered}
    for station, owner in sorted(owners.items()):
        if owner != who.bound:
            raise outside(who, f"{rule.code} ({station})", owner)
    if not owners:
        raise outside(who, rule.code, None)


def outside(who: Principal, what: str, owner: str | None) -> Problem:
    whose = f"belongs to the department {owner}" if owner else "belongs to no department"
    sentence = (
        f"{what} {whose}; {who.name} is of the department {who.bound} and may only see it. "
        "Ask somebody of that department, the emergency desk or an administrator"
    )
    return Problem(403, sentence, department=owner, yours=who.bound)
