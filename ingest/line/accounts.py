"""python -m ingest devices [list | add | remove | acl]: the accounts and rights at the broker.

Writes two files for Mosquitto: `passwords` (hashed) and `acl`. Each password is printed once and
kept nowhere; lost, it is made anew. Mosquitto reads them at its next reload (SIGHUP).
"""

import argparse
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import config
from ingest.line.rights import accounts, acl, hashed, new_password
from ingest.settings import IngestSettings
from sensors.settings import SensorsSettings, Station

FOLDER = Path("/etc/mosquitto/dongtai")
_ENTRY = re.compile(r"[^:\s]+:\$[67]\$\S+")


class Unfit(Exception):
    """A file or name that cannot be used; the sentence says why."""


def main(words: Sequence[str]) -> int:
    arguments = _arguments(words)
    settings = config.load_or_exit(arguments.config)
    ingest, stations = settings.section(IngestSettings), settings.section(SensorsSettings).stations
    try:
        return _do(arguments, ingest, stations)
    except (Unfit, OSError) as error:
        print(f"devices: {error}", file=sys.stderr)
        return 1


def read_passwords(path: Path) -> dict[str, str]:
    """Account → hash. Raises Unfit for what Mosquitto would not read either."""
    if not path.exists():
        return {}
    lines = [line for line in path.read_text("utf-8").splitlines() if line.strip()]
    for number, line in enumerate(lines, 1):
        if not _ENTRY.fullmatch(line):
            raise Unfit(f"{path}, line {number}: no `name:hash` of mosquitto_passwd; left as it is")
    return dict(line.split(":", 1) for line in lines)


def write_whole(path: Path, text: str) -> None:
    """Written beside and moved over, so that a broker never reads half a file; its owner and
    mode stay, a new one is the owner's and the group's."""
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    if path.exists():
        before = path.stat()
        os.chown(beside, before.st_uid, before.st_gid)
        beside.chmod(before.st_mode & 0o777)
    else:
        beside.chmod(0o640)  # whatever the umask: the broker's group reads it
    beside.replace(path)


def _arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m ingest devices", description=__doc__)
    parser.add_argument(
        "action", nargs="?", choices=["list", "add", "remove", "acl"], default="list"
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="add, remove: these accounts")
    parser.add_argument("--all", action="store_true", help="add: every account that has none yet")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the two files are")
    config.add_argument(parser)
    found = parser.parse_intermixed_args(words)  # remove --folder F NAME, too
    if found.action in ("add", "remove") and not (
        found.names or (found.all and found.action == "add")
    ):
        parser.error(
            f"{found.action} whom? Name accounts" + (", or --all" * (found.action == "add"))
        )
    return found


def _do(arguments: argparse.Namespace, ingest: IngestSettings, stations: Sequence[Station]) -> int:
    path, known = arguments.folder / "passwords", accounts(ingest, stations)
    kept = read_passwords(path)
    match arguments.action:
        case "list":
            _show(known, kept)
        case "add":
            names = (
                [name for name in known if name not in kept] if arguments.all else arguments.names
            )
            _add(path, kept, names, known)
        case "remove":
            _remove(path, kept, arguments.names)
        case "acl":
            write_whole(arguments.folder / "acl", acl(ingest, stations))
            print(f"wrote {arguments.folder / 'acl'}; now reload the broker")
    return 0


def _show(known: Iterable[str], kept: Mapping[str, str]) -> None:
    for name in known:
        print(f"{name}\t{'has a password' if name in kept else 'no password yet'}")
    for name in sorted(set(kept) - set(known)):
        print(f"{name}\thas a password, but is not in config.yaml: remove it?")


def _add(path: Path, kept: Mapping[str, str], names: Sequence[str], known: Sequence[str]) -> None:
    """Also gives a known account a new password. What is printed works once the file is written."""
    for name in names:
        if name not in known:
            raise Unfit(f"no account {name!r} in config.yaml; {config.did_you_mean(name, known)}")
    made = {name: new_password() for name in names}
    _write(path, {**kept, **{name: hashed(password) for name, password in made.items()}})
    for name, password in made.items():
        print(f"{name}\t{password}")


def _remove(path: Path, kept: Mapping[str, str], names: Sequence[str]) -> None:
    for name in names:
        if name not in kept:
            raise Unfit(f"no account {name!r} in {path}; {config.did_you_mean(name, kept)}")
    _write(path, {name: text for name, text in kept.items() if name not in names})
    print(f"removed {', '.join(names)}; reload the broker, which then sends them away")


def _write(path: Path, hashes: Mapping[str, str]) -> None:
    write_whole(path, "".join(f"{name}:{text}\n" for name, text in sorted(hashes.items())))
