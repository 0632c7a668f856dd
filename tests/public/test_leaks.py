"""Everything that the public can reach is walked with a database full of marked private things."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import cv2
import httpx
import numpy as np
import pytest
from fastapi.routing import iter_route_contexts
from psycopg2 import errors
from starlette.routing import compile_path

from dashboard.public.fast import FIXED
from database.pool import Connection, connect
from database.settings import DatabaseSettings
from tests.public.conftest import Service
from tests.public.district import MARK, PRIVATE_VALUE
from tests.sample import series_id

PRIVATE = (MARK.encode(), str(PRIVATE_VALUE).encode(), b"7,654", b"7654")
CODES = (
    "R-01",
    "R-02",
    "A-02",
    "W-09",
    "G-31",
    "C-02",
    "C-08",
    "C-09",
    f"P-{MARK}",
    f"C-{MARK}",
    "nothing",
)
METRICS = ("level_m", "temp_c", "nh3_ppm", "inflow_m3s", "aqi", "pm25_ugm3")


def addresses() -> Iterator[str]:
    """All routes, filled with known, private and unknown names, and what no page links to."""
    for code in CODES:
        for metric in METRICS:
            for more in (
                "",
                "&max_points=3",
                "&format=csv",
                "&from=2020-01-01T00:00:00Z&max_points=9",
            ):
                yield f"/api/v1/stations/{code}/readings?metric={metric}{more}"
        yield from (
            f"/cam/{code}.jpg",
            f"/cam/{code}.jpg?size=small",
            f"/cam/{code}.jpg?t=2100-01-01T00:00:00Z",
        )
        yield from (f"/?place={code}", f"/?place={code}&lang=en", f"/?q={code}")
    yield from (
        "/?lang=en",
        "/?lang=zh",
        f"/?q={MARK}",
        "/?q=%E7%A4%BA%E4%BE%8B",
        "/api/v1/stations",
    )
    for state in ("", "state=open", "state=ended", "limit=1", "from=2020-01-01T00:00:00Z"):
        yield f"/api/v1/alerts?{state}"
    yield from (
        "/api/v1/cameras",
        "/api/v1/warnings",
        "/api/v1/warnings.atom",
        "/api/v1/warnings/nothing.cap",
        "/healthz",
        "/readyz",
        "/metrics",
        "/openapi.json",
        "/places.json",
    )
    yield from (
        "/data",
        "/accessibility",
        "/docs",
        "/redoc",
        "/api/v1/ledger",
        "/api/v1/stations/R-02/marks",
        "/login",
        "/nothing",
    )


def walk(service: Service) -> Iterator[tuple[str, httpx.Response]]:
    """Every address, and every link that any answer has."""
    waiting, seen = list(addresses()), set()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = service.client.get(path)
        yield path, answer
        if "html" in answer.headers.get("content-type", ""):
            for link in re.findall(r'(?:href|src|srcset)="([^"#]+)', answer.text):
                target = urlsplit(urljoin(service.url + path, link.replace("&amp;", "&")))
                assert f"{target.scheme}://{target.netloc}" == service.url, (
                    f"{path} links to {link}"
                )
                waiting.append(target.path + ("?" + target.query if target.query else ""))


@pytest.fixture(scope="module")
def found(common: Service) -> dict[str, httpx.Response]:
    """One walk for all that look at it."""
    return dict(walk(common))


def test_no_public_answer_holds_anything_private(found: dict[str, httpx.Response]) -> None:
    assert len(found) > 300
    assert sum(answer.status_code == 200 for answer in found.values()) > 60
    for path, answer in found.items():
        asked = path.encode()
        for mark in PRIVATE:
            held = answer.content.replace(b"privatemark", b"") if mark in asked else answer.content
            assert mark not in held, f"{path} shows {mark!r}"
        assert "set-cookie" not in answer.headers, path


def test_no_head_of_an_answer_holds_anything_private(found: dict[str, httpx.Response]) -> None:
    """Headers and entity tags, of what was found and of what was not."""
    for path, answer in found.items():
        heads = str(answer.headers.raw).encode().replace(path.encode(), b"")
        for mark in PRIVATE[:2]:  # four digits alone may be a length or part of a hash
            assert mark not in heads or mark in path.encode(), f"{path}: {heads!r}"


@pytest.mark.parametrize("path", ["/", "/live", "/api/v1/alerts", "/cam/C-02.jpg", f"/x/{MARK}/y"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_no_refusal_holds_anything_private(common: Service, method: str, path: str) -> None:
    answer = common.client.request(method, path, content=b'{"x": 1}')
    assert answer.status_code in (404, 405)
    held = answer.content + str(answer.headers.raw).encode()
    for mark in PRIVATE[:2]:
        assert mark not in held or mark in path.encode()


def test_every_route_that_the_application_has_is_walked(
    common: Service, found: dict[str, httpx.Response]
) -> None:
    """From its own table: who adds a route adds an address of it, or this fails."""
    app: Any = common.server.config.app
    routes = [
        context
        for context in iter_route_contexts(app._app.routes)
        if context.path is not None and "GET" in (context.methods or ())
    ]
    assert len(routes) > 12
    walked = {urlsplit(path).path for path in found} | {"/live"}
    patterns = {context.path: compile_path(context.path)[0] for context in routes}
    assert not [path for path, one in patterns.items() if not any(map(one.match, walked))]
    # What is answered before any route: each of the fixed documents as well.
    assert set(FIXED) <= walked
    other = {m for r in routes for m in r.methods or ()} - {"GET", "HEAD"}
    assert not other, "a route that writes: the public service has none"


def test_a_picture_goes_out_without_what_it_says_beside_its_pixels(
    common: Service, service: Service, owner: Connection
) -> None:
    with owner.cursor() as cursor:
        cursor.execute("select content from picture_released order by picture_id")
        stored = [bytes(content) for (content,) in cursor.fetchall()]
    assert any(b"Exif" in one and MARK.encode() in one for one in stored)
    for path in (
        "/cam/C-08.jpg",
        "/cam/C-08.jpg?size=small",
        "/cam/C-08.jpg?t=2100-01-01T00:00:00Z",
    ):
        answer = service.client.get(path)
        assert answer.status_code == 200, path
        assert cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR) is not None
        for said in (b"Exif", b"ns.adobe.com", MARK.encode()):
            assert said not in answer.content


@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_what_turns_private_leaves_the_stream(
    service: Service, owner: Connection, coding: str
) -> None:
    """A station is closed to the public while a page is open, and a value comes after that."""
    with service.client.stream("GET", "/live", headers={"Accept-Encoding": coding}) as stream:
        assert stream.headers.get("content-encoding", "identity") == coding
        lines = stream.iter_lines()
        assert next(lines) == "event: hello"
        with owner.cursor() as cursor:
            cursor.execute(
                "update station_version v set public = false, name_zh = %s from station s "
                "where s.id = v.station_id and s.code = 'R-03'",
                (MARK,),
            )
            cursor.execute(
                "insert into reading (series_id, observed_at, value, quality, received_at) "
                "values (%s, now(), %s, 0, now())",
                (series_id(owner, "R-03", "level_m"), PRIVATE_VALUE),
            )
            cursor.execute("notify dongtai")
        owner.commit()
        heard: list[str] = []
        while not heard or '"gone":["R-03"]' not in heard[-1]:
            heard.append(next(lines))
    assert not any(mark in line.encode() for line in heard for mark in PRIVATE)


def test_the_stream_holds_nothing_private(service: Service, owner: Connection) -> None:
    with service.client.stream("GET", "/live") as stream:
        lines = stream.iter_lines()
        heard = [next(lines), next(lines)]
        assert heard[0] == "event: hello"
        with owner.cursor() as cursor:
            for code, metric in (
                (f"P-{MARK}", "nh3_ppm"),
                ("R-01", "inflow_m3s"),
                ("R-01", "level_m"),
            ):
                cursor.execute(
                    "insert into reading (series_id, observed_at, value, quality, received_at) "
                    "values (%s, now(), %s, 0, now())",
                    (
                        series_id(owner, code, metric),
                        31.77 if metric == "level_m" else PRIVATE_VALUE,
                    ),
                )
            cursor.execute("notify dongtai")
        owner.commit()
        while "31.77" not in heard[-1]:
            heard.append(next(lines))
    assert not any(mark in line.encode() for line in heard for mark in PRIVATE)


def test_a_private_station_answers_exactly_as_one_that_does_not_exist(common: Service) -> None:
    for pattern in (
        "/api/v1/stations/{}/readings?metric=nh3_ppm",
        "/cam/{}.jpg",
        "/cam/{}.jpg?t=2026-01-01T00:00:00Z",
    ):
        private, unknown = (
            common.client.get(pattern.format(code)) for code in (f"P-{MARK}", "X-99")
        )
        assert (private.status_code, private.content) == (404, unknown.content)
        drop = ("date",)
        assert {k: v for k, v in private.headers.items() if k not in drop} == {
            k: v for k, v in unknown.headers.items() if k not in drop
        }


def test_a_delayed_series_is_shown_as_it_was(common: Service) -> None:
    features = {f["id"]: f for f in common.client.get("/api/v1/stations").json()["features"]}
    latest = features["W-09"]["properties"]["latest"]["temp_c"]
    assert latest["value"] == 9.5
    assert latest["age_s"] > 3500
    delayed = {a["id"]: a for a in common.client.get("/api/v1/alerts").json()["alerts"]}[
        "a-delayed"
    ]
    assert delayed["value"] is None
    assert delayed["state"] == "active"


def test_nobody_learns_whose_an_alert_is(service: Service) -> None:
    alerts = service.client.get("/api/v1/alerts").json()["alerts"]
    assert {a["id"] for a in alerts} == {"a-gas", "a-level", "a-delayed"}
    assert {a["state"] for a in alerts} == {"active"}
    for alert in alerts:
        assert not {"owner", "note", "evidence", "acknowledged_at", "subject"} & alert.keys()


def test_the_role_can_select_from_city_views_and_from_nothing_else(city: DatabaseSettings) -> None:
    conn = connect(city, "public_reader", application="test")
    with conn.cursor() as cursor:
        cursor.execute(
            "select n.nspname, c.relname, c.relkind::text from pg_class c "
            "join pg_namespace n on n.oid = c.relnamespace "
            "where c.relkind in ('r', 'v', 'm', 'p', 'f') "
            "and n.nspname in ('city', 'dongtai', 'public') order by 1, 2"
        )
        relations = cursor.fetchall()
    conn.rollback()
    assert {name for schema, name, _ in relations if schema == "dongtai"} >= {
        "reading",
        "account",
        "alert",
    }
    readable = {(schema, name) for schema, name, _ in relations if _can_select(conn, schema, name)}
    assert readable == {(schema, name) for schema, name, _ in relations if schema == "city"}
    assert {kind for schema, _, kind in relations if schema == "city"} == {"v"}
    for statement in (
        "insert into city.station (code) values ('x')",
        "delete from city.alert",
        "update city.alert set grade = 'red'",
        "create table city.x (y int)",
    ):
        with (
            conn.cursor() as cursor,
            pytest.raises(
                (
                    errors.InsufficientPrivilege,
                    errors.ObjectNotInPrerequisiteState,
                    errors.FeatureNotSupported,
                )
            ),
        ):
            cursor.execute(statement)
        conn.rollback()
    conn.close()


def test_the_public_service_never_loads_what_knows_accounts() -> None:
    import subprocess
    import sys

    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, dashboard.public.__main__; print(*sys.modules)"],
        check=True, capture_output=True, text=True,
    ).stdout.split()  # fmt: skip
    assert "dashboard.public.app" in loaded
    staff = {
        "dashboard.door.accounts",
        "dashboard.app",
        "dashboard.door.access",
        "dashboard.door.gate",
        "dashboard.door.signin",
    }
    assert not staff & set(loaded)
    assert not any(name.split(".")[0] in ("dash", "flask", "paho", "cv2") for name in loaded)


def _can_select(conn: Connection, schema: str, name: str) -> bool:
    try:
        with conn.cursor() as cursor:
            cursor.execute(f'select * from "{schema}"."{name}" limit 0')
    except errors.InsufficientPrivilege:
        return False
    finally:
        conn.rollback()
    return True
