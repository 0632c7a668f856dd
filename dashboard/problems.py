"""Errors of the API as application/problem+json (RFC 9457): a status, a sentence, never a trace."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
import psycopg2
import psycopg2.errors
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"
log = logging.getLogger(__name__)


class Problem(Exception):
    """A request that cannot be answered. The detail says what was wrong and what would be right."""

    def __init__(
        self, status: int, detail: str, headers: Mapping[str, str] | None = None, **members: Any
    ) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail
        self.headers, self.members = headers, members

    def body(self) -> dict[str, Any]:
        """The document, for keeping as well as for sending."""
        title = HTTPStatus(self.status).phrase
        return {
            "type": "about:blank",
            "title": title,
            "status": self.status,
            "detail": self.detail,
            **self.members,
        }

    def response(self) -> Response:
        return Response(orjson.dumps(self.body()), self.status, self.headers, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Every error of the application answers as a problem."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(ClientDisconnect, _on_leaving)
    app.add_exception_handler(psycopg2.OperationalError, _on_database)
    app.add_exception_handler(psycopg2.InterfaceError, _on_database)
    app.add_exception_handler(psycopg2.errors.InvalidTimeZoneDisplacementValue, _on_zone)
    app.add_exception_handler(Exception, _on_anything)


def unavailable() -> Problem:
    return Problem(
        503, "the database does not answer; try again in a few seconds", {"Retry-After": "3"}
    )


def too_much() -> Problem:
    return Problem(
        503, "the database could not answer this in time; ask for a shorter time or fewer series"
    )


async def _on_problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - the handler is registered for it
    return error.response()


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - the handler is registered for it
    sentence = {
        404: f"there is nothing at {request.url.path}",
        405: f"{request.method} is not possible at {request.url.path}",
    }.get(error.status_code, str(error.detail))
    return Problem(error.status_code, sentence, error.headers).response()


async def _on_validation(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    errors = [
        {"where": ".".join(str(part) for part in item["loc"]), "problem": item["msg"]}
        for item in error.errors()
    ]
    sentence = "; ".join(f"{item['where']}: {item['problem']}" for item in errors)
    return Problem(422, sentence, errors=errors).response()


async def _on_leaving(request: Request, _: Exception) -> Response:
    log.info("%s %s: the client left before it had said all", request.method, request.url.path)
    return Problem(400, "the body ended too early").response()


async def _on_database(request: Request, error: Exception) -> Response:
    if isinstance(error, psycopg2.errors.QueryCanceled):
        log.warning("%s %s took too long", request.method, request.url.path)
        return too_much().response()
    log.warning("the database does not answer: %s", str(error).strip())
    return unavailable().response()


async def _on_zone(_: Request, __: Exception) -> Response:
    """Of a time in a body or cursor; ours are in UTC."""
    return Problem(400, "a time is 16 hours or more from UTC; write it in UTC, with Z").response()


async def _on_anything(request: Request, error: Exception) -> Response:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return Problem(500, "this failed on our side; it is in the log").response()
