"""What clients, staff and a failing CRM do between the plan, the look and the request."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ledger.decisions.integration import ResumeIntegration
from sync.errors import RightsError, SyncError, UnavailableError, UnknownOutcomeError
from sync.wire import CrmRecord, NewCrmRecord
from tests.builders import ANNA, at, slot
from tests.integration.test_sync_moves import FOUR, HALF_PAST_TEN, NOON, TEN, place, record_of, sent
from tests.stage import Stage, by_hand

SIX = slot("18:00")


def meanwhile(stage: Stage, patch: pytest.MonkeyPatch, call: str, happens: Callable[[], object]) -> None:
    """Lets something happen once, right before this call to the CRM leaves."""
    real = getattr(stage.crm, call)

    def delayed(*arguments: object, **options: object) -> object:
        patch.undo()
        happens()
        return real(*arguments, **options)

    patch.setattr(stage.crm, call, delayed)


@pytest.mark.parametrize("error", [UnavailableError, RightsError])
def test_one_record_that_cannot_be_read_keeps_nobody_else_waiting(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, error: type[SyncError]
) -> None:
    unreadable = sent(stage, TEN)
    stage.salon.move(unreadable, NOON)
    other = stage.salon.book(SIX)
    reads: list[int] = []

    def record(record_id: int) -> CrmRecord:
        reads.append(record_id)
        raise error(status=403)

    monkeypatch.setattr(stage.crm, "record", record)
    for _ in range(40):
        stage.step()
        stage.salon.advance(seconds=5)
    assert str(other) in stage.places()
    assert len(reads) < 10, "it is tried again, at growing intervals"
    monkeypatch.undo()
    stage.salon.advance(seconds=600)
    stage.drain()
    assert stage.places()[str(unreadable)] == place(NOON)


def test_a_booking_cancelled_while_its_move_is_refused_is_removed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    booking_id = sent(stage)
    stage.simulator.add_by_hand(by_hand(ANNA, "16:00", 60))
    stage.salon.move(booking_id, FOUR)
    meanwhile(stage, monkeypatch, "change", lambda: stage.salon.cancel(booking_id))
    stage.drain()
    assert str(booking_id) not in stage.places()
    assert stage.state(booking_id).status == "synced"


def test_a_booking_moved_away_while_it_is_refused_is_made_where_it_went(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.simulator.add_by_hand(by_hand(ANNA, "10:00", 60))
    booking_id = stage.salon.book(TEN)
    meanwhile(stage, monkeypatch, "create", lambda: stage.salon.move(booking_id, FOUR))
    stage.drain()
    assert stage.places()[str(booking_id)] == place(FOUR)


def test_a_cancellation_that_comes_during_the_look_is_not_parked_by_what_was_seen(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    booking_id = sent(stage)
    stage.simulator.remove_by_hand(record_of(stage, booking_id))
    stage.salon.move(booking_id, FOUR)
    meanwhile(stage, monkeypatch, "record", lambda: stage.salon.cancel(booking_id))
    stage.step()
    stage.drain()
    assert stage.state(booking_id).status == "synced"


def test_a_wish_newer_than_the_plan_does_not_meet_our_own_leaving_record(stage: Stage) -> None:
    leaving, coming = sent(stage, TEN), stage.salon.book(NOON)
    stage.salon.catch_up()
    stage.salon.move(leaving, FOUR)
    stage.salon.move(coming, TEN)
    stage.sender.step(stage.lease)
    stage.drain()
    assert stage.places() == {str(leaving): place(FOUR), str(coming): place(TEN)}


def test_staff_who_move_the_record_between_two_tries_are_not_written_over(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    booking_id = sent(stage)
    stage.salon.move(booking_id, HALF_PAST_TEN)
    elsewhere = at("18:00").replace(tzinfo=None)
    record_id = record_of(stage, booking_id)
    real, calls = stage.crm.records, iter(range(100))

    def records(**asked: object) -> list[CrmRecord]:
        found = real(**asked)  # type: ignore[arg-type]  # passed through as given
        if next(calls) == 0:  # the look after the first refusal
            stage.simulator.move_by_hand(record_id, elsewhere, ANNA)
        return found

    monkeypatch.setattr(stage.crm, "records", records)
    stage.drain()
    assert list(stage.places().values()) == [place(SIX)]
    assert stage.state(booking_id).conflict == "moved_in_crm"


def test_half_a_swap_is_no_swap(stage: Stage) -> None:
    """A stranger stands where only the second of the two goes: the first must not go over the second's record."""
    one, other = sent(stage, TEN), sent(stage, FOUR)
    stage.salon.move(one, NOON)
    stage.salon.move(other, TEN)
    stage.salon.move(one, FOUR)
    stage.simulator.add_by_hand(by_hand(ANNA, "10:45", 15))
    stage.drain()
    assert (stage.places()[str(one)], stage.places()[str(other)]) == (place(TEN), place(FOUR))
    assert "slot_busy" in (stage.state(one).conflict, stage.state(other).conflict)


@pytest.mark.parametrize("past", ["ask", "skip"])
def test_a_visit_moved_into_what_is_past_by_now_still_leaves_its_coming_time(stage: Stage, past: str) -> None:
    moved, other = sent(stage, SIX), None
    stage.salon.move(moved, NOON)
    stage.salon.advance(hours=25)  # Monday, 13:00
    choice = ResumeIntegration(stage.salon.order(), "skip" if past == "skip" else "ask")
    stage.salon.ledger.execute(choice)
    other = stage.salon.book(SIX)
    stage.drain()
    assert stage.places() == {str(moved): place(NOON), str(other): place(SIX)}


def test_a_late_first_request_is_found_although_the_client_moved_meanwhile(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    booking_id = stage.salon.book(TEN)
    late: list[NewCrmRecord] = []

    def lost(new: NewCrmRecord, **_: object) -> CrmRecord:
        late.append(new)
        raise UnknownOutcomeError(detail="lost")

    monkeypatch.setattr(stage.crm, "create", lost)
    stage.step()
    monkeypatch.undo()
    stage.salon.advance(seconds=5)
    stage.drain()
    stage.salon.advance(seconds=90)
    stage.step()  # absent
    stage.salon.move(booking_id, FOUR)
    stage.crm.create(late[0])
    stage.drain()
    assert stage.state(booking_id).conflict == "duplicate"


def test_cancelled_after_staff_dragged_the_record_of_an_unknown_move_it_is_removed(stage: Stage) -> None:
    booking_id = sent(stage)
    stage.salon.move(booking_id, FOUR)
    stage.simulator.set_mode("drop_after_write")
    stage.step()
    stage.simulator.set_mode("ok")
    stage.simulator.move_by_hand(record_of(stage, booking_id), at("18:00").replace(tzinfo=None), ANNA)
    stage.salon.cancel(booking_id)
    for _ in range(3):
        stage.salon.advance(seconds=60)
        stage.drain()
    assert stage.places() == {}
    assert stage.state(booking_id).status == "synced"
