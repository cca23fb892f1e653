"""Rows of an older table in a real ledger: taken once, reported when they differ, nothing personal in clear."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from console.old_table.importer import Outcome
from ledger import events as e
from ledger.decisions import boundaries
from ledger.decisions.cancel import CancelBooking
from ledger.decisions.see_crm_booking import SeeCrmBooking
from ledger.integrity import verify_chain
from ledger.recorder import BoundaryItem
from ledger.values import BookingId, Slot
from projections import backlog, schedule
from projections.clients import contact_of
from tests.builders import HAIRCUT, RECORD, at, slot
from tests.old_tables import MARIAS_ROW, import_rows
from tests.salon import Salon, open_test_salon

NOON = MARIAS_ROW.replace("10:00", "12:00")
PAST = MARIAS_ROW.replace("2030-01-07", "2020-01-06")


@pytest.fixture
def salon(database_url: str, schema: str) -> Iterator[Salon]:
    with open_test_salon(database_url, schema) as opened:
        yield opened
        assert verify_chain(opened.recorder).ok


def results(outcomes: list[Outcome]) -> list[str]:
    return [outcome.result for outcome in outcomes]


def numbered(row: str, number: str) -> str:
    return number + row.removeprefix("1")


def test_an_imported_booking_is_in_the_schedule_and_lacking_in_the_crm(salon: Salon) -> None:
    (taken,) = import_rows(salon, MARIAS_ROW)

    salon.catch_up()
    assert taken.booking_id is not None
    booking = schedule.booking(salon.database, taken.booking_id)
    assert booking is not None
    assert (booking.status, booking.starts_at, booking.price, booking.version) == ("booked", at("10:00"), 150_000, 1)
    assert not booking.overlap_allowed
    assert [state.booking_id for state in backlog.open_items(salon.database)] == [taken.booking_id]
    contact = contact_of(salon.ledger, salon.vault, salon.vault.client_for("telegram", "700"))
    assert contact is not None
    assert (contact.name, contact.phone, contact.telegram) == ("Мария", "+79000000001", "700")
    made = salon.ledger.history(boundaries.booking(taken.booking_id))[0]
    assert made.by.kind == "operator"
    assert made.cause.startswith("import:old-bot:")
    assert "command:import:old-bot:1" in made.tags
    assert made.at == salon.clock.now()
    assert salon.ledger.history(BoundaryItem(types=["consent_given"])) == []


def test_the_same_rows_again_store_nothing(salon: Salon) -> None:
    table = [MARIAS_ROW, numbered(NOON, "2"), numbered(PAST, ""), numbered(MARIAS_ROW, "4")]
    first = results(import_rows(salon, *table))
    head = salon.recorder.head()

    assert first == ["taken", "taken", "taken", "already"]
    assert results(import_rows(salon, *table)) == ["already"] * 4
    assert results(import_rows(salon, *reversed(table), PAST.replace("1,", ",", 1))) == ["already"] * 5
    assert salon.recorder.head() == head


def test_what_the_client_called_off_since_does_not_come_back(salon: Salon) -> None:
    """Not even by the second of two identical rows, of which the log has no command."""
    (taken, _) = import_rows(salon, MARIAS_ROW, numbered(MARIAS_ROW, "2"))
    assert taken.booking_id is not None
    client_id = salon.vault.client_for("telegram", "700")
    salon.ledger.execute(CancelBooking(salon.order(), taken.booking_id, client_id, 1))
    head = salon.recorder.head()

    assert results(import_rows(salon, MARIAS_ROW, numbered(MARIAS_ROW, "2"))) == ["already", "already"]
    assert salon.recorder.head() == head


@pytest.mark.parametrize(
    "changed", [MARIAS_ROW.replace("active", "cancelled"), NOON, MARIAS_ROW.replace("Мария", "Марина")]
)
def test_a_known_row_that_says_something_else_now_is_reported_and_changes_nothing(salon: Salon, changed: str) -> None:
    import_rows(salon, MARIAS_ROW)
    head = salon.recorder.head()

    (outcome,) = import_rows(salon, changed)

    assert outcome.result == "rejected"
    assert "changed since it was imported" in outcome.remark
    assert salon.recorder.head() == head


def test_a_cancelled_row_of_a_visit_that_stands_is_reported(salon: Salon) -> None:
    """Without a number of its own nobody can tell a changed row from another one: the visit tells."""
    rows = MARIAS_ROW.replace("1,", ",", 1), MARIAS_ROW.replace("1,", ",", 1).replace("active", "cancelled")

    stands, gone = import_rows(salon, *rows)

    assert stands.result == "taken"
    assert gone.result == "rejected"
    assert "call it off there" in gone.remark


def test_over_each_other_both_stand_and_the_second_waits_for_a_person(salon: Salon) -> None:
    first, second = import_rows(salon, MARIAS_ROW, "2,701,Пётр,+79000000002,Стрижка,Анна,2030-01-07 10:30,,,active")

    salon.catch_up()
    assert (second.is_conflict, second.against) == (True, (first.booking_id,))
    assert "another booking" in second.remark
    states = {state.booking_id: state for state in backlog.open_items(salon.database)}
    assert [states[BookingId(one.booking_id or 0)].status for one in (first, second)] == ["pending", "parked"]
    assert second.booking_id is not None
    row = schedule.booking(salon.database, second.booking_id)
    assert row is not None
    assert row.overlap_allowed


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (slot(), "record 9001 of the CRM stands at this very time"),
        (slot("10:30"), "taken by record 9001 of the CRM"),
    ],
)
def test_a_record_the_crm_had_by_hand_is_named(salon: Salon, place: Slot, said: str) -> None:
    salon.ledger.execute(SeeCrmBooking(salon.order(), BookingId(5), RECORD, place, (HAIRCUT,)))

    (outcome,) = import_rows(salon, MARIAS_ROW)

    assert outcome.is_conflict
    assert said in outcome.remark
    assert outcome.booking_id is not None
    found = salon.ledger.history(boundaries.booking(outcome.booking_id))[-1].event
    assert found == e.ConflictFound(outcome.booking_id, "overlap", (RECORD,))


def test_a_cancelled_row_over_a_booking_disturbs_nobody(salon: Salon) -> None:
    kept = salon.book(slot())

    (outcome,) = import_rows(salon, MARIAS_ROW.replace("active", "отменена"))

    assert (outcome.result, outcome.is_cancelled, outcome.is_conflict) == ("taken", True, False)
    assert outcome.booking_id is not None
    statuses = [schedule.booking(salon.database, one) for one in (kept, outcome.booking_id)]
    assert [one.status for one in statuses if one] == ["booked", "cancelled"]


def test_what_is_unknown_of_a_contact_is_said_and_completed_by_a_later_row(salon: Salon) -> None:
    alone = ",700,Мария,,Стрижка,Анна,2030-01-07 14:00,,,active"

    without, with_it, friend = import_rows(
        salon, alone, MARIAS_ROW, NOON.replace("1,", "2,", 1).replace("0000001", "0000002")
    )

    assert "no phone is known" in without.remark
    assert with_it.remark == ""
    assert "known by another phone" in friend.remark
    contact = contact_of(salon.ledger, salon.vault, salon.vault.client_for("telegram", "700"))
    assert contact is not None
    assert contact.phone == "+79000000001"


@pytest.mark.parametrize("number", ["79000000001", "Мария", "8 (900)", "123456789"])
def test_a_number_that_could_be_personal_is_not_shown_and_still_tells_its_row(salon: Salon, number: str) -> None:
    row = numbered(MARIAS_ROW, number)
    import_rows(salon, row)

    assert results(import_rows(salon, row, numbered(NOON, number))) == ["already", "rejected"]
    stored = str(salon_text(salon))
    for personal in (number, "Мария", "79000000001", "9000000001"):
        assert personal not in stored


def salon_text(salon: Salon) -> list[tuple[str, list[str]]]:
    """Everything the log holds."""
    with salon.database.transaction() as connection:
        return connection.execute("SELECT data::text, tags FROM events WHERE type <> 'catalog_published'").fetchall()


def test_a_rehearsal_says_what_will_happen_and_stores_nothing(salon: Salon) -> None:
    salon.book(slot("16:00"))
    table = [
        MARIAS_ROW,
        numbered(MARIAS_ROW, "2"),
        "3,701,Пётр,+79000000002,Стрижка,Анна,2030-01-07 10:30,,,active",
        "4,702,Зоя,+79000000003,Стрижка,Анна,2030-01-07 16:30,,,active",
        "5,703,Юрий,+79000000004,Стрижка,Анна,2030-01-07 12:00,,,cancelled",
        "1,700,Марина,+79000000001,Стрижка,Анна,2030-01-07 10:00,,,active",
        "7,700,Мария,+79000000009,Стрижка,Ольга,2030-01-07 10:00,,,active",
        "8,,Мария,,Стрижка,Ольга,2030-01-07 10:00,,,active",
        "9,,Мария,+79000000001,Стрижка,Анна,2030-01-07 10:00,,,active",
    ]
    before = salon.recorder.head(), salon_people(salon)

    rehearsed = import_rows(salon, *table, rehearsed=True)

    assert (salon.recorder.head(), salon_people(salon)) == before
    done = import_rows(salon, *table)
    nameless = [[replace(one, booking_id=None, against=()) for one in outcomes] for outcomes in (rehearsed, done)]
    assert nameless[0] == nameless[1]
    assert set(results(done)) == {"taken", "already", "rejected"}
    assert results(import_rows(salon, *table, rehearsed=True)) == ["already"] * 5 + [
        "rejected", "already", "rejected", "already",
    ]  # fmt: skip


def salon_people(salon: Salon) -> list[tuple[object, ...]]:
    with salon.database.transaction() as connection:
        return connection.execute("SELECT * FROM client_handles ORDER BY digest").fetchall()
