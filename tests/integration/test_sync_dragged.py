"""Records that staff took in hand before their answer arrived, and the CRM's noes that ask a person."""

from __future__ import annotations

import msgspec
import pytest

from ledger import events as e
from ledger.decisions.follow_crm import FollowCrmRecord
from ledger.values import BookingId
from projections.clients import phone_of
from sync.errors import InvalidError, UnknownOutcomeError
from sync.simulator import Faults, NewEntry, Rule
from sync.simulator.exchange import Json
from sync.wire import CrmRecord, NewCrmRecord
from tests.builders import ANNA, HAIRCUT, OLGA, slot
from tests.integration.test_sync_conflicts import SIX, drag, resolve
from tests.integration.test_sync_moves import FOUR, NOON, TEN, place, record_of
from tests.stage import Stage


@pytest.fixture
def unanswered(stage: Stage) -> BookingId:
    """The CRM holds it; its answer was lost."""
    booking_id = stage.salon.book(TEN)
    stage.simulator.set_mode("drop_after_write")
    stage.step()
    stage.simulator.set_mode("ok")
    return booking_id


@pytest.fixture
def dragged(stage: Stage, unanswered: BookingId) -> BookingId:
    """Staff drag it to six, by which it loses our number; then it is sure that it is not where it was asked to."""
    drag(stage, int(str(stage.simulator.records()[0]["id"])), SIX)
    stage.salon.advance(seconds=5)
    stage.drain()
    assert stage.state(unanswered).status == "unknown", "it may still come"
    stage.salon.advance(seconds=70)
    stage.drain()
    state = stage.state(unanswered)
    assert (state.conflict, state.their_slot, stage.sent("POST")) == ("ambiguous", SIX, 1)
    return unanswered


def test_what_was_dragged_with_our_number_on_it_is_adopted_where_it_stands(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    booking_id = stage.salon.book(TEN)
    real = stage.crm.create

    def elsewhere(new: NewCrmRecord, **_: object) -> CrmRecord:
        real(msgspec.structs.replace(new, staff_id=OLGA, starts_at=FOUR.starts_at))
        raise UnknownOutcomeError(detail="lost")

    monkeypatch.setattr(stage.crm, "create", elsewhere)
    stage.step()
    monkeypatch.undo()
    stage.salon.advance(seconds=5)
    stage.drain()
    there = slot("16:00", staff_id=OLGA)
    state = stage.state(booking_id)
    assert (state.status, state.slot, state.crm_slot, stage.sent("POST")) == ("synced", TEN, there, 1)

    # The next look at the diary tells it as what it is: staff moved it.
    follow = FollowCrmRecord(stage.salon.order(), booking_id, record_of(stage, booking_id), there)
    assert isinstance(stage.salon.ledger.execute(follow).answer, e.CrmBookingMoved)


def test_dragged_and_then_removed_it_is_not_brought_back_without_a_word(stage: Stage, unanswered: BookingId) -> None:
    record_id = int(str(stage.simulator.records()[0]["id"]))
    drag(stage, record_id, SIX)
    stage.simulator.remove_by_hand(record_id)
    stage.drain()
    stage.salon.advance(seconds=80)
    stage.drain()
    assert (stage.state(unanswered).conflict, stage.sent("POST")) == ("removed_in_crm", 1)
    resolve(stage, unanswered, "ours")
    assert stage.places() == {str(unanswered): place(TEN)}


def test_it_is_ours_and_our_time_counts(stage: Stage, dragged: BookingId) -> None:
    resolve(stage, dragged, "ours")
    assert (stage.places(), stage.sent("POST")) == ({str(dragged): place(TEN)}, 1)
    assert stage.state(dragged).status == "synced"


def test_it_is_ours_and_their_time_counts(stage: Stage, dragged: BookingId) -> None:
    resolve(stage, dragged, "theirs")
    assert (list(stage.places().values()), stage.sent("PUT")) == ([place(SIX)], 0)
    state = stage.state(dragged)
    assert (state.slot, state.crm_slot, state.status) == (SIX, SIX, "synced")


def test_it_is_not_ours_so_ours_is_sent_besides(stage: Stage, dragged: BookingId) -> None:
    resolve(stage, dragged, "retry")
    assert stage.places() == {"": place(SIX), str(dragged): place(TEN)}
    assert stage.state(dragged).status == "synced"


def test_said_not_to_be_ours_another_that_may_be_is_asked_about(stage: Stage) -> None:
    client_id = stage.salon.client()
    booking_id = stage.salon.book(TEN, client_id)
    service: Json = {"id": HAIRCUT, "cost": 1500}
    client: Json = {"phone": phone_of(stage.salon.ledger, stage.salon.vault, client_id), "name": "Мария"}
    theirs = NewEntry(ANNA, FOUR.starts_at.replace(tzinfo=None), 3600, (service,), client)
    stage.simulator.add_by_hand(theirs)
    stage.simulator.set_mode("drop_after_write")
    stage.step()
    stage.simulator.set_mode("ok")
    drag(stage, int(str(stage.simulator.records()[1]["id"])), SIX)
    stage.drain()
    stage.salon.advance(seconds=80)
    stage.drain()
    assert stage.state(booking_id).their_slot == FOUR
    resolve(stage, booking_id, "retry")
    assert (stage.state(booking_id).conflict, stage.state(booking_id).their_slot) == ("ambiguous", SIX)
    resolve(stage, booking_id, "theirs")
    assert (stage.state(booking_id).status, stage.sent("POST")) == ("synced", 1)


def test_moved_by_the_client_while_that_is_asked_it_is_moved_and_never_sent_twice(
    stage: Stage, dragged: BookingId
) -> None:
    stage.salon.move(dragged, NOON)
    stage.drain()
    assert stage.sent("POST") == 1
    resolve(stage, dragged, "ours")
    assert (stage.places(), stage.sent("POST")) == ({str(dragged): place(NOON)}, 1)


@pytest.mark.parametrize(
    ("reason", "conflict"),
    [
        ("client_blacklisted", "client_refused"),
        ("no_master", "not_offered"),
        ("service_gone", "not_offered"),
        ("bad_phone", None),
    ],
)
def test_a_no_is_asked_about_as_what_it_is_and_tried_again_when_it_is_mended(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, reason: str, conflict: str | None
) -> None:
    booking_id = stage.salon.book(TEN)

    def refuse(*_: object, **__: object) -> CrmRecord:
        raise InvalidError(status=422, crm_message="нельзя", reason=reason)

    monkeypatch.setattr(stage.crm, "create", refuse)
    stage.drain()
    assert (stage.state(booking_id).status, stage.state(booking_id).conflict) == ("parked", conflict)
    monkeypatch.undo()
    resolve(stage, booking_id, "retry")
    assert stage.places() == {str(booking_id): place(TEN)}


def test_a_lost_answer_is_looked_up_although_the_clients_key_is_gone(stage: Stage, unanswered: BookingId) -> None:
    with stage.salon.database.transaction() as connection:
        connection.execute("DELETE FROM client_keys WHERE client_id = %s", (stage.state(unanswered).client_id,))
    stage.sender = stage.new_sender()
    stage.salon.advance(seconds=5)
    stage.drain()
    assert (stage.state(unanswered).status, stage.sent("POST")) == ("synced", 1)


def test_a_request_that_took_effect_late_does_not_undo_what_was_wished_since(stage: Stage) -> None:
    booking_id = stage.salon.book(TEN)
    stage.simulator.set_faults(Faults(rules=[Rule("late")], slow_seconds=3.0, late_seconds=1e6))
    stage.step()
    stage.simulator.set_faults(Faults())
    stage.salon.advance(seconds=5)
    stage.drain()
    stage.salon.move(booking_id, FOUR)
    stage.salon.advance(seconds=80)
    assert stage.state(booking_id).status == "unknown"
    stage.step()
    assert stage.state(booking_id).was_absent
    stage.simulator.set_mode("off")
    stage.step()
    stage.simulator.set_mode("ok")
    stage.simulator.finish_late_writes()
    stage.salon.advance(seconds=80)
    stage.drain()
    assert stage.places() == {str(booking_id): place(FOUR)}
    assert stage.state(booking_id).status == "synced"


def test_ours_is_the_one_of_two_that_stands_where_it_is_wanted(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    booking_id = stage.salon.book(FOUR)
    real = stage.crm.create

    def twice(new: NewCrmRecord, **_: object) -> CrmRecord:
        real(msgspec.structs.replace(new, starts_at=TEN.starts_at))
        real(new)
        raise UnknownOutcomeError(detail="lost")

    monkeypatch.setattr(stage.crm, "create", twice)
    stage.step()
    monkeypatch.undo()
    stage.salon.advance(seconds=5)
    stage.drain()
    resolve(stage, booking_id, "ours")
    assert stage.places() == {str(booking_id): place(FOUR)}
