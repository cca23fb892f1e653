"""Why the CRM differs from the ledger: the event that tells it, where there is one.

Only what the log really accounts for counts as explained. A booking that waits to be moved explains its record at the
place where the CRM was last known to hold it, and at no third one. What nothing explains is the alarming kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from ledger import events as e
from ledger.codec import Recorded
from ledger.decisions import boundaries
from ledger.ledger import Ledger
from ledger.questions import ABOUT_RECORDS
from ledger.sync_state import SyncState, fold_sync
from ledger.values import BookingId, Slot, booking_code
from sync.differences import Difference, minutes_of
from sync.look_up import is_at
from sync.wire import CrmRecord


@dataclass(frozen=True)
class Explanation:
    """The event that explains a difference, by its place and stored name, and what it says about it."""

    position: int
    type: str
    sentence: str


@dataclass(frozen=True)
class Background:
    """What the log last said about sending as a whole; each None before the first word."""

    switch: Recorded | None
    diary: Recorded | None
    brake: Recorded | None


def background(ledger: Ledger) -> Background:
    """The newest words about sending, the CRM's own diary and the brake on what it shows."""
    items = boundaries.integration_state(), boundaries.diary_state(), boundaries.brake()
    return Background(*(next(iter(ledger.history(item)), None) for item in items))


def explain(
    difference: Difference, timeline: Sequence[Recorded], around: Background, now: datetime
) -> Explanation | None:
    """The event of the booking's, its client's or the record's timeline that accounts for it; None when none does."""
    return next((reason for reason in _candidates(difference, timeline, around, now) if reason is not None), None)


def _candidates(
    difference: Difference, timeline: Sequence[Recorded], around: Background, now: datetime
) -> Iterator[Explanation | None]:
    match difference.kind:
        case "missing_in_crm" | "moved" | "length" | "services" | "resurrected":
            yield from _reasons(difference, timeline, around, now)
        case "duplicate":
            yield _two_records(difference, _own(difference, timeline))
        case "phone":
            yield _another_phone(difference, timeline)
        case "extra_in_crm":
            yield _met(difference, timeline)
            yield _not_read_yet(around)
        case "overlap":
            yield _met(difference, timeline)
        case "empty_answer":
            pass  # the log cannot know why the CRM shows nothing


def _reasons(
    difference: Difference, timeline: Sequence[Recorded], around: Background, now: datetime
) -> Iterator[Explanation | None]:
    """Everything that may account for a booking's record not being where the booking is wanted, the nearest first."""
    own = _own(difference, timeline)
    state = fold_sync(own)
    if state is not None:
        is_known = _is_as_last_known(difference, state)
        yield _asked(difference, state, own, is_known=is_known)
        yield _on_its_way(difference, state, own, is_known=is_known)
        if is_known:
            yield _waiting(state, own, around, now)
            yield _left_out(state, own)
    yield _followed(difference, own)
    yield _braked(difference, around)


def _is_as_last_known(difference: Difference, state: SyncState) -> bool:
    """True when the CRM shows of this booking just what the ledger last knew it to hold."""
    record = difference.record
    if difference.kind == "missing_in_crm" or record is None or record.deleted:
        return not state.is_in_crm and (record is None or record.record_id in state.disowned)
    if record.record_id != state.record_id or not state.is_in_crm:
        return False
    return difference.kind == "resurrected" or _stands_in(record, state.crm_slot)


def _stands_in(record: CrmRecord, slot: Slot | None) -> bool:
    return slot is not None and is_at(record, slot) and _length(slot) == minutes_of(record)


def _length(slot: Slot) -> float:
    return (slot.ends_at - slot.starts_at).total_seconds() / 60


def _asked(difference: Difference, state: SyncState, own: Sequence[Recorded], *, is_known: bool) -> Explanation | None:
    """A person was asked, and the question is about this."""
    if not state.parked:
        return None
    if state.conflict in ABOUT_RECORDS:
        bears = difference.record is None or difference.record.record_id in state.conflict_records
    elif state.conflict == "removed_in_crm":
        bears = difference.kind == "missing_in_crm"
    elif state.conflict == "moved_in_crm":
        bears = difference.kind in ("moved", "length")
    else:
        bears = is_known and bool(state.pending)
    question = state.conflict or "refused by the CRM"
    return _told(own, (e.ConflictFound, e.SyncFailed), f"waits for a person to decide: {question}") if bears else None


def _on_its_way(
    difference: Difference, state: SyncState, own: Sequence[Recorded], *, is_known: bool
) -> Explanation | None:
    """A request whose outcome nobody knows has or has not arrived: either is accounted for, a third place is not."""
    if state.open_attempt is None:
        return None
    record = difference.record
    is_arrived = record is not None and not record.deleted and _stands_in(record, state.asked_slot)
    if not is_known and not is_arrived:
        return None
    said = f"a request to {state.open_attempt.operation} it was sent and its outcome is unknown; it is looked up next"
    return _told(own, (e.SyncAttempted,), said)


def _waiting(state: SyncState, own: Sequence[Recorded], around: Background, now: datetime) -> Explanation | None:
    """What the ledger knows the CRM to lack, and why it is not there yet."""
    if state.parked or state.operation in (None, "skip"):
        return None
    wish = _at(own, state.pending[-1]) if state.pending else _newest(own, e.ConflictResolved)
    if wish is None:
        return None
    what = f"waits to be sent ({state.operation})"
    switch = around.switch
    if (unread := _not_read_yet(around)) is not None:
        return unread
    if switch is not None and isinstance(switch.event, e.IntegrationPaused):
        return Explanation(switch.position, switch.type, f"{what}; sending is paused ({switch.event.kind})")
    if switch is None:
        return Explanation(wish.position, wish.type, f"{what}; sending was never started")
    if state.retry_at is not None and state.retry_at > now:
        return _told(own, (e.SyncFailed,), f"{what}; the last try failed, the next one follows")
    if state.operation != "cancel" and state.slot.starts_at <= now:
        return Explanation(wish.position, wish.type, f"{what}; its time has passed: `zapisnik sync resume --past`")
    return Explanation(wish.position, wish.type, f"{what}; nothing holds it back")


def _left_out(state: SyncState, own: Sequence[Recorded]) -> Explanation | None:
    skipped = _newest(own, e.SyncSkipped)
    if skipped is None or not state.skipped or state.pending:
        return None
    reason = skipped.event.reason if isinstance(skipped.event, e.SyncSkipped) else ""
    return Explanation(skipped.position, skipped.type, f"deliberately not sent: {reason}")


def _followed(difference: Difference, own: Sequence[Recorded]) -> Explanation | None:
    """What was taken over from the CRM, where the CRM has changed its mind or a part stayed as the client agreed."""
    if difference.kind == "resurrected":
        newest = _newest(own, e.BookingCancelled, e.CrmBookingRemoved)
        if newest is not None and isinstance(newest.event, e.CrmBookingRemoved):
            said = "was seen removed there, which called it off here; now it stands there again"
            return Explanation(newest.position, newest.type, said)
    moved = _newest(own, e.CrmBookingMoved)
    if difference.kind == "services" and moved is not None and isinstance(moved.event, e.CrmBookingMoved):
        theirs = difference.record.service_ids if difference.record else ()
        if sorted(moved.event.service_ids) == sorted(theirs):
            said = "staff changed the services when they moved it; here those the client agreed to stay"
            return Explanation(moved.position, moved.type, said)
    return None


def _braked(difference: Difference, around: Background) -> Explanation | None:
    brake = around.brake
    if brake is None or not isinstance(brake.event, e.CrmChangeBraked):
        return None
    is_change = difference.kind in ("moved", "length") or (
        difference.kind == "missing_in_crm" and _was_there(difference)
    )
    said = "the CRM showed more changes at once than can be believed, so none was taken over"
    return Explanation(brake.position, brake.type, said) if is_change else None


def _was_there(difference: Difference) -> bool:
    return difference.booking is not None and difference.booking.is_expected


def _two_records(difference: Difference, own: Sequence[Recorded]) -> Explanation | None:
    """The second record is in question, or an answer said that it goes."""
    state = fold_sync(own)
    if state is None or difference.record is None:
        return None
    if difference.record.record_id in state.surplus:
        return _told(own, (e.ConflictResolved,), "a person answered that it goes; it waits to be removed")
    return _asked(difference, state, own, is_known=False)


def _another_phone(difference: Difference, timeline: Sequence[Recorded]) -> Explanation | None:
    """The client gave another phone after the booking was last passed on."""
    passed_on = _newest(_own(difference, timeline), e.SyncSucceeded)
    given = _newest(timeline, e.ClientRegistered)
    if passed_on is None or given is None or given.position < passed_on.position:
        return None
    return Explanation(given.position, given.type, "the client gave another phone after it was passed on")


def _met(difference: Difference, timeline: Sequence[Recorded]) -> Explanation | None:
    """The record was met before and put to a person as a question that is still open."""
    about = {record.record_id for record in (difference.record, difference.beside) if record is not None}
    for item in reversed(timeline):
        found = item.event
        if isinstance(found, e.ConflictFound) and about & set(found.record_ids):
            state = fold_sync(_of(found.booking_id, timeline))
            if state is not None and state.parked:
                said = f"it stands in the way of booking {booking_code(found.booking_id)}, which waits for a person"
                return Explanation(item.position, item.type, said)
    return None


def _not_read_yet(around: Background) -> Explanation | None:
    diary = around.diary
    if diary is None or not isinstance(diary.event, e.CrmConnected):
        return None
    return Explanation(diary.position, diary.type, "the CRM's own diary was not read since the account was connected")


def _own(difference: Difference, timeline: Sequence[Recorded]) -> list[Recorded]:
    return _of(difference.booking.booking_id, timeline) if difference.booking is not None else []


def _of(booking_id: BookingId, timeline: Sequence[Recorded]) -> list[Recorded]:
    return [item for item in timeline if getattr(item.event, "booking_id", None) == booking_id]


def _told(timeline: Sequence[Recorded], shapes: tuple[type[e.AnyEvent], ...], sentence: str) -> Explanation | None:
    found = _newest(timeline, *shapes)
    return None if found is None else Explanation(found.position, found.type, sentence)


def _newest(timeline: Sequence[Recorded], *shapes: type[e.AnyEvent]) -> Recorded | None:
    return next((item for item in reversed(timeline) if isinstance(item.event, shapes)), None)


def _at(timeline: Sequence[Recorded], position: int) -> Recorded | None:
    return next((item for item in timeline if item.position == position), None)
