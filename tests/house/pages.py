"""docs/configuration.md and docs/metrics.md, made from the code: `make docs` writes them.

A test compares, so a setting or a metric that the pages do not show cannot be committed.
"""

import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

import config
from sensors.catalogue import METRICS
from tests.servers.program import ROOT

GENERATED = "<!-- Made by `make docs` from the code. -->\n"


def configuration() -> str:
    parts = ["# config.yaml\n", GENERATED, OPENING]
    for name, target in config.SECTIONS.items():
        model = config._imported(target)
        parts.append(f"## {name}\n")
        rows = list(settings(model))
        parts.append("\n".join([TABLE, *rows]) + "\n" if rows else "Nothing to set yet.\n")
    return "\n".join(parts)


def metrics() -> str:
    rows = [
        f"| `{m.code}` | {m.zh} | {m.en} | {m.unit or '—'} | {m.low:g} … {m.high:g} | {m.digits} | "
        f"{'by sine and cosine' if m.circular else 'arithmetic'} |"
        for m in METRICS.values()
    ]
    head = "| code | 中文 | English | unit | instrument range | decimals | mean |"
    return "\n".join(
        ["# Metrics\n", GENERATED, RANGE, head, "|---|---|---|---|---|---|---|", *rows, ""]
    )


OPENING = """\
One section per folder, checked whole before any socket opens: every mistake is named with its line,
key, value and remedy (`python -m ingest check`). Keys that are not listed here are refused.
`[]` marks a list whose entries have the keys below it. Secrets stand in files or in the
environment, never in this file.
"""
RANGE = """\
The range is what a common instrument can report at all: a value outside is kept, marked impossible,
and neither judged nor averaged. A sensor in `config.yaml` may narrow it.
"""
TABLE = "| key | type | default | meaning |\n|---|---|---|---|"


def settings(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """One row a field, nested models after the field that holds them."""
    for name, field in model.model_fields.items():
        inner = list(models_in(field.annotation))
        many = "[]" if inner and get_origin(_plain(field.annotation)) in (tuple, list) else ""
        key = f"{prefix}{name}{many}"
        meaning = (field.description or "").replace("|", "\\|")
        yield f"| `{key}` | {_type(field.annotation)} | {_default(field)} | {meaning} |"
        for nested in inner:
            yield from settings(nested, f"{key}.")


def undescribed(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        if not field.description:
            yield f"{prefix}.{name}"
        for nested in models_in(field.annotation):
            yield from undescribed(nested, f"{prefix}.{name}")


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from models_in(part)


def _plain(annotation: Any) -> Any:
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def _type(annotation: Any) -> str:
    annotation = _plain(annotation)
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " or ".join(f"`{part}`" for part in parts)
    if origin in (Union, types.UnionType):
        return " or ".join(_type(part) for part in parts if part is not type(None))
    if origin in (tuple, list):
        inner = [_type(part) for part in parts if part is not Ellipsis]
        return "list of " + ", ".join(inner)
    if origin is dict:
        return "mapping"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "mapping"
    names = {str: "text", int: "whole number", float: "number", bool: "true or false"}
    return names.get(annotation, getattr(annotation, "__name__", str(annotation)))


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    default = field.get_default(call_default_factory=True, validated_data={})
    if default is None or default == () or isinstance(default, BaseModel):
        return ""
    return f"`{default}`"


PAGES = {"docs/configuration.md": configuration, "docs/metrics.md": metrics}

if __name__ == "__main__":
    for path, text in PAGES.items():
        (ROOT / path).write_text(text(), "utf-8")
        print(f"wrote {path}")
