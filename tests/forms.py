"""Other forms in which events stand in logs: old names, optional fields the example lacks, those it has left out."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec.structs import replace

from ledger import events as e
from ledger.values import Actor
from tests.builders import BOOKING, MARIA, OLGA, RECORD, attempted, failed, made, seen_in_crm, slot, succeeded
from tests.examples import BY, EXAMPLES

OPERATOR, PROGRAM = Actor("operator", "1"), Actor("system", "sync")


@dataclass(frozen=True)
class Form:
    """What a line of `events_more.jsonl` says today; a line under an old name is never written again."""

    stored_name: str
    event: e.AnyEvent
    by: Actor = BY
    is_old: bool = False


FORMS = [
    Form("crm_change_released", e.CrmChangeAccepted(40, 2), OPERATOR, is_old=True),
    Form("crm_change_released", e.CrmChangeSubsided(40, 2), PROGRAM, is_old=True),
    Form("baseline_imported", replace(EXAMPLES["baseline_imported"], company_id=None)),
    Form("shifts_published", replace(EXAMPLES["shifts_published"], days={})),
    Form("booking_made", replace(made(), overlap_allowed=True)),
    Form("integration_paused", e.IntegrationPaused("operator")),
    Form("integration_resumed", e.IntegrationResumed()),
    Form("sync_attempted", attempted(slot=slot())),
    Form("sync_succeeded", succeeded(slot=slot("12:00"))),
    Form("sync_failed", failed()),
    Form("conflict_found", e.ConflictFound(BOOKING, "moved_in_crm", their_slot=slot("12:00"))),
    Form("conflict_resolved", e.ConflictResolved(BOOKING, MARIA, "retry")),
    Form("crm_booking_seen", seen_in_crm(overlap_allowed=False)),
    Form(
        "crm_booking_moved",
        e.CrmBookingMoved(BOOKING, RECORD, slot(), slot("16:00", staff_id=OLGA), (), overlap_allowed=True),
    ),
    Form("crm_booking_removed", e.CrmBookingRemoved(BOOKING, RECORD, slot())),
]
