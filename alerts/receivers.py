"""Where alerts are told to: the far ends, each a function that raises NotDelivered or returns."""

import json
import logging
from collections.abc import Callable

import httpx

from alerts.outbox import Message
from alerts.settings import ReceiverSettings

log = logging.getLogger("alerts.receiver")


class NotDelivered(Exception):
    """The far end did not take the message; the text says what it did instead."""


def send_log(receiver: ReceiverSettings, message: Message) -> None:
    """One short line of JSON that a person can read; the webhook carries everything."""
    line = {
        "receiver": receiver.name,
        "transition": message.transition_id,
        "alert": message.alert.id,
        "kind": message.kind,
        "grade": message.grade,
        "text": message.text["zh"],
    }
    log.warning("%s", json.dumps(line, ensure_ascii=False))


def send_webhook(receiver: ReceiverSettings, message: Message) -> None:
    """POST as JSON; any 2xx is taken. The key lets the far end drop a repetition after a crash.

    Only the head of the answer is awaited, so that a body without end holds nobody up.
    """
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Idempotency-Key": str(message.transition_id),
    }
    body = json.dumps(message.to_json(), ensure_ascii=False).encode()
    url = receiver.url or ""
    try:
        with httpx.stream(
            "POST",
            url,
            content=body,
            headers=headers,
            timeout=receiver.timeout_s,
            trust_env=False,
        ) as answer:
            if not answer.is_success:
                raise NotDelivered(f"{url} answered {answer.status_code} {answer.reason_phrase}")
    except httpx.TimeoutException as error:
        raise NotDelivered(f"{url} did not answer within {receiver.timeout_s:g} s") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NotDelivered(f"{url}: {error or type(error).__name__}") from error


SEND: dict[str, Callable[[ReceiverSettings, Message], None]] = {
    "log": send_log,
    "webhook": send_webhook,
}
