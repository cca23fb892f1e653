"""What sending would do now, item by item, in order: shown by `sync plan`, and followed by the sender itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal

from ledger.postgres import Database
from ledger.sync_state import SyncState
from ledger.values import BookingId, RecordId, Slot, StaffId, booking_code
from projections import queue
from projections.queue import Lane, Page
from sync.errors import SyncError
from sync.look_up import stands_in
from sync.wire import CrmRecord
from sync.yclients import Yclients

Step = Literal["create", "move", "cancel", "remove", "skip", "look_up", "past", "parked", "wait"]
Past = Literal["send", "skip", "ask"]


@dataclass(frozen=True)
class PlanItem:
    """One booking's next step; `wait` and `parked` items are shown but not done.

    `after` are bookings whose record may still stand in this one's time: it is done only once they are settled.
    `over` are records that change places with this one's, in its time or in each other's: it is sent although they
    stand there. `circle` are the times all of them go to.
    """

    state: SyncState
    step: Step
    reason: str
    after: tuple[BookingId, ...] = ()
    over: tuple[RecordId, ...] = ()
    circle: tuple[Slot, ...] = ()

    @property
    def booking_id(self) -> BookingId:
        return self.state.booking_id


def make_plan(states: Iterable[SyncState], now: datetime, past: Past) -> list[PlanItem]:
    """Each booking's next step: coming visits soonest first; who frees a slot goes before who needs it."""
    nearest = sorted(states, key=lambda state: nearness(state, now))
    return list(plan_pages([Page(nearest)], now, past))


def present_plan(
    database: Database,
    now: datetime,
    past: Past,
    live_since: datetime | None,
    *,
    replay_first: bool = False,
    with_parked: bool = True,
    page: int = queue.PAGE,
) -> Iterator[PlanItem]:
    """What is open now, read as far as it is asked for: wishes newer than `live_since`, then all others, or reversed.

    Without `live_since` (nothing is being sent) there is one order for all. The plan is the same whatever the `page`:
    a long one is quicker where everything is asked for.
    """
    lanes: tuple[Lane, ...] = ("live", "replay")
    if live_since is None:
        lanes = ("all",)
    elif replay_first:
        lanes = ("replay", "live")
    read = (
        one
        for lane in lanes
        for one in queue.pages(database, now, lane=lane, live_since=live_since, with_parked=with_parked, size=page)
    )
    return plan_pages(read, now, past)


def plan_pages(pages: Iterable[Page], now: datetime, past: Past) -> Iterator[PlanItem]:
    """The same for pages of bookings, read only as far as the plan is asked for."""
    planned, opened = set[BookingId](), set[BookingId]()
    for page in pages:
        together = {state.booking_id: state for state in (*page.nearest, *page.around)}
        nearest = sorted(together.values(), key=lambda state: nearness(state, now))
        items = {state.booking_id: _item(state, now, past) for state in nearest}
        blockers = _blockers(list(items.values()))
        moves = {one: blockers.get(one, ()) for one, item in items.items() if item.step == "move"}
        for state in page.nearest:
            for booking_id in list(_blockers_first(state.booking_id, blockers, planned)):
                planned.add(booking_id)
                item = replace(items[booking_id], after=tuple(blockers.get(booking_id, ())))
                yield _told(_opening_circle(item, moves, items, opened), items)


def nearness(state: SyncState, now: datetime) -> tuple[bool, timedelta, BookingId]:
    """The sender's order: coming visits soonest first, then past ones, latest first."""
    return (state.slot.starts_at <= now, abs(state.slot.starts_at - now), state.booking_id)


def _told(item: PlanItem, items: Mapping[BookingId, PlanItem]) -> PlanItem:
    """What waits says for whom: a booking that a person has to decide about may keep another waiting for ever."""
    if not item.after:
        return item
    said = [f"{booking_code(one)}{' (parked)' if items[one].step == 'parked' else ''}" for one in item.after]
    return replace(item, reason=f"{item.reason}; waits until {', '.join(said)} has left its time there")


def _blockers(items: Sequence[PlanItem]) -> dict[BookingId, list[BookingId]]:
    """For each item that needs a slot the bookings whose record may still stand in it."""
    leaving: dict[tuple[StaffId, date], list[tuple[Slot, BookingId]]] = defaultdict(list)
    for item in items:
        for slot in item.state.slots_to_leave():
            for day in slot.days():
                leaving[slot.staff_id, day].append((slot, item.booking_id))
    found: dict[BookingId, list[BookingId]] = {}
    for item in items:
        if item.step not in ("create", "move"):
            continue
        wanted = item.state.slot
        near = [one for day in wanted.days() for one in leaving.get((wanted.staff_id, day), ())]
        in_the_way = {other: None for slot, other in near if other != item.booking_id and slot.overlaps(wanted)}
        if in_the_way:
            found[item.booking_id] = list(in_the_way)
    return found


def _blockers_first(
    booking_id: BookingId, blockers: Mapping[BookingId, Sequence[BookingId]], done: Collection[BookingId]
) -> Iterator[BookingId]:
    """The booking after everything it waits for; where they wait for each other, each once; nothing that is done."""
    if booking_id in done:
        return
    seen, stack = {booking_id}, [(booking_id, iter(blockers.get(booking_id, ())))]
    while stack:
        one, waits_for = stack[-1]
        following = next((other for other in waits_for if other not in seen and other not in done), None)
        if following is None:
            yield one
            stack.pop()
        else:
            seen.add(following)
            stack.append((following, iter(blockers.get(following, ()))))


def _opening_circle(
    item: PlanItem,
    moves: Mapping[BookingId, Sequence[BookingId]],
    items: Mapping[BookingId, PlanItem],
    opened: set[BookingId],
) -> PlanItem:
    """Where moves wait for each other, the first of them goes over the others' records; the others wait for it."""
    circle = _circle(item.booking_id, moves) if item.step == "move" else set[BookingId]()
    if not circle or circle & opened:
        return item
    opened |= circle
    states = [items[one].state for one in sorted(circle)]
    over = tuple(state.record_id for state in states if state.record_id is not None)
    others = tuple(one for one in item.after if one not in circle)
    return replace(item, after=others, over=over, circle=tuple(state.slot for state in states))


def _circle(start: BookingId, after: Mapping[BookingId, Sequence[BookingId]]) -> set[BookingId]:
    """The moves that wait for `start` and that it waits for, itself included; empty when there are none."""
    ahead = _reachable(start, after)
    return {one for one in ahead if start in _reachable(one, after)} if start in ahead else set()


def _reachable(start: BookingId, after: Mapping[BookingId, Sequence[BookingId]]) -> set[BookingId]:
    found: set[BookingId] = set()
    waiting = list(after.get(start, ()))
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += after.get(one, ())
    return found


def conflicts(crm: Yclients, items: Sequence[PlanItem]) -> dict[BookingId, list[CrmRecord]] | None:
    """Which planned creates and moves would meet a live record of somebody else; None when the CRM can't be reached."""
    needing = [item.state for item in items if item.step in ("create", "move") and not item.state.forced]
    if not needing:
        return {}
    try:
        records = crm.records(
            from_on=min(state.slot.starts_at.date() for state in needing) - timedelta(days=1),
            until_on=max(state.slot.ends_at.date() for state in needing) + timedelta(days=1),
        )
    except SyncError:
        return None
    freed = {item.state.record_id for item in items if item.step in ("cancel", "move")}
    found: dict[BookingId, list[CrmRecord]] = {}
    for state in needing:
        clashing = [
            record
            for record in records
            if stands_in(record, state.slot)
            and record.record_id not in freed
            and record.api_id != str(state.booking_id)
        ]
        if clashing:
            found[state.booking_id] = clashing
    return found


def _item(state: SyncState, now: datetime, past: Past) -> PlanItem:
    if state.open_attempt is not None:
        return PlanItem(state, "look_up", "the last request's outcome is unknown")
    if state.parked:
        return PlanItem(state, "parked", state.conflict or "refused")
    if state.operation == "skip":
        return PlanItem(state, "skip", "superseded")
    if state.retry_at is not None and state.retry_at > now:
        return PlanItem(state, "wait", "waits for its next try")
    if state.operation == "remove":
        return PlanItem(state, "remove", f"a second record of the same visit, {state.surplus[0]}")
    if state.operation == "cancel":
        return PlanItem(state, "cancel", "cancelled here, still in the CRM")
    # A visit that moved into what is past by now must still leave the coming time it has in the CRM.
    is_past = state.slot.starts_at <= now and (state.crm_slot is None or state.crm_slot.starts_at <= now)
    if is_past and past != "send":
        said = "by choice it is not sent" if past == "skip" else "it waits for a choice"
        return PlanItem(state, "past", f"the visit's time has passed: {said}")
    over = "; goes over what stands there" if state.forced else ""
    if state.operation == "move":
        return PlanItem(state, "move", f"moved here, at its old time in the CRM{over}")
    return PlanItem(state, "create", f"booked here, not in the CRM{over}")
