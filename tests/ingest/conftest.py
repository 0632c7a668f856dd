"""A small district in the database, and messages as a broker would hand them over."""

import itertools
import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alerts.judging import Judge
from database.pool import Connection
from ingest.context import Context
from ingest.message import Message
from ingest.settings import IngestSettings
from sensors.settings import SensorsSettings
from sensors.store import load_directory, sync

NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)
DISTRICT = SensorsSettings.model_validate(
    {
        "departments": [{"code": "water", "zh": "水利局", "en": "Water"}],
        "stations": [
            {
                "code": "R-01",
                "kind": "reservoir",
                "zh": "甲水库（示例）",
                "en": "Reservoir A (sample)",
                "lon": 121.8,
                "lat": 29.9,
                "department": "water",
                "interval_s": 60,
                "metrics": ["level_m", "rain_mm"],
                "public": True,
                "curve": {"points": [[0, 0], [100, 1000]], "source": "sample"},
            },
            {
                "code": "D-01",
                "kind": "discharge",
                "zh": "乙排口（示例）",
                "en": "Outfall B (sample)",
                "lon": 121.9,
                "lat": 29.9,
                "department": "water",
                "interval_s": 60,
                "metrics": ["ph", "cod_mgl"],
            },
        ],
    }
)
_numbers = itertools.count(1)


@pytest.fixture
def context(owner: Connection) -> Context:
    sync(owner, DISTRICT, NOW)
    owner.commit()
    return Context(
        settings=IngestSettings(),
        clock=DISTRICT.clock,
        directory=load_directory(owner),
        judge=Judge.load(owner),
        client_id="test",
        canary="test",
    )


def message(station: str, payload: Any, *, arrived: float = 0, **changes: Any) -> Message:
    """A message of a station, arrived so many seconds after NOW; a dict becomes JSON."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    at = NOW + timedelta(seconds=arrived)
    plain = Message(
        f"dongtai/v1/obs/{station}", body, at, next(_numbers), dup=False, epoch=1, qos=1
    )
    return plain._replace(**changes)


def level(value: float | None, at: float, **more: Any) -> dict[str, Any]:
    """An observation payload of a level, so many seconds after NOW."""
    return {"t": (NOW + timedelta(seconds=at)).isoformat(), "v": {"level_m": value}, **more}


@pytest.fixture
def query(owner: Connection) -> Callable[..., list[tuple[Any, ...]]]:
    def ask(statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with owner.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall()

    return ask


@pytest.fixture
def stopped() -> threading.Event:
    """Of who is never asked to stop."""
    return threading.Event()
