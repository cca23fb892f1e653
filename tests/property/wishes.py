"""One of every decision, about the same few people and bookings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from ledger.decisions.book import MakeBooking
from ledger.decisions.brake import AcceptCrmChange, BrakeCrmChange, NoteCrmChangeSubsided
from ledger.decisions.cancel import CancelBooking
from ledger.decisions.clients import ChooseLanguage, GiveConsent, RegisterClient
from ledger.decisions.confirm_visit import ConfirmVisit
from ledger.decisions.follow_crm import FollowCrmRecord
from ledger.decisions.hold import HoldSlot
from ledger.decisions.integration import (
    ConnectCrm,
    FinishBaseline,
    NoteCrmAnswered,
    PauseIntegration,
    ResumeIntegration,
)
from ledger.decisions.lapse import LapseHold
from ledger.decisions.move import MoveBooking
from ledger.decisions.note_sync import BeginAttempt, NoteConflict, NoteOutcome, SkipSync
from ledger.decisions.publish_catalog import PublishCatalog
from ledger.decisions.remind import BeginReminder, EndReminder
from ledger.decisions.resolve_conflict import ResolveConflict
from ledger.decisions.see_crm_booking import SeeCrmBooking
from ledger.ledger import Decision
from ledger.values import BookingId
from tests.builders import (
    BOOKING,
    HAIRCUT,
    MARIA,
    MONDAY,
    NOW,
    RECORD,
    at,
    catalog,
    failed,
    order,
    sealed,
    shifts,
    slot,
    succeeded,
)

NEW = BookingId(900)
WISHES: Sequence[Decision[Any]] = [  # Any: each has an answer of its own
    HoldSlot(order(), NEW, MARIA, slot(), (HAIRCUT,)),
    MakeBooking(order(), BOOKING, MARIA),
    MoveBooking(order(), BOOKING, MARIA, 1, slot("16:00")),
    CancelBooking(order(), BOOKING, MARIA, 1),
    ConfirmVisit(order(), BOOKING, MARIA, 1),
    LapseHold(order(at=NOW + timedelta(hours=1)), BOOKING),
    GiveConsent(order(), MARIA, "1", "ab" * 32),
    RegisterClient(order(), MARIA, sealed(), sealed(), sealed(), phone_verified=True),
    ChooseLanguage(order(), MARIA, "en"),
    PublishCatalog(order(), catalog(), (shifts(),)),
    PauseIntegration(order(), "auth"),
    ResumeIntegration(order()),
    NoteCrmAnswered(order()),
    ConnectCrm(order(), 1),
    FinishBaseline(order(), 1, MONDAY, MONDAY, 0, start_sending=True),
    BrakeCrmChange(order(), 8, 1, 10),
    AcceptCrmChange(order()),
    NoteCrmChangeSubsided(order()),
    SeeCrmBooking(order(), NEW, RECORD, slot(), (HAIRCUT,)),
    FollowCrmRecord(order(), BOOKING, RECORD, slot("12:00")),
    FollowCrmRecord(order(), BOOKING, RECORD, None),
    BeginAttempt(order(), BOOKING, 1, "create", NOW, slot()),
    NoteOutcome(order(), succeeded(attempt_id=1)),
    NoteOutcome(order(), failed(attempt_id=1)),
    SkipSync(order(), BOOKING, "superseded"),
    NoteConflict(order(), BOOKING, "slot_busy", ()),
    ResolveConflict(order(), BOOKING, "ours"),
    BeginReminder(order(), BOOKING, 1, "day_before"),
    EndReminder(order(), BOOKING, "day_before", at("10:00"), "sent"),
]
