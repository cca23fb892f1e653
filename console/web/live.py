"""The live tail: tells a page that the log has grown. The page then reads itself anew; without it, reloading does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import psycopg
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from ledger.errors import StoreUnavailableError
from ledger.recorder import PostgresRecorder

TICK_SECONDS = 0.25
ASKED_EVERY_SECONDS = 1.0
STREAM_SECONDS = 300.0
"""A browser comes back by itself, and has to show its session again."""
MOST_STREAMS = 20


class LiveTail:
    """`/live?seen=N`: an event whenever the head is no longer what the page has seen."""

    def __init__(self, recorder: PostgresRecorder) -> None:
        self._recorder = recorder
        self._is_closed = False
        self._streams = 0
        self._asking = asyncio.Lock()
        self._asked_at = float("-inf")
        self._head = 0

    def close(self) -> None:
        """Ends the streams, so that the server can stop."""
        self._is_closed = True

    async def answer(self, request: Request) -> Response:
        if self._streams >= MOST_STREAMS:
            return PlainTextResponse("too many pages are open", status_code=503)
        seen = request.query_params.get("seen", "")
        news = self._news(int(seen) if seen.isascii() and seen.isdecimal() else 0)
        return StreamingResponse(news, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})

    async def _news(self, seen: int) -> AsyncIterator[str]:
        self._streams += 1
        try:
            yield "retry: 3000\n\n"
            ends_at = time.monotonic() + STREAM_SECONDS
            while not self._is_closed and time.monotonic() < ends_at:
                head = await self._newest()
                if head != seen:
                    seen = head
                    yield f"data: {head}\n\n"
                await asyncio.sleep(TICK_SECONDS)
        except (psycopg.OperationalError, StoreUnavailableError):
            return  # the browser asks again, until the database is back
        finally:
            self._streams -= 1

    async def _newest(self) -> int:
        """The head, asked for once a second however many pages are open."""
        async with self._asking:
            if time.monotonic() - self._asked_at >= ASKED_EVERY_SECONDS:
                self._head = await asyncio.to_thread(self._recorder.head)
                self._asked_at = time.monotonic()
        return self._head
