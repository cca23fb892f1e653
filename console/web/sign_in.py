"""Signing in and out: the only two things a visitor can send."""

from __future__ import annotations

import math
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from console.web.desk import Desk, words_for
from console.web.door import SESSION_SECONDS, Brake, Door
from console.web.guard import SIGN_IN, is_https, safe_next
from console.web.voice import Voice

LARGEST_FORM = 4096
MOST_FIELDS = 8


class SignIn:
    """The form, and what becomes of it. It names no salon: whoever finds the address learns nothing."""

    def __init__(self, desk: Desk, door: Door, brake: Brake, cookie: str) -> None:
        self._desk, self._door, self._brake, self._cookie = desk, door, brake, cookie

    async def page(self, request: Request) -> Response:
        wanted = safe_next(request.query_params.get("next", "/"))
        if request.state.is_signed_in:
            return RedirectResponse(wanted, status_code=303)
        return self._form(request, wanted)

    async def enter(self, request: Request) -> Response:
        form = await read_form(request)
        if form is None:
            return self._form(request, "/", 400, words_for(request).not_a_form)
        wanted = safe_next(form.get("next", "/"))
        address = request.client.host if request.client else ""
        if wait := math.ceil(self._brake.seconds_to_wait(address)):
            said = words_for(request).too_many_guesses.format(seconds=wait)
            refused = self._form(request, wanted, 429, said)
            refused.headers["Retry-After"] = str(wait)
            return refused
        if not self._door.is_right(form.get("password", "")):
            self._brake.was_wrong(address)
            return self._form(request, wanted, 401, words_for(request).sign_in_refused)
        self._brake.was_right(address)
        opened = RedirectResponse(wanted, status_code=303)
        opened.set_cookie(
            self._cookie,
            self._door.new_session(),
            max_age=SESSION_SECONDS,
            httponly=True,
            samesite="lax",
            secure=is_https(request),
        )
        return opened

    async def leave(self, request: Request) -> Response:
        """Only with a session, which other sites' forms do not bring along."""
        left = RedirectResponse(SIGN_IN, status_code=303)
        left.delete_cookie(self._cookie, httponly=True, samesite="lax", secure=is_https(request))
        return left

    def _form(self, request: Request, wanted: str, status_code: int = 200, problem: str = "") -> Response:
        voice = Voice(words_for(request), self._desk.house.zone)
        return self._desk.draw(request, "sign_in.html", voice, status_code, wanted=wanted, problem=problem)


async def read_form(request: Request) -> dict[str, str] | None:
    """The fields of a small urlencoded form; None for anything else."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        return None
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_FORM:
            return None
    try:
        return dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        return None
