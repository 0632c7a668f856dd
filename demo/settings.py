"""The `demo` section of config.yaml."""

from pydantic import BaseModel, ConfigDict


class DemoSettings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
