"""The areas of warnings on the city map: where they are, what they say, and when they go."""

import html
import re
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import expect

from alerts.warnings.content import Area, Both, Round
from dashboard.public.areas import EDGE_TOP, EDGE_X, LINE, rings_of, warned
from dashboard.public.places import Place, distance_km
from dashboard.public.poster import Box
from tests.alerts.warned import RING, content, publish
from tests.public.conftest import Service
from tests.public.test_browser import opened, with_map
from tests.public.test_warnings import commit, message, now, people, shown, staff
from tests.servers.browser import Desk
from tests.servers.waiting import until

__all__ = ["people", "staff"]  # fixtures
AT = datetime(2026, 11, 22, 3, 14, tzinfo=UTC)
BOX: Box = (121.7, 29.78, 122.0, 29.98)
GRADES = ("red", "orange", "yellow", "blue")
circles = st.builds(
    Round, lon=st.floats(121.5, 122.2), lat=st.floats(29.6, 30.2), radius_km=st.floats(0.1, 40)
)


@given(circles)
def test_the_rim_of_a_circle_is_as_far_as_its_radius_says(one: Round) -> None:
    (ring,) = rings_of(Area(circles=(one,)))
    assert ring[0] == ring[-1]
    centre = Place("x", "town", "x", "x", one.lon, one.lat)
    for lon, lat in ring:
        assert abs(distance_km(centre, lon, lat) - one.radius_km) < 0.02 * one.radius_km + 0.01


@given(st.lists(st.tuples(circles, st.sampled_from(GRADES)), max_size=5))
def test_words_stand_within_the_map_and_none_covers_another(some) -> None:
    found = warned(
        [
            message(n, AT, area=Area(circles=(circle,)), grade=grade)
            for n, (circle, grade) in enumerate(some)
        ],
        BOX,
    )
    assert len(found) == len(some)
    for n, one in enumerate(found):
        assert EDGE_X <= one.x <= 100 - EDGE_X
        assert one.y >= EDGE_TOP
        assert one.path.count("M") == one.path.count("Z") == 1
        for other in found[:n]:
            assert abs(one.x - other.x) >= 2 * EDGE_X or abs(one.y - other.y) >= LINE - 0.02


def test_what_is_beyond_the_map_is_not_here_and_nothing_encloses_nothing() -> None:
    far = Area(circles=(Round(lon=123, lat=31, radius_km=2),))
    (one,) = warned([message(1, AT, area=far)], BOX)
    assert not one.here
    assert warned([message(1, AT, area=Area(names=Both(zh="区", en="d")))], BOX) == []


# What is drawn runs out in two seconds, and what the server draws anew stays out of it.
RUNS_OUT = """() => {
  const frame = document.querySelector('#frame'), soon = new Date(Date.now() + 2000).toISOString();
  const areas = JSON.parse(frame.dataset.areas).map((area) => ({ ...area, expires: soon }));
  Object.assign(frame.dataset, { keep: '', areas: JSON.stringify(areas) });
  for (const part of frame.querySelectorAll('[data-expires]')) part.dataset.expires = soon;
}"""


def labels(page: str) -> list[str]:
    return [html.unescape(one) for one in re.findall(r'class="area-word"[^>]*>([^<]*)<', page)]


def test_an_area_is_named_hatched_and_goes_with_its_warning(service: Service, staff, people):
    publish(staff, people, content(now()), now())
    orange = content(now(), grade="orange", status="Actual", event=Both(zh="洪水", en="Flood"))
    publish(staff, people, orange, now())
    commit(staff)
    until(lambda: shown(service, 2), "both are public")
    page = service.page("/?lang=zh")
    assert labels(page) == ["演练 红色：氨泄漏", "橙色：洪水"]
    assert labels(service.page("/?lang=en")) == ["Exercise Red: Ammonia leak", "Orange: Flood"]
    for grade in ("red", "orange"):
        assert f'id="hatch-{grade}"' in page
        assert page.count(f'fill="url(#hatch-{grade})"') == 2  # on the map and in the legend


def test_the_live_map_has_the_areas_too(service: Service, staff, people, browser: Desk):
    publish(staff, people, content(now()), now())
    commit(staff)
    until(lambda: shown(service, 1), "the warning is public")
    page = opened(browser, f"{service.url}/?lang=en", viewport={"width": 360, "height": 780})
    name = with_map(page).locator("div.area-word")
    expect(name).to_have_text("Exercise Red: Ammonia leak")
    drawn = page.locator("#frame").get_attribute("data-areas") or ""
    assert str(list(RING[1]))[1:-1].replace(" ", "") in drawn
    # By the clock of the page: no server has to say so.
    page.evaluate(RUNS_OUT)
    expect(name).to_have_count(0)
    expect(page.locator("text.area-word")).to_be_hidden()
    assert page.errors == []  # type: ignore[attr-defined]  # set in `opened`
