"""Device status: `online`, and `offline` as the last will."""

from sensors.decoders.decoded import shown
from sensors.reading import BadPayload

_WORDS = {b"online": True, b"offline": False}


def decode(payload: bytes) -> bool:
    """Whether the device says that it is connected. Raises BadPayload for any other word."""
    word = payload[:64].strip().lower() if len(payload) <= 64 else payload
    if word not in _WORDS:
        text = payload[:64].decode("utf-8", "replace")
        raise BadPayload("bad_status", f"a status is online or offline, not {shown(text)}")
    return _WORDS[word]
