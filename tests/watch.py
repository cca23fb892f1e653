"""A stage whose CRM is watched: polls, looks and sweeps stepped by hand, as after any restart."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from ledger import events as e
from ledger.codec import Recorded
from ledger.decisions import boundaries
from ledger.recorder import BoundaryItem
from ledger.values import BookingId, RecordId, Slot
from projections import schedule
from sync.inbound.reading import DiaryReader
from sync.inbound.steps import Inbound
from tests.builders import at
from tests.stage import Stage


class Watch:
    """The reading half of the sync process on a stage; nothing is remembered but what stands in the database."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.salon = stage, stage.salon
        self.reader = self.new_reader()
        self.inbound = self.new_inbound()

    def new_reader(self) -> DiaryReader:
        return DiaryReader(self.salon.ledger, self.salon.vault, self.stage.crm, self.salon.clock, 1)

    def new_inbound(self) -> Inbound:
        return Inbound(
            self.salon.ledger,
            self.reader,
            self.stage.turns,
            self.salon.clock,
            stopwatch=self.stage.stopwatch,
        )

    def begin(self) -> None:
        """The first sweep has been made, and a second has passed, to which the CRM tells its changes."""
        self.sweep()
        self.salon.advance(seconds=1)

    def poll(self) -> None:
        self.salon.catch_up()
        self.reader.poll(self.stage.lease)
        self.salon.catch_up()

    def look(self) -> int:
        self.salon.catch_up()
        looked = self.reader.look(self.stage.lease)
        self.salon.catch_up()
        return looked

    def sweep(self) -> None:
        self.salon.catch_up()
        self.reader.sweep(self.stage.lease)
        self.salon.catch_up()

    def step(self, *, is_idle: bool = True) -> bool:
        self.salon.catch_up()
        done = self.inbound.step(self.stage.lease, is_idle=is_idle)
        self.salon.catch_up()
        return done

    def sent(self, place: Slot) -> BookingId:
        """A booking that the CRM holds."""
        booking_id = self.salon.book(place)
        self.stage.drain()
        return booking_id

    def record_of(self, booking_id: BookingId) -> RecordId:
        record_id = self.stage.state(booking_id).record_id
        assert record_id is not None
        return record_id

    def drag(self, booking_id: BookingId, to: Slot) -> None:
        """Staff drag the booking's record to another place, a second later."""
        self.salon.advance(seconds=1)
        start = to.starts_at.replace(tzinfo=None)
        self.stage.simulator.move_by_hand(self.record_of(booking_id), start, to.staff_id)

    def strike_out(self, booking_id: BookingId) -> None:
        """Staff remove the booking's record."""
        self.salon.advance(seconds=1)
        assert self.stage.simulator.remove_by_hand(self.record_of(booking_id)) is not None

    def lengthen(self, booking_id: BookingId, minutes: int, ago: timedelta = timedelta()) -> None:
        """Staff give the booking's record another length; `ago` is by how much the CRM shows that late."""
        self._rewrite(booking_id, ago, seconds=minutes * 60)

    def restore(self, booking_id: BookingId) -> None:
        """Staff bring a removed record back."""
        self._rewrite(booking_id, deleted=False)

    def _rewrite(self, booking_id: BookingId, ago: timedelta = timedelta(), **changes: object) -> None:
        """What the simulator has no lever for: straight into its diary."""
        self.salon.advance(seconds=1)
        diary, record_id = self.stage.simulator._diary, self.record_of(booking_id)
        entry = diary._entries[record_id]
        ours = {"seconds"} & changes.keys()
        if ours:
            changes = {"new": msgspec.structs.replace(entry.new, **changes)}
        now = self.salon.clock.now().astimezone(at("10:00").tzinfo) - ago
        diary._entries[record_id] = msgspec.structs.replace(entry, changed_at=now, **changes)

    def place(self, booking_id: BookingId) -> str:
        """`booked 7 2030-01-07 10:00` by the schedule, in the salon's zone."""
        booking = schedule.booking(self.salon.database, booking_id)
        assert booking is not None
        start = booking.starts_at.astimezone(at("10:00").tzinfo)
        return f"{booking.status} {booking.staff_id} {start:%Y-%m-%d %H:%M}"

    def happened(self, *shapes: type[e.AnyEvent]) -> list[Recorded]:
        return self.salon.ledger.history(BoundaryItem(types=boundaries.names(*shapes), tags=[]))

    def later(self, **by: float) -> None:
        self.salon.clock.advance(timedelta(**by))
