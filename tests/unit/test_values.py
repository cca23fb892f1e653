"""Ids, slots and phones by their own rules."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from ledger.errors import MalformedValueError
from ledger.values import BookingId, Slot, booking_code, parse_booking_id, parse_phone
from tests.builders import ANNA, MONDAY, OLGA, at, slot


@pytest.mark.parametrize(
    ("number", "code"),
    [(1, "0000-0000-01"), (31, "0000-0000-0Z"), (32, "0000-0000-10"), ((1 << 50) - 1, "ZZZZ-ZZZZ-ZZ")],
)
def test_a_booking_code_is_ten_crockford_characters(number: int, code: str) -> None:
    assert booking_code(BookingId(number)) == code
    assert parse_booking_id(code) == number


@pytest.mark.parametrize("text", ["4F7K-2M9Q-XB", "4f7k2m9qxb", " 4F7k-2m9Q-Xb ", "4F7K2M9QXB"])
def test_a_code_is_read_in_either_case_and_with_or_without_dashes(text: str) -> None:
    assert booking_code(parse_booking_id(text)) == "4F7K-2M9Q-XB"


def test_o_is_read_as_zero_and_i_and_l_as_one() -> None:
    assert parse_booking_id("OoIi-LlAA-AA") == parse_booking_id("0011-11AA-AA")


@pytest.mark.parametrize("number", [1, 12, 1_234_567_890, (1 << 50) - 1])
def test_a_number_is_a_booking_id_too(number: int) -> None:
    assert parse_booking_id(str(number)) == number
    assert parse_booking_id(f" {number}\x1f") == number, "what is no text around it is not looked at"


@pytest.mark.parametrize(
    "text",
    ["", "0", "-1", str(1 << 50), "U000-0000-00", "4F7K-2M9Q-X", "4F7K-2M9Q-XBB", "0000-0000-00", "запись", "1.5"],
)
def test_what_is_neither_number_nor_code_is_refused(text: str) -> None:
    with pytest.raises(MalformedValueError, match="booking"):
        parse_booking_id(text)


def test_touching_slots_do_not_overlap_and_a_minute_more_does() -> None:
    assert not slot("10:00").overlaps(slot("11:00"))
    assert not slot("11:00").overlaps(slot("10:00"))
    assert slot("10:00", 61).overlaps(slot("11:00"))
    assert slot("11:00").overlaps(slot("10:00", 61))


def test_slots_within_each_other_overlap_and_those_of_other_masters_do_not() -> None:
    assert slot("10:00", 180).overlaps(slot("11:00", 30))
    assert slot("11:00", 30).overlaps(slot("10:00", 180))
    assert not slot("10:00").overlaps(slot("10:00", staff_id=OLGA))


def test_slots_are_compared_as_instants_whatever_their_offsets() -> None:
    in_utc = Slot(ANNA, at("10:00").astimezone(UTC), at("11:00").astimezone(UTC))

    assert slot("10:30").overlaps(in_utc)
    assert not slot("11:00").overlaps(in_utc)


def test_a_slot_until_midnight_touches_one_day_and_one_over_midnight_two() -> None:
    assert list(slot("23:00").days()) == [MONDAY]
    assert list(slot("23:30").days()) == [MONDAY, MONDAY + timedelta(days=1)]
    assert list(slot("00:00", 24 * 60).days()) == [MONDAY]
    assert list(slot("12:00", 24 * 60).days()) == [MONDAY, date(2030, 1, 8)]


@pytest.mark.parametrize("minutes", [0, -60, 24 * 60 + 1])
def test_a_slot_of_no_length_or_above_a_day_is_refused(minutes: int) -> None:
    with pytest.raises(MalformedValueError, match="slot"):
        slot("10:00", minutes)


def test_a_slot_without_a_zone_is_refused() -> None:
    naive = datetime(2030, 1, 7, 10)  # noqa: DTZ001  that is the point

    with pytest.raises(MalformedValueError, match="time zone"):
        Slot(ANNA, naive, naive + timedelta(hours=1))


@pytest.mark.parametrize(
    "text",
    [
        "+79161234567",
        "79161234567",
        "89161234567",
        "9161234567",
        "8 (916) 123-45-67",
        "+7 916 123 45 67",
        " 8-916-123-45-67\n",
    ],
)
def test_a_russian_phone_is_read_however_it_is_written(text: str) -> None:
    assert parse_phone(text) == "+79161234567"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+49 1512 3456789", "+4915123456789"),
        ("4915123456789", "+4915123456789"),
        ("380501234567", "+380501234567"),
        ("+81 90-1234-5678", "+819012345678"),
        ("819012345678", "+819012345678"),  # Telegram's contact of a Japanese client: no plus, begins with 8
        ("8613812345678", "+8613812345678"),
    ],
)
def test_a_foreign_phone_is_read_with_or_without_its_plus(text: str, expected: str) -> None:
    assert parse_phone(text) == expected


@pytest.mark.parametrize(
    "text", ["", "12", "phone", "+7", "+7916123456", "+791612345678901", "0000000000", "9" * 300, "\x00", "@maria"]
)
def test_garbage_is_no_phone_and_is_not_repeated_in_the_error(text: str) -> None:
    with pytest.raises(MalformedValueError) as caught:
        parse_phone(text)

    assert str(caught.value) == "phone: not a phone number"
