"""config.yaml is refused with every mistake at once: line, key, value, remedy."""

from itertools import pairwise
from pathlib import Path

import pytest

import config
from alerts.settings import AlertsSettings
from sensors.settings import SensorsSettings

WRONG = """\
database:
  dns: postgresql:///x
  retention: {classes: [{metrics: [batery_v], days: 90}]}
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
        (3, "retention", "batery_v", "did you mean 'battery_v'"),
        (8, "metrics", "levle_m", "did you mean 'level_m'"),
        (9, "lat", 299, "less than or equal to 90"),
        (9, "code", "R-1", "duplicate"),
        (9, "department", "watre", "did you mean 'water'"),
        (11, "limits", None, "wrong unit 'cm' for level_m; the catalogue says 'm'"),
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


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        (b"", 1, "empty"),
        (b"  \n\n", 1, "empty"),
        (b"gis: {}\n# caf\xe9\n", 2, "not UTF-8"),
        ("gis: {}".encode("utf-16"), 1, "not UTF-8"),
        (b"gis: {}\ndatabase: {dsn: 'a\x00b'}", 2, "does not take"),
        (b"database: &a {dsn: *a}", 1, "aliases"),
        (b"a: " + b"[" * 3000 + b"]" * 3000, 1, "too deeply"),
        (b"? [a, b]\n: c\n", 1, "unhashable"),
        (b"sensors: {clock: {ahead_s: 2026-02-30}}", 1, "day is out of range"),
        (b"dashboard: {time_zone: Mars/Phobos}", 1, "unknown time zone"),
        (b"sensors: {stations: [{code: [R-1], plant: [P-1], department: {a: b}}]}", 1, "code"),
    ],
)
def test_whatever_the_file_holds_the_answer_is_a_sentence_with_its_line(
    tmp_path, content, line, words
):
    path = tmp_path / "config.yaml"
    path.write_bytes(content)
    with pytest.raises(config.BadConfig) as caught:
        config.load(path)
    said = [str(mistake) for mistake in caught.value.mistakes]
    assert any(text.startswith(f"line {line}: ") and words in text for text in said), said


def test_aliases_that_multiply_are_refused_in_seconds(tmp_path):
    text = "a: &a [x, x, x, x, x, x, x, x, x]\n"
    for name, before in pairwise("abcdefghi"):
        text += f"{before}: &{before} [{', '.join([f'*{name}'] * 9)}]\n"
    assert "aliases" in str(mistakes_in(tmp_path, text)[0])


def test_every_gas_that_is_judged_is_also_missed_when_its_detector_falls_silent():
    rules = [r for r in config.load().section(AlertsSettings).rules if r.kind == "gas"]
    judged = {rule.metric for rule in rules if rule.when == "above"}
    assert judged
    assert judged <= {rule.metric for rule in rules if rule.when == "no_data"}
