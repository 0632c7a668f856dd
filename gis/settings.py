"""The `gis` section of config.yaml."""

from pydantic import BaseModel, ConfigDict


class GisSettings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
