"""The rota: who is on duty, entering and handing over. Ways to people, which show no address."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel
from starlette.responses import Response

from alerts.sending.by_apprise import UnknownService, service
from alerts.sending.directory import shifts_between
from alerts.sending.rota import Shift, gaps, on_duty
from alerts.sending.secrets import masked
from alerts.settings import AlertsSettings
from dashboard import rota_store
from dashboard.api import models, rota_models
from dashboard.api.common import Services, Use, Write, Writing, json_answer, refused
from dashboard.idempotency import Outcome
from dashboard.moments import moment, of_our_time
from dashboard.problems import Problem
from dashboard.rota_store import Contact, Offer
from dashboard.shapes import iso
from database.pool import Connection

router = APIRouter(prefix="/api/v1", tags=["rota"])
Number = Annotated[int, Path(ge=1, le=2**63 - 1)]


def _answers(status: int, model: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    return {status: {"model": model}, 409: {"model": models.ProblemDocument}}


_AHEAD, _LONGEST_VIEW = timedelta(days=7), timedelta(days=62)
_LONGEST_SHIFT, _FAR = timedelta(days=7), timedelta(days=400)


@router.get("/rota", responses={200: {"model": rota_models.Rota}})
def read_rota(
    *,
    use: Use,
    from_: Annotated[str | None, Query(alias="from", description="default: now")] = None,
    to: Annotated[str | None, Query(description="default: seven days later")] = None,
) -> Response:
    """Who is on duty now, the shifts and the gaps of the time asked for, and hand-overs."""
    now = datetime.now(UTC)
    since = moment(from_, "from") or now
    until = moment(to, "to") or since + _AHEAD
    if not since < until <= since + _LONGEST_VIEW:
        raise Problem(400, f"to must be after from, by at most {_LONGEST_VIEW.days} days")
    with use.pool.transaction() as conn:
        shifts = shifts_between(conn, min(since, now), max(until, now + timedelta(seconds=1)))
        offers = rota_store.offers(conn, now - timedelta(days=1))
        people = [name for name, role in rota_store.people(conn) if role != "viewer"]
    document = {
        "from": iso(since),
        "to": iso(until),
        "duties": _duties(use.alerts, shifts, since, until, now),
        "hand_overs": [offer_json(one) for one in offers],
        "people": people,
    }
    return json_answer(document)


@router.post("/rota/shifts", status_code=201, responses=_answers(201, rota_models.Shift))
def enter_shift(write: Writing, body: rota_models.NewShift) -> Response:
    """Enter somebody at a duty. Who is there already at that time is a conflict."""
    from_at, to_at = _span(body, datetime.now(UTC))
    _known_duty(write.use, body.duty)

    def act(conn: Connection) -> Outcome:
        _known_person(conn, body.who, "who")
        said = (body.duty, body.who, from_at, to_at, body.note or None, write.who.name)
        found = rota_store.add_shift(conn, *said)
        if isinstance(found, Shift):
            text = f"{body.who} is at {body.duty} from {iso(found.from_at)} to {iso(found.to_at)}"
            return Outcome(409, Problem(409, text, shift=shift_json(found)).body())
        document = shift_json(Shift(found, *said))
        write.audit(conn, "entered a shift", f"shift {found}", shift=document)
        return Outcome(201, document)

    asked = f"shift {body.model_dump_json(by_alias=True)}"
    return write.once(asked, act)


@router.post("/rota/shifts/{shift_id}/remove", responses={200: {"model": rota_models.Shift}})
def remove_shift(write: Writing, shift_id: Number) -> Response:
    """Take a shift out of the rota; it stays on record with who took it out."""

    def act(conn: Connection) -> Outcome:
        shift = rota_store.locked_shift(conn, shift_id)
        if shift is None:
            return _no_shift(shift_id)
        rota_store.remove_shift(conn, shift_id, write.who.name)
        said = shift_json(shift)
        write.audit(conn, "removed a shift", f"shift {shift_id}", shift=said)
        return Outcome(200, said)

    return write.once(f"remove shift {shift_id}", act)


@router.post(
    "/rota/shifts/{shift_id}/hand-over",
    status_code=201,
    responses=_answers(201, rota_models.HandOver),
)
def hand_over(write: Writing, shift_id: Number, body: rota_models.NewHandOver) -> Response:
    """Offer the rest of one's shift to somebody, with a note. Until then nothing changes."""
    if not body.note:
        raise refused("note", "empty", "say what the other must know: the note is empty")

    def act(conn: Connection) -> Outcome:
        shift = rota_store.locked_shift(conn, shift_id)
        if shift is None:
            return _no_shift(shift_id)
        if write.who.name != shift.who and write.who.role != "administrator":
            said = f"this shift is {shift.who}'s; only they or an administrator hand it over"
            return Outcome(403, Problem(403, said).body())
        if shift.to_at <= datetime.now(UTC):
            return Outcome(409, Problem(409, f"the shift ended at {iso(shift.to_at)}").body())
        _known_person(conn, body.to, "to")
        if body.to == shift.who:
            raise refused("to", "same", f"{body.to} has this shift; name another person")
        return _offered(conn, write, rota_store.offer(conn, shift, body.to, body.note))

    asked = f"hand over {shift_id} {body.model_dump_json()}"
    return write.once(asked, act)


@router.post(
    "/rota/hand-overs/{offer_id}/answer",
    responses=_answers(200, rota_models.HandOver),
)
def answer_hand_over(write: Writing, offer_id: Number, body: rota_models.Answer) -> Response:
    """Accept or decline what is offered to one, by name; or withdraw one's own offer."""

    def act(conn: Connection) -> Outcome:
        one = rota_store.locked_offer(conn, offer_id)
        if one is None:
            return Outcome(404, Problem(404, f"there is no hand-over {offer_id}").body())
        allowed = one.from_who if body.answer == "withdrawn" else one.to_who
        if write.who.name != allowed:
            said = f"only {allowed} can say that; you are {write.who.name}"
            return Outcome(403, Problem(403, said).body())
        if one.answer is not None:
            said = f"this hand-over is {one.answer} already, at {iso(one.answered_at)}"
            return Outcome(409, Problem(409, said, hand_over=offer_json(one)).body())
        rota_store.answer(conn, one, body.answer, body.note or None, datetime.now(UTC))
        found = offer_json(_offer(conn, offer_id))
        write.audit(conn, f"{body.answer} a hand-over", f"hand-over {offer_id}")
        return Outcome(200, found)

    asked = f"answer {offer_id} {body.model_dump_json()}"
    return write.once(asked, act)


@router.get("/contacts", responses={200: {"model": rota_models.ContactList}})
def list_contacts(use: Use) -> Response:
    """Ways to people, by name. Of an address nothing but its kind is shown to anybody."""
    with use.pool.transaction() as conn:
        found = rota_store.contacts(conn)
    return json_answer({"contacts": [contact_json(one) for one in found]})


@router.post("/contacts", status_code=201, responses=_answers(201, rota_models.Contact))
def add_contact(write: Writing, body: rota_models.NewContact) -> Response:
    """Write down how a person is reached. To change it, remove it and write it anew."""
    try:
        service(body.url)
    except UnknownService as error:
        raise refused("url", "unknown", str(error)) from error

    def act(conn: Connection) -> Outcome:
        _known_person(conn, body.who, "who")
        values = body.model_dump() | {"masked": masked(body.url)}
        number = rota_store.add_contact(conn, write.who.name, **values)
        if number is None:
            said = f"{body.who} has a way {body.label!r} already; remove it first, or name another"
            return Outcome(409, Problem(409, said).body())
        write.audit(conn, "added a contact", f"{body.who}/{body.label}")
        return Outcome(201, contact_json(_contact(conn, number)))

    return write.once(f"contact {body.model_dump_json()}", act)


@router.post("/contacts/{contact_id}/remove", responses={200: {"model": rota_models.Contact}})
def remove_contact(
    write: Writing, contact_id: Annotated[int, Path(ge=1, le=2**31 - 1)]
) -> Response:
    """Nobody is told by it any more; what waits for it goes to the fallback."""

    def act(conn: Connection) -> Outcome:
        one = rota_store.contact(conn, contact_id)
        if one is None:
            return Outcome(404, Problem(404, f"there is no contact {contact_id}").body())
        rota_store.remove_contact(conn, contact_id, write.who.name)
        write.audit(conn, "removed a contact", f"{one.who}/{one.label}")
        return Outcome(200, contact_json(one))

    return write.once(f"remove contact {contact_id}", act)


def shift_json(shift: Shift) -> dict[str, Any]:
    return {
        "id": shift.id,
        "duty": shift.duty,
        "who": shift.who,
        "from": iso(shift.from_at),
        "to": iso(shift.to_at),
        "note": shift.note,
        "entered_by": shift.entered_by,
    }


def offer_json(one: Offer) -> dict[str, Any]:
    said = {name: getattr(one, name) for name in one.__slots__}
    return said | {"offered_at": iso(one.offered_at), "answered_at": iso(one.answered_at)}


def contact_json(one: Contact) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__slots__} | {"made_at": iso(one.made_at)}


def _duties(
    settings: AlertsSettings, shifts: list[Shift], since: datetime, until: datetime, now: datetime
) -> list[dict[str, Any]]:
    return [
        {
            "code": duty.code,
            "names": {"zh": duty.zh, "en": duty.en},
            "filled": duty.filled,
            "on_duty": on_duty(shifts, duty.code, now),
            "shifts": [
                shift_json(one)
                for one in shifts
                if one.duty == duty.code and one.from_at < until and one.to_at > since
            ],
            "gaps": [
                {"from": iso(gap.from_at), "to": iso(gap.to_at)}
                for gap in (gaps(shifts, duty.code, since, until) if duty.filled else ())
            ],
        }
        for duty in settings.duties
    ]


def _span(body: rota_models.NewShift, now: datetime) -> tuple[datetime, datetime]:
    """Raises Problem 422 naming the field that is wrong."""
    for name, at in (("from", body.from_), ("to", body.to)):
        if at.tzinfo is None:
            raise refused(name, "zone", f"{name} has no time zone; expected 2026-11-22T08:00+08:00")
        of_our_time(at, name)
    if not body.from_ < body.to <= body.from_ + _LONGEST_SHIFT:
        said = f"to must be after from, by at most {_LONGEST_SHIFT.days} days"
        raise refused("to", "order", said)
    if body.to <= now:
        raise refused(
            "to", "past", f"the shift is over: to is {iso(body.to)}; it is {iso(now)} now"
        )
    if body.from_ > now + _FAR:
        raise refused("from", "far", f"from lies more than {_FAR.days} days ahead")
    return body.from_, body.to


def _known_duty(use: Services, code: str) -> None:
    known = [duty.code for duty in use.alerts.duties]
    if code not in known:
        said = (
            f"known are {', '.join(known)}" if known else "config.yaml names none (alerts.duties)"
        )
        raise refused("duty", "unknown", f"there is no duty {code!r}; {said}")


def _known_person(conn: Connection, who: str, field: str) -> None:
    if not rota_store.is_person(conn, who):
        raise refused(field, "unknown", f"there is no account {who!r} that can sign in")


def _offered(conn: Connection, write: Write, found: int | Offer) -> Outcome:
    if isinstance(found, Offer):
        said = f"it is offered to {found.to_who} already; withdraw that first"
        return Outcome(409, Problem(409, said, hand_over=offer_json(found)).body())
    one = offer_json(_offer(conn, found))
    write.audit(conn, "offered a hand-over", f"hand-over {found}", to=one["to_who"])
    return Outcome(201, one)


def _no_shift(number: int) -> Outcome:
    return Outcome(404, Problem(404, f"there is no shift {number}, or it was removed").body())


def _offer(conn: Connection, number: int) -> Offer:
    found = rota_store.locked_offer(conn, number)
    assert found is not None, "it was written in this transaction"  # noqa: S101 - never removed
    return found


def _contact(conn: Connection, number: int) -> Contact:
    found = rota_store.contact(conn, number)
    assert found is not None, "it was written in this transaction"  # noqa: S101 - never removed
    return found
