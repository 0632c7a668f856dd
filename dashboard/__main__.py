"""python -m dashboard [--config FILE] [--port N] | accounts add|password|token NAME | wall ..."""

import argparse
import getpass
import logging
import sys
from datetime import UTC, datetime
from typing import Any

import psycopg2
import uvicorn

import config
from alerts.settings import AlertsSettings
from dashboard.app import Staff
from dashboard.bounded import Bounded
from dashboard.door import accounts
from dashboard.door.accounts import BadAccount
from dashboard.pages.static import MissingLibrary
from dashboard.settings import DashboardSettings, StaffSettings
from dashboard.walls import keys
from dashboard.walls.keys import BadWall
from database.migrate import UnfitDatabase, require_current
from database.pool import connect
from database.settings import DatabaseSettings
from gis.layers import BadLayer
from gis.settings import GisSettings
from gis.site import MapSite, open_map

STOP_WITHIN_S = 2


class Server(uvicorn.Server):
    """uvicorn that ends the event streams before it waits for its connections."""

    def __init__(self, staff: Staff, settings: StaffSettings) -> None:
        super().__init__(
            uvicorn.Config(
                staff.app,
                host=settings.host,
                port=settings.port,
                loop="uvloop",
                http=Bounded,
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=bool(settings.proxies),
                forwarded_allow_ips=list(settings.proxies),
                timeout_graceful_shutdown=STOP_WITHIN_S,
            )
        )
        self.staff = staff

    async def shutdown(self, sockets: Any = None) -> None:
        self.staff.end_streams()
        await super().shutdown(sockets)


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    checked = config.load_or_exit(options.config)
    database = checked.section(DatabaseSettings)
    try:
        if options.command == "accounts":
            return _accounts(database, options)
        if options.command == "wall":
            return _walls(database, options)
        site = open_map(checked.section(GisSettings), checked.path.parent, public=False)
        alerts = checked.section(AlertsSettings)
        return _serve(database, checked.section(DashboardSettings), site, alerts, options.port)
    except (UnfitDatabase, BadAccount, BadWall, BadLayer, MissingLibrary, psycopg2.Error) as error:
        print(f"dashboard: {str(error).strip()}", file=sys.stderr)
        return 1


def _serve(
    database: DatabaseSettings,
    settings: DashboardSettings,
    site: MapSite,
    alerts: AlertsSettings,
    port: int | None,
) -> int:
    conn = connect(database, "staff", application="staff")
    require_current(conn)
    conn.close()
    staff = settings.staff if port is None else settings.staff.model_copy(update={"port": port})
    server = Server(Staff(database, settings, site, alerts=alerts), staff)
    server.run()
    return 0 if server.started else 1


def _accounts(database: DatabaseSettings, options: argparse.Namespace) -> int:
    conn = connect(database, "staff", application="accounts")
    try:
        if options.action == "add":
            accounts.create_account(
                conn, options.name, options.role, _password(), options.department
            )
        elif options.action == "password":
            accounts.set_password(conn, options.name, _password())
        else:
            print(accounts.create_token(conn, options.name, options.label))
        accounts.audit(conn, "command line", f"accounts {options.action}", options.name, "")
        conn.commit()
    finally:
        conn.close()
    return 0


def _walls(database: DatabaseSettings, options: argparse.Namespace) -> int:
    conn = connect(database, "staff", application="walls")
    try:
        if options.action == "list":
            for one in keys.walls(conn):
                print(f"{one.name}\t{keys.state(one)}")
            return 0
        if options.action == "add":
            print(keys.add(conn, options.name, "command line")[1])
        elif keys.revoke(conn, datetime.now(UTC), name=options.name) is None:
            raise BadWall(f"there is no wall {options.name!r} in use")
        accounts.audit(conn, "command line", f"wall {options.action}", options.name, "")
        conn.commit()
    finally:
        conn.close()
    return 0


def _password() -> str:
    """Asked for where somebody sits, else the first line of the input; never an argument."""
    if sys.stdin.isatty():
        return getpass.getpass("Password: ")
    return sys.stdin.readline().rstrip("\r\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m dashboard", description=__doc__)
    config.add_argument(parser)
    parser.add_argument("--port", type=int, help="listen here instead of the configured port")
    command = parser.add_subparsers(dest="command")
    people = command.add_parser("accounts", help="accounts, passwords and API tokens")
    action = people.add_subparsers(dest="action", required=True)
    add = action.add_parser("add", help="make an account; the password is read from the input")
    add.add_argument("name")
    add.add_argument("--role", required=True, choices=accounts.ROLES)
    add.add_argument("--department", help="its department's code")
    action.add_parser("password", help="give a new password").add_argument("name")
    token = action.add_parser("token", help="make an API token and print it, once")
    token.add_argument("name")
    token.add_argument("--label", default="command line", help="what it is for")
    wall = command.add_parser("wall", help="wallboards and their tokens")
    doing = wall.add_subparsers(dest="action", required=True)
    doing.add_parser("list", help="all walls, and when each was last seen")
    new = doing.add_parser("add", help="make a wall and print its token, once")
    new.add_argument("name")
    doing.add_parser("revoke", help="end a wall; its screen goes blank").add_argument("name")
    return parser


if __name__ == "__main__":
    sys.exit(main())
