"""`python -m ingest --help` names every command."""

import pytest

from ingest.__main__ import COMMANDS, PLAIN


def helped(process, *arguments: str) -> str:
    program = process("ingest", *arguments, "--help")
    assert program.wait() == 0
    return str(program.said)


def test_every_command_has_a_line_of_its_own(process):
    said = helped(process).partition("commands:")[2]
    first_words = [line.split()[0] for line in said.splitlines() if line.startswith("  ")]
    assert first_words == ["run", "check", "ledger", "quarantine", "replay", *COMMANDS]
    assert list(PLAIN) == first_words[: len(PLAIN)]


@pytest.mark.parametrize("command", COMMANDS)
def test_those_with_arguments_of_their_own_say_so(process, command):
    said = " ".join(helped(process, command).split())
    assert f"usage: python -m ingest {command}" in said
    assert "--config" in said
