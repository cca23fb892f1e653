"""The ledger's diary held against the CRM's, booking by booking; pure, and nothing is put right here.

A record is a booking's by its id; where no id is known, by the number it carries (`api_id`); where the CRM has lost
that, by phone, services, master and start. What is live in the CRM and nobody's here is extra.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta

from ledger.values import BookingId
from sync.differences import (
    Comparison,
    Difference,
    OurBooking,
    digest,
    has_other_phone,
    minutes_of,
    our_row,
    their_row,
)
from sync.look_up import is_at
from sync.wire import CrmRecord

Likeness = tuple[str, int, object, tuple[int, ...]]


def compare(ours: Sequence[OurBooking], theirs: Iterable[CrmRecord]) -> Comparison:
    """What differs, in order of time; a record that is listed twice counts once.

    When the CRM shows nothing at all although it is believed to hold bookings, that is the one difference: an answer
    so empty says nothing about any of them.
    """
    records = sorted({record.record_id: record for record in theirs}.values(), key=lambda record: record.record_id)
    expected = sum(booking.is_expected for booking in ours)
    standing = [booking for booking in ours if booking.is_standing]
    if not records and expected:
        found = [Difference("empty_answer", expected=expected)]
        return Comparison(len(standing), 0, found, [], digest(map(our_row, standing)), digest([]))
    claimed, strangers = _claims(ours, records)
    differences, numberless = [*_strange(strangers)], []
    for booking in ours:
        own = _live(claimed[booking.booking_id], booking)
        differences += _differences(booking, own, claimed[booking.booking_id])
        if booking.is_standing and own and booking.number and own[0].api_id != booking.number:
            numberless.append((booking, own[0]))
    owners = {record.record_id: booking for booking in ours for record in _live(claimed[booking.booking_id], booking)}
    alive = [record for record in records if not record.deleted and (record.minutes or record.record_id in owners)]
    differences += _overlaps(alive, owners)
    units = {_unit(booking, None) for booking in standing}
    units |= {_unit(owners.get(record.record_id), record) for record in alive}
    # Two at once are the effect of something else that is told as well, of which one of them may be innocent.
    differing = {_unit(one.booking, one.record) for one in differences if one.kind != "overlap"}
    return Comparison(
        len(units),
        len(units - differing),
        sorted(differences, key=lambda one: one.at),
        numberless,
        digest(map(our_row, standing)),
        digest(their_row(record, owners.get(record.record_id)) for record in alive),
    )


def _unit(booking: OurBooking | None, record: CrmRecord | None) -> tuple[str, int]:
    if booking is not None:
        return "booking", booking.booking_id
    return "record", record.record_id if record is not None else 0


def _claims(
    ours: Sequence[OurBooking], records: Sequence[CrmRecord]
) -> tuple[Mapping[BookingId, list[CrmRecord]], list[CrmRecord]]:
    """Each booking's records, removed ones included, and the live ones that are nobody's."""
    by_record: dict[int, BookingId] = {
        record_id: booking.booking_id for booking in ours for record_id in booking.records
    }
    by_number = {booking.number: booking.booking_id for booking in ours if booking.number}
    claimed: dict[BookingId, list[CrmRecord]] = defaultdict(list)
    unknown: list[CrmRecord] = []
    for record in records:
        owner = by_record.get(record.record_id) or by_number.get(record.api_id)
        if owner is not None:
            claimed[owner].append(record)
        elif not record.deleted:
            unknown.append(record)
    return claimed, _claim_alike(ours, claimed, unknown)


def _claim_alike(
    ours: Sequence[OurBooking], claimed: dict[BookingId, list[CrmRecord]], unknown: Sequence[CrmRecord]
) -> list[CrmRecord]:
    """Gives a booking what has its phone, services, master and start; what is left over is nobody's.

    Its only record may not carry some other number (the sender would not take it for ours either); a second one may:
    the same visit stands there twice.
    """
    alike: dict[Likeness, BookingId] = {}
    for booking in ours:
        for record in claimed[booking.booking_id]:
            if not record.deleted and record.phone_digits:
                alike[_likeness(record)] = booking.booking_id
        if booking.is_standing and booking.phone:
            slot, services = booking.slot, tuple(sorted(booking.service_ids))
            alike[booking.phone[-10:], slot.staff_id, slot.starts_at, services] = booking.booking_id
    left = []
    for record in unknown:
        owner = alike.get(_likeness(record)) if record.phone_digits else None
        is_second = owner is not None and any(not one.deleted for one in claimed[owner])
        if owner is None or (record.api_id.isdigit() and not is_second):
            left.append(record)
        else:
            claimed[owner].append(record)
    return left


def _likeness(record: CrmRecord) -> Likeness:
    return record.phone_digits[-10:], record.staff_id, record.slot_start, tuple(sorted(record.service_ids))


def _live(records: Sequence[CrmRecord], booking: OurBooking) -> list[CrmRecord]:
    """The booking's live records: the one it stands in first, then those that carry its number."""

    def rank(record: CrmRecord) -> tuple[int, bool, int]:
        known = booking.records.index(record.record_id) if record.record_id in booking.records else len(booking.records)
        return known, record.api_id != booking.number, record.record_id

    return sorted((record for record in records if not record.deleted), key=rank)


def _strange(records: Iterable[CrmRecord]) -> Iterator[Difference]:
    """What takes no time is a mark in the diary, not a visit."""
    return (Difference("extra_in_crm", record=record) for record in records if record.minutes > 0)


def _differences(booking: OurBooking, live: Sequence[CrmRecord], records: Sequence[CrmRecord]) -> Iterator[Difference]:
    if not booking.is_standing:
        yield from (Difference("resurrected", booking, record) for record in live)
    elif not live:
        yield Difference("missing_in_crm", booking, next((one for one in reversed(records) if one.deleted), None))
    else:
        first, *others = live
        yield from _within(booking, first)
        yield from (Difference("duplicate", booking, other, first) for other in others)


def _within(booking: OurBooking, record: CrmRecord) -> Iterator[Difference]:
    """What differs between a booking and the record it stands in."""
    if not is_at(record, booking.slot):
        yield Difference("moved", booking, record)
    if minutes_of(record) != booking.minutes:
        yield Difference("length", booking, record)
    if sorted(record.service_ids) != sorted(booking.service_ids):
        yield Difference("services", booking, record)
    if has_other_phone(booking, record):
        yield Difference("phone", booking, record)


def _overlaps(alive: Iterable[CrmRecord], owners: Mapping[int, OurBooking]) -> Iterator[Difference]:
    """Pairs of live records in which a master would be in two places, unless the ledger knows and allows it.

    Two records of one booking are a duplicate already.
    """
    by_master: dict[int, list[CrmRecord]] = defaultdict(list)
    for record in sorted(alive, key=lambda one: (one.slot_start, one.record_id)):
        by_master[record.staff_id].append(record)
    for records in by_master.values():
        for place, first in enumerate(records):
            for second in records[place + 1 :]:
                if second.slot_start >= first.slot_start + timedelta(minutes=first.minutes):
                    break
                pair = owners.get(first.record_id), owners.get(second.record_id)
                if _is_two_visits(*pair) and second.minutes > 0:
                    yield Difference("overlap", *_told_of(first, second, owners))


def _is_two_visits(one: OurBooking | None, other: OurBooking | None) -> bool:
    if one is not None and other is not None and one.booking_id == other.booking_id:
        return False
    return not any(booking is not None and booking.overlap_allowed for booking in (one, other))


def _told_of(
    first: CrmRecord, second: CrmRecord, owners: Mapping[int, OurBooking]
) -> tuple[OurBooking | None, CrmRecord, CrmRecord]:
    """Told of the booking that is known here, of the later one if both are."""
    if second.record_id not in owners and first.record_id in owners:
        return owners[first.record_id], first, second
    return owners.get(second.record_id), second, first
