"""Rota, receivers and receipts on screen: entered, handed over, accepted by name; who was told."""

import os
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, Page, expect

from dashboard.door.accounts import create_account
from tests import sample
from tests.dashboard.conftest import PASSWORD, served
from tests.staff import busy
from tests.staff.conftest import READY, errors, open_page, signed_in, wait

SHANGHAI = ZoneInfo("Asia/Shanghai")
SHIFTS = """
insert into duty_shift (duty, who, from_at, to_at, entered_by)
values ('water', 'administrator', now() - interval '3 hours', now() + interval '5 hours', 'duty'),
       ('water', 'duty', now() + interval '5 hours', now() + interval '17 hours', 'duty'),
       ('water', 'li', now() + interval '20 hours', now() + interval '90 hours', 'duty');
"""


@pytest.fixture
def desk(server_dsn, sample_template):
    name, tokens = sample_template
    with served(server_dsn, name, tokens, alerts=busy.PEOPLE) as found:

        def told(conn):
            create_account(conn, "li", "duty", PASSWORD)
            with conn.cursor() as cursor:
                cursor.execute(busy.RECEIPTS + SHIFTS)

        found.write(told)
        yield found


def picture(page, name):
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png")


def refused_in_chinese(form: Locator) -> None:
    """Who is there already, and an end before its beginning: in words, by the district's clock."""
    begins, ends = form.get_by_label("起"), form.get_by_label("止")
    ends.fill(begins.input_value())
    form.get_by_text("排入值班表").click()
    expect(form.locator(".ack-said")).to_contain_text("结束须晚于开始")
    begins.fill(f"{datetime.now(SHANGHAI) + timedelta(hours=2):%Y-%m-%d %H:%M}")
    form.get_by_text("排入值班表").click()
    expect(form.locator(".ack-said")).to_contain_text(
        re.compile(r"^li 已在 应急值班 值班：[\d :-]+ 至")
    )


def taken_out_after_a_question(page: Page) -> None:
    """The shift just entered for another day; the keyboard goes on at the list."""
    form, lines = page.locator("#rota-body > .rota-form"), page.locator(".rota-line")
    day = f"{datetime.now(SHANGHAI) + timedelta(days=3):%Y-%m-%d}"
    begins = f"{day[5:]} 08:00"  # with its day: at two hours of a day another shift ends at eight
    form.get_by_label("起").fill(f"{day} 08:00")
    form.get_by_label("止").fill(f"{day} 20:00")
    form.get_by_text("排入值班表").click()
    entered = page.locator(f"#rota-body .rota-bar .rota-shift[title*='{begins}']")
    expect(entered).to_have_count(1)
    page.locator(".rota-shifts summary").press("Enter")
    count = lines.count()
    line = lines.filter(has_text=begins)
    expect(line).to_contain_text("由 administrator 排入")
    line.get_by_role("button", name="移除 li").press("Enter")
    expect(line.get_by_role("button", name="取消")).to_be_focused()
    picture(page, "duty-take-out")
    line.get_by_role("button", name="从值班表移除").press("Enter")
    expect(lines).to_have_count(count - 1)
    expect(entered).to_have_count(0)
    expect(page.locator(".rota-shifts summary")).to_be_focused()


def test_the_rota_is_entered_handed_over_and_accepted_and_receivers_say_how_they_do(browser, desk):
    with signed_in(browser, desk, "administrator", "zh") as context:
        page = open_page(context)
        page.goto("/duty")
        wait(page, READY)
        water = page.locator(".rota-duty").first
        expect(water.locator(".rota-who")).to_have_text("administrator")
        expect(water.locator(".rota-next")).to_contain_text("随后 duty")
        expect(page.locator(".rota-duty[data-empty] .rota-who")).to_have_text("无人值班")
        expect(page.locator("#rota-note")).to_contain_text("处空缺")
        expect(page.locator(".receiver[data-state=failing]")).to_contain_text("smpp://***")
        picture(page, "duty-zh")
        # The form offers who can be on duty; what is entered fills the gap at once.
        form = page.locator("#rota-body > .rota-form")
        form.get_by_label("岗位").select_option("emergency")
        form.get_by_label("人员").select_option("li")
        form.get_by_text("排入值班表").click()
        expect(page.locator(".rota-duty").nth(1).locator(".rota-shift")).to_have_text("li")
        refused_in_chinese(form)
        taken_out_after_a_question(page)
        water.get_by_role("button", name="交班").click()
        water.get_by_label("交班给").select_option("li")
        water.get_by_label("须交代的事项").fill("R-02 23.4 m，3 号闸已开")
        water.get_by_role("button", name="交班").click()
        expect(page.locator(".rota-offer[data-open]")).to_contain_text("3 号闸已开")
        expect(water.get_by_role("button", name="交班")).to_have_count(0)  # it is offered already
        assert [said for said in errors(page) if "409" not in said and "422" not in said] == []
    desk.tokens.setdefault("li", "")
    with signed_in(browser, desk, "li", "en") as context:
        page = open_page(context)
        page.goto("/duty")
        wait(page, READY)
        expect(page.locator(".rota-offer[data-open]")).to_contain_text("3 号闸已开")
        picture(page, "duty-en")
        page.get_by_role("button", name="Accept").click()
        expect(page.locator(".rota-duty").first.locator(".rota-who")).to_have_text("li")
        expect(page.locator(".rota-offer")).to_contain_text("accepted")
        page.goto("/?station=R-02")
        wait(page, READY)
        told = page.locator("#drawer-told")
        expect(told.locator(".told")).to_have_count(3)
        expect(told.locator(".told[data-state=given_up]")).to_contain_text("after 12 attempts")
        expect(told).to_contain_text("in place of sms")
        told.scroll_into_view_if_needed()
        picture(page, "drawer-en")
        assert errors(page) == []


HEARD = (
    "import('/assets/desk/notify.mjs').then((m) => m.heard.map((one) => [one.grade, one.count]))"
)


# What the stream may bring next: one that was heard and taken and is grave anew; one raised under a
# shelf that is over; two while the sound is muted, of which somebody takes one.
WANTS = """async (step) => {
  const { alerts, emit, putAlert } = await import('/assets/common/state.mjs');
  const { now } = await import('/assets/common/core.mjs');
  const some = alerts.get('s-1'), taken = new Date(now()).toISOString();
  const say = (id, more) => {
    putAlert({ ...some, id, acknowledged_at: null, ...more });
    emit('change', {});
  };
  if (step === 'anew') {
    say('s-1', { grade: 'yellow' });
    say('s-1', { grade: 'yellow', acknowledged_at: taken });
    say('s-1', { grade: 'red' });
  } else if (step === 'shelved') {
    const muted = { kind: 'shelved', until: new Date(now() + 36e5).toISOString() };
    say('t-1', { grade: 'orange', muted });
    say('t-1', { grade: 'orange', muted: { ...muted, until: taken } });
  } else {
    for (const id of ['t-2', 't-3']) say(id, { grade: 'yellow' });
    say('t-3', { grade: 'yellow', acknowledged_at: taken });
  }
}"""
LATER = """async () => {
  const { setServerTime } = await import('/assets/common/core.mjs');
  const end = new Date(Number(localStorage.getItem('sound-muted')) + 1000).toISOString();
  window.later = setInterval(() => setServerTime(end), 10);
}"""


def test_a_burst_is_one_sound_of_its_gravest_grade_and_a_mute_shows_its_end(browser, desk):
    with signed_in(browser, desk, "duty", "en") as context:
        page = open_page(context)
        page.goto("/")
        wait(page, READY)
        switch = page.locator("#sound")
        expect(switch).to_have_attribute("data-state", "off")
        switch.click()
        expect(switch).to_have_attribute("data-state", "on")
        assert page.evaluate(HEARD) == []  # what was there already makes no noise
        desk.write(raise_two)
        wait(page, "import('/assets/desk/notify.mjs').then((m) => m.heard.length > 0)")
        assert page.evaluate(HEARD) == [["red", 2]]
        for step, grade in (("anew", "red"), ("shelved", "orange")):
            page.evaluate(WANTS, step)
            wait(page, f"({HEARD}).then((all) => String(all.at(-1)) === '{grade},1')")
            page.evaluate("import('/assets/desk/notify.mjs').then((m) => m.heard.splice(0))")
        switch.click()
        expect(switch).to_have_attribute("data-state", "muted")
        expect(page.locator("#sound-word")).to_contain_text("Muted until ")
        page.evaluate(WANTS, "muted")
        page.evaluate(LATER)  # time passes, and nothing else happens
        wait(page, f"({HEARD}).then((all) => all.join() === 'yellow,1')")
        page.evaluate("clearInterval(window.later)")
        expect(switch).to_have_attribute("data-state", "muted")
        picture(page, "sound-muted")
        switch.click()
        expect(switch).to_have_attribute("data-state", "off")
        assert errors(page) == []


def raise_two(conn):
    rest = (None, None, False, ("x", "x"))
    with conn.cursor() as cursor:
        for row in (
            ("s-1", "G-31", "lel_pct", "red", "active", 0, 30.0, 25.0, *rest),
            ("s-2", "A-03", "pm10_ugm3", "blue", "active", 0, 99.0, 90.0, *rest),
        ):
            sample.add_alert(cursor, row, datetime.now(UTC))
        cursor.execute("notify dongtai")
