"""One example of every event, as the golden file has it."""

from __future__ import annotations

from datetime import date, timedelta

from ledger import events as e
from ledger.values import Actor, ServiceId
from tests.builders import (
    BOOKING,
    MARIA,
    MONDAY,
    NOW,
    OLGA,
    RECORD,
    at,
    attempted,
    cancelled,
    catalog,
    consent,
    failed,
    held,
    hours,
    imported,
    lapsed,
    made,
    moved,
    registered,
    sealed,
    seen_in_crm,
    shifts,
    slot,
    succeeded,
)

BY = Actor("client", str(MARIA))
CAUSE = "tg:1:2:example"
EXAMPLES: dict[str, e.AnyEvent] = {
    "catalog_published": catalog(),
    "shifts_published": shifts(days={MONDAY: (), date(2030, 1, 8): hours("12:00-18:00")}),
    "client_registered": registered(),
    "language_chosen": e.LanguageChosen(MARIA, "en"),
    "consent_given": consent(),
    "consent_withdrawn": e.ConsentWithdrawn(MARIA, "booking", "1"),
    "erasure_requested": e.ErasureRequested(MARIA, date(2030, 1, 18)),
    "erasure_called_off": e.ErasureCalledOff(MARIA),
    "personal_data_viewed": e.PersonalDataViewed(MARIA, ("name", "phone"), "web:/conflicts"),
    "slot_held": held(),
    "hold_lapsed": lapsed(),
    "booking_made": made(),
    "booking_moved": moved(slot("16:00", staff_id=OLGA)),
    "booking_cancelled": cancelled(),
    "visit_confirmed": e.VisitConfirmed(BOOKING, MARIA, slot()),
    "reminder_attempted": e.ReminderAttempted(BOOKING, MARIA, "day_before", at("10:00")),
    "reminder_sent": e.ReminderSent(BOOKING, MARIA, "day_before", at("10:00")),
    "reminder_failed": e.ReminderFailed(BOOKING, MARIA, "hours_before", at("10:00"), "blocked"),
    "notice_sent": e.NoticeSent("booking", (7, 8)),
    "notice_failed": e.NoticeFailed("integration", (9,), "refused"),
    "client_notice_sent": e.ClientNoticeSent(BOOKING, MARIA, (12,)),
    "client_notice_failed": e.ClientNoticeFailed(BOOKING, MARIA, (12,), "blocked"),
    "integration_paused": e.IntegrationPaused(
        "auth", "Не указан идентификатор партнера", sealed("integration_paused.note")
    ),
    "integration_resumed": e.IntegrationResumed("skip"),
    "crm_answered": e.CrmAnswered("auth"),
    "crm_connected": e.CrmConnected(4564),
    "baseline_imported": imported(until_on=date(2030, 2, 7), records=12),
    "sync_attempted": attempted(operation="cancel", covers=(3, 4), number=2, record_id=RECORD),
    "sync_succeeded": succeeded(seen_by="look_up"),
    "sync_failed": failed(status=422, retry_at=NOW + timedelta(minutes=1), parked=True),
    "sync_skipped": e.SyncSkipped(BOOKING, (3, 4), "superseded"),
    "conflict_found": e.ConflictFound(BOOKING, "duplicate", (RECORD,)),
    "conflict_resolved": e.ConflictResolved(BOOKING, MARIA, "theirs", "moved_in_crm"),
    "crm_booking_seen": seen_in_crm(overlap_allowed=True),
    "crm_booking_moved": e.CrmBookingMoved(
        BOOKING, RECORD, slot(), slot("16:00", staff_id=OLGA), (ServiceId(1),), MARIA
    ),
    "crm_booking_removed": e.CrmBookingRemoved(BOOKING, RECORD, slot(), MARIA),
    "crm_change_braked": e.CrmChangeBraked(removed=40, moved=2, known=51),
    "crm_change_accepted": e.CrmChangeAccepted(removed=40, moved=2),
    "crm_change_subsided": e.CrmChangeSubsided(removed=40, moved=2),
    "client_erased": e.ClientErased(MARIA, "request", ("name", "phone", "telegram"), "asked"),
    "crm_client_removed": e.CrmClientRemoved(MARIA, cards=1),
    "crm_client_kept": e.CrmClientKept(MARIA, "no_right"),
    "checkpoint_signed": e.CheckpointSigned(1000, "ab" * 32, "cd" * 16, "c2lnbmF0dXJl"),
}
