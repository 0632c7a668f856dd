"""Why something was decided: a code and its figures; wording.py makes sentences of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Basis = Literal["mean", "rate", "deviation", "count"]
_BASES: Mapping[str, Basis] = {
    "averaged_s": "mean",
    "over_s": "rate",
    "usual": "deviation",
    "how": "count",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """code: a key of wording.SENTENCES; params: plain JSON values, times as RFC 3339 text."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {"code": self.code, **self.params}

    @property
    def basis(self) -> Basis | None:
        """What its value and limit are; None: a reading's, or it has none."""
        return next((basis for key, basis in _BASES.items() if self.params.get(key)), None)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Reason":
        params = {key: value for key, value in document.items() if key != "code"}
        return cls(str(document.get("code", "unknown")), params)
