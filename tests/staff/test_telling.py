"""Rota, receivers and receipts on screen: entered, handed over, accepted by name; who was told."""

import os
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from alerts.settings import AlertsSettings
from dashboard.accounts import create_account
from tests import sample
from tests.dashboard.conftest import PASSWORD, served
from tests.staff.conftest import READY, errors, open_page, signed_in, wait

ALERTS = AlertsSettings.model_validate(
    {
        "duties": [
            {"code": "water", "zh": "水利值班", "en": "Water desk"},
            {"code": "emergency", "zh": "应急值班", "en": "Emergency desk"},
        ],
        "receivers": [
            {"name": "log", "type": "log"},
            {"name": "sms", "type": "apprise", "url_env": "SMS", "fallback": ["log"]},
        ],
    }
)
TOLD = """
insert into message (transition_id, receiver, way, why, attempts, delivered_at, given_up_at, error,
                     fell_back_at)
select t.id, m.receiver, m.way, m.why::jsonb, m.attempts,
       case when m.state = 'delivered' then now() end,
       case when m.state = 'given_up' then now() end,
       m.error, case when m.state = 'given_up' then now() end
  from alert_transition t,
       (values ('@duty/mail', 'route', '{"route": "w", "person": "duty"}', 1, 'delivered', null),
               ('sms', 'route', '{"route": "w"}', 12, 'given_up', 'smpp://***: timed out'),
               ('log', 'fallback', '{"instead_of": "sms"}', 1, 'delivered', null))
       m (receiver, way, why, attempts, state, error)
 where t.alert_id = 'a-level' and t.seq = 1;
insert into receiver_state (receiver, delivered_at, failing_since, failed_at, error)
values ('log', now(), null, null, null), ('@duty/mail', now(), null, null, null),
       ('sms', null, now() - interval '8 minutes', now(), 'smpp://***: timed out');
insert into duty_shift (duty, who, from_at, to_at, entered_by)
values ('water', 'administrator', now() - interval '3 hours', now() + interval '5 hours', 'duty'),
       ('water', 'duty', now() + interval '5 hours', now() + interval '17 hours', 'duty'),
       ('water', 'li', now() + interval '20 hours', now() + interval '90 hours', 'duty');
"""


@pytest.fixture
def desk(server_dsn, sample_template):
    name, tokens = sample_template
    with served(server_dsn, name, tokens, alerts=ALERTS) as found:

        def told(conn):
            create_account(conn, "li", "duty", PASSWORD)
            with conn.cursor() as cursor:
                cursor.execute(TOLD)

        found.write(told)
        yield found


def picture(page, name):
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png")


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
        water.get_by_role("button", name="交班").click()
        water.get_by_label("交班给").select_option("li")
        water.get_by_label("须交代的事项").fill("R-02 23.4 m，3 号闸已开")
        water.get_by_role("button", name="交班").click()
        expect(page.locator(".rota-offer[data-open]")).to_contain_text("3 号闸已开")
        assert errors(page) == []
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


HEARD = "import('/assets/notify.mjs').then((m) => m.heard.map((one) => [one.grade, one.count]))"


# What the stream may bring next: one that was heard and taken and is grave anew; one raised under a
# shelf that is over; two while the sound is muted, of which somebody takes one.
WANTS = """async (step) => {
  const { alerts, emit, putAlert } = await import('/assets/state.mjs');
  const { now } = await import('/assets/core.mjs');
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
  const { setServerTime } = await import('/assets/core.mjs');
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
        wait(page, "import('/assets/notify.mjs').then((m) => m.heard.length > 0)")
        assert page.evaluate(HEARD) == [["red", 2]]
        for step, grade in (("anew", "red"), ("shelved", "orange")):
            page.evaluate(WANTS, step)
            wait(page, f"({HEARD}).then((all) => String(all.at(-1)) === '{grade},1')")
            page.evaluate("import('/assets/notify.mjs').then((m) => m.heard.splice(0))")
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
    rows = [
        ("s-1", "G-31", "lel_pct", "red", "active", 0, 30.0, 25.0, None, None, False, ("x", "LEL")),
        (
            "s-2",
            "A-03",
            "pm10_ugm3",
            "blue",
            "active",
            0,
            99.0,
            90.0,
            None,
            None,
            False,
            ("y", "y"),
        ),
    ]
    with conn.cursor() as cursor:
        for row in rows:
            sample.add_alert(cursor, row, datetime.now(UTC))
        cursor.execute("notify dongtai")
