"""How warnings to the public are signed and bounded: `alerts.warnings` of config.yaml."""

from typing import Literal

from pydantic import Field

from sensors.section import Section
from sensors.settings import Names


class WarningSettings(Section):
    """Who warns, and what a warning may be."""

    sender: str = Field(
        default="warnings.beilun.example",
        pattern=r"^[A-Za-z0-9._-]+(@[A-Za-z0-9.-]+)?$",
        max_length=120,
        description="CAP `sender`: a domain or mail address that is the district's own; with the "
        "identifier it makes a message unique in the world.",
    )
    sender_name: Names = Field(
        default=Names(zh="北仑区（示例）", en="Beilun (sample)"),
        description="CAP `senderName`: who warns, as people know it.",
    )
    contact: str | None = Field(
        default=None, max_length=200, description="CAP `contact`: whom to ask, such as a hot-line."
    )
    web: str | None = Field(
        default=None,
        pattern=r"^https?://[!-~]+$",
        description="CAP `web`: the address of the city page.",
    )
    status: Literal["Actual", "Exercise", "Test"] = Field(
        default="Exercise",
        description="Status of a warning that is written by hand, until its writer chooses. A site "
        "that warns in earnest sets Actual.",
    )
    default_h: float = Field(
        default=6, gt=0, le=168, description="Hours that a draft is valid until somebody says else."
    )
    longest_h: float = Field(
        default=72, gt=0, le=744, description="Hours that a warning may be valid; then an update."
    )
    notice_min: int = Field(
        default=30,
        ge=1,
        le=1440,
        description="Minutes before a warning runs out that the desk is told, its alert still on.",
    )
