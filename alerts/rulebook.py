"""Rules in the database: seeded from config.yaml, laid upon the series. No function commits.

The newest version of a rule in the database is in force; config.yaml proposes: a rule whose text in
the file differs from what was last seeded from the file becomes a new version, unless somebody
edited the rule on screen since, in which case the database stays and the drift is reported.
"""

import contextlib
import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from alerts.built_in import BUILT_IN, SYSTEM_INGEST
from alerts.group import Group
from alerts.laying import Device, Ground, Laid, lay
from alerts.rule import Limit, Place, Watch
from alerts.rule_history import NEWEST_VERSION
from alerts.rule_settings import RuleSettings
from alerts.settings import AlertsSettings
from alerts.silence import INGEST
from alerts.usual import usual_of
from database import query
from database.pool import Connection
from sensors.catalogue import METRICS

log = logging.getLogger("alerts")

FILE = "config.yaml"  # the author of what is seeded
LOCK = "select pg_advisory_xact_lock(hashtext('dongtai rules'))"
_NEWEST = f"""
select r.id, r.code, v.version, v.definition, v.author, v.retired_at,
       (select s.seeded from rule_version s
         where s.rule_id = r.id and s.seeded is not null order by s.version desc limit 1)
  from rule r join {NEWEST_VERSION} v on true
 order by r.id
"""  # noqa: S608 - of constants
_NEW_RULE = "insert into rule (code) values (%s) returning id"
_NEW_VERSION = """
insert into rule_version (rule_id, version, definition, seeded, author, reason, created_at)
values (%s, %s, %s, %s, %s, %s, %s)
"""
# A version is written once: that it is out of force is one more, as when a person retires it.
_RETIRE = """
insert into rule_version (rule_id, version, definition, author, reason, created_at, retired_at)
values (%s, %s, %s, %s, %s, %s, %s)
"""
_PLACES = """
select q.id, s.code, s.kind, q.metric, n.interval_s, n.department, v.public and n.public,
       coalesce(v.details ->> 'plant', s.code), v.device, n.checks -> 'usual',
       v.lon, v.lat, n.low, n.high
  from series q
  join station s on s.id = q.station_id
  join station_version v on v.station_id = s.id and v.valid_to is null
  join sensor n on n.series_id = q.id and n.valid_to is null
 order by q.id
"""
_DEVICES = """
select v.device, array_agg(s.code order by s.code), array_agg(s.kind order by s.code),
       case when count(distinct v.department) = 1 then min(v.department) end
  from station s join station_version v on v.station_id = s.id and v.valid_to is null
 where v.device is not null group by v.device order by v.device
"""
_LIMITS = """
select series_id, name, value, label_zh, label_en, season_from, season_to, mean_over_s
  from limit_value where valid_to is null
"""
# Of all that a rulebook is made of. No newest time: a clock set back must not hide a change.
_EDITION = """
select concat_ws(' ',
    (select sum(hashtextextended(v::text, 0)) from rule_version v),
    (select sum(hashtextextended(concat_ws(' ', station_id, valid_from, valid_to), 0))
       from station_version),
    (select sum(hashtextextended(concat_ws(' ', series_id, valid_from, valid_to), 0)) from sensor),
    (select sum(hashtextextended(l::text, 0)) from limit_value l))
"""


@dataclass(frozen=True, slots=True)
class Drift:
    """A rule that is not in force as the file has it, and why."""

    code: str
    text: str

    def __str__(self) -> str:
        return f"{self.code}: {self.text}"


@dataclass(frozen=True, slots=True)
class _Known:
    """The newest version of a rule. seeded: what the file last said, None if never."""

    id: int
    code: str
    version: int
    definition: Mapping[str, Any]
    author: str
    retired: bool
    seeded: Mapping[str, Any] | None

    @property
    def edited(self) -> bool:
        """Whether a person has the last word."""
        return self.author != FILE


def definition_of(rule: RuleSettings) -> dict[str, Any]:
    """The rule as it is kept: what differs from the defaults, so that new fields change nothing."""
    document: dict[str, Any] = rule.model_dump(mode="json", exclude_defaults=True)
    return document


def seed(conn: Connection, settings: AlertsSettings, now: datetime) -> list[Drift]:
    """Bring the file's rules into the database; unchanged ones write nothing. Returns the drift.

    Processes that do this at once wait for each other until the transaction ends.
    """
    query.run(conn, LOCK)
    known = _newest(conn)
    wanted = {rule.code: definition_of(rule) for rule in settings.rules} | BUILT_IN
    for code, definition in wanted.items():
        old = known.get(code)
        if old is None or (not old.edited and (old.retired or old.seeded != definition)):
            _add_version(conn, code, old, definition, now)
    for old in known.values():
        if old.code not in wanted and not old.edited and not old.retired:
            of = (json.dumps(old.definition), FILE, "gone from the file", now, now)
            query.run(conn, _RETIRE, (old.id, old.version + 1, *of))
    return drift(conn, settings)


def drift(conn: Connection, settings: AlertsSettings) -> list[Drift]:
    """Where database and file differ, by code; reads only."""
    known = _newest(conn)
    wanted = {rule.code: definition_of(rule) for rule in settings.rules} | BUILT_IN
    found = [Drift(code, "in the file, not seeded yet") for code in wanted.keys() - known.keys()]
    for old in known.values():
        text = _difference(old, wanted.get(old.code))
        if text:
            found.append(Drift(old.code, text))
    return sorted(found, key=lambda one: one.code)


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The rules in force, upon every series that they cover.

    unreadable: rules (by number) whose text this version cannot read. They judge nothing, which is
    an error in the log and a drift; what they have open stays open.
    """

    watches: tuple[Watch, ...]
    unreadable: frozenset[int]
    groups: tuple[Group, ...] = ()


def edition(conn: Connection) -> str:
    """Another text whenever a rulebook loaded now would be another one."""
    return str(query.rows(conn, _EDITION)[0][0])


def load_rulebook(conn: Connection) -> Rulebook:
    ground = load_ground(conn)
    watches: list[Watch] = []
    groups: list[Group] = []
    unreadable: set[int] = set()
    for known in _newest(conn).values():
        if known.retired:
            continue
        try:
            laid = _laid(known, ground)
            watches += laid.watches
            groups += laid.groups
        except ValidationError as error:
            log.error(  # noqa: TRY400 - said at every reload, so without a traceback
                "rule %s judges nothing: %s", known.code, _unreadable(error)
            )
            unreadable.add(known.id)
        except Exception:
            # A text that breaks our own code must not stop the judging of all others; it is said,
            # and the alert SYSTEM-JUDGE tells people that this one judges nothing.
            log.exception("rule %s judges nothing: it cannot be laid upon its series", known.code)
            unreadable.add(known.id)
    return Rulebook(tuple(watches), frozenset(unreadable), tuple(groups))


def watches_of(conn: Connection, codes: Iterable[str]) -> dict[tuple[str, int], Watch]:
    """These rules as they are in force, by code and series; what cannot be read is left out."""
    wanted, ground = set(codes), load_ground(conn)
    found: dict[tuple[str, int], Watch] = {}
    for code, known in _newest(conn).items():
        if code in wanted and not known.retired:
            with contextlib.suppress(ValidationError):  # load_rulebook says it, at each reload
                laid = _laid(known, ground).watches
                found |= {(code, one.series_id): one for one in laid if one.series_id is not None}
    return found


def _laid(known: _Known, ground: Ground) -> Laid:
    if known.code == SYSTEM_INGEST:
        return Laid((_ingest_watch(known),))
    if known.code in BUILT_IN:
        return Laid()  # see alerts/built_in.py
    rule = RuleSettings.model_validate(known.definition)
    return lay(known.id, known.version, rule, ground)


def _unreadable(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"cannot be read: {'.'.join(map(str, first['loc']))}: {first['msg']}"


def load_ground(conn: Connection) -> Ground:
    """What rules are laid upon, as it is now."""
    return Ground(tuple(load_places(conn)), tuple(_devices(conn)))


def _devices(conn: Connection) -> list[Device]:
    return [
        Device(code, tuple(zip(stations, kinds, strict=True)), department)
        for code, stations, kinds, department in query.rows(conn, _DEVICES)
    ]


def _ingest_watch(known: _Known) -> Watch:
    return Watch(
        rule_id=known.id,
        version=known.version,
        code=known.code,
        when="ingest",
        subject=INGEST,
        grade=known.definition["grade"],
    )


def _difference(old: _Known, wanted: Mapping[str, Any] | None) -> str | None:
    if wanted is None:
        if old.retired:
            return None
        return f"version {old.version} by {old.author} is in force; the file does not have it"
    if old.retired and old.edited:
        return f"retired by {old.author}; the file still has it"
    keys = sorted(
        key
        for key in wanted.keys() | old.definition.keys()
        if wanted.get(key) != old.definition.get(key)
    )
    if not keys:
        return None
    names = ", ".join(keys)
    if not old.edited:
        return f"the file has changed and is not seeded yet: {names}"
    return f"version {old.version} by {old.author} is in force; the file differs in {names}"


def _add_version(
    conn: Connection, code: str, old: _Known | None, definition: Mapping[str, Any], now: datetime
) -> None:
    rule_id = old.id if old else query.rows(conn, _NEW_RULE, (code,))[0][0]
    version = old.version + 1 if old else 1
    text = json.dumps(definition)
    reason = "changed in the file" if old else "new in the file"
    query.run(conn, _NEW_VERSION, (rule_id, version, text, text, FILE, reason, now))


def _newest(conn: Connection) -> dict[str, _Known]:
    rows = query.rows(conn, _NEWEST)
    return {
        code: _Known(id_, code, version, definition, author, retired_at is not None, seeded)
        for id_, code, version, definition, author, retired_at, seeded in rows
    }


def load_places(conn: Connection) -> list[Place]:
    """Every series that rules can cover, with the limits that it has now."""
    rows = query.rows(conn, _PLACES)
    limits: dict[int, dict[str, tuple[Limit, ...]]] = {row[0]: {} for row in rows}
    for series_id, name, *of in query.rows(conn, _LIMITS):
        named = limits.setdefault(series_id, {})
        named[name] = (*named.get(name, ()), Limit(*of))
    return [_place(limits[number], number, *row) for number, *row in rows]


def _place(limits: Mapping[str, tuple[Limit, ...]], *row: Any) -> Place:
    number, station, kind, metric, interval_s, owner, public, *rest = row
    plant, device, months, lon, lat, low, high = rest
    known = METRICS[metric]
    span = (known.low if low is None else low, known.high if high is None else high)
    return Place(
        *(number, station, kind, metric, interval_s, owner, public, limits),
        *(plant, device, usual_of(months), (lon, lat), span),
    )
