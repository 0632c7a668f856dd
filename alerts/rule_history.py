"""The versions of a rule, and what differs between two of them. Functions read only."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from database import query
from database.pool import Connection

# The version of rule `r` that has the last word: it is in force unless it was retired.
NEWEST_VERSION = """lateral (select * from rule_version
                            where rule_id = r.id order by version desc limit 1)"""
_COLUMNS = "r.code, v.version, v.definition, v.author, v.reason, v.created_at, v.retired_at"
VERSIONS = f"""
select {_COLUMNS}
  from rule r join rule_version v on v.rule_id = r.id
 where r.code = %(code)s
 order by v.version desc
"""  # noqa: S608 - of constants
NEWEST = f"""
select {_COLUMNS}
  from rule r join {NEWEST_VERSION} v on true
 order by r.code
"""  # noqa: S608 - of constants
# What config.yaml said when a process last read it.
FILE_SAYS = """
select distinct on (r.code) r.code, v.seeded
  from rule r join rule_version v on v.rule_id = r.id
 where v.seeded is not null
 order by r.code, v.version desc
"""
OPEN = """
select r.code, count(*) from alert a join rule r on r.id = a.rule_id
 where a.ended_at is null group by r.code
"""


@dataclass(frozen=True, slots=True)
class RuleVersion:
    """One version of a rule. retired_at: since when it is not in force; None: it is, if newest."""

    code: str
    version: int
    definition: Mapping[str, Any]
    author: str
    reason: str
    created_at: datetime
    retired_at: datetime | None


@dataclass(frozen=True, slots=True)
class Difference:
    """A field (`grades.orange`) before and after; None where it stands at its default."""

    field: str
    before: Any
    after: Any

    def said(self, before: str, after: str) -> str:
        """`dead_band: in the file 5, in force 3`, given the words for both."""
        return f"{self.field}: {before} {_shown(self.before)}, {after} {_shown(self.after)}"


def versions(conn: Connection, code: str) -> list[RuleVersion]:
    """Of one rule, the newest first; empty where there is none."""
    return [RuleVersion(*row) for row in query.rows(conn, VERSIONS, code=code)]


def newest(conn: Connection) -> list[RuleVersion]:
    """The newest version of every rule, retired ones too, by code."""
    return [RuleVersion(*row) for row in query.rows(conn, NEWEST)]


def file_says(conn: Connection) -> dict[str, Mapping[str, Any]]:
    """The text of each rule in config.yaml, as a process last read it."""
    return dict(query.rows(conn, FILE_SAYS))


def open_alerts_by_rule(conn: Connection) -> dict[str, int]:
    return dict(query.rows(conn, OPEN))


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Field by field, in the order of the newer text."""
    old, new = dict(_flat(before)), dict(_flat(after))
    fields = [*new, *(field for field in old if field not in new)]
    return [
        Difference(field, old.get(field), new.get(field))
        for field in fields
        if old.get(field) != new.get(field)
    ]


def _flat(document: Mapping[str, Any], above: str = "") -> Iterable[tuple[str, Any]]:
    for key, value in document.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _shown(value: Any) -> str:
    if value is None:
        return "(default)"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
