"""Traffic of a bad day: writers who book, move and cancel through the ledger, clients who do it by tapping.

Both keep what was acknowledged, and know what may be after an answer that never came.
"""

from __future__ import annotations

import asyncio
import random
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from datetime import date, timedelta

import psycopg

from console.demo.guests import Guest
from console.errors import FoundError
from ledger.decisions.book import MakeBooking
from ledger.decisions.cancel import CancelBooking
from ledger.decisions.hold import HoldSlot
from ledger.decisions.move import MoveBooking
from ledger.errors import ContentionError, RefusalError, StoreUnavailableError
from ledger.ledger import Decision
from ledger.privacy import random_id
from ledger.values import Actor, BookingId, Slot
from projections import schedule
from tests.builders import ANNA, HAIRCUT, OLGA, slot
from tests.salon import Salon

HOURS = (10, 11, 12, 13, 15, 16, 17, 18, 19)
BEGINS_ANEW = 4
"""So often a client who no longer finds the next button begins anew before that counts as a fault."""
LOST = (StoreUnavailableError, ContentionError, psycopg.OperationalError)


def places(today: date) -> list[Slot]:
    """Every hour of both masters on ten days to come."""
    days = [today + timedelta(days=n) for n in range(2, 12)]
    return [slot(f"{hour}:00", on=day, staff_id=one) for day in days for hour in HOURS for one in (ANNA, OLGA)]


class Writer:
    """One client's bookings; `may_be` is where each may stand by all that was acknowledged (None: nowhere)."""

    def __init__(self, salon: Salon, seed: int) -> None:
        self._salon, self._dice = salon, random.Random(seed)
        self._client_id = salon.client()
        self._places = places(salon.clock.now().date())
        self.may_be: dict[BookingId, set[Slot | None]] = {}
        self.heard: Counter[str] = Counter()

    def step(self) -> None:
        """Makes a booking, or changes one."""
        try:
            if self.may_be and self._dice.random() < 0.5:
                self._change(self._dice.choice(list(self.may_be)))
            else:
                self._book(BookingId(random_id()))
        except RefusalError:
            self.heard["refused"] += 1
        except LOST:
            self.heard["lost"] += 1

    def check(self) -> None:
        """Every booking stands where an acknowledgement, or a lost answer, left it."""
        for booking_id in self.may_be:
            self._see(booking_id)

    def _book(self, booking_id: BookingId) -> None:
        place = self._dice.choice(self._places)
        order, client_id = self._salon.order(self._by), self._client_id
        self._salon.ledger.execute(HoldSlot(order, booking_id, client_id, place, (HAIRCUT,)))
        self.may_be[booking_id] = {None}
        self._do("booked", booking_id, place, MakeBooking(self._salon.order(self._by), booking_id, client_id))

    def _change(self, booking_id: BookingId) -> None:
        version = self._see(booking_id)
        if version is None:
            return
        order, client_id = self._salon.order(self._by), self._client_id
        if self._dice.random() < 0.5:
            self._do("cancelled", booking_id, None, CancelBooking(order, booking_id, client_id, version))
        else:
            place = self._dice.choice(self._places)
            self._do("moved", booking_id, place, MoveBooking(order, booking_id, client_id, version, place))

    def _do(self, word: str, booking_id: BookingId, place: Slot | None, decision: Decision[object]) -> None:
        before = self.may_be[booking_id]
        self.may_be[booking_id] = before | {place}
        try:
            self._salon.ledger.execute(decision)
        except RefusalError:
            self.may_be[booking_id] = before
            raise
        self.may_be[booking_id] = {place}
        self.heard[word] += 1

    def _see(self, booking_id: BookingId) -> int | None:
        """The version of a booking that stands, None of one that does not."""
        row = schedule.booking(self._salon.database, booking_id)
        is_standing = row is not None and row.status == "booked"
        seen = Slot(row.staff_id, row.starts_at, row.ends_at) if row is not None and is_standing else None
        assert seen in self.may_be[booking_id], f"{booking_id} is at {seen}, not at {self.may_be[booking_id]}"
        self.may_be[booking_id] = {seen}
        return row.version if row is not None and is_standing else None

    @property
    def _by(self) -> Actor:
        return Actor("client", str(self._client_id))


class Writers:
    """So many at once, until stopped."""

    def __init__(self, writers: Sequence[Writer]) -> None:
        self._writers = writers
        self._stopped = threading.Event()

    @property
    def heard(self) -> Counter[str]:
        return sum((writer.heard for writer in self._writers), Counter[str]())

    @property
    def acknowledged(self) -> int:
        """How much was done and answered."""
        heard = self.heard
        return heard["booked"] + heard["moved"] + heard["cancelled"]

    def check(self) -> None:
        for writer in self._writers:
            writer.check()

    def work(self, writer: Writer) -> None:
        while not self._stopped.is_set():
            writer.step()

    def stop(self) -> None:
        self._stopped.set()


@contextmanager
def writers_at_work(salon: Salon, seed: int, count: int = 8) -> Iterator[Writers]:
    """Raises what any of them raised."""
    writers = Writers(ones := [Writer(salon, seed * 100 + n) for n in range(count)])
    with ThreadPoolExecutor(count) as threads:
        working: list[Future[None]] = [threads.submit(writers.work, one) for one in ones]
        try:
            yield writers
        finally:
            writers.stop()
    for work in working:
        work.result()


@asynccontextmanager
async def guests_at_work(guests: Sequence[Guest]) -> AsyncIterator[None]:
    """Clients who book, move and cancel until the end of the block, and then finish what they have begun.

    What goes wrong with one of them ends the block at once. Who is shown an older screen, because a tap came again
    after a restart, begins anew, as people do.
    """
    is_over = asyncio.Event()

    async def live(guest: Guest) -> None:
        patience = BEGINS_ANEW
        while not is_over.is_set():
            try:
                await guest.book()
                if guest.has_booked:
                    await (guest.move() if guest.rng.random() < 0.5 else guest.cancel())
            except FoundError:
                patience -= 1
                if not patience:
                    raise

    async with asyncio.TaskGroup() as living:
        for guest in guests:
            living.create_task(live(guest))
        yield
        is_over.set()
