"""Rules on screen: edited as a new version, tried on the past, and never lost to somebody else."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import expect

from alerts.rule_command import RulesFile
from alerts.rule_editing import By, change
from alerts.rule_history import versions
from alerts.rule_settings import RuleSettings
from alerts.rulebook import definition_of, seed
from alerts.settings import AlertsSettings
from config import load_document
from database.pool import connect
from tests.dashboard.test_rules import RULE
from tests.servers.look import violations
from tests.staff.conftest import READY, errors, open_page, signed_in, wait


@pytest.fixture
def seeded(desk):
    rules = (RuleSettings.model_validate(RULE),)
    desk.write(lambda conn: seed(conn, AlertsSettings(rules=rules), datetime.now(UTC)))
    return desk


def opened(context, path="/rules#PH"):
    page = open_page(context)
    page.goto(path)
    wait(page, f"{READY} && dongtai.shown.rule && document.querySelector('.rule-form')")
    return page


def stored(desk):
    conn = connect(desk.database, None, application="test")
    found = versions(conn, "PH")
    conn.close()
    return found


CONFIG = Path(__file__).parents[2] / "config.yaml"
SEASONAL = RULE | {
    "seasons": [
        {"from": "06-01", "until": "09-30", "grades": {"red": 8.5}},
        {"from": "12-01", "until": "02-28", "grades": {"yellow": 7.5, "red": 9.5}},
    ]
}
READ_BACK = """async (rules) => {
  const form = await import("/assets/rules/form.mjs");
  const before = form.read();
  const found = rules.map((rule) => { form.refill(rule); return form.read(); });
  form.refill(before);
  return found;
}"""


def rules_stay_what_they_are(page):
    """What the form reads of its fields is the text that was put in: every rule of the file, and
    one with seasons."""
    rules = [definition_of(rule) for rule in load_document(CONFIG, RulesFile).found.alerts.rules]
    assert len(rules) > 20
    texts = [*rules, SEASONAL]
    assert page.evaluate(READ_BACK, texts) == texts


def test_a_rule_is_tried_on_the_past_and_saved_as_a_new_version(browser, seeded):
    with signed_in(browser, seeded, "environment", "en") as context:
        page = opened(context)
        rules_stay_what_they_are(page)
        band, said = page.locator("[data-path=dead_band] input"), page.locator(".field-said")
        band.fill("5")
        expect(said.filter(has_text="smaller than the gap")).to_be_visible()
        band.fill("1,500")
        expect(said.filter(has_text="valid number")).to_be_visible()
        band.fill("0.2")
        expect(said.filter(has_text="smaller than the gap")).to_have_count(0)
        page.locator("[data-path=grades] input").nth(1).fill("7.1")
        page.get_by_role("button", name="Back-test", exact=True).click()
        expect(page.locator(".trial-sentence")).to_contain_text("There would have been")
        expect(page.locator(".trial-old")).to_be_hidden()
        page.get_by_role("button", name="Save", exact=True).click()
        expect(said.filter(has_text="Say why")).to_be_visible()
        page.get_by_label("Reason of the change").fill("chatters at night")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.locator("#rule-news")).to_contain_text("Saved as version 2")
        row = page.locator(".rule-row", has_text="pH high")
        expect(row).to_contain_text("version 2 · environment")
        expect(row).to_contain_text("not as in the file")
        page.get_by_role("button", name="Versions").click()
        newest = page.locator(".rule-version").first
        expect(newest).to_contain_text("chatters at night")
        expect(newest.locator("tbody tr")).to_have_count(2)
        assert errors(page) == []
    new = stored(seeded)[0]
    assert (new.author, new.reason, new.definition["dead_band"]) == (
        *("environment", "chatters at night", 0.2),
    )
    assert new.definition["grades"] == {"yellow": 7.1, "red": 9.0}


def test_a_back_test_is_refused_in_the_language_of_the_reader(browser, seeded):
    with signed_in(browser, seeded, "environment", "zh") as context:
        page = opened(context)
        said = page.locator(".trial-said")
        page.locator(".trial [name=to]").fill("2020-01-31")
        page.locator(".trial [type=submit]").click()
        expect(said).to_contain_text("结束须晚于开始")
        page.locator(".trial [data-span=week]").click()
        page.locator("[data-path=grades] input").nth(1).fill("99")
        page.locator(".trial [type=submit]").click()
        expect(said).to_contain_text("逐级升高")


def test_fields_of_neighbours_belong_to_neighbours_alone(browser, seeded):
    rule = {
        "when": "deviation",
        "usual": "neighbours",
        "within_km": 5,
        "least": 4,
        "grades": {"red": 3},
    }
    read = """async (rule) => {
      const form = await import("/assets/rules/form.mjs");
      form.refill(rule);
      const hidden = (name) => document.querySelector(`[data-path=${name}]`).hidden;
      return [["within_km", "least"].map(hidden), form.read()];
    }"""
    with signed_in(browser, seeded, "environment", "en") as context:
        page = opened(context)
        assert page.evaluate(read, rule) == [[False, False], rule]
        of_month = rule | {"usual": "month"}
        left = {key: of_month[key] for key in ("when", "usual", "grades")}
        assert page.evaluate(read, of_month) == [[True, True], left]
        assert errors(page) == []


def test_the_grades_of_a_rule_stand_from_the_worst_down(browser, seeded):
    with signed_in(browser, seeded, "environment", "en") as context:
        page = opened(context)
        found = page.evaluate("""() => [...document.querySelectorAll(".rule-shapes")].map((each) =>
          [...each.querySelectorAll("use")].map((one) => one.getAttribute("href")))""")
    assert found
    order = ["red", "orange", "yellow", "blue"]
    for shapes in found:
        at = [next(n for n, grade in enumerate(order) if grade in one) for one in shapes]
        assert at == sorted(at)


def test_what_is_written_stays_when_somebody_else_saves(browser, seeded):
    phone = {"width": 360, "height": 780}
    with signed_in(browser, seeded, "environment", "zh", viewport=phone) as context:
        page = opened(context)
        band = page.locator("[data-path=dead_band] input")
        band.fill("0.4")
        by = By("administrator", "另一处修改", datetime.now(UTC))
        seeded.write(lambda conn: change(conn, "PH", RULE | {"public": True}, 1, by))
        page.get_by_label("修改原因").fill("夜间抖动")
        with page.expect_request(lambda one: one.method == "PUT") as first:
            page.get_by_role("button", name="保存", exact=True).click()
        expect(page.locator("#rule-news")).to_contain_text("此规则现为版本 2")
        assert band.input_value() == "0.4"
        expect(page.locator(".rule-ending .mark-said")).to_contain_text("已有他人先行修改")
        with page.expect_request(lambda one: one.method == "PUT") as again:  # asked anew
            page.get_by_role("button", name="保存", exact=True).click()
        assert again.value.headers["idempotency-key"] != first.value.headers["idempotency-key"]
        expect(page.locator(".rule-ending .mark-said")).to_contain_text("已有他人先行修改")
        page.get_by_role("button", name="全部规则").click()
        expect(page.locator(".rule-row", has_text="酸碱度高")).to_contain_text("未保存")
        page.locator(".rule-row", has_text="酸碱度高").click()
        assert page.locator("[data-path=dead_band] input").input_value() == "0.4"
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert [one.version for one in stored(seeded)] == [2, 1]
    with signed_in(browser, seeded, "viewer", "en") as context:
        page = opened(context)
        expect(page.get_by_text("Your role may read rules, not change them.")).to_be_visible()
        expect(page.locator("[data-path=dead_band] input")).to_be_disabled()
        expect(page.locator("#rule-new")).to_have_count(0)
        assert errors(page) == []
