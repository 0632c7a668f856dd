"""Whatever the model accepts is valid by the schema and reads back as itself."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from alerts.cap import model
from alerts.cap.model import (
    Area,
    CapAlert,
    Circle,
    Info,
    Named,
    Reference,
    Resource,
)
from alerts.cap.reading import BadCap, parse
from alerts.cap.rules import faults
from alerts.cap.writing import write
from tests.alerts.test_cap import xsd_valid

AWKWARD = st.sampled_from(
    [
        "<script>alert(1)</script>",
        "a\u0000",
        "a\r\n",
        " ",
    ]
)
LETTERS = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], include_characters="\n\t")
CLEAN = st.one_of(
    st.text(LETTERS, min_size=1, max_size=12),
    st.text("氨泄漏，请关窗 &<>\"'\n\t]-\u202e", min_size=1),
    st.sampled_from(["a < b & c", "]]>", "<!-- -->", "&amp;lt;"]),
)
TEXT = st.integers(0, 20).flatmap(lambda luck: AWKWARD if luck == 0 else CLEAN)
NAME = st.one_of(
    st.text("abc:@._-é", min_size=1, max_size=9), st.sampled_from(["a b", "a,b", "<", "&", ""])
)
MOMENT = st.builds(
    lambda at, minutes: at.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=minutes))),
    st.datetimes(timezones=st.just(UTC)),
    st.integers(-840, 840),
)
LAT, LON = st.floats(-90, 90), st.floats(-180, 180)
POINT = st.tuples(LAT, LON)
ROUND = st.builds(
    lambda lat, lon, d: ((lat, lon), (lat + d, lon), (lat + d, lon + d), (lat, lon)),
    st.floats(-80, 80),
    st.floats(-170, 170),
    st.floats(0.000001, 5),
)
RING = st.one_of(ROUND, ROUND, st.lists(POINT, max_size=6).map(tuple))
NAMED = st.builds(Named, TEXT, st.one_of(TEXT, st.just("")))
URI = st.sampled_from(
    [
        "https://example.org/a?b=%E6%B0%A8#c",
        "urn:x:y",
        "pictures/one.png",
        "ftp://a:21/",
        "http://[",
        "a b",
        "氨",
    ]
)


def some(strategy: st.SearchStrategy, most: int = 2) -> st.SearchStrategy:
    return st.lists(strategy, max_size=most).map(tuple)


def maybe(strategy: st.SearchStrategy) -> st.SearchStrategy:
    return st.one_of(st.none(), strategy)


HEIGHT = st.floats(-1e5, 1e5)
AREA = st.builds(
    Area,
    TEXT,
    some(RING),
    some(st.builds(Circle, POINT, st.floats(0, 2e4))),
    some(NAMED),
    maybe(HEIGHT),
    maybe(HEIGHT),
)
RESOURCE = st.builds(
    Resource,
    TEXT,
    st.sampled_from(["image/png", "text", "text/plain; x"]),
    maybe(st.integers(-1, 10**9)),
    maybe(URI),
    maybe(TEXT),
    maybe(st.sampled_from(["0" * 40, "F" * 40, "abc"])),
)
INFO = st.builds(
    Info,
    st.lists(st.sampled_from([*model.CATEGORY, "met"]), max_size=2).map(tuple),
    TEXT,
    st.sampled_from(model.URGENCY),
    st.sampled_from(model.SEVERITY),
    st.sampled_from(model.CERTAINTY),
    maybe(st.sampled_from(["zh-CN", "en-US", "en_US", "x-klingon", ""])),
    some(st.sampled_from(model.RESPONSE_TYPE)),
    maybe(TEXT),
    some(NAMED, 1),
    maybe(MOMENT),
    maybe(MOMENT),
    maybe(MOMENT),
    maybe(TEXT),
    maybe(TEXT),
    maybe(TEXT),
    maybe(TEXT),
    maybe(URI),
    maybe(TEXT),
    some(NAMED, 1),
    some(RESOURCE, 1),
    some(AREA, 1),
)
ALERT = st.builds(
    CapAlert,
    NAME,
    NAME,
    MOMENT,
    st.sampled_from([*model.STATUS, "actual"]),
    st.sampled_from(model.MSG_TYPE),
    st.sampled_from(model.SCOPE),
    maybe(TEXT),
    maybe(TEXT),
    some(TEXT),
    some(TEXT, 1),
    maybe(TEXT),
    some(st.builds(Reference, NAME, NAME, MOMENT)),
    some(TEXT, 1),
    some(INFO, 1),
)
PARTS = (AREA, RESOURCE, INFO)


def around(part: object) -> CapAlert:
    """A plain message with one generated part in it, so that many are accepted."""
    sent = datetime(2026, 11, 22, 3, 14, tzinfo=timezone(timedelta(hours=8)))
    info = Info(("Met",), "x", "Unknown", "Unknown", "Unknown")
    if isinstance(part, Area):
        info = replace(info, area=(part,))
    elif isinstance(part, Resource):
        info = replace(info, resource=(part,))
    elif isinstance(part, Info):
        info = part
    return CapAlert("a", "b", sent, "Actual", "Alert", "Public", info=(info,))


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(ALERT, *(part.map(around) for part in PARTS)))
def test_what_the_model_accepts_is_valid_and_reads_back_as_itself(alert):
    wrong = faults(alert)
    event("accepted" if not wrong else "refused")
    for fault in wrong:
        assert fault.say()["zh"]
        assert fault.say()["en"]
    if not wrong:
        document = write(alert)
        assert xsd_valid(document), document
        assert parse(document) == alert


@settings(max_examples=200)
@given(
    st.one_of(
        st.binary(max_size=200),
        st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")),
    )
)
def test_no_bytes_can_do_more_than_be_refused(document):
    try:
        parse(document)
    except BadCap as error:
        assert str(error)  # noqa: PT017 - it need not be refused


@settings(max_examples=100)
@given(st.data())
def test_a_message_with_holes_torn_into_it_is_refused_or_still_valid(data):
    """Cut anywhere, doubled anywhere: what is read all the same is valid by the schema as well."""
    sent = datetime(2026, 11, 22, 3, 14, tzinfo=timezone(timedelta(hours=8)))
    area = Area("x", (((29.0, 121.0), (29.1, 121.0), (29.1, 121.1), (29.0, 121.0)),))
    info = Info(
        ("Met",),
        "x",
        "Unknown",
        "Unknown",
        "Unknown",
        "zh-CN",
        area=(area,),
        expires=sent + timedelta(hours=1),
    )
    whole = write(CapAlert("a", "b", sent, "Actual", "Alert", "Public", info=(info,)))
    lines = whole.splitlines(keepends=True)
    at = data.draw(st.integers(1, len(lines) - 1))
    torn = b"".join(
        data.draw(st.sampled_from([lines[:at] + lines[at + 1 :], lines[:at] + lines[at - 1 :]]))
    )
    try:
        read = parse(torn)
    except BadCap:
        return
    if not faults(read):
        assert xsd_valid(torn), torn
