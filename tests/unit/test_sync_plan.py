"""The order in which bookings are sent: nearest first, but never into a time that another one has not left."""

from __future__ import annotations

from datetime import timedelta

from console.plans import plan_json
from ledger import events as e
from ledger.sync_state import SyncState, fold_sync
from ledger.values import BookingId, ClientId, RecordId, Slot, booking_code
from sync.plan import PlanItem, make_plan
from tests.builders import NOW, SERVICES, history, slot

A, B, C, D = (BookingId(number) for number in (1, 2, 3, 4))
TEN, NOON, FOUR, SIX = slot("10:00"), slot("12:00"), slot("16:00"), slot("18:00")


def folded(booking_id: BookingId, *events: e.AnyEvent) -> SyncState:
    state = fold_sync(history(*events))
    assert state is not None
    return state


def made(booking_id: BookingId, place: Slot) -> SyncState:
    return folded(booking_id, _made(booking_id, place))


def cancelled(booking_id: BookingId, place: Slot) -> SyncState:
    return folded(booking_id, *_sent(booking_id, place), e.BookingCancelled(booking_id, ClientId(9), place))


def moved(booking_id: BookingId, was: Slot, place: Slot, *more: e.AnyEvent) -> SyncState:
    return folded(booking_id, *_sent(booking_id, was), _moved(booking_id, was, place), *more)


def _made(booking_id: BookingId, place: Slot) -> e.BookingMade:
    return e.BookingMade(booking_id, ClientId(9), place, SERVICES)


def _moved(booking_id: BookingId, was: Slot, place: Slot) -> e.BookingMoved:
    return e.BookingMoved(booking_id, ClientId(9), was, place, SERVICES)


def _sent(booking_id: BookingId, place: Slot) -> tuple[e.AnyEvent, ...]:
    attempt = e.SyncAttempted(booking_id, ClientId(9), 7, "create", (1,), 1, NOW, slot=place)
    done = e.SyncSucceeded(booking_id, 7, "create", (1,), RecordId(1000 + booking_id), "answer")
    return _made(booking_id, place), attempt, done


def plan(*states: SyncState) -> list[PlanItem]:
    return make_plan(states, NOW, "ask")


def order(items: list[PlanItem]) -> list[BookingId]:
    return [item.booking_id for item in items]


def test_the_nearest_visit_comes_first() -> None:
    assert order(plan(made(A, SIX), made(B, TEN), made(C, NOON))) == [B, C, A]


def test_a_chain_is_sent_from_its_free_end() -> None:
    """A wants B's time, B wants C's, C is cancelled."""
    items = plan(moved(A, SIX, TEN), moved(B, TEN, NOON), cancelled(C, NOON))

    assert order(items) == [C, B, A]
    assert [item.after for item in items] == [(), (C,), (B,)]
    assert [item.over for item in items] == [(), (), ()]


def test_in_a_swap_the_first_goes_over_the_other_which_waits() -> None:
    first, second = plan(moved(A, FOUR, TEN), moved(B, TEN, FOUR))

    assert {first.booking_id, second.booking_id} == {A, B}
    assert (first.after, first.over) == ((), (RecordId(1000 + A), RecordId(1000 + B)))
    assert (second.after, second.over) == ((first.booking_id,), ())
    assert set(first.circle) == {TEN, FOUR}, "both times are looked at before anything is written over"


def test_a_circle_of_three_is_opened_in_one_place() -> None:
    items = plan(moved(A, TEN, NOON), moved(B, NOON, FOUR), moved(C, FOUR, TEN))

    assert sorted(order(items)) == [A, B, C]
    assert sum(bool(item.over) for item in items) == 1
    assert sum(not item.after for item in items) == 1


def test_a_swap_that_waits_for_somebody_else_still_waits_for_them() -> None:
    """A and B swap; C's record stands in A's new time too, and C is cancelled."""
    half = slot("10:30", minutes=30)
    items = {
        item.booking_id: item
        for item in plan(moved(A, FOUR, TEN), moved(B, slot("10:00", 30), FOUR), cancelled(C, half))
    }

    assert C in items[A].after
    assert RecordId(1000 + C) not in items[A].over + items[B].over, "C leaves by itself: nobody goes over it"


def test_a_parked_booking_opens_no_circle() -> None:
    """What waits for a person may stay where it is for ever: nothing is sent over it."""
    parked = moved(B, TEN, FOUR, e.ConflictFound(B, "slot_busy", (RecordId(5),)))
    items = {item.booking_id: item for item in plan(moved(A, FOUR, TEN), parked)}

    assert (items[A].after, items[A].over) == ((B,), ())
    assert items[B].step == "parked"
    assert f"waits until {booking_code(B)} (parked)" in items[A].reason


def test_another_master_or_a_time_that_only_touches_is_in_nobodys_way() -> None:
    items = plan(moved(A, FOUR, TEN), moved(B, slot("11:00"), SIX))

    assert [item.after for item in items] == [(), ()]


def test_a_move_into_the_past_waits_for_the_operators_choice() -> None:
    later = NOW + timedelta(days=3)
    state = moved(A, FOUR, TEN)

    assert [item.step for item in make_plan([state], later, "ask")] == ["past"]
    assert [item.step for item in make_plan([state], later, "send")] == ["move"]


def test_a_great_backlog_is_planned_quickly_enough_to_be_planned_for_each_step() -> None:
    """Guards against comparing each with each: a thousand bookings, each moved into the next one's time."""
    days = [NOW.date() + timedelta(days=n) for n in range(1, 501)]
    states = [moved(BookingId(n + 1), slot("10:00", on=days[n]), slot("10:00", on=days[n + 1])) for n in range(499)]

    items = make_plan(states, NOW, "ask")

    assert len(items) == 499
    assert order(items)[0] == BookingId(499)


def test_a_second_record_of_a_visit_is_removed_first_and_counts_as_a_removal() -> None:
    twins = e.ConflictFound(A, "duplicate", (RecordId(1000 + A), RecordId(7)))
    answered = e.ConflictResolved(A, ClientId(9), "ours", "duplicate")
    (item,) = items = plan(moved(A, TEN, FOUR, twins, answered))

    assert (item.step, item.state.surplus) == ("remove", (RecordId(7),))
    shown = plan_json(items, {}, "ask")
    assert (shown["cancel"], shown["move"]) == (1, 0)
    assert shown["items"][0]["operation"] == "cancel"


def test_what_is_forced_says_so_and_is_no_conflict_to_come() -> None:
    busy = e.ConflictFound(A, "slot_busy", (RecordId(7),))
    answered = e.ConflictResolved(A, ClientId(9), "ours", "slot_busy")
    (item,) = plan(folded(A, _made(A, TEN), busy, answered))

    assert (item.step, item.state.forced) == ("create", True)
    assert item.reason.endswith("goes over what stands there")


def test_a_request_under_way_is_looked_up_although_the_diary_asks_a_question() -> None:
    attempt = e.SyncAttempted(A, ClientId(9), 7, "create", (1,), 1, NOW, slot=TEN)
    (item,) = plan(folded(A, _made(A, TEN), attempt, e.ConflictFound(A, "overlap", (RecordId(7),))))

    assert item.step == "look_up"
