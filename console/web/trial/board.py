"""The two diaries laid over one another: what stands in both, only here, only in the CRM, or at different times."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, get_args

import msgspec

from ledger.sync_state import Status
from ledger.values import BookingId, ClientId, booking_code
from projections.schedule import ScheduledBooking

State = Literal["both", "held", "waiting", "unknown", "parked", "moving", "leaving", "removed", "by_hand"]
"""`both`: here and there alike; `held`: kept while the client answers; `waiting`: booked here, not sent yet;
`unknown`: sent, the answer was lost; `parked`: waits for a person; `moving`: moved here, there still at its old time;
`leaving`: cancelled here, still there; `removed`: sent once, struck out there by hand; `by_hand`: only there."""
STATES: tuple[State, ...] = get_args(State)
Side = Literal["both", "ours", "crm"]
Names = Callable[[ClientId], str]
Statuses = Mapping[BookingId, tuple[Status, int | None]]


class CrmEntry(msgspec.Struct, frozen=True):
    """A record that stands in the CRM, in the salon's zone."""

    record_id: int
    api_id: str
    staff_id: int
    starts_at: datetime
    ends_at: datetime
    who: str


class Block(msgspec.Struct, frozen=True):
    """A piece of a day in a master's column; `side` is the lane it fills, both lanes for what agrees."""

    state: State
    side: Side
    staff_id: int
    starts_at: datetime
    ends_at: datetime
    service_ids: list[int]
    who: str = ""
    booking_id: int | None = None
    code: str | None = None
    record_id: int | None = None


class Day(msgspec.Struct, frozen=True):
    """A day of the switcher: how much stands on it on the fuller side, and whether both sides say the same."""

    day: date
    count: int
    is_equal: bool


def crm_entries(records: Iterable[dict[str, object]]) -> list[CrmEntry]:
    """The simulator's live records as the salon would read them off the CRM's own screen."""
    return [_entry(record) for record in records if not record["deleted"]]


def as_known(rows: Iterable[ScheduledBooking], statuses: Statuses) -> list[CrmEntry]:
    """What the log knew of the CRM at some moment: an outside diary keeps no past of its own to look at."""
    entries = []
    for row in rows:
        status, record_id = statuses.get(row.booking_id, ("synced", row.record_id))
        stands_there = status == "synced" if row.status == "booked" else status in ("pending", "unknown", "parked")
        if record_id is not None and stands_there:
            entries.append(CrmEntry(record_id, "", row.staff_id, row.starts_at, row.ends_at, ""))
    return entries


def blocks(
    rows: Sequence[ScheduledBooking], statuses: Statuses, entries: Sequence[CrmEntry], names: Names, now: datetime
) -> list[Block]:
    """Every booking and record once, or twice where they stand at different times, soonest first.

    The instants carry the zone of `now`, which is the salon's.
    """
    pairing = _Pairing(statuses, entries, names, now)
    found = [block for row in rows for block in pairing.of(row)]
    found += [_there(entry, "by_hand") for entry in pairing.left()]
    return sorted(found, key=lambda block: (block.starts_at, block.staff_id, block.side))


def days(found: Iterable[Block], first: date, last: date) -> list[Day]:
    """Every day from the first to the last. Holds are no bookings yet, so they do not count."""
    on: dict[date, list[Block]] = {day: [] for day in _dates(first, last)}
    for block in found:
        if block.starts_at.date() in on and block.state != "held":
            on[block.starts_at.date()].append(block)
    return [
        Day(
            day,
            max(sum(block.side != "crm" for block in here), sum(block.side != "ours" for block in here)),
            all(block.state == "both" for block in here),
        )
        for day, here in on.items()
    ]


@dataclass
class _Pairing:
    """Finds each booking's record, by its number or by the booking id it carries, and what is left over."""

    statuses: Statuses
    entries: Sequence[CrmEntry]
    names: Names
    now: datetime

    def __post_init__(self) -> None:
        self._by_record = {entry.record_id: entry for entry in self.entries}
        self._by_booking = {entry.api_id: entry for entry in self.entries if entry.api_id}
        self._paired: set[int] = set()

    def left(self) -> list[CrmEntry]:
        return [entry for entry in self.entries if entry.record_id not in self._paired]

    def of(self, row: ScheduledBooking) -> list[Block]:
        """What a row of the schedule looks like beside the CRM."""
        status, record_id = self.statuses.get(row.booking_id, ("synced", row.record_id))
        entry = self._by_record.get(record_id or 0) or self._by_booking.get(str(row.booking_id))
        if entry is not None:
            self._paired.add(entry.record_id)
        if row.status == "held":
            is_live = row.expires_at is None or row.expires_at > self.now
            return [self._here(row, "held", "ours", None)] if is_live else []
        if row.status != "booked":
            return [_there(entry, "leaving", row)] if entry else []
        if entry is None:
            return [self._here(row, _alone(status), "ours", record_id)]
        if (entry.staff_id, entry.starts_at, entry.ends_at) == (row.staff_id, row.starts_at, row.ends_at):
            return [self._here(row, "both", "both", entry.record_id)]
        return [self._here(row, "moving", "ours", entry.record_id), _there(entry, "moving", row)]

    def _here(self, row: ScheduledBooking, state: State, side: Side, record_id: int | None) -> Block:
        return Block(
            state,
            side,
            row.staff_id,
            row.starts_at.astimezone(self.now.tzinfo),
            row.ends_at.astimezone(self.now.tzinfo),
            [int(service_id) for service_id in row.service_ids],
            self.names(row.client_id) if row.client_id is not None else "",
            row.booking_id,
            booking_code(row.booking_id),
            record_id,
        )


def _alone(status: Status) -> State:
    """A booking without a record: what its way to the CRM says; sent once and gone there, somebody struck it out."""
    match status:
        case "unknown" | "parked":
            return status
        case "synced":
            return "removed"
        case "pending" | "skipped":
            return "waiting"


def _there(entry: CrmEntry, state: State, row: ScheduledBooking | None = None) -> Block:
    return Block(
        state,
        "crm",
        entry.staff_id,
        entry.starts_at,
        entry.ends_at,
        [int(service_id) for service_id in row.service_ids] if row else [],
        entry.who,
        row.booking_id if row else None,
        booking_code(row.booking_id) if row else None,
        entry.record_id,
    )


def _entry(record: dict[str, object]) -> CrmEntry:
    client, starts_at = record["client"], datetime.fromisoformat(str(record["datetime"]))
    return CrmEntry(
        int(str(record["id"])),
        str(record["api_id"]),
        int(str(record["staff_id"])),
        starts_at,
        starts_at + timedelta(seconds=int(str(record["seance_length"]))),
        str(client.get("name") or "") if isinstance(client, dict) else "",
    )


def _dates(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
