"""A Bot API server over real HTTP: the chats of a LocalTelegram, with the faults such servers have."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from bot.local import LocalTelegram, answer_within

HTML = "<html><head><title>502 Bad Gateway</title></head></html>"
CUT, CUT_AFTER = 0, 1
"""Faults that are no status: the line is cut before the request is done, or after it, so that only its answer is lost.
"""


@dataclass(frozen=True)
class ApiCall:
    """One request: when by a monotonic clock in seconds, what, to which chat ('' where it names none), its status."""

    at: float
    method: str
    chat_id: str
    status: int


class TelegramServer:
    """Answers `/bot<token>/<method>`; a second getUpdates ends the one before with 409, as the real one does.

    `faults` are given first, one a request: a status, CUT, CUT_AFTER, or None for a request that goes well. Methods in
    `revoked_for` are refused with 401 whatever the token.
    """

    def __init__(self, telegram: LocalTelegram, token: str) -> None:
        self.telegram, self.token = telegram, token
        self.url = ""
        self.faults: list[int | None] = []
        self.revoked_for: frozenset[str] = frozenset()
        self.journal: list[ApiCall] = []
        self.shown: list[tuple[str, str]] = []
        """Chat and text of all that was ever shown, also where it was written over since; '' is over some chat."""
        self._held_until: dict[str, float] = {}
        self._ends_poll: asyncio.Event | None = None
        self._at_taps: Callable[[], object] | None = None

    @property
    def calls(self) -> list[str]:
        """The methods called so far, in order."""
        return [call.method for call in self.journal]

    def hold_back(self, seconds: float, chat_id: int | None = None) -> float:
        """Answers everything, or everything to one chat, with 429 for so long; gives the moment at which it ends."""
        ends_at = time.monotonic() + seconds
        self._held_until["" if chat_id is None else str(chat_id)] = ends_at
        return ends_at

    def when_taps_come(self, then: Callable[[], object]) -> None:
        """Once, as taps are handed to the bot and before it can have answered any of them."""
        self._at_taps = then

    async def answer(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        fields = {name: str(value) for name, value in (await request.post()).items()}
        began = time.monotonic()
        response = await self._answer(request, method, fields)
        self.journal.append(ApiCall(began, method, fields.get("chat_id", ""), response.status))
        return response

    async def _answer(self, request: web.Request, method: str, fields: Mapping[str, str]) -> web.Response:
        if request.match_info["token"] != self.token or method in self.revoked_for:
            return _refusal(401, "Unauthorized")
        held_until = max(self._held_until.get(key, 0.0) for key in ("", fields.get("chat_id", "")))
        if (left := held_until - time.monotonic()) > 0:
            return _flooded(math.ceil(left))
        fault = self._next_fault(method)
        if fault not in (None, CUT_AFTER):
            return _fault(fault, request)
        if method == "getUpdates":
            status, body = await self._poll(fields)
            if self._at_taps is not None and '"update_id"' in body:
                then, self._at_taps = self._at_taps, None
                then()
        else:
            status, body = await answer_within(self.telegram, method, fields)
            if status == 200 and "text" in fields:
                self.shown.append((fields.get("chat_id", ""), fields["text"]))
        if fault == CUT_AFTER:
            return _fault(CUT, request)
        return web.Response(status=status, text=body, content_type="application/json")

    def _next_fault(self, method: str) -> int | None:
        if not self.faults or (self.faults[0] == 409 and method != "getUpdates"):
            return None
        return self.faults.pop(0)

    async def _poll(self, fields: Mapping[str, str]) -> tuple[int, str]:
        """Like any method, unless another poll begins meanwhile: then this one ends with 409."""
        if self._ends_poll is not None:
            self._ends_poll.set()
        self._ends_poll = ended = asyncio.Event()
        polling = asyncio.ensure_future(answer_within(self.telegram, "getUpdates", fields))
        ending = asyncio.ensure_future(ended.wait())
        try:
            await asyncio.wait({polling, ending}, return_when=asyncio.FIRST_COMPLETED)
            if polling.done():
                return polling.result()
            refusal = _conflict()
            return refusal.status, refusal.text or ""
        finally:
            polling.cancel()
            ending.cancel()
            await asyncio.gather(polling, ending, return_exceptions=True)


def _refusal(status: int, description: str, **more: object) -> web.Response:
    body = {"ok": False, "error_code": status, "description": description, **more}
    return web.json_response(body, status=status)


def _flooded(seconds: int) -> web.Response:
    return _refusal(429, f"Too Many Requests: retry after {seconds}", parameters={"retry_after": seconds})


def _conflict() -> web.Response:
    return _refusal(409, "Conflict: terminated by other getUpdates request")


def _fault(status: int | None, request: web.Request) -> web.Response:
    match status:
        case 0:  # CUT
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        case 429:
            return _flooded(1)
        case 409:
            return _conflict()
        case _:
            return web.Response(status=status or 502, text=HTML, content_type="text/html")


@asynccontextmanager
async def serve(telegram: LocalTelegram, token: str) -> AsyncIterator[TelegramServer]:
    """The server on a free port of this machine; `url` is what TELEGRAM_API_URL would be."""
    server = TelegramServer(telegram, token)
    application = web.Application()
    application.router.add_post("/bot{token}/{method}", server.answer)
    runner = web.AppRunner(application, handler_cancellation=True, shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await runner.cleanup()
        await asyncio.sleep(0)
