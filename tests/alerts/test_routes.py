"""Who is told, and why: the first route that fits, hours past midnight, and never nowhere."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

import config
from alerts.grade import GRADES, RANK
from alerts.outbox import route
from alerts.receiver_settings import MatchSettings, ReceiverSettings, RouteSettings
from alerts.sending.routes import Directory, Subject, Way, decide, misfit, taken
from tests.alerts.conftest import NOW
from tests.alerts.telling import query, run
from tests.alerts.test_settings import DISTRICT, mistakes, written

# 12:00 UTC on a Sunday is 20:00 in Beijing.
FLOOD = Subject("LEVEL-FLOOD", "orange", "R-01", "reservoir", "water")
SYSTEM = Subject("SYSTEM-INGEST", "orange")


def at(clock, day=22):
    """A moment of November 2026, Beijing time; the 22nd is a Sunday."""
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


def there(moment=NOW, **changes):
    receivers = {"log": "blue", "mail": "blue", "sms": "red"}
    known = {
        "fallback": ("mail",),
        "on_duty": {"water": ("zhang", "li")},
        "ways": {
            "zhang": (Way("@zhang/mail", "blue"), Way("@zhang/sms", "red")),
            "wang": (Way("@wang/mail", "blue"),),
        },
    }
    return Directory(moment, receivers, **(known | changes))


@pytest.mark.parametrize(
    ("match", "why"),
    [
        ({}, None),
        ({"departments": ["water"], "kinds": ["reservoir"], "rules": ["LEVEL-*"]}, None),
        ({"departments": ["environment"]}, "department is water, not environment"),
        ({"stations": ["R-02", "R-03"]}, "station is R-01, not R-02 or R-03"),
        ({"kinds": ["gas"]}, "kind is reservoir, not gas"),
        ({"rules": ["GAS-*"]}, "rule is LEVEL-FLOOD, not GAS-*"),
        ({"rules": ["LEVEL"]}, "rule is LEVEL-FLOOD, not LEVEL"),
        ({"min_grade": "red"}, "never was red or graver"),
        ({"hours": "08:30-17:30"}, "it is 20:00, not 08:30-17:30"),
        ({"days": ["mon", "tue"]}, "it is sun, not mon or tue"),
    ],
)
def test_a_route_says_why_it_does_not_fit(match, why):
    assert misfit(MatchSettings.model_validate(match), FLOOD, NOW) == why


def test_an_alert_of_no_place_fits_no_route_of_a_place():
    match = MatchSettings(departments=("water",))
    assert misfit(match, SYSTEM, NOW) == "department is none, not water"


@pytest.mark.parametrize(
    ("clock", "day", "fits"),
    [
        ("17:29", 20, False),  # Friday
        ("17:30", 20, True),
        ("23:59", 20, True),
        ("00:00", 21, True),  # Saturday, in the night that began on Friday
        ("08:29", 21, True),
        ("08:30", 21, False),
        ("17:30", 21, False),
        ("03:00", 20, False),  # Friday, in the night that began on Thursday
    ],
)
def test_hours_past_midnight_belong_to_the_day_on_which_they_began(clock, day, fits):
    match = MatchSettings(hours="17:30-08:30", days=("fri",))
    assert (misfit(match, FLOOD, at(clock, day)) is None) == fits


@given(st.integers(0, 1439), st.integers(0, 1439), st.integers(0, 1439))
def test_a_time_of_day_is_in_a_window_or_in_its_complement(first, last, now):
    if first == last:
        return
    one, other = (
        MatchSettings(hours=f"{a // 60:02d}:{a % 60:02d}-{b // 60:02d}:{b % 60:02d}")
        for a, b in ((first, last), (last, first))
    )
    moment = at(f"{now // 60:02d}:{now % 60:02d}")
    assert (misfit(one, FLOOD, moment) is None) != (misfit(other, FLOOD, moment) is None)


def routes(*said):
    return [RouteSettings.model_validate({"name": f"r{n}"} | one) for n, one in enumerate(said)]


def test_the_first_that_fits_is_taken_and_with_go_on_the_next_as_well():
    found = routes(
        {"kinds": ["gas"], "to": ["log"]},
        {"to": ["log"], "go_on": True},
        {"kinds": ["reservoir"], "to": ["mail"]},
        {"to": ["sms"]},
    )
    assert [one.name for one in taken(found, FLOOD, NOW)] == ["r1", "r2"]


def test_without_routes_every_receiver_of_the_grade_is_told():
    decision = decide([], FLOOD, there())
    assert list(decision.told) == ["log", "mail"]
    assert decision.told["log"] == {"route": "everybody", "to": "log"}


def test_what_no_route_takes_goes_to_the_fallback():
    decision = decide(routes({"kinds": ["gas"], "to": ["log"]}), FLOOD, there())
    assert decision.told == {"mail": {"route": "no route", "fallback": "no route takes it"}}


def test_a_duty_without_anybody_and_a_person_without_an_address_go_to_the_fallback():
    decision = decide(routes({"to": ["duty:water", "duty:fire"]}), FLOOD, there())
    assert list(decision.told) == ["mail", "@zhang/mail"]
    assert decision.told["mail"]["fallback"] == "li has no address"
    assert decision.told["@zhang/mail"] == {"route": "r0", "to": "duty:water", "person": "zhang"}
    lonely = decide(routes({"to": ["duty:fire"]}), FLOOD, there())
    assert lonely.told["mail"]["fallback"] == "nobody is on duty at fire"


def test_below_the_grade_of_all_that_a_route_names_nobody_is_told_and_it_says_why():
    decision = decide(routes({"to": ["sms"]}), FLOOD, there())
    assert decision.told == {}
    assert decision.untold == "sms is told of red and graver only"


@given(
    grade=st.sampled_from(GRADES),
    to=st.lists(
        st.sampled_from(["duty:water", "duty:none", "person:wang", "person:nobody"]), min_size=1
    ),
    hour=st.integers(0, 23),
    hours=st.sampled_from([None, "08:00-20:00", "20:00-08:00"]),
    fallback=st.sampled_from([(), ("mail",), ("sms",)]),
)
def test_an_alert_is_never_told_nowhere(grade, to, hour, hours, fallback):
    """Unless every way that a route names says itself that it is told of graver ones only."""
    there_ = there(at(f"{hour:02d}:00"), fallback=fallback)
    route_ = routes({"to": to, "hours": hours, "departments": ["water"]})
    for subject in (FLOOD, SYSTEM):
        decision = decide(route_, Subject(**{**_fields(subject), "grade": grade}), there_)
        assert decision.told
        for name, why in decision.told.items():
            assert name in there_.receivers or name.startswith("@")
            assert why["route"]
            if name.startswith("@") and name.endswith("sms"):
                assert RANK[grade] >= RANK["red"]


def _fields(subject):
    return {name: getattr(subject, name) for name in subject.__slots__}


def test_who_was_told_before_is_told_on_though_the_hour_has_changed(put_step, ingest):
    receivers = [ReceiverSettings(name=name, type="log") for name in ("day", "night")]
    shifts = routes(
        {"hours": "08:00-20:00", "to": ["day"]}, {"hours": "20:00-08:00", "to": ["night"]}
    )
    put_step("A1")
    route(ingest, receivers, routes=shifts, at=at("19:59"))
    put_step("A1", "ended", seq=2)
    route(ingest, receivers, routes=shifts, at=at("20:00"))
    found = query(
        ingest,
        "select t.kind, m.receiver, m.why ->> 'route' from message m"
        " join alert_transition t on t.id = m.transition_id order by t.id, m.receiver",
    )
    assert found == [
        ("raised", "day", "r0"),
        ("ended", "day", "told before"),
        ("ended", "night", "r1"),
    ]


def test_the_rota_decides_who_is_told(put_step, ingest, owner):
    for who, hours in (("zhang", 0), ("li", 12)):
        run(
            owner,
            "insert into contact (who, label, url, masked, language, min_grade, made_by)"
            " values (%s, 'mail', 'mailto://x', 'mailto://***', 'zh', 'blue', 'admin')",
            who,
        )
        run(
            owner,
            "insert into duty_shift (duty, who, from_at, to_at, entered_by)"
            " values ('water', %s, %s, %s, 'admin')",
            *(who, NOW + timedelta(hours=hours), NOW + timedelta(hours=hours + 12)),
        )
    receivers, chosen = [ReceiverSettings(name="log", type="log")], routes({"to": ["duty:water"]})
    told = []
    for number, minutes in enumerate((0, 719, 720, 1440)):
        put_step(f"A{number}")
        route(ingest, receivers, routes=chosen, at=NOW + timedelta(minutes=minutes))
        told.append(query(ingest, "select receiver from message order by id desc limit 1")[0][0])
    assert told == ["@zhang/mail", "@zhang/mail", "@li/mail", "log"]


def test_why_nobody_is_told_stands_in_the_outbox(put_step, ingest):
    number = put_step("A1")
    receivers = [ReceiverSettings(name="sms", type="log", min_grade="red")]
    assert route(ingest, receivers) == 0
    assert query(ingest, "select transition_id, untold from outbox") == [
        (number, "sms is told of red and graver only")
    ]


TELLING = """\
  receivers: [{name: log, type: log}, {name: mail, type: apprise, url_env: MAIL, fallback: [lgo]}]
  duties: [{code: water, zh: 水, en: Water}]
  fallback: [malo]
  routes:
    - {name: a, departments: [watr], stations: [R-1], rules: [FLOD],
       to: ["duty:watre", "person:li"]}
    - {name: a, hours: "8-17", to: [mial]}
  escalations:
    - {name: x, steps: [{after_s: 60, to: [logg]}, {after_s: 60, to: [log]}]}
"""


@pytest.mark.parametrize(
    ("value", "remedy"),
    [
        ("lgo", "unknown receiver; did you mean 'log'"),
        ("malo", "unknown receiver; did you mean 'mail'"),
        ("watr", "unknown department; did you mean 'water'"),
        ("R-1", "unknown station; did you mean 'R-01'"),
        ("FLOD", "unknown rule; did you mean 'FLOOD'"),
        ("watre", "unknown duty; did you mean 'water'"),
        ("mial", "unknown receiver; did you mean 'mail'"),
        ("logg", "unknown receiver; did you mean 'log'"),
        ("a", "entry 0 of routes has the same name"),
        ("8-17", "expected HH:MM-HH:MM"),
        (None, "steps must come later and later"),
    ],
)
def test_each_mistake_of_telling_is_named_with_its_remedy(tmp_path, value, remedy):
    rules = written().replace("LEVEL", "FLOOD", 1)
    found = [m for m in mistakes(tmp_path, DISTRICT + rules + TELLING) if remedy in m.problem]
    found = [m for m in found if value is None or m.value == value]
    assert len(found) == 1, found
    assert found[0].line > 0


def test_the_shipped_configuration_tells_somebody():
    raw = config.load().raw["alerts"]
    assert json.dumps(raw["receivers"])
