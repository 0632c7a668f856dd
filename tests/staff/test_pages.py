"""What the pages are made of: texts in both languages, limits by season, files of our own."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.door.access import UPDATE
from dashboard.figures.limits import label
from dashboard.pages.chart import Request
from dashboard.pages.day import read_day
from dashboard.pages.kept import KEPT
from dashboard.pages.static import MissingLibrary, vendor_routes
from dashboard.pages.strings import STEPS, initials, msgids, page_data
from dashboard.pages.tokens import ASSETS
from dashboard.text import catalogue
from tests import sample

ASKED_CHART = (
    b'{"output":"chart.figure","outputs":{"id":"chart","property":"figure"},'
    b'"inputs":[{"id":"chart-request","property":"data","value":%s}],'
    b'"changedPropIds":["chart-request.data"]}'
)


def test_every_text_of_the_scripts_is_in_the_chinese_catalogue():
    chinese = catalogue("zh")
    assert [
        m
        for m in (*msgids(), *STEPS.values(), *(w for pair in KEPT.values() for w in pair))
        if m not in chinese
    ] == []


def test_every_reason_for_quarantine_has_a_name_and_a_sentence():
    """Codes as the sources raise them: as the first words of a Problem or of its kin."""
    root = ASSETS.parents[1]
    sources = [p for folder in ("ingest", "sensors") for p in (root / folder).rglob("*.py")]
    raised = re.compile(r'(?:[Pp]roblem|Bad\w+|Unread\w+)\(\s*(?:\w+,\s*)?"([a-z_]+)",')
    codes = {code for path in sources for code in raised.findall(path.read_text("utf-8"))}
    assert len(codes) > 40
    assert sorted(codes - set(KEPT)) == []
    page = page_data("zh", "Asia/Shanghai", {}, "")
    assert page["words"]["why_unit_unknown"].startswith("设备数值的单位没有说明")


def test_every_label_of_the_pages_is_in_the_chinese_catalogue():
    chinese = catalogue("zh")
    sources = [p.read_text("utf-8") for p in (ASSETS.parent / "pages").rglob("*.py")]
    asked = {m for source in sources for m in re.findall(r'\b(?:say|t)\(\s*"([^"]+)"', source)}
    assert len(asked) > 30
    assert sorted(asked - {"..."} - set(chinese)) == []


@given(st.sampled_from(msgids()))
def test_a_translation_fills_the_same_places(msgid):
    places = re.compile(r"\{(\w+)\}")
    assert sorted(places.findall(catalogue("zh")[msgid])) == sorted(places.findall(msgid))


def test_scripts_never_write_markup():
    forbidden = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(")
    found = {p.name for p in ASSETS.rglob("*.mjs") if forbidden.search(p.read_text("utf-8"))}
    assert found == set()


def test_no_address_outside_is_in_scripts_or_styles():
    for path in [*ASSETS.rglob("*.mjs"), *ASSETS.glob("*.css")]:
        addresses = set(re.findall(r"https?://[^\s\"'`)]+", path.read_text("utf-8")))
        assert addresses <= {"http://www.w3.org/2000/svg"}, path.name


def test_initials_are_what_a_hurried_officer_types():
    assert initials("柴桥水库（示例）") == "cqsk"
    assert initials("7 号厂北") == "7 hcb"
    assert page_data("zh", "Asia/Shanghai", {"R-02": "柴桥水库"}, "duty")["initials"] == {
        "R-02": "cqsk"
    }


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(["lang", "theme", "scale", "more"]), anything), anything)
def test_what_a_browser_sends_never_breaks_the_chart(more, odd):
    assert Request.read(odd) is None
    assert Request.read(more) is None
    assert Request.read(more | {"station": "R-02", "metric": [odd]}) is None
    assert Request.read(more | {"station": [odd], "metric": "level_m"}) is None
    request = Request.read(more | {"station": "R-02", "metric": "level_m"})
    assert request is not None
    assert request.lang in ("zh", "en")


@pytest.mark.parametrize(
    "value",
    [
        b"5", b'"x"', b"[1]", b"null", b'{"station":"\\u0000"}',
        b'{"station":"\\u0000","metric":"level_m"}', b'{"station":"\\ud800","metric":"level_m"}',
        b'{"station":["R-02"],"metric":"level_m"}', b'{"station":"R-02","metric":["level_m"]}',
        b'{"station":"R-02","metric":"level_m","lang":["zh"],"theme":{}}',
        b'{"station":"R-02","metric":"level_m","scale":1%s}' % (b"0" * 400),
    ],
)  # fmt: skip
def test_the_chart_answers_whatever_is_asked_of_it(shared_desk, value):
    with shared_desk.client("viewer") as client:
        headers = {"Content-Type": "application/json"}
        answer = client.post(UPDATE, content=ASKED_CHART % value, headers=headers)
    assert answer.status_code in (200, 204)


def test_the_chart_of_a_series_comes(shared_desk):
    with shared_desk.client("viewer") as client:
        headers = {"Content-Type": "application/json"}
        wanted = b'{"station":"R-02","metric":"level_m"}'
        answer = client.post(UPDATE, content=ASKED_CHART % wanted, headers=headers)
    assert answer.json()["response"]["chart"]["figure"]["data"]


def test_what_is_not_there_is_a_404_that_leads_back(shared_desk):
    with shared_desk.client("viewer") as client:
        for path in (
            "/nothing",
            "/cameras/7",
            "/map/nothing.json",
            "/_dash-component-suites/os/x.js",
            "/_dash-component-suites/dash/x.js",
        ):
            answer = client.get(path, headers={"Cookie": "lang=en"})
            assert answer.status_code == 404, path
            assert "There is nothing at this address" in answer.text
            assert '<a href="/">Back to the desk</a>' in answer.text
        assert "此地址没有内容" in client.get("/nothing").text


def test_pages_and_the_files_that_they_name_are_there(shared_desk):
    with shared_desk.client("viewer") as client:
        for page in ("/", "/cameras", "/data", "/?station=R-02"):
            answer = client.get(page)
            assert answer.status_code == 200
            named = re.findall(r'(?:src|href)="(/[^"]+)"', answer.text)
            assert any(path.startswith("/_dash-component-suites/") for path in named)
            assert {client.get(path).status_code for path in named} == {200}
        for path in ("/_dash-layout", "/_dash-dependencies"):
            assert client.get(path).status_code == 200


@pytest.mark.parametrize(
    ("lang", "words"), [("zh", "本页面需要 JavaScript"), ("en", "needs JavaScript")]
)
def test_without_scripts_the_desk_says_what_it_needs(shared_desk, lang, words):
    with shared_desk.client("viewer") as client:
        page = client.get("/", headers={"Cookie": f"lang={lang}"}).text
    assert words in page.split("<noscript>")[1].split("</noscript>")[0]


def test_a_day_has_its_points_limits_and_the_grade_of_what_burns(owner):
    now = datetime.now(UTC)
    sample.fill(owner, now)
    day = read_day(owner, "R-02", "level_m", now, "zh")
    assert day is not None
    assert [p.at for p in day.points] == sorted(p.at for p in day.points)
    assert min(p.at for p in day.points) > now - timedelta(hours=24)
    assert {"good", "suspect", "missing"} == {p.quality for p in day.points}
    burning = {limit.label: limit.grade for limit in day.limits}
    assert burning == {"汛限水位": "orange", "正常蓄水位": None, "设计洪水位": None}
    assert read_day(owner, "R-02", "no_such", now) is None


@pytest.mark.parametrize(
    ("start", "end", "day", "holds"),
    [
        ("04-15", "10-15", "07-01", True),
        ("04-15", "10-15", "12-01", False),
        ("10-16", "04-14", "12-01", True),
        ("10-16", "04-14", "07-01", False),
        ("10-16", "04-14", "04-14", True),
    ],
)
def test_a_limit_holds_in_its_season_even_over_new_year(owner, start, end, day, holds):
    now = datetime.fromisoformat(f"2026-{day}T12:00:00+00:00")
    sample.fill(owner, now)
    owner.cursor().execute(
        "update limit_value set season_from = %s, season_to = %s where name = 'flood_limit'",
        (start, end),
    )
    found = read_day(owner, "R-02", "level_m", now, "en")
    assert found is not None
    assert ("Flood limit" in {limit.label for limit in found.limits}) is holds


@pytest.mark.parametrize(
    ("mean_s", "lang", "said"),
    [(3600, "en", "1 h mean"), (86400, "zh", "24 小时均值"), (None, "zh", ""), (30, "en", "")],
)
def test_a_limit_on_the_chart_says_over_which_mean_it_holds(owner, mean_s, lang, said):
    now = datetime.now(UTC)
    sample.fill(owner, now)
    owner.cursor().execute("update limit_value set mean_over_s = %s", (mean_s,))
    found = read_day(owner, "R-02", "level_m", now, lang)
    assert found is not None
    assert {limit.mean for limit in found.limits} == {said}
    assert all(label(limit, 2).endswith(f" · {said}" if said else "0") for limit in found.limits)


def test_a_missing_library_is_named_with_its_remedy(tmp_path):
    with pytest.raises(MissingLibrary, match=r"maplibre-gl\.mjs is not installed .* `npm ci`"):
        vendor_routes(tmp_path)


def test_libraries_and_map_come_compressed_and_once(shared_desk):
    with shared_desk.client("viewer") as client:
        first = client.get("/map/style-dark-zh.json")
        assert first.json()["sources"]["land"]["data"] == "/map/land.geojson"
        assert first.headers["content-encoding"] == "gzip"
        again = client.get(
            "/map/style-dark-zh.json", headers={"If-None-Match": first.headers["etag"]}
        )
        assert again.status_code == 304
        script = client.get("/assets/vendor/maplibre-gl.mjs")
        assert script.headers["content-type"].startswith("text/javascript")
        assert client.get("/map/../config.yaml").status_code == 404
        assert b"dsn" not in client.get("/map/%2e%2e/config.yaml").content
