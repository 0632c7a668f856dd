"""Habits that no linter knows."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

from dashboard.text import catalogue
from tests.servers.program import ROOT

LOCKED = {"requirements.txt", "requirements-dev.txt", "package-lock.json"}
FORBIDDEN = {
    "a path of somebody's machine": re.compile(r"(?<![\w.])/(?:work|root|home/\w+|Users/\w+|tmp)/"),
    "a secret": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY|AKIA[0-9A-Z]{16}|ghp_\w{36}"),
    "an unfinished merge": re.compile(r"^(?:<{7} |>{7} |={7}$)", re.MULTILINE),
}
# Long where they are a straight list, one level of thought; each says so itself.
LONGEST_FUNCTION, LONGEST_FILE, LONGEST_TEST_FILE = 60, 400, 600


def tracked() -> list[Path]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
    return [ROOT / name for name in sorted(listed.decode().split("\0")) if name]


def sources() -> list[Path]:
    return [path for path in tracked() if path.suffix == ".py" and path.exists()]


@pytest.mark.parametrize("what", list(FORBIDDEN))
def test_no_file_contains(what):
    found = []
    for path in tracked():
        if path.name in LOCKED or not path.is_file() or path == Path(__file__):
            continue
        text = path.read_bytes().decode("utf-8", "ignore")
        if b"\0" not in path.read_bytes()[:2000] and (match := FORBIDDEN[what].search(text)):
            line = text.count("\n", 0, match.start()) + 1
            found.append(f"{path.relative_to(ROOT)}:{line}: {match[0]}")
    assert found == []


def test_no_function_is_long_without_saying_why():
    """A long one is fine where it is a straight list: its docstring has the word `straight`."""
    long = []
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                said = ast.get_docstring(node) or ""
                if lines > LONGEST_FUNCTION and "straight" not in said:
                    long.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {lines}")
    assert long == []


def test_no_file_wants_to_be_a_folder():
    counted = {
        path.relative_to(ROOT): len(path.read_text("utf-8").splitlines()) for path in sources()
    }
    long = {
        str(path): lines
        for path, lines in counted.items()
        if lines > (LONGEST_TEST_FILE if path.parts[0] == "tests" else LONGEST_FILE)
    }
    assert long == {}


def test_no_statement_stands_in_the_middle_of_a_function():
    """SQL on our tables is a constant at the head of its file, where tests/database asks it."""
    on_a_table = re.compile(r"\b(from|into|update)\s+(?!pg_)[a-z_]+", re.IGNORECASE)
    inline = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sources()
        if path.relative_to(ROOT).parts[0] not in ("tests", "bench")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "execute"
        and isinstance(node.args[0], ast.Constant | ast.JoinedStr)
        and on_a_table.search(ast.unparse(node.args[0]))
    ]
    assert inline == []


def test_configuration_imports_no_folder():
    """config.py stands below the stair; it finds the sections by name."""
    tree = ast.parse((ROOT / "config.py").read_text("utf-8"))
    imported = {
        (node.module or "").split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
    } | {a.name.split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert not imported & folders


def test_an_exception_to_a_rule_says_why():
    bare = []
    pattern = re.compile(
        r"#\s*(?:noqa(?!: \w+[\w, ]*  ?\S)|type: ignore(?!\[[\w, -]+\]\s+#? ?\S)).*$"
    )
    for path in sources():
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if "re.compile" not in line and pattern.search(line):
                bare.append(f"{path.relative_to(ROOT)}:{number}")
    assert bare == []


def messages_used() -> dict[str, str]:
    """msgid -> where, of every t("...") in Python and in templates."""
    found: dict[str, str] = {}
    for path in sources():
        if path.is_relative_to(ROOT / "dashboard"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and _is_translator(node.func) and node.args:
                    first = node.args[0]
                    if isinstance(first, ast.Constant) and isinstance(first.value, str):
                        found[first.value] = f"{path.relative_to(ROOT)}:{node.lineno}"
    for path in (ROOT / "dashboard").rglob("*.html"):
        for match in re.finditer(r"""\bt\(\s*(["'])(.*?)(?<!\\)\1""", path.read_text("utf-8")):
            found[match[2]] = str(path.relative_to(ROOT))
    return found


def _is_translator(function: ast.expr) -> bool:
    return isinstance(function, ast.Name) and function.id in ("t", "tr", "translate")


def test_every_label_speaks_chinese():
    chinese = catalogue("zh")
    missing = {msgid: where for msgid, where in messages_used().items() if msgid not in chinese}
    assert missing == {}
    assert len(chinese) > 10


def test_no_translation_loses_a_value():
    """A {placeholder} that the English has and the Chinese has not would lose a number."""
    wrong = []
    for msgid, msgstr in catalogue("zh").items():
        if set(re.findall(r"\{(\w+)", msgid)) - {"n"} > set(re.findall(r"\{(\w+)", msgstr)):
            wrong.append(msgid)
    assert wrong == []
