"""What is sent as it lies in memory: bytes, plain and gzipped, with an ETag. Pure."""

import gzip
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime


@dataclass(frozen=True, slots=True)
class Document:
    body: bytes
    packed: bytes
    etag: str
    media_type: str
    status: int = 200
    modified: str | None = None  # an HTTP date, where one is known


def document(
    body: bytes, media_type: str, status: int = 200, *, modified: str | None = None
) -> Document:
    etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    packed = gzip.compress(body, compresslevel=5, mtime=0)
    return Document(body, packed, etag, media_type, status, modified)


def http_date(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True)
