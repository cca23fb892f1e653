"""The page of `zapisnik try` as a web application: what it shows, and the few things a visitor may do."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import date
from importlib import resources

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from bot.local import LocalTelegram
from console.errors import FoundError
from console.web.trial import close_up
from console.web.trial.actions import Actions
from console.web.trial.guard import Hardened, SameOrigin
from console.web.trial.outage import ShortOutage
from console.web.trial.shown import Shown
from console.wiring import House
from ledger.events import Language
from ledger.privacy import random_id
from ledger.values import BookingId
from sync.simulator import Simulator

TICK_SECONDS = 0.2


class TryPage:
    """The page and its few actions; everything it shows it reads from the same places as everybody else."""

    def __init__(self, house: House, telegram: LocalTelegram, simulator: Simulator, *, pause_seconds: float = 0.9):
        self._house = house
        self._shown = Shown(house, telegram, simulator)
        self._outage = ShortOutage(house, telegram, simulator, pause_seconds=pause_seconds)
        self._actions = Actions(house, telegram, simulator, self._outage)
        self._trial = str(random_id())
        self._is_closed = False
        self.app = Starlette(
            routes=[
                Route("/", self._page),
                Mount("/static", StaticFiles(packages=[("console.web", "static")]), name="static"),
                Route("/salon", self._salon),
                Route("/state", self._state),
                Route("/stream", self._stream),
                Route("/board", self._board),
                Route("/plan", self._plan),
                Route("/story/{booking:int}", self._story),
                Route("/event/{position:int}", self._event),
                *self._actions.routes(),
            ],
            middleware=[
                Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"]),
                Middleware(Hardened),
                Middleware(SameOrigin),
            ],
            exception_handlers={FoundError: _impossible},
        )

    def close(self) -> None:
        """Ends the streams and a play, so that the server can stop."""
        self._is_closed = True
        self._outage.close()

    async def _page(self, _: Request) -> Response:
        return HTMLResponse((resources.files("console.web") / "templates" / "try.html").read_text("utf-8"))

    async def _salon(self, _: Request) -> Response:
        return _json({**await asyncio.to_thread(self._shown.salon), "trial": self._trial})

    async def _state(self, request: Request) -> Response:
        after, chat_id, day = _number(request, "after"), _number(request, "chat"), _day(request)
        state = await asyncio.to_thread(self._shown.state, after, chat_id, day)
        return _json({**state, "trial": self._trial, **self._actions.going_on()})

    async def _stream(self, _: Request) -> Response:
        return StreamingResponse(self._changes(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    async def _changes(self) -> AsyncIterator[str]:
        """A line whenever anything the page shows may have changed."""
        before: object = None
        while not self._is_closed:
            now = (await asyncio.to_thread(self._shown.fingerprint), self._actions.going_on())
            if now != before:
                before = now
                yield "data: changed\n\n"
            await asyncio.sleep(TICK_SECONDS)

    async def _board(self, request: Request) -> Response:
        day, position = _day(request) or self._house.clock.now().date(), _number(request, "position")
        return _json(await asyncio.to_thread(self._shown.diary.as_of, day, position))

    async def _plan(self, _: Request) -> Response:
        return _json(await asyncio.to_thread(close_up.plan, self._house))

    async def _story(self, request: Request) -> Response:
        booking_id = BookingId(int(request.path_params["booking"]))
        language: Language = "en" if request.query_params.get("language") == "en" else "ru"
        return _json_or_404(await asyncio.to_thread(close_up.story, self._house, booking_id, language))

    async def _event(self, request: Request) -> Response:
        position = int(request.path_params["position"])
        return _json_or_404(await asyncio.to_thread(close_up.event, self._house.recorder, position))


def _json(shown: object) -> Response:
    return Response(msgspec.json.encode(shown), media_type="application/json")


def _json_or_404(shown: object) -> Response:
    if shown is None:
        raise HTTPException(404, "there is no such thing")
    return _json(shown)


async def _impossible(_: Request, error: Exception) -> Response:
    return PlainTextResponse(str(error), status_code=409)


def _number(request: Request, name: str) -> int:
    """A number of the query, 0 without one."""
    text = request.query_params.get(name) or "0"
    if not re.fullmatch(r"-?[0-9]{1,16}", text):
        raise HTTPException(400, f"{name}: not a number")
    return int(text)


def _day(request: Request) -> date | None:
    text = request.query_params.get("day")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise HTTPException(400, "day: not a date like 2026-11-25") from error
