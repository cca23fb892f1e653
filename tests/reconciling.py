"""A stage's ledger and CRM compared over its week."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from ledger.decisions.integration import PauseIntegration
from ledger.values import BookingId
from sync.reconcile import Reconciler, Reconciliation
from tests.builders import MONDAY
from tests.stage import Stage

WEEK = MONDAY, MONDAY + timedelta(days=6)


def reconciled(stage: Stage, catch_up: Callable[[], None] | None = None) -> Reconciliation:
    salon = stage.salon
    reconciler = Reconciler(salon.ledger, salon.vault, stage.crm, salon.clock, catch_up or salon.catch_up)
    return reconciler.reconcile(*WEEK)


def found(stage: Stage) -> list[tuple[str, BookingId | None, str | None]]:
    """Each difference as kind, booking, and the type of the event that explains it."""
    return [
        (
            one.difference.kind,
            one.difference.booking.booking_id if one.difference.booking else None,
            one.explanation.type if one.explanation else None,
        )
        for one in reconciled(stage).told
    ]


def record_of(stage: Stage, booking_id: BookingId) -> int:
    record_id = stage.state(booking_id).record_id
    assert record_id is not None
    return record_id


def pause(stage: Stage) -> None:
    stage.salon.ledger.execute(PauseIntegration(stage.salon.order(), "operator"))
