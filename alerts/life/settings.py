"""What can be set of the life of alerts: how long a shelf holds, what hides what."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from alerts.built_in import BUILT_IN
from alerts.grade import Grade
from config import Mistake, did_you_mean, entries
from sensors.section import Code, Section

Within = Literal["district", "plant", "station", "device"]


class LifeSettings(Section):
    """How long people may keep an alert quiet, and how long one that is over waits for them."""

    shelve_most_s: int = Field(
        default=12 * 3600,
        ge=60,
        le=12 * 3600,
        description="Longest time that an alert may be shelved; then it comes back by itself.",
    )
    shelve_red_most_s: int = Field(
        default=3600, ge=60, le=12 * 3600, description="The same for a red alert."
    )
    close_returned: tuple[Grade, ...] = Field(
        default=("blue", "yellow"),
        description="Grades whose alerts, over and acknowledged by nobody, close by themselves "
        "after `returned_s`, with a step that says so; those of other grades wait for a person.",
    )
    returned_s: int = Field(
        default=24 * 3600,
        ge=60,
        le=366 * 86_400,
        description="How long such an alert waits for a person first.",
    )


class InhibitionSettings(Section):
    """While an alert of `cause` stands, those of `hides` at the same place are not told."""

    code: Code = Field(description="Its name in the journal of what it kept back.")
    cause: tuple[Code, ...] = Field(
        min_length=1, description="Rules whose standing alert is the cause."
    )
    hides: tuple[Code, ...] = Field(default=(), description="Rules whose alerts it hides.")
    hides_no_data: bool = Field(
        default=False, description="It hides the alerts of every rule with `when: no_data`."
    )
    within: Within = Field(
        default="district",
        description="How near the cause must be: anywhere, at the same plant, at the same station, "
        "at the stations of the same device (a gateway).",
    )
    lesser: bool = Field(
        default=False, description="It hides only alerts of a lesser grade than the cause has."
    )
    settle_s: int = Field(
        default=60,
        ge=0,
        le=86_400,
        description="Seconds after the cause is over before what still stands is told; the "
        "patience or on-delay of its rule where that is longer.",
    )

    @model_validator(mode="after")
    def _hides_something_else(self) -> Self:
        if not self.hides and not self.hides_no_data:
            raise ValueError("hides nothing; give `hides` or `hides_no_data: true`")
        if (both := set(self.cause) & set(self.hides)) and not self.lesser:
            raise ValueError(
                f"cause and hidden at once: {', '.join(sorted(both))}; set `lesser: true`"
            )
        return self


INGEST_HIDES = InhibitionSettings(
    code="INGEST-HIDES-NO-DATA", cause=("SYSTEM-INGEST",), hides_no_data=True
)


def check_inhibitions(raw: Mapping[str, Any]) -> list[Mistake]:
    """Codes that are written twice, and rules that neither the file nor the program has."""
    known = {str(rule.get("code")) for _, rule in entries(raw, "alerts", "rules")} | BUILT_IN.keys()
    seen: dict[str, int] = {}
    mistakes = []
    for index, entry in entries(raw, "alerts", "inhibitions"):
        code, where = str(entry.get("code")), ("alerts", "inhibitions", index)
        if code in seen:
            problem = f"duplicate: entry {seen[code]} of inhibitions has the same code; change one"
            mistakes.append(Mistake((*where, "code"), code, problem))
        seen.setdefault(code, index)
        for key in ("cause", "hides"):
            said = entry.get(key)
            for number, rule in enumerate(said if isinstance(said, list) else []):
                if isinstance(rule, str) and rule not in known:
                    problem = f"no rule of the file has this code; {did_you_mean(rule, known)}"
                    mistakes.append(Mistake((*where, key, number), rule, problem))
    return mistakes
