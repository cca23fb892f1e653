"""The page of `zapisnik try`: the client's chat, the log as it grows, the CRM's diary and the switch between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from importlib import resources
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.local import Chat, LocalTelegram
from bot.texts.story import story_lines
from console.cli.status import note_of
from console.wiring import House
from ledger.decisions import boundaries
from ledger.decisions.integration import ResumeIntegration
from ledger.ledger import Order
from ledger.privacy import random_id
from ledger.recorder import StoredEvent
from ledger.values import Actor, BookingId, booking_code
from projections import backlog
from projections.catalog import Catalog, current_catalog
from projections.integration import integration
from sync.simulator import Mode, Simulator

CHAT_ID = 1001
PERSON = "Мария"
PHONE = "79161234567"
SHOWN_EVENTS = 200
TICK_SECONDS = 0.25
Json = dict[str, Any]  # what the page's script reads
_SAID = ("operation", "outcome", "reason", "seen_by", "kind")


class TryPage:
    """The page and its few actions; everything it shows it reads from the same places as everybody else."""

    def __init__(self, house: House, telegram: LocalTelegram, simulator: Simulator) -> None:
        self._house, self._telegram, self._simulator = house, telegram, simulator
        self._is_closed = False
        self.app = Starlette(
            routes=[
                Route("/", self._page),
                Route("/state", self._state),
                Route("/stream", self._stream),
                Route("/story/{booking:int}", self._story),
                Route("/tap", self._tap, methods=["POST"]),
                Route("/text", self._text, methods=["POST"]),
                Route("/contact", self._contact, methods=["POST"]),
                Route("/crm", self._crm, methods=["POST"]),
                Route("/resume", self._resume, methods=["POST"]),
            ]
        )

    def close(self) -> None:
        """Ends the streams, so that the server can stop."""
        self._is_closed = True

    async def _page(self, _: Request) -> Response:
        return HTMLResponse((resources.files("console.web") / "templates" / "try.html").read_text("utf-8"))

    async def _state(self, _: Request) -> Response:
        shown = await asyncio.to_thread(self.shown)
        return Response(msgspec.json.encode(shown), media_type="application/json")

    async def _stream(self, _: Request) -> Response:
        return StreamingResponse(self._changes(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    async def _changes(self) -> AsyncIterator[str]:
        """A line whenever anything the page shows may have changed."""
        before: object = None
        while not self._is_closed:
            now = await asyncio.to_thread(self._fingerprint)
            if now != before:
                before = now
                yield "data: changed\n\n"
            await asyncio.sleep(TICK_SECONDS)

    async def _story(self, request: Request) -> Response:
        booking_id = BookingId(int(request.path_params["booking"]))
        lines = await asyncio.to_thread(self._story_lines, booking_id)
        return PlainTextResponse("\n".join(lines), status_code=200 if lines else 404)

    async def _tap(self, request: Request) -> Response:
        body = msgspec.json.decode(await request.body(), type=_Tap)
        try:
            self._telegram.tap(CHAT_ID, body.message_id, body.data)
        except LookupError:
            return PlainTextResponse("no such message", status_code=404)
        return Response(status_code=204)

    async def _text(self, request: Request) -> Response:
        self._telegram.send_text(CHAT_ID, msgspec.json.decode(await request.body(), type=_Text).text)
        return Response(status_code=204)

    async def _contact(self, _: Request) -> Response:
        self._telegram.send_contact(CHAT_ID, PHONE)
        return Response(status_code=204)

    async def _crm(self, request: Request) -> Response:
        self._simulator.set_mode(msgspec.json.decode(await request.body(), type=_Switch).mode)
        return Response(status_code=204)

    async def _resume(self, _: Request) -> Response:
        order = Order(f"try:{random_id()}", Actor("operator", "try"), self._house.clock.now())
        await asyncio.to_thread(self._house.ledger.execute, ResumeIntegration(order))
        return Response(status_code=204)

    def shown(self) -> Json:
        """Everything the page draws."""
        catalog = current_catalog(self._house.database)
        return {
            "chat": _chat(self._telegram.chat(CHAT_ID)),
            "log": self._log(),
            "crm": {"records": [_record(record, catalog) for record in reversed(self._simulator.records())]},
            "state": self._integration(),
        }

    def _integration(self) -> Json:
        state, counts = integration(self._house.ledger), backlog.counts(self._house.database)
        return {
            "running": state.state == "running",
            "reason": state.message,
            "kind": state.kind,
            "note": note_of(self._house, state),
            "crm_mode": self._simulator.mode,
            "pending": counts.pending,
            "unknown": counts.unknown,
            "parked": counts.parked,
        }

    def _log(self) -> list[Json]:
        head = self._house.recorder.head()
        events, _ = self._house.recorder.page(None, max(0, head - SHOWN_EVENTS), SHOWN_EVENTS)
        outcomes = backlog.outcomes(self._house.database, [event.position for event in events])
        return [self._event(event, outcomes.get(event.position)) for event in reversed(events)]

    def _event(self, event: StoredEvent, outcome: backlog.EventOutcome | None) -> Json:
        facts = msgspec.json.decode(event.data)["facts"]
        said = [str(facts[field]) for field in _SAID if facts.get(field)]
        if event.type == "integration_paused" and facts.get("message"):
            said.append(f"«{facts['message']}»")
        if "slot" in facts:
            said.append(facts["slot"]["starts_at"][:16].replace("T", " "))
        booking_id = facts.get("booking_id")
        return {
            "position": event.position,
            "time": f"{event.recorded_at.astimezone(self._house.zone):%H:%M:%S}",
            "type": event.type,
            "said": said,
            "booking_id": booking_id,
            "code": booking_code(BookingId(booking_id)) if booking_id else None,
            "sync": outcome.sync if outcome else None,
        }

    def _story_lines(self, booking_id: BookingId) -> list[str]:
        history = self._house.ledger.history(boundaries.booking(booking_id))
        if not history:
            return []
        return story_lines(history, current_catalog(self._house.database), self._house.zone, "ru")

    def _fingerprint(self) -> object:
        chat = self._telegram.chat(CHAT_ID)
        counts = self._simulator.counts()
        state = backlog.counts(self._house.database)
        lacking = (state.pending, state.unknown, state.parked)
        return (self._house.recorder.head(), chat, counts.records, counts.deleted, self._simulator.mode, lacking)


class _Tap(msgspec.Struct):
    message_id: int
    data: str


class _Text(msgspec.Struct):
    text: str


class _Switch(msgspec.Struct):
    mode: Mode


def _chat(chat: Chat) -> Json:
    return {
        "messages": chat.messages,
        "keyboard": [key for row in chat.keyboard or [] for key in row],
    }


def _record(record: Json, catalog: Catalog | None) -> Json:
    client = record["client"] or {}
    names = {member.staff_id: member.name for member in catalog.facts.staff} if catalog else {}
    return {
        "when": f"{record['date'][8:10]}.{record['date'][5:7]} {record['date'][11:16]}",
        "staff": names.get(record["staff_id"], str(record["staff_id"])),
        "client": client.get("name") or "",
        "deleted": record["deleted"],
    }
