"""Events packed once for all who hear them: pieces of a gzip stream that fit behind each other.

Each piece is compressed by itself and ends on a byte, so that the same bytes continue the stream of
any viewer, whatever came before (RFC 1951, RFC 1952). A stream that is never finished has no
checksum at its end; browsers read on without one.
"""

import zlib
from collections.abc import Iterable
from functools import lru_cache

# Fast, no name, no time, unknown system.
HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x04\xff"
LEVEL = 1  # a flood's events are some MB: a few hundredths of a second


@lru_cache(maxsize=8)
def packed(content: bytes) -> bytes:
    """The piece that says this event; asked again for each viewer, made for the first."""
    pack = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return pack.compress(content) + pack.flush(zlib.Z_FULL_FLUSH)


def takes_packed(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether a request accepts gzip, by its raw headers (lower-case names)."""
    said = b",".join(value for name, value in headers if name == b"accept-encoding")
    for one in said.lower().split(b","):
        coding, _, quality = one.partition(b";")
        if coding.strip() == b"gzip":
            return quality.replace(b" ", b"") not in (b"q=0", b"q=0.0", b"q=0.00", b"q=0.000")
    return False
