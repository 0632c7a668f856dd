"""What figures need of the tokens: colours of a theme, the font, the scale of the screen."""

import html
import unicodedata
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Look:
    """Colours by the names of tokens.json; scale multiplies sizes in px (2 on a 4K desk)."""

    panel: str
    text: str
    secondary: str
    quiet: str
    line: str
    track: str
    late: str
    beside: str
    grades: dict[str, str]
    font: str
    scale: float = 1.0

    def px(self, size: float) -> float:
        return size * self.scale


def look(tokens: dict[str, Any], theme: str, scale: float = 1.0) -> Look:
    """`theme`: light or dark; anything else is dark, the control room's."""
    colours = tokens["theme"][theme if theme in tokens["theme"] else "dark"]
    return Look(
        panel=colours["panel"],
        text=colours["text"],
        secondary=colours["text_secondary"],
        quiet=colours["text_quiet"],
        line=colours["line"],
        track=colours["track"],
        late=colours["series"][2],
        beside=colours["series"][1],
        grades={grade: values["text"] for grade, values in colours["grade"].items()},
        font=tokens["type"]["family"],
        scale=min(3.0, max(0.5, scale)),
    )


def plain(text: str) -> str:
    """For plotly, which takes some tags for markup; without characters that turn the text round."""
    kept = (" " if unicodedata.category(c)[0] == "C" else c for c in text)
    return html.escape("".join(kept), quote=False)
