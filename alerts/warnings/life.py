"""The life of a warning: draft, submitted, published by a second person, updated, cancelled.

Each function names the version that was read and either does it or raises Refused with a sentence.
They take a connection and never commit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.cap.faults import Fault
from alerts.cap.writing import write
from alerts.ids import new_id
from alerts.warnings import store
from alerts.warnings.compose import Bounds, Envelope, compose, faults
from alerts.warnings.content import Both, Content, whole_second
from alerts.warnings.settings import WarningSettings
from alerts.warnings.store import Person, Type, Warning  # noqa: A004 - as there
from database.pool import Connection


class Refused(Exception):
    """Not done. code: a word for programs; warning: as it stands; faults: of what it says."""

    def __init__(
        self,
        code: str,
        sentence: str,
        warning: Warning | None = None,
        faults: Sequence[Fault] = (),
        **members: Any,
    ) -> None:
        super().__init__(sentence)
        self.code, self.warning, self.faults = code, warning, tuple(faults)
        self.members = members


@dataclass(frozen=True, slots=True)
class Standing:
    """What it would go out as, and is held against. over: what it follows is not in force."""

    envelope: Envelope
    bounds: Bounds
    over: bool = False


def draft(
    conn: Connection, who: Person, content: Content, now: datetime, alert: str | None = None
) -> Warning:
    """A new event."""
    warning_id = new_id(now)
    store.add(conn, warning_id, who, content, now, alert=alert)
    return _known(conn, warning_id)


def edit(
    conn: Connection, warning_id: str, who: Person, content: Content, version: int, now: datetime
) -> Warning:
    """Write it anew; what was submitted is a draft again: nobody approves what was not seen."""
    warning = _locked(conn, warning_id, version, "draft", "submitted")
    if content == warning.content and warning.state == "draft":
        return warning
    store.change(conn, warning_id, "edited", "draft", who, content, now)
    return _known(conn, warning_id)


def submit(
    conn: Connection,
    warning_id: str,
    who: Person,
    version: int,
    now: datetime,
    settings: WarningSettings,
) -> Warning:
    """Send it up to a second person: only what could be published as it is."""
    warning = _locked(conn, warning_id, version, "draft")
    _check(conn, warning, now, settings)
    store.change(conn, warning_id, "submitted", "submitted", who, warning.content, now)
    return _known(conn, warning_id)


def send_back(
    conn: Connection, warning_id: str, who: Person, version: int, now: datetime, reason: str
) -> Warning:
    """Back to who wrote it, with why."""
    warning = _locked(conn, warning_id, version, "submitted")
    store.change(conn, warning_id, "returned", "draft", who, warning.content, now, reason)
    return _known(conn, warning_id)


def discard(
    conn: Connection, warning_id: str, who: Person, version: int, now: datetime, reason: str | None
) -> Warning:
    """Never to be published; it stays on record."""
    warning = _locked(conn, warning_id, version, "draft", "submitted")
    store.change(conn, warning_id, "discarded", "discarded", who, warning.content, now, reason)
    return _known(conn, warning_id)


def approve(
    conn: Connection,
    warning_id: str,
    who: Person,
    version: int,
    now: datetime,
    settings: WarningSettings,
    reason: str | None = None,
) -> Warning:
    """Publish it. Whoever wrote of it cannot, whatever his role and his key."""
    warning = _locked(conn, warning_id, version, "submitted")
    if who.account_id in store.writers(conn, warning_id) | {warning.author_id}:
        sentence = "a second person approves a warning; you wrote of this one yourself"
        raise Refused("own", sentence, warning)
    envelope = _check(conn, warning, now, settings)
    cap = write(compose(warning.content, envelope, settings)).decode()
    store.publish(conn, warning, who, envelope.sent, cap, reason)
    return _known(conn, warning_id)


def follow(
    conn: Connection, warning_id: str, who: Person, type_: Type, now: datetime, reason: str | None
) -> Warning:
    """A draft of an Update or a Cancel of what holds, beginning with what was said last."""
    warning = store.lock(conn, warning_id)
    if warning is None:
        raise _unknown(warning_id)
    messages = store.thread(conn, warning.thread)
    writing = next((one for one in messages if one.state in ("draft", "submitted")), None)
    if writing is not None:
        sentence = f"{writing.author} is writing a message of this event already"
        raise Refused("being_written", sentence, writing)
    last = _last_published(messages)
    if last is None or last.standing(now) != "in_force":
        raise _over(last or warning, now)
    content = last.content if type_ == "Update" else _all_clear(last.content)
    new = new_id(now)
    store.add(
        conn,
        new,
        who,
        content,
        now,
        type_=type_,
        thread_id=warning.thread,
        number=messages[-1].number + 1,
        alert=last.alert,
        reason=reason,
    )
    return _known(conn, new)


def check(
    conn: Connection,
    content: Content,
    now: datetime,
    settings: WarningSettings,
    warning: Warning | None = None,
    origin: str = "live",
) -> list[Fault]:
    """What stands against publishing it, as it is written now. origin: of the alert it is of."""
    return against(content, standing(conn, now, warning, origin), settings)


def standing(
    conn: Connection, now: datetime, warning: Warning | None = None, origin: str = "live"
) -> Standing:
    """All that `against` needs of the database."""
    if warning is None:
        envelope = Envelope("draft", "Alert", whole_second(now))
        return Standing(envelope, Bounds(now, origin, store.middle(conn)))
    messages = store.thread(conn, warning.thread)
    return Standing(
        _envelope(messages, warning, now),
        _bounds(conn, messages, warning, now),
        _is_over(warning, _last_published(messages), now),
    )


def against(content: Content, standing: Standing, settings: WarningSettings) -> list[Fault]:
    """As `check`, without the database: the area may take a while."""
    over = [Fault("expires", "over")] if standing.over else []
    return [*over, *faults(content, standing.envelope, settings, standing.bounds)]


# ---- inside


def _locked(conn: Connection, warning_id: str, version: int, *states: str) -> Warning:
    warning = store.lock(conn, warning_id)
    if warning is None:
        raise _unknown(warning_id)
    if warning.version != version:
        sentence = f"the warning changed; it is now version {warning.version}: look at it again"
        raise Refused("changed", sentence, warning)
    if warning.state not in states:
        sentence = f"the warning is {warning.state}; this is for one that is {' or '.join(states)}"
        raise Refused("state", sentence, warning)
    return warning


def _check(
    conn: Connection, warning: Warning, now: datetime, settings: WarningSettings
) -> Envelope:
    """The envelope it would go out in now; raises Refused where anything stands against it."""
    messages = store.thread(conn, warning.thread)
    last = _last_published(messages)
    if _is_over(warning, last, now):
        raise _over(last or warning, now)
    envelope = _envelope(messages, warning, now)
    bounds = _bounds(conn, messages, warning, now)
    found = faults(warning.content, envelope, settings, bounds)
    if found:
        sentence = "; ".join(str(fault) for fault in found)
        raise Refused("faults", sentence, warning, found)
    return envelope


def _envelope(messages: Sequence[Warning], warning: Warning, now: datetime) -> Envelope:
    earlier = [one.sent for one in messages if one.number < warning.number]
    references = tuple(sent.reference for sent in earlier if sent is not None)
    # Never at or before what it refers to, were the clock of a machine set back.
    sent = max([whole_second(now), *(one.sent for one in references)])
    return Envelope(warning.id, warning.type, sent, references)


def _bounds(
    conn: Connection, messages: Sequence[Warning], warning: Warning, now: datetime
) -> Bounds:
    first = messages[0].content.status if warning.number > 1 else None
    return Bounds(now, warning.origin, store.middle(conn), first)


def _last_published(messages: Sequence[Warning]) -> Warning | None:
    return next((one for one in reversed(messages) if one.state == "published"), None)


def _is_over(warning: Warning, last: Warning | None, now: datetime) -> bool:
    """Whether it follows what is no longer in force."""
    return warning.type != "Alert" and (last is None or last.standing(now) != "in_force")


def _all_clear(content: Content) -> Content:
    """What a cancel begins with. The grade stays: it is that warning which is called off."""
    return content.model_copy(
        update={
            "urgency": "Past",
            "response": ("AllClear",),
            "headline": Both(
                zh=f"解除：{content.headline.zh}"[:160],
                en=f"Cancelled: {content.headline.en}"[:160],
            ),
            "description": Both(zh="该预警已解除。", en="This warning is cancelled."),
            "instruction": Both(
                zh="可恢复正常活动，请继续关注通知。",
                en="Normal activity may resume; keep listening to announcements.",
            ),
            "onset": None,
        }
    )


def _known(conn: Connection, warning_id: str) -> Warning:
    found = store.one(conn, warning_id)
    assert found is not None, "it was written in this transaction"  # noqa: S101 - never removed
    return found


def _unknown(warning_id: str) -> Refused:
    return Refused("unknown", f"there is no warning {warning_id!r}")


def _over(warning: Warning, now: datetime) -> Refused:
    sentence = (
        f"the warning is {warning.standing(now)}: only one in force is updated or cancelled; "
        "write a new one"
    )
    return Refused("over", sentence, warning)
