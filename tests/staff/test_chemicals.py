"""Plants and gases in the drawer: what a plant holds, how it is graded, what a gas does."""

from datetime import UTC, datetime

from playwright.sync_api import expect

from tests import sample
from tests.staff.conftest import errors, open_desk, signed_in


def test_a_plant_says_its_grade_by_design_and_now_and_what_was_assumed(browser, shared_desk):
    with signed_in(browser, shared_desk, "viewer", lang="en") as context:
        page = open_desk(context, "/?station=P-07")
        hazard = page.locator("#drawer-hazard")
        expect(hazard).to_contain_text("GB 18218-2018")
        expect(hazard.locator(".hazard-grade").first).to_have_text("grade 2")
        expect(hazard.locator(".tank")).to_have_count(2)
        expect(hazard.locator("#hazard-notes")).to_contain_text(
            "46 residents within 500 m (sample)"
        )
        expect(hazard.locator("#hazard-notes")).to_contain_text("Counted as full")
        expect(hazard.get_by_role("button")).to_have_count(0)  # a viewer does not enter
        assert errors(page) == []


def test_an_officer_enters_what_a_tank_holds_and_everybody_reads_who_and_when(browser, desk):
    with signed_in(browser, desk, "duty", lang="zh") as context:
        page = open_desk(context, "/?station=P-07")
        tank = page.locator('.tank[data-key="T-22"]')
        tank.get_by_role("button").click()
        tank.locator("input[name=quantity]").fill("1,200")
        tank.locator("input[name=quantity]").press("Enter")
        expect(tank.locator(".tank-said")).to_have_text("请填写吨数，不小于 0，如 1200.5。")
        tank.locator("input[name=quantity]").fill("200")
        tank.locator("input[name=quantity]").press("Enter")
        expect(tank.locator(".tank-said")).to_have_text("超过该罐设计容量。")
        tank.locator("input[name=quantity]").fill("12,5")
        tank.locator("input[name=note]").fill("<i>量油尺</i>")
        tank.locator("input[name=note]").press("Enter")
        expect(tank.locator(".tank-basis")).to_contain_text("填报 · duty")
        expect(tank.locator(".tank-basis")).to_contain_text("<i>量油尺</i>")
        expect(tank.locator(".tank-amount")).to_have_text("12.5 / 79.0 t")
        expect(tank.locator("form")).to_have_count(0)
        assert desk.rows("select quantity_t, entered_by from tank_entry") == [(12.5, "duty")]


def test_a_gas_stands_beside_its_limits_while_it_is_known(browser, desk):
    with signed_in(browser, desk, "viewer", lang="en") as context:
        page = open_desk(context, "/?station=G-31")
        now = datetime.now(UTC)
        desk.write(lambda conn: sample.observe(conn, "G-31", "nh3_ppm", 186.0, now))
        limits = page.locator("#drawer-toxic .toxic-limit")
        names = [f"AEGL-{level}" for level in (1, 2, 3)] + ["IDLH"]
        expect(limits.locator(".toxic-name")).to_have_text(names)
        expect(limits.locator(".toxic-ppm")).to_have_text(["30", "160", "1100", "300"])
        expect(limits.locator(".toxic-now")).to_have_text(["exceeded", "exceeded", "", ""])
        expect(page.locator("#toxic-notes")).to_contain_text("a reading is of a moment")
        # Five intervals later nobody knows any more.
        expect(limits.locator(".toxic-now")).to_have_text([""] * 4)
        assert errors(page) == []
