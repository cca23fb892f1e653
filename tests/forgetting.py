"""Forgetting somebody in a test: here at once, in the simulated CRM by a step of the sender's."""

from __future__ import annotations

from pathlib import Path

from ledger import events as e
from ledger.decisions import boundaries
from ledger.erased_register import ErasedRegister, ledger_id
from ledger.erasing import Eraser
from ledger.values import Actor, BookingId, ClientId
from projections.erased import ErasedClient, erasures
from sync.forgetting import Forgetting
from tests.salon import Salon
from tests.stage import Stage

OPERATOR = Actor("operator", "77")


def register_in(salon: Salon, folder: Path) -> ErasedRegister:
    return ErasedRegister(folder / "erased.jsonl", ledger_id(salon.database))


def erase(salon: Salon, client: ClientId, folder: Path, *, anyway: bool = False) -> ErasedRegister:
    register = register_in(salon, folder)
    Eraser(salon.ledger, salon.vault, register, salon.clock).erase(client, "request", OPERATOR, anyway=anyway)
    salon.catch_up()
    return register


def forgetting(stage: Stage) -> Forgetting:
    """As after a restart: nothing remembered."""
    salon = stage.salon
    return Forgetting(salon.ledger, stage.crm, stage.turns, salon.clock, lambda: salon.clock.now().timestamp())


def became(stage: Stage) -> ErasedClient:
    (one,) = erasures(stage.salon.ledger)
    return one


def events(stage: Stage, booking_id: BookingId) -> list[e.AnyEvent]:
    return [item.event for item in stage.salon.ledger.history(boundaries.booking(booking_id))]
