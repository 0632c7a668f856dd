"""Shifts, and from which figures on alerts are a flood, chatter or stale (docs/quiet.md)."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from sensors.section import Section
from sensors.settings import Names

Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class ShiftSettings(Names):
    """A shift of every day; it lasts until the next one starts."""

    starts: Clock = Field(description="When it starts, HH:MM, Beijing time.")


DEFAULT_SHIFTS = (
    ShiftSettings(zh="夜班", en="Night", starts="00:00"),
    ShiftSettings(zh="早班", en="Morning", starts="08:00"),
    ShiftSettings(zh="中班", en="Evening", starts="16:00"),
)


class QuietSettings(Section):
    """What counts as a flood, as chatter, as stale."""

    @model_validator(mode="after")
    def _ends_below_its_begin(self) -> Self:
        if self.flood_below > self.flood_above:
            raise ValueError(
                f"`flood_below` ({self.flood_below}) is above `flood_above` ({self.flood_above}): "
                "a flood would be over when it begins"
            )
        return self

    flood_above: int = Field(
        default=10,
        ge=1,
        le=10_000,
        description="More alerts than this within ten minutes are a flood (EEMUA 191).",
    )
    flood_below: int = Field(
        default=5,
        ge=1,
        le=10_000,
        description="A flood is over when fewer than this came within ten minutes.",
    )
    chatter_raises: int = Field(
        default=3,
        ge=2,
        le=1000,
        description="So often raised within `chatter_within_s` is chatter.",
    )
    chatter_within_s: int = Field(
        default=60, gt=0, le=86_400, description="Seconds within which chatter is counted."
    )
    flap_within_s: int = Field(
        default=3600,
        gt=0,
        le=86_400,
        description="Seconds within which `chatter_raises` make an alert that flaps: slower than "
        "chatter, as noisy.",
    )
    fleeting_s: int = Field(
        default=60,
        gt=0,
        le=86_400,
        description="An alert that ended within so many seconds, before anybody took it, is "
        "fleeting.",
    )
    stale_hours: int = Field(
        default=24, gt=0, le=8784, description="An alert that is open for longer is stale."
    )
