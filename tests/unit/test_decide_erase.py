"""What is decided when somebody is forgotten: what is given up, what is never sent, and what is left to be answered."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from ledger import errors, events as e
from ledger.decisions.erase_client import EraseClient, GiveUpBooking, records_in
from ledger.decisions.note_crm_erasure import NoteCrmErasure
from ledger.ledger import Already
from ledger.sync_state import fold_sync
from ledger.values import RecordId
from tests.builders import (
    BOOKING,
    DARIA,
    MARIA,
    NOW,
    RECORD,
    Memory,
    attempted,
    cancelled,
    failed,
    given,
    held,
    history,
    lapsed,
    made,
    order,
    registered,
    slot,
    succeeded,
)

PAST = NOW + timedelta(days=2)
"""After the visit of MONDAY."""
ERASED = e.ClientErased(MARIA, "request", (), "none")


def erase(*, has_key: bool = True, erased_at: int = 0, anyway: bool = False, after: bool = False) -> EraseClient:
    return EraseClient(
        order(at=PAST if after else NOW), MARIA, "request", (BOOKING,), has_key, erased_at, anyway=anyway
    )


def test_it_names_what_was_held_and_not_what_was_blank() -> None:
    known = msgspec.structs.replace(registered(), phone=msgspec.structs.replace(registered().phone, blob=""))
    words = failed(message=msgspec.structs.replace(failed().message, context="sync_failed.message"))

    (erased,) = given(known, made(), words, cancelled()).new(erase(anyway=True))[-1:]

    assert isinstance(erased, e.ClientErased)
    assert erased.categories == ("message", "name", "telegram")


@pytest.mark.parametrize("event", [held(), made()])
def test_what_is_open_has_to_be_given_up_first(event: e.AnyEvent) -> None:
    with pytest.raises(errors.StaleVersionError):
        given(event).decide(erase())


def test_a_booking_nobody_reckoned_with_is_looked_at_first() -> None:
    with pytest.raises(errors.StaleVersionError):
        given(made()).decide(EraseClient(order(at=PAST), MARIA, "request", (), has_key=True))


def test_a_hold_lapses_and_a_visit_to_come_is_called_off_whatever_the_salons_limits() -> None:
    give_up = GiveUpBooking(order(at=slot().starts_at - timedelta(minutes=1)), BOOKING, MARIA)

    assert given(held()).new(give_up) == [e.HoldLapsed(BOOKING, MARIA, slot(), "released")]
    assert given(made()).new(give_up) == [cancelled()]
    assert given(held(), lapsed()).new(give_up) == []
    assert given(made()).new(GiveUpBooking(order(at=PAST), BOOKING, MARIA)) == [], "what is over stays"
    with pytest.raises(errors.UnknownBookingError):
        given(made(client_id=DARIA)).decide(give_up)


def test_what_the_crm_never_had_is_never_sent() -> None:
    new = given(made(), cancelled()).new(erase())

    assert new == [e.SyncSkipped(BOOKING, (1, 2), "erased"), ERASED]


def test_what_the_crm_has_is_still_removed_there_by_its_number() -> None:
    new = given(made(), attempted(), succeeded(), cancelled()).new(erase())

    assert new == [msgspec.structs.replace(ERASED, crm="asked")]


def test_a_past_visit_that_was_not_sent_or_not_moved_there_is_left_as_it_is() -> None:
    assert given(made()).new(erase(after=True))[0] == e.SyncSkipped(BOOKING, (1,), "erased")
    there = given(made(), attempted(), succeeded(), e.BookingMoved(BOOKING, MARIA, slot(), slot("12:00"), ()))
    assert there.new(erase(after=True))[0] == e.SyncSkipped(BOOKING, (4,), "erased")


@pytest.mark.parametrize("operation", ["create", "move"])
def test_a_request_that_carries_the_name_is_waited_for_unless_told_otherwise(operation: e.Operation) -> None:
    memory = given(made(), attempted(operation=operation), cancelled())

    with pytest.raises(errors.AttemptOpenError):
        memory.decide(erase())
    assert memory.new(erase(anyway=True)) == [msgspec.structs.replace(ERASED, crm="asked")]


def test_a_removal_on_its_way_carries_nobody_and_is_not_waited_for() -> None:
    memory = given(made(), attempted(), succeeded(), cancelled(), attempted(operation="cancel", record_id=RECORD))

    assert memory.new(erase()) == [msgspec.structs.replace(ERASED, crm="asked")]


def test_erased_before_is_erased_again_only_where_the_key_came_back() -> None:
    memory = given(registered(), ERASED)

    assert memory.decide(erase(has_key=False)) == Already(ERASED)
    assert memory.decide(erase(has_key=True, erased_at=1)) == Already(ERASED), "somebody was quicker"
    (again,) = memory.new(erase(has_key=True, erased_at=2))
    assert isinstance(again, e.ClientErased)


def test_an_erased_clients_question_is_none_any_more_but_for_whose_a_record_is() -> None:
    refused = failed(outcome="refused", parked=True)
    twice = e.ConflictFound(BOOKING, "duplicate", (RECORD, RecordId(2)))
    skipped = e.SyncSkipped(BOOKING, (1,), "erased")

    moot = fold_sync(history(made(), attempted(), refused, skipped))
    open_still = fold_sync(history(made(), attempted(), twice, skipped))

    assert moot is not None
    assert (moot.parked, moot.status) == (False, "skipped")
    assert open_still is not None
    assert (open_still.parked, open_still.conflict) == (True, "duplicate")


def test_the_records_of_a_question_are_not_taken_for_the_clients() -> None:
    doubtful = e.ConflictFound(BOOKING, "ambiguous", (RecordId(4711),))

    assert records_in(history(made(), doubtful, attempted(), succeeded())) == (RECORD,)


def test_what_became_of_them_in_the_crm_is_written_down_once() -> None:
    asked = msgspec.structs.replace(ERASED, crm="asked")
    removed, kept = e.CrmClientRemoved(MARIA, 1), e.CrmClientKept(MARIA, "no_right")
    memory = Memory(asked)

    assert memory.execute(NoteCrmErasure(order(), removed)) == [removed]
    assert memory.decide(NoteCrmErasure(order(), kept)) == Already(removed)
    with pytest.raises(errors.NothingToSyncError):
        given(ERASED).decide(NoteCrmErasure(order(), removed))
    with pytest.raises(errors.NothingToSyncError):
        given().decide(NoteCrmErasure(order(), removed))
