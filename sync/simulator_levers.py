"""The simulator's levers over HTTP, under `/simulator`: watch it, turn its switches, write in its diary by hand."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sync.simulator_api import REQUIRED_BY_HAND, InvalidFieldsError, decoded, read_new_entry
from sync.simulator_gate import Mode
from sync.simulator_state import NoSuchRecordError

if TYPE_CHECKING:
    from sync.simulator import Simulator

_JOURNAL_SHOWN = 100


def levers(simulator: Simulator) -> list[Route]:
    """The routes, all outside `/api/`: no switch and no limit stands before them."""
    lever = _Levers(simulator)
    return [
        Route("/simulator", lever.watch, methods=["GET"]),
        Route("/simulator/mode", lever.turn_switch, methods=["POST"]),
        Route("/simulator/records", lever.add_by_hand, methods=["POST"]),
        Route("/simulator/records/{record:int}/move", lever.move_by_hand, methods=["POST"]),
        Route("/simulator/records/{record:int}/delete", lever.remove_by_hand, methods=["POST"]),
    ]


class _Levers:
    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    async def watch(self, request: Request) -> Response:  # noqa: ARG002 - Starlette's signature
        seen = {
            "mode": self._simulator.mode,
            "drop_share": self._simulator.drop_share,
            "counts": self._simulator.counts(),
            "records": self._simulator.records(),
            "journal": self._simulator.journal()[-_JOURNAL_SHOWN:],
        }
        return Response(msgspec.json.encode(seen), media_type="application/json")

    async def turn_switch(self, request: Request) -> Response:
        try:
            turn = msgspec.json.decode(await request.body(), type=_Turn)
            self._simulator.set_mode(turn.mode, drop_share=turn.drop_share, seed=turn.seed)
        except (msgspec.DecodeError, ValueError) as error:
            return JSONResponse({"error": str(error)}, status_code=422)
        return JSONResponse({"mode": turn.mode, "drop_share": turn.drop_share})

    async def add_by_hand(self, request: Request) -> Response:
        try:
            body = decoded(await request.body())
            record = self._simulator.add_by_hand(read_new_entry(body, self._simulator.zone, required=REQUIRED_BY_HAND))
        except (msgspec.DecodeError, InvalidFieldsError) as error:
            return JSONResponse({"error": str(error)}, status_code=422)
        return JSONResponse(record, status_code=201)

    async def move_by_hand(self, request: Request) -> Response:
        try:
            to = msgspec.json.decode(await request.body(), type=_Place)
            record = self._simulator.move_by_hand(
                request.path_params["record"], to.starts_at.replace(tzinfo=None), to.staff_id
            )
        except msgspec.DecodeError as error:
            return JSONResponse({"error": str(error)}, status_code=422)
        except NoSuchRecordError:
            return JSONResponse({"error": "no such record"}, status_code=404)
        return JSONResponse(record)

    async def remove_by_hand(self, request: Request) -> Response:
        removed = self._simulator.remove_by_hand(request.path_params["record"])
        return JSONResponse(removed) if removed else JSONResponse({"error": "no such record"}, status_code=404)


class _Place(msgspec.Struct, frozen=True):
    """On the branch's clock; an offset is ignored, as staff see none."""

    starts_at: datetime
    staff_id: int


class _Turn(msgspec.Struct, frozen=True):
    mode: Mode
    drop_share: float = 1.0
    seed: int = 0
