"""The demo's users: made at the first start, their passwords kept in DATA_DIR/passwords.txt."""

import os
import secrets
from pathlib import Path

from dashboard.door import accounts
from database.pool import Connection

USERS = {"duty": "duty", "environment": "environment", "admin": "administrator"}
TOKEN = "token"  # noqa: S105 - the name of its line
EXISTING = "select name from account"
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that reads like something else


def ensure(conn: Connection, path: Path) -> dict[str, str]:
    """The passwords by user, and the administrator's API token under `token`.

    Where file and database disagree (one of them was deleted), the file's passwords are set anew.
    """
    known = _read(path)
    found = dict(known)
    existing = _existing(conn)
    for user, role in USERS.items():
        found.setdefault(user, "".join(secrets.choice(_LETTERS) for _ in range(14)))
        if user not in existing:
            accounts.create_account(conn, user, role, found[user])
        elif user not in known:
            accounts.set_password(conn, user, found[user])
    if TOKEN not in known or "admin" not in existing:
        found[TOKEN] = accounts.create_token(conn, "admin", "demo")
    if found != known:
        _write(path, found)
    return found


def _existing(conn: Connection) -> set[str]:
    with conn.cursor() as cursor:
        cursor.execute(EXISTING)
        return {name for (name,) in cursor}


def _read(path: Path) -> dict[str, str]:
    """Lines `user password`; a line of another shape is ignored."""
    if not path.exists():
        return {}
    words = (line.split() for line in path.read_text("utf-8").splitlines())
    return {pair[0]: pair[1] for pair in words if len(pair) == 2}


def _write(path: Path, found: dict[str, str]) -> None:
    """Readable by the owner alone from the first byte; the token comes last."""
    lines = [f"{user} {found[user]}" for user in (*USERS, TOKEN)]
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write("\n".join(lines) + "\n")
    fresh.replace(path)
