"""python -m alerts [run | rules | backtest | test | rota | verify]: alerts, and what is of them."""

import argparse
import logging
import os
import sys
import threading
from datetime import UTC, datetime

import psycopg2

import config
from alerts import rule_command
from alerts.backtest import command as backtest_command
from alerts.leader import Leader
from alerts.life import verify
from alerts.rulebook import seed
from alerts.sending import command as telling
from alerts.sending.senders import BadReceivers, far_ends
from alerts.settings import AlertsSettings
from database.migrate import UnfitDatabase, require_current
from database.pool import Connection, connect, wait_for_start
from database.settings import DatabaseSettings
from database.stopping import Stopping
from gis.settings import GisSettings

log = logging.getLogger("alerts")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m alerts", description=__doc__)
    config.add_argument(parser)
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("run", help="the ordinary work (default)")
    rules = commands.add_parser("rules", help="the rules in force and those of the file")
    rule_command.add_arguments(rules)
    past = commands.add_parser("backtest", help="what a rule would have done with stored readings")
    backtest_command.add_arguments(past)
    journal = commands.add_parser("verify", help="whether the journal is as it was sealed")
    verify.add_arguments(journal)
    telling.add_arguments(commands)
    arguments = parser.parse_args()
    settings = config.load_or_exit(arguments.config)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)  # a line for each message is ours to write
    try:
        if arguments.command == "verify":
            return _verify(settings, arguments)
        if arguments.command in ("rules", "backtest"):
            return _about_rules(settings, arguments)
        if arguments.command in ("test", "rota"):
            return _about_telling(settings, arguments)
        return _run(settings)
    except (UnfitDatabase, psycopg2.Error) as error:
        print(f"alerts: {str(error).strip()}", file=sys.stderr)
        return 1


def _run(settings: config.Config) -> int:
    try:
        far_ends(settings.section(AlertsSettings), settings.path.parent, os.environ)
    except BadReceivers as error:
        print(error, file=sys.stderr)
        return 2
    wait_for_start(settings.section(DatabaseSettings))
    conn = _connect(settings)
    require_current(conn)
    for each in seed(conn, settings.section(AlertsSettings), datetime.now(UTC)):
        log.warning("rule %s", each)
    conn.commit()
    conn.close()
    return _lead(settings)


def _lead(settings: config.Config) -> int:
    """Lead or stand by until SIGTERM or SIGINT; status 1 if a defect ended it."""
    asked, stop = Stopping().listen(), threading.Event()
    leader = Leader(
        *(settings.section(AlertsSettings), settings.section(GisSettings), settings.path.parent),
        *(lambda: _connect(settings), stop),
    )
    thread = threading.Thread(target=leader.run, name="leader")
    thread.start()
    while thread.is_alive() and not asked.wait(0.5):
        pass
    defect = not thread.is_alive()
    stop.set()
    thread.join(timeout=20)
    log.info("stopped")
    return 1 if defect else 0


def _about_telling(settings: config.Config, arguments: argparse.Namespace) -> int:
    conn = _connect(settings)
    try:
        require_current(conn)
        return telling.run(conn, settings.section(AlertsSettings), arguments)
    finally:
        conn.close()


def _about_rules(settings: config.Config, arguments: argparse.Namespace) -> int:
    conn = _connect(settings)
    try:
        require_current(conn)
        conn.commit()
        if arguments.command == "backtest":
            return backtest_command.run(conn, arguments)
        return rule_command.run(conn, arguments, settings.section(AlertsSettings))
    finally:
        conn.close()


def _verify(settings: config.Config, arguments: argparse.Namespace) -> int:
    conn = _connect(settings)
    require_current(conn)
    try:
        return verify.run(conn, arguments.since, arguments.until, arguments.head)
    except ValueError as error:
        print(f"verify: {error}", file=sys.stderr)
        return 2
    finally:
        conn.close()


def _connect(settings: config.Config) -> Connection:
    return connect(settings.section(DatabaseSettings), "ingest", application="alerts")


if __name__ == "__main__":
    sys.exit(main())
