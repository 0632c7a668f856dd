"""The tokens of the look as a style sheet: it makes assets/tokens.css, which a test compares.

`python -m dashboard.pages.tokens` writes the file anew after tokens.json has changed.
"""

import json
from pathlib import Path
from typing import Any

ASSETS = Path(__file__).parent.parent / "assets"
TOKENS: dict[str, Any] = json.loads((ASSETS / "tokens.json").read_text("utf-8"))
FONT_STACK: str = TOKENS["type"]["family"]


def style_sheet(tokens: dict[str, Any]) -> str:
    """Custom properties: light, dark by the system's wish, and either by the person's."""
    light, dark = (_properties(tokens["theme"][name]) for name in ("light", "dark"))
    root = f"  --font: {tokens['type']['family']};\n" + _of_aqi(tokens["aqi"])
    return (
        "/* Made from tokens.json by dashboard/pages/tokens.py; change the tokens, not this. */\n"
        f":root {{\n{root}{light}  color-scheme: light;\n}}\n"
        "@media (prefers-color-scheme: dark) {\n"
        f':root:not([data-theme="light"]) {{\n{dark}  color-scheme: dark;\n}}\n}}\n'
        f':root[data-theme="dark"] {{\n{dark}  color-scheme: dark;\n}}\n'
    )


def _properties(theme: dict[str, Any]) -> str:
    return "".join(f"  --{name}: {value};\n" for name, value in _flat(theme))


def _of_aqi(steps: list[dict[str, Any]]) -> str:
    """The legal colours, the same in both themes: `aqi-1`, `aqi-1-text`."""
    return "".join(
        f"  --aqi-{number}: {step['fill']};\n  --aqi-{number}-text: {step['text']};\n"
        for number, step in enumerate(steps, 1)
    )


def _flat(theme: dict[str, Any]) -> list[tuple[str, str]]:
    """`panel`, `map-sea`, `red-on-fill`, `series-2` and so on."""
    plain = [(_css(k), v) for k, v in theme.items() if isinstance(v, str)]
    of_map = [(f"map-{_css(k)}", v) for k, v in theme["map"].items()]
    of_grades = [
        (f"{grade}-{_css(k).removeprefix('shape-')}", v)
        for grade, colours in theme["grade"].items()
        for k, v in colours.items()
    ]
    of_series = [(f"series-{i}", v) for i, v in enumerate(theme["series"], 1)]
    return [*plain, *of_map, *of_grades, *of_series]


def _css(name: str) -> str:
    return name.replace("_", "-")


if __name__ == "__main__":
    (ASSETS / "tokens.css").write_text(style_sheet(TOKENS), "utf-8")
