"""The footprint on the desk: card, zones, what-if, themes, phone; on the night of the showcase."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import expect

from gis import figures
from tests.servers.look import violations
from tests.servers.waiting import until
from tests.staff import showcase
from tests.staff.conftest import (
    ARTEFACTS,
    MAP_READY,
    errors,
    open_page,
    signed_in,
    wait,
)
from tests.staff.test_screens import scene  # noqa: F401 - the fixture

SIZES = {
    "plume-dark-zh": ("dark", "zh", 1920, 1080),
    "plume-light-en": ("light", "en", 1440, 900),
    "plume-1024-light-zh": ("light", "zh", 1024, 768),
    "plume-tablet-dark-en": ("dark", "en", 820, 1180),
    "plume-narrow-light-en": ("light", "en", 360, 780),
}
DRAWN = "dongtai.map.getSource('plume')"
ZONES = """async () => (await dongtai.map.getSource('plume').getData()).features
  .map(f => f.properties.what)"""
ALL = [
    "fill-yellow", "edge-yellow", "fill-orange", "edge-orange", "fill-red", "edge-red", "wedge",
]  # fmt: skip
WHAT_IF = ("fill", "if")


def zones(page, wanted):
    """What the map has is what its worker has taken in, a while after the card has said it."""
    until(lambda: page.evaluate(ZONES) == wanted, f"these zones on the map: {wanted}")


def opened(context, path="/?station=G-31"):
    page = open_page(context)
    page.clock.set_fixed_time(showcase.NOW)
    page.goto(path)
    wait(page, MAP_READY)
    expect(page.locator("#plume-headline b").first).not_to_be_empty()
    return page


def onto_the_map(page):
    if page.locator(".tabs").is_visible():
        page.locator("[data-tab=map].tab").click()


@pytest.mark.parametrize("name", SIZES)
def test_the_card_fits_every_screen_and_accessibility_tools_find_nothing(browser, scene, name):  # noqa: F811 - the fixture
    theme, lang, width, height = SIZES[name]
    size = {"width": width, "height": height}
    with signed_in(browser, scene, lang=lang, color_scheme=theme, viewport=size) as context:
        page = opened(context, "/" if width < 1440 else "/?station=G-31")
        onto_the_map(page)
        page.locator("#plume-try").click()
        page.locator("#plume-form [name=wind_from_deg]").press("ArrowRight")
        expect(page.locator("#plume-what-if")).to_be_visible()
        wait(page, "dongtai.map.areTilesLoaded()")
        page.screenshot(path=ARTEFACTS / f"{name}.png")
        box = page.locator("#plume-card").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= height
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert violations(page) == []
        assert errors(page) == []


@pytest.fixture
def page(browser, scene):  # noqa: F811 - the fixture
    # As small as a desk may be: every pixel of the map is drawn in software.
    size = {"width": 1280, "height": 760}
    with signed_in(browser, scene, lang="en", viewport=size) as context:
        opened_ = opened(context)
        yield opened_
        assert errors(opened_) == []


def test_an_open_gas_alert_shows_its_footprint_by_itself(page):
    expect(page.locator("#plume-headline")).to_contain_text("Inside the orange zone (AEGL-2)")
    expect(page.locator("#plume-rests")).to_contain_text("assumed 7 kg/s")
    expect(page.locator("#plume-grave li").first).to_contain_text("cold mist")
    expect(page.locator("#plume-legend .plume-key")).to_have_count(4)
    zones(page, ALL)
    # Where a reach finds no room beside markers and card, the card says it all the same.
    page.locator("#plume-centre").click()
    expect(page.locator("#plume-leaders text", has_text="8.7 km")).to_have_count(1)
    expect(page.locator("#plume-legend")).to_contain_text("730 m")


def test_it_lies_below_the_stations_and_comes_back_after_a_change_of_theme(page):
    def order():
        return page.evaluate("dongtai.map.getStyle().layers.map(l => l.id)")

    layers = order()
    assert layers.index("plume-red") < layers.index("wind") < layers.index("stations")
    assert layers.index("town-names") < layers.index("plume-yellow")
    zones(page, ALL)
    page.locator("#theme").click()
    page.wait_for_timeout(300)
    wait(page, MAP_READY + " && " + DRAWN)
    zones(page, ALL)
    assert order() == layers


def test_the_view_stays_where_it_is_when_a_footprint_is_drawn(page):
    view = "JSON.stringify([dongtai.map.getCenter(), dongtai.map.getZoom()])"
    before = page.evaluate(view)
    page.locator("#plume-try").click()
    page.locator("#plume-form [name=wind_speed_ms]").press("ArrowRight")
    expect(page.locator("#plume-what-if")).to_be_visible()
    assert page.evaluate(view) == before


def test_what_if_is_said_and_left_again_by_keyboard(page):
    live = page.locator("#plume-headline").inner_text()
    expect(page.locator("#plume-back")).to_be_hidden()
    page.locator("#plume-try").focus()
    page.keyboard.press("Enter")
    slider = page.locator("#plume-form [name=wind_from_deg]")
    expect(slider).to_be_focused()
    assert slider.get_attribute("aria-valuetext") == "18° N"
    for _ in range(14):
        page.keyboard.press("ArrowRight")
    expect(page.locator("#plume-what-if")).to_be_visible()
    expect(page.locator("#plume-rests")).to_contain_text("wind 90° 3.5 m/s · assumed 7 kg/s")
    assert slider.get_attribute("aria-valuetext") == "90° E"
    page.locator("#plume-form [name=stability]").select_option("F")
    expect(page.locator("#plume-rests")).to_contain_text("class F")
    page.locator("#plume-back").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#plume-what-if")).to_be_hidden()
    expect(page.locator("#plume-headline")).to_have_text(live)
    expect(page.locator("#plume-try")).to_be_focused()


def test_the_most_urgent_advice_is_read_without_unfolding(page):
    """And on a desk of 1440 by 900 the card needs no scrolling for it."""
    expect(page.locator("#plume-advice-part")).not_to_have_attribute("open", "")
    expect(page.locator("#plume-first")).to_be_visible()
    expect(page.locator("#plume-first")).to_contain_text("danger to life")
    assert page.locator("#plume-advice li").first.text_content() == (
        page.locator("#plume-first").text_content()
    )
    page.set_viewport_size({"width": 1440, "height": 900})
    assert page.evaluate(
        "(c => c.scrollHeight <= c.clientHeight)(document.querySelector('#plume-card'))"
    )
    page.screenshot(path=ARTEFACTS / "plume-first.png")


def test_a_what_if_is_asked_again_once_when_things_are_new_and_shows_its_time(page):
    asked = []
    page.on(
        "request",
        lambda each: asked.append(each.post_data_json) if "api/v1/plume" in each.url else None,
    )
    page.locator("#plume-try").click()
    page.locator("#plume-form [name=wind_speed_ms]").fill("9")
    expect(page.locator("#plume-what-if")).to_be_visible()
    expect(page.locator("#plume-time")).to_be_visible()
    expect(page.locator("#plume-time")).not_to_be_empty()
    page.screenshot(path=ARTEFACTS / "plume-what-if-time.png")
    assert len(asked) == 1
    kept = page.evaluate("async () => (await fetch('/api/v1/footprints')).json()")
    turned = json.loads(json.dumps(kept))
    for each in turned["footprints"]:
        each["footprint"]["at"] = "2026-11-21T19:15:00Z"
        each["footprint"]["weather"]["wind"]["from_deg"] = 200.0
    page.route("**/api/v1/footprints", lambda route: route.fulfill(json=turned))
    again = (
        "async () => (await import('/assets/common/state.mjs')).emit('change', { footprints: 1 })"
    )
    with page.expect_request("**/api/v1/plume"):
        page.evaluate(again)
    with page.expect_response("**/api/v1/footprints"):
        page.evaluate(again)  # nothing new: not asked again
    page.wait_for_timeout(300)
    assert len(asked) == 2
    assert asked[0] == asked[1]
    expect(page.locator("#plume-what-if")).to_be_visible()
    assert page.locator("#plume-form [name=wind_from_deg]").input_value() == "200"
    page.unroute("**/api/v1/footprints")


def test_a_place_that_may_have_been_reached_reads_so(page):
    found = page.evaluate("""async () => {
      const { soon } = await import('/assets/map/plume_words.mjs');
      return [[600, null], [600, 0], [600, 300], [600, 600], [600, 3600], [null, 3600],
        [600, undefined]].map(each => soon(...each));
    }""")
    assert found == [
        "10 min", "10 min", "5 min", "may be there", "may be there", "— min", "10 min",
    ]  # fmt: skip


def test_a_wind_that_turns_is_not_written_with_a_direction(page):
    rests = page.evaluate("""async () => {
      const found = (await (await fetch('/api/v1/footprints')).json()).footprints[0].footprint;
      found.weather.wind.turning = true;
      return (await import('/assets/map/plume_words.mjs')).assumptions(found, 5);
    }""")
    assert "wind turning, 3.5 m/s (5 s ago)" in rests
    assert "18°" not in rests


def test_card_and_sentences_round_alike(page):
    metres = [0, 99, 100, 344, 345, 355, 994, 995, 1050, 1249, 1250, 1650, 1750, 2450, 10_000]
    seconds = [0, 29, 30, 89, 90, 149, 150, 210, 3570]
    counts = [0, 0.1, 0.9, 1, 12.5, 14.5, 99.5, 125, 135, 1000, 1949, 1950, 24_500, 1e6]
    found = page.evaluate(
        """async ([metres, seconds, counts]) => {
      const words = await import('/assets/map/plume_words.mjs');
      return [metres.map(m => words.kilometres(m)), metres.map(m => words.kilometres(m, true)),
        seconds.map(words.minutes), counts.map(words.people)];
    }""",
        [metres, seconds, counts],
    )
    assert found == [
        [figures.kilometres(each) for each in metres],
        [figures.kilometres(each, more=True) for each in metres],
        [figures.minutes(each) for each in seconds],
        [figures.people(each) for each in counts],
    ]


def test_a_calm_is_a_circle_and_says_that_no_direction_is_to_be_trusted(page):
    page.locator("#plume-try").click()
    page.locator("#plume-form [name=wind_speed_ms]").fill("1")
    expect(page.locator("#plume-grave")).to_contain_text("do not trust a direction")
    expect(page.locator("#plume-headline")).to_contain_text("to all sides")
    zones(page, [f"{what}-{grade}" for grade in ("yellow", "orange", "red") for what in WHAT_IF])


def test_it_can_be_closed_and_brought_back(page):
    page.locator("#plume-close").click()
    expect(page.locator("#plume-card")).to_be_hidden()
    expect(page.locator("#plume-open")).to_be_focused()
    zones(page, [])
    page.locator("#plume-open").click()
    expect(page.locator("#plume-card")).to_be_visible()
    zones(page, ALL)


def test_an_alert_under_the_card_has_a_pointer(page):
    page.evaluate("dongtai.map.panBy([260, 120], {animate: false})")
    card = page.locator("#plume-card").bounding_box()
    for pointer in page.locator(".pointer").all():
        box = pointer.bounding_box()
        assert (
            box["x"] >= card["x"] + card["width"] - 1
            or box["y"] >= card["y"] + card["height"] - 1
            or box["x"] + box["width"] <= card["x"] + 1
        )


def test_what_is_near_a_place_never_lies_on_the_card(page):
    near, drawer = page.locator("#near-card"), page.locator("#drawer")
    # A tablet's drawer lies over all; beside it, and on a large screen, there is room for both.
    for width, beside in ((820, True), (1024, False), (1440, False), (1920, True)):
        page.set_viewport_size({"width": width, "height": 900})
        onto_the_map(page)
        for open_ in (True, False) if width > 1023 else (False,):
            if drawer.is_visible() and not open_:
                page.locator("#drawer-close").click()
            stands_apart(page, f"near-{width}-{'drawer' if open_ else 'map'}")
            page.locator(".near-name").first.click()
            expect(drawer).to_be_visible()
            expect(near).to_be_visible(visible=beside)
        page.keyboard.press("Escape")


@pytest.mark.timeout(900)  # the map is drawn five times, in software
def test_neither_measuring_nor_what_is_hidden_lies_on_the_card_and_it_can_be_closed(page):
    size = page.viewport_size
    for width, height in ((1440, 760), (1024, 768), (768, 900), (360, 740)):
        page.set_viewport_size({"width": width, "height": height})
        if width < 1024:
            page.locator("#drawer-close").click()  # it lies over all here
        onto_the_map(page)
        page.locator("#map-layers").click()
        page.locator(".layers-line[data-kind=camera] input").uncheck()
        page.locator("#layers-close").click()
        page.locator("#map-measure").click()
        box = page.locator("#measure-box").bounding_box()
        for name in ("#map-hidden", "#measure-box", ".tools"):
            expect(page.locator(name)).to_be_visible()
            wait(page, f"({APART})('#plume-card', '{name}')")
        page.locator("#plume-close").click(trial=True)
        page.locator("#measure-end").click()
        assert box["y"] + box["height"] <= height
        page.evaluate("localStorage.removeItem('map')")
        page.reload()
        wait(page, MAP_READY)
    page.set_viewport_size(size)


APART = """(...names) => {
  const [a, b] = names.map((name) => document.querySelector(name).getBoundingClientRect());
  return a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
}"""


def stands_apart(page, name):
    """What is near the middle of the map: clear of the footprint's card, nothing cut."""
    page.locator("#map canvas").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#near-people td").first).not_to_have_text("—")
    page.screenshot(path=ARTEFACTS / f"{name}.png")
    near, card = (page.locator(f"#{each}-card").bounding_box() for each in ("near", "plume"))
    apart = near["x"] >= card["x"] + card["width"] or near["y"] + near["height"] <= card["y"]
    assert apart, (name, near, card)
    body = "(c => c.scrollWidth <= c.clientWidth)(document.querySelector('.near-body'))"
    assert page.evaluate(body), name


def test_the_map_hears_of_a_footprint_only_when_it_looks_different(page):
    told = page.evaluate("""async () => {
      const layer = await import('/assets/map/plume_layer.mjs');
      const found = await (await fetch('/api/v1/alerts/a-nh3/footprint')).json();
      let told = 0;
      const map = { getSource: () => ({ setData: () => { told += 1; } }) };
      layer.show(map, null);
      for (const at of ['first', 'second']) layer.show(map, { ...found, at });
      return told;
    }""")
    assert told == 2  # taken away once, drawn once


def test_the_whole_footprint_is_shown_beside_the_card(page):
    zones(page, ALL)
    page.locator("#plume-centre").click()
    wait(page, "!dongtai.map.isMoving()")
    ring = page.evaluate(
        "async () => (await dongtai.map.getSource('plume').getData()).features"
        ".find(f => f.properties.what === 'wedge').geometry.coordinates[0]"
        ".map(p => { const { x, y } = dongtai.map.project(p); return [x, y]; })"
    )
    over = page.locator("#map").bounding_box()
    card, drawer = (page.locator(what).bounding_box() for what in ("#plume-card", "#drawer"))
    assert min(x for x, _ in ring) + over["x"] >= card["x"] + card["width"]
    assert max(x for x, _ in ring) + over["x"] <= drawer["x"]


BESIDE = """async ([spots, taken]) => (await import('/assets/map/beside.mjs'))
  .beside(spots, { left: 0, top: 0, right: 800, bottom: 600 }, taken, 1)"""
spots = st.lists(
    st.fixed_dictionaries({"x": st.integers(0, 800), "y": st.integers(0, 600)}), max_size=3
)
boxes = st.lists(
    st.tuples(st.integers(0, 700), st.integers(0, 500)).map(
        lambda at: {"left": at[0], "top": at[1], "right": at[0] + 90, "bottom": at[1] + 40}
    ),
    max_size=12,
)


@pytest.fixture(scope="module")
def bare(browser, scene):  # noqa: F811 - the fixture
    with signed_in(browser, scene) as context:
        opened_ = context.new_page()
        opened_.goto("/assets/map/beside.mjs")
        yield opened_


@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(spots=spots, taken=boxes)
def test_reaches_are_never_written_on_one_another_nor_on_what_stands_there(bare, spots, taken):
    placed = bare.evaluate(BESIDE, [spots, taken])
    assert len(placed) <= len(spots)
    kept = list(taken)
    for each in placed:
        box = each["box"]
        assert box["left"] > 0
        assert box["right"] < 800
        assert not any(meet(box, other) for other in kept)
        kept.append(box)


def meet(a, b):
    return (
        a["left"] < b["right"]
        and b["left"] < a["right"]
        and a["top"] < b["bottom"]
        and b["top"] < a["bottom"]
    )


def test_without_a_gas_alert_there_is_no_card(browser, scene):  # noqa: F811 - the fixture
    with signed_in(browser, scene) as context:
        page = open_page(context)
        page.route("**/footprints", lambda route: route.fulfill(json={"footprints": []}))
        page.goto("/")
        wait(page, MAP_READY)
        expect(page.locator("#plume-card")).to_be_hidden()
        expect(page.locator("#plume-open")).to_be_hidden()


def test_what_cannot_be_computed_is_said_beside_the_sliders(browser, scene):  # noqa: F811 - the fixture
    with signed_in(browser, scene, lang="en") as context:
        page = opened(context)
        page.route(
            "**/api/v1/plume",
            lambda route: route.fulfill(status=503, json={"detail": "no database"}),
        )
        page.locator("#plume-try").click()
        page.locator("#plume-form [name=rate]").press("ArrowRight")
        expect(page.locator(".plume-said")).to_have_text("no database")
        expect(page.locator("#plume-what-if")).to_be_hidden()
