"""Every button fits Telegram's 64 bytes with the largest ids, and comes back as it was."""

from __future__ import annotations

from datetime import date

import pytest
from aiogram.filters.callback_data import CallbackData
from pydantic import ValidationError

from bot import buttons
from bot.calendar import last_day, month_rows, next_month, previous_month
from ledger.values import BookingId, ServiceId, StaffId

BOOKING = BookingId((1 << 50) - 1)
SERVICE, STAFF = ServiceId(1 << 31), StaffId(1 << 31)
DAY = date(2030, 12, 31)
PLACE = {"booking_id": BOOKING, "service_id": SERVICE, "staff_id": STAFF, "day": DAY}

LARGEST: list[CallbackData] = [
    buttons.Menu(),
    buttons.Nothing(),
    buttons.Speak(language="ru"),
    buttons.Resume(),
    buttons.Services(category=(1 << 32) - 1, page=999),
    buttons.Masters(service_id=SERVICE),
    buttons.Days(service_id=SERVICE, staff_id=STAFF, month=DAY),
    buttons.Times(service_id=SERVICE, staff_id=STAFF, day=DAY, page=999),
    buttons.Hold(service_id=SERVICE, staff_id=STAFF, minute=(1 << 31) - 1, any_master=True),
    buttons.Agree(booking_id=BOOKING, text="ffffffff"),
    buttons.Refuse(booking_id=BOOKING),
    buttons.Confirm.model_validate(PLACE),
    buttons.OtherTime.model_validate(PLACE),
    buttons.Drop(booking_id=BOOKING),
    buttons.MyBookings(),
    buttons.Card(booking_id=BOOKING),
    buttons.AskCancel(booking_id=BOOKING, version=999),
    buttons.Cancel(booking_id=BOOKING, version=999),
    buttons.Coming(booking_id=BOOKING, version=999),
    buttons.Move(booking_id=BOOKING, version=999),
    buttons.MoveDays(booking_id=BOOKING, version=999, staff_id=STAFF, month=DAY),
    buttons.MoveTimes(booking_id=BOOKING, version=999, staff_id=STAFF, day=DAY, page=999),
    buttons.AskMove(booking_id=BOOKING, version=999, staff_id=STAFF, minute=(1 << 31) - 1, any_master=True),
    buttons.MoveTo(booking_id=BOOKING, version=999, staff_id=STAFF, minute=(1 << 31) - 1, any_master=True),
    buttons.MyData(),
    buttons.AskWithdraw(),
    buttons.Withdraw(minute=(1 << 31) - 1),
    buttons.AskErasure(),
    buttons.Erase(minute=(1 << 31) - 1),
    buttons.KeepData(),
    buttons.ResumeSync(past="send", since=(1 << 40)),
    buttons.ShowQuestion(booking_id=BOOKING),
    buttons.AskAnswer(booking_id=BOOKING, answer="theirs", asked_at=(1 << 50) - 1),
    buttons.GiveAnswer(booking_id=BOOKING, answer="theirs", asked_at=(1 << 50) - 1),
]
EMPTIEST: list[CallbackData] = [
    buttons.Services(),
    buttons.Days(service_id=ServiceId(0)),
    buttons.Times(service_id=ServiceId(1), day=DAY),
    buttons.MoveDays(booking_id=BOOKING, version=1),
    buttons.MoveTimes(booking_id=BOOKING, version=1, day=DAY),
]


def test_every_button_is_tried_here() -> None:
    assert {type(button) for button in LARGEST} == set(CallbackData.__subclasses__())


@pytest.mark.parametrize("button", [*LARGEST, *EMPTIEST], ids=lambda button: type(button).__name__)
def test_a_button_fits_and_comes_back(button: CallbackData) -> None:
    packed = button.pack()
    assert 1 <= len(packed.encode()) <= 64
    assert type(button).unpack(packed) == button


def test_prefixes_are_distinct() -> None:
    prefixes = [button.pack().split(":")[0] for button in LARGEST]
    assert len(set(prefixes)) == len(prefixes)


def test_a_language_nobody_speaks_does_not_unpack() -> None:
    with pytest.raises((ValidationError, ValueError, TypeError)):
        buttons.Speak.unpack("l:fr")


@pytest.mark.parametrize("data", ["b:-1", "b:", "b:zzzzzzzzzz", "b:1 ", "b:A", "b:１"])
def test_a_number_that_is_none_does_not_unpack(data: str) -> None:
    with pytest.raises((ValidationError, ValueError, TypeError)):
        buttons.Card.unpack(data)


def test_the_calendar_offers_only_days_with_room() -> None:
    month = date(2030, 2, 1)

    def open_day(day: date) -> buttons.Times:
        return buttons.Times(service_id=SERVICE, day=day)

    rows = month_rows(
        month, {date(2030, 2, 4), date(2030, 2, 28)}, earlier=None, later=None, open_day=open_day, locale="ru"
    )
    keys = [key for row in rows for key in row if isinstance(key.data, buttons.Times)]
    assert [key.text for key in keys] == ["4", "28"]
    assert all(len(row) == 7 for row in rows[1:])
    assert len(rows) == 2 + 2  # title, weekdays, and the two weeks that have room
    assert rows[0][1].text == "Февраль 2030"
    assert [key.text for key in rows[1]] == ["пн", "вт", "ср", "чт", "пт", "сб", "вс"]
    assert all(key.text for row in rows for key in row)


def test_months_follow_each_other_over_the_year() -> None:
    assert next_month(date(2030, 12, 5)) == date(2031, 1, 1)
    assert previous_month(date(2030, 1, 31)) == date(2029, 12, 1)
    assert previous_month(date(2030, 3, 31)) == date(2030, 2, 1)
    assert last_day(date(2028, 2, 1)) == date(2028, 2, 29)
