"""python -m alerts backtest: what a rule would have done with the stored readings."""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from alerts.backtest.run import Episode
from alerts.backtest.store import BackTest, TooLong, Untestable, back_test
from alerts.rule_command import RulesFile
from alerts.rule_history import versions
from alerts.rule_settings import RuleSettings
from alerts.times import BEIJING, duration
from config import BadConfig, load_document, validated
from database.pool import Connection

MOST_LISTED = 20
# Reckoning with a time beyond these could leave the calendar.
_OLDEST, _LATEST = datetime(1900, 1, 1, tzinfo=BEIJING), datetime(2200, 1, 1, tzinfo=BEIJING)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("code", help="of the rule")
    parser.add_argument("--from", dest="since", type=_moment, help="a day or RFC 3339 time")
    parser.add_argument("--to", dest="until", type=_moment, help="the same; else now")
    parser.add_argument("--rules", type=Path, help="take the rule from this YAML, not as in force")
    parser.add_argument("--all", action="store_true", help="list every alert, not the first ones")
    parser.add_argument("--within", type=float, default=600, help="seconds it may take (600)")


def run(conn: Connection, arguments: argparse.Namespace, *, now: datetime | None = None) -> int:
    """0; 1 where there is no such rule or it took too long; 2 where the file is wrong."""
    try:
        rule = _rule(conn, arguments)
        now = now or datetime.now(BEIJING)
        until = arguments.until or now
        since = arguments.since or until - timedelta(days=365)
        _check_order(since, until)
        found = back_test(
            conn, rule, since, until, within_s=arguments.within, progress=_show, now=now
        )
    except (BadConfig, OSError) as error:
        print(f"backtest: {error}", file=sys.stderr)
        return 2
    except (LookupError, TooLong, Untestable) as error:
        print(f"backtest: {error.args[0]}", file=sys.stderr)
        return 1
    for line in told(found, every=arguments.all):
        print(line)
    return 0


def _check_order(since: datetime, until: datetime) -> None:
    if since >= until:
        raise LookupError(f"--from ({_at(since)}) must be before --to ({_at(until)})")


def told(found: BackTest, *, every: bool = False) -> Iterator[str]:
    """The result in words; Beijing time."""
    summary = found.summary
    yield (
        f"{found.code}, {_at(found.since)} to {_at(found.until)}:"
        f" {summary.alerts:,} alerts, {summary.by_bad_data:,} of them from bad data"
    )
    for name, counts in (
        ("grade", summary.by_grade),
        ("station", summary.by_station),
        ("month", summary.by_month),
    ):
        if counts:
            yield f"by {name}: " + ", ".join(f"{key} {count:,}" for key, count in counts.items())
    if summary.longest:
        yield f"longest: {_said(summary.longest)}"
        yield f"in alarm: {duration(summary.in_alarm.total_seconds())[1]} in all series together"
        yield f"up again soon after it ended (chatter): {summary.chatter:,}"
    really = summary.really
    yield (
        f"really there were {really.alerts:,}: {really.alerts - really.missed:,} of them would be"
        f" found, {really.missed:,} not; {really.only_back_tested:,} would be new"
    )
    listed = found.episodes if every else found.episodes[:MOST_LISTED]
    yield from (f"  {_said(one)}" for one in listed)
    if len(listed) < len(found.episodes):
        yield f"  and {len(found.episodes) - len(listed):,} more (--all)"
    rate = found.readings / max(found.seconds, 0.001)
    yield (
        f"{found.readings:,} readings of {found.series} series in {found.seconds:.2f} s"
        f" ({rate:,.0f}/s); the engine had to see {found.judged:,}"
    )


def _said(one: Episode) -> str:
    end = f"ended {_at(one.ended_at)}" if one.ended_at else "still open"
    peak = "" if one.peak is None else f", peak {one.peak:g}"
    bad = ", from bad data" if one.by_bad_data else ""
    return f"{one.subject} {one.peak_grade}: began {_at(one.began_at)}, {end}{peak}{bad}"


def _rule(conn: Connection, arguments: argparse.Namespace) -> RuleSettings:
    code = arguments.code
    if arguments.rules:
        rules = load_document(arguments.rules, RulesFile).found.alerts.rules
        found = next((rule for rule in rules if rule.code == code), None)
        if found is None:
            raise LookupError(f"{arguments.rules} has no rule {code}")
        return found
    known = versions(conn, code)
    if not known:
        raise LookupError(f"there is no rule {code}; `rules list` shows those that there are")
    rule = validated(RuleSettings, known[0].definition)
    if isinstance(rule, RuleSettings):
        return rule
    mistakes = [replace(one, where=(code, *one.where)) for one in rule]
    raise LookupError("; ".join(map(str, mistakes)))


def _show(share: float) -> None:
    if sys.stderr.isatty():
        print(f"\r{share:4.0%}", end="", file=sys.stderr)


def _moment(text: str) -> datetime:
    """A day begins at midnight in Beijing; a time names its zone, or is Beijing's."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        problem = f"{text!r} is no time; expected 2025-01-01 or 2025-01-01T08:00+08:00"
        raise argparse.ArgumentTypeError(problem) from None
    found = found if found.tzinfo else found.replace(tzinfo=BEIJING)
    if not _OLDEST <= found <= _LATEST:
        raise argparse.ArgumentTypeError(f"{text} is not between the years 1900 and 2200")
    return found


def _at(moment: datetime) -> str:
    return f"{moment.astimezone(BEIJING):%Y-%m-%d %H:%M}"
