"""A CAP 1.2 alert as values (OASIS, Common Alerting Protocol 1.2, 1 July 2010).

Fields are named and ordered as the standard's elements: this order is that of the XML. What is
required has no default; what may be left out is None or ().
"""

from dataclasses import dataclass
from datetime import datetime

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"

STATUS = ("Actual", "Exercise", "System", "Test", "Draft")
MSG_TYPE = ("Alert", "Update", "Cancel", "Ack", "Error")
SCOPE = ("Public", "Restricted", "Private")
CATEGORY = (
    *("Geo", "Met", "Safety", "Security", "Rescue", "Fire"),
    *("Health", "Env", "Transport", "Infra", "CBRNE", "Other"),
)
RESPONSE_TYPE = (
    *("Shelter", "Evacuate", "Prepare", "Execute", "Avoid"),
    *("Monitor", "Assess", "AllClear", "None"),
)
URGENCY = ("Immediate", "Expected", "Future", "Past", "Unknown")
SEVERITY = ("Extreme", "Severe", "Moderate", "Minor", "Unknown")
CERTAINTY = ("Observed", "Likely", "Possible", "Unlikely", "Unknown")

Point = tuple[float, float]  # latitude, longitude: WGS-84 degrees, as CAP writes them
Ring = tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """A valueName with its value: a parameter, an event code or a geocode."""

    value_name: str
    value: str


@dataclass(frozen=True, slots=True)
class Reference:
    """An earlier message, by the three that make it unique."""

    sender: str
    identifier: str
    sent: datetime


@dataclass(frozen=True, slots=True)
class Circle:
    """radius_km: kilometres around the centre."""

    centre: Point
    radius_km: float


@dataclass(frozen=True, slots=True)
class Resource:
    """size: bytes; digest: SHA-1 in hexadecimal."""

    resource_desc: str
    mime_type: str
    size: int | None = None
    uri: str | None = None
    deref_uri: str | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Area:
    """altitude, ceiling: feet above mean sea level, as the standard has them."""

    area_desc: str
    polygon: tuple[Ring, ...] = ()
    circle: tuple[Circle, ...] = ()
    geocode: tuple[Named, ...] = ()
    altitude: float | None = None
    ceiling: float | None = None


@dataclass(frozen=True, slots=True)
class Info:
    """What is said in one language; None there means en-US, the standard's default."""

    category: tuple[str, ...]
    event: str
    urgency: str
    severity: str
    certainty: str
    language: str | None = None
    response_type: tuple[str, ...] = ()
    audience: str | None = None
    event_code: tuple[Named, ...] = ()
    effective: datetime | None = None
    onset: datetime | None = None
    expires: datetime | None = None
    sender_name: str | None = None
    headline: str | None = None
    description: str | None = None
    instruction: str | None = None
    web: str | None = None
    contact: str | None = None
    parameter: tuple[Named, ...] = ()
    resource: tuple[Resource, ...] = ()
    area: tuple[Area, ...] = ()


@dataclass(frozen=True, slots=True)
class CapAlert:
    """One message. Times are aware and of whole seconds."""

    identifier: str
    sender: str
    sent: datetime
    status: str
    msg_type: str
    scope: str
    source: str | None = None
    restriction: str | None = None
    addresses: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    note: str | None = None
    references: tuple[Reference, ...] = ()
    incidents: tuple[str, ...] = ()
    info: tuple[Info, ...] = ()

    @property
    def reference(self) -> Reference:
        """How later messages name this one."""
        return Reference(self.sender, self.identifier, self.sent)
