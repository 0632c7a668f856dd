"""Mail, WeCom, DingTalk, Feishu, SMS gateways and the rest, through the library apprise."""

import logging
import queue
import threading
from collections.abc import Callable
from typing import Self

from apprise import Apprise, AppriseAsset, NotifyBase, NotifyFormat, NotifyType

from alerts.grade import Grade
from alerts.sending.deadline import WHOLE
from alerts.sending.secrets import masked

_TYPES: dict[Grade, NotifyType] = {
    "blue": NotifyType.INFO,
    "yellow": NotifyType.WARNING,
    "orange": NotifyType.WARNING,
    "red": NotifyType.FAILURE,
}
# No threads of its own, no image from outside, no variables taken out of our text.
_ASSET = AppriseAsset(
    app_id="Dongtai",
    app_desc="动态 Dongtai",
    app_url="",
    async_mode=False,
    image_url_mask=None,
    image_url_logo=None,
    interpret_emojis=False,
    interpret_escapes=False,
    secure_logging=True,
)
_LOGGER = logging.getLogger("apprise")


class UnknownService(Exception):
    """A URL that apprise does not understand; the text has no secret in it."""


def service(url: str) -> NotifyBase:
    """The service that a URL is for. Raises UnknownService."""
    found = Apprise.instantiate(url, asset=_ASSET)
    if not isinstance(found, NotifyBase):
        raise UnknownService(
            f"apprise understands no address like {masked(url)}; its wiki says how one is written, "
            "such as mailto://user:password@smtp.example.com?to=duty@example.com"
        )
    return found


def notify(
    url: str, compose: Callable[[int | None], tuple[str, str]], grade: Grade, timeout_s: float
) -> str | None:
    """Send; returns what went wrong, if anything (it may hold secrets of the URL).

    compose: title and body within so many bytes; None is without limit. A far end that has not
    ended after WHOLE times `timeout_s`, as one that sends a byte now and then, is given up: the
    library has no time for a whole sending. Its thread ends with it.
    """
    end = service(url)
    end.socket_connect_timeout = end.socket_read_timeout = timeout_s
    title, body = compose(end.body_maxlen or None)
    if not end.title_maxlen:
        # What has no title has it in its first line.
        title, body = "", f"{title}\n{body}" if body else title
    # Plain text, and the service itself: Apprise.notify would send on a pool of threads that all
    # share, where a few that hang hold up the others.
    end.notify_format = NotifyFormat.TEXT
    answer: queue.SimpleQueue[str | Exception | None] = queue.SimpleQueue()

    def send() -> None:
        try:
            with _Said() as said:
                done = end.notify(
                    body=body or title,
                    title=title if body else "",
                    notify_type=_TYPES[grade],
                    body_format=NotifyFormat.TEXT,
                )
            lines = "; ".join(dict.fromkeys(said.lines)) or "the service did not take it"
            answer.put(None if done else lines)
        except Exception as error:  # noqa: BLE001 - raised where it is waited for
            answer.put(error)

    threading.Thread(target=send, name="apprise", daemon=True).start()
    whole_s = WHOLE * timeout_s
    try:
        found = answer.get(timeout=whole_s)
    except queue.Empty:
        return f"did not end its answer within {whole_s:g} s"
    if isinstance(found, Exception):
        raise found
    return found


class _Said(logging.Handler):
    """What the library says of one sending: it answers no more than yes or no.

    Only this thread's words: several receivers send at once.
    """

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self._thread = threading.get_ident()

    def __enter__(self) -> Self:
        _LOGGER.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        _LOGGER.removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread != self._thread:
            return
        text = record.getMessage()
        if record.levelno >= logging.WARNING or "xception" in text:
            self.lines.append(" ".join(text.split())[:300])


# Its own lines name addresses; ours, blacked out, say all that is needed.
_LOGGER.propagate = False
_LOGGER.setLevel(logging.DEBUG)
