"""The configuration in force for a run of the demo: config.yaml with what the run must change."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

HEAD = "# Written by `python -m demo` at every start from {source}; changes here are lost.\n"


def overrides(dsn: str, mqtt_port: int, staff_port: int, public_port: int) -> dict[str, Any]:
    """What a run decides: where database, broker and web services are.

    The embedded broker speaks MQTT 3.1.1 only.
    """
    return {
        "database": {"dsn": dsn, "login_as_role": True},
        "ingest": {"broker": {"host": "127.0.0.1", "port": mqtt_port, "protocol": "3.1.1"}},
        "dashboard": {"staff": {"port": staff_port}, "public": {"port": public_port}},
    }


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with `changes` laid over it, mapping by mapping; everything else is replaced."""
    result = dict(base)
    for key, value in changes.items():
        below = result.get(key)
        if isinstance(value, Mapping):
            result[key] = merged(below if isinstance(below, Mapping) else {}, value)
        else:
            result[key] = value
    return result


def with_absolute_paths(value: Any, folder: Path) -> Any:
    """`..._file` keys, and `path` of what is read from files, are relative to their configuration
    file: it moves, they stay. A `path` inside `ingest` lies in a message."""
    if isinstance(value, list):
        return [with_absolute_paths(item, folder) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: item if key == "foreign" else _absolute(str(key), item, folder)
        for key, item in value.items()
    }


def _absolute(key: str, item: Any, folder: Path) -> Any:
    if isinstance(item, str) and (key == "path" or key.endswith("_file")):
        return str(folder / item)
    return with_absolute_paths(item, folder)


def write(source: Path, target: Path, changes: Mapping[str, Any]) -> None:
    """Write the effective configuration to `target`."""
    raw = with_absolute_paths(yaml.safe_load(source.read_text("utf-8")) or {}, source.parent)
    text = yaml.safe_dump(merged(raw, changes), allow_unicode=True, sort_keys=False, width=120)
    target.write_text(HEAD.format(source=source) + text, "utf-8")
