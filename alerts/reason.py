"""Why something was decided: a code and its figures; wording.py makes sentences of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Reason:
    """code: a key of wording.SENTENCES; params: plain JSON values, times as RFC 3339 text."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {"code": self.code, **self.params}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Reason":
        params = {key: value for key, value in document.items() if key != "code"}
        return cls(str(document.get("code", "unknown")), params)
