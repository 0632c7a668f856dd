"""python -m alerts test, rota: who would be told now, and why; who is on duty, where nobody is."""

import argparse
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from alerts.grade import GRADES
from alerts.rule_history import NEWEST_VERSION
from alerts.sending.directory import directory, shifts_between
from alerts.sending.rota import gaps
from alerts.sending.routes import Directory, Subject, decide, misfit, resolve
from alerts.settings import AlertsSettings
from alerts.times import BEIJING
from database import query
from database.pool import Connection

_ALERT = """
select r.code, s.code, s.kind, a.department, a.peak_grade
  from alert a join rule r on r.id = a.rule_id left join station s on s.id = a.station_id
 where a.id = %(id)s
"""
_RULE = f"""
select v.definition from rule r join {NEWEST_VERSION} v on true
 where r.code = %(code)s
"""  # noqa: S608 - of constants
_STATIONS = """
select s.code, s.kind, v.department
  from station s join station_version v on v.station_id = s.id and v.valid_to is null
 where s.kind = %(kind)s or s.code = any(%(stations)s)
 order by s.code
"""
_MOST_STATIONS = 20  # as many are written out
_MOST_DAYS = 366


def add_arguments(commands: Any) -> None:
    """The parsers of both commands."""
    test = commands.add_parser("test", help="who would be told now of an alert or a rule, and why")
    test.add_argument("what", help="the id of an alert, or the code of a rule")
    test.add_argument("--grade", choices=GRADES, help="of a rule: as if it were of this grade")
    test.add_argument("--station", help="of a rule: only at this station")
    test.add_argument("--at", type=_moment, help="then, such as 2026-11-28T03:00+08:00")
    rota = commands.add_parser("rota", help="who is on duty, and where nobody is")
    rota.add_argument("--days", type=_days, default=7, help="how far ahead (default 7)")


def run(conn: Connection, settings: AlertsSettings, arguments: argparse.Namespace) -> int:
    """Print the answer; status 1 where there is nothing of that name, or a gap in the rota."""
    if arguments.command == "rota":
        return _rota(conn, settings, timedelta(days=arguments.days))
    subjects = _subjects(conn, arguments.what, arguments.grade, arguments.station)
    if not subjects:
        at = f" at {arguments.station}" if arguments.station else ""
        print(f"there is no alert or rule {arguments.what!r}{at}", file=sys.stderr)
        return 1
    there = directory(conn, settings.receivers, settings.fallback, arguments.at)
    for subject in subjects[:_MOST_STATIONS]:
        print("\n".join(explained(settings, subject, there)))
    if len(subjects) > _MOST_STATIONS:
        print(f"... and {len(subjects) - _MOST_STATIONS} more; choose one by --station")
    return 0


def explained(settings: AlertsSettings, subject: Subject, there: Directory) -> Iterator[str]:
    """Line by line: each route and why it does not fit, who is told and why, who comes later."""
    department = subject.department or "no department"
    where = f" at {subject.station} ({subject.kind}, {department})"
    at = there.at.astimezone(BEIJING)
    yield f"{subject.grade} {subject.rule}{where if subject.station else ''}, {at:%a %m-%d %H:%M}:"
    for route in settings.routes:
        why = misfit(route, subject, there.at)
        yield f"  route {route.name}: {'fits' if why is None else why}"
        if why is None and not route.go_on:
            break
    decision = decide(settings.routes, subject, there)
    yield from _told(decision.told)
    if not decision.told:
        yield f"  told: nobody; {decision.untold}"
    chain = next(
        (one for one in settings.escalations if misfit(one, subject, there.at) is None), None
    )
    if chain is None:
        return
    for step in chain.steps:
        yield f"  if nobody acknowledges, after {step.after_s} s ({chain.name}):"
        yield from _told(resolve(step.to, subject, there, chain.name).told, "    ")


def _told(told: dict[str, dict[str, Any]], indent: str = "  ") -> Iterator[str]:
    for name, why in told.items():
        parts = [f"route {why['route']}", *([f"to {why['to']}"] if why.get("to") else [])]
        parts += [f"fallback: {why['fallback']}"] if why.get("fallback") else []
        yield f"{indent}told: {name} ({', '.join(parts)})"


def _subjects(conn: Connection, what: str, grade: Any, station: str | None) -> list[Subject]:
    if rows := query.rows(conn, _ALERT, id=what):
        rule, code, kind, department, peak = rows[0]
        return [Subject(rule, grade or peak, code, kind, department)]
    if not (rows := query.rows(conn, _RULE, code=what)):
        return []
    definition = rows[0][0]
    grades = [grade] if grade else _grades(definition)
    if "metric" not in definition and "kind" not in definition:
        return [Subject(what, one) for one in grades]
    covered = query.rows(
        conn, _STATIONS, kind=definition.get("kind"), stations=definition.get("stations", [])
    )
    return [
        Subject(what, one, code, kind, department)
        for code, kind, department in covered
        if station in (None, code)
        for one in grades
    ]


def _grades(definition: dict[str, Any]) -> list[Any]:
    said = definition.get("grades") or [definition.get("grade") or "blue"]
    return [grade for grade in GRADES if grade in said] or ["blue"]


def _rota(conn: Connection, settings: AlertsSettings, ahead: timedelta) -> int:
    at = query.now(conn)
    shifts = shifts_between(conn, at, at + ahead)
    missing = 0
    for duty in settings.duties:
        there = [shift for shift in shifts if shift.duty == duty.code]
        on = ", ".join(s.who for s in there if s.from_at <= at < s.to_at) or "NOBODY"
        print(f"{duty.code} ({duty.en}): {on}")
        for shift in there:
            print(f"  {_span(shift.from_at, shift.to_at)} {shift.who}")
        for gap in gaps(shifts, duty.code, at, at + ahead) if duty.filled else ():
            missing += 1
            print(f"  {_span(gap.from_at, gap.to_at)} NOBODY")
    if not settings.duties:
        print("there are no duties; name them in config.yaml (alerts.duties)")
    return 1 if missing else 0


def _span(from_at: datetime, to_at: datetime) -> str:
    first, last = from_at.astimezone(BEIJING), to_at.astimezone(BEIJING)
    return f"{first:%m-%d %H:%M} to {last:%m-%d %H:%M}"


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        problem = f"{text!r} is no time; write it such as 2026-11-28T03:00+08:00"
        raise argparse.ArgumentTypeError(problem) from None
    if found.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text} has no time zone; write {text}+08:00")
    return found


def _days(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _MOST_DAYS:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of days from 1 to {_MOST_DAYS}")
    return int(text)
