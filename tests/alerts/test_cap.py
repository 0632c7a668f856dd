"""CAP 1.2 against the standard's schema and the messages of others: valid, or refused with why."""

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from string import Formatter

import pytest
from lxml import etree

from alerts.cap.faults import SENTENCES, Fault
from alerts.cap.model import CapAlert, Reference
from alerts.cap.reading import BadCap, parse
from alerts.cap.rules import faults
from alerts.cap.writing import write

DATA = Path(__file__).parent / "cap_data"
SCHEMA = etree.XMLSchema(file=str(DATA / "CAP-v1.2.xsd"))
VECTORS = json.loads((DATA / "cap_vectors.json").read_text("utf-8"))["vectors"]
# What each of the wrong ones is refused for.
WHY = {
    "bad_status": {("status", "word")},
    "sent_ms": {("sent", "time")},
    "no_category": {("info[0].category[0]", "missing")},
    "empty_urgency": {("info[0].urgency", "word")},
    "open_polygon": {("info[0].area[0].polygon[0]", "open_ring")},
    "private_without_addresses": {("addresses", "no_addresses")},
    "circular_reference": {("references", "circular")},
    "bad_language": {("info[0].language", "language")},
    "html_in_text": {("info[0].event", "html")},
    "altitude_above_ceiling": {("info[0].area[0].ceiling", "ceiling")},
    "relative_uri_no_deref": {("info[0].resource[0].uri", "relative_uri")},
    "google_australia.cap": {("info[0].description", "html"), ("info[1].description", "html")},
    "google_canada_errors.cap": {("addresses", "empty"), ("references", "empty")},
    "google_invalid.cap": {("scope", "missing")},
    "google_noaa_errors.cap": {("alert", "namespace")},
    "google_weather.cap": {("alert", "namespace")},
}
SENT = datetime(2026, 11, 22, 3, 14, tzinfo=timezone(timedelta(hours=8)))
EXPIRES = b"<expires>%b</expires><senderName>"
RING = b"<polygon>%b</polygon><geocode>"
REFERRED = b"</scope><references>%b</references>"
EARLIER = b"a,b,2003-06-10T22:39:00-07:00"
SHORT = (DATA / "ibm_cap_amber_alert_example.xml").read_bytes()
WHOLE = SHORT.replace(b"<senderName>", EXPIRES % b"2003-06-12T22:39:00-07:00")


def document(vector: dict[str, str]) -> bytes:
    return vector["xml"].encode() if "xml" in vector else (DATA / vector["file"]).read_bytes()


def name(vector: dict[str, str]) -> str:
    return vector.get("name") or vector["file"]


def found(xml: bytes) -> list[Fault]:
    try:
        return faults(parse(xml))
    except BadCap as error:
        return list(error.faults)


def xsd_valid(xml: bytes) -> bool:
    return bool(SCHEMA.validate(etree.fromstring(xml)))


@pytest.mark.parametrize("vector", VECTORS, ids=name)
def test_messages_of_others_are_judged_as_they_should_be(vector):
    wrong = {(fault.where, fault.code) for fault in found(document(vector))}
    assert wrong == WHY.get(name(vector), set())
    if vector.get("semantically_valid") is not None:
        assert (not wrong) == vector["semantically_valid"]


@pytest.mark.parametrize("vector", VECTORS, ids=name)
def test_what_the_schema_refuses_is_refused(vector):
    """And the data's own verdict is what the schema still says."""
    if vector["xsd12_valid"] is not None:
        assert xsd_valid(document(vector)) == vector["xsd12_valid"]
    if vector["xsd12_valid"] is False:
        assert found(document(vector))


def test_a_message_of_another_service_is_written_again_as_it_is():
    alert = parse(SHORT)
    assert [info.language for info in alert.info] == ["en-US", "es-US"]
    assert alert.info[1].event == "Abducción de Niño"
    again = write(alert)
    assert xsd_valid(again)
    assert parse(again) == alert


def test_the_faults_of_a_real_message_are_named_one_by_one():
    """The American one, were it of version 1.2: what its makers marked as wrong is found."""
    xml = (DATA / "google_noaa_errors.cap").read_bytes().replace(b"cap:1.1", b"cap:1.2")
    wrong = {(fault.where, fault.code) for fault in found(xml)}
    assert wrong == {
        ("references", "empty"),
        *((f"info[0].{tag}", "word") for tag in ("urgency", "severity", "certainty")),
        ("info[0].area[0].polygon[0]", "pair"),
        ("info[0].area[0].polygon[1]", "empty"),
    }


BOMB = b"""<!DOCTYPE alert [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>&b;</identifier></alert>"""


@pytest.mark.parametrize(
    ("xml", "code"),
    [
        (BOMB, "dtd"),
        (b'<!DOCTYPE alert SYSTEM "file:///etc/passwd"><alert/>', "dtd"),
        (b"", "not_xml"),
        (b"<alert", "not_xml"),
        (b'<?xml version="1.0" encoding="no-such"?><alert/>', "not_xml"),
        (b"<alert>&lt;</alert>", "namespace"),
        (b" " * 2_000_001, "too_long"),
    ],
)
def test_what_is_no_message_is_refused_before_it_is_read(xml, code):
    assert [fault.code for fault in found(xml)] == [code]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b"<scope>Public</scope>", b"<scope>Public</scope><scope>Public</scope>", "twice"),
        (b"<source>SW</source>", b"<note>SW</note>", "order"),
        (b"<source>SW</source>", b"<source>S<b/>W</source>", "unknown_element"),
        (b"<source>SW</source>", b"<surce>SW</surce>", "unknown_element"),
        (b"2003-06-11T22:39:00-07:00", b"2003-06-11T22:39:00Z", "time"),
        (b"2003-06-11T22:39:00-07:00", b"2003-06-31T22:39:00-07:00", "time"),
        (b"2003-06-11T22:39:00-07:00", b"2003-06-11T22:39:00,07:00", "time"),
        (b"2003-06-11T22:39:00-07:00", b"2003-06-11T22:39:00-15:00", "time"),
        (b"KAR0-0306112239-SW", b"KAR0 0306112239", "characters"),
        (b"KARO@CLETS.DOJ.CA.GOV", b"a&amp;b", "characters"),
        (b"<msgType>Alert", b"<msgType>Update", "no_references"),
        (b"<msgType>Alert", b"<msgType>Cancel", "no_references"),
        (b"<msgType>Alert", b"<msgType>Error", "no_note"),
        (b"<scope>Public", b"<scope>Restricted", "no_restriction"),
        (b"</scope>", b"</scope><restriction>x</restriction>", "restriction"),
        (b"</scope>", REFERRED % b"a,b", "reference"),
        (b"</scope>", REFERRED % b"a,b,2003-06-12T22:39:00-07:00", "later_reference"),
        (b"</scope>", REFERRED % (EARLIER + b" " + EARLIER), "twice_referred"),
        (b"</scope>", b"</scope><addresses>  </addresses>", "empty"),
        (b"<senderName>", EXPIRES % b"2003-06-11T22:39:00-07:00", "expires_before"),
        # Six weeks before it was sent: cap-composer, issue 135.
        (b"<senderName>", EXPIRES % b"2003-04-30T22:39:00-07:00", "expires_before"),
        (b"<expires>2003-06-12", b"<onset>2003-06-13T00:00:00-07:00</onset><expires>2003-06-12",
         "expires_before"),
        (b"<event>Child Abduction", b"<category>Met</category><event>Child Abduction", "unlike"),
        (b"es-US", b"en-US", None),
        (b"<geocode>", RING % b"38.47,-120.14 38.34,-119.95 38.47,-120.14", "short_ring"),
        (b"<geocode>", RING % b"121,29 121,30 122,30 121,29", "latitude"),
        (b"<geocode>", RING % b"29,181 29,182 30,182 29,181", "longitude"),
        (b"<geocode>", RING % b"0,0 1,1 1,0 0,1 0,0", "crossing"),
        (b"<geocode>", RING % b"0,0 1,1,2 1,0 0,0", "pair"),
        (b"<geocode>", b"<circle>29,121</circle><geocode>", "circle"),
        (b"<geocode>", b"<circle>29,121 -1</circle><geocode>", "radius"),
        (b"<geocode>", b"<circle>29,121 nan</circle><geocode>", "circle"),
        (b"</geocode>\n     </area>", b"</geocode><ceiling>3</ceiling></area>", "ceiling_alone"),
        (b"<contact>", b"<web>some/page</web><contact>", "uri"),
        (b"<event>Child Abduction", b"<event>  ", "empty"),
    ],
)  # fmt: skip
def test_one_mistake_is_found_and_named(old, new, code):
    whole = SHORT if old in SHORT else WHOLE
    assert old in whole
    wrong = found(whole.replace(old, new))
    assert code in {fault.code for fault in wrong} | {None if not wrong else ""}
    assert all(str(fault).startswith(fault.where) for fault in wrong)


def test_every_sentence_says_what_and_what_would_be_right_in_both_languages():
    for code, (zh, en) in SENTENCES.items():
        told = [
            {part[1] for part in Formatter().parse(sentence) if part[1]} for sentence in (zh, en)
        ]
        assert bool(told[0]) == bool(told[1]), code
        assert any("\u4e00" <= letter <= "\u9fff" for letter in zh), code


def test_universal_time_is_written_as_the_standard_asks():
    alert = CapAlert("a", "b", SENT.astimezone(UTC), "Actual", "Alert", "Public")
    assert b"<sent>2026-11-21T19:14:00-00:00</sent>" in write(alert)
    assert xsd_valid(write(alert))


def test_references_name_every_earlier_message():
    first = Reference("b", "one", SENT)
    second = Reference("b", "two", SENT + timedelta(minutes=5))
    later = SENT + timedelta(hours=1)
    alert = CapAlert("c", "b", later, "Actual", "Cancel", "Public", references=(first, second))
    assert b"<references>b,one,2026-11-22T03:14:00+08:00 b,two,2026-11-22T03:19:00+08:00<" in write(
        alert
    )
    assert faults(alert) == []
    assert parse(write(alert)) == alert
