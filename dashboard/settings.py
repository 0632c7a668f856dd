"""The `dashboard` section of config.yaml: the two web services and how they speak."""

from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator

CLOCK = r"^([01]\d|2[0-3]):[0-5]\d$"


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
    one_time_hours: float = Field(
        default=72,
        gt=0,
        le=744,
        description="Hours for which a password that an administrator gave can be used.",
    )
    attempts_per_minute: int = Field(
        default=20, ge=1, description="Sign-ins one address may try in a minute."
    )
    writes_per_minute: int = Field(
        default=600,
        ge=10,
        description="Writes one account may send in a minute; taking many alerts at once is one.",
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


class NightSettings(Section):
    """When the hall is dark."""

    begins: str = Field(default="22:00", pattern=CLOCK, description="From this time of day, HH:MM.")
    ends: str = Field(default="06:00", pattern=CLOCK, description="To this time of day, HH:MM.")
    brightness: float = Field(
        default=0.6,
        ge=0.3,
        le=1,
        description="Share of its brightness that a wall then has; 1 does not dim. An unclaimed "
        "red or orange alert always has all of it.",
    )


class WallSettings(Section):
    """A wallboard, `/wall`: a screen that nobody sits at."""

    pace_s: float = Field(default=20, ge=5, le=600, description="Seconds that a view is shown.")
    views: tuple[Literal["alerts", "list", "water", "air"], ...] = Field(
        default=("alerts", "list", "water", "air"),
        min_length=1,
        description="Views in their order; the first is shown while an unclaimed red or orange "
        "alert burns, and must be alerts or list.",
    )
    theme: Literal["dark", "light"] = Field(default="dark", description="Dark or light.")
    language: Literal["zh", "en", "both"] = Field(
        default="zh", description="Language; both: one turn of the views each."
    )
    night: NightSettings = Field(default=NightSettings(), description="When it is dimmed.")
    reload_at: str = Field(
        default="03:30",
        pattern=CLOCK,
        description="Time of day, HH:MM, at which it loads its page anew: only while the link is "
        "up and no red or orange alert is unclaimed.",
    )
    reload_within_min: float = Field(
        default=20, ge=0, le=120, description="Walls spread their reload over these minutes after."
    )

    @field_validator("views")
    @classmethod
    def _alerts_first(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if value[0] not in ("alerts", "list"):
            raise ValueError(f"the first view is {value[0]!r}; expected alerts or list")
        if len(set(value)) < len(value):
            raise ValueError("a view is named twice; expected each at most once")
        return value


class DashboardSettings(Section):
    staff: StaffSettings = Field(default=StaffSettings(), description="The staff service.")
    public: PublicSettings = Field(default=PublicSettings(), description="The public service.")
    wall: WallSettings = Field(default=WallSettings(), description="Every wallboard.")
    wall_owners: bool = Field(
        default=True,
        description="Whether walls name who has an alert; false where visitors can see one.",
    )
    walls: dict[str, WallSettings] = Field(
        default={}, description="Walls that differ, by the name they were added with."
    )
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

    def wall_of(self, name: str) -> WallSettings:
        return self.walls.get(name, self.wall)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)
