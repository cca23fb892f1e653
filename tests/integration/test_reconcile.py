"""The ledger and the CRM compared over real HTTP: after an outage, after staff's own changes, and with forgeries."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from ledger.decisions.integration import ResumeIntegration
from ledger.values import BookingId
from projections import schedule
from projections.clients import contact_of
from sync.access import Access
from sync.errors import SyncError
from sync.inbound import import_baseline
from sync.simulator import PARTNER_TOKEN, USER_TOKEN, NewEntry, Simulator, running
from sync.yclients import Yclients
from tests.builders import ANNA, HAIRCUT, MONDAY, MOSCOW, OLGA, at, slot
from tests.reconciling import found, pause, reconciled, record_of
from tests.stage import PACE, Stage, by_hand


def phone_of(stage: Stage, booking_id: BookingId) -> str:
    booking = schedule.booking(stage.salon.database, booking_id)
    assert booking is not None
    assert booking.client_id is not None
    contact = contact_of(stage.salon.ledger, stage.salon.vault, booking.client_id)
    assert contact is not None
    return contact.phone.removeprefix("+")


def test_equal_diaries_have_no_difference_and_nothing_was_written_on_either_side(stage: Stage) -> None:
    stage.connect()
    stage.simulator.add_by_hand(by_hand(OLGA, "15:00", 90))
    import_baseline(stage.salon.ledger, stage.crm, stage.salon.clock, 1)
    kept, gone = stage.salon.book(slot("10:00")), stage.salon.book(slot("12:00"))
    stage.drain()
    stage.salon.cancel(gone)
    stage.salon.move(kept, slot("18:00"))
    stage.drain()
    head, asked, diary = stage.salon.recorder.head(), len(stage.simulator.journal()), stage.simulator.records()

    done = reconciled(stage)

    assert done.told == []
    assert (done.comparison.checked, done.comparison.equal, done.comparison.numberless) == (2, 2, [])
    assert done.comparison.ours_digest == done.comparison.theirs_digest
    assert stage.salon.recorder.head() == head
    assert {call.method for call in stage.simulator.journal()[asked:]} == {"GET"}
    assert stage.simulator.records() == diary


def test_what_an_outage_held_back_is_explained_by_the_pause(stage: Stage) -> None:
    moved, gone = stage.salon.book(slot("10:00")), stage.salon.book(slot("12:00"))
    stage.drain()
    stage.simulator.set_mode("auth")
    new = stage.salon.book(slot("16:00"))
    stage.drain()
    stage.salon.move(moved, slot("18:00"))
    stage.salon.cancel(gone)
    stage.simulator.set_mode("ok")

    assert sorted(found(stage)) == sorted(
        [
            ("missing_in_crm", new, "integration_paused"),
            ("moved", moved, "integration_paused"),
            ("resurrected", gone, "integration_paused"),
        ]
    )
    stage.salon.resume()
    assert {cause for _, _, cause in found(stage)} == {"booking_made", "booking_moved", "booking_cancelled"}
    stage.drain()
    assert found(stage) == []


def test_a_request_that_never_arrived_is_explained_by_its_attempt(stage: Stage) -> None:
    booking_id = stage.salon.book(slot("10:00"))
    stage.simulator.set_mode("off")
    stage.step()
    stage.simulator.set_mode("ok")

    assert found(stage) == [("missing_in_crm", booking_id, "sync_attempted")]


def test_a_request_that_did_arrive_is_no_difference_whatever_became_of_its_answer(stage: Stage) -> None:
    booking_id = stage.salon.book(slot("10:00"))
    stage.simulator.set_mode("drop_after_write")
    stage.step()
    stage.simulator.set_mode("ok")
    assert stage.state(booking_id).status == "unknown"

    assert found(stage) == []
    stage.salon.move(booking_id, slot("16:00"))
    assert found(stage) == [("moved", booking_id, "sync_attempted")]


def test_what_waits_for_a_person_is_explained_by_its_conflict(stage: Stage) -> None:
    stage.simulator.add_by_hand(by_hand(ANNA, "10:30", 60))
    parked = stage.salon.book(slot("10:00"))
    stage.drain()

    assert sorted(found(stage), key=str) == sorted(
        [("missing_in_crm", parked, "conflict_found"), ("extra_in_crm", None, "conflict_found")], key=str
    )


def test_a_visit_that_was_skipped_for_being_past_is_explained_by_that(stage: Stage) -> None:
    booking_id = stage.salon.book(slot("10:00"))
    stage.salon.advance(days=2)
    stage.salon.ledger.execute(ResumeIntegration(stage.salon.order(), "skip"))
    stage.drain()

    assert found(stage) == [("missing_in_crm", booking_id, "sync_skipped")]


def test_what_staff_do_by_hand_is_found_and_nothing_explains_it(stage: Stage) -> None:
    removed, moved, away = (stage.salon.book(slot(start)) for start in ("10:00", "12:00", "16:00"))
    stage.drain()
    stage.simulator.remove_by_hand(record_of(stage, removed))
    stage.simulator.move_by_hand(record_of(stage, moved), at("17:00").replace(tzinfo=None), OLGA)
    next_month = at("10:00", MONDAY + timedelta(days=30)).replace(tzinfo=None)
    stage.simulator.move_by_hand(record_of(stage, away), next_month, ANNA)
    stage.simulator.add_by_hand(by_hand(OLGA, "17:30", 60))

    done = found(stage)

    assert sorted(done, key=str) == sorted(
        [
            ("missing_in_crm", removed, None),
            ("moved", moved, None),
            ("moved", away, None),
            ("extra_in_crm", None, None),
            ("overlap", moved, None),
        ],
        key=str,
    )
    assert [one.booking_id for one, _ in reconciled(stage).comparison.numberless] == [moved, away]


def test_a_pending_move_does_not_explain_a_record_that_staff_put_at_a_third_place(stage: Stage) -> None:
    booking_id = stage.salon.book(slot("10:00"))
    stage.drain()
    pause(stage)
    stage.salon.move(booking_id, slot("16:00"))
    assert found(stage) == [("moved", booking_id, "integration_paused")]

    stage.simulator.move_by_hand(record_of(stage, booking_id), at("18:00").replace(tzinfo=None), ANNA)

    assert found(stage) == [("moved", booking_id, None)]


def test_a_copy_of_a_booking_is_a_duplicate_by_its_number_or_by_its_likeness(stage: Stage) -> None:
    first, second = stage.salon.book(slot("10:00")), stage.salon.book(slot("12:00"))
    stage.drain()
    stage.simulator.add_by_hand(msgspec.structs.replace(by_hand(OLGA, "19:00", 30), api_id=str(first)))
    client: dict[str, object] = {"phone": phone_of(stage, second)}
    start = at("12:00").replace(tzinfo=None)
    stage.simulator.add_by_hand(NewEntry(ANNA, start, 3600, services=({"id": HAIRCUT},), client=client))

    assert sorted(found(stage)) == sorted([("duplicate", first, None), ("duplicate", second, None)])


def test_a_record_under_a_cancelled_bookings_number_and_forged_numbers_are_told_apart(stage: Stage) -> None:
    gone = stage.salon.book(slot("10:00"))
    stage.drain()
    stage.salon.cancel(gone)
    stage.drain()
    for start, number in (("11:00", str(gone)), ("13:00", "9" * 40), ("15:00", "12345"), ("17:00", "-1")):
        stage.simulator.add_by_hand(msgspec.structs.replace(by_hand(ANNA, start, 30), api_id=number))

    assert sorted(found(stage), key=str) == sorted(
        [("resurrected", gone, None), *[("extra_in_crm", None, None)] * 3], key=str
    )


def test_an_empty_answer_is_never_all_missing(stage: Stage) -> None:
    for start in ("10:00", "12:00"):
        stage.salon.book(slot(start))
    stage.drain()
    empty = Simulator(clock=stage.salon.clock.now)
    with running(empty) as url:
        access = Access(url, PARTNER_TOKEN, USER_TOKEN, 1)
        with Yclients(access, wait_turn=stage.turns, zone=MOSCOW, deadline=PACE.request) as crm:
            stage.crm, kept = crm, stage.crm
            done = reconciled(stage)
            stage.crm = kept

    assert [(one.difference.kind, one.difference.expected) for one in done.told] == [("empty_answer", 2)]
    assert [call.method for call in empty.journal()] == ["GET"]


@pytest.mark.parametrize("mode", ["off", "auth", "redirect", "not_found"])
def test_a_crm_that_cannot_be_read_is_an_error_and_no_difference(stage: Stage, mode: str) -> None:
    stage.salon.book(slot("10:00"))
    stage.drain()
    stage.simulator.set_mode(mode)  # type: ignore[arg-type]  # one of its modes

    with pytest.raises(SyncError):
        reconciled(stage)


def test_an_outage_between_two_pages_is_an_error_and_no_difference(stage: Stage) -> None:
    booking_id = stage.salon.book(slot("10:00"))
    stage.drain()
    away = at("10:00", MONDAY + timedelta(days=30)).replace(tzinfo=None)
    stage.simulator.move_by_hand(record_of(stage, booking_id), away, ANNA)
    stage.simulator.add_by_hand(by_hand(OLGA, "10:00", 30))

    def goes_away() -> None:
        stage.salon.catch_up()
        stage.simulator.set_mode("off")

    with pytest.raises(SyncError):
        reconciled(stage, goes_away)


def test_what_the_ledger_changes_while_the_crm_is_read_is_looked_at_again(stage: Stage) -> None:
    stage.salon.book(slot("10:00"))
    stage.drain()
    late: list[BookingId] = []

    def books_once() -> None:
        if not late:
            late.append(stage.salon.book(slot("12:00")))
        stage.salon.catch_up()

    done = reconciled(stage, books_once)

    assert done.moving == 0
    assert [(one.difference.kind, one.explanation and one.explanation.type) for one in done.told] == [
        ("missing_in_crm", "booking_made")
    ]


def test_what_never_stands_still_is_counted_and_not_told_as_a_difference(stage: Stage) -> None:
    times = iter(["10:00", "11:00", "12:00", "13:00", "15:00"])

    def books() -> None:
        stage.salon.book(slot(next(times)))
        stage.salon.catch_up()

    done = reconciled(stage, books)

    assert done.moving == 1
    assert len(done.told) == 2
