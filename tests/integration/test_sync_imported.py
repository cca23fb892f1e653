"""Imported bookings on their way to the CRM, which may have had them by hand."""

from __future__ import annotations

from ledger.decisions.integration import ResumeIntegration
from ledger.values import BookingId
from projections import backlog
from sync.inbound import import_baseline
from sync.plan import make_plan
from tests.builders import ANNA
from tests.old_tables import MARIAS_ROW, import_rows
from tests.stage import Stage, by_hand

PAST = "2,700,Мария,+79000000001,Стрижка,Анна,2030-01-04 10:00,,,active"
GONE = "3,700,Мария,+79000000001,Стрижка,Анна,2030-01-07 12:00,,,cancelled"
NO_PHONE = "4,704,Зоя,,Стрижка,Анна,2030-01-07 13:00,,,active"


def taken(stage: Stage, *rows: str) -> list[BookingId]:
    ids = [outcome.booking_id for outcome in import_rows(stage.salon, *rows)]
    stage.salon.catch_up()
    return [booking_id for booking_id in ids if booking_id is not None]


def test_the_plan_shows_what_was_imported_and_past_visits_wait_for_a_choice(stage: Stage) -> None:
    ahead, past, gone = taken(stage, MARIAS_ROW, PAST, GONE)

    items = make_plan(backlog.open_items(stage.salon.database), stage.salon.clock.now(), "ask")

    assert {item.booking_id: item.step for item in items} == {ahead: "create", past: "past", gone: "skip"}
    stage.drain()
    assert stage.live_records() == [str(ahead)]
    assert stage.state(gone).status == "skipped"
    stage.salon.ledger.execute(ResumeIntegration(stage.salon.order(), "send"))
    stage.drain()
    assert stage.live_records() == sorted([str(ahead), str(past)])


def test_the_record_carries_the_imported_contact(stage: Stage) -> None:
    taken(stage, MARIAS_ROW)
    stage.drain()

    (record,) = stage.simulator.records()
    client = record["client"]
    assert isinstance(client, dict)
    assert (client["phone"], client["name"]) == ("79000000001", "Мария")


def test_without_a_phone_it_is_parked_alone_and_the_others_go(stage: Stage) -> None:
    lacking, whole = taken(stage, NO_PHONE, MARIAS_ROW)
    stage.drain()

    assert stage.state(lacking).conflict == "unsendable"
    assert stage.live_records() == [str(whole)]


def test_a_diary_read_later_that_has_the_visit_by_hand_parks_it(stage: Stage) -> None:
    (booking_id,) = taken(stage, MARIAS_ROW)
    stage.simulator.add_by_hand(by_hand(ANNA, "10:00", 60))
    stage.connect()
    import_baseline(stage.salon.ledger, stage.crm, stage.salon.clock, 1)
    stage.drain()

    assert (stage.state(booking_id).status, stage.state(booking_id).conflict) == ("parked", "overlap")
    assert len(stage.live_records()) == 1, "the one by hand; nothing was sent over it"


def test_a_diary_read_before_is_a_conflict_at_once_and_nothing_is_doubled(stage: Stage) -> None:
    stage.simulator.add_by_hand(by_hand(ANNA, "10:00", 60))
    stage.connect()
    import_baseline(stage.salon.ledger, stage.crm, stage.salon.clock, 1)

    (outcome,) = import_rows(stage.salon, MARIAS_ROW)
    stage.drain()

    assert "it may be this visit, entered by hand" in outcome.remark
    assert len(stage.live_records()) == 1, "nothing was sent beside it"
