"""Every SQL statement of the program, found at the head of its modules, asked of a server.

A statement is a string constant (or one in a tuple, list or dict constant, or a psycopg2.sql
object) of a module that begins with an SQL verb. A template with {places} is asked in
the forms that its module makes of it as constants; one of which it makes none is refused. What
execute_values is given as `template` stands in a constant NAME_TEMPLATE beside NAME.
"""

import contextlib
import importlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import psycopg2
from psycopg2 import sql

from database.pool import Connection
from tests.servers.program import ROOT

FOLDERS = ("database", "alerts", "dashboard", "demo", "gis", "ingest", "sensors")
_VERB = re.compile(
    r"\s*(--[^\n]*\n\s*)*(select|insert|update|delete|with|merge|values|call|notify|listen|unlisten|"
    r"lock|set|create\s+temp|truncate|refresh)\s",
    re.IGNORECASE,
)
# What makes a file speak with tables, whatever it is called.
SQL = re.compile(r"\.execute\(|execute_values\(|copy_expert\(|\bquery\.r|_rows\(|_execute\(")
_PLANNED = re.compile(
    r"\s*(--[^\n]*\n\s*)*(select|insert|update|delete|with|merge|values)\s", re.IGNORECASE
)
_TEMPORARY = re.compile(r"\s*create\s+temp", re.IGNORECASE)
_PLACE = re.compile(r"\{\w+\}")
_PARAMETER = re.compile(r"%\((\w+)\)s|%s|%%")


@dataclass(frozen=True)
class Statement:
    """One statement; `module.name` says where it stands."""

    module: str
    name: str
    text: str
    before: tuple[str, ...] = ()  # temporary tables that its module makes

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


def all_statements() -> list[Statement]:
    return [
        statement
        for folder in FOLDERS
        for path in sorted((ROOT / folder).rglob("*.py"))
        if SQL.search(path.read_text("utf-8"))
        for statement in _of_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    ]


def refusal(conn: Connection, statement: Statement) -> str | None:
    """Why the server refuses the statement, or None. Leaves nothing behind but an open transaction.

    Parameters are tried as what the server makes of them (PREPARE), then as untyped NULLs, which is
    nearer to what psycopg2 sends for values that are cast nowhere.
    """
    with conn.cursor() as cursor:
        if "public" in statement.module:
            cursor.execute("set local search_path = city")
        for table in statement.before:
            cursor.execute(table)
    if not _PLANNED.match(statement.text):
        return _error(conn, _filled(statement.text, "null"))
    prepared = "prepare asked as " + _numbered(statement.text)
    first = _error(conn, prepared)
    if first is None:
        return None
    second = _error(conn, "explain " + _filled(statement.text, "null"))
    return second and f"{first}\n{second}"


def _of_module(name: str) -> Iterator[Statement]:
    constants = dict(_texts(vars(importlib.import_module(name))))
    temporary = tuple(text for text in constants.values() if _TEMPORARY.match(text))
    for key, text in constants.items():
        if _VERB.match(text) and not _expanded(text, constants.values()):
            before = () if text in temporary else temporary
            row = constants.get(f"{key}_TEMPLATE")
            yield Statement(name, key, _with_row(text, row) if row else text, before)


def _with_row(text: str, row: str) -> str:
    return re.sub(r"values\s+%s", lambda _: f"values {row}", text, count=1, flags=re.IGNORECASE)


def _expanded(text: str, others: Iterable[str]) -> bool:
    """Whether the text is a template and others are made of it."""
    parts = _PLACE.split(text)
    form = re.compile(".*".join(map(re.escape, parts)), re.DOTALL)
    return len(parts) > 1 and any(form.fullmatch(other) for other in others if other != text)


def _texts(namespace: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for key, value in namespace.items():
        if key.startswith("__"):
            continue
        if isinstance(value, str):
            yield key, value
        elif isinstance(value, sql.SQL):
            yield key, value.string
        elif isinstance(value, dict):
            yield from ((f"{key}[{k}]", v) for k, v in value.items() if isinstance(v, str))
        elif isinstance(value, tuple | list):
            yield from ((f"{key}[{n}]", v) for n, v in enumerate(value) if isinstance(v, str))


def _error(conn: Connection, text: str) -> str | None:
    with conn.cursor() as cursor:
        cursor.execute("savepoint asked")
        try:
            cursor.execute(text)
        except psycopg2.Error as error:
            cursor.execute("rollback to asked")
            return f"{str(error).strip()}\nin: {text}"
        cursor.execute("rollback to asked")
        with contextlib.suppress(psycopg2.Error):  # prepared statements outlive a rollback
            cursor.execute("deallocate asked")
        cursor.execute("rollback to asked")
    return None


def _numbered(text: str) -> str:
    """With $1, $2 ... for psycopg2's parameters; the same name is the same number."""
    numbers: dict[str, int] = {}
    count = 0

    def number(match: re.Match[str]) -> str:
        nonlocal count
        if match[0] == "%%":
            return "%"
        key = match[1] or f"#{count}"
        if key not in numbers:
            count += 1
            numbers[key] = count
        return f"${numbers[key]}"

    return _PARAMETER.sub(number, _spread(text))


def _filled(text: str, value: str) -> str:
    return _PARAMETER.sub(lambda m: "%" if m[0] == "%%" else value, _spread(text))


def _spread(text: str) -> str:
    """Lists that psycopg2 writes out: `values %s` of execute_values, and `in %s` of a tuple."""

    def of_insert(match: re.Match[str]) -> str:
        places = ", ".join("%s" for _ in match[1].split(","))
        return f"({match[1]}) values ({places})"

    def of_join(match: re.Match[str]) -> str:
        places = ", ".join("null" for _ in match[2].split(","))
        return f"(values ({places})) {match[1]} ({match[2]})"

    text = re.sub(r"\(([\w\s,]+)\)\s+values\s+%s", of_insert, text, flags=re.IGNORECASE)
    text = re.sub(
        r"\(values\s+%s\)\s+((?:as\s+)?\w+)\s*\(([\w\s,]+)\)", of_join, text, flags=re.IGNORECASE
    )
    pairs = r"\(([\w\s,.]+)\)\s+in\s+%s"
    text = re.sub(pairs, lambda m: f"({m[1]}) in (({_nulls(m[1])}))", text, flags=re.IGNORECASE)
    return re.sub(r"\bin\s+%s", "in (%s)", text, flags=re.IGNORECASE)


def _nulls(columns: str) -> str:
    return ", ".join("null" for _ in columns.split(","))
