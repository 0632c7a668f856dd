"""The `dashboard` section of config.yaml."""

from pydantic import BaseModel, ConfigDict


class DashboardSettings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
