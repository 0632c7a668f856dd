"""Choosing a password of one's own: a plain HTML form, which works before anything else is open."""

from datetime import UTC, datetime
from functools import partial

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dashboard.door import accounts, accounts_store, passwords
from dashboard.door.accounts import Principal, Refused
from dashboard.door.gate import PASSWORD, PRINCIPAL, same
from dashboard.door.signin import SignIn, address_of, read_form
from dashboard.problems import Problem
from dashboard.text import text

_FAULTS = {
    "short": "A password has at least {n} characters.",
    "common": "This password is among the first that are tried. Take four words that do not "
    "belong together.",
    "own_name": "A password is not made of your name. Take four words that do not belong together.",
}


class PasswordPage:
    """The form under /password. It checks the old password as signing in does, lock included."""

    def __init__(self, pages: SignIn) -> None:
        self.pages = pages
        self.limiter: CapacityLimiter = pages.limiter
        self.router = APIRouter(include_in_schema=False)
        self.router.add_api_route(PASSWORD, self.form, methods=["GET"])
        self.router.add_api_route(PASSWORD, self.enter, methods=["POST"])

    async def form(self, request: Request) -> Response:
        return self._page(request)

    async def enter(self, request: Request) -> Response:
        principal: Principal = request.scope[PRINCIPAL]
        form = await read_form(request)
        if not same(form.get("csrf"), principal.csrf):
            raise Problem(403, "the form is not from this session; open /password and try again")
        t = text(self.pages.language(request))
        old, new = form.get("old", ""), form.get("new", "")
        if new != form.get("again"):
            return self._page(request, t("The two new passwords differ."), 422)
        if new == old:
            return self._page(request, t("The new password is the old one."), 422)
        if fault := passwords.fault(new, principal.name):
            return self._page(request, t(_FAULTS[fault], n=passwords.SHORTEST), 422)
        if not self.pages.attempts.allow(address_of(request)):
            return self.pages.too_many(request, partial(self._page, request))
        change = partial(self._change, principal, old, new, address_of(request))
        found = await to_thread.run_sync(change, limiter=self.limiter)
        if isinstance(found, Refused):
            return self._page(request, self.pages.why(found, request, old=True), 422)
        return RedirectResponse("/", 303)

    def _change(self, who: Principal, old: str, new: str, address: str) -> Refused | None:
        with self.pages.pool.transaction() as conn:
            found = accounts.verify_password(
                conn, who.name, old, datetime.now(UTC), self.pages.lock
            )
            if isinstance(found, Refused):
                reason = found.reason
                accounts.audit(conn, who.name, "password refused", None, address, reason=reason)
                return found
            accounts.change_own(conn, who.account_id, who.name, new)
            ended = accounts_store.end_sessions(conn, who.name, but=who.session)
            accounts.audit(conn, who.name, "changed own password", None, address, ended=ended)
        return None

    def _page(self, request: Request, message: str = "", status: int = 200) -> Response:
        principal: Principal = request.scope[PRINCIPAL]
        if principal.session is None:
            raise Problem(403, "a program has no password to change; sign in with a browser")
        return self.pages.render(
            request,
            "password.html",
            status=status,
            principal=principal,
            message=message,
            shortest=passwords.SHORTEST,
        )
