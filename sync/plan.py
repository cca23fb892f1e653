"""What sending would do now, item by item, in order: shown by `sync plan`, and followed by the sender itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from ledger.sync_state import SyncState
from ledger.values import BookingId
from sync.errors import SyncError
from sync.wire import CrmRecord
from sync.yclients import Yclients

Step = Literal["create", "cancel", "skip", "look_up", "past", "parked", "wait"]
Past = Literal["send", "skip", "ask"]


@dataclass(frozen=True)
class PlanItem:
    """One booking's next step; `wait` and `parked` items are shown but not done.

    `after` are bookings whose record may still stand in this one's time: it is done only once they are settled.
    """

    state: SyncState
    step: Step
    reason: str
    after: tuple[BookingId, ...] = ()

    @property
    def booking_id(self) -> BookingId:
        return self.state.booking_id


def make_plan(states: Iterable[SyncState], now: datetime, past: Past) -> list[PlanItem]:
    """Every open booking's next step, visits nearest in time first; what frees a slot goes before what needs it."""
    items = [_item(state, now, past) for state in states]
    leaving = [item for item in items if _may_hold_a_slot_it_gives_up(item.state)]
    ordered: dict[BookingId, PlanItem] = {}
    for item in sorted(items, key=lambda item: (_distance(item.state.slot.starts_at, now), item.booking_id)):
        if item.step == "create":
            before = [one for one in leaving if one.state.slot.overlaps(item.state.slot)]
            for one in before:
                ordered.setdefault(one.booking_id, one)
            ordered[item.booking_id] = replace(item, after=tuple(one.booking_id for one in before))
        else:
            ordered.setdefault(item.booking_id, item)
    return list(ordered.values())


def _may_hold_a_slot_it_gives_up(state: SyncState) -> bool:
    """Cancelled here, but in the CRM its record stands, or may: a request about it is still open."""
    return not state.is_wanted and (state.is_in_crm or state.open_attempt is not None or state.parked)


def conflicts(crm: Yclients, items: Sequence[PlanItem]) -> dict[BookingId, list[CrmRecord]] | None:
    """Which planned creates would meet a live record of somebody else; None when the CRM can't be reached."""
    creates = [item.state for item in items if item.step == "create"]
    if not creates:
        return {}
    try:
        records = crm.records(
            from_on=min(state.slot.starts_at.date() for state in creates) - timedelta(days=1),
            until_on=max(state.slot.ends_at.date() for state in creates) + timedelta(days=1),
        )
    except SyncError:
        return None
    freed = {item.state.record_id for item in items if item.step == "cancel"}
    found: dict[BookingId, list[CrmRecord]] = {}
    for state in creates:
        clashing = [
            record
            for record in records
            if _stands_in_the_way(record, state)
            and record.record_id not in freed
            and record.api_id != str(state.booking_id)
        ]
        if clashing:
            found[state.booking_id] = clashing
    return found


def _stands_in_the_way(record: CrmRecord, state: SyncState) -> bool:
    ends_at = record.slot_start + timedelta(minutes=record.minutes)
    return (
        not record.deleted
        and record.staff_id == state.slot.staff_id
        and record.slot_start < state.slot.ends_at
        and state.slot.starts_at < ends_at
    )


def _item(state: SyncState, now: datetime, past: Past) -> PlanItem:
    if state.parked:
        return PlanItem(state, "parked", state.conflict or "refused")
    if state.open_attempt is not None:
        return PlanItem(state, "look_up", "the last request's outcome is unknown")
    if state.operation == "skip":
        return PlanItem(state, "skip", "superseded")
    if state.retry_at is not None and state.retry_at > now:
        return PlanItem(state, "wait", "waits for its next try")
    if state.operation == "create" and state.slot.starts_at <= now and past != "send":
        return PlanItem(state, "past", "the visit's time has passed")
    if state.operation == "cancel":
        return PlanItem(state, "cancel", "cancelled here, still in the CRM")
    return PlanItem(state, "create", "booked here, not in the CRM")


def _distance(starts_at: datetime, now: datetime) -> tuple[bool, timedelta]:
    """Coming visits soonest first, then past ones, latest first."""
    return (starts_at <= now, abs(starts_at - now))
