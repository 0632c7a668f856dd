"""The duty page; and the desk in a flood: groups in the list, a line that says what matters."""

import json
import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from dashboard.door.accounts import create_account
from database.pool import Connection
from tests.dashboard.conftest import PASSWORD
from tests.servers.look import violations
from tests.staff.conftest import (
    ARTEFACTS,
    READY,
    errors,
    open_page,
    open_without_map,
    signed_in,
    wait,
)

FLOOD = 14


def test_the_page_says_how_the_shift_goes(browser, shared_desk):
    with signed_in(browser, shared_desk, "duty", "zh") as context:
        page = open_page(context)
        page.goto("/duty")
        wait(
            page, READY + " && dongtai.shown.score && dongtai.shown.stale && dongtai.shown.chatter"
        )
        expect(page.locator(".nav-link[aria-current=page]")).to_have_text("值班")
        rows = page.locator(".score-table tbody tr")
        expect(rows.filter(has_text="每 10 分钟").first).to_contain_text("≤ 1")
        expect(rows.filter(has_text="告警泛滥时间")).to_contain_text("*")
        expect(page.locator("#chatter-note")).to_contain_text("24 小时")
        assert errors(page) == []


def flood(conn: Connection) -> None:
    """One leak, FLOOD alerts around plant 7 within a few seconds."""
    group = {"id": "f-0", "key": "gas:P-07:", "cause": "gas", "place": "P-07"}
    with conn.cursor() as cursor:
        cursor.execute(
            "select rule_id, rule_version, series_id, station_id, reason from alert"
            " where id = 'a-nh3'"
        )
        rule, version, series, station, reason = cursor.fetchone() or ()
        now = datetime.now(UTC)
        for n in range(FLOOD):
            at = now - timedelta(seconds=20 + n)
            cursor.execute(
                "insert into alert (id, rule_id, rule_version, series_id, station_id, subject,"
                " grade, peak_grade, state, began_at, raised_at, value, limit_value, grouping,"
                " reason) values (%s, %s, %s, %s, %s, %s, 'orange', 'orange', 'active', %s, %s,"
                " 40, 30, %s, %s)",
                (
                    *(f"f-{n}", rule, version, series, station, f"f-{n}", at, at),
                    *(json.dumps(group), json.dumps(reason)),
                ),
            )
            cursor.execute(
                "insert into alert_transition (alert_id, seq, kind, at, recorded_at, grade, reason)"
                " values (%s, 1, 'raised', %s, %s, 'orange', '{}')",
                (f"f-{n}", at, at),
            )


def test_in_a_flood_a_leak_is_one_row_that_the_keyboard_opens(browser, desk):
    desk.write(flood)
    with signed_in(browser, desk, "duty", "en") as context:
        page = open_without_map(context)
        cluster = page.locator("#waiting > .cluster")
        expect(cluster).to_have_count(1)
        expect(cluster).to_contain_text(f"{FLOOD} alerts")
        expect(page.locator("#flood")).to_be_visible()
        expect(page.locator("#flood-what")).to_contain_text("Alarm flood")
        expect(page.locator("#flood-first")).to_contain_text(f"×{FLOOD}")
        expect(page.locator(".cell[data-grade=orange] .cell-count")).to_have_text(f"{FLOOD + 1}")
        singles = page.locator("#waiting > .row:not(.cluster)").count()
        opener = cluster.locator(".row-name")
        opener.focus()
        page.keyboard.press("a")  # whose is it? one by one: it opens, and nothing is taken
        expect(opener).to_have_attribute("aria-expanded", "true")
        expect(page.locator("#waiting > .row:not(.cluster)")).to_have_count(singles + FLOOD)
        page.keyboard.press("j")
        expect(page.locator("#waiting > .row[data-current]")).to_have_attribute("data-key", "f-13")
        expect(page.locator("#waiting > .row[data-of]").first).to_be_visible()
        assert violations(page) == []
        failed = [
            line for line in errors(page) if "maplibre" not in line and "ERR_FAILED" not in line
        ]
        assert failed == []


def mixed(conn: Connection) -> None:
    """One group of two departments: a leak of emergency's, the air of environment's."""
    for code in ("emergency", "water"):
        create_account(conn, f"duty-{code}", "duty", PASSWORD, code)
    group = {"id": "g-0", "key": "gas:P-07:", "cause": "gas", "place": "P-07"}
    with conn.cursor() as cursor:
        cursor.execute(
            "update alert set grouping = %s where id in ('a-nh3', 'a-pm25')", (json.dumps(group),)
        )


def test_of_a_group_each_department_takes_its_own_and_is_told_so_before(browser, desk):
    desk.write(mixed)
    with signed_in(browser, desk, "duty-water", "zh") as context:
        page = open_without_map(context)
        button = page.locator("#waiting > .cluster .ack")
        expect(button).to_be_disabled()
        expect(button).to_have_text("全部确认")
        reason = re.compile("此站点仅由 emergency 部门操作，您属于 water 部门")
        expect(button).to_have_attribute("title", reason)
    with signed_in(browser, desk, "duty-emergency", "zh") as context:
        page = open_without_map(context)
        button = page.locator("#waiting > .cluster .ack")
        expect(button).to_have_text("确认 1/2 条")
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=ARTEFACTS / "acknowledge-some-zh.png")
        button.click()
        page.locator(".ack-form input").fill("已派人")
        page.keyboard.press("Enter")
        expect(page.locator("#waiting > .cluster")).to_have_count(0)
        expect(page.locator("#waiting [data-key=a-pm25] .ack")).to_be_disabled()
        expect(page.locator("#waiting [data-key=a-nh3]")).to_have_count(0)
    owners = "select id, owner from alert where id in ('a-nh3', 'a-pm25') order by id"
    assert desk.rows(owners) == [("a-nh3", "duty-emergency"), ("a-pm25", None)]
