"""Rules by the API: read, written as versions by who may, checked, tried on the past."""

import ast
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from alerts import check, condition_settings, rule_editing, rule_settings
from alerts.check_neighbours import too_lonely
from alerts.check_stations import Place, Sensed
from alerts.rule_settings import RuleSettings
from alerts.rulebook import seed
from alerts.settings import AlertsSettings
from dashboard.api import backtests
from dashboard.rules.form import HAS, fields_of, form
from dashboard.rules.problems import TEMPLATES, said
from dashboard.text import catalogue
from database.pool import Pool
from tests.dashboard.conftest import until
from tests.dashboard.test_api import problem

RULE: dict[str, Any] = {
    "code": "PH",
    "label": {"zh": "酸碱度高", "en": "pH high"},
    "metric": "ph",
    "kind": "discharge",
    "when": "above",
    "unit": "pH",
    "grades": {"yellow": 7.0, "red": 9.0},
}
URL = "/api/v1/rules/PH"
HOUR = timedelta(hours=1)


@pytest.fixture
def seeded(desk):
    rules = (RuleSettings.model_validate(RULE),)
    desk.write(lambda conn: seed(conn, AlertsSettings(rules=rules), datetime.now(UTC)))
    return desk


def test_numbers_and_times_beyond_all_are_refused_and_not_a_defect_of_ours(seeded):
    wrong = RULE | {"grades": {"yellow": 7.0, "red": 10**400}}
    with seeded.client("environment") as person:
        found = person.post("/api/v1/rules/check", json={"definition": wrong}).json()
        assert all(one["field"].startswith("grades.red") for one in found["mistakes"])
        assert found["mistakes"]
        for since in ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+08:00"):
            asked = {"code": "PH", "from": since, "to": "0002-01-01T00:00:00Z"}
            refused = person.post("/api/v1/rules/backtest", json=asked)
            assert "between the years 1900 and 2200" in problem(refused, 400)


def test_a_rule_lives_from_written_to_retired(seeded):
    with seeded.client("environment") as person:
        asked = {"definition": RULE | {"dead_band": 0.2}, "version": 1, "reason": " chatters "}
        changed = person.put(URL, json=asked)
        assert changed.status_code == 200, changed.text
        rule = changed.json()
        assert (rule["version"], rule["author"], rule["reason"]) == (2, "environment", "chatters")
        assert rule["drift"] == [{"field": "dead_band", "before": None, "after": 0.2}]
        assert rule["covers"] == {"series": 1, "stations": ["D-02"]}
        gone = person.post(f"{URL}/retire", json={"version": 2, "reason": "not wanted"}).json()
        assert (gone["state"], gone["version"]) == ("retired", 3)
        back = person.post(f"{URL}/reinstate", json={"version": 3, "reason": "wanted"}).json()
        assert (back["state"], back["definition"]["dead_band"]) == ("in_force", 0.2)
        found = person.get(URL).json()
    assert [one["version"] for one in found["versions"]] == [4, 3, 2, 1]
    assert found["versions"][2]["changes"] == [{"field": "dead_band", "before": None, "after": 0.2}]
    assert found["versions"][0]["changes"] == []
    noted = seeded.rows("select action, object from audit where object = 'PH' order by id")
    words = ("changed a rule", "retired a rule", "reinstated a rule")
    assert noted == [(word, "PH") for word in words]


def test_a_new_rule_is_made_once_for_its_key(seeded):
    asked = {"definition": RULE | {"code": "PH-2"}, "reason": "a second outfall"}
    with seeded.client("environment") as person:
        answers = [
            person.post("/api/v1/rules", json=asked, headers={"Idempotency-Key": "one"})
            for _ in range(2)
        ]
        assert [one.status_code for one in answers] == [201, 201]
        assert answers[0].json()["version"] == answers[1].json()["version"] == 1
        said = problem(person.post("/api/v1/rules", json=asked), 409)
    assert "there is a rule PH-2 already" in said


def test_who_was_slower_gets_the_rule_as_it_stands(seeded):
    asked = {"definition": RULE | {"dead_band": 0.2}, "version": 1, "reason": "chatters"}
    with seeded.client("environment") as person, seeded.client("administrator") as other:
        assert other.put(URL, json=asked).status_code == 200
        answer = person.put(URL, json=asked | {"definition": RULE | {"dead_band": 0.4}})
        assert "now version 2 by administrator" in problem(answer, 409)
        assert answer.json()["rule"]["definition"]["dead_band"] == 0.2


def test_mistakes_are_named_by_field(seeded):
    wrong = RULE | {"grades": {"yellow": 9, "red": 8}, "stations": ["D-2"]}
    with seeded.client("environment") as person:
        answer = person.put(URL, json={"definition": wrong, "version": 1, "reason": "x"})
        problem(answer, 422)
        found = {one["where"]: one["problem"] for one in answer.json()["errors"]}
        assert found["body.definition.stations.0"].startswith(
            "unknown station; did you mean 'D-02'"
        )
        checked = person.post("/api/v1/rules/check", json={"definition": wrong}).json()
        assert {one["field"] for one in checked["mistakes"]} == {"grades", "stations.0"}
        assert checked["covers"]["stations"] == ["D-02"]
        fine = person.post("/api/v1/rules/check", json={"definition": RULE}).json()
        assert fine["mistakes"] == []
        assert "reason" in problem(person.post(f"{URL}/retire", json={"version": 1}), 422)


@pytest.mark.parametrize("role", ["viewer", "duty"])
def test_everybody_reads_rules_and_few_write_them(seeded, role):
    with seeded.client(role) as person:
        listed = {one["code"]: one for one in person.get("/api/v1/rules").json()["rules"]}
        assert listed["PH"]["state"] == "in_force"
        assert listed["SYSTEM-INGEST"]["state"] == "built_in"
        assert person.get(URL).status_code == person.get("/api/v1/rule-form").status_code == 200
        body = {"definition": RULE, "version": 1, "reason": "x"}
        problem(person.put(URL, json=body), 403)
        problem(person.post("/api/v1/rules", json=body), 403)
        problem(person.post(f"{URL}/retire", json=body), 403)
        problem(person.post("/api/v1/rules/backtest", json={}), 403)
        problem(person.get("/api/v1/rules/NONE"), 404)


@pytest.mark.parametrize("text", ["a\0b", "a\ud800b"])
def test_what_cannot_be_stored_is_refused_with_its_place(shared_desk, text):
    wrong = RULE | {"cause": {"zh": text, "en": "x"}}
    bodies = [
        ("/api/v1/rules", {"definition": wrong, "reason": "x"}, "definition"),
        ("/api/v1/rules", {"definition": RULE | {text: 1}, "reason": "x"}, "definition"),
        ("/api/v1/rules", {"definition": RULE, "reason": text}, "reason"),
        (f"{URL}/retire", {"version": 1, "reason": text}, "reason"),
        (f"{URL}/reinstate", {"version": 1, "reason": "x", "definition": wrong}, "definition"),
        ("/api/v1/rules/check", {"definition": RULE | {"stations": [text]}}, "definition"),
        ("/api/v1/rules/backtest", span(definition=wrong), "definition"),
        ("/api/v1/rules/backtest", span(code=text), "code"),
    ]
    with shared_desk.client("environment") as person:
        for path, body, field in bodies:
            answer = person.post(
                path, content=json.dumps(body), headers={"Content-Type": "application/json"}
            )
            problem(answer, 422)
            (said,) = answer.json()["errors"]
            assert said["where"].startswith(f"body.{field}")


@pytest.mark.parametrize("levels", [30, 300])
def test_a_rule_nested_too_deep_is_refused_with_its_place(shared_desk, levels):
    deep: Any = 1
    for _ in range(levels):
        deep = {"all": [deep]}
    body = {"definition": RULE | {"when": deep}, "reason": "x", "version": 1}
    with shared_desk.client("environment") as person:
        for ask in (partial(person.put, URL), partial(person.post, f"{URL}/reinstate")):
            answer = ask(json=body)
            problem(answer, 422)
            assert "levels" in answer.json()["detail"]


def span(hours: float = 48, **more: Any) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {"from": (now - hours * HOUR).isoformat(), "to": now.isoformat()} | more


def test_a_back_test_of_a_text_that_is_not_saved(seeded):
    """The sample's pH stands at about 7.3: above 7 the whole day, above 20 never."""
    with seeded.client("environment") as person:
        found = person.post("/api/v1/rules/backtest", json=span(code="PH")).json()
        assert found["alerts"] == len(found["episodes"]) >= 1
        assert found["readings"] > 100
        assert found["by_station"] == {"D-02": found["alerts"]}
        lifted = RULE | {"grades": {"red": 13.0}}
        none = person.post("/api/v1/rules/backtest", json=span(definition=lifted)).json()
        assert (none["alerts"], none["episodes"], none["longest"]) == (0, [], None)
        assert none["readings"] == found["readings"]


def test_a_back_test_shows_how_far_it_is_and_can_be_left(seeded, monkeypatch):
    monkeypatch.setattr("alerts.backtest.store.ROWS", 10)
    headers = {"Accept": backtests.LINES}
    asked = {"json": span(code="PH"), "headers": headers}
    with seeded.client("environment") as person:
        with person.stream("POST", "/api/v1/rules/backtest", **asked) as answer:
            next(answer.iter_lines())  # and goes
        until(lambda: _goes_on(person, asked))


def test_nothing_is_held_while_the_result_waits_for_its_reader(seeded):
    rule, now = RuleSettings.model_validate(RULE), datetime.now(UTC)
    pool = Pool(seeded.database, "staff", application="test")
    lines = backtests._lines(SimpleNamespace(pool=pool), rule, now - 48 * HOUR, now)
    last = next(line for line in lines if "progress" not in line)
    assert last["result"]["readings"] > 100
    assert backtests._turn.acquire(blocking=False)
    backtests._turn.release()
    pool.close()


def _goes_on(person, asked):
    lines = [
        json.loads(line)
        for line in person.post("/api/v1/rules/backtest", **asked).text.splitlines()
    ]
    shares = [line["progress"] for line in lines if "progress" in line]
    return shares == sorted(shares) and len(shares) > 5 and lines[-1].get("result")


def test_one_back_test_at_a_time_and_a_period_that_is_one(seeded):
    with seeded.client("environment") as person:
        with backtests._turn:
            said = problem(person.post("/api/v1/rules/backtest", json=span(code="PH")), 429)
        assert "another back-test is under way" in said
        backwards = span(code="PH", to="2020-01-01T00:00:00Z")
        assert "after from" in problem(person.post("/api/v1/rules/backtest", json=backwards), 422)
        both = span(code="PH", definition=RULE)
        assert "either" in problem(person.post("/api/v1/rules/backtest", json=both), 422)
        offline = {"code": "GONE", "label": RULE["label"], "when": "offline", "grade": "yellow"}
        asked = span(definition=offline | {"patience_s": 60})
        said = problem(person.post("/api/v1/rules/backtest", json=asked), 422)
        assert "`when: offline` cannot be back-tested: when devices were offline is not" in said
        unknown = person.post("/api/v1/rules/backtest", json=span(code="NONE"))
        assert "NONE" in problem(unknown, 404)


def test_the_form_has_every_field_with_words_in_both_languages():
    fields = fields_of(RuleSettings)
    assert {one["name"] for one in fields} == set(RuleSettings.model_fields)
    texts = catalogue("zh")
    for one in _all(fields):
        assert one["group"] != "more", f"{one['name']} has no place in the form"
        assert one["label"]["en"] in texts, one["label"]["en"]
        assert one["hint"]["en"] in texts, one["hint"]["en"]
        assert one["type"] != "json", one["name"]
    assert {one["code"] for one in _of(fields, "when")["choices"]} == set(HAS)
    json.dumps(form())


def _of(fields, name):
    return next(one for one in fields if one["name"] == name)


def _all(fields):
    for one in fields:
        yield one
        yield from _all(one.get("fields", ()))


@pytest.mark.parametrize(
    ("changes", "zh"),
    [
        ({"dead_band": -1}, "须不小于 0"),
        ({"dead_band": 2}, "须小于黄色（7）与红色（9）之差 2"),
        ({"dead_band": "much"}, "须为数值"),
        ({"dead_band": "1,500"}, "须为数值"),
        ({"grades": {"red": "1,500"}}, None),
        ({"label": None}, None),
        ({"unit": "mg/L"}, "单位有误：ph 的单位是 pH，不是 mg/L"),
        ({"stations": ["D-2"]}, "没有这个站点；是否指 D-02？"),
        ({"grades": {"yellow": "permitt"}}, None),
        ({"grades": {"red": 20.0}}, "永远达不到：仪器量程为 0～14，请填其间的限值"),
        ({"kind": None}, "未覆盖任何站点：请选择站点类别，或填写站点"),
        ({"unit": None}, "请填写限值的单位"),
        ({"when": "hot"}, None),
        ({"kind": None, "stations": "D-02"}, None),
        ({"code": "SYSTEM-X"}, "以 SYSTEM- 开头的代码为内置规则专用，请换一个"),
        ({"metric": "phh"}, "没有这个指标；是否指 ph？"),
        ({"grades": {}}, None),
        ({"grade": "red"}, "“等级”只用于：无数据、设备离线、多项条件全部满足、多项条件任一满足"),
        ({"direction": "up"}, "“方向”只用于“变化过快”和“偏离常态”"),
        ({"label": {"zh": 1, "en": ""}}, None),
        ({"seasons": [{"season_from": "x", "season_to": "05-01", "grades": {"red": 9}}]}, None),
        ({"latched": "perhaps"}, "须为是或否"),
        ({"code": "P H"}, "格式不符：代码只用字母、数字和 - _ .，日期写作 05-01"),
    ],
)
def test_what_is_wrong_is_said_in_chinese_too(shared_desk, changes, zh):
    asked = {key: value for key, value in (RULE | changes).items() if value is not None}
    with shared_desk.client("environment") as person:
        found = person.post("/api/v1/rules/check", json={"definition": asked}).json()["mistakes"]
    assert found
    assert all(one["text"]["en"] == one["problem"] for one in found)
    if zh:
        assert zh in [one["text"]["zh"] for one in found]
    assert not [one for one in found if one["text"]["zh"] == one["problem"]]


def test_every_problem_has_its_words():
    assert not set(TEMPLATES) - catalogue("zh").keys()


def _sentence(node: ast.AST | None) -> str | None:
    """The text of a literal with something in each of its places."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if not isinstance(node, ast.JoinedStr):
        return None
    filled = {"remedy": "known are x", "SYSTEM": "SYSTEM-", "SIDE": "above", "word": "rise"}
    parts = []
    for part in node.values:
        if isinstance(part, ast.Constant):
            parts.append(str(part.value))
            continue
        assert isinstance(part, ast.FormattedValue)
        wanted = ast.unparse(part.value)
        one = next((text for name, text in filled.items() if wanted.startswith(name)), "7")
        one = "known are x" if wanted.startswith("did_you_mean") else one
        one = "" if wanted == "at" else one
        parts.append(f"'{one}'" if part.conversion == ord("r") else one)
    return "".join(parts)


def _problems(module: object) -> Iterator[str]:
    """Every sentence that a module of the checks can say of a rule."""
    tree = ast.parse(Path(str(getattr(module, "__file__", ""))).read_text("utf-8"))
    found: list[ast.AST | None] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            found += node.exc.args[:1]
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "problem":
            found.append(node.value)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "Mistake":
            found += node.args[2:3]
        elif isinstance(node, ast.FunctionDef) and node.name.endswith("_problem"):
            found += [each.value for each in ast.walk(node) if isinstance(each, ast.Return)]
    yield from filter(None, map(_sentence, found))


def test_whatever_the_checks_can_say_is_said_in_chinese():
    modules = (check, condition_settings, rule_settings, rule_editing)
    spoken = [one for module in modules for one in _problems(module)]
    # Of several rules in a file, which no form has; and sentences that are put together elsewhere.
    of_one = [one for one in spoken if one != "7" and not one.startswith("duplicate: ")]
    of_one = [one.replace("already: known are x", "already: change that") for one in of_one]
    assert len(of_one) > 35
    assert [one for one in of_one if said(one)["zh"] == one] == []


def test_neighbours_out_of_reach_are_said_in_chinese():
    said_of = [place("A", 0), place("B", 1), place("C", 2)]
    asked = [{"within_km": 50}, {"least": 2, "within_km": 5}, {}]
    spoken = [too_lonely(one, "pm10_ugm3", said_of, said_of) for one in asked]
    spoken.append(too_lonely({}, "pm10_ugm3", said_of[:1], said_of[:1]))
    keys = [one and one[0] for one in spoken]
    assert keys == ["least", "within_km", "least", "usual"]
    for _, why in filter(None, spoken):
        assert said(why)["zh"] != why
        assert "站点" in said(why)["zh"]


def place(code, lon):
    return Place(code, "air", {"pm10_ugm3": Sensed(0, 1000, 60)}, (), spot=(121 + lon, 29.9))


def test_a_refusal_is_said_in_both_languages(seeded):
    with seeded.client("environment") as person:
        again = person.post("/api/v1/rules", json={"definition": RULE, "reason": "again"})
    assert again.status_code == 409
    assert again.json()["text"] == {
        "zh": "规则 PH 已存在：请修改原规则",
        "en": "there is a rule PH already: change that",
    }
