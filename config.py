"""config.yaml, read and checked whole before any socket opens; every mistake with line and remedy.

One section per folder. Its model is in that folder's `settings.py`; checks that need more than one
section are functions of the raw document (`CHECKS`), so that one mistake never hides another.
"""

import argparse
import difflib
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any, Generic, TypeVar, cast, get_args

import yaml
from pydantic import BaseModel, ValidationError

DEFAULT_PATH = Path(__file__).parent / "config.yaml"

# Sections by name, so that each process checks the whole file though it imports only its own part.
SECTIONS = {
    "database": "database.settings:DatabaseSettings",
    "sensors": "sensors.settings:SensorsSettings",
    "gis": "gis.settings:GisSettings",
    "alerts": "alerts.settings:AlertsSettings",
    "ingest": "ingest.settings:IngestSettings",
    "dashboard": "dashboard.settings:DashboardSettings",
    "demo": "demo.settings:DemoSettings",
}
# Functions (raw document) -> mistakes, for what spans entries or sections.
CHECKS = (
    "sensors.settings:check",
    "sensors.retained:check",
    "sensors.reservoirs:check",
    "alerts.settings:check",
    "ingest.split:check",
    "ingest.line.devices:check",
    "ingest.foreign:check",
    "ingest.telling_check:check",
)

_SECRET = ("url", "dsn")  # keys whose value may be one

# A district of 5,000 stations has some 200,000 keys, none deeper than ten.
_MOST_KEYS, _DEEPEST = 2_000_000, 50

Path_ = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class Mistake:
    """One thing wrong in the file: where, what stands there, what would be right."""

    where: Path_
    value: Any
    problem: str
    line: int = 0

    def __str__(self) -> str:
        key = ".".join(str(part) for part in self.where) or "(whole file)"
        shown = "" if isinstance(self.value, dict | list) else f" = {self._value!r}"
        line = f"line {self.line}: " if self.line else ""
        return f"{line}{key}{shown}: {self.problem}"

    @property
    def _value(self) -> Any:
        """Of an address its kind alone: it may hold a key, and what is printed stands in a log."""
        scheme, found, _ = str(self.value).partition("://")
        secret = bool(self.where) and self.where[-1] in _SECRET and bool(found)
        return f"{scheme}://***" if secret else self.value


class BadConfig(Exception):
    """config.yaml has mistakes: all of them."""

    def __init__(self, path: Path, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = sorted(mistakes, key=lambda mistake: mistake.line)
        super().__init__(
            f"{path} has {len(self.mistakes)} mistake(s):\n"
            + "\n".join(f"  {mistake}" for mistake in self.mistakes)
        )


class Config:
    """The checked configuration; `section(Model)` gives one folder's part. raw: as written."""

    def __init__(
        self,
        path: Path,
        sections: Mapping[type[BaseModel], BaseModel],
        raw: Mapping[str, Any] | None = None,
    ) -> None:
        self.path = path
        self._sections = sections
        self.raw = raw or {}

    def section(self, model: type[Model]) -> Model:
        return cast(Model, self._sections[model])


def load(path: Path = DEFAULT_PATH) -> Config:
    """Read and check the file. Raises BadConfig with every mistake, or OSError."""
    text = _text(path)
    raw, lines, mistakes = _parse(path, text)
    sections: dict[type[BaseModel], BaseModel] = {}
    for name, target in SECTIONS.items():
        model = _imported(target)
        try:
            # What stands there and is no mapping must not count as nothing said.
            sections[model] = model.model_validate({} if raw.get(name) is None else raw[name])
        except ValidationError as error:
            mistakes += [_mistake(name, model, detail) for detail in error.errors()]
    mistakes += [
        Mistake((name,), "", f"no such section; there are {', '.join(SECTIONS)}")
        for name in raw
        if name not in SECTIONS
    ]
    for target in CHECKS:
        check: Callable[[Mapping[str, Any]], list[Mistake]] = _imported(target)
        mistakes += check(raw)
    if mistakes:
        raise BadConfig(path, [_with_line(mistake, lines) for mistake in mistakes])
    return Config(path, sections, raw)


@dataclass(frozen=True)
class Document(Generic[Model]):
    """A file of its own, of one model, whose further checks know the lines too."""

    path: Path
    found: Model
    lines: Mapping[Path_, int]

    def refuse(self, mistakes: Iterable[Mistake]) -> None:
        """Raise BadConfig where there is any."""
        if found := list(mistakes):
            raise BadConfig(self.path, [_with_line(mistake, self.lines) for mistake in found])


def load_document(path: Path, model: type[Model]) -> Document[Model]:
    """Read and check such a file. Raises BadConfig with every mistake, or OSError."""
    raw, lines, mistakes = _parse(path, _text(path))
    found = validated(model, raw)
    if isinstance(found, list):
        mistakes += found
    if mistakes or isinstance(found, list):
        raise BadConfig(path, [_with_line(mistake, lines) for mistake in mistakes])
    return Document(path, found, lines)


def validated(model: type[Model], raw: object) -> Model | list[Mistake]:
    """The model of a document, or every mistake in it, in the words of the configuration."""
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        details = [_mistake("", model, detail) for detail in error.errors()]
        return [replace(mistake, where=mistake.where[1:]) for mistake in details]


def load_or_exit(path: Path) -> Config:
    """For command lines: print what is wrong and leave with status 2."""
    try:
        return load(path)
    except (BadConfig, OSError) as error:
        print(error, file=sys.stderr)
        sys.exit(2)


def add_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", type=Path, default=DEFAULT_PATH, help="the configuration (config.yaml)"
    )


def entries(raw: Mapping[str, Any], *keys: str) -> list[tuple[int, dict[str, Any]]]:
    """The mappings in a list of the raw document, with their index; empty where it is malformed."""
    found: Any = raw
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return (
        [(i, e) for i, e in enumerate(found or []) if isinstance(e, dict)]
        if isinstance(found, list)
        else []
    )


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """A remedy: the nearest known word, else all of them."""
    choices = sorted(known)
    near = difflib.get_close_matches(str(word), choices, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known are {', '.join(choices)}"


def _imported(target: str) -> Any:
    module, name = target.split(":")
    return getattr(import_module(module), name)


def _text(path: Path) -> str:
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problem = "not UTF-8 text from here on; save the file as UTF-8"
        raise BadConfig(path, [Mistake((), content[error.start :][:8], problem, line)]) from error
    if not text.strip():
        problem = "the file is empty: it would watch nothing; put the sections back"
        raise BadConfig(path, [Mistake((), "", problem, 1)])
    return text


def _parse(path: Path, text: str) -> tuple[dict[str, Any], dict[Path_, int], list[Mistake]]:
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        lines: dict[Path_, int] = {}
        mistakes: list[Mistake] = []
        if node is not None:
            _walk(node, (), lines, mistakes)
        raw = yaml.safe_load(text) or {}
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise BadConfig(path, [Mistake((), "", f"not YAML: {error.problem}", line)]) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        found = text[error.position : error.position + 1]
        problem = "a character that YAML does not take; write it without"
        raise BadConfig(path, [Mistake((), found, problem, line)]) from error
    except RecursionError as error:
        raise BadConfig(path, [Mistake((), "", "nested too deeply to be read", 1)]) from error
    except ValueError as error:  # it looks like a date and is none
        problem = f"not YAML: {error}; put quotes around what is no date"
        raise BadConfig(path, [Mistake((), "", problem, 1)]) from error
    except _TooLarge as error:
        raise BadConfig(path, [error.mistake]) from error
    if not isinstance(raw, dict):
        raise BadConfig(path, [Mistake((), raw, "expected sections such as `database:`", 1)])
    return raw, lines, mistakes


class _TooLarge(Exception):
    """An alias that contains itself, or aliases of aliases that multiply without end."""

    def __init__(self, where: Path_, line: int) -> None:
        problem = "with its aliases (*name) more than can be read; does one contain itself?"
        self.mistake = Mistake(where, "", problem, line)


def _walk(node: yaml.Node, where: Path_, lines: dict[Path_, int], out: list[Mistake]) -> None:
    """Note the line of every key and item, and every key written twice."""
    if len(where) > _DEEPEST or len(lines) > _MOST_KEYS:
        raise _TooLarge(where[:1], node.start_mark.line + 1)
    lines.setdefault(where, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _walk(item, (*where, index), lines, out)
    if isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue  # safe_load refuses it, with its line
            here, line = (*where, str(key.value)), key.start_mark.line + 1
            if key.value in seen:
                problem = f"written twice, first on line {seen[key.value]}; keep one of them"
                out.append(Mistake(here, "", problem, line))
            seen[key.value] = line
            lines[here] = line
            _walk(value, here, lines, out)


def _with_line(mistake: Mistake, lines: Mapping[Path_, int]) -> Mistake:
    if mistake.line:
        return mistake
    where = mistake.where
    while where not in lines and where:
        where = where[:-1]
    return Mistake(mistake.where, mistake.value, mistake.problem, lines.get(where, 1))


def _mistake(section: str, model: type[BaseModel], detail: Any) -> Mistake:
    where: Path_ = (section, *detail["loc"])
    if detail["type"] == "extra_forbidden":
        known = _keys_at(model, detail["loc"][:-1])
        return Mistake(where, detail["input"], f"unknown key; {did_you_mean(where[-1], known)}")
    problem = detail["msg"].removeprefix("Value error, ")
    return Mistake(where, detail["input"], problem[0].lower() + problem[1:])


def _keys_at(model: type[BaseModel], loc: tuple[str | int, ...]) -> list[str]:
    """The keys that a mapping at `loc` may have, by walking the models."""
    current: Any = model
    for part in loc:
        if isinstance(part, int):
            continue
        field = getattr(current, "model_fields", {}).get(part)
        models = _models_in(field.annotation) if field else []
        if not models:
            return []
        current = models[0]
    return list(current.model_fields)


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models_in(part)]
