"""Moved bookings on their way to the CRM: over their own old time, for each other's, answers lost, staff at work."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ledger import events as e
from ledger.decisions import boundaries
from ledger.values import BookingId, RecordId, Slot
from projections import backlog
from sync.errors import BusyError
from tests.builders import ANNA, MONDAY, OLGA, at, slot
from tests.stage import Stage, by_hand

TEN, HALF_PAST_TEN, NOON, FOUR = slot("10:00"), slot("10:30"), slot("12:00"), slot("16:00")


def place(one: Slot) -> str:
    return f"{one.staff_id} {one.starts_at:%Y-%m-%d %H:%M}"


def sent(stage: Stage, where: Slot = TEN) -> BookingId:
    """A booking that the CRM holds."""
    booking_id = stage.salon.book(where)
    stage.drain()
    return booking_id


def record_of(stage: Stage, booking_id: BookingId) -> RecordId:
    record_id = stage.state(booking_id).record_id
    assert record_id is not None
    return record_id


@pytest.mark.parametrize(
    "target", [FOUR, slot("10:00", on=MONDAY + timedelta(days=1)), slot("10:00", staff_id=OLGA)], ids=place
)
def test_a_moved_booking_moves_in_the_crm_and_stays_one_record(stage: Stage, target: Slot) -> None:
    booking_id = sent(stage)
    stage.salon.move(booking_id, target)
    stage.drain()
    assert stage.places() == {str(booking_id): place(target)}
    assert stage.state(booking_id).status == "synced"
    assert len(stage.simulator.records()) == 1
    assert stage.drain() == 0


def test_a_move_over_the_bookings_own_old_time_is_refused_looked_at_and_sent_over_it(stage: Stage) -> None:
    booking_id = sent(stage)
    stage.salon.move(booking_id, HALF_PAST_TEN)
    stage.drain()
    assert stage.places() == {str(booking_id): place(HALF_PAST_TEN)}
    assert stage.sent("PUT") == 2, "first without, then with save_if_busy"
    assert stage.types(booking_id)[-4:] == ["sync_attempted", "sync_failed", "sync_attempted", "sync_succeeded"]


def test_a_move_over_its_own_time_and_a_strangers_is_a_conflict(stage: Stage) -> None:
    booking_id = sent(stage)
    stranger = stage.simulator.add_by_hand(by_hand(ANNA, "11:15", 30))
    stage.salon.move(booking_id, HALF_PAST_TEN)
    stage.drain()
    assert stage.places()[str(booking_id)] == place(TEN)
    (found,) = stage.salon.ledger.history(boundaries.record(RecordId(int(str(stranger["id"])))))
    assert found.event == e.ConflictFound(booking_id, "slot_busy", (RecordId(int(str(stranger["id"]))),))
    assert stage.state(booking_id).status == "parked"


def test_moved_during_the_outage_is_created_once_where_it_ended(stage: Stage) -> None:
    booking_id = stage.salon.book(TEN)
    stage.salon.move(booking_id, NOON)
    stage.salon.move(booking_id, FOUR)
    stage.drain()
    assert (stage.places(), stage.sent("POST"), stage.sent("PUT")) == ({str(booking_id): place(FOUR)}, 1, 0)
    assert stage.state(booking_id).pending == ()


def test_moved_there_and_back_needs_nothing(stage: Stage) -> None:
    booking_id = sent(stage)
    stage.salon.move(booking_id, FOUR)
    stage.salon.move(booking_id, TEN)
    stage.drain()
    assert stage.sent("PUT") == 0
    assert stage.types(booking_id)[-1] == "sync_skipped"
    assert stage.places() == {str(booking_id): place(TEN)}


def test_moved_and_then_cancelled_is_only_removed(stage: Stage) -> None:
    booking_id = sent(stage)
    stage.salon.move(booking_id, FOUR)
    stage.salon.cancel(booking_id)
    stage.drain()
    assert (stage.places(), stage.sent("PUT"), stage.sent("DELETE")) == ({}, 0, 1)
    assert stage.state(booking_id).status == "synced"


def test_a_lost_answer_to_a_move_is_looked_up_not_repeated(stage: Stage) -> None:
    booking_id = sent(stage)
    stage.salon.move(booking_id, FOUR)
    stage.simulator.set_mode("drop_after_write")
    stage.step()
    assert stage.state(booking_id).status == "unknown"
    stage.simulator.set_mode("ok")
    stage.salon.advance(seconds=5)
    stage.drain()
    assert (stage.places(), stage.sent("PUT")) == ({str(booking_id): place(FOUR)}, 1)
    assert stage.state(booking_id).status == "synced"


def test_a_move_that_never_arrived_is_sent_again_once_that_is_sure(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    booking_id = sent(stage)
    stage.salon.move(booking_id, FOUR)

    class KilledError(BaseException):
        """As if the process ended between the attempt and the request."""

    def killed(*_: object, **__: object) -> None:
        raise KilledError

    monkeypatch.setattr(stage.crm, "change", killed)
    with pytest.raises(KilledError):
        stage.step()
    monkeypatch.undo()
    stage.sender = stage.new_sender()
    stage.drain()
    assert stage.state(booking_id).status == "unknown", "not there yet proves nothing"
    stage.salon.advance(seconds=70)
    stage.drain()
    assert (stage.places(), stage.sent("PUT")) == ({str(booking_id): place(FOUR)}, 1)


def test_a_move_that_was_killed_after_the_request_is_found(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    booking_id = sent(stage)
    stage.salon.move(booking_id, FOUR)

    class KilledError(BaseException):
        """As if the process ended between the request and its outcome."""

    def killed(*_: object) -> None:
        raise KilledError

    monkeypatch.setattr("sync.outcomes.Outcomes.succeed", killed)
    with pytest.raises(KilledError):
        stage.step()
    monkeypatch.undo()
    stage.sender = stage.new_sender()
    stage.drain()
    assert (stage.places(), stage.sent("PUT")) == ({str(booking_id): place(FOUR)}, 1)
    assert stage.state(booking_id).status == "synced"


def test_moved_again_while_the_first_move_is_unknown_ends_where_it_is_wished(stage: Stage) -> None:
    booking_id = sent(stage)
    stage.salon.move(booking_id, NOON)
    stage.simulator.set_mode("drop_after_write")
    stage.step()
    stage.salon.move(booking_id, FOUR)
    stage.simulator.set_mode("ok")
    stage.salon.advance(seconds=5)
    stage.drain()
    assert stage.places() == {str(booking_id): place(FOUR)}
    assert stage.state(booking_id).pending == ()


def test_moved_while_the_create_is_unknown_is_found_where_it_was_asked_for_and_moved(stage: Stage) -> None:
    booking_id = stage.salon.book(TEN)
    stage.simulator.set_mode("drop_after_write")
    stage.step()
    stage.salon.move(booking_id, FOUR)
    stage.simulator.set_mode("ok")
    stage.salon.advance(seconds=5)
    stage.drain()
    assert (stage.places(), stage.sent("POST")) == ({str(booking_id): place(FOUR)}, 1)


def test_what_is_no_longer_wished_when_its_turn_comes_is_not_sent(stage: Stage) -> None:
    """The read model was a moment behind; the ledger itself says which slot is wished."""
    new, known = stage.salon.book(TEN), sent(stage, NOON)
    stage.salon.move(known, slot("17:00"))
    stage.salon.catch_up()
    stage.salon.move(new, FOUR)
    stage.salon.move(known, slot("18:00"))
    before = stage.sent("POST"), stage.sent("PUT")
    stage.sender.step(stage.lease)
    assert (stage.sent("POST"), stage.sent("PUT")) == before
    stage.drain()
    assert stage.places() == {str(new): place(FOUR), str(known): place(slot("18:00"))}


def test_a_crm_that_calls_everything_busy_is_asked_twice_and_no_more(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    booking_id = sent(stage)
    stage.salon.move(booking_id, FOUR)
    asked: list[bool] = []

    def busy(*_: object, save_if_busy: bool) -> None:
        asked.append(save_if_busy)
        raise BusyError(status=409)

    monkeypatch.setattr(stage.crm, "change", busy)
    stage.drain()
    assert asked == [False, True]
    assert (stage.state(booking_id).status, stage.state(booking_id).conflict) == ("parked", "slot_busy")


def test_a_record_that_staff_moved_while_the_answer_was_lost_is_a_conflict(stage: Stage) -> None:
    booking_id = sent(stage)
    stage.salon.move(booking_id, FOUR)
    stage.simulator.set_mode("drop_after_write")
    stage.step()
    stage.simulator.set_mode("ok")
    stage.simulator.move_by_hand(record_of(stage, booking_id), at("18:00").replace(tzinfo=None), ANNA)
    stage.salon.advance(seconds=5)
    stage.drain()
    assert stage.state(booking_id).conflict == "moved_in_crm"


def test_a_record_that_staff_moved_is_not_moved_back(stage: Stage) -> None:
    booking_id = sent(stage)
    stage.simulator.move_by_hand(record_of(stage, booking_id), at("18:00").replace(tzinfo=None), ANNA)
    stage.salon.move(booking_id, FOUR)
    stage.drain()
    assert list(stage.places().values()) == [place(slot("18:00"))]
    assert (stage.state(booking_id).conflict, stage.sent("PUT")) == ("moved_in_crm", 0)


def test_a_record_that_staff_moved_to_the_same_place_is_success(stage: Stage) -> None:
    booking_id = sent(stage)
    stage.simulator.move_by_hand(record_of(stage, booking_id), FOUR.starts_at.replace(tzinfo=None), ANNA)
    stage.salon.move(booking_id, FOUR)
    stage.drain()
    assert (stage.state(booking_id).status, stage.sent("PUT")) == ("synced", 0)


@pytest.mark.parametrize("was_lost", [False, True])
def test_a_record_that_staff_removed_is_not_moved(stage: Stage, was_lost: bool) -> None:
    booking_id = sent(stage)
    stage.salon.move(booking_id, FOUR)
    if was_lost:
        stage.simulator.set_mode("drop_after_write")
        stage.step()
        stage.simulator.set_mode("ok")
    stage.simulator.remove_by_hand(record_of(stage, booking_id))
    stage.salon.advance(seconds=5)
    stage.drain()
    assert stage.places() == {}
    assert stage.state(booking_id).conflict == "removed_in_crm"


def test_cancelled_after_staff_removed_the_record_of_an_unknown_move_ends_well(stage: Stage) -> None:
    booking_id = sent(stage)
    stage.salon.move(booking_id, FOUR)
    stage.simulator.set_mode("drop_after_write")
    stage.step()
    stage.simulator.set_mode("ok")
    stage.simulator.remove_by_hand(record_of(stage, booking_id))
    stage.salon.cancel(booking_id)
    stage.salon.advance(seconds=5)
    stage.drain()
    assert (stage.places(), stage.state(booking_id).status) == ({}, "synced")


def test_a_comment_of_the_staff_survives_the_move(stage: Stage) -> None:
    booking_id = sent(stage)
    record = stage.simulator.comment_by_hand(record_of(stage, booking_id), "позвонить накануне")
    stage.salon.move(booking_id, FOUR)
    stage.drain()
    (after,) = stage.simulator.records()
    assert (record["comment"], after["comment"]) == ("позвонить накануне", "позвонить накануне")


def test_every_event_of_a_moved_booking_ends_settled(stage: Stage) -> None:
    booking_id = sent(stage)
    stage.salon.move(booking_id, HALF_PAST_TEN)
    stage.salon.move(booking_id, FOUR)
    stage.drain()
    positions = [
        item.position
        for item in stage.salon.ledger.history(boundaries.booking(booking_id))
        if isinstance(item.event, e.BookingMade | e.BookingMoved)
    ]
    outcomes = backlog.outcomes(stage.salon.database, positions)
    assert [outcomes[position].sync for position in positions] == ["succeeded"] * 3
