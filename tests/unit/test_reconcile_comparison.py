"""What counts as a difference between the ledger and the CRM, kind by kind."""

from __future__ import annotations

from typing import get_args

import pytest

from ledger.values import BookingId, RecordId
from sync.comparison import compare
from sync.differences import Kind, OurBooking, is_booking_number
from sync.wire import CrmRecord
from tests.builders import COLOURING, HAIRCUT, OLGA, OTHER_BOOKING, RECORD, at, slot
from tests.diaries import ours, record_of, stranger

ONE = ours()
CANCELLED = ours(is_standing=False, is_expected=False)
PENDING = ours(is_expected=False, records=())
BY_HAND = ours(is_from_crm=True, phone=None)
OTHER = ours(slot("12:00"), booking_id=OTHER_BOOKING, records=(RecordId(9002),), phone="79160000002")

TABLE: dict[str, tuple[list[OurBooking], list[CrmRecord], list[str]]] = {
    "nothing on both sides": ([], [], []),
    "the same on both sides": ([ONE], [record_of(ONE)], []),
    "made by hand there and known here": ([BY_HAND], [record_of(BY_HAND)], []),
    "listed twice": ([ONE], [record_of(ONE), record_of(ONE)], []),
    "found by its number, its record not known yet": ([PENDING], [record_of(PENDING)], []),
    "its number lost, found by its id": ([ONE], [record_of(ONE, api_id="")], []),
    "its number lost and its id not known, found by phone, services and time": (
        [PENDING],
        [record_of(PENDING, api_id="")],
        [],
    ),
    "its phone written with an eight": ([ONE], [record_of(ONE, phone_digits="89160000001")], []),
    "its phone not known here": ([ours(phone=None)], [record_of(ONE)], []),
    "cancelled and removed": ([CANCELLED], [record_of(CANCELLED, deleted=True)], []),
    "cancelled and never there": ([CANCELLED, OTHER], [record_of(OTHER, 9002)], []),
    "removed by us and made again": ([ONE], [record_of(ONE, 8000, deleted=True), record_of(ONE)], []),
    "a mark that takes no time": ([ONE], [record_of(ONE), stranger("10:30", minutes=0)], []),
    "two next to each other": ([ONE], [record_of(ONE), stranger("11:00")], ["extra_in_crm"]),
    "not there, something else is": ([ONE], [stranger()], ["missing_in_crm", "extra_in_crm"]),
    "removed there": ([ONE], [record_of(ONE, deleted=True)], ["missing_in_crm"]),
    "never sent": ([PENDING], [], ["missing_in_crm"]),
    "a record nobody knows": ([], [stranger()], ["extra_in_crm"]),
    "a record that was removed and nobody knew": ([], [stranger(deleted=True)], []),
    "another program's number on what looks like ours": (
        [PENDING],
        [record_of(PENDING, 77, api_id="31415")],
        ["missing_in_crm", "extra_in_crm"],
    ),
    "half an hour later": ([ONE], [record_of(ONE, slot_start=at("10:30"))], ["moved"]),
    "with another master": ([ONE], [record_of(ONE, staff_id=OLGA)], ["moved"]),
    "longer": ([ONE], [record_of(ONE, minutes=90)], ["length"]),
    "shorter": ([ONE], [record_of(ONE, minutes=30)], ["length"]),
    "with one service more": ([ONE], [record_of(ONE, service_ids=(HAIRCUT, COLOURING))], ["services"]),
    "under another phone": ([ONE], [record_of(ONE, phone_digits="79998887766")], ["phone"]),
    "without a phone": ([ONE], [record_of(ONE, phone_digits="")], ["phone"]),
    "twice under one number": (
        [ONE],
        [record_of(ONE), record_of(ONE, 77, slot_start=at("18:00"))],
        ["duplicate"],
    ),
    "twice by phone, services and time": ([ONE], [record_of(ONE), record_of(ONE, 77, api_id="")], ["duplicate"]),
    "twice, the second by another program": (
        [ONE],
        [record_of(ONE), record_of(ONE, 77, api_id="31415")],
        ["duplicate"],
    ),
    "twice, neither with our number": (
        [PENDING],
        [record_of(PENDING, 76, api_id=""), record_of(PENDING, 77, api_id="")],
        ["duplicate"],
    ),
    "made by hand and copied by hand": (
        [BY_HAND],
        [record_of(BY_HAND, phone_digits="79161112233"), record_of(BY_HAND, 77, phone_digits="79161112233")],
        ["duplicate"],
    ),
    "cancelled here, standing there": ([CANCELLED], [record_of(CANCELLED)], ["resurrected"]),
    "cancelled here, standing there under its number": ([CANCELLED], [record_of(CANCELLED, 77)], ["resurrected"]),
    "a stranger over ours": ([ONE], [record_of(ONE), stranger("10:30")], ["overlap", "extra_in_crm"]),
    "a stranger over ours that we know to be overbooked": (
        [ours(overlap_allowed=True)],
        [record_of(ONE), stranger("10:30")],
        ["extra_in_crm"],
    ),
    "ours moved into ours as a mark that takes no time": (
        [ONE, OTHER],
        [record_of(ONE), record_of(OTHER, 9002, slot_start=at("10:30"), minutes=0)],
        ["moved", "length"],
    ),
    "ours moved over ours": (
        [ONE, OTHER],
        [record_of(ONE, slot_start=at("11:30")), record_of(OTHER, 9002)],
        ["moved", "overlap"],
    ),
}


@pytest.mark.parametrize("case", TABLE)
def test_two_diaries_differ_in_these_kinds(case: str) -> None:
    here, there, kinds = TABLE[case]

    found = compare(here, there)

    assert sorted(one.kind for one in found.differences) == sorted(kinds)
    assert (found.ours_digest == found.theirs_digest) is (not kinds)
    assert found.equal <= found.checked
    assert (found.equal == found.checked) is (not kinds)


def test_the_differences_of_every_kind_stand_in_the_table() -> None:
    assert {kind for _, _, kinds in TABLE.values() for kind in kinds} == set(get_args(Kind)) - {"empty_answer"}


def test_a_booking_that_somebody_else_runs_over_is_the_same_on_both_sides_for_all_that() -> None:
    found = compare([ONE], [record_of(ONE), stranger("10:30")])

    assert (found.checked, found.equal) == (2, 1)


def test_an_empty_answer_is_one_difference_and_says_nothing_about_any_booking() -> None:
    found = compare([ONE, OTHER, CANCELLED], [])

    assert [(one.kind, one.expected) for one in found.differences] == [("empty_answer", 2)]
    assert (found.checked, found.equal) == (2, 0)


def test_an_answer_of_removed_records_only_is_not_empty() -> None:
    assert [one.kind for one in compare([ONE], [record_of(ONE, deleted=True)]).differences] == ["missing_in_crm"]


def test_an_empty_answer_is_right_where_nothing_was_sent_yet() -> None:
    assert [one.kind for one in compare([PENDING], []).differences] == ["missing_in_crm"]


def test_a_lost_number_is_noted_and_no_difference() -> None:
    found = compare([ONE], [record_of(ONE, api_id="")])

    assert [(booking.booking_id, record.record_id) for booking, record in found.numberless] == [
        (ONE.booking_id, RECORD)
    ]
    assert compare([BY_HAND], [record_of(BY_HAND, api_id="")]).numberless == []


def test_the_id_counts_before_the_number_and_the_number_before_the_likeness() -> None:
    swapped = [record_of(ONE, api_id=OTHER.number), record_of(OTHER, 9002, api_id=ONE.number)]

    assert compare([ONE, OTHER], swapped).differences == []
    alike = record_of(ONE, 77, api_id=OTHER.number)
    assert [
        (one.kind, one.booking) for one in compare([PENDING, OTHER], [alike, record_of(OTHER, 9002)]).differences
    ] == [
        ("missing_in_crm", PENDING),
        ("duplicate", OTHER),
    ]


def test_a_day_long_record_is_as_long_as_a_slot_can_be() -> None:
    long = ours(slot("00:00", 24 * 60), is_from_crm=True, phone=None)

    assert compare([long], [record_of(long, minutes=26 * 60)]).differences == []


def test_two_of_the_same_diaries_have_one_digest_in_whatever_order_and_another_phone_another() -> None:
    there = [record_of(ONE), record_of(OTHER, 9002)]
    digest = compare([ONE, OTHER], there).theirs_digest

    assert compare([OTHER, ONE], there[::-1]).theirs_digest == digest
    changed = [record_of(ONE, phone_digits="79990001122"), there[1]]
    assert compare([ONE, OTHER], changed).theirs_digest != digest


def test_a_difference_does_not_print_a_phone() -> None:
    found = compare([ONE], [record_of(ONE, phone_digits="79998887766")])

    assert "9998887766" not in repr(found.differences)
    assert "9160000001" not in repr(found.differences)


@pytest.mark.parametrize(
    ("api_id", "is_ours"),
    [("501", True), (str(2**50 - 1), True), (str(2**50), False), ("9" * 40, False), ("0501", False), ("0", False),
     ("", False), ("-1", False), ("٥", False), ("uuid-like", False)],
)  # fmt: skip
def test_another_programs_number_is_not_looked_for_here(api_id: str, is_ours: bool) -> None:
    assert is_booking_number(api_id) is is_ours


def test_a_record_over_midnight_is_in_the_way_too() -> None:
    late = ours(slot("23:30"), booking_id=BookingId(7), records=(RecordId(7),))

    assert [one.kind for one in compare([late], [record_of(late, 7), stranger("23:45")]).differences] == [
        "overlap",
        "extra_in_crm",
    ]
