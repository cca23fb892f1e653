"""The simulator's levers over HTTP, under `/simulator`: watch it, turn its switches, write in its diary by hand."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sync.simulator.account import GROUPS, LicenceStatus
from sync.simulator.bodies import REQUIRED_BY_HAND, InvalidFieldsError, decoded, read_new_entry
from sync.simulator.catalog import Master, Service
from sync.simulator.diary import NoSuchRecordError
from sync.simulator.faults_file import read_faults
from sync.simulator.gate import Mode

if TYPE_CHECKING:
    from sync.simulator.crm import Simulator

_JOURNAL_SHOWN = 100


def levers(simulator: Simulator) -> list[Route]:
    """The routes, all outside `/api/`: no switch and no limit stands before them."""
    lever = _Levers(simulator)
    return [
        Route("/simulator", lever.watch, methods=["GET"]),
        Route("/simulator/mode", lever.turn_switch, methods=["POST"]),
        Route("/simulator/faults", lever.set_faults, methods=["POST"]),
        Route("/simulator/account", lever.set_account, methods=["POST"]),
        Route("/simulator/catalog", lever.change_catalog, methods=["POST"]),
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
            "faults": self._simulator.faults.counts(),
            "late_writes": self._simulator.late_writes,
            "account": self._standing(),
            "hook_deliveries": self._simulator.post.deliveries(),
        }
        return Response(msgspec.json.encode(seen), media_type="application/json")

    async def turn_switch(self, request: Request) -> Response:
        try:
            turn = msgspec.json.decode(await request.body(), type=_Turn)
            self._simulator.set_mode(turn.mode, drop_share=turn.drop_share, seed=turn.seed)
        except (msgspec.DecodeError, ValueError) as error:
            return JSONResponse({"error": str(error)}, status_code=422)
        return JSONResponse({"mode": turn.mode, "drop_share": turn.drop_share})

    async def set_faults(self, request: Request) -> Response:
        """The form of the faults' file, as JSON; `{}` puts an end to all of them."""
        try:
            faults = read_faults(decoded(await request.body()))
        except (msgspec.DecodeError, ValueError) as error:
            return JSONResponse({"error": str(error)}, status_code=422)
        self._simulator.set_faults(faults)
        return JSONResponse({"seed": faults.seed, "rules": len(faults.rules)})

    async def set_account(self, request: Request) -> Response:
        """All of it anew: what is left out is granted, paid for, forgiven."""
        account = self._simulator.account
        try:
            wanted = msgspec.json.decode(await request.body(), type=_Account)
            for right in GROUPS.keys() | set(wanted.withdrawn):
                (account.withdraw if right in wanted.withdrawn else account.grant)(right)
        except (msgspec.DecodeError, ValueError) as error:
            return JSONResponse({"error": str(error)}, status_code=422)
        account.renew_licence() if wanted.licence is None else account.end_licence(wanted.licence)
        for phone in account.blacklist:
            account.forgive_client(phone)
        for phone in wanted.blacklist:
            account.refuse_client(phone)
        self._simulator.minds_own_time = wanted.minds_own_time
        return JSONResponse(self._standing())

    async def change_catalog(self, request: Request) -> Response:
        """Puts services and masters in, by their numbers, and takes some out."""
        catalog = self._simulator.catalog
        try:
            wanted = msgspec.json.decode(await request.body(), type=_Catalog)
        except msgspec.DecodeError as error:
            return JSONResponse({"error": str(error)}, status_code=422)
        for service in wanted.services:
            catalog.put_service(service)
        for master in wanted.staff:
            catalog.put_master(master)
        for service_id in wanted.removed_services:
            catalog.remove_service(service_id)
        for staff_id in wanted.dismissed:
            catalog.dismiss(staff_id)
        return JSONResponse({"services": len(catalog.services()), "staff": len(catalog.staff())})

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

    def _standing(self) -> dict[str, object]:
        account = self._simulator.account
        return {
            "withdrawn": sorted(account.withdrawn),
            "licence": account.licence,
            "blacklisted": len(account.blacklist),
            "minds_own_time": self._simulator.minds_own_time,
        }


class _Place(msgspec.Struct, frozen=True):
    """On the branch's clock; an offset is ignored, as staff see none."""

    starts_at: datetime
    staff_id: int


class _Turn(msgspec.Struct, frozen=True):
    mode: Mode
    drop_share: float = 1.0
    seed: int = 0


class _Catalog(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    services: tuple[Service, ...] = ()
    staff: tuple[Master, ...] = ()
    removed_services: tuple[int, ...] = ()
    dismissed: tuple[int, ...] = ()


class _Account(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    withdrawn: frozenset[str] = frozenset()
    licence: LicenceStatus | None = None
    blacklist: tuple[str, ...] = ()
    minds_own_time: bool = True
