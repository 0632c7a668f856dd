"""A warning's life in the database: two people, every version kept, references, expiry."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

import psycopg2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.cap import rules
from alerts.cap.reading import parse
from alerts.warnings import life, store
from alerts.warnings.content import Area, Both, Content, Round, differences
from alerts.warnings.life import Refused
from alerts.warnings.store import Person, Warning  # noqa: A004 - the word of the field
from dashboard.door.accounts import create_account
from database.pool import Connection
from tests.alerts.conftest import NOW as ONCE
from tests.alerts.test_cap import xsd_valid
from tests.alerts.warned import RING, SETTINGS, content

OUTRIGHT = """
insert into warning (id, thread, number, type, state, content, author_id, approver_id, cap,
                     published_at, expires_at)
select 'x', 'x', 1, 'Alert', 'published', content, author_id, approver_id, cap, published_at,
       expires_at from warning"""


@pytest.fixture
def now(owner: Connection) -> datetime:
    """The database's clock judges expiry."""
    with owner.cursor() as cursor:
        cursor.execute("select clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment


@pytest.fixture
def people(owner: Connection) -> dict[str, Person]:
    names = {"an": "duty", "bo": "duty", "cai": "environment"}
    made = {
        name: Person(create_account(owner, name, role, "correct-horse"), name)
        for name, role in names.items()
    }
    owner.commit()
    return made


@pytest.fixture
def published(staff: Connection, people: dict[str, Person], now: datetime) -> Warning:
    warning = life.draft(staff, people["an"], content(now), now)
    warning = life.submit(staff, warning.id, people["an"], warning.version, now, SETTINGS)
    warning = life.approve(staff, warning.id, people["bo"], warning.version, now, SETTINGS)
    staff.commit()
    return warning


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(Refused) as caught:
        act()
    return caught.value.code


def valid(warning: Warning) -> None:
    assert warning.cap is not None
    assert xsd_valid(warning.cap.encode())
    assert rules.faults(parse(warning.cap.encode())) == []


def test_a_second_person_publishes_and_every_step_is_kept(staff, people, now):
    an, bo = people["an"], people["bo"]
    first = life.draft(staff, an, content(now, headline=Both(zh="留", en="Stay")), now)
    second = life.edit(staff, first.id, an, content(now), first.version, now)
    third = life.submit(staff, first.id, an, second.version, now, SETTINGS)
    back = life.send_back(staff, first.id, bo, third.version, now, "哪个工厂？")
    again = life.submit(staff, first.id, an, back.version, now, SETTINGS)
    out = life.approve(staff, first.id, bo, again.version, now, SETTINGS, "核实")
    steps = store.steps(staff, first.id)
    assert [(step.kind, step.who, step.reason) for step in steps] == [
        ("drafted", "an", None), ("edited", "an", None), ("submitted", "an", None),
        ("returned", "bo", "哪个工厂？"), ("submitted", "an", None), ("published", "bo", "核实"),
    ]  # fmt: skip
    assert differences(steps[0].content, steps[1].content) == ("headline.zh", "headline.en")
    assert (out.author, out.approver, out.standing(now)) == ("an", "bo", "in_force")
    assert out.version == len(steps)
    valid(out)
    sent = parse(out.cap.encode())
    assert (sent.identifier, sent.status, sent.msg_type) == (out.id, "Exercise", "Alert")
    assert [info.language for info in sent.info] == ["zh-CN", "en-US"]
    assert sent.info[0].area[0].polygon == (tuple((lat, lon) for lon, lat in RING),)
    assert sent.info[0].headline == "【演练】请留在室内"
    for name in ("an", "bo", "核实", "哪个工厂"):
        assert name not in {sent.sender, sent.note, *(info.sender_name for info in sent.info)}
    assert "核实" not in str(out.cap)


@pytest.mark.parametrize("wrote", ["drafted", "edited", "submitted"])
def test_who_wrote_any_part_of_it_cannot_approve_it(staff, people, now, wrote):
    an, bo = people["an"], people["bo"]
    first, second = (bo, an) if wrote == "drafted" else (an, bo)
    warning = life.draft(staff, first, content(now), now)
    if wrote == "edited":
        other = content(now, urgency="Expected")
        warning = life.edit(staff, warning.id, second, other, warning.version, now)
    sender = people["cai"] if wrote != "submitted" else second
    warning = life.submit(staff, warning.id, sender, warning.version, now, SETTINGS)
    assert (
        refusal(lambda: life.approve(staff, warning.id, bo, warning.version, now, SETTINGS))
        == "own"
    )
    staff.commit()
    with pytest.raises(psycopg2.errors.CheckViolation):  # nor past our code
        store.publish(staff, warning, bo, now, "<alert/>", None)
    staff.rollback()


def test_what_is_published_never_changes_whoever_asks(owner, staff, published):
    for statement in (
        "update warning set content = '{}'",
        "update warning set state = 'draft', cap = null, published_at = null",
        "update warning set expires_at = expires_at + interval '1 day'",
        OUTRIGHT,
    ):
        with pytest.raises(psycopg2.errors.CheckViolation), owner.cursor() as cursor:
            cursor.execute(statement)
        owner.rollback()
    for statement in ("delete from warning", "update warning_step set who = 'x'"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege), staff.cursor() as cursor:
            cursor.execute(statement)
        staff.rollback()


def test_what_was_submitted_is_published_as_it_was_submitted(owner, staff, people, now):
    warning = life.draft(staff, people["an"], content(now), now)
    warning = life.submit(staff, warning.id, people["an"], warning.version, now, SETTINGS)
    staff.commit()
    with pytest.raises(psycopg2.errors.CheckViolation), owner.cursor() as cursor:
        cursor.execute(
            "update warning set state = 'published', content = '{}', cap = 'x', approver_id = %s,"
            " published_at = now(), expires_at = now() + interval '1 hour'",
            (people["bo"].account_id,),
        )
    owner.rollback()


def test_an_update_and_the_cancel_refer_to_all_before_them(staff, people, published, now):
    an, bo = people["an"], people["bo"]
    later = now + timedelta(minutes=5)
    update = life.follow(staff, published.id, bo, "Update", later, "风向变了")
    assert update.content == published.content
    wider = content(now, urgency="Expected")
    update = life.edit(staff, update.id, bo, wider, update.version, later)
    update = life.submit(staff, update.id, bo, update.version, later, SETTINGS)
    update = life.approve(staff, update.id, an, update.version, later, SETTINGS)
    cancel = life.follow(staff, update.id, an, "Cancel", later, None)
    cancel = life.submit(staff, cancel.id, an, cancel.version, later, SETTINGS)
    cancel = life.approve(staff, cancel.id, bo, cancel.version, later, SETTINGS)
    messages = store.thread(staff, published.id)
    for message in messages:
        valid(message)
    sent = [parse(message.cap.encode()) for message in messages]
    assert [one.msg_type for one in sent] == ["Alert", "Update", "Cancel"]
    assert sent[1].references == (sent[0].reference,)
    assert sent[2].references == (sent[0].reference, sent[1].reference)
    assert sent[2].info[0].response_type == ("AllClear",)
    standings = [message.standing(later) for message in messages]
    assert standings == ["updated", "cancelled", "cancel"]
    assert refusal(lambda: life.follow(staff, cancel.id, an, "Update", later, None)) == "over"


def test_of_an_event_one_message_is_written_at_a_time(staff, people, published, now):
    life.follow(staff, published.id, people["an"], "Update", now, None)
    again = lambda: life.follow(staff, published.id, people["bo"], "Cancel", now, None)  # noqa: E731 - short
    assert refusal(again) == "being_written"


def test_nobody_changes_what_has_changed_since_he_read_it(staff, people, now):
    an = people["an"]
    warning = life.draft(staff, an, content(now), now)
    life.edit(staff, warning.id, an, content(now, grade="blue"), warning.version, now)
    stale = lambda: life.submit(staff, warning.id, an, warning.version, now, SETTINGS)  # noqa: E731 - short
    assert refusal(stale) == "changed"


def test_what_ran_out_before_it_was_approved_is_not_published(staff, people, now):
    an, bo = people["an"], people["bo"]
    warning = life.draft(staff, an, content(now, expires=now + timedelta(seconds=30)), now)
    warning = life.submit(staff, warning.id, an, warning.version, now, SETTINGS)
    late = now + timedelta(minutes=1)
    with pytest.raises(Refused) as caught:
        life.approve(staff, warning.id, bo, warning.version, late, SETTINGS)
    assert [fault.code for fault in caught.value.faults] == ["expired"]


def test_a_warning_expires_by_itself(staff, published, now):
    assert published.standing(now + timedelta(hours=1, minutes=59)) == "in_force"
    assert published.standing(now + timedelta(hours=2)) == "expired"
    assert [one.id for one in store.open_ones(staff, now)] == [published.id]
    assert store.open_ones(staff, now + timedelta(hours=3)) == []


@pytest.mark.parametrize("type_", ["Update", "Cancel"])
def test_what_follows_a_warning_that_ran_out_is_said_before_it_is_sent_up(
    staff, people, published, now, type_
):
    draft = life.follow(staff, published.id, people["an"], type_, now, None)
    later = now + timedelta(hours=3)
    said = content(later)
    draft = life.edit(staff, draft.id, people["an"], said, draft.version, now)
    assert life.check(staff, said, now, SETTINGS, draft) == []
    found = life.check(staff, said, later, SETTINGS, draft)
    assert [(fault.where, fault.code) for fault in found] == [("expires", "over")]
    submit = partial(life.submit, staff, draft.id, people["an"], draft.version, later, SETTINGS)
    assert refusal(submit) == "over"


@pytest.mark.parametrize(
    ("changed", "where", "code"),
    [
        ({"expires": None}, "expires", "no_expiry"),
        ({"expires": ONCE - timedelta(days=42)}, "expires", "expired"),
        ({"expires": ONCE + timedelta(hours=73)}, "expires", "too_long_valid"),
        ({"onset": ONCE + timedelta(hours=3)}, "expires", "expires_before"),
        ({"headline": Both(zh="x")}, "headline.en", "no_text"),
        ({"headline": Both(zh="x" * 161, en="x")}, "headline.zh", "too_many_letters"),
        ({"event": Both(zh="<b>x</b>", en="x")}, "event.zh", "html"),
        ({"area": Area(names=Both(zh="x", en="x"))}, "area", "no_area"),
        ({"area": {"polygons": (RING[:3],)}}, "area.polygons[0]", "open_ring"),
        ({"area": {"polygons": (tuple(RING[:2]) + RING[:1],)}}, "area.polygons[0]", "short_ring"),
        ({"area": {"polygons": ((RING[0],) * 4,)}}, "area.polygons[0]", "no_surface"),
        (
            {"area": {"polygons": (((121, 29), (122, 30), (122, 29), (121, 30), (121, 29)),)}},
            "area.polygons[0]",
            "crossing",
        ),
        ({"area": {"circles": [Round(lon=29.9, lat=89, radius_km=1)]}}, "area", "far_away"),
    ],
)
def test_a_draft_that_cannot_go_out_says_what_and_where(staff, district, changed, where, code):
    found = life.check(staff, content(ONCE, **changed), ONCE, SETTINGS)
    assert (where, code) in {(fault.where, fault.code) for fault in found}
    assert life.check(staff, content(ONCE), ONCE, SETTINGS) == []


def test_what_is_simulated_is_never_called_actual(staff, people, put_alert, now):
    alert = put_alert("a1", origin=2)
    warning = life.draft(staff, people["an"], content(now, status="Actual"), now, alert)
    sent_up = lambda: life.submit(staff, warning.id, people["an"], 1, now, SETTINGS)  # noqa: E731 - short
    with pytest.raises(Refused) as caught:
        sent_up()
    assert [fault.code for fault in caught.value.faults] == ["not_actual"]


def test_the_desk_is_told_what_waits_and_what_runs_out(owner, staff, people, put_alert, now):
    an, bo = people["an"], people["bo"]
    put_alert("still-on")
    put_alert("over", state="ended", ended_at=now)
    soon = {"still-on": timedelta(minutes=20), "over": timedelta(hours=2)}
    for alert, lasts in soon.items():
        one = life.draft(staff, an, content(now, expires=now + lasts), now, alert)
        one = life.submit(staff, one.id, an, one.version, now, SETTINGS)
        life.approve(staff, one.id, bo, one.version, now, SETTINGS)
    quiet = life.draft(staff, an, content(now), now, "still-on")
    waiting = life.draft(staff, an, content(now), now)
    life.submit(staff, waiting.id, an, 1, now, SETTINGS)
    found = [(notice.kind, notice.id) for notice in store.notices(staff, SETTINGS.notice_min)]
    assert sorted(kind for kind, _ in found) == ["ended", "expiring", "waiting"]
    assert quiet.id not in {warning for _, warning in found}


def test_what_was_sent_back_is_told_until_somebody_goes_on_with_it(staff, people, now):
    def told() -> list[tuple[str, str]]:
        return [(notice.kind, notice.id) for notice in store.notices(staff, SETTINGS.notice_min)]

    an, bo = people["an"], people["bo"]
    one = life.draft(staff, an, content(now), now)
    assert told() == []
    one = life.submit(staff, one.id, an, one.version, now, SETTINGS)
    one = life.send_back(staff, one.id, bo, one.version, now, "哪个工厂？")
    assert told() == [("returned", one.id)]
    one = life.edit(staff, one.id, an, content(now, grade="orange"), one.version, now)
    assert told() == []
    one = life.submit(staff, one.id, an, one.version, now, SETTINGS)
    one = life.send_back(staff, one.id, bo, one.version, now, "不发")
    life.discard(staff, one.id, an, one.version, now, None)
    assert told() == []


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(
            ["edit", "submit", "back", "approve", "update", "cancel", "discard", "wait"]
        ),
        st.sampled_from(["an", "bo", "cai"]),
    ),
    max_size=25,
)


def act(
    conn: Connection, what: str, who: Person, last: Warning, new: Content, now: datetime
) -> Warning:
    """What a person does to the message at hand; refused, it stays as it is."""
    at = (conn, last.id, who, last.version, now)
    acts = {
        "edit": lambda: life.edit(conn, last.id, who, new, last.version, now),
        "submit": lambda: life.submit(*at, SETTINGS),
        "back": lambda: life.send_back(*at, "why"),
        "approve": lambda: life.approve(*at, SETTINGS),
        "discard": lambda: life.discard(*at, None),
        "update": lambda: life.follow(conn, last.id, who, "Update", now, None),
        "cancel": lambda: life.follow(conn, last.id, who, "Cancel", now, None),
        "wait": lambda: last,
    }
    with suppress(Refused):
        return acts[what]()
    return last


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=ACTIONS)
def test_whatever_people_do_what_is_out_has_two_people_and_is_valid(staff, people, now, actions):
    clock, last = now, life.draft(staff, people["an"], content(now), now)
    for count, (what, name) in enumerate(actions):
        clock += timedelta(minutes=1)
        new = content(now, description=Both(zh=f"第 {count} 次", en=f"no. {count}"))
        last = act(staff, what, people[name], last, new, clock)
    messages = store.thread(staff, last.thread)
    for message in messages:
        steps = store.steps(staff, message.id)
        assert [step.seq for step in steps] == list(range(1, message.version + 1))
        if message.state == "published":
            wrote = {step.who for step in steps if step.kind in ("drafted", "edited", "submitted")}
            assert message.approver not in wrote
            assert steps[-1].content == message.content
            valid(message)
    out = [parse(one.cap.encode()) for one in messages if one.cap]
    for index, sent in enumerate(out):
        assert sent.references == tuple(one.reference for one in out[:index])
    assert sum(one.standing(clock) in ("in_force", "cancel") for one in messages) <= 1
    staff.rollback()
