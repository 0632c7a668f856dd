"""docs/gis.md names every setting and every file of the map."""

from pathlib import Path

import pytest

from gis.basemap import FILES
from gis.settings import Boundary, GisSettings, Layer, Section, Tiles

DOCUMENT = (Path(__file__).parents[2] / "docs" / "gis.md").read_text("utf-8")


@pytest.mark.parametrize("model", [GisSettings, Boundary, Layer, Tiles])
def test_every_setting_is_described_in_the_code_and_stands_in_the_documentation(
    model: type[Section],
):
    for name, field in model.model_fields.items():
        assert field.description
        assert f"`{name}`" in DOCUMENT


def test_every_layer_of_the_map_stands_in_the_documentation():
    assert [name for name in FILES if f"`{name}`" not in DOCUMENT] == []
