"""The small nouns of the salon: ids, slots, phones; no behaviour beyond their own rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Literal, NewType

import msgspec
import phonenumbers

from ledger.errors import MalformedValueError

BookingId = NewType("BookingId", int)
"""A random integer below 2^50: safe in JSON, in the CRM's `api_id`, in a 64-byte button."""
ClientId = NewType("ClientId", int)
"""A random integer below 2^50 that says nothing about the person."""
StaffId = NewType("StaffId", int)
"""The catalogue's own number of a master (the CRM's staff id where there is a CRM)."""
ServiceId = NewType("ServiceId", int)
"""The catalogue's own number of a service (the CRM's service id where there is a CRM)."""
RecordId = NewType("RecordId", int)
"""The CRM's number of its copy of a booking."""

ID_BITS = 50
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # https://www.crockford.com/base32.html
_READ_AS = str.maketrans("OIL", "011")


class Slot(msgspec.Struct, frozen=True, gc=False):
    """A half-open time [starts_at, ends_at) of one master; both instants aware, in the salon's zone."""

    staff_id: StaffId
    starts_at: datetime
    ends_at: datetime

    def __post_init__(self) -> None:
        if self.starts_at.tzinfo is None or self.ends_at.tzinfo is None:
            raise MalformedValueError("slot", "an instant without a time zone")
        if self.ends_at <= self.starts_at:
            raise MalformedValueError("slot", "an end that is not after its start")
        if self.ends_at - self.starts_at > timedelta(days=1):
            raise MalformedValueError("slot", "a length above 24 hours")

    def overlaps(self, other: Slot) -> bool:
        """True when the same master would be in two places: touching ends do not overlap."""
        return self.staff_id == other.staff_id and self.starts_at < other.ends_at and other.starts_at < self.ends_at

    def days(self) -> Iterator[date]:
        """The salon's calendar days this slot touches, by the wall-clock digits it carries."""
        day, last = self.starts_at.date(), (self.ends_at - timedelta(microseconds=1)).date()
        while day <= last:
            yield day
            day += timedelta(days=1)


class BookedService(msgspec.Struct, frozen=True, gc=False):
    """A service as agreed at booking time: price in the catalogue's minor units (kopecks), length in minutes."""

    service_id: ServiceId
    price: int
    minutes: int


class Actor(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Who did it: `id` is random for clients and staff-chat members, a role's name for system and crm."""

    kind: Literal["client", "staff", "operator", "system", "crm"]
    id: str = ""


class Sealed(msgspec.Struct, frozen=True, gc=False, rename={"blob": "sealed", "context": "for"}):
    """Personal text only its client's key can open; see `ledger.privacy` for the layout of the blob.

    An empty blob says that nothing was known: whoever decides without keys has to see that a phone is missing.
    """

    blob: str
    context: str

    @property
    def is_blank(self) -> bool:
        return not self.blob


def booking_code(booking_id: BookingId) -> str:
    """The booking id as people read it: ten Crockford base32 characters, `4F7K-2M9Q-XB`."""
    digits = "".join(_CROCKFORD[(booking_id >> shift) & 31] for shift in range(ID_BITS - 5, -1, -5))
    return f"{digits[:4]}-{digits[4:8]}-{digits[8:]}"


def parse_booking_id(text: str) -> BookingId:
    """Reads either form of a booking id, the number or the code with or without dashes.

    Raises MalformedValueError when it is neither.
    """
    plain = text.strip().upper().replace("-", "").translate(_READ_AS)
    if len(plain) == 10 and all(letter in _CROCKFORD for letter in plain) and not _is_number(text):
        value = 0
        for letter in plain:
            value = value << 5 | _CROCKFORD.index(letter)
        if value:
            return BookingId(value)
    if _is_number(text) and 0 < (number := int(text.strip())) < 1 << ID_BITS:
        return BookingId(number)
    raise MalformedValueError("booking", "neither a number nor a code like 4F7K-2M9Q-XB")


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[0-9]{1,16}", text.strip()) is not None


def phone_region(phone: str, otherwise: str = "RU") -> str:
    """The region (ISO 3166) of a phone in full, in which its neighbours write theirs without a country code."""
    try:
        region = phonenumbers.region_code_for_number(phonenumbers.parse(phone))
    except phonenumbers.NumberParseException:
        return otherwise
    return region or otherwise


def parse_phone(text: str, region: str = "RU") -> str:
    """A phone in E.164 (`+79161234567`); a number without a country code is read in `region` (ISO 3166).

    Raises MalformedValueError for anything that is not a possible phone; the text itself is not repeated.
    """
    candidate = text.strip()
    # Telegram sends contacts without the plus; Russians write 8 for +7, so only what is no such number is +8….
    attempts = [candidate]
    if re.fullmatch(r"[0-9]{11,15}", candidate):
        attempts.insert(1 if candidate.startswith("8") else 0, "+" + candidate)
    for attempt in attempts:
        try:
            number = phonenumbers.parse(attempt, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(number) and phonenumbers.is_valid_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    raise MalformedValueError("phone", "not a phone number")
