from pathlib import Path
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

import config
from dashboard.settings import DashboardSettings
from database.settings import DatabaseSettings
from demo import effective
from demo.settings import DemoSettings
from ingest.settings import IngestSettings
from sensors.settings import SensorsSettings

Tree = dict[str, Any]
KEYS = st.sampled_from("abcd")
TREES = st.recursive(
    st.integers() | st.none(), lambda below: st.dictionaries(KEYS, below, max_size=3), max_leaves=8
)
MAPPINGS = st.dictionaries(KEYS, TREES, max_size=4)


def test_the_run_decides_where_things_are_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "config.yaml"
    effective.write(
        config.DEFAULT_PATH, target, effective.overrides("postgresql:///x", 11883, 18050, 18051)
    )
    found, base = config.load(target), config.load()
    assert found.section(DatabaseSettings).dsn == "postgresql:///x"
    assert found.section(IngestSettings).broker.port == 11883
    assert found.section(IngestSettings).broker.protocol == "3.1.1"
    assert found.section(DashboardSettings).staff.port == 18050
    assert found.section(DashboardSettings).public.port == 18051
    assert found.section(SensorsSettings) == base.section(SensorsSettings)
    assert found.section(DemoSettings) == base.section(DemoSettings)
    assert found.section(IngestSettings).batch == base.section(IngestSettings).batch


def test_relative_paths_still_point_at_the_same_files(tmp_path: Path) -> None:
    source = tmp_path / "config.yaml"
    source.write_text("gis: {layers: [{path: roads.gpkg}, {path: /srv/a.shp}]}\n")
    (tmp_path / "run").mkdir()
    effective.write(source, tmp_path / "run" / "config.yaml", {})
    raw = yaml.safe_load((tmp_path / "run" / "config.yaml").read_text())
    paths = [layer["path"] for layer in raw["gis"]["layers"]]
    assert paths == [str(tmp_path / "roads.gpkg"), "/srv/a.shp"]


def test_paths_inside_messages_are_no_files(tmp_path: Path) -> None:
    source = tmp_path / "config.yaml"
    source.write_text("ingest: {foreign: [{name: ttn, time: {path: received_at}}]}\n")
    (tmp_path / "run").mkdir()
    effective.write(source, tmp_path / "run" / "config.yaml", {})
    raw = yaml.safe_load((tmp_path / "run" / "config.yaml").read_text())
    assert raw["ingest"]["foreign"] == [{"name": "ttn", "time": {"path": "received_at"}}]


@given(MAPPINGS, MAPPINGS)
def test_laying_changes_twice_changes_nothing_more(base: Tree, changes: Tree) -> None:
    once = effective.merged(base, changes)
    assert effective.merged(once, changes) == once


@given(MAPPINGS)
def test_no_changes_leave_everything(base: Tree) -> None:
    assert effective.merged(base, {}) == base
