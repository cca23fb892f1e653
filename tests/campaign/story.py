"""A failing seed's short story: the bookings concerned, event by event, and what reached the CRM about them."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from ledger.codec import Recorded
from ledger.values import Sealed
from tests.campaign.checks import Broken, read_log
from tests.campaign.world import World

_DULL = frozenset({"booking_id", "client_id", "services", "service_ids", "covers", "deadline_at", "message"})


def story(world: World, broken: list[Broken]) -> str:
    """Empty when nothing is broken."""
    if not broken:
        return ""
    lines = [f"seed {world.seed}: {len(broken)} broken"]
    lines += [f"  {one.invariant}: {one.detail} {list(one.booking_ids)}" for one in broken]
    log = read_log(world)
    for booking_id in dict.fromkeys(one for each in broken[:3] for one in each.booking_ids):
        lines += _about(world, log, booking_id)
    return "\n".join(lines)


def _about(world: World, log: list[Recorded], booking_id: int) -> Iterator[str]:
    yield f"booking {booking_id}"
    records = {str(birth.record_id) for birth in world.births.of(booking_id)}
    own = [item for item in log if getattr(item.event, "booking_id", None) == booking_id]
    for item in own:
        records.update(str(one) for one in _records(item))
    moments = [((item.recorded_at - world.hand.began).total_seconds(), _told(item)) for item in own]
    moments += [(one.at, f"    {one}") for one in world.journal.about(str(booking_id), *records)]
    moments += [
        (touch.at, f"    staff {touch.what} record {touch.record_id}: {_place(touch.place)}")
        for touch in world.staff.touches
        if str(touch.record_id) in records
    ]
    moments += [(birth.at, f"    record {birth.record_id} born of the API") for birth in world.births.of(booking_id)]
    for at, line in sorted(moments, key=lambda moment: moment[0]):
        yield f"{at:10.2f}s {line}"
    for entry in world.simulator.entries():
        if str(entry.record_id) in records:
            gone = "removed" if entry.deleted else "live"
            new = entry.new
            yield f"  in the CRM: {entry.record_id} {gone} api_id={new.api_id!r} {new.staff_id} {new.starts_at}"


def _records(item: Recorded) -> list[int]:
    found = [getattr(item.event, "record_id", None), *getattr(item.event, "record_ids", ())]
    return [one for one in found if one is not None]


def _told(item: Recorded) -> str:
    facts = {
        name: value
        for name in item.event.__struct_fields__
        if name not in _DULL and not isinstance(value := getattr(item.event, name), Sealed) and value not in (None, ())
    }
    return f"{item.position} {item.type} " + msgspec.json.encode(facts).decode()


def _place(place: tuple[int, object, object]) -> str:
    return f"{place[0]} {place[1]}"
