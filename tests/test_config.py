"""config.yaml is refused with every mistake at once: line, key, value, remedy."""

from pathlib import Path

import pytest

import config
from sensors.settings import SensorsSettings

WRONG = """\
database:
  dns: postgresql:///x
sensors:
  departments: [{code: water, zh: 水利局, en: Water}]
  stations:
    - {code: R-1, kind: reservoir, zh: 甲, en: A, lon: 121.8, lat: 29.9, department: water,
       interval_s: 60, metrics: [levle_m]}
    - {code: R-1, kind: reservoir, zh: 乙, en: B, lon: 121.8, lat: 299, department: watre,
       interval_s: 60, metrics: [level_m],
       limits: [{metric: level_m, name: top, value: 1, unit: cm, zh: 顶, en: top, source: plan}]}
"""


def mistakes_in(tmp_path: Path, text: str) -> list[config.Mistake]:
    path = tmp_path / "config.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(config.BadConfig) as caught:
        config.load(path)
    return caught.value.mistakes


def test_the_shipped_configuration_is_right():
    assert config.load().section(SensorsSettings).stations


@pytest.mark.parametrize(
    ("line", "key", "value", "remedy"),
    [
        (2, "dns", "postgresql:///x", "did you mean 'dsn'"),
        (7, "metrics", "levle_m", "did you mean 'level_m'"),
        (8, "lat", 299, "less than or equal to 90"),
        (8, "code", "R-1", "duplicate"),
        (8, "department", "watre", "did you mean 'water'"),
        (10, "limits", None, "wrong unit 'cm' for level_m; the catalogue says 'm'"),
    ],
)
def test_each_mistake_is_named_with_line_key_value_and_remedy(tmp_path, line, key, value, remedy):
    found = [m for m in mistakes_in(tmp_path, WRONG) if key in m.where and remedy in m.problem]
    assert len(found) == 1
    assert found[0].line == line
    assert value is None or found[0].value == value
    assert str(found[0]).startswith(f"line {line}: ")


def test_two_stations_cannot_have_one_device(tmp_path):
    text = """\
sensors:
  stations:
    - {code: A, hj212: {mn: X1}, sl651: {address: '0000000001'}}
    - {code: B, hj212: {mn: X2}}
    - {code: C, hj212: {mn: X1}, sl651: {address: '0000000001'}}
"""
    found = [m for m in mistakes_in(tmp_path, text) if "duplicate" in m.problem]
    assert [(m.line, m.where[-1], m.value) for m in found] == [
        (5, "mn", "X1"),
        (5, "address", "0000000001"),
    ]
    assert "entry 0 of stations has the same mn" in found[0].problem


def test_a_key_written_twice_is_a_mistake(tmp_path):
    found = mistakes_in(tmp_path, "database: {pool_size: 2}\ndatabase: {pool_size: 3}\n")
    assert [str(m) for m in found] == [
        "line 2: database = '': written twice, first on line 1; keep one of them"
    ]


def test_broken_yaml_names_the_line(tmp_path):
    assert mistakes_in(tmp_path, "database:\n  dsn: [1\n")[0].line >= 2
