"""The simulated CRM as an ASGI application: its API over real connections, slow or broken as it was decided."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Protocol
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from sync.simulator.exchange import Answer, Asked, Lost
from sync.simulator.faults import Fault
from sync.simulator.server import hang_up

Outcome = Answer | Lost


class Crm(Protocol):
    """What is served: a gate, the work behind it, and a journal."""

    def at_the_gate(self, asked: Asked) -> Outcome | None:
        """What comes instead of any work; only the head of the request is needed."""

    def worked(self, asked: Asked) -> tuple[Outcome, tuple[Fault, ...]]:
        """The work of an admitted request."""

    def note(self, asked: Asked, outcome: Outcome, faults: tuple[Fault, ...] = ()) -> None:
        """Writes the request into the journal."""


class Served:
    """The API under `/api/`; everything else is for `rest`. Each call takes `delay` seconds, half before its work."""

    def __init__(self, crm: Crm, rest: ASGIApp, delay: float) -> None:
        self._crm, self._rest, self._delay = crm, rest, delay

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/api/"):
            await self._rest(scope, receive, send)
            return
        asked = _head(scope)
        at_the_gate = self._crm.at_the_gate(asked)
        if at_the_gate is not None:
            self._crm.note(asked, at_the_gate)
            await _leave(at_the_gate, scope, receive, send)
            return
        await asyncio.sleep(self._delay / 2)
        try:
            asked = msgspec.structs.replace(asked, body=await Request(scope, receive).body())
        except ClientDisconnect:
            # The caller died in the middle of its request: nothing was written.
            self._crm.note(asked, Lost("the caller has gone"))
            return
        outcome, faults = self._crm.worked(asked)
        await asyncio.sleep(self._delay / 2)
        self._crm.note(asked, outcome, faults)
        await _leave(outcome, scope, receive, send)


def _head(scope: Scope) -> Asked:
    return Asked(
        method=scope["method"],
        path=scope["path"],
        query=tuple(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
        headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
    )


async def _leave(outcome: Outcome, scope: Scope, receive: Receive, send: Send) -> None:
    if isinstance(outcome, Answer):
        await _start(outcome, send)
        await send({"type": "http.response.body", "body": outcome.body})
        return
    if outcome.begun is not None:
        await _start(outcome.begun, send)
        half = outcome.begun.body[: len(outcome.begun.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
    if outcome.waits:
        with suppress(TimeoutError):
            await asyncio.wait_for(_gone(receive), outcome.waits)
    await hang_up(scope, receive)


async def _start(answer: Answer, send: Send) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.all_headers().items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
