"""When a certificate is valid: the two times, read out of its DER (RFC 5280, 4.1)."""

import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

_SEQUENCE, _VERSION, _UTC_TIME, _GENERALIZED_TIME = 0x30, 0xA0, 0x17, 0x18
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


class NoCertificate(Exception):
    """The text holds no certificate that can be read."""


@dataclass(frozen=True, slots=True)
class Validity:
    begins: datetime
    ends: datetime


def validities(text: str) -> list[Validity]:
    """Of every certificate in a PEM text, the owner's first. Raises NoCertificate."""
    blocks = _PEM.findall(text)
    if not blocks:
        raise NoCertificate("it holds no certificate in PEM form")
    try:
        return [_validity(ssl.PEM_cert_to_DER_cert(block)) for block in blocks]
    except (ValueError, IndexError) as error:
        raise NoCertificate(f"its certificate cannot be read: {error}") from error


def _validity(der: bytes) -> Validity:
    """Certificate → tbsCertificate → after [version], serial, algorithm, issuer: validity."""
    (tag, certificate), *_ = _elements(der)
    if tag != _SEQUENCE:
        raise ValueError("it does not begin as a certificate does")
    (_, signed), *_ = _elements(certificate)
    fields = [content for tag, content in _elements(signed) if tag != _VERSION]
    begins, ends = (_time(tag, content) for tag, content in _elements(fields[3]))
    return Validity(begins, ends)


def _elements(der: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of each element."""
    at = 0
    while at < len(der):
        tag, length, at = der[at], der[at + 1], at + 2
        if length & 0x80:
            count = length & 0x7F
            length, at = int.from_bytes(der[at : at + count], "big"), at + count
        if at + length > len(der):
            raise ValueError("it ends too early")
        yield tag, der[at : at + length]
        at += length


def _time(tag: int, content: bytes) -> datetime:
    """A two-digit year is of 1950 to 2049 (4.1.2.5.1)."""
    text = content.decode("ascii")
    if tag == _UTC_TIME:
        text = ("20" if text < "50" else "19") + text
    elif tag != _GENERALIZED_TIME:
        raise ValueError("its validity is no time")
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
