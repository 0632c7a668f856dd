"""docs/science.md has every function of the science, and none that is gone."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.servers.program import ROOT

# Each holds science; a module there that has no public function needs no table.
FOLDERS = (
    "sensors/air",
    "sensors/water",
    "sensors/chemicals",
    "sensors/discharge",
    "sensors/analysis",
    "gis/plume",
    "gis/exposure",
)
_TABLE = re.compile(r"^### `([\w/]+\.py)`$", re.MULTILINE)
_ROW = re.compile(r"^\| `(\w+)` \|", re.MULTILINE)


def test_every_function_is_in_its_table():
    assert _documented() == {
        str(path.relative_to(ROOT)): names for path in _modules() if (names := _public(path))
    }


def _modules() -> Iterator[Path]:
    """Without the rim: SQL and configuration are no science."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).glob("*.py")):
            if path.name not in ("store.py", "settings.py"):
                yield path


def _public(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    return {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    }


def _documented() -> dict[str, set[str]]:
    page = (ROOT / "docs" / "science.md").read_text("utf-8")
    parts = _TABLE.split(page)[1:]
    return {
        path: set(_ROW.findall(table.split("\n## ")[0]))
        for path, table in zip(parts[::2], parts[1::2], strict=True)
    }
