"""Equal diaries never differ, however they are listed, and one planted difference is found with its kind."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import msgspec
from hypothesis import Phase, find, given, settings, strategies as st

from ledger.values import BookingId, RecordId, StaffId
from sync.comparison import compare
from sync.differences import Kind, OurBooking
from sync.wire import CrmRecord
from tests.builders import ANNA, MONDAY, OLGA, at, slot
from tests.diaries import ours, record_of, stranger

PLANTED: list[Kind] = [
    "missing_in_crm", "extra_in_crm", "moved", "length", "services", "phone", "duplicate", "resurrected", "overlap",
]  # fmt: skip
FREE = at("08:00", MONDAY + timedelta(days=9))
"""Where no booking is drawn."""


@dataclass(frozen=True)
class Diaries:
    """Both sides of a salon, equal, and the place of the booking that something may be done to."""

    ours: list[OurBooking]
    theirs: list[CrmRecord]
    chosen: OurBooking


@st.composite
def equal_diaries(draw: st.DrawFn) -> Diaries:
    """Bookings of two masters at different hours, each of either origin, each known by one thing or another."""
    places = draw(
        st.lists(
            st.tuples(st.sampled_from([ANNA, OLGA]), st.integers(0, 3), st.integers(9, 20)),
            min_size=1,
            max_size=8,
            unique=True,
        )
    )
    bookings, records = [], []
    for number, (staff_id, day, hour) in enumerate(places, start=1):
        booking, record = draw(one_booking(number, staff_id, day, hour, is_chosen=number == 1))
        bookings.append(booking)
        records += [record] if record is not None else []
    records += draw(st.lists(st.sampled_from(records), max_size=3)) if records else []
    records += draw(st.sampled_from([[], [stranger(deleted=True)], [stranger("10:30", minutes=0)]]))
    return Diaries(draw(st.permutations(bookings)), draw(st.permutations(records)), bookings[0])


@st.composite
def one_booking(
    draw: st.DrawFn, number: int, staff_id: StaffId, day: int, hour: int, *, is_chosen: bool
) -> tuple[OurBooking, CrmRecord | None]:
    """With its record; the chosen one stands and has a phone, so that anything can happen to it."""
    is_standing = is_chosen or draw(st.booleans())
    is_from_crm = not is_chosen and draw(st.booleans())
    is_bound = is_from_crm or draw(st.booleans())
    record_id = RecordId(1000 + number)
    booking = ours(
        slot(f"{hour:02}:00", draw(st.sampled_from([30, 45, 60])), on=MONDAY + timedelta(days=day), staff_id=staff_id),
        booking_id=BookingId(number),
        service_ids=tuple(draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))),
        is_standing=is_standing,
        is_expected=is_standing and is_bound,
        is_from_crm=is_from_crm,
        overlap_allowed=not is_chosen and is_standing and draw(st.booleans()),
        records=(record_id,) if is_bound else (),
        phone=None if is_from_crm else f"7916000{number:04}",
    )
    record = record_of(booking, record_id, deleted=not is_standing)
    if is_bound and draw(st.booleans()):
        record = msgspec.structs.replace(record, api_id=draw(st.sampled_from(["", "5f0c-uuid", "77123"])))
    if draw(st.booleans()):
        services = draw(st.permutations(record.service_ids))
        phone = record.phone_digits.replace("7", "8", 1)
        record = msgspec.structs.replace(record, service_ids=tuple(services), phone_digits=phone)
    return booking, record if is_standing or draw(st.booleans()) else None


def planted(diaries: Diaries, kind: Kind) -> tuple[list[OurBooking], list[CrmRecord]]:
    """The same diaries with one thing done to the chosen booking, or beside it."""
    one = diaries.chosen
    own = next(record for record in diaries.theirs if record.record_id == 1000 + one.booking_id)
    others = [record for record in diaries.theirs if record.record_id != own.record_id]
    changed = msgspec.structs.replace
    # By its number, if its id is not known here: whatever else changes about it, that says whose it is.
    own = changed(own, api_id=own.api_id if one.records else one.number)
    match kind:
        case "missing_in_crm":
            return diaries.ours, [*others, changed(own, deleted=True)]
        case "extra_in_crm":
            return diaries.ours, [*others, own, changed(own, record_id=5000, slot_start=FREE, api_id="")]
        case "moved":
            return diaries.ours, [*others, changed(own, slot_start=FREE)]
        case "length":
            return diaries.ours, [*others, changed(own, minutes=own.minutes - 15)]
        case "services":
            return diaries.ours, [*others, changed(own, service_ids=(*own.service_ids, 9))]
        case "phone":
            return diaries.ours, [*others, changed(own, phone_digits="79990000000")]
        case "duplicate":
            return diaries.ours, [*others, own, changed(own, record_id=5000, slot_start=FREE, api_id=one.number)]
        case "resurrected":
            cancelled = replace(one, is_standing=False, is_expected=False)
            return [cancelled, *(booking for booking in diaries.ours if booking is not one)], [*others, own]
        case _:
            beside = own.slot_start + timedelta(minutes=own.minutes - 15)
            return diaries.ours, [
                *others,
                own,
                stranger(record_id=5000, slot_start=beside, staff_id=own.staff_id, minutes=15),
            ]


@given(equal_diaries())
@settings(max_examples=300, deadline=None)
def test_equal_diaries_never_differ(diaries: Diaries) -> None:
    found = compare(diaries.ours, diaries.theirs)

    assert found.differences == []
    assert found.equal == found.checked == sum(booking.is_standing for booking in diaries.ours)
    assert found.ours_digest == found.theirs_digest


@given(equal_diaries(), st.sampled_from(PLANTED))
@settings(max_examples=500, deadline=None)
def test_a_planted_difference_is_found_with_its_kind_and_blames_nobody_else(diaries: Diaries, kind: Kind) -> None:
    here, there = planted(diaries, kind)

    found = compare(here, there)

    kinds = [one.kind for one in found.differences]
    assert kinds.count(kind) == 1
    assert set(kinds) <= {kind, "extra_in_crm"} if kind == "overlap" else set(kinds) == {kind}
    for one in found.differences:
        about_chosen = one.booking is not None and one.booking.booking_id == diaries.chosen.booking_id
        assert about_chosen or (one.record is not None and one.record.record_id == 5000)
    assert found.ours_digest != found.theirs_digest


@given(equal_diaries())
@settings(max_examples=100, deadline=None)
def test_no_answer_at_all_is_never_all_missing(diaries: Diaries) -> None:
    kinds = {one.kind for one in compare(diaries.ours, []).differences}

    is_believed_there = any(booking.is_expected for booking in diaries.ours)
    assert kinds == ({"empty_answer"} if is_believed_there else {"missing_in_crm"})


def test_the_drawn_diaries_are_worth_comparing() -> None:
    """Guards the tests above: there are diaries with every origin, known by id, by number and by neither."""

    def is_rich(diaries: Diaries) -> bool:
        standing = [booking for booking in diaries.ours if booking.is_standing]
        return (
            len(standing) > 2
            and any(booking.is_from_crm for booking in standing)
            and any(not booking.records for booking in standing)
            and any(not booking.is_standing for booking in diaries.ours)
            and compare(diaries.ours, diaries.theirs).numberless != []
        )

    some = settings(max_examples=2000, phases=[Phase.generate], derandomize=True)
    assert is_rich(find(equal_diaries(), is_rich, settings=some))
