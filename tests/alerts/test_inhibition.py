"""Alerts suppressed by design on the real database: causes, and what they hide."""

from datetime import timedelta

import pytest

import config
from alerts.clock import Pace, tick_once
from alerts.judging import Judge
from alerts.life.inhibition import Fact, hidden
from alerts.life.seal import Progress, append
from alerts.life.settings import InhibitionSettings
from alerts.life.verify import verify
from alerts.rulebook import seed
from alerts.settings import AlertsSettings
from database.pool import connect
from tests.alerts.conftest import NOW
from tests.alerts.duty import CAUSE, LEVEL, now, shelved
from tests.alerts.timeline import absence, rule

FOLLOWS = rule(code="FOLLOWS", grades={"blue": 20})  # at every reservoir
SILENT = absence(code="SILENT", patience_s=60)
OFFLINE = rule(
    code="OFFLINE", when="offline", grade="yellow", patience_s=60,
    **dict.fromkeys(("metric", "kind", "unit", "grades")),
)  # fmt: skip
# Where each station stands: plant, device.
PLACES = {"R-01": ("P-1", "GW-1"), "R-02": ("P-1", "GW-2"), "R-03": ("P-2", "GW-1")}


def test_what_follows_from_a_cause_is_suppressed_and_told_if_it_outlives_it(duty):
    duty.inhibitions = [CAUSE]
    duty.take(24.5)
    duty.take(23.5, "R-02")
    duty.route()
    assert (duty.told(), duty.told("OTHER")) == (["raised orange"], [])
    other = duty.one("OTHER")
    assert (other.muted.kind, other.muted.cause) == ("suppressed", duty.one().id)
    assert other.muted.who == "FLOOD-HIDES"
    duty.take(20)
    duty.keep()
    duty.keep()
    duty.route()
    assert duty.told("OTHER") == ["announced blue"]
    assert duty.steps(other) == ["raised", "suppressed", "released", "announced"]


def test_what_is_well_again_before_its_patience_is_over_is_never_told(duty):
    duty.inhibitions = [CAUSE.model_copy(update={"settle_s": 60})]
    duty.take(24.5)
    duty.take(23.5, "R-02")
    duty.route()
    duty.take(20)
    duty.keep()
    assert duty.one("OTHER").muted.until > now() + timedelta(seconds=30)
    duty.take(20, "R-02")
    duty.time_is_over()
    duty.keep()
    duty.route()
    assert duty.told("OTHER") == []
    assert duty.one("OTHER").state == "ended"


def test_a_cause_that_comes_back_in_time_goes_on_hiding(duty):
    duty.inhibitions = [CAUSE.model_copy(update={"settle_s": 60})]
    duty.take(24.5)
    duty.take(23.5, "R-02")
    duty.route()
    duty.take(20)
    duty.keep()
    duty.take(24.5)
    duty.keep()
    assert duty.one("OTHER").muted.until is None
    assert duty.one("OTHER").muted.cause == duty.one().id


def test_a_restart_of_the_leading_process_tells_nothing_that_was_suppressed(duty, database):
    duty.inhibitions = [CAUSE]
    duty.take(24.5)
    duty.take(23.5, "R-02")
    duty.route()
    duty.conn.commit()
    duty.conn.close()
    duty.conn = connect(database, "ingest", application="test")
    duty.keep()
    duty.route()
    assert duty.told("OTHER") == []
    assert duty.one("OTHER").muted.kind == "suppressed"


def test_a_lesser_alarm_that_grows_as_grave_as_its_cause_is_told(duty):
    duty.inhibitions = [CAUSE.model_copy(update={"lesser": True})]
    duty.take(23.5)
    duty.take(23.5, "R-02")
    duty.route()
    assert duty.told("OTHER") == []
    duty.take(24.5, "R-02")
    duty.keep()
    duty.route()
    assert duty.told("OTHER") == ["stepped_up yellow"]
    assert duty.one("OTHER").muted is None


def test_a_cause_that_nobody_heard_of_hides_nothing(duty):
    """It came back while its rule was on the shelf: what follows from it is all that is told."""
    duty.inhibitions = [CAUSE]
    duty.take(24.5)
    duty.route()
    shelved(duty)
    duty.take(20)
    duty.route()
    duty.take(24.5)
    duty.take(23.5, "R-02")
    duty.keep()
    duty.route()
    assert duty.told() == ["raised orange", "ended orange"]
    assert duty.told("OTHER") == ["raised blue"]


def test_a_cause_that_is_shelved_when_people_know_of_it_goes_on_hiding(duty):
    duty.inhibitions = [CAUSE]
    duty.take(24.5)
    duty.route()
    shelved(duty)
    duty.take(23.5, "R-02")
    duty.keep()
    duty.route()
    assert duty.told("OTHER") == []


@pytest.mark.parametrize("again", [False, True], ids=["steps up", "comes anew"])
def test_a_lesser_alarm_that_grows_while_its_cause_settles_is_told(duty, again):
    duty.inhibitions = [CAUSE.model_copy(update={"lesser": True, "settle_s": 60})]
    duty.take(23.5)
    duty.take(23.5, "R-02")
    duty.route()
    duty.take(20)
    duty.keep()
    assert duty.one("OTHER").muted.until is not None
    if again:
        duty.take(20, "R-02")
    duty.take(24.5, "R-02")
    assert duty.one("OTHER").muted is None  # on the screen at once
    duty.keep()
    duty.route()
    assert duty.told("OTHER") == ["raised yellow" if again else "stepped_up yellow"]


def test_a_cause_that_becomes_graver_hides_graver_ones_and_leaves_the_seals_right(duty):
    duty.inhibitions = [CAUSE.model_copy(update={"lesser": True, "settle_s": 60})]
    duty.take(23.5)
    duty.take(23.5, "R-02")
    duty.route()
    append(duty.conn, Progress())
    duty.take(24.5)
    duty.keep()
    duty.take(24.5, "R-02")
    duty.route()
    assert duty.told("OTHER") == []
    append(duty.conn, Progress())
    assert verify(duty.conn).trouble is None


# ---- how near the cause must be


@pytest.fixture
def placed(duty, owner):
    """The stations at their plants and devices."""
    with owner.cursor() as cursor:
        for station, (plant, device) in PLACES.items():
            cursor.execute(
                "update station_version set device = %s, details = jsonb_build_object('plant', %s)"
                " where station_id = (select id from station where code = %s)",
                (device, plant, station),
            )
    owner.commit()
    return duty


def in_force(duty, *rules):
    seed(duty.conn, AlertsSettings(rules=rules), now())
    duty.judge = Judge.load(duty.conn)


def quiet(duty, code):
    """The stations at which the rule's alerts are suppressed."""
    return {alert.station for alert in duty.alerts() if alert.rule == code and alert.muted}


@pytest.mark.parametrize(
    ("within", "hides"),
    [
        ("district", {"R-01", "R-02", "R-03"}),
        ("plant", {"R-01", "R-02"}),
        ("station", {"R-01"}),
        ("device", {"R-01", "R-03"}),
    ],
)
def test_a_cause_hides_what_is_near_and_nothing_else(placed, within, hides):
    in_force(placed, LEVEL, FOLLOWS)
    near = {"hides": ("FOLLOWS",), "within": within}
    placed.inhibitions = [CAUSE.model_copy(update=near)]
    placed.take(24.5)
    placed.take(21, "R-02")
    placed.take(21, "R-03")
    placed.route()
    assert placed.told() == ["raised orange"]
    assert quiet(placed, "FOLLOWS") == hides
    assert len(placed.told("FOLLOWS")) == len(PLACES) - len(hides)


def test_a_device_offline_hides_the_silence_of_its_own_stations_only(placed, owner):
    with owner.cursor() as cursor:
        cursor.execute("update series set created_at = clock_timestamp() - interval '1 hour'")
        cursor.execute(
            "insert into heartbeat values ('ingest', clock_timestamp(), clock_timestamp(),"
            " jsonb_build_object('connected_since', clock_timestamp() - interval '1 day',"
            " 'caught_up_at', clock_timestamp()))"
        )
        cursor.execute(
            "insert into device_status (device, online, reported_at)"
            " values ('GW-1', false, clock_timestamp() - interval '2 hours')"
        )
    owner.commit()
    in_force(placed, SILENT, OFFLINE)
    placed.inhibitions = [
        InhibitionSettings(
            code="OFFLINE-HIDES", cause=("OFFLINE",), hides_no_data=True, within="device"
        )
    ]
    raised = tick_once(placed.conn, placed.judge, Pace(timedelta(days=1), NOW))
    assert len(raised) == 4
    placed.route()
    assert placed.told("OFFLINE") == ["raised yellow"]
    assert quiet(placed, "SILENT") == {"R-01", "R-03"}
    assert placed.told("SILENT") == ["raised yellow"]  # of R-02, at another device


def test_where_nothing_is_known_of_plant_or_device_nothing_is_near():
    def fact(number, code):
        return Fact(number, 1, code, False, "red", f"{number}/level_m", None, None, None, NOW)

    facts = [fact("A", "LEVEL"), fact("B", "OTHER")]
    for within in ("plant", "station", "device"):
        assert hidden(facts, [CAUSE.model_copy(update={"within": within})]) == {}
    assert hidden(facts, [CAUSE]) != {}


def test_as_shipped_a_gateway_hides_lesser_silences_and_never_that_of_a_gas_detector():
    shipped = config.load().section(AlertsSettings)
    grades = {each.code: each.grade for each in shipped.rules if each.grade}
    offline = Fact(
        *("A", 1, "DEVICE-OFFLINE", False, grades["DEVICE-OFFLINE"], "device/GW-1"),
        *(None, None, None, NOW),
    )
    silent = [
        Fact(code, 2, code, True, grades[code], f"{code}/x", 1, device, None, NOW)
        for code, device in (
            ("SILENT-AIR", "GW-1"),
            ("SILENT-GAS", "GW-1"),
            ("SILENT-WIND", "GW-2"),
        )
    ]
    assert set(hidden([offline, *silent], shipped.inhibitions)) == {"SILENT-AIR"}
    ingest = Fact("I", 3, "SYSTEM-INGEST", False, "orange", "ingest", None, None, None, NOW)
    assert set(hidden([ingest, *silent], shipped.inhibitions)) == {one.id for one in silent}
