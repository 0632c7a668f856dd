"""The `database` section of config.yaml."""

from pydantic import BaseModel, ConfigDict, Field


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
