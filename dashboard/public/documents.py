"""What is sent as it lies in memory: bytes, plain and gzipped, with an ETag. Pure."""

import gzip
import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Document:
    body: bytes
    packed: bytes
    etag: str
    media_type: str
    status: int = 200


def document(body: bytes, media_type: str, status: int = 200) -> Document:
    etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    packed = gzip.compress(body, compresslevel=5, mtime=0)
    return Document(body, packed, etag, media_type, status)
