"""Conflicts from both ends: how the sender finds them in a CRM over real HTTP, and what it does with each answer."""

from __future__ import annotations

import pytest

from ledger import events as e
from ledger.decisions import boundaries
from ledger.decisions.resolve_conflict import ResolveConflict
from ledger.values import Actor, BookingId, Slot
from projections import backlog
from projections.clients import phone_of
from sync.errors import UnknownOutcomeError
from sync.simulator import NewEntry
from sync.simulator.exchange import Json
from sync.wire import CrmRecord, NewCrmRecord
from tests.builders import ANNA, HAIRCUT, slot
from tests.integration.test_sync_moves import FOUR, NOON, TEN, place, record_of, sent
from tests.stage import Stage, by_hand

SIX = slot("18:00")


def resolve(stage: Stage, booking_id: BookingId, answer: e.Answer) -> None:
    """An operator answers what they are shown now; the sender goes on until it is done."""
    state = stage.state(booking_id)
    order = stage.salon.order(Actor("operator", "1"))
    shown = ResolveConflict(order, booking_id, answer, state.their_slot, state.asked_at)
    stage.salon.ledger.execute(shown)
    stage.drain()


def drag(stage: Stage, record_id: int, to: Slot) -> None:
    stage.simulator.move_by_hand(record_id, to.starts_at.replace(tzinfo=None), to.staff_id)


def settled(stage: Stage, booking_id: BookingId) -> dict[str, str]:
    """What became of the booking's own events, by their stored names; a name twice is told by its last."""
    items = [
        item
        for item in stage.salon.ledger.history(boundaries.booking(booking_id))
        if isinstance(item.event, e.BookingMade | e.BookingMoved | e.BookingCancelled)
    ]
    outcomes = backlog.outcomes(stage.salon.database, [item.position for item in items])
    return {item.type: outcomes[item.position].sync for item in items}


# --- the time is taken by a record made by hand ---


@pytest.fixture
def busy(stage: Stage) -> BookingId:
    stage.simulator.add_by_hand(by_hand(ANNA, "10:00", 60))
    booking_id = stage.salon.book(TEN)
    stage.drain()
    assert (stage.state(booking_id).status, stage.state(booking_id).conflict) == ("parked", "slot_busy")
    assert settled(stage, booking_id) == {"booking_made": "parked"}
    return booking_id


def test_ours_stands_beside_what_was_there(stage: Stage, busy: BookingId) -> None:
    resolve(stage, busy, "ours")
    assert stage.places() == {"": place(TEN), str(busy): place(TEN)}
    assert stage.state(busy).status == "synced"
    assert settled(stage, busy) == {"booking_made": "succeeded"}


def test_ours_does_not_go_over_a_copy_that_staff_have_made_of_it_meanwhile(stage: Stage, busy: BookingId) -> None:
    body: Json = {"id": HAIRCUT, "cost": 1500}
    starts_at = TEN.starts_at.replace(tzinfo=None)
    phone = phone_of(stage.salon.ledger, stage.salon.vault, stage.state(busy).client_id)
    copy = stage.simulator.add_by_hand(NewEntry(ANNA, starts_at, 3600, (body,), {"phone": phone, "name": "Мария"}))
    resolve(stage, busy, "ours")
    assert (stage.sent("POST"), stage.state(busy).record_id) == (1, copy["id"])
    assert settled(stage, busy) == {"booking_made": "succeeded"}


def test_theirs_calls_ours_off_and_leaves_the_crm_alone(stage: Stage, busy: BookingId) -> None:
    resolve(stage, busy, "theirs")
    assert stage.places() == {"": place(TEN)}
    assert stage.types(busy)[-3:] == ["conflict_resolved", "booking_cancelled", "sync_skipped"]
    assert settled(stage, busy) == {"booking_made": "skipped", "booking_cancelled": "skipped"}


def test_a_client_who_takes_another_time_is_sent_there(stage: Stage, busy: BookingId) -> None:
    resolve(stage, busy, "offer")
    assert (stage.state(busy).status, stage.sent("POST")) == ("parked", 1)
    stage.salon.move(busy, FOUR)
    stage.drain()
    assert stage.places() == {"": place(TEN), str(busy): place(FOUR)}
    assert settled(stage, busy) == {"booking_made": "succeeded", "booking_moved": "succeeded"}


def test_tried_again_it_asks_again_until_the_time_is_free(stage: Stage, busy: BookingId) -> None:
    resolve(stage, busy, "retry")
    assert stage.state(busy).status == "parked"
    stage.simulator.remove_by_hand(int(str(stage.simulator.records()[0]["id"])))
    resolve(stage, busy, "retry")
    assert stage.places() == {str(busy): place(TEN)}


def test_a_move_into_a_busy_time_goes_over_it_by_an_operators_word(stage: Stage) -> None:
    booking_id = sent(stage)
    stage.simulator.add_by_hand(by_hand(ANNA, "16:00", 60))
    stage.salon.move(booking_id, FOUR)
    stage.drain()
    assert stage.state(booking_id).conflict == "slot_busy"
    resolve(stage, booking_id, "ours")
    assert stage.places() == {"": place(FOUR), str(booking_id): place(FOUR)}


def test_a_refused_move_given_up_is_removed_from_its_old_time_too(stage: Stage) -> None:
    booking_id = sent(stage)
    stage.simulator.add_by_hand(by_hand(ANNA, "16:00", 60))
    stage.salon.move(booking_id, FOUR)
    stage.drain()
    resolve(stage, booking_id, "theirs")
    assert stage.places() == {"": place(FOUR)}


# --- both sides moved it ---


@pytest.fixture
def moved(stage: Stage) -> BookingId:
    booking_id = sent(stage)
    drag(stage, record_of(stage, booking_id), SIX)
    stage.salon.move(booking_id, FOUR)
    stage.drain()
    state = stage.state(booking_id)
    assert (state.conflict, state.their_slot) == ("moved_in_crm", SIX)
    return booking_id


def test_ours_moves_the_record_from_where_staff_put_it(stage: Stage, moved: BookingId) -> None:
    resolve(stage, moved, "ours")
    assert stage.places() == {str(moved): place(FOUR)}
    assert stage.state(moved).status == "synced"


def test_theirs_moves_the_booking_to_where_staff_put_it_without_a_request(stage: Stage, moved: BookingId) -> None:
    resolve(stage, moved, "theirs")
    assert (list(stage.places().values()), stage.sent("PUT")) == ([place(SIX)], 0)
    assert (stage.state(moved).slot, stage.state(moved).status) == (SIX, "skipped")
    assert settled(stage, moved) == {"booking_made": "succeeded", "booking_moved": "skipped"}


def test_a_newer_wish_of_the_client_moves_it_on_from_there(stage: Stage, moved: BookingId) -> None:
    stage.salon.move(moved, NOON)
    stage.drain()
    assert stage.places() == {str(moved): place(NOON)}


def test_staff_who_move_it_again_before_ours_is_sent_are_asked_again(stage: Stage, moved: BookingId) -> None:
    drag(stage, record_of(stage, moved), NOON)
    resolve(stage, moved, "ours")
    assert (stage.state(moved).status, stage.state(moved).their_slot) == ("parked", NOON)
    resolve(stage, moved, "ours")
    assert stage.places() == {str(moved): place(FOUR)}


# --- staff removed it ---


@pytest.fixture(params=["known", "never answered"])
def removed(stage: Stage, request: pytest.FixtureRequest) -> BookingId:
    if request.param == "known":
        booking_id = sent(stage)
        stage.simulator.remove_by_hand(record_of(stage, booking_id))
        stage.salon.move(booking_id, FOUR)
    else:
        booking_id = stage.salon.book(FOUR)
        stage.simulator.set_mode("drop_after_write")
        stage.step()
        stage.simulator.set_mode("ok")
        stage.simulator.remove_by_hand(int(str(stage.simulator.records()[0]["id"])))
        stage.salon.advance(seconds=5)
    stage.drain()
    assert stage.state(booking_id).conflict == "removed_in_crm"
    return booking_id


def test_ours_is_created_anew_once(stage: Stage, removed: BookingId) -> None:
    resolve(stage, removed, "ours")
    assert stage.places() == {str(removed): place(FOUR)}
    assert stage.state(removed).record_id not in (None, *stage.state(removed).disowned)


def test_ours_is_created_once_although_its_answer_is_lost_too(stage: Stage, removed: BookingId) -> None:
    state = stage.state(removed)
    order = stage.salon.order(Actor("operator", "1"))
    stage.salon.ledger.execute(ResolveConflict(order, removed, "ours", None, state.asked_at))
    stage.simulator.set_mode("drop_after_write")
    stage.step()
    stage.simulator.set_mode("ok")
    stage.salon.advance(seconds=5)
    stage.drain()
    assert stage.places() == {str(removed): place(FOUR)}
    assert (stage.state(removed).status, stage.sent("POST")) == ("synced", 2)


def test_ours_that_never_arrived_is_not_taken_for_the_removed_one(stage: Stage, removed: BookingId) -> None:
    order = stage.salon.order(Actor("operator", "1"))
    stage.salon.ledger.execute(ResolveConflict(order, removed, "ours", None, stage.state(removed).asked_at))
    stage.simulator.set_mode("off")
    stage.step()
    stage.simulator.set_mode("ok")
    for _ in range(2):
        stage.salon.advance(seconds=70)
        stage.drain()
    assert stage.places() == {str(removed): place(FOUR)}
    assert stage.state(removed).status == "synced"


def test_theirs_leaves_it_removed_and_calls_it_off_here(stage: Stage, removed: BookingId) -> None:
    posts = stage.sent("POST")
    resolve(stage, removed, "theirs")
    assert (stage.places(), stage.sent("POST")) == ({}, posts)
    assert (stage.state(removed).is_wanted, stage.state(removed).status) == (False, "skipped")


def test_a_client_who_was_offered_another_time_gets_a_record_there(stage: Stage, removed: BookingId) -> None:
    resolve(stage, removed, "offer")
    stage.salon.move(removed, NOON)
    stage.drain()
    assert stage.places() == {str(removed): place(NOON)}


# --- the same visit twice ---


def found_twice(stage: Stage, patch: pytest.MonkeyPatch) -> tuple[BookingId, list[int]]:
    """Something on the way sent one request twice and lost both answers."""
    booking_id = stage.salon.book(TEN)
    real, made = stage.crm.create, list[int]()

    def twice(new: NewCrmRecord, **_: object) -> CrmRecord:
        made.extend(real(new, save_if_busy=forced).record_id for forced in (False, True))
        raise UnknownOutcomeError(detail="lost")

    patch.setattr(stage.crm, "create", twice)
    stage.step()
    patch.undo()
    stage.salon.advance(seconds=5)
    stage.drain()
    assert stage.state(booking_id).conflict == "duplicate"
    return booking_id, made


@pytest.mark.parametrize("answer", ["ours", "theirs"])
def test_of_two_records_one_is_removed_and_the_other_is_the_bookings(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, answer: e.Answer
) -> None:
    booking_id, made = found_twice(stage, monkeypatch)
    resolve(stage, booking_id, answer)
    kept = made[0 if answer == "ours" else 1]
    assert [record["id"] for record in stage.simulator.records() if not record["deleted"]] == [kept]
    assert (stage.state(booking_id).status, stage.state(booking_id).record_id) == ("synced", kept)
    assert settled(stage, booking_id) == {"booking_made": "succeeded"}


def test_the_answer_to_a_removal_of_a_second_record_may_be_lost(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    booking_id = found_twice(stage, monkeypatch)[0]
    state = stage.state(booking_id)
    order = stage.salon.order(Actor("operator", "1"))
    stage.salon.ledger.execute(ResolveConflict(order, booking_id, "ours", None, state.asked_at))
    stage.simulator.set_mode("drop_after_write")
    stage.step()
    stage.simulator.set_mode("ok")
    assert stage.state(booking_id).status == "unknown"
    stage.salon.advance(seconds=5)
    stage.drain()
    assert (stage.state(booking_id).status, stage.sent("DELETE"), len(stage.live_records())) == ("synced", 1, 1)


def test_called_off_while_it_stands_there_twice_nothing_is_left_in_the_crm(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    booking_id = found_twice(stage, monkeypatch)[0]
    stage.salon.cancel(booking_id)
    stage.drain()
    assert len(stage.live_records()) == 2, "which of them is to go is still asked"
    resolve(stage, booking_id, "ours")
    assert stage.live_records() == []
    assert settled(stage, booking_id) == {"booking_made": "succeeded", "booking_cancelled": "succeeded"}
