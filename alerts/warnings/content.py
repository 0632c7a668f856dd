"""What a warning says, in both languages and for one area: as it is written, kept and shown.

Places are (longitude, latitude) in WGS-84 degrees, as GeoJSON has them; CAP turns them round.
"""

import re
from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from alerts.grade import Grade

MOST_POINTS, MOST_SHAPES, MOST_RADIUS_KM = 500, 10, 100.0
MOST_TOGETHER = 1000  # points of all polygons: looking them through grows with the square
# Reckoning with a time beyond these could leave the calendar.
OLDEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
# Of each text, in characters. 160 for a headline: more is cut by who passes it on (CAP 1.2, 3.2.2).
MOST_LETTERS = {
    "event": 80,
    "headline": 160,
    "description": 4000,
    "instruction": 4000,
    "names": 400,
}
TEXTS = ("event", "headline", "description", "instruction")
Status = Literal["Actual", "Exercise", "Test"]
Category = Literal[
    "Geo", "Met", "Safety", "Security", "Rescue", "Fire",
    "Health", "Env", "Transport", "Infra", "CBRNE", "Other",
]  # fmt: skip
Response = Literal[
    "Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None"
]
Urgency = Literal["Immediate", "Expected", "Future", "Past", "Unknown"]
Certainty = Literal["Observed", "Likely", "Possible", "Unlikely", "Unknown"]
# 红 I, 橙 II, 黄 III, 蓝 IV. A convention of ours: no Chinese standard gives it, so the colour goes
# into a parameter as well.
SEVERITY: dict[str, str] = {
    "red": "Extreme",
    "orange": "Severe",
    "yellow": "Moderate",
    "blue": "Minor",
}

_CONTROL = re.compile(r"[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _clean(text: str) -> str:
    """LF ends lines, blanks at the ends go; refused is what neither XML nor PostgreSQL carries."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if found := _CONTROL.search(text):
        raise ValueError(f"has a character that no message can carry: U+{ord(found[0]):04X}")
    return text


def _of_our_time(moment: datetime) -> datetime:
    if not OLDEST <= moment <= LATEST:
        raise ValueError(f"{moment.isoformat()} is not between the years 1900 and 2200")
    return moment


Moment = Annotated[AwareDatetime, AfterValidator(_of_our_time)]
Written = Annotated[str, Field(max_length=10_000), AfterValidator(_clean)]
Lon = Annotated[float, Field(ge=-180, le=180)]
Lat = Annotated[float, Field(ge=-90, le=90)]
Ring = Annotated[tuple[tuple[Lon, Lat], ...], Field(max_length=MOST_POINTS)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Both(_Part):
    """The same in Chinese and in English; empty while it is being written."""

    zh: Written = ""
    en: Written = ""


class Round(_Part):
    """A place and what lies within radius_km of it."""

    lon: Lon
    lat: Lat
    radius_km: float = Field(gt=0, le=MOST_RADIUS_KM)


class Area(_Part):
    """polygons: closed rings, the first point again at the end."""

    names: Both = Both()
    polygons: tuple[Ring, ...] = Field(default=(), max_length=MOST_SHAPES)
    circles: tuple[Round, ...] = Field(default=(), max_length=MOST_SHAPES)

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        found = sum(map(len, self.polygons))
        if found > MOST_TOGETHER:
            raise ValueError(
                f"the polygons have {found} points together; {MOST_TOGETHER} are the most"
            )
        return self


class Content(_Part):
    """All that people are told; severity follows from the grade. Nothing of who wrote it."""

    status: Status
    grade: Grade
    category: tuple[Category, ...] = Field(default=("Safety",), min_length=1, max_length=4)
    urgency: Urgency = "Immediate"
    certainty: Certainty = "Observed"
    response: tuple[Response, ...] = Field(default=(), max_length=4)
    event: Both = Both()
    headline: Both = Both()
    description: Both = Both()
    instruction: Both = Both()
    area: Area = Area()
    onset: Moment | None = None
    expires: Moment | None = None

    @property
    def severity(self) -> str:
        return SEVERITY[self.grade]


def read(document: object) -> Content:
    """What the database kept."""
    return Content.model_validate(document)


def differences(before: Content, after: Content) -> tuple[str, ...]:
    """The names of what differs, in the order of the fields; texts as `headline.zh`."""
    found = []
    for name in Content.model_fields:
        one, other = getattr(before, name), getattr(after, name)
        if isinstance(one, Both):
            found += [
                f"{name}.{lang}" for lang in ("zh", "en") if _of(one, lang) != _of(other, lang)
            ]
        elif isinstance(one, Area):
            found += _of_areas(one, other)
        elif one != other:
            found.append(name)
    return tuple(found)


def _of(both: Both, lang: str) -> str:
    return both.zh if lang == "zh" else both.en


def _of_areas(one: Area, other: Area) -> list[str]:
    names = [
        f"area.names.{lang}"
        for lang in ("zh", "en")
        if _of(one.names, lang) != _of(other.names, lang)
    ]
    moved = (one.polygons, one.circles) != (other.polygons, other.circles)
    return [*names, *(["area.shape"] if moved else [])]


def whole_second(moment: datetime) -> datetime:
    """CAP has no fractions."""
    return moment.replace(microsecond=0)
