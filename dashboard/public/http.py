"""How a document in memory becomes an answer: ETag, gzip, security headers."""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from dashboard.public.documents import Document
from dashboard.stream.packing import takes_packed

# Nothing but our own files: no outside address, no inline script or style. blob: is MapLibre's.
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; worker-src 'self' blob:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
SECURITY = (
    ("content-security-policy", CSP),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("permissions-policy", "geolocation=(self), camera=(), microphone=()"),
    ("cross-origin-opener-policy", "same-origin"),
)
# The API may be read from any other site: it has no cookies and nothing that is not public.
OPEN = (("access-control-allow-origin", "*"), ("cross-origin-resource-policy", "cross-origin"))
REVALIDATE, FOR_EVER = "no-cache", "public, max-age=31536000, immutable"


def head(
    document: Document, *, packed: bool, cache: str, more: tuple[Any, ...] = ()
) -> list[tuple[str, str]]:
    found = [
        ("content-type", document.media_type),
        ("etag", document.etag),
        ("cache-control", cache),
        ("vary", "Accept-Encoding, Accept-Language"),
        *([("last-modified", document.modified)] if document.modified else []),
        *more,
    ]
    return [*found, ("content-encoding", "gzip")] if packed else found


def unchanged(document: Document, header: Callable[[str, str], str]) -> bool:
    """Whether the reader has it: by the ETag, else by the date that we gave (RFC 9110)."""
    known = header("if-none-match", "")
    if known:
        return document.etag in known
    return document.modified is not None and header("if-modified-since", "") == document.modified


def answer(
    request: Request, document: Document, *, cache: str = REVALIDATE, packed: bool = True
) -> Response:
    """304 where the reader has it already; gzipped where the reader takes that."""
    if unchanged(document, request.headers.get):
        kept = [
            item for item in head(document, packed=False, cache=cache) if item[0] != "content-type"
        ]
        return Response(status_code=304, headers=dict(kept))
    gzip = packed and takes_packed(request.headers.raw)
    return Response(
        document.packed if gzip else document.body,
        document.status,
        dict(head(document, packed=gzip, cache=cache)),
    )
