"""python -m alerts rules: the rules in force, those of the file, and the way between them."""

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field

import config
from alerts.rule import covers
from alerts.rule_advice import advise
from alerts.rule_editing import (
    BadRule,
    By,
    RefusedEdit,
    change,
    check_reason,
    checked,
    create,
    reinstate,
)
from alerts.rule_history import RuleVersion, differences, newest, open_alerts_by_rule
from alerts.rule_settings import SYSTEM, RuleSettings
from alerts.rulebook import FILE, definition_of, drift, load_places
from alerts.settings import AlertsSettings
from config import BadConfig, Mistake
from database.pool import Connection

HEAD = "# The rules in force, as `python -m alerts rules export` wrote them.\n"


class _Rules(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    rules: tuple[RuleSettings, ...] = Field(description="As in config.yaml.")


class RulesFile(BaseModel):
    """A file of rules: `alerts: {rules: [...]}`, such as config.yaml; the rest is not read."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    alerts: _Rules = Field(description="The section of rules.")


@dataclass(frozen=True, slots=True)
class Planned:
    """What an import would do with a rule. act: new, changed, reinstated, unchanged."""

    code: str
    act: str
    details: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n".join([f"{self.code}: {self.act}", *(f"  {each}" for each in self.details)])


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("diff", help="where database and file differ, field by field; 1 if they do")
    actions.add_parser("list", help="every rule: version, author, what it covers, open alerts")
    actions.add_parser("check", help="do the rules in force fit stations and limits? 1 if not")
    export = actions.add_parser("export", help="write the rules in force as YAML")
    export.add_argument("--output", type=Path, help="a file (else: printed)")
    bring = actions.add_parser("import", help="bring in the rules of a YAML file, all or nothing")
    bring.add_argument("file", type=Path, help="`alerts: {rules: [...]}`, such as config.yaml")
    bring.add_argument("--author", help="who answers for it; needed without --dry-run")
    bring.add_argument("--reason", help="why; needed without --dry-run")
    bring.add_argument("--dry-run", action="store_true", help="say what would happen, no more")


def run(conn: Connection, arguments: argparse.Namespace, settings: AlertsSettings) -> int:
    """0, or 1 where there is a difference or a mistake; 2 where the file or the words are wrong."""
    acts: Mapping[str, Callable[[], int]] = {
        "diff": lambda: _diff(conn, settings),
        "list": lambda: _list(conn),
        "check": lambda: _check(conn),
        "export": lambda: _export(conn, arguments.output),
        "import": lambda: _import(conn, arguments),
    }
    try:
        return acts[arguments.action]()
    except (BadConfig, BadRule, OSError) as error:
        print(f"rules: {error}", file=sys.stderr)
        return 2


def exported(rules: Iterable[RuleVersion]) -> str:
    """YAML that config.yaml and `import` take; built-in and retired rules are left out."""
    texts = [dict(one.definition) for one in rules if _ordinary(one) and not one.retired_at]
    document = {"alerts": {"rules": texts}}
    return HEAD + yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=100)


def brought(conn: Connection, rules: Iterable[RuleSettings], by: By) -> list[Planned]:
    """Make these rules the ones in force; never commits. Raises BadRule naming the rule."""
    known = {one.code: one for one in newest(conn)}
    return [_brought(conn, known.get(rule.code), definition_of(rule), by) for rule in rules]


def _brought(conn: Connection, old: RuleVersion | None, text: Mapping[str, Any], by: By) -> Planned:
    code = str(text["code"])
    try:
        if old is None:
            create(conn, text, by)
            return Planned(code, "new")
        said = tuple(each.said("was", "becomes") for each in differences(old.definition, text))
        if old.retired_at:
            reinstate(conn, code, old.version, by, text)
            return Planned(code, "reinstated", said)
        change(conn, code, text, old.version, by)
        return Planned(code, "changed" if said else "unchanged", said)
    except BadRule as error:
        named = [Mistake((code, *one.where), one.value, one.problem) for one in error.mistakes]
        raise BadRule(named) from error


def _diff(conn: Connection, settings: AlertsSettings) -> int:
    found = drift(conn, settings)
    stands = {one.code: one for one in newest(conn)}
    file = {rule.code: definition_of(rule) for rule in settings.rules}
    for each in found:
        print(each)
        if each.code in stands and each.code in file:
            for one in differences(file[each.code], stands[each.code].definition):
                print(f"  {one.said('in the file', 'in force')}")
    if not found:
        print("the rules in force are those of the file")
    return 1 if found else 0


def _list(conn: Connection) -> int:
    places, alerts = load_places(conn), open_alerts_by_rule(conn)
    for one in newest(conn):
        state = "retired" if one.retired_at else "in force"
        found = config.validated(RuleSettings, one.definition)
        series = sum(covers(found, p) for p in places) if isinstance(found, RuleSettings) else 0
        print(
            f"{one.code}: version {one.version} by {one.author},"
            f" {one.created_at:%Y-%m-%d %H:%M} UTC, {state}; {one.definition.get('when')},"
            f" {series} series, {alerts.get(one.code, 0)} alerts open"
        )
    return 0


def _check(conn: Connection) -> int:
    wrong = 0
    for one in newest(conn):
        if one.retired_at or not _ordinary(one):
            continue
        try:
            for each in advise(conn, checked(conn, one.definition), datetime.now(UTC)):
                print(f"{one.code}: advice on {each.field}: {each.text['en']}")
        except BadRule as error:
            wrong += 1
            for mistake in error.mistakes:
                print(f"{one.code}: {mistake}")
    if not wrong:
        print("the rules in force fit the stations and limits that there are")
    return 1 if wrong else 0


def _export(conn: Connection, output: Path | None) -> int:
    text = exported(newest(conn))
    if output is None:
        print(text, end="")
    else:
        output.write_text(text, "utf-8")
    return 0


def _import(conn: Connection, arguments: argparse.Namespace) -> int:
    document = config.load_document(arguments.file, RulesFile)
    by = _by(arguments)
    try:
        for each in brought(conn, document.found.alerts.rules, by):
            print(each)
    except RefusedEdit as error:
        conn.rollback()
        print(f"rules: nothing was changed: {error}", file=sys.stderr)
        return 2
    if arguments.dry_run:
        conn.rollback()
        print("nothing was changed (--dry-run)")
    else:
        conn.commit()
    return 0


def _by(arguments: argparse.Namespace) -> By:
    now = datetime.now(UTC)
    if arguments.dry_run:
        return By(arguments.author or "nobody", arguments.reason or "to see what it does", now)
    author = (arguments.author or "").strip()
    if not author or author == FILE:
        problem = f"expected --author NAME, who answers for it (not {FILE})"
        raise BadRule([Mistake(("author",), author, problem)])
    return By(author, check_reason(arguments.reason or ""), now)


def _ordinary(one: RuleVersion) -> bool:
    return not one.code.startswith(SYSTEM)
