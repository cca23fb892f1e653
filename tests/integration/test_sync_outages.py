"""The outage of 16 July and its relatives: redirects, 404 everywhere, look-ups that fail, unsendable bookings."""

from __future__ import annotations

import pytest

from ledger.decisions.see_crm_booking import SeeCrmBooking
from ledger.leases import Lease
from ledger.sync_state import SyncState
from ledger.values import BookingId, RecordId
from projections import backlog
from projections.integration import integration
from sync import errors
from sync.inbound import import_baseline
from sync.outcomes import Outcomes
from tests.builders import HAIRCUT, slot
from tests.stage import Stage


@pytest.mark.parametrize("outage", ["redirect", "not_found"])
def test_an_outage_that_redirects_or_finds_nothing_parks_no_booking(stage: Stage, outage: str) -> None:
    booking_ids = [stage.salon.book(slot(start)) for start in ("10:00", "11:00", "12:00")]
    stage.simulator.set_mode(outage)  # type: ignore[arg-type]  # one of the simulator's own words
    for _ in range(6):
        stage.step()
        stage.salon.advance(seconds=30)
    assert integration(stage.salon.ledger).state == "running"
    assert backlog.counts(stage.salon.database).parked == 0
    stage.simulator.set_mode("ok")
    for _ in range(6):
        stage.salon.advance(minutes=5)
        stage.drain()
    assert stage.live_records() == sorted(str(booking_id) for booking_id in booking_ids)


def test_a_404_to_everything_is_no_proof_that_a_record_was_removed(stage: Stage) -> None:
    booking_id = stage.salon.book(slot("10:00"))
    stage.drain()
    stage.salon.cancel(booking_id)
    stage.simulator.set_mode("not_found")
    for _ in range(4):
        stage.step()
        stage.salon.advance(seconds=30)
    assert stage.state(booking_id).is_in_crm
    stage.simulator.set_mode("ok")
    for _ in range(4):
        stage.salon.advance(minutes=5)
        stage.drain()
    assert stage.live_records() == []
    assert stage.state(booking_id).status == "synced"


def test_the_twin_is_found_while_the_read_models_follow(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a deployment the new record is bound to this very booking before the list comes back."""
    booking_id = stage.salon.book(slot("10:00"))
    stage.simulator.set_mode("off")
    stage.step()
    stage.simulator.set_mode("ok")
    stage.salon.advance(seconds=75)
    create, records = stage.crm.create, stage.crm.records

    def twice(new: object, **options: object) -> object:
        made = create(new, **options)  # type: ignore[arg-type]  # passed through as given
        create(new, save_if_busy=True)  # type: ignore[arg-type]  # the late first one
        return made

    def and_they_follow(**options: object) -> object:
        stage.salon.catch_up()
        return records(**options)  # type: ignore[arg-type]  # passed through as given

    monkeypatch.setattr(stage.crm, "create", twice)
    monkeypatch.setattr(stage.crm, "records", and_they_follow)
    stage.drain()
    assert stage.state(booking_id).conflict == "duplicate"


def test_a_look_up_that_keeps_failing_does_not_hold_up_the_others(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck, other = stage.salon.book(slot("10:00")), stage.salon.book(slot("12:00"))
    stage.simulator.set_mode("drop_after_write")
    stage.step()
    stage.simulator.set_mode("ok")

    def unreadable(**_: object) -> object:
        raise errors.InvalidError(detail="one record cannot be read")

    monkeypatch.setattr(stage.crm, "records", unreadable)
    for _ in range(6):
        stage.salon.advance(seconds=5)
        stage.step()
    assert stage.state(stuck).status == "unknown"
    assert stage.state(other).status == "synced"


def test_a_booking_that_cannot_be_built_waits_for_a_person_and_the_others_go_on(stage: Stage) -> None:
    """The client's key was destroyed: nobody can read the phone any more."""
    client_id = stage.salon.client()
    unreadable, other = stage.salon.book(slot("10:00"), client_id), stage.salon.book(slot("12:00"))
    with stage.salon.database.transaction() as connection:
        connection.execute("DELETE FROM client_keys WHERE client_id = %s", (client_id,))
    stage.drain()
    assert stage.state(unreadable).conflict == "unsendable"
    assert stage.state(unreadable).status == "parked"
    assert stage.state(other).status == "synced"


def test_called_off_while_it_is_found_unfit_to_be_sent_it_is_planned_anew(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    client_id = stage.salon.client()
    unreadable = stage.salon.book(slot("10:00"), client_id)
    with stage.salon.database.transaction() as connection:
        connection.execute("DELETE FROM client_keys WHERE client_id = %s", (client_id,))
    park = Outcomes.park

    def called_off_first(outcomes: Outcomes, state: SyncState, lease: Lease) -> None:
        stage.salon.cancel(unreadable)
        park(outcomes, state, lease)

    monkeypatch.setattr(Outcomes, "park", called_off_first)
    stage.drain()
    assert stage.state(unreadable).status == "skipped"


def test_an_overlap_found_in_the_diary_leaves_an_open_request_open(stage: Stage) -> None:
    booking_id = stage.salon.book(slot("10:00"))
    stage.simulator.set_mode("drop_after_write")
    stage.step()
    stage.simulator.set_mode("ok")
    seen = SeeCrmBooking(stage.salon.order(), BookingId(77), RecordId(4242), slot("10:30"), (HAIRCUT,))
    stage.salon.ledger.execute(seen)
    assert stage.state(booking_id).conflict == "overlap"
    stage.salon.cancel(booking_id)
    stage.salon.advance(seconds=5)
    stage.drain()
    assert stage.live_records() == []
    assert stage.state(booking_id).status == "synced"


def test_our_own_record_is_no_stranger_when_the_diary_is_read(stage: Stage) -> None:
    booking_id = stage.salon.book(slot("10:00"))
    stage.simulator.set_mode("drop_after_write")
    stage.step()
    stage.simulator.set_mode("ok")
    stage.salon.catch_up()
    stage.connect()
    import_baseline(stage.salon.ledger, stage.crm, stage.salon.clock, 1)
    assert stage.state(booking_id).conflict is None
    stage.salon.advance(seconds=5)
    stage.drain()
    assert stage.state(booking_id).status == "synced"


def test_a_cancelled_booking_the_crm_then_refuses_is_no_question_for_a_person(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    booking_id = stage.salon.book(slot("10:00"))

    def refused_after_the_client_cancelled(*_: object, **__: object) -> object:
        stage.salon.cancel(booking_id)
        raise errors.InvalidError(status=422, crm_message="no")

    monkeypatch.setattr(stage.crm, "create", refused_after_the_client_cancelled)
    stage.drain()
    assert stage.state(booking_id).status == "skipped"
