"""What is read to compare both sides: records of other days, removed ones, holds, clients whose key is gone."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from ledger.decisions.hold import HoldSlot
from ledger.values import BookingId
from projections import schedule
from sync.access import Access
from sync.simulator import PARTNER_TOKEN, USER_TOKEN, Simulator, running
from sync.yclients import Yclients
from tests.builders import ANNA, HAIRCUT, MONDAY, MOSCOW, OLGA, at, slot
from tests.reconciling import found, pause, reconciled, record_of
from tests.stage import PACE, Stage, by_hand

AFTER_THE_WEEK = MONDAY + timedelta(days=8)


def test_a_booking_of_another_day_is_known_by_the_record_that_stands_in_this_week(stage: Stage) -> None:
    booking_id = stage.salon.book(slot("10:00", on=AFTER_THE_WEEK))
    stage.drain()
    assert found(stage) == []

    stage.simulator.move_by_hand(record_of(stage, booking_id), at("12:00").replace(tzinfo=None), ANNA)

    assert found(stage) == [("moved", booking_id, None)]


def test_a_booking_of_another_day_is_known_by_the_number_that_stands_in_this_week(stage: Stage) -> None:
    pause(stage)
    booking_id = stage.salon.book(slot("10:00", on=AFTER_THE_WEEK))
    stage.simulator.add_by_hand(msgspec.structs.replace(by_hand(ANNA, "12:00", 60), api_id=str(booking_id)))

    assert ("moved", booking_id, None) in found(stage)


def test_a_record_removed_before_we_knew_its_id_is_told_as_removed(stage: Stage) -> None:
    booking_id = stage.salon.book(slot("10:00"))
    stage.simulator.set_mode("drop_after_write")
    stage.step()
    stage.simulator.set_mode("ok")
    stage.simulator.remove_by_hand(int(str(stage.simulator.records()[0]["id"])))

    (told,) = reconciled(stage).told

    assert (told.difference.kind, told.explanation) == ("missing_in_crm", None)
    assert told.difference.record is not None
    assert told.difference.record.deleted
    assert stage.state(booking_id).status == "unknown"


def test_a_record_id_the_crm_has_never_heard_of_is_missing(stage: Stage) -> None:
    for start in ("10:00", "11:00", "12:00"):
        stage.salon.book(slot(start))
    stage.drain()
    other = Simulator(clock=stage.salon.clock.now)
    other.add_by_hand(by_hand(OLGA, "18:00", 30))
    with running(other) as url:
        access = Access(url, PARTNER_TOKEN, USER_TOKEN, 1)
        with Yclients(access, wait_turn=stage.turns, zone=MOSCOW, deadline=PACE.request) as crm:
            stage.crm, kept = crm, stage.crm
            kinds = [kind for kind, _, _ in found(stage)]
            stage.crm = kept

    assert kinds.count("missing_in_crm") == 2
    assert {call.status for call in other.journal()} == {200, 404}


def test_what_nothing_explains_comes_first(stage: Stage) -> None:
    pause(stage)
    early = stage.salon.book(slot("10:00"))
    stage.simulator.add_by_hand(by_hand(OLGA, "18:00", 30))

    assert found(stage) == [("extra_in_crm", None, None), ("missing_in_crm", early, "integration_paused")]


def test_two_at_once_are_explained_by_the_removal_that_waits(stage: Stage) -> None:
    gone = stage.salon.book(slot("10:00"))
    stage.drain()
    pause(stage)
    stage.salon.cancel(gone)
    stage.simulator.add_by_hand(by_hand(ANNA, "10:00", 60))

    assert sorted(found(stage), key=str) == sorted(
        [
            ("extra_in_crm", None, None),
            ("resurrected", gone, "integration_paused"),
            ("overlap", gone, "integration_paused"),
        ],
        key=str,
    )


def test_a_hold_is_not_expected_in_the_crm(stage: Stage) -> None:
    stage.salon.book(slot("10:00"))
    stage.drain()
    client_id = stage.salon.client()
    stage.salon.ledger.execute(HoldSlot(stage.salon.order(), BookingId(3), client_id, slot("16:00"), (HAIRCUT,)))
    held = schedule.booking(stage.salon.database, BookingId(3))
    assert held is not None
    assert held.status == "held"

    assert found(stage) == []


def test_a_client_whose_key_is_gone_is_compared_without_their_phone(stage: Stage) -> None:
    booking_id = stage.salon.book(slot("10:00"))
    stage.drain()
    row = schedule.booking(stage.salon.database, booking_id)
    assert row is not None
    with stage.salon.database.transaction() as connection:
        connection.execute("DELETE FROM client_keys WHERE client_id = %s", (row.client_id,))

    assert found(stage) == []
