"""An erased client is deleted in the CRM too, by a record's number; what cannot be done there is said."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from ledger import events as e
from ledger.decisions import boundaries
from ledger.decisions.integration import ResumeIntegration
from ledger.erased_register import ErasedRegister, ledger_id
from ledger.erasing import Eraser
from ledger.values import Actor, BookingId, ClientId
from projections import backlog
from projections.erasures import ErasedClient, erasures
from projections.integration import integration
from sync.forgetting import Forgetting
from sync.inbound.reading import DiaryReader
from sync.simulator import NewEntry
from tests.builders import ANNA, NOW, slot
from tests.stage import Stage, by_hand

OPERATOR = Actor("operator", "77")


@pytest.fixture
def client(stage: Stage) -> ClientId:
    return stage.salon.client()


@pytest.fixture
def booking(stage: Stage, client: ClientId) -> BookingId:
    """A booking of the client's that the CRM holds."""
    booking_id = stage.salon.book(slot("10:00"), client)
    stage.drain()
    return booking_id


def erase(stage: Stage, client: ClientId, folder: Path, *, anyway: bool = False) -> None:
    salon = stage.salon
    register = ErasedRegister(folder / "erased.jsonl", ledger_id(salon.database))
    Eraser(salon.ledger, salon.vault, register, salon.clock).erase(client, "request", OPERATOR, anyway=anyway)
    salon.catch_up()


def forgetting(stage: Stage) -> Forgetting:
    salon = stage.salon
    return Forgetting(salon.ledger, stage.crm, stage.turns, salon.clock, lambda: salon.clock.now().timestamp())


def became(stage: Stage) -> ErasedClient:
    (one,) = erasures(stage.salon.ledger)
    return one


def clients_in_crm(stage: Stage) -> list[object]:
    return [record["client"] for record in stage.simulator.records()]


def test_the_removal_goes_by_number_and_then_the_client_is_deleted(
    stage: Stage, client: ClientId, booking: BookingId, tmp_path: Path
) -> None:
    erase(stage, client, tmp_path)
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
    erase(stage, client, tmp_path)

    assert stage.step() is None
    assert not forgetting(stage).step(stage.lease)

    assert became(stage).in_crm == "none"
    assert stage.state(booking_id).status == "skipped"
    assert stage.simulator.records() == []


def test_without_the_right_a_person_is_told_and_sending_goes_on(
    stage: Stage, client: ClientId, booking: BookingId, tmp_path: Path
) -> None:
    stage.simulator.account.withdraw("clients_delete_access")
    erase(stage, client, tmp_path)
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
    erase(stage, client, tmp_path)
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
    erase(stage, client, tmp_path)
    stage.drain()

    assert forgetting(stage).step(stage.lease)

    assert became(stage).reason == "coming_visit"


def test_a_lost_answer_is_asked_again_and_is_no_false_alarm(
    stage: Stage, client: ClientId, booking: BookingId, tmp_path: Path
) -> None:
    erase(stage, client, tmp_path)
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
    erase(stage, client, tmp_path)
    stage.drain()

    assert forgetting(stage).step(stage.lease)

    assert became(stage).reason == "not_found"


def test_while_the_integration_is_paused_it_waits(
    stage: Stage, client: ClientId, booking: BookingId, tmp_path: Path
) -> None:
    erase(stage, client, tmp_path)
    stage.drain()
    stage.simulator.set_mode("auth")
    assert not forgetting(stage).step(stage.lease)
    assert integration(stage.salon.ledger).state == "paused"
    stage.simulator.set_mode("ok")
    assert not forgetting(stage).step(stage.lease)

    stage.salon.resume()
    assert forgetting(stage).step(stage.lease)

    assert became(stage).in_crm == "removed"


def test_a_refused_removal_of_an_erased_clients_record_waits_for_a_person_as_any_other(
    stage: Stage, client: ClientId, booking: BookingId, tmp_path: Path
) -> None:
    """The CRM's words cannot be sealed any more: they are let go, and nothing crashes."""
    erase(stage, client, tmp_path)
    stage.simulator.account.withdraw("delete_records_access")
    stage.step()
    failed = [one for one in events(stage, booking) if isinstance(one, e.SyncFailed)]
    assert [(one.outcome, one.message.is_blank) for one in failed] == [("refused", True)]
    stage.simulator.account.grant("delete_records_access")
    stage.salon.resume()
    stage.drain()

    assert stage.live_records() == []
    assert stage.state(booking).status == "synced"


def test_a_create_that_was_on_its_way_is_found_by_number_and_taken_back(
    stage: Stage, client: ClientId, tmp_path: Path
) -> None:
    booking_id = stage.salon.book(slot("10:00"), client)
    stage.simulator.set_mode("drop_after_write")
    stage.step()
    stage.simulator.set_mode("ok")
    assert stage.state(booking_id).status == "unknown"

    erase(stage, client, tmp_path, anyway=True)
    stage.salon.advance(seconds=5)
    stage.drain()

    assert stage.live_records() == []
    assert stage.state(booking_id).status == "synced"
    assert forgetting(stage).step(stage.lease)
    assert clients_in_crm(stage) == [None]


def test_a_create_that_never_arrived_is_not_sent_again_without_a_name(
    stage: Stage, client: ClientId, tmp_path: Path
) -> None:
    booking_id = stage.salon.book(slot("10:00"), client)
    stage.simulator.set_mode("off")
    stage.step()
    erase(stage, client, tmp_path, anyway=True)
    stage.simulator.set_mode("ok")
    stage.salon.advance(minutes=5)
    stage.drain()

    assert stage.simulator.records() == []
    assert stage.state(booking_id).status == "skipped"
    assert backlog.counts(stage.salon.database).pending == 0


def test_a_past_visit_whose_create_never_arrived_is_given_up_once_that_is_sure(
    stage: Stage, client: ClientId, tmp_path: Path
) -> None:
    """Erased in the middle of an outage: what is wanted there cannot be sent without a name."""
    booking_id = stage.salon.book(slot("10:00"), client)
    stage.simulator.set_mode("off")
    stage.step()
    stage.salon.clock.advance(slot("12:00").starts_at - NOW)
    erase(stage, client, tmp_path, anyway=True)
    stage.salon.ledger.execute(ResumeIntegration(stage.salon.order(OPERATOR), "send"))
    stage.simulator.set_mode("ok")
    stage.drain()

    assert stage.simulator.records() == []
    assert not stage.state(booking_id).parked
    last = events(stage, booking_id)[-1]
    assert isinstance(last, e.SyncSkipped)
    assert last.reason == "erased"


def test_a_past_visit_of_an_erased_client_is_never_sent(stage: Stage, client: ClientId, tmp_path: Path) -> None:
    booking_id = stage.salon.book(slot("10:00"), client)
    stage.salon.clock.advance(slot("12:00").starts_at - NOW)
    erase(stage, client, tmp_path)

    assert stage.step() is None

    assert stage.state(booking_id).status == "skipped"
    assert [one.reason for one in events(stage, booking_id) if isinstance(one, e.SyncSkipped)] == ["erased"]
    assert stage.simulator.records() == []


def test_what_staff_write_of_an_erased_person_brings_nobody_back(
    stage: Stage, client: ClientId, booking: BookingId, tmp_path: Path
) -> None:
    told = stage.simulator.records()[0]["client"]
    erase(stage, client, tmp_path)
    stage.drain()
    visit = by_hand(ANNA, "16:00", 60)
    assert isinstance(told, dict)
    stage.simulator.add_by_hand(
        NewEntry(visit.staff_id, visit.starts_at, visit.seconds, client=told, comment="та самая Мария")
    )
    keys = count_of(stage, "client_keys")

    reader = DiaryReader(stage.salon.ledger, stage.salon.vault, stage.crm, stage.salon.clock, 1)
    reader.sweep(stage.lease)

    seen = stage.salon.ledger.recorder.page(None, 0, 1000)[0][-1]
    assert seen.type == "crm_booking_seen"
    assert "Мария" not in seen.data
    assert str(told["phone"])[-10:] not in seen.data
    assert count_of(stage, "client_keys") == keys


def events(stage: Stage, booking_id: BookingId) -> list[e.AnyEvent]:
    return [item.event for item in stage.salon.ledger.history(boundaries.booking(booking_id))]


def count_of(stage: Stage, table: str) -> int:
    with stage.salon.database.transaction() as connection:
        row = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
    assert row is not None
    return int(row[0])
