"""What the code has, the documents say."""

import json
import re
import tomllib

import pytest

import config
from tests.house.pages import PAGES, undescribed
from tests.servers.program import ROOT


@pytest.mark.parametrize("path", list(PAGES))
def test_generated_pages_are_up_to_date(path):
    file = ROOT / path
    assert file.exists(), f"{path} is missing: run `make docs`"
    assert file.read_text("utf-8") == PAGES[path](), f"{path} is out of date: run `make docs`"


@pytest.mark.parametrize("section", list(config.SECTIONS))
def test_every_setting_says_what_it_means(section):
    assert list(undescribed(config._imported(config.SECTIONS[section]), section)) == []


def test_every_dependency_has_its_reason():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["dev"]
    names = {re.split(r"[<>=\[~! ]", text)[0] for text in wanted}
    page = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    explained = {name for row in page.splitlines() for name in re.findall(r"`([\w.@/-]+)`", row)}
    package = json.loads((ROOT / "package.json").read_text("utf-8"))
    names |= set(package["dependencies"]) | set(package["devDependencies"])
    assert not names - explained, f"docs/dependencies.md lacks {sorted(names - explained)}"
    rows = set(re.findall(r"^\| `([\w.@/-]+)`", page, re.MULTILINE))
    assert not rows - names, f"docs/dependencies.md explains what is gone: {sorted(rows - names)}"


# docs/line.md sets up a site of its own, with the config.yaml that it shows.
BESIDE_THE_DEMO = [
    *("README.md", "docs/import.md", "docs/ledger.md"),
    *("docs/database.md", "docs/demo.md", "docs/gateway.md"),
]


@pytest.mark.parametrize("path", BESIDE_THE_DEMO)
def test_a_command_to_be_tried_beside_the_demo_names_its_configuration(path):
    """Without it a command looks for a database that the demo's is not."""
    text = (ROOT / path).read_text("utf-8").replace("\\\n", " ")
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    commands = [line for block in blocks for line in block.splitlines() if "python -m " in line]
    assert commands, f"{path} shows no command any more"
    assert [line for line in commands if "--config data/config.yaml" not in line] == []


def test_every_page_is_reached_by_a_link():
    pages = {path.name for path in (ROOT / "docs").rglob("*.md")}
    linked = set()
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        linked |= set(re.findall(r"[(/]([\w.-]+\.md)[)#]", path.read_text("utf-8")))
    assert not pages - linked, f"no link leads to {sorted(pages - linked)}"


def test_every_link_leads_somewhere():
    broken = [
        f"{path.name}: {target}"
        for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text("utf-8"))
        if not (path.parent / target).exists()
    ]
    assert broken == []
