"""The bookings that wait for a person: why, what the CRM said, which answers there are and what each would do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ledger import events as e
from ledger.decisions import boundaries
from ledger.errors import SealError
from ledger.ledger import Ledger
from ledger.postgres import Database
from ledger.privacy import Vault
from ledger.questions import answers_to, is_dragged, kept_record
from ledger.sync_state import SyncState, fold_sync
from ledger.values import BookingId, RecordId
from projections import backlog
from projections.clients import Contact, contact_of
from projections.reminders import unreachable_clients

Reason = Literal[
    "slot_busy",
    "duplicate",
    "ambiguous",
    "dragged",
    "overlap",
    "moved_in_crm",
    "removed_in_crm",
    "unsendable",
    "client_refused",
    "not_offered",
    "refused",
    "not_removed",
    "lost",
]
"""A conflict by its kind; `dragged` is the ambiguous one about a single record; else what the CRM does not do:
`refused` a create or a move, `not_removed` a removal, `lost` what was sent several times and never seen there."""
Effect = Literal[
    "force",
    "stand_beside",
    "send_again",
    "look_again",
    "cancel_again",
    "remove_again",
    "leave_second",
    "keep_first",
    "keep_other",
    "bring_back",
    "bring_back_found",
    "follow",
    "follow_found",
    "not_it",
    "create_anew",
    "call_off",
    "cancel_here",
    "cancel_both",
    "ask_client",
]
"""What an answer does, here and in the CRM."""
TELLS_CLIENT: frozenset[Effect] = frozenset(
    {"follow", "follow_found", "call_off", "cancel_here", "cancel_both", "ask_client"}
)
"""What the client has to be told of."""
_NOT_FORCED = ("unsendable", "client_refused", "not_offered")


@dataclass(frozen=True)
class Question:
    """One booking that waits, since when, and the refusal that parked it, if one did."""

    state: SyncState
    since: datetime
    failure: e.SyncFailed | None

    @property
    def booking_id(self) -> BookingId:
        return self.state.booking_id

    @property
    def reason(self) -> Reason:
        if is_dragged(self.state):
            return "dragged"
        if self.state.conflict is not None:
            return self.state.conflict
        if self.state.operation in ("cancel", "remove"):
            return "not_removed"
        return "lost" if self.failure is not None and self.failure.outcome == "absent" else "refused"

    @property
    def answers(self) -> tuple[e.Answer, ...]:
        """Those worth choosing between: `ours` only where it does something else than trying again."""
        possible = answers_to(self.state)
        if "retry" in possible and effect_of(self.state, "ours") == effect_of(self.state, "retry"):
            return tuple(answer for answer in possible if answer != "ours")
        return possible

    @property
    def others(self) -> tuple[RecordId, ...]:
        """The CRM's records that are not, or not for certain, the booking's own."""
        return tuple(record for record in self.state.conflict_records if record != self.state.record_id)


@dataclass(frozen=True)
class OpenedQuestion:
    """A question with the client and the CRM's words in clear. Never logged, never stored.

    `said`: '' when the CRM said nothing, `…` when that cannot be opened any more. `can_tell`: the bot can write to the
    client, as far as it knows.
    """

    question: Question
    contact: Contact | None
    said: str
    can_tell: bool


def question_of(ledger: Ledger, booking_id: BookingId) -> Question | None:
    """As the log has it at this moment; None when the booking waits for nobody, or is none."""
    history = ledger.history(boundaries.booking(booking_id))
    state = fold_sync(item for item in history if hasattr(item.event, "booking_id"))
    if state is None or state.asked_at is None:
        return None
    asked_at = state.asked_at
    since = next(item.at for item in history if item.position == asked_at)
    # A refusal and the conflict it means are written down together.
    failures = [item.event for item in history if asked_at - 1 <= item.position <= asked_at]
    return Question(state, since, next((one for one in failures if isinstance(one, e.SyncFailed)), None))


def waiting(ledger: Ledger, database: Database, *, limit: int | None = None) -> list[Question]:
    """Every question, visits nearest in time first; what was answered a moment ago is none any more."""
    found = (
        question_of(ledger, state.booking_id) for state in backlog.open_items(database, limit=limit, only_parked=True)
    )
    return [question for question in found if question is not None]


def offered_bookings(database: Database) -> set[BookingId]:
    """Bookings whose clients were asked to choose another time and have not yet."""
    parked = backlog.open_items(database, only_parked=True)
    return {state.booking_id for state in parked if state.offered}


def opened(ledger: Ledger, database: Database, vault: Vault, question: Question) -> OpenedQuestion:
    """What only a person who answers may see of it."""
    client_id = question.state.client_id
    try:
        contact = contact_of(ledger, vault, client_id)
    except SealError:
        contact = None
    has_chat = contact is not None and bool(contact.telegram) and client_id not in unreachable_clients(database)
    return OpenedQuestion(question, contact, _said(vault, question), has_chat)


def _said(vault: Vault, question: Question) -> str:
    if question.failure is None:
        return ""
    try:
        return vault.open(question.state.client_id, question.failure.message, "message")
    except SealError:
        return "…"


def effect_of(state: SyncState, answer: e.Answer) -> Effect:
    """What this answer would do, if the question has it."""
    match answer:
        case "offer":
            return "ask_client"
        case "retry":
            return "not_it" if is_dragged(state) else _again(state)
        case "theirs":
            return _effect_of_theirs(state)
        case "ours":
            return _effect_of_ours(state)


def kept_and_others(state: SyncState, answer: e.Answer) -> tuple[RecordId | None, tuple[RecordId, ...]]:
    """Which record stays the booking's with this answer, and which go or stay beside it."""
    if state.conflict in ("duplicate", "ambiguous"):
        kept = kept_record(state, answer)
        return kept, tuple(record for record in state.conflict_records if record != kept)
    return state.record_id, state.surplus or state.conflict_records


def _again(state: SyncState) -> Effect:
    match state.operation:
        case _ if state.conflict == "moved_in_crm":
            return "look_again"
        case "cancel":
            return "cancel_again"
        case "remove":
            return "remove_again"
        case _:
            return "send_again"


def _effect_of_theirs(state: SyncState) -> Effect:
    match state.conflict:
        case "duplicate" | "ambiguous":
            return "follow_found" if is_dragged(state) else "keep_other"
        case "moved_in_crm":
            return "follow"
        case "removed_in_crm":
            return "call_off"
        case None if state.surplus:
            return "leave_second"
        case _:
            return "cancel_both" if state.is_in_crm or state.open_attempt is not None else "cancel_here"


def _effect_of_ours(state: SyncState) -> Effect:
    match state.conflict:
        case "duplicate" | "ambiguous":
            return "bring_back_found" if is_dragged(state) else "keep_first"
        case "moved_in_crm":
            return "bring_back"
        case "removed_in_crm":
            return "create_anew"
        case "overlap" if state.operation is None:
            return "stand_beside"
        case conflict:
            is_forced = state.operation in ("create", "move") and conflict not in _NOT_FORCED
            return "force" if is_forced else _again(state)
