"""Every button a client or the staff can press, packed into at most 64 bytes with everything its answer needs.

Numbers travel in base 36, days as digits, so that the largest ids fit. A button may be older than this program, or
forged: what does not unpack is answered by the menu, what does unpack is a request that the ledger still judges.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Final, Literal

from aiogram.filters.callback_data import CallbackData
from pydantic import BeforeValidator, Field, PlainSerializer

from ledger.events import Answer, Language
from ledger.values import ID_BITS, BookingId, ServiceId, StaffId

_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"


def _packed(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits or "0"


def _unpacked(value: object) -> int:
    if isinstance(value, int) and 0 <= value < 1 << ID_BITS:
        return value
    if isinstance(value, str) and re.fullmatch(r"[0-9a-z]{1,10}", value) and (number := int(value, 36)) < 1 << ID_BITS:
        return number
    raise ValueError("not a packed number below 2^50")


def _day(value: object) -> date:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{8}", value):
        return date(int(value[:4]), int(value[4:6]), int(value[6:]))
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise ValueError("not a packed day")


_pack, _unpack = PlainSerializer(_packed), BeforeValidator(_unpacked)
PackedBooking = Annotated[BookingId, _pack, _unpack]
PackedService = Annotated[ServiceId, _pack, _unpack]
PackedStaff = Annotated[StaffId, _pack, _unpack]
PackedNumber = Annotated[int, _pack, _unpack]
PackedMinute = Annotated[int, _pack, Field(lt=1 << 31), _unpack]
"""Minutes since 1970 UTC, up to the year 6053: what no calendar holds is no button of ours."""
PackedDay = Annotated[date, PlainSerializer(lambda day: day.strftime("%Y%m%d")), BeforeValidator(_day)]


class Menu(CallbackData, prefix="m"):
    """To the beginning."""


class Nothing(CallbackData, prefix="-"):
    """A cell of the calendar that only names or fills."""


class Speak(CallbackData, prefix="l"):
    """Speak this language with me from now on."""

    language: Language


class Resume(CallbackData, prefix="r"):
    """Go on with the booking whose time is being kept."""


class Services(CallbackData, prefix="s"):
    """The price list; `category` is a checksum of its title, None for the categories themselves."""

    category: PackedNumber | None = None
    page: PackedNumber = 0


class Masters(CallbackData, prefix="w"):
    """Who does the service."""

    service_id: PackedService


class Days(CallbackData, prefix="d"):
    """The calendar of a master (None: any); `month` is any day of it, None for the first month with room."""

    service_id: PackedService
    staff_id: PackedStaff | None = None
    month: PackedDay | None = None


class Times(CallbackData, prefix="t"):
    """The free times of a day."""

    service_id: PackedService
    staff_id: PackedStaff | None = None
    day: PackedDay
    page: PackedNumber = 0


class Hold(CallbackData, prefix="h"):
    """Keep this time: `minute` counts from 1970 UTC; with `any_master` another master will do as well."""

    service_id: PackedService
    staff_id: PackedStaff
    minute: PackedMinute
    any_master: bool = False


class Agree(CallbackData, prefix="ca"):
    """Yes to the consent whose text begins with this checksum (eight hex digits of its SHA-256)."""

    booking_id: PackedBooking
    text: str


class Refuse(CallbackData, prefix="cr"):
    """No to the consent."""

    booking_id: PackedBooking


class Confirm(CallbackData, prefix="ok"):
    """Book what is kept; the rest leads back to the times of that day."""

    booking_id: PackedBooking
    service_id: PackedService
    staff_id: PackedStaff
    day: PackedDay


class OtherTime(CallbackData, prefix="ot"):
    """Let the kept time go and choose another."""

    booking_id: PackedBooking
    service_id: PackedService
    staff_id: PackedStaff
    day: PackedDay


class Drop(CallbackData, prefix="no"):
    """Let the kept time go."""

    booking_id: PackedBooking


class MyBookings(CallbackData, prefix="my"):
    """My bookings."""


class Card(CallbackData, prefix="b"):
    """One booking."""

    booking_id: PackedBooking


class AskCancel(CallbackData, prefix="x"):
    """Cancel the booking as it stood at `version`: asks once more."""

    booking_id: PackedBooking
    version: PackedNumber


class Cancel(CallbackData, prefix="xx"):
    """Cancel the booking as it stood at `version`."""

    booking_id: PackedBooking
    version: PackedNumber


class Coming(CallbackData, prefix="y"):
    """I am coming to the booking as it stood at `version`."""

    booking_id: PackedBooking
    version: PackedNumber


class Move(CallbackData, prefix="mv"):
    """Move the booking as it stood at `version`: asks to whom and when."""

    booking_id: PackedBooking
    version: PackedNumber


class MoveDays(CallbackData, prefix="md"):
    """The calendar of a master (None: any) for a booking that moves; `month` as in Days."""

    booking_id: PackedBooking
    version: PackedNumber
    staff_id: PackedStaff | None = None
    month: PackedDay | None = None


class MoveTimes(CallbackData, prefix="mt"):
    """The times of a day that a booking can move to."""

    booking_id: PackedBooking
    version: PackedNumber
    staff_id: PackedStaff | None = None
    day: PackedDay
    page: PackedNumber = 0


class AskMove(CallbackData, prefix="mq"):
    """Move the booking to this time, `minute` and `any_master` as in Hold: asks once more."""

    booking_id: PackedBooking
    version: PackedNumber
    staff_id: PackedStaff
    minute: PackedMinute
    any_master: bool = False


class MoveTo(CallbackData, prefix="mm"):
    """Move the booking as it stood at `version` to this time."""

    booking_id: PackedBooking
    version: PackedNumber
    staff_id: PackedStaff
    minute: PackedMinute
    any_master: bool = False


class MyData(CallbackData, prefix="me"):
    """What is held about me. Whose data it is, the press says, not the button."""


class AskWithdraw(CallbackData, prefix="wq"):
    """Take my consent back: asks once more."""


class Withdraw(CallbackData, prefix="wy"):
    """Take my consent back, as was asked at this minute."""

    minute: PackedMinute


class AskErasure(CallbackData, prefix="eq"):
    """Erase me: asks once more."""


class Erase(CallbackData, prefix="ey"):
    """Erase me, as was asked at this minute."""

    minute: PackedMinute


class KeepData(CallbackData, prefix="ek"):
    """Do not erase me after all."""


class ResumeSync(CallbackData, prefix="sr"):
    """Staff: go on sending to the CRM; `since` is when the state that was looked at began, in Unix seconds."""

    past: Literal["send", "skip", "ask"]
    since: PackedNumber


class ShowQuestion(CallbackData, prefix="q"):
    """Staff: the booking that waits for a person, and the answers there are."""

    booking_id: PackedBooking


class AskAnswer(CallbackData, prefix="qa"):
    """Staff: give this answer to the question that was asked at this position of the log; asks once more."""

    booking_id: PackedBooking
    answer: Answer
    asked_at: PackedNumber


class GiveAnswer(CallbackData, prefix="qy"):
    """Staff: this answer to that question."""

    booking_id: PackedBooking
    answer: Answer
    asked_at: PackedNumber
