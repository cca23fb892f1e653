"""What a visitor may do: tap and write as a client, break and mend the CRM, steer the integration, test the log."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import date, datetime, time as wall_time
from typing import Any, Literal, TypeVar

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.local import LocalTelegram
from console.demo.breaks import alter_an_event, put_back
from console.errors import FoundError
from console.web.trial import cast
from console.web.trial.cast import person_of
from console.web.trial.outage import OPERATOR, ShortOutage
from console.wiring import House
from ledger.decisions.integration import PauseIntegration, ResumeIntegration
from ledger.integrity import verify_chain
from ledger.ledger import Order
from ledger.privacy import random_id
from ledger.recorder import StoredEvent
from sync.simulator import Mode, NewEntry, Simulator

Json = dict[str, Any]  # what the page's script reads
HANDLED_WITHIN_SECONDS = 5.0
_T = TypeVar("_T")


class Actions:
    """The page's buttons; each is an address that takes a POST."""

    def __init__(self, house: House, telegram: LocalTelegram, simulator: Simulator, outage: ShortOutage) -> None:
        self._house, self._telegram, self._simulator, self._outage = house, telegram, simulator, outage
        self._last_taps: dict[int, int] = {}
        self._forged: StoredEvent | None = None

    def routes(self) -> list[Route]:
        return [
            _post("/tap", self._tap),
            _post("/text", self._text),
            _post("/contact", self._contact),
            _post("/again", self._again),
            _post("/crm", self._switch),
            _post("/crm/records", self._add_by_hand),
            _post("/crm/records/{record:int}/delete", self._remove_by_hand),
            _post("/pause", self._pause),
            _post("/resume", self._resume),
            _post("/verify", self._verify),
            _post("/forge", self._forge),
            _post("/restore", self._restore),
            _post("/outage", self._play),
        ]

    def going_on(self) -> Json:
        """What no log tells: where the play is, and which event is forged at the moment."""
        return {"outage": self._outage.step, "forged": self._forged.position if self._forged else None}

    async def _tap(self, request: Request) -> Json:
        tap = await _body(request, _Tap)
        try:
            by = cast.ADMINISTRATOR if tap.chat_id == cast.STAFF_CHAT else None
            self._last_taps[tap.chat_id] = self._telegram.tap(tap.chat_id, tap.message_id, tap.data, by=by)
        except LookupError as error:
            raise HTTPException(404, "there is no such message") from error
        return {}

    async def _text(self, request: Request) -> Json:
        said = await _body(request, _Text)
        if said.chat_id not in self._telegram.chat_ids():
            raise HTTPException(404, "there is no such chat")
        if said.chat_id == cast.STAFF_CHAT:
            self._telegram.send_in_group(said.chat_id, cast.ADMINISTRATOR, said.text)
        else:
            self._telegram.send_text(said.chat_id, said.text)
        return {}

    async def _contact(self, request: Request) -> Json:
        chat_id = (await _body(request, _InChat)).chat_id
        person = person_of(chat_id)
        if person is None:
            raise HTTPException(404, "nobody's phone is known in this chat")
        self._telegram.send_contact(chat_id, person.phone)
        return {}

    async def _again(self, request: Request) -> Json:
        """Telegram delivers the last tap once more; `stored` counts the events that came of it."""
        chat_id = (await _body(request, _InChat)).chat_id
        update_id = self._last_taps.get(chat_id)
        if update_id is None:
            raise HTTPException(409, "nobody has tapped in this chat yet")
        before = await asyncio.to_thread(self._house.recorder.head)
        self._telegram.redeliver(update_id)
        deadline = time.monotonic() + HANDLED_WITHIN_SECONDS
        while self._telegram.has_redeliveries():
            if time.monotonic() > deadline:
                raise FoundError("the bot has not handled the tap in time")
            await asyncio.sleep(0.05)
        new, _ = await asyncio.to_thread(self._house.recorder.page, None, before, 500)
        cause = f"tg:{self._telegram.bot_id}:{update_id}:"
        return {"stored": sum(msgspec.json.decode(one.data)["cause"].startswith(cause) for one in new)}

    async def _switch(self, request: Request) -> Json:
        self._simulator.set_mode((await _body(request, _Switch)).mode)
        return {}

    async def _add_by_hand(self, request: Request) -> Json:
        new = await _body(request, _ByHand)
        starts_at = datetime.combine(new.day, new.start)
        entry = NewEntry(new.staff_id, starts_at, new.minutes * 60, client={"name": new.who})
        return {"record_id": self._simulator.add_by_hand(entry)["id"]}

    async def _remove_by_hand(self, request: Request) -> Json:
        record_id = int(request.path_params["record"])
        if self._simulator.remove_by_hand(record_id) is None:
            raise HTTPException(404, "there is no such record")
        return {}

    async def _pause(self, _: Request) -> Json:
        await asyncio.to_thread(self._house.ledger.execute, PauseIntegration(self._order(), "operator"))
        return {}

    async def _resume(self, request: Request) -> Json:
        past = (await _body(request, _Resume)).past
        await asyncio.to_thread(self._house.ledger.execute, ResumeIntegration(self._order(), past))
        return {}

    async def _verify(self, _: Request) -> Json:
        found = await asyncio.to_thread(verify_chain, self._house.recorder)
        return {
            "ok": found.ok,
            "events": found.events,
            "head_hash": found.head_hash.hex(),
            "first_bad_position": found.first_bad_position,
            "reason": found.reason,
        }

    async def _forge(self, _: Request) -> Json:
        """Alters an event behind the program's back, once; what it was is kept, so that it can be put back."""
        if self._forged is None:
            self._forged = await asyncio.to_thread(alter_an_event, self._house.recorder)
        return {"position": self._forged.position}

    async def _restore(self, _: Request) -> Json:
        if self._forged is not None:
            await asyncio.to_thread(put_back, self._house.recorder, self._forged)
            self._forged = None
        return {}

    async def _play(self, _: Request) -> Json:
        await self._outage.play()
        return {}

    def _order(self) -> Order:
        return Order(f"try:{random_id()}", OPERATOR, self._house.clock.now())


class _InChat(msgspec.Struct):
    chat_id: int


class _Tap(msgspec.Struct):
    chat_id: int
    message_id: int
    data: str


class _Text(msgspec.Struct):
    chat_id: int
    text: str


class _Switch(msgspec.Struct):
    mode: Mode


class _Resume(msgspec.Struct):
    past: Literal["send", "skip", "ask"] = "ask"


class _ByHand(msgspec.Struct):
    staff_id: int
    day: date
    start: wall_time
    minutes: int
    who: str = ""


def _post(path: str, action: Callable[[Request], Awaitable[Json]]) -> Route:
    async def answer(request: Request) -> Response:
        return Response(msgspec.json.encode(await action(request)), media_type="application/json")

    return Route(path, answer, methods=["POST"])


async def _body(request: Request, shape: type[_T]) -> _T:
    try:
        return msgspec.json.decode(await request.body() or b"{}", type=shape)
    except msgspec.DecodeError as error:
        raise HTTPException(400, f"not understood: {error}") from error
