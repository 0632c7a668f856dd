"""The API's documents, as OpenAPI describes them. The answers themselves are made by shapes.py."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

Grade = Literal["red", "orange", "yellow", "blue"]
AgeState = Literal["fresh", "late", "stale", "unknown"]
QualityWord = Literal["good", "suspect", "missing"]
OriginWord = Literal["live", "recorded", "simulated", "exercise"]


class Names(BaseModel):
    zh: str
    en: str


class Latest(BaseModel):
    value: float | None = Field(description="null where the device could not measure")
    unit: str
    t: datetime | None = Field(description="the device's time; null where it has never reported")
    received_at: datetime | None
    age_s: float | None
    state: AgeState = Field(description="in reporting intervals: fresh <= 2, late <= 5, stale")
    quality: QualityWord
    flags: list[str]
    origin: OriginWord
    original_t: datetime | None
    interval_s: int = Field(description="how often this metric reports; its state counts in these")
    trend_per_h: float | None


class StationProperties(BaseModel):
    code: str
    kind: str
    names: Names
    town: Names | None
    interval_s: int
    state: AgeState = Field(description="of its newest value")
    newest: datetime | None
    age_s: float | None
    severity: Grade | Literal["normal", "unknown"] = Field(
        description="worst open alert; normal only if every value is fresh or late"
    )
    acknowledged: bool = Field(description="every open alert of that grade has an owner")
    origin: OriginWord = Field(description="the least live of its values")
    latest: dict[str, Latest]
    department: str | None = None
    public: bool | None = None
    device: str | None = None


class Point(BaseModel):
    type: Literal["Point"]
    coordinates: tuple[float, float]


class StationFeature(BaseModel):
    type: Literal["Feature"]
    id: str
    geometry: Point
    properties: StationProperties


class StationCollection(BaseModel):
    type: Literal["FeatureCollection"]
    generated_at: datetime
    features: list[StationFeature]


class ReadingPoint(BaseModel):
    t: datetime = Field(description="of the reading, or the start of the bucket")
    value: float | None = Field(description="mean of the usable readings")
    min: float | None
    max: float | None
    count: int = Field(description="usable readings")
    quality: QualityWord
    flags: list[str] | None = Field(None, description="of raw readings: what marked it, by name")


class Readings(BaseModel):
    station: str
    metric: str
    unit: str
    resolution: str = Field(description="raw, 1m, 5m, 1h, 1d; Nd where N days are put together")
    points: list[ReadingPoint]


class Muted(BaseModel):
    id: int
    kind: Literal["shelved", "suppressed", "out_of_service"]
    who: str = Field(description="the officer, or the code of the inhibition")
    why: str
    cause: str | None = Field(description="suppressed: the alert that hides it")
    since: datetime
    until: datetime | None = Field(
        description="null: while its cause stands, or until further notice"
    )


class AlertGroup(BaseModel):
    id: str = Field(description="of the alert that founded it; it stays the same")
    cause: str = Field(description="gas, silence, air, or the kind of station")
    place: str = Field(description="code of the plant, device or station; empty: the district")


class Alert(BaseModel):
    id: str
    version: int = Field(description="to be sent back with a write")
    rule: str
    rule_version: int
    station: str | None
    station_names: Names | None
    metric: str | None
    subject: str
    label: Names
    grade: Grade
    peak_grade: Grade
    state: Literal["active", "acknowledged", "returned", "ended"] = Field(
        description="returned: the condition is over, and nobody has seen it yet (or it is latched)"
    )
    began_at: datetime
    raised_at: datetime
    ended_at: datetime | None = Field(description="when the condition was over; null: it is on")
    announced_at: datetime | None
    found_afterwards: bool
    origin: OriginWord
    value: float | None
    unit: str | None
    limit: float | None
    limit_period_s: int | None = Field(description="time of the mean that the limit is for")
    basis: Literal["mean", "rate", "deviation", "count"] | None = Field(
        description="what value, limit and peak_value are; null: those of a reading"
    )
    peak_value: float | None
    quality: QualityWord
    owner: str | None
    acknowledged_at: datetime | None
    note: str | None
    latched: bool = Field(description="over or not, it stands until a person resets it")
    muted: Muted | None = Field(description="why it is not told at present; null: it is")
    reason: Names
    action: Names | None
    cause: Names | None
    consequence: Names | None
    call: Names | None = Field(description="whom to call")
    group: AlertGroup | None = Field(description="null: by itself")


class AlertLife(Alert):
    transitions: list[dict[str, Any]]
    evidence: dict[str, Any]


class AlertList(BaseModel):
    alerts: list[Alert]
    cursor: str | None = Field(description="send it back for what follows; null at the end")


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


def storable(text: str) -> str:
    """PostgreSQL keeps no NUL, UTF-8 no half of a surrogate pair."""
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("the text contains a character that cannot be stored")
    return text.strip()


def kept(text: str | None) -> str | None:
    return None if text is None else storable(text)


class Acknowledge(Body):
    version: Annotated[int, Field(ge=1, description="the version of the alert that was seen")]
    note: Annotated[str, Field(max_length=500, description="what is being done")] = ""

    _note_storable = field_validator("note")(storable)


class Withdrawal(BaseModel):
    id: int
    who: str
    made_at: datetime
    reason: str
    applied_at: datetime | None = Field(description="null: stored readings still show the mark")


class Mark(BaseModel):
    id: int
    station: str
    metric: str
    from_: datetime = Field(alias="from")
    to: datetime | None = Field(description="exclusive; null: until further notice")
    verdict: Literal["invalid", "valid"]
    reason: str
    who: str
    made_at: datetime
    applied_at: datetime | None = Field(description="null: stored readings do not show it yet")
    withdrawn: Withdrawal | None


class MarkList(BaseModel):
    marks: list[Mark]
    cursor: str | None = Field(description="send it back for what follows; null at the end")


class NewMark(Body):
    """The name is the account's."""

    metric: Annotated[str, Field(max_length=100)]
    from_: Annotated[datetime, Field(alias="from", description="the first moment")]
    to: Annotated[
        datetime | None, Field(description="the first moment after; null: until further notice")
    ]
    verdict: Literal["invalid", "valid"]
    reason: Annotated[str, Field(max_length=500)]

    _storable = field_validator("metric", "reason")(storable)


class Withdraw(Body):
    reason: Annotated[str, Field(max_length=500)]

    _storable = field_validator("reason")(storable)


class Release(Body):
    t: Annotated[datetime, Field(description="when the picture was taken")]
    unmasked: Annotated[
        bool,
        Field(description="true: the original shows no people, vehicles or premises; so I say"),
    ] = False


class Camera(BaseModel):
    code: str
    names: Names
    interval_s: int
    state: AgeState
    newest: datetime | None
    age_s: float | None
    origin: OriginWord | None
    width: int | None
    height: int | None
    picture: str | None = Field(description="address of the newest picture")
    thumbnail: str | None
    public: bool
    released: datetime | None = Field(description="the newest picture that the public sees")


class CameraList(BaseModel):
    cameras: list[Camera]


class Picture(BaseModel):
    t: datetime
    received_at: datetime
    picture: str
    released: bool


class PictureList(BaseModel):
    camera: str
    pictures: list[Picture]


class LedgerRow(BaseModel):
    feed: str
    hour: datetime
    received: int
    stored: int
    duplicate: int
    revised: int
    quarantined: int
    unaccounted: int = Field(description="received less the four outcomes")
    pruned: int = Field(description="quarantined messages deleted when their time was over")
    kept: int = Field(description="rows that lie in quarantine")
    missing: int = Field(description="quarantined, less pruned, less kept: deleted by somebody")
    gap: int = Field(description="what is unaccounted for or missing; must be 0")
    readings: int
    readings_late: int


class Canary(BaseModel):
    name: str
    stored_at: datetime | None
    age_s: float | None = Field(description="null where none ever came back")
    delay_s: float | None = Field(description="from sending to storing, the whole path")
    old_after_s: float


class Ledger(BaseModel):
    rows: list[LedgerRow]
    totals: dict[str, int]
    own: list[str] = Field(description="feeds that the totals leave out")
    canaries: list[Canary]


class Share(BaseModel):
    expected: int
    usable: int
    share: float | None = Field(description="null where nothing is expected; never more than 1")


class Lateness(BaseModel):
    median_s: float
    p95_s: float
    late: int = Field(description="arrived later than 5 intervals, and than 300 s")
    readings: int


class StationCompleteness(BaseModel):
    code: str
    kind: str
    names: Names
    interval_s: int
    interval_set: bool
    day: Share
    week: Share
    strip: list[float | None] = Field(description="share of each of the last 24 whole hours")
    lateness: Lateness | None


class Completeness(BaseModel):
    generated_at: datetime
    until: datetime = Field(description="the whole hours before this one are counted")
    hours: list[datetime]
    stations: list[StationCompleteness]


class QuarantineGroup(BaseModel):
    code: str
    count: int
    waiting: int = Field(description="not replayed")
    newest: datetime
    feeds: list[str]
    example: str = Field(description="the reason of the newest one")


class AskReplay(Body):
    code: Annotated[
        str | None, Field(max_length=100, description="which reason; null: all of them")
    ]

    @field_validator("code")
    @classmethod
    def _code_storable(cls, code: str | None) -> str | None:
        return None if code is None else storable(code)


class Replay(BaseModel):
    id: int
    code: str | None
    state: Literal["asked", "running", "done"]
    asked_at: datetime
    asked_by: str
    started_at: datetime | None
    done_at: datetime | None
    replayed: int
    outcomes: dict[str, int]
    refused: int
    why: dict[str, int] = Field(description="reason -> how often it was refused again")


class QuarantinedMessage(BaseModel):
    id: int
    received_at: datetime
    feed: str
    topic: str
    size: int
    code: str
    reason: str
    replayed_at: datetime | None
    outcome: str | None
    payload: dict[str, Any] = Field(description='{"text": ...} or {"base64": ...}, "cut": bool')


class Quarantine(BaseModel):
    groups: list[QuarantineGroup]
    messages: list[QuarantinedMessage]
    replays: list[Replay]
    cursor: str | None


class ProblemDocument(BaseModel):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
