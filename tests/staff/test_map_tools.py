"""The tools of the map: layers, measuring, what is near; the pure parts run in the real browser."""

import pyproj
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from playwright.sync_api import expect

from tests.servers.look import violations
from tests.staff.conftest import errors, open_desk, signed_in, wait

GEODESY = "async ([name, ...rest]) => (await import('/assets/map/geodesy.mjs'))[name](...rest)"
CHECKED = "async kept => (await import('/assets/map/choice.mjs')).checked(kept)"
SHOWN = "async rest => (await import('/assets/map/choice.mjs')).isShown(...rest)"
THIN_TO = "async ([marks, most]) => { const { shown, places } ="
THIN_TO += (
    " (await import('/assets/map/thin.mjs')).thinTo(marks, most); return [[...shown], places]; }"
)
VIEW = "[dongtai.map.getZoom(), ...dongtai.map.getCenter().toArray()].join()"
EARTH = pyproj.Geod(ellps="WGS84")
in_browser = settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
near_here = st.tuples(st.floats(121.2, 122.5), st.floats(29.5, 30.3))


@pytest.fixture(scope="module")
def page(browser, shared_desk):
    with signed_in(browser, shared_desk) as context:
        opened = context.new_page()
        opened.goto("/assets/map/geodesy.mjs")
        yield opened


@in_browser
@given(a=near_here, b=near_here)
def test_a_distance_is_that_of_the_ellipsoid(page, a, b):
    bearing, _, metres = EARTH.inv(*a, *b)
    found = page.evaluate(GEODESY, ["way", a, b])
    assert found["metres"] == pytest.approx(metres, abs=1e-3)
    if metres > 1:
        assert (found["bearing"] - bearing + 180) % 360 == pytest.approx(180, abs=1e-3)


@in_browser
@given(a=near_here, bearing=st.floats(0, 359), metres=st.floats(1, 50_000))
def test_a_point_set_out_for_lies_where_it_was_meant(page, a, bearing, metres):
    found = page.evaluate(GEODESY, ["from", a, bearing, metres])
    lon, lat, _ = EARTH.fwd(a[0], a[1], bearing, metres)
    assert found == pytest.approx([lon, lat], abs=1e-8)


@in_browser
@given(centre=near_here, radii=st.lists(st.floats(50, 50_000), min_size=3, max_size=12))
def test_an_area_is_that_of_the_ellipsoid_whichever_way_round(page, centre, radii):
    ring = [
        list(EARTH.fwd(centre[0], centre[1], 360 * i / len(radii), metres)[:2])
        for i, metres in enumerate(radii)
    ]
    area = abs(EARTH.polygon_area_perimeter(*zip(*ring, strict=True))[0])
    for each in (ring, ring[::-1], [*ring, ring[0]]):
        assert page.evaluate(GEODESY, ["areaOf", each]) == pytest.approx(area, rel=1e-5, abs=1)


def test_a_ring_that_crosses_itself_is_known(page):
    assert page.evaluate(GEODESY, ["crosses", [[0, 0], [1, 1], [1, 0], [0, 1]]])
    assert not page.evaluate(GEODESY, ["crosses", [[0, 0], [1, 0], [1, 1], [0, 1]]])


def test_lengths_and_areas_are_written_with_their_unit(page):
    for metres, said in ((0.4, ["0", "m"]), (999.4, ["999", "m"]), (999.6, ["1.000", "km"])):
        assert page.evaluate(GEODESY, ["lengthText", metres]) == said
    for area, said in ((9999, ["9,999", "m²"]), (10_000, ["1.00", "ha"]), (2e6, ["2.000", "km²"])):
        assert page.evaluate(GEODESY, ["areaText", area]) == said


def test_a_place_in_a_hole_lies_outside(page):
    ring, hole = [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]], [[1, 1], [2, 1], [2, 2], [1, 2], [1, 1]]
    zone = {"type": "Polygon", "coordinates": [ring, hole]}
    assert page.evaluate(GEODESY, ["lies", [3, 3], zone])
    assert not page.evaluate(GEODESY, ["lies", [1.5, 1.5], zone])
    assert not page.evaluate(GEODESY, ["lies", [5, 1], zone])


json = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab", max_size=3),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)
keys = st.sampled_from(["kinds", "layers", "plume", "water", "wind", "names", "base", "other"])


@in_browser
@given(kept=json | st.dictionaries(keys, json))
@example(kept={"base": ""})
def test_what_was_kept_never_breaks_the_map(page, kept):
    found = page.evaluate(CHECKED, kept)
    assert set(found) <= {"kinds", "layers", "plume", "water", "wind", "names", "base"}
    assert all(isinstance(each, str) for key in ("kinds", "layers") for each in found.get(key, []))
    assert found.get("base", "own") in ("own", "outside")


def test_an_alert_is_hidden_by_no_switch(page):
    for alert, picked, shown in ((True, False, True), (False, True, True), (False, False, False)):
        assert page.evaluate(SHOWN, ["air", alert, picked, ["air"]]) is shown


@in_browser
@given(
    spots=st.lists(st.tuples(st.integers(0, 900), st.integers(0, 600)), min_size=1, max_size=150),
    most=st.integers(5, 20),
)
def test_a_crowd_is_thinned_to_few_numbers_and_loses_nobody(page, spots, most):
    marks = [
        {"code": f"S-{i:03}", "x": x, "y": y, "rank": 0, "fixed": i % 40 == 39, "radius": 12}
        for i, (x, y) in enumerate(spots)
    ]
    shown, places = page.evaluate(THIN_TO, [marks, most])
    counted = [code for place in places for code in place["hidden"]]
    assert sorted(shown + counted) == [mark["code"] for mark in marks]
    assert {mark["code"] for mark in marks if mark["fixed"]} <= set(shown)
    assert len(places) <= 3 * most + 4


# ---- on the desk


@pytest.fixture(scope="module")
def desk_page(browser, shared_desk):
    with signed_in(browser, shared_desk, lang="en") as context:
        yield open_desk(context)


def test_a_kind_that_is_hidden_is_said_and_the_view_stays(desk_page):
    page = desk_page
    view = page.evaluate(VIEW)
    page.locator("#map-layers").click()
    box = page.locator(".layers-line[data-kind=reservoir] input")
    expect(box).to_be_focused()
    box.uncheck()
    expect(page.locator("#map-hidden")).to_contain_text("Hidden: Reservoir")
    kept = "JSON.parse(localStorage.getItem('map')).kinds.join()"
    assert page.evaluate(kept) == "reservoir"
    left = """(() => { const open = new Set([...dongtai.alerts.values()].map(a => a.station));
      return dongtai.map.queryRenderedFeatures({ layers: ['stations'] }).map(f => f.properties)
        .filter(p => p.icon.startsWith('reservoir') && !open.has(p.code)
          && p.code !== dongtai.chosen.station).length === 0; })()"""
    wait(page, left)
    box.check()
    expect(page.locator("#map-hidden")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.locator("#layers-panel")).to_be_hidden()
    assert page.evaluate(VIEW) == view
    assert errors(page) == []


def test_measuring_by_key_says_the_distance(desk_page):
    page = desk_page
    page.locator("#map-measure").click()
    canvas = page.locator("#map canvas").first
    canvas.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#measure-note")).to_contain_text("Click points")
    before = page.evaluate("dongtai.map.getCenter().lng")
    page.keyboard.press("ArrowRight")
    wait(page, f"dongtai.map.getCenter().lng > {before} && !dongtai.map.isMoving()")
    page.keyboard.press("Enter")
    expect(page.locator("#measure-result")).to_contain_text("m")
    expect(page.locator("#measure-note")).to_have_text("Points: 2")
    page.keyboard.press("Backspace")
    expect(page.locator("#measure-result")).to_have_text("Points: 1")
    page.keyboard.press("Escape")
    expect(page.locator("#measure-box")).to_be_hidden()
    assert errors(page) == []


OVERLAPS = """(() => {
  const boxes = [...document.querySelectorAll('.pointer')]
    .map((one) => one.getBoundingClientRect());
  const meet = (a, b) => a.left < b.right && b.left < a.right
    && a.top < b.bottom && b.top < a.bottom;
  const pairs = boxes.flatMap((a, n) => boxes.slice(0, n).filter((b) => meet(a, b)));
  return boxes.length > 3 ? pairs.length : -1;
})()"""


def test_pointers_to_what_is_out_of_sight_never_lie_on_each_other(desk_page):
    page = desk_page
    view = page.evaluate("[dongtai.map.getCenter().toArray(), dongtai.map.getZoom()]")
    for centre in ([122.3, 30.2], [121.2, 29.5], [122.3, 29.85]):
        page.evaluate("centre => void dongtai.map.jumpTo({ center: centre, zoom: 14 })", centre)
        wait(page, f"{OVERLAPS} !== -1")
        assert page.evaluate(OVERLAPS) == 0
    page.evaluate(
        "([center, zoom]) => void dongtai.map.jumpTo({ center, zoom })",
        view,
    )


# The middle of the uppermost that nothing lies on: below, the bar of measuring will stand.
NUMBER = """[...document.querySelectorAll('#map .more')].map((node) => {
  const box = node.getBoundingClientRect();
  return [node, box.x + box.width / 2, box.y + box.height / 2];
}).filter(([node, ...at]) => node.contains(document.elementFromPoint(...at)))
  .map(([, ...at]) => at).sort((a, b) => a[1] - b[1])[0]"""


def test_a_number_of_hidden_stations_is_no_hole_in_what_is_measured(desk_page):
    """It goes closer when it is pressed; a point set there was lost, and the view with it."""
    page = desk_page
    view = page.evaluate(VIEW)
    spot = wait(page, NUMBER)
    page.locator("#map-measure").click()
    page.mouse.click(*spot)
    expect(page.locator("#measure-result")).to_have_text("Points: 1")
    page.locator("#measure-end").click()
    assert page.evaluate(VIEW) == view


def test_a_bare_place_says_what_is_near_it(desk_page):
    page = desk_page
    page.locator("#map canvas").first.focus()
    page.keyboard.press("Enter")
    card = page.locator("#near-card")
    expect(card).to_be_visible()
    expect(page.locator("#near-at")).to_contain_text("° N")
    expect(page.locator("#near-stations li")).not_to_have_count(0)
    expect(page.locator("#near-over")).to_contain_text("footprint")
    expect(page.locator("#near-people tr")).to_have_count(3)
    expect(page.locator("#near-source")).not_to_be_empty()
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()
    assert errors(page) == []


def test_one_panel_stands_at_a_time(desk_page):
    page = desk_page
    layers, card = page.locator("#layers-panel"), page.locator("#near-card")
    page.locator("#map-layers").click()
    expect(layers).to_be_visible()
    page.locator("#map canvas").first.focus()
    page.keyboard.press("Enter")
    expect(card).to_be_visible()
    expect(layers).to_be_hidden()
    expect(page.locator("#map-layers")).to_have_attribute("aria-expanded", "false")
    page.locator("#map-layers").click()
    expect(card).to_be_hidden()
    page.locator("#map-measure").click()
    expect(layers).to_be_hidden()
    page.locator("#measure-end").click()
    assert errors(page) == []


def test_tools_find_nothing_in_any_panel(desk_page):
    page = desk_page
    for opener, closer in (("map-layers", "layers-close"), ("map-measure", "measure-end")):
        page.locator(f"#{opener}").click()
        assert violations(page) == []
        page.locator(f"#{closer}").click()
    page.locator("#map canvas").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#near-source")).not_to_be_empty()
    assert violations(page) == []
    page.locator("#near-close").click()


def test_figures_beside_reservoirs_grow_once_with_the_screen(desk_page):
    """As the names of towns do, whose size the style gives for a desk."""
    page = desk_page
    view = page.evaluate(VIEW)
    page.set_viewport_size({"width": 2560, "height": 700})
    wait(page, SIZES + " === '15,17.5'")
    page.set_viewport_size({"width": 1440, "height": 900})
    wait(page, SIZES + " === '12,14'")
    assert page.evaluate(VIEW) == view


SIZES = """['notes', 'town-names'].map((id) => dongtai.map.getLayer(id)
  && dongtai.map.getLayoutProperty(id, 'text-size')).join()"""


def test_a_quiet_desk_draws_nothing(desk_page):
    """Four seconds without a frame, a source written anew or a thinning, while its ages go on."""
    page = desk_page
    page.evaluate(
        "() => { window.drawn = 0; dongtai.map.on('render', () => (window.drawn += 1)); }"
    )
    wait(page, STILL)


STILL = """(async () => {
  const layer = performance.getEntriesByType("resource").map(({ name }) => name)
    .find((name) => name.includes("/station_layer."));
  const { counts } = await import(layer);
  const seen = () => JSON.stringify([window.drawn, counts]);
  const before = seen(), age = document.querySelector("#clock").textContent;
  await new Promise((done) => setTimeout(done, 4000));
  return seen() === before && age !== document.querySelector("#clock").textContent;
})()"""
