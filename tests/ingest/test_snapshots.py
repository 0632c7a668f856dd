"""Pictures at the edges: what cannot be used is refused in words, never by an exception of ours."""

import cv2
import numpy as np
import pytest

from ingest.settings import IngestSettings
from ingest.snapshots import PictureContext, open_snapshot
from sensors.reading import BadPayload
from sensors.settings import SensorsSettings
from sensors.store import load_directory, sync
from tests.ingest.conftest import NOW, message

CAMERA = SensorsSettings.model_validate(
    {
        "departments": [{"code": "water", "zh": "水利局", "en": "Water"}],
        "stations": [
            {
                "code": "C-01",
                "kind": "camera",
                "zh": "甲（示例）",
                "en": "Camera A (sample)",
                "lon": 121.8,
                "lat": 29.9,
                "department": "water",
                "interval_s": 60,
            }
        ],
    }
)


@pytest.mark.parametrize(
    ("time", "code"),
    [
        ("0001-01-01T00:00:00+14:00", "bad_time"),
        ("9999-12-31T23:59:59-14:00", "bad_time"),
        ("2026-06-01T08:00:00", "no_zone"),
        ("now", "bad_time"),
    ],
)
def test_a_picture_with_an_impossible_time_is_refused_in_words(owner, time, code):
    sync(owner, CAMERA, NOW)
    context = PictureContext(IngestSettings(), CAMERA.clock, load_directory(owner))
    _, jpeg = cv2.imencode(".jpg", np.zeros((8, 8, 3), np.uint8))
    picture = message(
        "C-01", jpeg.tobytes(), topic="dongtai/v1/img/C-01", user_time=time, retain=False
    )
    with pytest.raises(BadPayload) as refused:
        open_snapshot(picture, context)
    assert refused.value.code == code
