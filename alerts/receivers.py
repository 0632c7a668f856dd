"""Where alerts are told to: the far ends, each a function that raises NotDelivered or returns."""

import json
import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import httpx

from alerts.receiver_settings import ReceiverSettings
from alerts.sending.by_apprise import UnknownService, notify
from alerts.sending.deadline import WHOLE, Deadline
from alerts.sending.parcel import Parcel, compose
from alerts.sending.secrets import masked, without_secrets

log = logging.getLogger("alerts.receiver")

_MOST_RECEIPT, _MOST_PHRASE = 65_536, 200


class NotDelivered(Exception):
    """The far end did not take the message; the text says what it did instead."""


@dataclass(frozen=True, slots=True)
class FarEnd:
    """A receiver with its address. url: secret, shown masked. fallback: who is told in its place.

    own: a receiver of the file; else a way to a person, whose sender ends when it is idle.
    """

    settings: ReceiverSettings
    url: str | None = None
    fallback: tuple[str, ...] = ()
    name: str = ""
    own: bool = True

    @classmethod
    def of(cls, settings: ReceiverSettings, url: str | None = None) -> "FarEnd":
        return cls(settings, url or settings.url, settings.fallback, settings.name)


def send_log(end: FarEnd, parcel: Parcel) -> None:
    """One short line of JSON that a person can read; the webhook carries everything."""
    document = parcel.document
    line = {
        "receiver": end.name,
        "transition": document.get("transition"),
        "alert": document.get("alert", {}).get("id"),
        "kind": document["kind"],
        "grade": parcel.grade,
        "text": document.get("text", parcel.head)["zh"],
    }
    log.warning("%s", json.dumps(line, ensure_ascii=False))


def send_webhook(end: FarEnd, parcel: Parcel) -> None:
    """POST as JSON; any 2xx is taken. The key lets the far end drop a repetition after a crash.

    Only the head of the answer is awaited, so that a body without end holds nobody up; unless a
    receipt is asked for.
    """
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Idempotency-Key": parcel.key,
    }
    body = json.dumps(parcel.document, ensure_ascii=False).encode()
    url, timeout_s = end.url or "", end.settings.timeout_s
    end_of_it = Deadline(WHOLE * timeout_s)
    try:
        with (
            end_of_it,
            httpx.Client(timeout=timeout_s, verify=_trusted(), trust_env=False) as client,
            client.stream(
                "POST", url, content=body, headers=headers, extensions=end_of_it.extensions
            ) as answer,
        ):
            if not answer.is_success:
                phrase = without_secrets(answer.reason_phrase[:_MOST_PHRASE], url)
                raise NotDelivered(f"{masked(url)} answered {answer.status_code} {phrase}")
            if end.settings.receipt:
                _check_receipt(answer, parcel.key, masked(url))
    except httpx.TimeoutException as error:
        raise NotDelivered(f"{masked(url)} did not answer within {timeout_s:g} s") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        if end_of_it.passed:
            said = f"did not end its answer within {WHOLE * timeout_s:g} s"
            raise NotDelivered(f"{masked(url)} {said}") from error
        said = without_secrets(str(error), url) or type(error).__name__
        raise NotDelivered(f"{masked(url)}: {said}") from error


def send_apprise(end: FarEnd, parcel: Parcel) -> None:
    """Through the library, in the receiver's language and within the service's length."""
    url = end.url or ""

    def composed(octets: int | None) -> tuple[str, str]:
        return compose(parcel, end.settings.language, end.settings.max_length, octets)

    try:
        trouble = notify(url, composed, parcel.grade, end.settings.timeout_s)
    except UnknownService as error:
        raise NotDelivered(str(error)) from error
    if trouble is not None:
        said = without_secrets(trouble, url) or "the service did not take it"
        raise NotDelivered(f"{masked(url)}: {said}")


@cache
def _trusted() -> ssl.SSLContext:
    """The authorities, read once: to read them for each message costs more than to send it."""
    return httpx.create_ssl_context(trust_env=False)


def _check_receipt(answer: httpx.Response, key: str, shown: str) -> None:
    """The answer must name the message: a proxy that says 200 to all has delivered nothing."""
    read = b""
    for part in answer.iter_bytes():
        read += part
        if len(read) > _MOST_RECEIPT:
            break
    try:
        receipt = json.loads(read).get("receipt")
    except (ValueError, AttributeError):
        receipt = None
    if receipt != key:
        expected = json.dumps({"receipt": key})
        raise NotDelivered(f"{shown} answered without the receipt; expected {expected}")


SEND: dict[str, Callable[[FarEnd, Parcel], None]] = {
    "log": send_log,
    "webhook": send_webhook,
    "apprise": send_apprise,
}
