"""The `dashboard` section of config.yaml: the two web services and how they speak."""

from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Title(Section):
    zh: str = Field(default="北仑 · 动态", min_length=1, description="Name in Chinese.")
    en: str = Field(default="Beilun · Dongtai", min_length=1, description="Name in English.")


class StaffSettings(Section):
    """The staff service: `python -m dashboard`."""

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8050, ge=0, le=65535, description="Port; 0 takes a free one.")
    proxies: tuple[str, ...] = Field(
        default=(), description="Reverse proxies whose X-Forwarded-For is believed."
    )
    secure_cookies: bool = Field(
        default=False, description="true wherever people come by HTTPS: cookies then need it."
    )
    session_hours: float = Field(
        default=12, gt=0, le=744, description="Hours without use after which a session ends."
    )
    lock_after: int = Field(
        default=5, ge=2, le=100, description="Failed sign-ins in a row that lock an account."
    )
    lock_minutes: float = Field(
        default=5, gt=0, le=1440, description="Minutes for which it is then locked."
    )
    attempts_per_minute: int = Field(
        default=20, ge=1, description="Sign-ins one address may try in a minute."
    )
    push_interval_s: float = Field(
        default=0.5, ge=0.1, le=10, description="Changes are merged for this many seconds."
    )


class PublicSettings(Section):
    """The public service: `python -m dashboard.public`."""

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8051, ge=0, le=65535, description="Port; 0 takes a free one.")
    proxies: tuple[str, ...] = Field(
        default=(), description="Reverse proxies whose X-Forwarded-For is believed."
    )
    title: Title = Field(
        default=Title(zh="动态北仑", en="Dynamic Beilun"), description="Name of the city page."
    )
    address: str | None = Field(
        default=None,
        pattern=r"^https?://[!-~]+$",
        description="Where the public reaches it, such as https://warn.example.org: links of the "
        "warnings' feed begin with it.",
    )
    area: Title = Field(
        default=Title(zh="北仑区", en="Beilun"), description="The district, as its people call it."
    )


class DashboardSettings(Section):
    staff: StaffSettings = Field(default=StaffSettings(), description="The staff service.")
    public: PublicSettings = Field(default=PublicSettings(), description="The public service.")
    title: Title = Field(default=Title(), description="Name of the desk, on every screen.")
    language: Literal["zh", "en"] = Field(
        default="zh", description="Language of who has not chosen one."
    )
    time_zone: str = Field(default="Asia/Shanghai", description="Zone in which times are shown.")

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(
                f"unknown time zone {value!r}; expected one such as Asia/Shanghai"
            ) from error
        return value

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)
