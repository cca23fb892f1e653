"""A Bot API server over real HTTP: the chats of a LocalTelegram, with the faults such servers have."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from bot.local import LocalTelegram, answer_within

HTML = "<html><head><title>502 Bad Gateway</title></head></html>"


class TelegramServer:
    """Answers `/bot<token>/<method>`; `faults` are given first, one a request: 429, 502, 409 or 0 for a cut line."""

    def __init__(self, telegram: LocalTelegram, token: str) -> None:
        self.telegram, self.token = telegram, token
        self.url = ""
        self.faults: list[int] = []
        self.calls: list[str] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        self.calls.append(method)
        if request.match_info["token"] != self.token:
            return _refusal(401, "Unauthorized")
        if self.faults and (self.faults[0] != 409 or method == "getUpdates"):
            return _fault(self.faults.pop(0), request)
        fields = {name: str(value) for name, value in (await request.post()).items()}
        status, body = await answer_within(self.telegram, method, fields)
        return web.Response(status=status, text=body, content_type="application/json")


def _refusal(status: int, description: str, **more: object) -> web.Response:
    body = {"ok": False, "error_code": status, "description": description, **more}
    return web.json_response(body, status=status)


def _fault(status: int, request: web.Request) -> web.Response:
    match status:
        case 0:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        case 429:
            return _refusal(429, "Too Many Requests: retry after 1", parameters={"retry_after": 1})
        case 409:
            return _refusal(409, "Conflict: terminated by other getUpdates request")
        case _:
            return web.Response(status=status, text=HTML, content_type="text/html")


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
