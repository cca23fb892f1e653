"""An erased client is deleted in the CRM too, by a record's number; what cannot be done there is said."""

from __future__ import annotations

from pathlib import Path

import msgspec

from ledger.values import BookingId, ClientId
from projections.integration import integration
from sync.simulator import NewEntry
from tests.builders import ANNA, slot
from tests.forgetting import became, erase, forgetting
from tests.stage import Stage, by_hand


def clients_in_crm(stage: Stage) -> list[object]:
    return [record["client"] for record in stage.simulator.records()]


def test_the_removal_goes_by_number_and_then_the_client_is_deleted(
    stage: Stage, client: ClientId, booking: BookingId, tmp_path: Path
) -> None:
    erase(stage.salon, client, tmp_path)
    eager = forgetting(stage)
    assert not eager.step(stage.lease), "the record is to be removed first"

    stage.drain()
    stage.salon.advance(minutes=1)
    assert eager.step(stage.lease)

    assert stage.live_records() == []
    assert clients_in_crm(stage) == [None]
    assert became(stage).in_crm == "removed"
    assert not eager.step(stage.lease)
    assert stage.sent("DELETE") == 2


def test_whom_the_crm_never_knew_is_not_looked_for(stage: Stage, client: ClientId, tmp_path: Path) -> None:
    booking_id = stage.salon.book(slot("10:00"), client)
    erase(stage.salon, client, tmp_path)

    assert stage.step() is None
    assert not forgetting(stage).step(stage.lease)

    assert became(stage).in_crm == "none"
    assert stage.state(booking_id).status == "skipped"
    assert stage.simulator.records() == []


def test_without_the_right_a_person_is_told_and_sending_goes_on(
    stage: Stage, client: ClientId, booking: BookingId, tmp_path: Path
) -> None:
    stage.simulator.account.withdraw("clients_delete_access")
    erase(stage.salon, client, tmp_path)
    stage.drain()

    assert forgetting(stage).step(stage.lease)

    assert (became(stage).in_crm, became(stage).reason) == ("kept", "no_right")
    assert integration(stage.salon.ledger).state == "running"


def test_a_card_that_is_another_clients_too_stays(
    stage: Stage, client: ClientId, booking: BookingId, tmp_path: Path
) -> None:
    """Somebody booked for herself under her husband's phone; he is not to vanish with her."""
    other = stage.salon.client("500")
    contact = {"phone": stage.simulator.records()[0]["client"]["phone"], "name": "Пётр"}  # type: ignore[index]
    theirs = stage.salon.book(slot("12:00"), other)
    stage.drain()
    record = stage.state(theirs).record_id
    assert record is not None
    entry = stage.simulator.entries()[-1]
    stage.simulator._diary.change(record, msgspec.structs.replace(entry.new, client=contact), minds_own_time=False)
    erase(stage.salon, client, tmp_path)
    stage.drain()

    assert forgetting(stage).step(stage.lease)

    assert became(stage).reason == "shared"
    assert None not in clients_in_crm(stage)


def test_a_visit_to_come_that_staff_wrote_keeps_the_card(
    stage: Stage, client: ClientId, booking: BookingId, tmp_path: Path
) -> None:
    phone = stage.simulator.records()[0]["client"]["phone"]  # type: ignore[index]
    visit = by_hand(ANNA, "16:00", 60)
    stage.simulator.add_by_hand(NewEntry(visit.staff_id, visit.starts_at, visit.seconds, client={"phone": phone}))
    erase(stage.salon, client, tmp_path)
    stage.drain()

    assert forgetting(stage).step(stage.lease)

    assert became(stage).reason == "coming_visit"


def test_a_lost_answer_is_asked_again_and_is_no_false_alarm(
    stage: Stage, client: ClientId, booking: BookingId, tmp_path: Path
) -> None:
    erase(stage.salon, client, tmp_path)
    stage.drain()
    patient = forgetting(stage)
    stage.simulator.set_mode("drop_after_write")
    assert not patient.step(stage.lease)
    assert became(stage).in_crm == "waiting"

    stage.simulator.set_mode("ok")
    assert not patient.step(stage.lease), "it rests first"
    stage.salon.advance(minutes=1)
    assert patient.step(stage.lease)

    assert became(stage).in_crm == "removed"


def test_where_no_record_names_a_client_a_person_has_to_look(
    stage: Stage, client: ClientId, booking: BookingId, tmp_path: Path
) -> None:
    stage.simulator._diary.forget_client(500001)
    erase(stage.salon, client, tmp_path)
    stage.drain()

    assert forgetting(stage).step(stage.lease)

    assert became(stage).reason == "not_found"


def test_while_the_integration_is_paused_it_waits(
    stage: Stage, client: ClientId, booking: BookingId, tmp_path: Path
) -> None:
    erase(stage.salon, client, tmp_path)
    stage.drain()
    stage.simulator.set_mode("auth")
    assert not forgetting(stage).step(stage.lease)
    assert integration(stage.salon.ledger).state == "paused"
    stage.simulator.set_mode("ok")
    assert not forgetting(stage).step(stage.lease)

    stage.salon.resume()
    assert forgetting(stage).step(stage.lease)

    assert became(stage).in_crm == "removed"
