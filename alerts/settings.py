"""The `alerts` section of config.yaml."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from config import Mistake


class AlertsSettings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def check(raw: Mapping[str, Any]) -> list[Mistake]:
    """What one rule alone cannot show: a rule twice, an unknown station, metric or limit."""
    return []
