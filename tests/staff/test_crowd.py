"""More alerts than a desk is given: the others are counted, fetched when asked for, never stale."""

import pytest
from playwright.sync_api import expect

from tests.staff.conftest import open_without_map, signed_in, wait

CROWD = """
insert into alert
select (jsonb_populate_record(a, jsonb_build_object(
           'id', 'x-' || g, 'subject', 'A-02/x' || g, 'grade', 'blue', 'peak_grade', 'blue',
           'changed_at', clock_timestamp()))).*
  from alert a, generate_series(1, 500) g where a.id = 'a-pm25'
"""
END = """
update alert set state = 'ended', ended_at = clock_timestamp(), version = version + 1,
                 changed_at = clock_timestamp()
 where id = '{}'
"""
ALL = 502  # with the two of the sample that nobody has


def run(desk, statement):
    desk.write(lambda conn: conn.cursor().execute(statement))


@pytest.fixture
def page(browser, desk):
    run(desk, CROWD)
    with signed_in(browser, desk) as context:
        opened = open_without_map(context)
        expect(opened.locator("#waiting-count")).to_have_text(str(ALL))
        yield opened


def here(page):
    return set(page.evaluate("[...dongtai.alerts.keys()]"))


def test_all_are_counted_and_the_others_come_when_somebody_asks(page):
    assert len(here(page)) < ALL
    expect(page.locator("#waiting-more")).to_contain_text("442 ")  # of 502, 60 rows are drawn
    for _ in range(8):
        page.locator("#waiting-more").click()
    wait(page, f"dongtai.alerts.size >= {ALL}")
    assert {f"x-{n}" for n in range(1, 501)} <= here(page)


def test_one_that_ends_while_an_answer_is_on_its_way_does_not_come_back_with_it(page, desk):
    held = []

    def hold(route):
        held.append(route)

    page.route("**/api/v1/alerts?state=open&limit=*", hold)
    for _ in range(7):
        page.locator("#waiting-more").click()
    until_held(page, held)
    old = held[0].fetch()  # as the server had it
    new = [one["id"] for one in old.json()["alerts"] if one["id"] not in here(page)]
    run(desk, END.format(new[0]))
    expect(page.locator("#waiting-count")).to_have_text(str(ALL - 1))
    page.unroute("**/api/v1/alerts?state=open&limit=*")
    held[0].fulfill(response=old)
    wait(page, f"{new[1:]}.every((id) => dongtai.alerts.has(id))")
    assert new[0] not in here(page)


def until_held(page, held):
    while not held:
        page.wait_for_timeout(60)
