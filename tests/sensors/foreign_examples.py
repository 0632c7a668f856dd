"""The mappings that docs/foreign.md shows, and a documented message for each."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sensors.foreign import Foreign
from tests.servers.program import ROOT

DATA = Path(__file__).parent / "data"
PAGE = (ROOT / "docs" / "foreign.md").read_text("utf-8")
BLOCKS: list[str] = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
RAW: dict[str, Any] = {
    mapping["name"]: mapping
    for block in BLOCKS
    for mapping in yaml.safe_load(block)["ingest"]["foreign"]
}

# Those of the sample district that the mappings name.
STATIONS = {"R-01", "R-04", "W-02", "W-03", "W-04", "D-01", "D-02"}


@dataclass(frozen=True)
class Example:
    name: str
    topic: str

    @property
    def mapping(self) -> Foreign:
        return Foreign.model_validate(RAW[self.name])

    @property
    def payload(self) -> bytes:
        return (DATA / f"foreign_{self.name}.json").read_bytes()


EXAMPLES = (
    Example("ttn", "v3/water-levels@ttn/devices/radar-daqi/up"),
    Example("chirpstack", "application/ca739e26/device/a84041d1c1826a07/event/up"),
    Example("senml", "senml/gateway-1"),
    Example("sensorthings", "v1.1/Datastreams(12)/Observations"),
)
BY_NAME = {example.name: example for example in EXAMPLES}
