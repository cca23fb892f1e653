"""What staff do by hand in the CRM becomes events, once, and nothing of it is sent back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ledger import events as e
from ledger.decisions.hold import HoldSlot
from ledger.decisions.resolve_conflict import ResolveConflict
from ledger.errors import SlotTakenError
from ledger.values import BookingId, RecordId
from projections import schedule
from projections.clients import phone_of
from sync.simulator import NewEntry
from sync.simulator.exchange import Json
from tests.builders import ANNA, HAIRCUT, MONDAY, OLGA, at, slot
from tests.stage import Stage, by_hand
from tests.watch import Watch

TEN, NOON, FOUR = slot("10:00"), slot("12:00"), slot("16:00")
FOLLOWED = (e.CrmBookingSeen, e.CrmBookingMoved, e.CrmBookingRemoved)


@pytest.fixture
def watch(stage: Stage) -> Watch:
    return Watch(stage)


def test_a_booking_that_staff_drag_moves_with_its_record_and_nothing_is_sent_back(watch: Watch) -> None:
    booking_id = watch.sent(TEN)
    watch.begin()
    watch.drag(booking_id, slot("16:00", staff_id=OLGA))

    watch.poll()

    assert watch.place(booking_id) == f"booked {OLGA} 2030-01-07 16:00"
    (moved,) = watch.happened(*FOLLOWED)
    assert isinstance(moved.event, e.CrmBookingMoved)
    assert (moved.by.kind, moved.event.from_slot) == ("crm", TEN)
    assert watch.stage.drain() == 0
    assert (watch.stage.sent("PUT"), watch.stage.sent("DELETE")) == (0, 0)
    watch.salon.book(TEN)  # the old time is free again
    with pytest.raises(SlotTakenError):
        watch.salon.book(slot("16:00", staff_id=OLGA))


def test_a_booking_that_staff_strike_out_is_called_off_and_its_time_can_be_booked(watch: Watch) -> None:
    booking_id = watch.sent(TEN)
    watch.begin()
    watch.strike_out(booking_id)

    watch.poll()

    assert watch.place(booking_id) == "cancelled 7 2030-01-07 10:00"
    assert watch.stage.state(booking_id).status == "synced"
    assert watch.stage.drain() == 0
    again = watch.sent(TEN)
    assert watch.stage.live_records() == [str(again)]


def test_our_own_writes_come_back_as_no_news(watch: Watch) -> None:
    watch.begin()
    kept, moved, gone = watch.sent(TEN), watch.sent(NOON), watch.sent(FOUR)
    watch.salon.move(moved, slot("13:00"))
    watch.salon.cancel(gone)
    watch.stage.drain()
    head = watch.salon.recorder.head()

    watch.poll()
    watch.sweep()

    assert watch.salon.recorder.head() == head
    assert watch.place(kept) == "booked 7 2030-01-07 10:00"


def test_the_same_change_is_judged_once_however_often_it_is_listed(watch: Watch) -> None:
    booking_id = watch.sent(TEN)
    watch.begin()
    watch.drag(booking_id, FOUR)
    for _ in range(3):
        watch.poll()
    assert len(watch.happened(*FOLLOWED)) == 1


def test_dragged_there_and_back_within_a_second_is_noticed_both_times(watch: Watch) -> None:
    booking_id = watch.sent(TEN)
    watch.begin()
    record_id = watch.record_of(booking_id)
    watch.stage.simulator.move_by_hand(record_id, FOUR.starts_at.replace(tzinfo=None), ANNA)
    watch.poll()
    watch.stage.simulator.move_by_hand(record_id, TEN.starts_at.replace(tzinfo=None), ANNA)
    watch.poll()
    assert watch.place(booking_id) == "booked 7 2030-01-07 10:00"
    assert len(watch.happened(e.CrmBookingMoved)) == 2


def test_when_both_sides_move_it_a_person_is_asked_with_the_place_it_has_there(watch: Watch) -> None:
    booking_id = watch.sent(TEN)
    watch.begin()
    watch.salon.move(booking_id, NOON)
    watch.drag(booking_id, FOUR)

    watch.poll()
    watch.poll()

    (found,) = watch.happened(e.ConflictFound)
    assert found.event == e.ConflictFound(booking_id, "moved_in_crm", (watch.record_of(booking_id),), FOUR)
    assert watch.place(booking_id) == "booked 7 2030-01-07 12:00"
    watch.stage.drain()
    assert watch.stage.places() == {"": "7 2030-01-07 16:00"}


def test_a_booking_made_by_hand_over_a_hold_takes_its_time(watch: Watch) -> None:
    watch.begin()
    client = watch.salon.client()
    hold = HoldSlot(watch.salon.order(), BookingId(77), client, TEN, (HAIRCUT,))
    watch.salon.ledger.execute(hold)
    watch.stage.simulator.add_by_hand(by_hand(ANNA, "10:30", 60))

    watch.poll()

    (lapsed,) = watch.happened(e.HoldLapsed)
    assert isinstance(lapsed.event, e.HoldLapsed)
    assert lapsed.event.reason == "taken_in_crm"
    with pytest.raises(SlotTakenError):
        watch.salon.book(TEN)


def test_a_booking_made_by_hand_over_ours_stands_and_a_person_is_asked(watch: Watch) -> None:
    booking_id = watch.sent(TEN)
    watch.begin()
    record = watch.stage.simulator.add_by_hand(by_hand(ANNA, "10:30", 60))

    watch.poll()

    (found,) = watch.happened(e.ConflictFound)
    assert found.event == e.ConflictFound(booking_id, "overlap", (RecordId(int(str(record["id"]))),))
    (seen,) = watch.happened(e.CrmBookingSeen)
    assert isinstance(seen.event, e.CrmBookingSeen)
    assert seen.event.overlap_allowed


def test_a_booking_made_by_hand_and_dragged_frees_its_old_time(watch: Watch) -> None:
    watch.begin()
    record = watch.stage.simulator.add_by_hand(by_hand(ANNA, "10:00", 60))
    watch.poll()
    with pytest.raises(SlotTakenError):
        watch.salon.book(TEN)

    watch.stage.simulator.move_by_hand(int(str(record["id"])), FOUR.starts_at.replace(tzinfo=None), ANNA)
    watch.poll()

    watch.salon.book(TEN)
    with pytest.raises(SlotTakenError):
        watch.salon.book(FOUR)
    watch.stage.simulator.remove_by_hand(int(str(record["id"])))
    watch.poll()
    watch.salon.book(FOUR)


def test_a_mark_without_length_takes_nothing_and_one_without_client_and_services_does(watch: Watch) -> None:
    watch.begin()
    watch.stage.simulator.add_by_hand(NewEntry(ANNA, at("10:00").replace(tzinfo=None), 0))
    watch.stage.simulator.add_by_hand(NewEntry(ANNA, at("12:00").replace(tzinfo=None), 3600))

    watch.poll()

    watch.salon.book(TEN)
    with pytest.raises(SlotTakenError):
        watch.salon.book(NOON)


def test_another_length_is_followed_without_a_question(watch: Watch) -> None:
    booking_id = watch.sent(TEN)
    other = watch.sent(slot("11:00"))
    watch.begin()
    watch.stage.simulator.comment_by_hand(watch.record_of(booking_id), "аллергия")
    watch.poll()
    assert watch.happened(*FOLLOWED) == []
    watch.lengthen(booking_id, minutes=90)

    watch.poll()

    found = schedule.booking(watch.salon.database, booking_id)
    assert found is not None
    assert found.ends_at - found.starts_at == timedelta(minutes=90)
    assert watch.happened(e.ConflictFound) == []
    assert watch.stage.state(other).status == "synced"


def test_a_visit_that_is_over_may_be_dragged_and_removed_without_harm(watch: Watch) -> None:
    booking_id = watch.sent(TEN)
    watch.begin()
    watch.later(days=3)
    watch.drag(booking_id, NOON)
    watch.poll()
    watch.strike_out(booking_id)
    watch.stage.simulator.add_by_hand(by_hand(ANNA, "14:00", 30))
    watch.poll()
    assert watch.place(booking_id) == "cancelled 7 2030-01-07 12:00"
    assert watch.happened(e.CrmBookingSeen) == []


def test_a_change_that_no_list_showed_is_found_by_the_sweep(watch: Watch) -> None:
    moved, gone = watch.sent(TEN), watch.sent(NOON)
    watch.begin()
    watch.drag(moved, slot("10:00", on=MONDAY + timedelta(days=1)))
    watch.strike_out(gone)
    watch.sweep()
    assert watch.place(moved) == "booked 7 2030-01-08 10:00"
    assert watch.place(gone) == "cancelled 7 2030-01-07 12:00"


def test_a_record_that_is_back_takes_its_time_again(watch: Watch) -> None:
    booking_id = watch.sent(TEN)
    watch.begin()
    watch.strike_out(booking_id)
    watch.poll()
    watch.restore(booking_id)
    watch.poll()
    assert watch.place(booking_id) == "cancelled 7 2030-01-07 10:00"
    with pytest.raises(SlotTakenError):
        watch.salon.book(TEN)


def test_a_change_that_the_crm_lists_late_is_still_taken(watch: Watch) -> None:
    """Its moment lies before the newest change dealt with: the windows overlap by an hour."""
    late, early = watch.sent(TEN), watch.sent(NOON)
    watch.begin()
    watch.later(minutes=50)
    watch.drag(early, FOUR)
    watch.poll()
    record_id = watch.record_of(late)
    watch.lengthen(late, minutes=30, ago=timedelta(minutes=40))
    watch.poll()
    assert [item.event.record_id for item in watch.happened(e.CrmBookingMoved)][1:] == [record_id]  # type: ignore[union-attr]  # all are moves


@pytest.fixture
def adopted(watch: Watch) -> BookingId:
    """Busy by a stranger; staff's own copy of it was taken for another's, before an operator's word made it ours."""
    watch.begin()
    watch.stage.simulator.add_by_hand(by_hand(ANNA, "10:00", 60))
    booking_id = watch.sent(TEN)
    phone = phone_of(watch.salon.ledger, watch.salon.vault, watch.stage.state(booking_id).client_id)
    service: Json = {"id": HAIRCUT, "cost": 1500}
    copied = NewEntry(ANNA, TEN.starts_at.replace(tzinfo=None), 3600, (service,), {"phone": phone, "name": "Мария"})
    copy = watch.stage.simulator.add_by_hand(copied)
    watch.poll()
    state = watch.stage.state(booking_id)
    watch.salon.ledger.execute(ResolveConflict(watch.salon.order(), booking_id, "ours", asked_at=state.asked_at))
    watch.stage.drain()
    assert watch.record_of(booking_id) == copy["id"]
    return booking_id


def standing(watch: Watch) -> list[BookingId]:
    with watch.salon.database.transaction() as connection:
        return [one.booking_id for one in schedule.all_bookings(connection) if one.status == "booked"]


def test_taken_for_a_strangers_before_it_became_ours_a_record_has_one_booking_in_the_end(
    watch: Watch, adopted: BookingId
) -> None:
    watch.sweep()
    assert len(standing(watch)) == 2, "the stranger's and ours"
    assert adopted in standing(watch)


def test_called_off_before_that_was_seen_it_leaves_nothing_behind(watch: Watch, adopted: BookingId) -> None:
    watch.salon.cancel(adopted)
    watch.stage.drain()
    watch.sweep()
    assert len(standing(watch)) == 1, "the stranger's"
