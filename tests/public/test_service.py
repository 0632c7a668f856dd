"""What the public service answers, with the database there and without."""

import base64
import gzip
import re
from datetime import UTC, datetime

import httpx
import orjson
import psycopg2
import pytest

from dashboard.public.assets import load_assets
from dashboard.public.keeper import Keeper
from dashboard.public.snapshot import Setting
from dashboard.settings import PublicSettings
from database.pool import Connection, connect
from database.settings import DatabaseSettings
from gis.site import MapSite
from gis.style import ATTRIBUTION
from tests.conftest import execute
from tests.public import district
from tests.public.conftest import Service, serving
from tests.sample import series_id
from tests.servers import raw
from tests.servers.waiting import until


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_the_page_without_scripts_has_warnings_air_and_reservoirs(common: Service) -> None:
    page = text_of(common.page("/?lang=zh&place=xiapu"))
    assert "模拟数据，不是真实险情 红色：工业区东，请关窗留在室内" in page
    assert "霞浦 · 动态北仑 （样例数据）" in page.replace("(", "（").replace(")", "）")
    assert re.search(
        r"氨 186.0 ppm，限值 160.0 \d\d:\d\d 发布，最近核对 186.0 ppm， \d+ 秒前", page
    )
    assert "录制数据，不是现在的空气 (20" in page
    assert "关窗、关空调新风" in page
    assert "AQI 不含氨，数值降低不等于解除" in page
    assert "155 中度污染" in page
    assert "77 % 1,4" in page
    assert "23.86 m ，上涨" in page
    assert re.search(r"2[012]\.\d mm", page)
    assert "暴雨" in page
    assert "录制" in page
    assert "样例数据" in page
    english = text_of(common.page("/?lang=en&place=xiapu"))
    assert "Red: Industrial area E, stay indoors, close windows" in english
    assert "Simulated data, not a real emergency Red: " in english
    assert "Recorded, not the air outside now (20" in english
    assert "Industrial area E (sample)" in english, "the table keeps the whole name"
    assert not re.search(r"[\u4e00-\u9fff]", english.replace("中文", ""))


def test_a_stale_station_has_no_colour_and_counts_nowhere(common: Service) -> None:
    stale = common.page("/?lang=en&place=A-10")
    assert "Zishi" in stale
    pin = re.search(r'data-code="A-10".*?</svg>', stale, re.DOTALL)
    assert pin
    assert 'class="k0"' in pin[0]
    assert "—" in pin[0]
    lishan = re.search(r'id="s-R-06" data-state="(\w+)"', stale)
    assert lishan
    assert lishan[1] == "stale"
    assert "of 10 stations" in common.page("/?lang=en"), "the stale one is not among the current"


def test_language_is_chosen_by_address_then_by_browser_then_chinese(common: Service) -> None:
    def lang(path: str, accept: str) -> str:
        html = common.client.get(path, headers={"accept-language": accept}).text
        return re.search(r'<html lang="([\w-]+)"', html)[1]

    assert lang("/", "") == "zh-CN"
    assert lang("/", "en-GB,en;q=0.9") == "en"
    assert lang("/?lang=zh", "en") == "zh-CN"
    assert lang("/?lang=en", "zh") == "en"


def test_a_place_is_found_by_name_pinyin_and_initials(common: Service) -> None:
    for asked in ("霞浦", "xiapu", "xp", "Xiapu"):
        assert "霞浦" in text_of(common.page(f"/?lang=zh&q={asked}")).split("找到")[1][:200]
    assert "没有叫“Atlantis”的地点" in common.page("/?lang=zh&q=Atlantis")


def test_answers_are_packed_once_and_not_sent_twice(common: Service) -> None:
    with httpx.Client(base_url=common.url, headers={"accept-encoding": "gzip"}) as client:
        first = client.get("/api/v1/stations")
        assert first.headers["content-encoding"] == "gzip"
        assert orjson.loads(first.content)["type"] == "FeatureCollection"
    plain = common.client.get("/data", headers={"accept-encoding": "identity"})
    again = common.client.get("/data", headers={"if-none-match": plain.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert gzip.compress(plain.content)
    for path in ("/", "/data", "/api/v1/stations"):
        refused = common.client.get(path, headers={"accept-encoding": "gzip;q=0, identity"})
        assert "content-encoding" not in refused.headers


def test_every_answer_carries_the_security_headers(common: Service) -> None:
    for path in (
        "/",
        "/data",
        "/api/v1/stations",
        "/api/v1/alerts",
        "/nothing",
        "/cam/x.jpg",
        "/healthz",
    ):
        headers = common.client.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"], path
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in headers
        assert "server" not in headers


def test_errors_are_problems(common: Service) -> None:
    for path, status in (
        ("/nothing", 404),
        ("/api/v1/stations/R-02/readings", 422),
        (
            "/api/v1/stations/R-02/readings?metric=level_m&from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z",
            422,
        ),
        ("/api/v1/stations/R-02/readings?metric=level_m&to=0001-01-01T00:00:00Z", 400),
        ("/api/v1/stations/R-02/readings?metric=level_m&from=9999-12-31T23:59:59", 400),
        ("/api/v1/alerts?to=0001-01-01T00:00:00%2B14:00", 400),
        ("/cam/C-02.jpg?t=0001-01-01T00:00:00Z", 400),
        ("/api/v1/alerts?cursor=%00", 400),
        (f"/api/v1/alerts?cursor={b64(b'2026-11-22T03:14:00+00:00 a' + bytes(1))}", 400),
        ("/api/v1/alerts?state=secret", 422),
    ):
        answer = common.client.get(path)
        assert answer.status_code == status, path
        assert answer.headers["content-type"].startswith("application/problem+json")
        assert answer.json()["detail"]


def b64(plain: bytes) -> str:
    return base64.urlsafe_b64encode(plain).decode()


def test_head_is_a_get_without_its_body(common: Service) -> None:
    for path in ("/", "/data", "/api/v1/stations", "/api/v1/alerts", "/cam/C-02.jpg", "/healthz"):
        head, get = common.client.head(path), common.client.get(path)
        assert (head.status_code, head.content) == (200, b""), path
        assert head.headers["content-type"] == get.headers["content-type"]
    assert common.client.head("/live").status_code == 405


def test_an_error_of_any_kind_while_reading_is_logged_and_the_reading_begins_anew(
    city: DatabaseSettings, caplog: pytest.LogCaptureFixture
) -> None:
    odd = iter([ValueError("an odd row")])

    def connection() -> Connection:
        for error in odd:
            raise error
        return connect(city, "public_reader", application="test")

    setting = Setting(PublicSettings(), load_assets(), ATTRIBUTION, lambda _: {})
    keeper = Keeper(connection, setting)
    keeper.start()
    until(lambda: keeper.snapshot.ready, "the city is read after all")
    keeper.stop()
    [said] = [record for record in caplog.records if record.exc_info]
    assert str(said.exc_info[1]) == "an odd row"


def test_histories_come_as_fine_as_their_points_fit(common: Service) -> None:
    path = "/api/v1/stations/A-02/readings?metric=pm25_ugm3&from={}&max_points={}"
    week = common.client.get(path.format("2026-01-01T00:00:00Z", 2000)).json()
    assert week["resolution"] in ("1h", "1d")
    day = common.client.get("/api/v1/stations/A-02/readings?metric=pm25_ugm3").json()
    assert (day["resolution"], day["unit"]) == ("raw", "µg/m³")
    assert 280 <= len(day["points"]) <= 290
    csv = common.client.get("/api/v1/stations/A-02/readings?metric=pm25_ugm3&format=csv")
    assert csv.text.splitlines()[0] == "\ufefft,pm25_ugm3 (µg/m³),min,max,count,quality"


def test_alerts_are_paged_without_loss(common: Service) -> None:
    found, cursor = [], ""
    while cursor is not None:
        page = common.client.get(f"/api/v1/alerts?limit=1{cursor and '&cursor=' + cursor}").json()
        found += [alert["id"] for alert in page["alerts"]]
        cursor = page["next"]
    assert found == ["a-gas", "a-level", "a-delayed"]


def test_only_released_pictures_are_shown(common: Service) -> None:
    cameras = {c["code"]: c for c in common.client.get("/api/v1/cameras").json()["cameras"]}
    assert cameras.keys() == {"C-01", "C-02", "C-03", "C-04", "C-08", "C-09"}
    assert cameras["C-09"]["picture"] is None
    newest = common.client.get("/cam/C-02.jpg")
    assert newest.headers["content-type"] == "image/jpeg"
    assert (
        common.client.get(
            "/cam/C-02.jpg", headers={"if-none-match": newest.headers["etag"]}
        ).status_code
        == 304
    )
    then = common.client.get("/cam/C-02.jpg?t=2100-01-01T00:00:00Z")
    assert then.content == newest.content, "a newer picture that is not released does not count"
    assert common.client.get("/cam/C-09.jpg").status_code == 404


def test_metrics_are_for_this_machine_alone(common: Service) -> None:
    assert "dongtai_public_data_age_seconds" in common.client.get("/metrics").text
    through_a_proxy = common.client.get("/metrics", headers={"x-forwarded-for": "203.0.113.9"})
    assert through_a_proxy.status_code == 404


def test_a_new_value_reaches_the_page_within_seconds(service: Service, owner: Connection) -> None:
    with owner.cursor() as cursor:
        cursor.execute(
            "insert into reading (series_id, observed_at, value, quality, received_at) "
            "values (%s, now(), 24.44, 0, now())",
            (series_id(owner, "R-02", "level_m"),),
        )
        cursor.execute("notify dongtai")
    owner.commit()
    until(lambda: "24.44" in service.page(), "the page shows the new level")


def test_without_its_database_the_last_snapshot_is_served_and_says_since_when(
    service: Service, city: DatabaseSettings, server_dsn: str
) -> None:
    before = text_of(service.page("/?lang=en"))
    assert "No new data since" not in before
    stop(server_dsn, city)
    until(lambda: "No new data since" in service.page("/?lang=en"), "the banner stands")
    page = text_of(service.page("/?lang=en"))
    assert re.search(
        r"No new data since \d\d:\d\d\. This page shows what was known then, .* ago", page
    )
    assert "Red: Industrial area E" in page
    assert "155" in page
    stations = service.client.get("/api/v1/stations").json()
    assert stations["down_since"]
    assert len(stations["features"]) > 20
    assert service.client.get("/readyz").status_code == 503
    assert service.client.get("/healthz").status_code == 200
    assert service.client.get("/cam/C-02.jpg").status_code == 200
    history = service.client.get("/api/v1/stations/A-02/readings?metric=pm25_ugm3")
    assert history.status_code == 503
    with service.client.stream("GET", "/live") as stream:
        lines = stream.iter_lines()
        assert next(lines) == "event: hello"
        assert '"down_since":"2' in next(lines)
    execute(server_dsn, f"alter database {name_of(city)} with allow_connections true")
    until(lambda: "No new data since" not in service.page("/?lang=en"), "the data is back")


def test_a_service_that_never_saw_its_database_says_so(
    database: DatabaseSettings, server_dsn: str, site: MapSite
) -> None:
    stop(server_dsn, database)
    with serving(database, site) as found:
        answer = found.client.get("/?lang=en")
        assert answer.status_code == 503
        assert "no data yet" in answer.text
        assert "No warning is in force" not in answer.text
    execute(server_dsn, f"alter database {name_of(database)} with allow_connections true")


def test_html_in_names_and_advice_stays_text(
    database: DatabaseSettings, owner: Connection, site: MapSite
) -> None:
    evil = "<img src=x onerror=alert(1)>\"'</script><script>alert(2)</script>{{7*7}}"
    now = datetime.now(UTC)
    district.fill(owner, now)
    district.station(owner, "X-1", "air", evil, evil, 121.85, 29.9, 300)
    district.series(owner, "X-1", "pm25_ugm3", 300, lambda _b: 170.0, now)
    names = {"zh": evil, "en": evil}
    district.alert(owner, now, "a-evil", "X-1", "pm25_ugm3", "red", 1, 170.0, 75.0, names, names)
    owner.commit()
    with serving(database, site) as found:
        until(found.ready, "ready")
        for path in (
            "/?lang=zh",
            "/?lang=en&place=X-1",
            "/?q=%3Cimg%20src=x%20onerror=alert(1)%3E",
        ):
            html = found.page(path)
            assert "<img src=x" not in html, path
            assert "<script>alert" not in html, path
            assert "{{7*7}}" in html or "q=" in path
        assert found.client.get("/places.json").headers["content-type"] == "application/json"


def stop(server_dsn: str, settings: DatabaseSettings) -> None:
    """As if the database had gone: nobody gets in, everybody is thrown out."""
    name = name_of(settings)
    execute(server_dsn, f"alter database {name} with allow_connections false")
    conn = psycopg2.connect(server_dsn)
    conn.autocommit = True
    conn.cursor().execute(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (name,)
    )
    conn.close()


def name_of(settings: DatabaseSettings) -> str:
    return settings.dsn.partition("?")[0].rpartition("/")[2]


@pytest.mark.parametrize("path", ["/api/v1/alerts", "/nothing", "/cam/C-99.jpg", "/readyz"])
def test_no_cache_keeps_what_does_not_say_for_how_long(common: Service, path: str) -> None:
    assert common.client.get(path).headers["cache-control"] == "no-cache"


def test_what_is_too_long_or_without_end_is_refused(common: Service) -> None:
    head = b"GET / HTTP/1.1\r\nHost: x\r\n"
    assert raw.status(common.url, [head + b"Cookie: " + b"a=b; " * 20_000 + b"\r\n\r\n"]) == 431
    assert raw.status(common.url, [head + b"X: ", *[b"a" * 100_000] * 300]) in (431, None)
    assert raw.status(common.url, [head + b"Transfer-Encoding: chunked\r\n\r\n"]) == 411
    assert common.client.get("/").status_code == 200
