"""The `alerts` section: refused with line, key and remedy; every setting described."""

import re
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

import config
from alerts.built_in import BUILT_IN, SYSTEM_INGEST
from alerts.receiver_settings import (
    DeadManSettings,
    DutySettings,
    EscalationSettings,
    MatchSettings,
    ReceiverSettings,
    RouteSettings,
    StepSettings,
)
from alerts.rule_settings import RuleSettings
from alerts.settings import AlertsSettings, ClockSettings
from tests.servers.program import ROOT

DISTRICT = """\
sensors:
  departments: [{code: water, zh: 水利局, en: Water}]
  stations:
    - {code: R-01, kind: reservoir, zh: 甲, en: A, lon: 121.8, lat: 29.9, department: water,
       interval_s: 60, metrics: [level_m], limits: [
         {metric: level_m, name: flood_limit, value: 23.5, unit: m, zh: 汛限, en: flood, source: s},
         {metric: level_m, name: top, value: 25, unit: m, zh: 顶, en: top, source: s}]}
    - {code: W-01, kind: weather, zh: 乙, en: B, lon: 121.8, lat: 29.9, department: water,
       interval_s: 60, metrics: [rain_mm]}
alerts:
  rules:
"""
RULE = {
    "code": "LEVEL",
    "label": "{zh: 超汛限, en: Above}",
    "metric": "level_m",
    "kind": "reservoir",
    "when": "above",
    "unit": "m",
    "grades": "{orange: flood_limit, red: 30}",
}
NEAR = RULE | {"when": "deviation", "usual": "neighbours", "grades": "{red: 2}"}
ABSENCE = RULE | {"when": "no_data", "unit": None, "grades": None, "grade": "blue"}
LINE = DISTRICT.count("\n") + 1


def written(**changes: str | None) -> str:
    said = {key: value for key, value in {**RULE, **changes}.items() if value is not None}
    return "    - {" + ", ".join(f"{key}: {value}" for key, value in said.items()) + "}\n"


def mistakes(tmp_path: Path, text: str) -> list[config.Mistake]:
    path = tmp_path / "config.yaml"
    path.write_text(text, "utf-8")
    try:
        config.load(path)
    except config.BadConfig as error:
        return error.mistakes
    return []


def test_a_right_rule_is_taken(tmp_path):
    assert mistakes(tmp_path, DISTRICT + written()) == []
    text = written(**(ABSENCE | {"patience_s": "900"}))
    assert mistakes(tmp_path, DISTRICT + text) == []


@pytest.mark.parametrize(
    ("changes", "key", "remedy"),
    [
        ({"metric": "levle_m"}, "metric", "did you mean 'level_m'"),
        ({"unit": "cm"}, 0, "wrong unit 'cm' for level_m; the catalogue says 'm'"),
        ({"stations": "[R-1]"}, "stations", "unknown station; did you mean 'R-01'?"),
        ({"stations": "[W-01]"}, "stations", "does not measure level_m; it has rain_mm"),
        ({"kind": "air"}, "kind", "no station of this kind measures level_m"),
        ({"kind": None}, 0, "covers nothing"),
        (
            {"grades": "{orange: flood_limt}"},
            "orange",
            "no covered station has such a limit of level_m; did you mean 'flood_limit'?",
        ),
        (
            {"grades": "{blue: 24, red: 23}"},
            "grades",
            "grades must rise from blue to red: blue is 24, red is 23",
        ),
        (
            {"grades": "{orange: top, red: flood_limit}"},
            "grades",
            "grades must rise from blue to red: orange is 25, red is 23.5 at R-01",
        ),
        (
            {"when": "below", "grades": "{blue: 23, red: 24}"},
            "grades",
            "grades must fall from blue to red: blue is 23, red is 24",
        ),
        (
            {"grades": "{blue: 23, red: 24}", "dead_band": "1"},
            "dead_band",
            "must be smaller than the gap between blue (23) and red (24), which is 1",
        ),
        ({"grades": "{violet: 3}"}, "violet", "'blue', 'yellow', 'orange' or 'red'"),
        ({"dead_band": "-1"}, "dead_band", "greater than or equal to 0"),
        ({"patience_s": "900"}, 0, "`patience_s` belongs to `when: no_data`"),
        ({"deadband": "1"}, "deadband", "did you mean 'dead_band'"),
        ({"code": "SYSTEM-X"}, 0, "built in"),
        (ABSENCE, 0, "`when: no_data` needs `patience_s` or `patience_intervals`"),
    ],
)
def test_each_mistake_is_named_once_with_line_key_and_remedy(tmp_path, changes, key, remedy):
    found = mistakes(tmp_path, DISTRICT + written(**changes))
    assert [remedy in mistake.problem for mistake in found] == [True], found
    assert key in found[0].where
    assert found[0].line == LINE


OUTSIDE = {"when": "outside", "grades": None, "low": "{red: 20}", "high": "{red: 25}"}
RATE = {"when": "rate", "grades": "{red: 2}", "window_s": "600"}
COMPOSITE = dict.fromkeys(("metric", "kind", "unit", "grades")) | {
    "when": "at_least",
    "of": "[{metric: level_m, kind: reservoir, when: above, unit: m, limit: flood_limit}]",
}


@pytest.mark.parametrize(
    "changes",
    [
        OUTSIDE,
        RATE,
        {"mean_over_s": "3600"},
        {
            "grades": None,
            "seasons": '[{season_from: "06-01", season_to: "08-31", grades: {red: 9}}]',
        },
        COMPOSITE | {"grades": "{red: 1}"},
        COMPOSITE | {"when": "any", "grade": "red", "per": "plant"},
        ABSENCE | {"patience_intervals": "5"},
    ],
)
def test_each_kind_of_condition_is_taken(tmp_path, changes):
    assert mistakes(tmp_path, DISTRICT + written(**changes)) == []


@pytest.mark.parametrize(
    ("changes", "key", "remedy"),
    [
        (OUTSIDE | {"high": None}, 0, "needs `low` and `high`"),
        (OUTSIDE | {"low": "{blue: 20, red: 21}"}, "low", "grades must fall from blue to red"),
        (OUTSIDE | {"low": "{red: top}"}, "red", "its low limit 25 is not below the high one, 25"),
        (OUTSIDE | {"low": "{red: topp}"}, "red", "did you mean 'top'"),
        ({"low": "{red: 3}"}, 0, "`low` belongs to `when: outside`"),
        (
            {"when": "deviation", "usual": "month", "grades": "{red: 2}"},
            "usual",
            "give its sensor `usual`, a range for each month",
        ),
        ({"when": "deviation", "grades": "{red: 2}"}, 0, "`when: deviation` needs `usual`"),
        (NEAR, "usual", "too few measure it to compare with: `usual: month` asks no others"),
        (NEAR | {"metric": "rain_mm", "unit": "mm", "kind": "weather"}, "usual", "too few"),
        ({"least": "4"}, 0, "`within_km` and `least` belong to `usual: neighbours`"),
        (NEAR | {"least": "1"}, "least", "greater than or equal to 2"),
        (NEAR | {"usual": "neighbour"}, "usual", "'month' or 'neighbours'"),
        (RATE | {"window_s": None}, 0, "`when: rate` needs `window_s`"),
        (RATE | {"window_s": "120"}, "window_s", "R-01 reports level_m every 60 s"),
        (RATE | {"grades": "{red: -2}"}, "red", "must be above 0: `direction` says"),
        (RATE | {"grades": "{red: top}"}, "red", "give a number"),
        (RATE | {"direction": "sideways"}, "direction", "'up', 'down' or 'either'"),
        (RATE | {"mean_over_s": "3600"}, 0, "belongs to above, below and outside"),
        ({"window_s": "600"}, 0, "nothing else has one"),
        ({"direction": "up"}, 0, "`direction` belongs to"),
        ({"grades": "{red: 99999}"}, "red", "can never be reached: the instruments report"),
        ({"grades": "{red: grade_1}"}, "red", "no covered station has such a limit of level_m"),
        ({"patience_intervals": "3"}, 0, "belongs to `when: no_data`"),
        (COMPOSITE | {"grades": "{red: 2}"}, "red", "no group has more than 1 of these sensors"),
        (COMPOSITE | {"grades": "{red: 1}", "unit": "m"}, 0, "`unit` belongs to"),
        (
            dict.fromkeys(("metric", "grades", "unit"))
            | {"when": "offline", "grade": "red", "patience_s": "60"},
            "kind",
            "no covered station has a `device`",
        ),
        (
            {
                "seasons": '[{season_from: "06-01", season_to: "08-31", grades: {red: 31}},'
                ' {season_from: "08-01", season_to: "09-31", grades: {red: 31}}]'
            },
            "season_to",
            "'09-31' is no day",
        ),
        (
            {
                "seasons": '[{season_from: "06-01", season_to: "08-31", grades: {red: 31}},'
                ' {season_from: "08-01", season_to: "09-30", grades: {red: 32}}]'
            },
            0,
            "two seasons hold on the same day",
        ),
        (
            {"seasons": '[{season_from: "06-01", season_to: "08-31", grades: {red: 20}}]'},
            "grades",
            "grades must rise from blue to red: orange is 23.5, red is 20 at R-01",
        ),
    ],
)
def test_what_a_condition_cannot_mean_is_refused_with_line_and_remedy(
    tmp_path, changes, key, remedy
):
    found = mistakes(tmp_path, DISTRICT + written(**changes))
    assert [mistake for mistake in found if remedy in mistake.problem], found
    assert len(found) == 1, found
    assert key in found[0].where
    assert found[0].line == LINE


def test_a_deviation_is_taken_where_the_usual_is_known(tmp_path):
    months = f"[{', '.join(['[20, 24]'] * 12)}]"
    known = DISTRICT.replace("[level_m], limits", f"[{{metric: level_m, usual: {months}}}], limits")
    asked = {"when": "deviation", "usual": "month", "grades": "{red: 2}"}
    assert mistakes(tmp_path, known + written(**asked)) == []


def gauges(*lons: float) -> str:
    """The district with more reservoirs, at these longitudes (0.01° are 0.96 km)."""
    one = "    - {{code: R-1{}, kind: reservoir, zh: 丙, en: C, lon: {}, lat: 29.9, "
    rest = "department: water,\n       interval_s: 60, metrics: [level_m]}}\n"
    more = "".join((one + rest).format(n, lon) for n, lon in enumerate(lons))
    return DISTRICT.replace("alerts:\n", f"{more}alerts:\n")


@pytest.mark.parametrize(
    ("lons", "changes", "key", "remedy"),
    [
        ((121.81, 121.82), {}, "least", "R-01 has 2 at any distance: ask for no more"),
        ((121.81, 121.82, 122), {}, "within_km", "R-11 has them within 17.4 km"),
        ((121.81, 121.82, 121.83), {"within_km": "1.5"}, "within_km", "R-10 has them within 2 km"),
    ],
)
def test_neighbours_that_are_out_of_reach_are_refused_with_a_remedy(
    tmp_path, lons, changes, key, remedy
):
    (found,) = mistakes(tmp_path, gauges(*lons) + written(**(NEAR | changes)))
    assert remedy in found.problem
    assert key in found.where


def test_neighbours_in_reach_are_taken(tmp_path):
    assert mistakes(tmp_path, gauges(121.81, 121.82, 121.83) + written(**NEAR)) == []
    far = gauges(121.81, 121.82, 122)
    assert mistakes(tmp_path, far + written(**(NEAR | {"within_km": "17.4"}))) == []
    assert mistakes(tmp_path, far + written(**(NEAR | {"least": "2"}))) == []


def test_a_season_is_met_by_the_order_of_grades(tmp_path):
    seasonal = DISTRICT.replace(
        "en: flood, source: s}", 'en: flood, source: s, season_from: "06-01", season_to: "09-30"}'
    )
    text = written(grades="{orange: flood_limit, red: 23}")
    assert "orange is 23.5, red is 23 at R-01" in mistakes(tmp_path, seasonal + text)[0].problem


def test_a_rule_or_receiver_written_twice_is_a_mistake(tmp_path):
    receivers = "  receivers: [{name: a, type: log}, {name: a, type: log}]\n"
    found = mistakes(tmp_path, DISTRICT + written() + written() + receivers)
    assert ["duplicate" in mistake.problem for mistake in found] == [True, True]


def test_a_webhook_needs_an_address(tmp_path):
    receivers = "  receivers: [{name: a, type: webhook}]\n"
    found = mistakes(tmp_path, DISTRICT + written() + receivers)
    assert "a webhook needs one of `url`" in found[0].problem


def test_malformed_entries_do_not_break_the_check(tmp_path):
    for text in (
        "    - 7\n",
        "    - {code: A, stations: 7, grades: 7, metric: level_m}\n",
        "    - {code: A, stations: [{}], metric: [x], grades: {red: {}}, kind: [x]}\n",
    ):
        assert mistakes(tmp_path, DISTRICT + text) != []


def test_every_field_is_described():
    models: list[type[BaseModel]] = [AlertsSettings]
    seen = set()
    while models:
        model = models.pop()
        seen.add(model)
        for name, field in model.model_fields.items():
            assert field.description, f"{model.__name__}.{name}"
            found = config._models_in(field.annotation)
            models += [one for one in found if one.__module__.startswith("alerts.")]
    assert len(seen) >= 9


def test_every_number_has_a_most():
    """A year of 10^15 s once stopped the judge: no reckoning with times knows a way round it."""
    models: list[type[BaseModel]] = [AlertsSettings]
    seen, endless = set(), []
    while models:
        model = models.pop()
        if model in seen:
            continue
        seen.add(model)
        for name, field in model.model_fields.items():
            found = config._models_in(field.annotation)
            models += [one for one in found if one.__module__.startswith("alerts.")]
            numbers = {int, float} & {field.annotation, *get_args(field.annotation)}
            bounds = {type(one).__name__ for one in field.metadata}
            if numbers and not bounds & {"Le", "Lt"}:
                endless.append(f"{model.__name__}.{name}")
    # Limits are held against what the instruments can report, a dead-band against the limits.
    assert set(endless) <= {"Member.limit", "RuleSettings.dead_band", "Member.dead_band"}


TELLING = (
    *(ReceiverSettings, MatchSettings, RouteSettings, StepSettings, EscalationSettings),
    *(DutySettings, DeadManSettings),
)


@pytest.mark.parametrize(
    ("page", "models"),
    [("alerts.md", (RuleSettings, ClockSettings)), ("telling.md", TELLING)],
)
def test_every_setting_is_documented(page, models):
    text = (config.DEFAULT_PATH.parent / "docs" / page).read_text("utf-8")
    for model in models:
        for name in model.model_fields:
            assert re.search(rf"[`.]{name}`", text), f"{model.__name__}.{name}"


def test_every_rule_of_the_file_says_what_it_means_and_whom_to_call():
    """An officer who has never seen it must know what to do, in both languages."""
    rules = config.load(ROOT / "config.yaml").section(AlertsSettings).rules
    fields = ("cause", "consequence", "action", "call")
    assert [(rule.code, name) for rule in rules for name in fields if not getattr(rule, name)] == []
    assert all(field in BUILT_IN[SYSTEM_INGEST] for field in fields)


@pytest.mark.parametrize(
    ("section", "where", "said"),
    [
        ("receivers: []", "alerts", "nobody would ever be told"),
        ("routes: [{name: a, to: [log], rules: ['']}]", "rules.0", "how codes begin"),
        ("routes: [{name: a, to: [log], rules: ['*LEVEL']}]", "rules.0", "how codes begin"),
        ("routes: [{name: a, to: [log], rules: [level]}]", "rules.0", "did you mean 'LEVEL'"),
        ("routes: [{name: a, to: [log], rules: [SYSTEM-INJEST]}]", "rules.0", "'SYSTEM-INGEST'"),
        ("inhibitions: [{code: A, cause: [SYSTEM-INJEST], hides_no_data: true}]", "cause.0", "did"),
        ("routes: [{name: a, to: ['person:']}]", "to.0", "duty:CODE or person:NAME"),
        ("quiet: {flood_above: 5, flood_below: 20}", "quiet", "over when it begins"),
        ("clock: {retry_first_s: 300, retry_most_s: 2}", "clock", "waits only grow"),
        ("receivers: [{name: a, type: webhook, url: 'ftp://u:KEY@x/'}]", "0.url", "'ftp://***'"),
        ("receivers: [{name: a, type: apprise, url: 'wecombot://KEY'}]", "0.url", "url_env"),
        ("dead_man: {url: 'https://example.com/KEY'}", "dead_man.url", "'https://***'"),
    ],
)
def test_what_would_tell_nobody_or_show_a_key_is_refused(tmp_path, section, where, said):
    found = [str(one) for one in mistakes(tmp_path, DISTRICT + written() + f"  {section}\n")]
    assert any(f"{where}" in one and said in one for one in found), found
    assert not any("KEY" in one for one in found)


@pytest.mark.parametrize("nothing", ["[]", "''", "0", "'rules'"])
def test_a_section_that_is_no_mapping_is_not_taken_for_an_empty_one(tmp_path, nothing):
    """Every rule of the file would have retired."""
    text = DISTRICT.partition("alerts:")[0] + f"alerts: {nothing}\n"
    assert [one.where for one in mistakes(tmp_path, text)] == [("alerts",)]


@pytest.mark.parametrize("limit", ["{red: yes}", "{red: false}", f"{{red: 1{'0' * 400}}}"])
def test_a_limit_is_neither_a_word_nor_beyond_every_number(tmp_path, limit):
    found = mistakes(tmp_path, DISTRICT + written(grades=limit))
    assert found
    assert all("grades" in one.where for one in found)
