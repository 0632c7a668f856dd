"""The page of warnings in a browser: one writes, another approves; by keyboard, on a phone."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.alerts.warned import SLY
from tests.dashboard.conftest import Desk, served
from tests.servers.look import violations
from tests.servers.waiting import until
from tests.staff.conftest import READY, errors, open_page, signed_in, wait

TEXTS = ("event", "headline", "instruction", "description", "area.names")
# Without the map: the page does without it, and drawing it in software takes long.
NO_MAP = "**/vendor/maplibre-gl.mjs"


@pytest.fixture(scope="module")
def desk(server_dsn, sample_template) -> Iterator[Desk]:
    with served(server_dsn, *sample_template) as service:
        yield service


def shown(page: Page, path: str) -> Page:
    page.set_default_timeout(60_000)
    page.route(NO_MAP, lambda route: route.abort())
    page.goto(path)
    wait(page, READY)
    return page


def accessible(page: Page) -> None:
    assert violations(page) == []


def fill(page: Page) -> None:
    """Every text with what a browser would take for markup, were it not text."""
    for name in TEXTS:
        for lang in ("zh", "en"):
            page.locator(f'[name="{name}.{lang}"]').fill(f"{name} {SLY}")


def no_markup(page: Page) -> None:
    assert page.locator("#warn-message img, #warn-side img, #warn-list img").count() == 0
    assert page.locator("script[src=x]").count() == 0


def nothing_is_typed_while_it_is_saved(page: Page) -> None:
    held: list[Route] = []
    page.route("**/api/v1/warnings", lambda route: held.append(route))  # noqa: PLW0108 - no builtin
    page.get_by_role("button", name="Save draft").click()
    form = page.locator(".warn-form")
    expect(form).to_have_attribute("aria-busy", "true")
    assert form.evaluate("form => form.inert")
    until(lambda: page.evaluate("true") and held, "the draft on its way")
    held[0].continue_()
    expect(page.locator("#warn-said")).to_contain_text("Saved")
    expect(form).not_to_have_attribute("aria-busy", "true")
    page.unroute("**/api/v1/warnings")


def unexpected(page: Page) -> list[str]:
    return [said for said in errors(page) if "ERR_FAILED" not in said and "maplibre" not in said]


def test_one_writes_and_another_approves(browser: Browser, desk: Desk) -> None:
    with signed_in(browser, desk, "duty", "en") as context:
        page = shown(open_page(context), "/warnings?alert=a-nh3")
        # How far depends on the hour, for by night the air lies still; and on how old the wind is.
        expect(page.locator('[name="area.names.en"]')).to_have_value(
            re.compile(r"^(Downwind of Plant 7 N, about [\d.]+ k?m|Within [\d.]+ km of Plant 7 N)$")
        )
        expect(page.locator("[name=status]:checked")).to_have_value("Exercise")
        fill(page)
        expect(page.locator("#warn-preview h4")).to_contain_text(f"headline {SLY}")
        page.locator('[name="headline.zh"]').fill("")
        expect(page.locator('[data-of="headline.zh"] .field-said')).to_contain_text("write it")
        page.locator('[name="headline.zh"]').fill(f"headline {SLY}")
        page.get_by_role("button", name="Send to a second person").press("Enter")
        expect(page.locator("#warn-said")).to_contain_text("you cannot")
        expect(page.get_by_role("button", name="Approve")).to_have_count(0)
        no_markup(page)
        assert unexpected(page) == []
        path = page.evaluate("location.pathname + location.hash")

    with signed_in(browser, desk, "administrator", "zh", color_scheme="light") as context:
        page = shown(open_page(context), path)
        publish = page.get_by_role("button", name="批准：立即发布")
        expect(publish).to_be_disabled()
        accessible(page)
        page.locator("#warn-sure").check()
        publish.click()
        expect(page.locator(".warn-title")).to_contain_text("生效中")
        expect(page.locator(".warn-cap")).to_contain_text("<status>Exercise</status>")
        page.get_by_role("button", name="更新", exact=True).click()
        expect(page.locator(".warn-changes")).to_contain_text("没有不同")
        no_markup(page)
        assert unexpected(page) == []


def test_on_a_phone_a_warning_is_written_and_waits(browser: Browser, desk: Desk) -> None:
    phone = {"viewport": {"width": 360, "height": 740}}
    with signed_in(browser, desk, "duty", "en", **phone) as context:
        page = shown(open_page(context), "/warnings")
        page.get_by_role("button", name="New warning").click()
        expect(page.locator(".warn-form")).to_be_visible()
        expect(page.locator("#warn-check")).to_contain_text("things to mend")
        page.get_by_role("button", name="Add circle").click()
        expect(page.locator(".warn-shape-list li")).to_have_count(1)
        fill(page)
        expect(page.locator("#warn-check")).to_contain_text("Nothing stands against it")
        nothing_is_typed_while_it_is_saved(page)
        page.get_by_role("button", name="Send to a second person").click()
        expect(page.locator("#warn-said")).to_contain_text("you cannot")
        page.goto("/duty")
        expect(page.locator("#warning-notices a").first).to_contain_text(
            "waits for a second person"
        )
        assert unexpected(page) == []


def area_before_the_button(page: Page) -> None:
    """Narrow: between the text and the button; wide: beside them; and back."""
    inside = "n => n.closest('#warn-message') !== null"
    side = page.locator("#warn-side")
    assert side.evaluate(inside)
    box, approve = side.bounding_box(), page.get_by_role("button", name="Approve").bounding_box()
    assert box
    assert approve
    assert box["y"] + box["height"] <= approve["y"]
    page.set_viewport_size({"width": 1440, "height": 900})
    until(lambda: not side.evaluate(inside), "the area beside the message")
    page.set_viewport_size({"width": 360, "height": 740})
    until(lambda: side.evaluate(inside), "the area above the button")


def test_what_is_sent_back_says_why(browser: Browser, desk: Desk) -> None:
    with signed_in(browser, desk, "duty", "en") as context:
        page = shown(open_page(context), "/warnings?alert=a-nh3")
        page.get_by_role("button", name="Send to a second person").press("Enter")
        expect(page.locator("#warn-said")).to_contain_text("you cannot")
        path = page.evaluate("location.pathname + location.hash")

    phone = {"viewport": {"width": 360, "height": 740}}
    with signed_in(browser, desk, "administrator", "en", **phone) as context:
        page = shown(open_page(context), path)
        expect(page.locator(".warn-facts")).to_contain_text("GradeRed")
        area_before_the_button(page)
        back, approve = (
            page.get_by_role("button", name=name) for name in ("Send back", "Approve: publish now")
        )
        back.click()
        back.click()
        said = page.locator("#warn-said")
        expect(said).to_contain_text("Say why")
        expect(said).to_be_in_viewport()
        page.locator(".warn-reasoned input").fill("too vague")
        page.route("**/return", lambda route: route.abort())
        back.click()
        expect(said).to_contain_text("no connection")
        expect(approve).to_be_disabled()  # nobody has said that it was read
        page.unroute("**/return")
        back.click()
        expect(page.locator(".warn-by")).to_have_text("Sent back by administrator: too vague")
        expect(page.locator(".warn-by")).to_be_in_viewport()

    with signed_in(browser, desk, "duty", "en") as context:
        page = shown(open_page(context), path)
        expect(page.locator(".warn-by")).to_have_text("Sent back by administrator: too vague")
        page.goto("/duty")
        expect(page.locator("#warning-notices")).to_contain_text("sent back and is not out")
        assert unexpected(page) == []
