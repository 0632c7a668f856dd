"""The `ingest` section of config.yaml."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ingest.split import is_filter


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BrokerSettings(Section):
    host: str = Field(default="127.0.0.1", description="The MQTT broker's host.")
    port: int = Field(default=1883, ge=1, le=65535, description="The broker's port.")
    protocol: Literal["3.1.1", "5"] = Field(
        default="5", description="5 gives back-pressure by Receive Maximum; 3.1.1 for old brokers."
    )
    client_id: str = Field(
        default="dongtai-ingest",
        pattern=r"^[A-Za-z0-9-]{1,40}$",
        description="Fixed: the broker keeps our session under this name while we are away.",
    )
    user: str | None = Field(default=None, description="Name at the broker.")
    password_file: str | None = Field(default=None, description="File that holds the password.")
    keepalive_s: int = Field(default=20, ge=5, le=3600, description="MQTT keep alive.")
    session_expiry_s: int = Field(
        default=604_800, ge=60, description="How long the broker keeps our session (MQTT 5)."
    )


class BatchSettings(Section):
    max_messages: int = Field(default=2000, ge=1, le=60_000, description="Messages in one commit.")
    max_wait_ms: int = Field(default=100, ge=0, le=5000, description="Longest wait to fill it.")
    in_flight: int = Field(
        default=20_000,
        ge=1,
        le=65_535,
        description="Unacknowledged messages the broker may have under way to us.",
    )


class MessageLimits(Section):
    obs_bytes: int = Field(default=1_048_576, gt=0, description="Largest observation message.")
    picture_bytes: int = Field(default=4_194_304, gt=0, description="Largest picture message.")
    picture_pixels: int = Field(default=40_000_000, gt=0, description="Most pixels in a picture.")
    keep_bytes: int = Field(
        default=8_388_608, gt=0, description="Bytes of a quarantined message that are kept."
    )


class PictureSettings(Section):
    in_flight: int = Field(
        default=20, ge=1, le=1000, description="Pictures under way to us: each may be megabytes."
    )
    thumbnail_px: int = Field(default=480, ge=64, le=1920, description="Width of the thumbnail.")
    keep_days: int = Field(default=30, gt=0, description="Days after which a picture is deleted.")


def _filter(text: str) -> str:
    if not is_filter(text):
        raise ValueError(f"{text!r} is no topic filter; expected such as obs/# or obs/R-01")
    return text


class WorkerSettings(Section):
    """One of several ingest processes that share the topics among them."""

    name: str = Field(
        pattern=r"^[a-z0-9]{1,20}$",
        description="Its name: part of its client id, `python -m ingest --worker NAME`.",
    )
    filters: tuple[Annotated[str, AfterValidator(_filter)], ...] = Field(
        min_length=1,
        description="Topic filters below the root that only this worker reads, such as obs/#. "
        "Together they must cover obs, hj212, sl651 and status; obs may be split by station.",
    )


class IngestSettings(Section):
    broker: BrokerSettings = Field(default=BrokerSettings(), description="Where they come from.")
    root: str = Field(
        default="dongtai/v1",
        pattern=r"^[^#+/]+(/[^#+/]+)*$",
        description="First levels of every topic of ours.",
    )
    batch: BatchSettings = Field(default=BatchSettings(), description="How messages are gathered.")
    workers: tuple[WorkerSettings, ...] = Field(
        default=(), description="Several workers by topic; without it one reads everything."
    )
    limits: MessageLimits = Field(default=MessageLimits(), description="What a message may be.")
    pictures: PictureSettings = Field(default=PictureSettings(), description="Camera pictures.")
