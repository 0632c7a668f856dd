"""Warnings for programs: the list, the feed, each message as CAP."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from dashboard.problems import Problem
from dashboard.public import store
from dashboard.public.api import Transaction
from dashboard.public.documents import Document, document, http_date
from dashboard.public.feed import CAP
from dashboard.public.http import answer
from dashboard.public.keeper import Keeper
from dashboard.public.published import Published


def routes(keeper: Keeper, transaction: Transaction) -> APIRouter:
    """The list and the feed come from the snapshot; messages too, older ones from the database."""
    router = APIRouter()

    @router.get("/api/v1/warnings")
    def warnings(request: Request) -> Response:
        """Approved warnings in force, and cancels of those that would still hold."""
        return answer(request, keeper.snapshot.fixed["warnings"])

    @router.get("/api/v1/warnings.atom")
    def feed(request: Request) -> Response:
        """The same as an Atom feed, each entry with a link to its CAP message."""
        return answer(request, keeper.snapshot.fixed["warnings.atom"])

    @router.get("/api/v1/warnings/{warning_id}.cap")
    def message(request: Request, warning_id: str) -> Response:
        """An approved message as CAP 1.2, as it went out."""
        known = {one.id: one for one in keeper.snapshot.look.city.published}
        found = known.get(warning_id)
        if found is None and "\0" not in warning_id:  # which PostgreSQL cannot be asked for
            with transaction() as conn:
                found = store.published_one(conn, warning_id)
        if found is None:
            raise Problem(404, "there is no such warning")
        return answer(request, cap_document(found))

    return router


def cap_document(one: Published) -> Document:
    return document(one.cap.encode(), CAP, modified=http_date(one.published_at))
