from datetime import UTC, datetime
from pathlib import Path

from dashboard.door import accounts
from database.pool import Connection
from demo import people

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def signs_in(owner: Connection, user: str, password: str) -> bool:
    found = accounts.verify_password(owner, user, password, NOW, accounts.Lock())
    return isinstance(found, accounts.Principal)


def test_users_are_made_once_and_keep_their_passwords(owner: Connection, tmp_path: Path) -> None:
    path = tmp_path / "passwords.txt"
    first = people.ensure(owner, path)
    assert people.ensure(owner, path) == first
    assert all(signs_in(owner, user, first[user]) for user in people.USERS)
    assert len(set(first.values())) == 4


def test_the_file_is_for_its_owner_alone_and_ends_with_the_token(
    owner: Connection, tmp_path: Path
) -> None:
    path = tmp_path / "passwords.txt"
    found = people.ensure(owner, path)
    assert path.stat().st_mode & 0o777 == 0o600
    lines = [line.split() for line in path.read_text().splitlines()]
    assert [line[0] for line in lines] == ["duty", "environment", "admin", "token"]
    principal = accounts.by_token(owner, found["token"], NOW)
    assert principal
    assert principal.role == "administrator"


def test_a_lost_file_gives_new_passwords(owner: Connection, tmp_path: Path) -> None:
    path = tmp_path / "passwords.txt"
    before = people.ensure(owner, path)
    path.unlink()
    after = people.ensure(owner, path)
    assert signs_in(owner, "duty", after["duty"])
    assert not signs_in(owner, "duty", before["duty"])


def test_a_new_database_takes_the_passwords_of_the_file(owner: Connection, tmp_path: Path) -> None:
    path = tmp_path / "passwords.txt"
    path.write_text("duty first-password-1\nenvironment other-password-2\nadmin third-password-3\n")
    found = people.ensure(owner, path)
    assert signs_in(owner, "duty", "first-password-1")
    assert accounts.by_token(owner, found["token"], NOW)
