"""`zapisnik audit replay`: the schedule as it stood, by position or by moment, for scripts and for people."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.decisions.hold import HoldSlot
from ledger.decisions.move import MoveBooking
from ledger.decisions.publish_catalog import PublishCatalog
from ledger.decisions.see_crm_booking import SeeCrmBooking
from ledger.values import BookingId, RecordId
from tests.builders import ANNA, DARIA, HAIRCUT, OLGA, at, catalog, shifts, slot
from tests.salon import Salon
from tests.shell import Shell, refused

MOVED, SEEN, HELD = slot("15:00", staff_id=OLGA), slot("12:00"), slot("18:00")
FIELDS = {
    "booking_id", "code", "staff_id", "service_ids", "client_id", "starts_at", "ends_at", "status", "sync", "record_id",
    "client_erased",
}  # fmt: skip


@pytest.fixture
def booking_id(salon: Salon) -> BookingId:
    """Anna's at ten, moved to Olga's at three; one made in the CRM; a hold; then a master is renamed."""
    client_id = salon.client()
    booking_id = salon.book(slot("10:00"), client_id)
    ledger = salon.ledger
    ledger.execute(MoveBooking(salon.order(), booking_id, client_id, 1, MOVED))
    ledger.execute(SeeCrmBooking(salon.order(), BookingId(2), RecordId(9001), SEEN, (HAIRCUT,)))
    ledger.execute(HoldSlot(salon.order(), BookingId(3), DARIA, HELD, (HAIRCUT,)))
    newer = catalog(staff=tuple(replace(one, name=f"{one.name} 2") for one in catalog().staff))
    ledger.execute(PublishCatalog(salon.order(), newer, (shifts(ANNA), shifts(OLGA))))
    return booking_id


def recorded(salon: Salon, type_: str) -> tuple[int, datetime]:
    """Where and when the event of this type stands."""
    with salon.database.transaction() as connection:
        row = connection.execute("SELECT position, recorded_at FROM events WHERE type = %s", (type_,)).fetchone()
    assert row is not None
    return row[0], row[1]


def one_of(replay: dict[str, Any], booking_id: int) -> dict[str, Any]:
    return next(one for one in replay["bookings"] if one["booking_id"] == booking_id)


def test_a_moved_booking_shows_the_slot_it_had_at_that_moment(
    shell: Shell, salon: Salon, booking_id: BookingId
) -> None:
    position, moment = recorded(salon, "booking_made")

    before = shell.json("audit", "replay", "--as-of", moment.isoformat())
    after = shell.json("audit", "replay")

    assert (before["position"], datetime.fromisoformat(before["as_of"])) == (position, moment)
    assert [one["booking_id"] for one in before["bookings"]] == [booking_id]
    for replay, place in ((before, slot("10:00")), (after, MOVED)):
        booking = one_of(replay, booking_id)
        assert booking.keys() == FIELDS
        assert (booking["staff_id"], datetime.fromisoformat(booking["starts_at"])) == (place.staff_id, place.starts_at)
    assert after["position"] == salon.recorder.head()
    assert (one_of(after, 2)["sync"], one_of(after, 2)["record_id"]) == ("synced", 9001)
    assert (one_of(after, 3)["status"], one_of(after, 3)["sync"]) == ("held", "skipped")


def test_a_moment_is_that_of_recording_whatever_the_salons_clock_said(
    shell: Shell, salon: Salon, booking_id: BookingId
) -> None:
    """By the clock of the tests everything happened at one moment, years away from the server's."""
    position, moment = recorded(salon, "booking_moved")

    assert shell.json("audit", "replay", "--as-of", moment.isoformat())["position"] == position


def test_before_the_first_event_the_schedule_is_empty_and_in_the_future_it_is_todays(
    shell: Shell, salon: Salon, booking_id: BookingId
) -> None:
    before = shell.json("audit", "replay", "--as-of", "2020-01-01T12:00")
    assert before == {"position": 0, "as_of": "2020-01-01T12:00:00+03:00", "bookings": []}
    assert "Nothing was recorded by then" in shell.run("audit", "replay", "--position", "0").stdout
    future = shell.json("audit", "replay", "--as-of", "2099-01-01")
    assert (future["position"], len(future["bookings"])) == (salon.recorder.head(), 3)
    assert "yet to come" in shell.run("audit", "replay", "--as-of", "2099-01-01").stdout


def test_a_position_past_the_end_of_the_log_is_refused(shell: Shell, salon: Salon, booking_id: BookingId) -> None:
    head = salon.recorder.head()

    refused(shell.run("audit", "replay", "--position", str(head + 1)), "--position", f"ends with {head}")


def test_people_read_names_of_that_moments_catalogue(shell: Shell, salon: Salon, booking_id: BookingId) -> None:
    position, _ = recorded(salon, "booking_moved")

    then = shell.run("audit", "replay", "--position", str(position)).stdout
    now = shell.run("audit", "replay").stdout

    assert f"{at('15:00'):%A, %Y-%m-%d}" in then
    assert [line.split()[:2] for line in then.splitlines() if "Стрижка" in line] == [["15:00-16:00", "Ольга"]]
    lines = [line.split() for line in now.splitlines() if "Стрижка" in line]
    assert [line[:3] for line in lines] == [
        ["12:00-13:00", "Анна", "2"],
        ["15:00-16:00", "Ольга", "2"],
        ["18:00-19:00", "Анна", "2"],
    ]
    assert [line[4:] for line in lines] == [
        ["booked", "Стрижка", "synced,", "record", "9001"],
        ["booked", "Стрижка", "pending"],
        ["held", "Стрижка"],
    ]
