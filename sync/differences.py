"""The words in which two diaries differ: a booking as the ledger has it, and what is otherwise in the CRM."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec

from ledger.values import ID_BITS, BookingId, ClientId, RecordId, Slot
from sync.wire import CrmRecord

Kind = Literal[
    "missing_in_crm",
    "extra_in_crm",
    "moved",
    "length",
    "services",
    "phone",
    "duplicate",
    "resurrected",
    "overlap",
    "empty_answer",
]
_LONGEST = 24 * 60  # minutes; no slot of ours is longer, so a longer record is taken over cut
_DIGEST_LENGTH = 12


@dataclass(frozen=True)
class OurBooking:
    """A booking as the ledger has it.

    `records` are those known to be its, the one it stands in first. `is_expected` when the ledger believes that the CRM
    holds it now. `phone` is its client's in digits, None where there is nothing to compare.
    """

    booking_id: BookingId
    slot: Slot
    service_ids: tuple[int, ...]
    is_standing: bool
    is_from_crm: bool = False
    is_expected: bool = False
    overlap_allowed: bool = False
    records: tuple[RecordId, ...] = ()
    client_id: ClientId | None = None
    phone: str | None = field(default=None, repr=False)

    @property
    def minutes(self) -> int:
        return int((self.slot.ends_at - self.slot.starts_at) / timedelta(minutes=1))

    @property
    def number(self) -> str:
        """What the CRM should carry as `api_id`; '' for a booking made there by hand."""
        return "" if self.is_from_crm else str(self.booking_id)


@dataclass(frozen=True)
class Difference:
    """One thing that is not the same on both sides.

    `record` is the CRM's side, a removed one where it is missing for that; `beside` the record it is a second one to,
    or overlaps. `expected` counts the bookings of which an empty answer said nothing.
    """

    kind: Kind
    booking: OurBooking | None = None
    record: CrmRecord | None = field(default=None, repr=False)
    beside: CrmRecord | None = field(default=None, repr=False)
    expected: int = 0

    @property
    def at(self) -> datetime:
        """When it is about, for putting differences in order."""
        if self.booking is not None:
            return self.booking.slot.starts_at
        return self.record.slot_start if self.record is not None else datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Comparison:
    """What two diaries have in common and what not.

    `checked` counts bookings that stand here or in the CRM, each once; `equal` those that are the same on both sides.
    `numberless` stand in a record that lost our number: no difference, since they are bound by its id. The digests of
    both sides are the same when the diaries are.
    """

    checked: int
    equal: int
    differences: list[Difference]
    numberless: list[tuple[OurBooking, CrmRecord]]
    ours_digest: str
    theirs_digest: str


def is_booking_number(api_id: str) -> bool:
    """Whether it may be one of our bookings': the CRM gives back other programs' numbers and texts as well."""
    is_written_as_ours = api_id.isascii() and api_id.isdigit() and not api_id.startswith("0")
    return is_written_as_ours and int(api_id[:20]) < 1 << ID_BITS


def minutes_of(record: CrmRecord) -> int:
    """A record's length as far as a slot of ours can hold it."""
    return min(record.minutes, _LONGEST)


def our_row(booking: OurBooking) -> list[object]:
    """What counts of a booking, in a form both sides share."""
    return _row(
        f"booking {booking.booking_id}",
        booking.slot.staff_id,
        booking.slot.starts_at,
        booking.minutes,
        booking.service_ids,
        "",
    )


def their_row(record: CrmRecord, booking: OurBooking | None) -> list[object]:
    """The same of a record, which may be nobody's here. Of its phone it says only whether it is another one."""
    whose = f"booking {booking.booking_id}" if booking else f"record {record.record_id}"
    phone = "another" if booking is not None and has_other_phone(booking, record) else ""
    return _row(whose, record.staff_id, record.slot_start, minutes_of(record), record.service_ids, phone)


def digest(rows: Iterable[list[object]]) -> str:
    """A short hash over rows in whatever order."""
    lines = sorted(msgspec.json.encode(row) for row in rows)
    return hashlib.sha256(b"\n".join(lines)).hexdigest()[:_DIGEST_LENGTH]


def has_other_phone(booking: OurBooking, record: CrmRecord) -> bool:
    """By the last ten digits: 7… and 8… are the same Russian phone."""
    return bool(booking.phone) and (booking.phone or "")[-10:] != record.phone_digits[-10:]


def _row(
    whose: str, staff_id: int, starts_at: datetime, minutes: int, service_ids: Iterable[int], phone: str
) -> list[object]:
    return [whose, staff_id, starts_at.astimezone(UTC).isoformat(), minutes, sorted(service_ids), phone]
