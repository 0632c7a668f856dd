"""Approved warnings on the city page, in the feed and as CAP; drafts and names never there."""

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import orjson
import pytest

from alerts.cap import rules
from alerts.cap.reading import parse
from alerts.warnings import life
from alerts.warnings.content import Area, Both, Round
from alerts.warnings.store import Person
from dashboard.public import store
from dashboard.public.assets import load_assets
from dashboard.public.bars import Past
from dashboard.public.feed import feed
from dashboard.public.published import Published, called_off, changed_at, in_force
from dashboard.public.snapshot import Setting, build
from dashboard.public.store import City
from dashboard.settings import PublicSettings
from database.heartbeat import wake
from database.pool import Connection, connect
from database.settings import DatabaseSettings
from gis.style import ATTRIBUTION
from tests.alerts.test_cap import xsd_valid
from tests.alerts.warned import EVIL, RING, SETTINGS, SLY, approved, content, publish, two
from tests.public.conftest import Service
from tests.public.district import MARK
from tests.public.test_service import stop
from tests.servers.waiting import until

COPIES = """
alter table warning disable trigger user;
insert into warning (id, thread, number, type, state, content, author_id, approver_id, cap,
                     created_at, changed_at, published_at, expires_at)
select %(hours)s || 'x' || n, %(hours)s || 'x' || n, 1, type, state, content, author_id,
       approver_id, cap, created_at, changed_at, published_at + make_interval(secs => n),
       now() + make_interval(hours => %(hours)s)
  from warning, generate_series(1, %(count)s) n where id = %(of)s;
alter table warning enable trigger user"""
ATOM = {"a": "http://www.w3.org/2005/Atom"}
HERE = Area(names=Both(zh="霞浦街道", en="Xiapu"), polygons=(RING,), circles=(
    Round(lon=121.872, lat=29.88, radius_km=2),))  # fmt: skip


@pytest.fixture
def people(owner: Connection, service: Service) -> list[Person]:
    found = two(owner, f"an-{MARK}", f"bo-{MARK}")
    owner.commit()
    return found


@pytest.fixture
def staff(city: DatabaseSettings) -> Iterator[Connection]:
    with closing(connect(city, "staff", application="test")) as conn:
        yield conn


def commit(conn: Connection) -> None:
    wake(conn)
    conn.commit()


def now() -> datetime:
    return datetime.now(UTC)


def shown(service: Service, count: int) -> bool:
    return len(service.client.get("/api/v1/warnings").json()["warnings"]) == count


def entries(service: Service) -> list[ET.Element]:
    return ET.fromstring(service.client.get("/api/v1/warnings.atom").content).findall(
        "a:entry", ATOM
    )


def test_what_is_approved_is_public_until_it_is_called_off(service, staff, people):
    said = content(now(), area=HERE)
    waiting = life.draft(staff, people[0], content(now(), event=Both(zh=MARK, en=MARK)), now())
    out = publish(staff, people, said, now())
    commit(staff)
    until(lambda: shown(service, 1), "the warning is public")

    page = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", service.page("/?lang=zh&place=A-02")))
    assert "演练，不是真实险情 红色：请留在室内" in page
    assert "霞浦站在本预警范围内" in page
    assert "关好门窗。" in page
    assert re.search(r"有效至 .*\d\d:\d\d .*发布", page)
    assert "在本预警范围内" not in service.page("/?lang=zh&place=R-04")

    answer = service.client.get(f"/api/v1/warnings/{out.id}.cap")
    assert answer.headers["content-type"].startswith("application/cap+xml")
    assert xsd_valid(answer.content)
    sent = parse(answer.content)
    assert rules.faults(sent) == []
    assert sent.status == "Exercise"
    [entry] = entries(service)
    assert entry.find("a:link", ATOM).get("href") == f"../../api/v1/warnings/{out.id}.cap"
    assert "EXERCISE" in str(entry.findtext("a:title", None, ATOM))

    update = life.follow(staff, out.id, people[0], "Update", now(), MARK)
    update = life.edit(staff, update.id, people[0], content(now(), grade="orange"), 1, now())
    update = approved(staff, update, people, now())
    commit(staff)
    until(lambda: update.id in service.client.get("/api/v1/warnings.atom").text, "it is updated")
    assert len(entries(service)) == 1
    assert "更新" in service.page()

    cancel = life.follow(staff, out.id, people[0], "Cancel", now(), MARK)
    cancel = approved(staff, cancel, people, now())
    commit(staff)
    until(lambda: "解除：请留在室内" in service.page(), "it is called off")
    page = service.page()  # what is called off stands below what is on
    assert page.index('class="warning off"') > page.rindex('id="w-')
    [listed] = service.client.get("/api/v1/warnings").json()["warnings"]
    assert (listed["type"], listed["state"], listed["number"]) == ("Cancel", "cancel", 3)
    for one in (out, update, cancel):  # every message stays where its link is
        assert service.client.get(f"/api/v1/warnings/{one.id}.cap").status_code == 200
    assert service.client.get(f"/api/v1/warnings/{waiting.id}.cap").content == (
        service.client.get("/api/v1/warnings/nothing.cap").content
    )
    paths = ["/?lang=zh", "/?lang=en", "/api/v1/warnings", "/api/v1/warnings.atom"]
    paths += [f"/api/v1/warnings/{one.id}.cap" for one in (out, update, cancel)]
    for path in paths:
        assert MARK not in service.client.get(path).text, path


def test_what_no_database_can_be_asked_for_is_not_there(service):
    for path in ("%00", "a%00b", "%ff"):
        assert service.client.get(f"/api/v1/warnings/{path}.cap").status_code == 404


def test_what_holds_stays_however_many_went_out_since(owner, staff, people):
    """The limit is for those that are over."""
    lasting = publish(staff, people, content(now()), now() - timedelta(hours=6))
    staff.commit()
    for hours, count in ((1, 2), (-1, 301)):
        with owner.cursor() as cursor:
            cursor.execute(COPIES, {"of": lasting.id, "hours": hours, "count": count})
        owner.commit()
    found = store.city(staff, now()).published
    assert lasting.id in {one.id for one in found}
    assert len([one for one in found if one.holds(now())]) == 3
    assert len(found) == 303


def test_a_reader_of_the_feed_is_not_sent_the_same_twice(service, staff, people):
    publish(staff, people, content(now()), now())
    commit(staff)
    until(lambda: shown(service, 1), "the warning is public")
    first = service.client.get("/api/v1/warnings.atom")
    for given in ({"If-None-Match": first.headers["etag"]},
                  {"If-Modified-Since": first.headers["last-modified"]}):  # fmt: skip
        again = service.client.get("/api/v1/warnings.atom", headers=given)
        assert (again.status_code, again.content) == (304, b"")
    updated = ET.fromstring(first.content).find("a:updated", ATOM).text
    assert abs(now() - datetime.fromisoformat(updated)) < timedelta(minutes=5)


def test_without_the_database_a_warning_stays(service, city, server_dsn, staff, people):
    lasting = publish(staff, people, content(now(), grade="blue"), now())
    commit(staff)
    until(lambda: shown(service, 1), "the warning is public")
    stop(server_dsn, city)
    until(lambda: "No new data since" in service.page("/?lang=en"), "the page says so")
    assert "Stay indoors" in service.page("/?lang=en")
    assert lasting.id in service.client.get("/api/v1/warnings.atom").text
    assert service.client.get(f"/api/v1/warnings/{lasting.id}.cap").status_code == 200


def test_without_the_database_a_warning_runs_out_all_the_same():
    """The snapshot is made anew from what was read last: with the clock, not with the database."""
    at = datetime(2026, 11, 22, 3, 14, tzinfo=UTC)
    city = City(at, published=(message(1, at),))
    setting = Setting(PublicSettings(), load_assets({}), ATTRIBUTION, lambda _: {})
    for minutes, there in ((119, True), (120, False)):
        then = at + timedelta(minutes=minutes)
        made = build(setting, city, Past(), then, down_since=at)
        assert (b"Stay indoors" in made.page("en", None).body) == there
        assert (b"<entry>" in made.fixed["warnings.atom"].body) == there
        assert bool(orjson.loads(made.fixed["warnings"].body)["warnings"]) == there


TEXTS = ("event", "headline", "description", "instruction")


def test_markup_in_a_text_is_text_everywhere(service, staff, people):
    """What looks like a tag is refused; what does not is shown as it was written."""
    both = {name: Both(zh=f"{name} {SLY}", en=f"{name} {SLY}") for name in TEXTS}
    area = Area(names=Both(zh=SLY, en=SLY), polygons=(RING,))
    tagged = content(now(), **{name: Both(zh=EVIL, en=EVIL) for name in TEXTS})
    refused = {(one.where, one.code) for one in life.check(staff, tagged, now(), SETTINGS)}
    assert refused == {(f"{name}.{lang}", "html") for name in TEXTS for lang in ("zh", "en")}
    out = publish(staff, people, content(now(), area=area, **both), now())
    commit(staff)
    until(lambda: shown(service, 1), "the warning is public")
    cap = service.client.get(f"/api/v1/warnings/{out.id}.cap").content
    assert xsd_valid(cap)
    assert parse(cap).info[0].description == f"description {SLY}"
    assert SLY in str(entries(service)[0].findtext("a:summary", None, ATOM))
    page = service.page()
    assert "<img src=x" not in page
    for name in TEXTS[1:]:
        assert f"{name} &#34;&#39;&gt;&lt;img src=x onerror=alert(1) {{{{7*7}}}}" in page


# ---- pure


def message(number: int, at: datetime, hours: float = 2, **more: object) -> Published:
    said = content(at, **more)
    values = {"replaced_by": None, "replaced_at": None, "replaced_type": None}
    return Published(
        f"m{number}", "m1", number, "Alert" if number == 1 else "Update", at,
        at + timedelta(hours=hours), said, "<alert/>", **values,
    )  # fmt: skip


def test_the_feed_changes_when_something_goes_out_or_runs_out_and_never_back():
    at = datetime(2026, 11, 22, 3, 14, tzinfo=UTC)
    one, other = message(1, at), message(1, at + timedelta(hours=1), 0.5)
    assert changed_at([], at) is None
    assert changed_at([one], at) == at
    found = [changed_at([one, other], at + timedelta(minutes=m)) for m in range(60, 300, 10)]
    times = [time for time in found if time]
    assert times == sorted(times)
    assert len(times) == len(found)
    assert times[-1] == at + timedelta(hours=2)
    assert b"<entry>" not in feed([one], at + timedelta(hours=2), PublicSettings())
    assert called_off([one], at) == []


def test_what_is_real_stands_before_an_exercise():
    at = datetime(2026, 11, 22, 3, 14, tzinfo=UTC)
    drill, real = message(1, at), message(1, at, status="Actual", grade="blue")
    assert in_force([drill, real], at) == [real, drill]


def test_links_of_the_feed_begin_with_the_address_where_it_is_known():
    at = datetime(2026, 11, 22, 3, 14, tzinfo=UTC)
    told = PublicSettings(address="https://warn.example.org")
    document = ET.fromstring(feed([message(1, at)], at, told))
    links = {link.get("rel"): link.get("href") for link in document.findall("a:link", ATOM)}
    assert links["self"] == "https://warn.example.org/api/v1/warnings.atom"
    assert document.find("a:id", ATOM).text == "tag:warn.example.org,2026:warnings"
    for required in ("a:id", "a:title", "a:updated", "a:author/a:name"):
        assert document.find(required, ATOM).text
        if "author" not in required:
            assert document.find("a:entry", ATOM).find(required, ATOM).text
