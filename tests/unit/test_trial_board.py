"""The two diaries laid over one another: each way they can agree or differ has a state of its own."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from console.web.trial.board import Block, CrmEntry, as_known, blocks, days
from ledger.sync_state import Status
from ledger.values import BookingId, RecordId, Slot
from projections.schedule import ScheduledBooking
from tests.builders import BOOKING, HAIRCUT, MARIA, MONDAY, NOW, OTHER_BOOKING, RECORD, at, slot


def row(
    place: Slot | None = None,
    status: Literal["held", "booked", "cancelled"] = "booked",
    *,
    booking_id: BookingId = BOOKING,
    record_id: RecordId | None = None,
    expires_at: datetime | None = None,
) -> ScheduledBooking:
    place = place or slot()
    origin: Literal["bot", "crm"] = "crm" if record_id else "bot"
    return ScheduledBooking(
        booking_id, 1, MARIA, place.staff_id, place.starts_at, place.ends_at, [HAIRCUT], 150_000, status, origin,
        record_id, expires_at, None, overlap_allowed=False,
    )  # fmt: skip


def entry(place: Slot | None = None, *, record_id: int = RECORD, api_id: str = "") -> CrmEntry:
    place = place or slot()
    return CrmEntry(record_id, api_id, place.staff_id, place.starts_at, place.ends_at, "Мария")


def laid(
    rows: list[ScheduledBooking],
    entries: list[CrmEntry],
    statuses: dict[BookingId, tuple[Status, int | None]] | None = None,
) -> list[Block]:
    return blocks(rows, statuses or {}, entries, lambda _: "Мария", NOW)


def states(found: list[Block]) -> list[tuple[str, str]]:
    return [(block.state, block.side) for block in found]


def test_a_booking_whose_record_stands_at_the_same_time_fills_both_lanes() -> None:
    found = laid([row()], [entry()], {BOOKING: ("synced", RECORD)})

    assert states(found) == [("both", "both")]
    assert (found[0].booking_id, found[0].record_id, found[0].who) == (BOOKING, RECORD, "Мария")


def test_a_record_is_known_by_the_booking_it_carries_before_its_number_is() -> None:
    assert states(laid([row()], [entry(api_id=str(BOOKING))], {BOOKING: ("unknown", None)})) == [("both", "both")]


def test_a_booking_the_crm_lacks_says_why() -> None:
    statuses: list[tuple[Status, int | None]] = [
        ("pending", None), ("unknown", None), ("parked", None), ("synced", RECORD)
    ]  # fmt: skip

    found = [states(laid([row()], [], {BOOKING: status})) for status in statuses]

    assert found == [[(state, "ours")] for state in ("waiting", "unknown", "parked", "removed")]


def test_a_moved_booking_stands_in_both_places_until_the_crm_has_moved_it() -> None:
    found = laid([row(slot("14:00"))], [entry(slot("10:00"))], {BOOKING: ("pending", RECORD)})

    assert states(found) == [("moving", "crm"), ("moving", "ours")]
    assert [block.starts_at for block in found] == [at("10:00"), at("14:00")]
    assert {block.booking_id for block in found} == {BOOKING}


def test_a_cancelled_booking_stays_in_the_crms_lane_until_it_is_deleted_there() -> None:
    cancelled = row(status="cancelled")

    assert states(laid([cancelled], [entry()], {BOOKING: ("pending", RECORD)})) == [("leaving", "crm")]
    assert laid([cancelled], [], {BOOKING: ("synced", RECORD)}) == []


def test_what_nobody_here_knows_was_entered_by_hand() -> None:
    found = laid([row()], [entry(), entry(slot("12:00"), record_id=9002)], {BOOKING: ("synced", RECORD)})

    assert states(found) == [("both", "both"), ("by_hand", "crm")]
    assert found[1].booking_id is None


def test_a_booking_seen_in_the_crm_belongs_to_its_record() -> None:
    assert states(laid([row(record_id=RECORD)], [entry()])) == [("both", "both")]


def test_a_hold_is_shown_while_it_lives() -> None:
    live, over = NOW + timedelta(minutes=1), NOW

    assert states(laid([row(status="held", expires_at=live)], [])) == [("held", "ours")]
    assert laid([row(status="held", expires_at=over)], []) == []


def test_instants_carry_the_salons_zone() -> None:
    found = laid([row(slot("00:30"))], [])

    assert found[0].starts_at.isoformat() == "2030-01-07T00:30:00+03:00"


def test_a_day_counts_its_fuller_side_and_tells_whether_both_agree() -> None:
    tuesday = MONDAY + timedelta(days=1)
    apart = slot("12:00", on=tuesday)
    found = laid(
        [row(), row(apart, booking_id=OTHER_BOOKING)],
        [entry(), entry(slot("16:00", on=tuesday), record_id=9002)],
        {BOOKING: ("synced", RECORD)},
    )

    monday, other = days(found, MONDAY, tuesday)

    assert (monday.count, monday.is_equal) == (1, True)
    assert (other.count, other.is_equal) == (1, False)  # one here and one there, but not the same one


def test_a_hold_is_no_booking_of_the_day() -> None:
    held = laid([row(status="held", expires_at=NOW + timedelta(minutes=1))], [])

    assert [(day.count, day.is_equal) for day in days(held, MONDAY, MONDAY)] == [(0, True)]


def test_of_a_past_moment_the_crm_holds_what_the_log_knew() -> None:
    rows = [
        row(),
        row(slot("12:00"), booking_id=OTHER_BOOKING),
        row(slot("14:00"), "cancelled", booking_id=BookingId(503)),
    ]
    statuses: dict[BookingId, tuple[Status, int | None]] = {
        BOOKING: ("synced", RECORD), OTHER_BOOKING: ("pending", None), BookingId(503): ("pending", 9003)
    }  # fmt: skip

    found = laid(rows, as_known(rows, statuses), statuses)

    assert states(found) == [("both", "both"), ("waiting", "ours"), ("leaving", "crm")]
