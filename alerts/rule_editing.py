"""Rules edited by people: each edit is a new version with author and reason. Never commits.

A rule is checked exactly as config.yaml is: by its model, then against the stations, series and
limits that there are, here those of the database. Who edits names the version that was read.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.check import check_rules
from alerts.rule_history import RuleVersion, versions
from alerts.rule_settings import ABSENCES, COMPOSITES, SYSTEM, RuleSettings
from alerts.rule_stations import Station, stations
from alerts.rulebook import LOCK, definition_of
from config import Mistake, validated
from database import query
from database.pool import Connection

MOST_REASON = 500
OTHER_KIND = (
    "limits, absence and composite conditions cannot turn into one another, for open alerts are of"
    " the old one; retire this rule and make another"
)
NEW_RULE = "insert into rule (code) values (%(code)s)"
NEW_VERSION = """
insert into rule_version (rule_id, version, definition, author, reason, created_at, retired_at)
select id, %(version)s, %(definition)s, %(author)s, %(reason)s, %(now)s, %(retired_at)s
  from rule where code = %(code)s
"""


class RefusedEdit(Exception):
    """An edit that is not made, and why."""


class BadRule(RefusedEdit):
    """The text is wrong: every mistake, with its field and what would be right."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = list(mistakes)
        super().__init__("; ".join(map(str, mistakes)))


class NoSuchRule(RefusedEdit):
    pass


class RuleExists(RefusedEdit):
    pass


class RuleChanged(RefusedEdit):
    """Somebody was faster: `newest` is how it stands now."""

    def __init__(self, newest: RuleVersion) -> None:
        self.newest = newest
        super().__init__(
            f"{newest.code} is now version {newest.version} by {newest.author}; look at it again"
        )


@dataclass(frozen=True, slots=True)
class By:
    """Who edits, why, and when."""

    author: str
    reason: str
    now: datetime


def create(conn: Connection, definition: Mapping[str, Any], by: By) -> RuleVersion:
    """A new rule, in force at once. Raises BadRule, RuleExists."""
    _lock(conn)
    rule = checked(conn, definition)
    if found := versions(conn, rule.code):
        remedy = "reinstate it, or choose another code" if found[0].retired_at else "change that"
        raise RuleExists(f"there is a rule {rule.code} already: {remedy}")
    query.run(conn, NEW_RULE, {"code": rule.code})
    return _add(conn, rule.code, 1, definition_of(rule), by)


def change(
    conn: Connection, code: str, definition: Mapping[str, Any], version: int, by: By
) -> RuleVersion:
    """Another text for a rule in force. The same text again changes nothing.

    Raises BadRule, NoSuchRule, RuleChanged, RefusedEdit where it is retired or its code differs.
    """
    _lock(conn)
    newest = _newest(conn, code, version)
    if newest.retired_at:
        raise RefusedEdit(f"{code} is retired; reinstate it, which takes a new text too")
    return _changed(conn, newest, definition, by)


def retire(conn: Connection, code: str, version: int, by: By) -> RuleVersion:
    """Out of force: what it has open ends as withdrawn. Raises as `change` does."""
    _lock(conn)
    newest = _newest(conn, code, version)
    if newest.retired_at:
        since = f"{newest.retired_at:%Y-%m-%d %H:%M} UTC"
        raise RefusedEdit(f"{code} is retired already, since {since}")
    return _add(conn, code, newest.version + 1, newest.definition, by, retired_at=by.now)


def reinstate(
    conn: Connection,
    code: str,
    version: int,
    by: By,
    definition: Mapping[str, Any] | None = None,
) -> RuleVersion:
    """In force again, with the text that it had or another one. Raises as `change` does."""
    _lock(conn)
    newest = _newest(conn, code, version)
    if not newest.retired_at:
        raise RefusedEdit(f"{code} is in force; change it instead")
    text = newest.definition if definition is None else definition
    return _changed(conn, newest, text, by)


def checked(conn: Connection, definition: Mapping[str, Any]) -> RuleSettings:
    """The rule, checked as the file's are. Raises BadRule with every mistake."""
    found = validated(RuleSettings, definition)
    mistakes = list(found) if isinstance(found, list) else []
    mistakes += _against(stations(conn), definition)
    if mistakes or isinstance(found, list):
        raise BadRule(mistakes)
    return found


def check_reason(reason: str) -> str:
    """What stands there, without blanks at its ends. Raises BadRule."""
    said = reason.strip()
    if not said or len(said) > MOST_REASON:
        problem = f"expected why it is changed, 1 to {MOST_REASON} characters"
        raise BadRule([Mistake(("reason",), reason[:40], problem)])
    return said


def _against(stations: Iterable[Station], definition: Mapping[str, Any]) -> list[Mistake]:
    """What the rule alone cannot show, by the same checks as of config.yaml."""
    raw = {
        "alerts": {"rules": [dict(definition)]},
        "sensors": {"stations": list(stations)},
    }
    found = [mistake for mistake in check_rules(raw) if mistake.where[:3] == ("alerts", "rules", 0)]
    return [Mistake(one.where[3:], one.value, one.problem) for one in found]


def _changed(
    conn: Connection, newest: RuleVersion, definition: Mapping[str, Any], by: By
) -> RuleVersion:
    rule = checked(conn, definition)
    if rule.code != newest.code:
        problem = f"a rule keeps its code: {newest.code}; make a new rule for another one"
        raise BadRule([Mistake(("code",), rule.code, problem)])
    if _kind(rule.when) != _kind(newest.definition.get("when")):
        raise BadRule([Mistake(("when",), rule.when, OTHER_KIND)])
    text = definition_of(rule)
    if text == newest.definition and not newest.retired_at:
        return newest
    return _add(conn, newest.code, newest.version + 1, text, by)


def _kind(when: object) -> str:
    """What its states and open alerts are of: they hang on the rule, and know nothing of the text
    that it has by then."""
    if when in COMPOSITES:
        return "composite"
    return "absence" if when in ABSENCES else "limits"


def _newest(conn: Connection, code: str, version: int) -> RuleVersion:
    if code.startswith(SYSTEM):
        raise RefusedEdit(f"{code} is built in: it can be neither changed nor retired")
    found = versions(conn, code)
    if not found:
        raise NoSuchRule(f"there is no rule {code!r}")
    if found[0].version != version:
        raise RuleChanged(found[0])
    return found[0]


def _add(
    conn: Connection,
    code: str,
    version: int,
    definition: Mapping[str, Any],
    by: By,
    *,
    retired_at: datetime | None = None,
) -> RuleVersion:
    reason = check_reason(by.reason)
    row = {"code": code, "version": version, "definition": json.dumps(definition)}
    row |= {"author": by.author, "reason": reason, "now": by.now, "retired_at": retired_at}
    query.run(conn, NEW_VERSION, row)
    return RuleVersion(code, version, definition, by.author, reason, by.now, retired_at)


def _lock(conn: Connection) -> None:
    """Who edits and who seeds wait for each other."""
    query.run(conn, LOCK, {})
