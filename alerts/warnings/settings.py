"""How warnings to the public are signed and bounded: `alerts.warnings` of config.yaml."""

from datetime import UTC, datetime
from typing import Literal, Self

from pydantic import Field, model_validator

from alerts.cap import rules
from alerts.cap.model import CapAlert, Info
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

    @model_validator(mode="after")
    def _publishable(self) -> Self:
        """All that every message has of these: refused now, not in the emergency."""
        tags = {"senderName": "sender_name", "contact": "contact", "web": "web", "sender": "sender"}
        wrong = [
            f"{tags[tag]}: {fault.say()['en']}"
            for name in (self.sender_name.zh, self.sender_name.en)
            for fault in rules.faults(_message(self, name))
            if (tag := fault.where.rpartition(".")[2]) in tags
        ]
        if wrong:
            raise ValueError("; ".join(dict.fromkeys(wrong)))
        return self


def _message(settings: WarningSettings, name: str) -> CapAlert:
    """The least there is, signed by these settings."""
    info = Info(
        category=("Other",),
        event="-",
        urgency="Unknown",
        severity="Unknown",
        certainty="Unknown",
        sender_name=name,
        contact=settings.contact,
        web=settings.web,
    )
    sent = datetime(2000, 1, 1, tzinfo=UTC)
    return CapAlert("-", settings.sender, sent, "Test", "Alert", "Public", info=(info,))
