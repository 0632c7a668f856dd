"""Absence: per series with its own patience, and our own outage as one alert."""

from dataclasses import replace
from datetime import timedelta

from alerts.laying import Device, device_watch
from alerts.rule import Watch
from alerts.silence import Heartbeat, Seen, Status, tick, together
from alerts.state import State
from alerts.wording import say
from sensors.reading import Quality
from tests.alerts.timeline import Desk, absence, at, counting, minute, words

INGEST = Watch(9, 1, "SYSTEM-INGEST", "ingest", "ingest", grade="orange")
LIMIT = timedelta(seconds=10)
LONG_AGO = -600


def healthy(now: float, *, connected: float = LONG_AGO) -> Heartbeat:
    return Heartbeat(minute(now), minute(connected), minute(now))


class Clock:
    """Ticks over one series with a no_data rule, and over ingest."""

    def __init__(self, **rule):
        self.desk = Desk(absence(**rule))
        self.seen = Seen(minute(0))
        self.happened = []

    def reading(self, reading):
        self.seen = replace(self.seen, observed_at=reading.observed_at)
        self.happened += self.desk.batch(reading).transitions

    def tick(self, now, heartbeat="healthy", watching=LONG_AGO):
        judged = tick(
            [self.desk.watch, INGEST],
            self.desk.states,
            {1: self.seen},
            minute(now),
            healthy(now) if heartbeat == "healthy" else heartbeat,
            limit=LIMIT,
            watching_since=minute(watching),
            new_id=counting(),
        )
        self.desk.states.update(judged.states)
        self.happened += judged.transitions
        return [words(step) for step in judged.transitions]


def test_silence_raises_when_patience_is_over_and_the_next_reading_ends_it():
    clock = Clock()
    clock.reading(at(0, 5))
    assert clock.tick(14.9) == []
    assert clock.tick(15) == ["raised yellow at 15"]
    assert clock.tick(16) == []
    clock.reading(at(17, 5))
    assert [words(step) for step in clock.happened] == [
        "raised yellow at 15",
        "ended yellow at 17",
    ]
    assert all(step.page for step in clock.happened)
    assert clock.happened[0].reason.params["silent_s"] == 900


def test_a_series_never_heard_of_counts_from_its_creation():
    clock = Clock()
    clock.seen = Seen(minute(0))
    assert clock.tick(14) == []
    assert clock.tick(15) == ["raised yellow at 15"]
    assert clock.happened[0].reason.params["never_seen"] is True


def test_a_device_known_to_be_offline_is_named_in_the_reason():
    clock = Clock()
    clock.reading(at(0, 5))
    clock.seen = replace(clock.seen, offline_since=minute(1))
    clock.tick(15)
    assert clock.happened[0].reason.params["offline_since"] == "2026-06-01T12:01:00Z"


def test_a_sensor_that_only_sends_null_or_error_codes_has_no_data():
    clock = Clock()
    clock.reading(at(0, 5))
    for moment in range(1, 17):
        clock.reading(at(moment, None) if moment % 2 else at(moment, 9, Quality.IMPOSSIBLE))
    assert clock.tick(16) == ["raised yellow at 16"]
    clock.reading(at(17, None))
    assert clock.tick(17) == []
    clock.reading(at(18, 5))
    assert words(clock.happened[-1]) == "ended yellow at 18"


def test_a_detector_that_is_being_calibrated_is_not_silent():
    clock = Clock()
    for moment in range(30):
        clock.reading(at(moment, 5, Quality.MARKED_INVALID))
    assert clock.tick(30) == []
    assert clock.tick(44) == ["raised yellow at 44"]


def test_an_old_reading_out_of_a_backlog_does_not_end_the_silence():
    clock = Clock()
    clock.reading(at(0, 5))
    clock.tick(60)
    clock.reading(at(30, 5, arrived=61))
    assert [words(step) for step in clock.happened] == ["raised yellow at 60"]
    clock.reading(at(59, 5, arrived=62))
    assert words(clock.happened[-1]) == "ended yellow at 62"


def test_our_own_outage_is_one_alert_and_no_series_is_silent_meanwhile():
    clock = Clock()
    clock.reading(at(0, 5))
    dead = healthy(1)
    assert clock.tick(1.1, dead) == []
    assert clock.tick(1.2, dead) == ["raised orange at 1.2"]
    assert clock.tick(60, dead) == []
    assert clock.happened[0].watch == INGEST


def test_after_our_outage_silence_counts_from_the_new_connection():
    clock = Clock()
    clock.reading(at(0, 5))
    clock.tick(60, healthy(1))
    back = healthy(61, connected=60.5)
    assert clock.tick(61, back) == ["ended orange at 61"]
    assert clock.tick(75.4, healthy(75.4, connected=60.5)) == []
    assert clock.tick(75.5, healthy(75.5, connected=60.5)) == ["raised yellow at 75.5"]


def test_silence_does_not_count_while_a_backlog_waits():
    clock = Clock()
    clock.reading(at(0, 5))
    busy = Heartbeat(minute(100), minute(50), minute(50))
    assert clock.tick(100, busy) == []
    assert clock.tick(100, replace(busy, caught_up_at=None)) == []
    assert clock.tick(100, replace(busy, caught_up_at=minute(65))) == ["raised yellow at 100"]


def test_a_cut_line_to_the_broker_is_the_same_one_alert():
    clock = Clock()
    cut = Heartbeat(minute(1), None, minute(1))
    assert clock.tick(1, cut) == []
    assert clock.tick(1.1, replace(cut, at=minute(1.1))) == []
    assert clock.tick(1.2, replace(cut, at=minute(1.2))) == ["raised orange at 1.2"]
    assert clock.happened[0].reason.code == "ingest_disconnected"
    assert clock.tick(2, healthy(2)) == ["ended orange at 2"]


def test_a_line_cut_for_a_moment_is_no_alert():
    clock = Clock()
    assert clock.tick(1, Heartbeat(minute(1), None, minute(1))) == []
    assert clock.tick(1.05, healthy(1.05)) == []
    assert clock.tick(9, Heartbeat(minute(9), None, minute(9))) == []
    assert clock.desk.states[INGEST.key].missing_since == minute(9)


def test_a_machine_that_starts_gives_ingest_time_to_appear():
    clock = Clock()
    assert clock.tick(60, healthy(1), watching=59.95) == []
    assert clock.tick(60, None, watching=59.95) == []
    assert clock.tick(60.2, None, watching=59.95) == ["raised orange at 60.2"]


def test_no_second_alert_while_one_is_open():
    clock = Clock()
    clock.reading(at(0, 5))
    clock.tick(15)
    assert [s for s in clock.desk.states.values() if s.alert] != []
    for now in range(16, 40):
        assert clock.tick(now) == []


def test_an_idle_ingest_state_is_not_remembered():
    clock = Clock()
    clock.tick(1)
    assert clock.desk.states[INGEST.key] == State()


def test_ingests_that_share_the_topics_are_as_well_as_the_worst_of_them():
    one = Heartbeat(minute(9), minute(0), minute(9))
    two = Heartbeat(minute(8), minute(5), minute(7))
    assert together([one, two]) == Heartbeat(minute(8), minute(5), minute(7))
    assert together([one, replace(two, connected_since=None)]) == Heartbeat(
        minute(8), None, minute(7)
    )
    assert together([one, replace(two, caught_up_at=None)]).caught_up_at is None


def test_an_ingest_that_never_said_a_word_leaves_the_team_silent():
    assert together([healthy(9), None]) is None
    assert together([]) is None


# ---- the canary


def sung(now: float, *, proven: float) -> Heartbeat:
    return replace(healthy(now), proven_at=minute(proven))


def test_a_canary_that_does_not_come_back_is_the_one_alert_of_ingest():
    clock = Clock(patience_s=86400)
    assert clock.tick(3, sung(3, proven=0)) == []
    assert clock.tick(3.1, sung(3.1, proven=0)) == ["raised orange at 3.1"]
    assert clock.happened[0].reason.code == "canary_silent"
    assert clock.happened[0].watch == INGEST
    assert clock.tick(9, sung(9, proven=0)) == []
    assert clock.tick(10, sung(10, proven=9.9)) == ["ended orange at 10"]


def test_an_outage_whose_canary_comes_later_than_the_heartbeat_is_still_one_alert():
    clock = Clock(patience_s=86400)
    dead = sung(1, proven=1)
    assert clock.tick(1.2, dead) == ["raised orange at 1.2"]
    assert clock.tick(60, sung(60, proven=1)) == []
    assert clock.tick(60.1, sung(60.1, proven=60)) == ["ended orange at 60.1"]
    assert [step.kind for step in clock.happened] == ["raised", "ended"]


def test_a_machine_that_starts_gives_the_canary_time_to_come():
    clock = Clock(patience_s=86400)
    assert clock.tick(100, sung(100, proven=1), watching=99) == []
    assert clock.tick(102.1, sung(102.1, proven=1), watching=99) == ["raised orange at 102.1"]


def test_where_no_canary_is_sent_none_is_missed():
    clock = Clock(patience_s=86400)
    assert clock.tick(500) == []
    one = sung(9, proven=5)
    assert together([one, replace(one, proven_at=None)]).proven_at == minute(5)
    assert together([one, replace(one, proven_at=minute(3))]).proven_at == minute(3)


# ---- devices offline


GATEWAY = Device("GW-07", (("W-03", "weather"), ("A-10", "air")), "water")


class Line:
    """Ticks over one gateway under a rule of five minutes' patience."""

    def __init__(self):
        asked = absence(when="offline", metric=None, kind="weather", patience_s=300)
        found = device_watch(3, 1, asked, GATEWAY)
        assert found
        self.watch = found
        self.states = {}

    def tick(self, now, status, heartbeat=None):
        judged = tick(
            [self.watch],
            self.states,
            {},
            minute(now),
            heartbeat or healthy(now),
            limit=LIMIT,
            watching_since=minute(LONG_AGO),
            new_id=counting(),
            devices={"GW-07": status} if status else {},
        )
        self.states.update(judged.states)
        self.last = judged.transitions[-1] if judged.transitions else None
        return [words(step) for step in judged.transitions]


def test_a_device_offline_for_its_patience_is_one_alert_until_it_is_back():
    line, gone = Line(), Status(online=False, reported_at=minute(0))
    assert line.tick(4.9, gone) == []
    assert line.tick(5, gone) == ["raised yellow at 5"]
    assert line.last.page
    assert line.last.alert.began_at == minute(0)
    assert say(line.last.reason)["en"] == (
        "device GW-07 offline since 06-01 20:00, for 5 minutes; 2 stations: W-03, A-10"
    )
    assert line.tick(60, gone) == []
    assert line.tick(61, Status(online=True, reported_at=minute(61))) == ["ended yellow at 61"]
    assert line.watch.subject == "device/GW-07"


def test_a_device_that_comes_back_in_time_or_was_never_heard_of_is_no_alert():
    line = Line()
    assert line.tick(4, Status(online=False, reported_at=minute(0))) == []
    assert line.tick(6, Status(online=True, reported_at=minute(5))) == []
    assert line.tick(100, None) == []


def test_a_device_is_offline_only_while_we_listen():
    """After our own outage the broker first says how its devices are."""
    line, gone = Line(), Status(online=False, reported_at=minute(0))
    assert line.tick(60, gone, healthy(1)) == []
    assert line.tick(60, gone, healthy(60, connected=59)) == []
    assert line.tick(64, gone, healthy(64, connected=59)) == ["raised yellow at 64"]


def test_a_rule_about_devices_covers_those_of_its_stations():
    asked = absence(when="offline", metric=None, kind="gas", patience_s=300)
    assert device_watch(3, 1, asked, GATEWAY) is None
    listed = absence(when="offline", metric=None, kind=None, stations=["A-10"], patience_s=300)
    assert device_watch(3, 1, listed, GATEWAY) is not None


def test_patience_may_be_in_intervals_of_the_series():
    assert Desk(absence(patience_s=None, patience_intervals=2.5)).watch.patience == timedelta(
        seconds=150
    )
