"""The `ingest` section of config.yaml."""

from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from ingest.route import Filters
from ingest.split import is_filter
from sensors.foreign import Foreign


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


# What Mosquitto takes for a user's name and in an ACL file, and what is one level of a topic.
ACCOUNT = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"


class TlsSettings(Section):
    """`tls: {}` is TLS with the authorities that this machine trusts."""

    ca_file: str | None = Field(
        default=None,
        description="PEM file of the authorities that may vouch for the broker; without it those "
        "of this machine.",
    )
    certificate_file: str | None = Field(
        default=None, description="PEM file of our own certificate, where the broker asks for one."
    )
    key_file: str | None = Field(
        default=None, description="PEM file of its key, without a passphrase."
    )

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.certificate_file is None) != (self.key_file is None):
            raise ValueError("certificate_file and key_file belong together: give both or none")
        return self


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
    user: str | None = Field(default=None, pattern=ACCOUNT, description="Name at the broker.")
    password_file: str | None = Field(
        default=None,
        description="File that holds the password and nothing else. DONGTAI_MQTT_PASSWORD "
        "overrides it for a run.",
    )
    tls: TlsSettings | None = Field(
        default=None, description="Without it the line is plain: for a broker on this machine only."
    )
    keepalive_s: int = Field(default=20, ge=5, le=3600, description="MQTT keep alive.")
    session_expiry_s: int = Field(
        default=604_800, ge=60, description="How long the broker keeps our session (MQTT 5)."
    )

    @model_validator(mode="after")
    def _whose_password(self) -> Self:
        if self.password_file and not self.user:
            raise ValueError("a password without a name: say whose it is, by `user`")
        return self


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


class CanarySettings(Section):
    every_s: int = Field(
        default=60,
        ge=0,
        le=3600,
        description="Seconds between two canaries, on <root>/canary/<process>; 0: none is sent, "
        "and none is missed. The broker must let ingest publish there.",
    )


class KeepSettings(Section):
    quarantine_days: int = Field(
        default=90,
        gt=0,
        description="Days after which a quarantined message is deleted, replayed or not. The "
        "ledger's sums stay.",
    )
    canary_days: int = Field(default=7, gt=0, description="Days that canaries are remembered.")


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


class DeviceSettings(Section):
    """A gateway or logger with an account of its own at the broker."""

    name: str = Field(
        pattern=ACCOUNT,
        description="Its account at the broker, and the name in its status and frame topics.",
    )
    stations: tuple[str, ...] = Field(
        default=(),
        description="The stations it speaks for; without them those of sensors.stations whose "
        "`device` it is, and the station of its own name.",
    )


class ListenSettings(Section):
    host: str = Field(
        default="127.0.0.1",
        description="Address to listen on. The protocols know no encryption and next to no "
        "password: let only the devices' own network reach it.",
    )
    port: int = Field(ge=1, le=65535, description="Port to listen on.")


class GatewaySettings(Section):
    """`python -m ingest gateway`, for stations that speak TCP and not MQTT."""

    hj212: ListenSettings | None = Field(default=None, description="Where HJ 212 is spoken.")
    sl651: ListenSettings | None = Field(default=None, description="Where SL 651 is spoken.")
    client_id: str = Field(
        default="dongtai-gateway",
        pattern=r"^[A-Za-z0-9-]{1,40}$",
        description="Its name at the broker; each gateway has one of its own.",
    )
    max_connections: int = Field(
        default=1000,
        ge=1,
        le=20_000,
        description="Connections at once; for one more, the one longest without a frame gives way.",
    )
    idle_s: float = Field(
        default=3900,
        gt=0,
        description="A connection without a whole frame for so long is closed; more than the "
        "longest interval of a device.",
    )
    stall_s: float = Field(
        default=30,
        gt=0,
        description="A frame of which nothing more comes for so long is taken for cut short.",
    )
    wasted_bytes: int = Field(
        default=65_536,
        ge=20_000,
        description="A connection that sends so many bytes without a whole frame is closed.",
    )
    hold: int = Field(
        default=1000,
        ge=1,
        le=20_000,
        description="Frames in hand that the broker has not confirmed; then nothing more is read.",
    )
    sl651_stay: bool = Field(
        default=False,
        description="Confirm SL 651 with ESC (the station is to stay connected) instead of EOT.",
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
    devices: tuple[DeviceSettings, ...] = Field(
        default=(),
        description="The devices by name: who may speak for which station. A frame on the topic of "
        "one of them is refused where it speaks for another's station; `python -m ingest devices` "
        "makes their accounts and topic rights. Without it an account is a station.",
    )
    foreign: tuple[Foreign, ...] = Field(
        default=(), description="Topics of others, mapped to our stations and metrics."
    )
    gateway: GatewaySettings = Field(
        default=GatewaySettings(), description="The TCP door for HJ 212 and SL 651."
    )
    canary: CanarySettings = Field(
        default=CanarySettings(), description="A message of our own that runs the whole path."
    )
    keep: KeepSettings = Field(default=KeepSettings(), description="What is deleted, and when.")
    limits: MessageLimits = Field(default=MessageLimits(), description="What a message may be.")
    pictures: PictureSettings = Field(default=PictureSettings(), description="Camera pictures.")

    @cached_property
    def foreign_filters(self) -> Filters:
        """Which topics are whose, in the order of the mappings."""
        return tuple((mapping.name, mapping.topic) for mapping in self.foreign)
