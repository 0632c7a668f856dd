"""Ids of alerts: opaque, 26 characters, sorted by time, not to be guessed (as ULID has them)."""

import secrets
from datetime import datetime

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32


def new_id(moment: datetime) -> str:
    """48 bits of milliseconds since 1970, then 80 random bits."""
    number = int(moment.timestamp() * 1000) << 80 | secrets.randbits(80)
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -5, -5))
