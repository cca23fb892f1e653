"""Sending and reading go on over a client who was erased in the middle of it, and nobody comes back by it."""

from __future__ import annotations

from pathlib import Path

from ledger import events as e
from ledger.decisions.integration import ResumeIntegration
from ledger.values import BookingId, ClientId
from projections import backlog
from sync.inbound.reading import DiaryReader
from sync.simulator import NewEntry
from tests.builders import ANNA, NOW, slot
from tests.forgetting import OPERATOR, erase, events, forgetting
from tests.stage import Stage, by_hand


def test_a_refused_removal_of_an_erased_clients_record_waits_for_a_person_as_any_other(
    stage: Stage, client: ClientId, booking: BookingId, tmp_path: Path
) -> None:
    """The CRM's words cannot be sealed any more: they are let go, and nothing crashes."""
    erase(stage.salon, client, tmp_path)
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

    erase(stage.salon, client, tmp_path, anyway=True)
    stage.salon.advance(seconds=5)
    stage.drain()

    assert stage.live_records() == []
    assert stage.state(booking_id).status == "synced"
    assert forgetting(stage).step(stage.lease)
    assert [record["client"] for record in stage.simulator.records()] == [None]


def test_a_create_that_never_arrived_is_not_sent_again_without_a_name(
    stage: Stage, client: ClientId, tmp_path: Path
) -> None:
    booking_id = stage.salon.book(slot("10:00"), client)
    stage.simulator.set_mode("off")
    stage.step()
    erase(stage.salon, client, tmp_path, anyway=True)
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
    erase(stage.salon, client, tmp_path, anyway=True)
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
    erase(stage.salon, client, tmp_path)

    assert stage.step() is None

    assert stage.state(booking_id).status == "skipped"
    assert [one.reason for one in events(stage, booking_id) if isinstance(one, e.SyncSkipped)] == ["erased"]
    assert stage.simulator.records() == []


def test_what_staff_write_of_an_erased_person_brings_nobody_back(
    stage: Stage, client: ClientId, booking: BookingId, tmp_path: Path
) -> None:
    told = stage.simulator.records()[0]["client"]
    erase(stage.salon, client, tmp_path)
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


def count_of(stage: Stage, table: str) -> int:
    with stage.salon.database.transaction() as connection:
        row = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
    assert row is not None
    return int(row[0])
