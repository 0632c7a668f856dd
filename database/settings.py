"""The `database` section of config.yaml."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

_LEAST_DAYS = 7


class RetentionClass(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    metrics: tuple[str, ...] = Field(min_length=1, description="Codes of the catalogue.")
    days: int | None = Field(
        ge=_LEAST_DAYS, le=36_500, description="How long raw readings are kept; null: for ever."
    )


class RetentionSettings(BaseModel):
    """Roll-ups are always kept. TimescaleDB only: on plain PostgreSQL nothing is deleted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rest_days: int | None = Field(
        default=None,
        ge=_LEAST_DAYS,
        le=36_500,
        description="How long raw readings of metrics in no class are kept; null: for ever.",
    )
    classes: tuple[RetentionClass, ...] = Field(
        default=(), description="Metrics that are kept for another time than the rest."
    )

    @model_validator(mode="after")
    def _each_metric_once(self) -> Self:
        named = [metric for one in self.classes for metric in one.metrics]
        if twice := sorted({metric for metric in named if named.count(metric) > 1}):
            raise ValueError(f"{', '.join(twice)}: named twice; a metric is in one class only")
        return self

    @property
    def forgets(self) -> bool:
        return any(days is not None for days in (self.rest_days, *(c.days for c in self.classes)))

    def days_of(self, metric: str) -> int | None:
        return next((c.days for c in self.classes if metric in c.metrics), self.rest_days)


class DatabaseSettings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    dsn: str = Field(
        default="postgresql:///dongtai",
        description="Server and database, as libpq reads it. DONGTAI_DSN overrides it for a run. "
        "Passwords belong into PGPASSFILE, not here.",
    )
    login_as_role: bool = Field(
        default=False,
        description="true: each process signs in as its own role (ingest, staff, public_reader); "
        "false: it signs in as the DSN's user and takes the role with SET ROLE.",
    )
    pool_size: int = Field(default=8, ge=1, le=100, description="Most connections of one process.")
    retention: RetentionSettings = Field(
        default_factory=RetentionSettings,
        description="How long raw readings are kept, carried out by `python -m database keep`.",
    )
