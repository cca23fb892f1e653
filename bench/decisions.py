"""Whole decisions by eight threads: read the boundary, decide, append on condition, write the guarded schedule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Protocol, TypeVar

from eventsourcing.dcb.api import DCBAppendCondition, DCBEvent, DCBQuery, DCBQueryItem, DCBSequencedEvent
from eventsourcing.dcb.postgres_tt import PostgresDCBRecorderTT

from bench import salon
from bench.contestants import MOST_WRITERS
from bench.library import datastore
from bench.rounds import Contest, Figure, interleaved, seconds_for
from bench.rows import Row, Target
from bench.sizes import Stage
from ledger.codec import Recorded, decode, encode, stored_name
from ledger.decisions.book import MakeBooking
from ledger.decisions.hold import HoldSlot
from ledger.decisions.publish_catalog import PublishCatalog
from ledger.ledger import Already, Decision, Ledger, Order
from ledger.postgres import Database, migrate
from ledger.privacy import random_id
from ledger.recorder import PostgresRecorder
from ledger.tags import command_tag, tags_of
from ledger.values import Actor, BookingId, ClientId, Slot, StaffId
from projections.projector import install
from projections.schedule import Schedule

NOW = salon.midnight(salon.MONDAY) - timedelta(hours=12)
WANTED_A_SECOND = 1_000
_A = TypeVar("_A")


def measure(stage: Stage) -> list[Row]:
    """Both answers to one question: how many decisions a second eight threads get through."""
    executors: list[Executor] = [Library(stage.conninfo), Ours(stage.conninfo)]
    kinds = ("hold a slot", "book what is held", "both")
    figures = {one.name: [Figure(f"{one.name}: {kind}") for kind in kinds] for one in executors}
    with ExitStack() as open_executors:
        for one in executors:
            open_executors.enter_context(closing(one))
        days = [BookingDay(one, salon.masters(MOST_WRITERS), bookings=stage.sizes.bookings) for one in executors]
        contests = [Contest(figures[one.name], day.round) for one, day in zip(executors, days, strict=True)]
        interleaved(stage.sizes.rounds, contests, stage.tell, "decisions")
    library, ours = (figures[one.name] for one in executors)
    title = f"whole booking decision, {MOST_WRITERS} threads, no overlaps"
    targets = [Target(WANTED_A_SECOND, ours[-1].value, "decisions a second")]
    return [Row("decide", title, [*library, *ours], ours[-1], library[-1], targets)]


@dataclass(frozen=True)
class Wanted:
    """A booking that nobody contests."""

    booking_id: BookingId
    client_id: ClientId
    slot: Slot


class Executor(Protocol):
    """Something that reads what a decision depends on, lets it decide, and stores what it decided."""

    name: str

    def execute(self, decision: Decision[_A]) -> object: ...

    def append(self, events: Sequence[DCBEvent]) -> object:
        """Stores without a decision: what must be there before the day begins."""

    def close(self) -> None: ...


class Ours:
    """`Ledger.execute` with the schedule inline: every event has four tags and its command's, chain and guard."""

    name = "ours, all on"

    def __init__(self, conninfo: str, schema: str = "bench_decide") -> None:
        self._database = Database(conninfo, schema)
        migrate(self._database)
        recorder = PostgresRecorder(self._database)
        models = [Schedule()]
        install(recorder, models)
        self.append, self._close = recorder.append, recorder.close
        self.execute = Ledger(recorder, models).execute

    def close(self) -> None:
        self._close()
        self._database.close()


class Library:
    """The same decisions, codec and tags on the library's DCB recorder: no chain, no schedule, no guard.

    A decision's wish to see only the latest event of a kind is unknown to it; here there is one of each.
    """

    name = "library, DCB recorder"

    def __init__(self, conninfo: str) -> None:
        self._datastore = datastore(conninfo, connections=MOST_WRITERS)
        self._recorder = PostgresDCBRecorderTT(self._datastore, events_table_name="bench_decide_events")
        self._recorder.create_table()

    def append(self, events: Sequence[DCBEvent]) -> object:
        return self._recorder.append(events)

    def execute(self, decision: Decision[_A]) -> object:
        order = decision.order
        command = command_tag(order.command_id)
        items = [DCBQueryItem(item.types, item.tags) for item in decision.boundary()]
        query = DCBQuery([*items, DCBQueryItem(tags=[command])])
        found = self._recorder.read(query)
        decided = decision.decide([_recorded(one) for one in found])
        if isinstance(decided, Already):
            raise TypeError("nobody wants the same twice here")
        stored = [
            DCBEvent(
                stored_name(type(event)),
                encode(event, by=order.by, at=order.at, cause=order.command_id),
                [*tags_of(event), command],
            )
            for event in decided
        ]
        self._recorder.append(stored, DCBAppendCondition(query, found.head))
        return decision.answer(decided)

    def close(self) -> None:
        self._datastore.close()


class BookingDay:
    """A salon with one master a thread, so that no thread waits for another's slot, only for the log."""

    def __init__(self, executor: Executor, masters: Sequence[StaffId], *, bookings: int) -> None:
        """`bookings` are made in each round, one a client; the same clients come again in the next round."""
        self._executor, self._masters = executor, masters
        self._slots = [_slots(staff_id) for staff_id in self._masters]
        order = Order("bench:catalog", salon.SYSTEM, NOW)
        shifts = tuple(salon.shifts(staff_id) for staff_id in self._masters)
        executor.execute(PublishCatalog(order, salon.catalog(self._masters), shifts))
        self._clients = [ClientId(random_id()) for _ in range(bookings)]
        for start in range(0, bookings, 500):
            executor.append([event for one in self._clients[start : start + 500] for event in salon.known(one)])

    def round(self) -> tuple[float, float, float]:
        """Every client holds and then books a slot, the clients spread over the threads.

        Gives decisions a second, all threads together: of holding, of booking, of both taken together.
        """
        threads, done = len(self._masters), len(self._clients)
        shares = [_wanted(self._clients[number::threads], slots) for number, slots in enumerate(self._slots)]
        holding = seconds_for([partial(self._hold, share) for share in shares])
        booking = seconds_for([partial(self._book, share) for share in shares])
        return done / holding, done / booking, 2 * done / (holding + booking)

    def _hold(self, share: Sequence[Wanted]) -> None:
        for one in share:
            decision = HoldSlot(_order(one, "hold"), one.booking_id, one.client_id, one.slot, (salon.HAIRCUT,))
            self._executor.execute(decision)

    def _book(self, share: Sequence[Wanted]) -> None:
        for one in share:
            self._executor.execute(MakeBooking(_order(one, "book"), one.booking_id, one.client_id))


def _recorded(stored: DCBSequencedEvent) -> Recorded:
    """As `ledger.recorded`; the library keeps no time of recording."""
    envelope = decode(stored.event.type, stored.event.data)
    by, at, cause = envelope.by, envelope.at, envelope.cause
    return Recorded(stored.position, at, tuple(stored.event.tags), by, at, cause, envelope.facts)


def _wanted(clients: Sequence[ClientId], slots: Iterator[Slot]) -> list[Wanted]:
    return [Wanted(BookingId(random_id()), client_id, next(slots)) for client_id in clients]


def _order(one: Wanted, decision: str) -> Order:
    return Order(f"tg:1234567890:{one.booking_id}:{decision}", Actor("client", str(one.client_id)), NOW)


def _slots(staff_id: StaffId) -> Iterator[Slot]:
    for day in count(1):
        opens = salon.opening(NOW.date() + timedelta(days=day))
        for hour in range(salon.VISITS_A_DAY):
            starts_at = opens + timedelta(hours=hour)
            yield Slot(staff_id, starts_at, starts_at + timedelta(hours=1))
