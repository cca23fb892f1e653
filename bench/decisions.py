"""Whole decisions: read the boundary, decide, append on condition, write the schedule under its guard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from itertools import count
from typing import get_args
from zoneinfo import ZoneInfo

from eventsourcing.dcb.api import DCBEvent

from bench.rounds import seconds_for
from ledger import events as e
from ledger.codec import encode, stored_name
from ledger.decisions.book import MakeBooking
from ledger.decisions.hold import HoldSlot
from ledger.decisions.publish_catalog import PublishCatalog
from ledger.ledger import Ledger, Order
from ledger.postgres import Database, migrate
from ledger.privacy import random_id
from ledger.recorder import PostgresRecorder
from ledger.tags import tags_of
from ledger.values import Actor, BookingId, ClientId, Sealed, ServiceId, Slot, StaffId
from projections.projector import install
from projections.schedule import Schedule

ZONE = ZoneInfo("Europe/Moscow")
NOW = datetime(2030, 1, 6, 12, tzinfo=ZONE)
HAIRCUT = ServiceId(2001)
VISITS_A_DAY = 12
POLICY = e.Policy(
    hold_minutes=10,
    minimum_notice_minutes=60,
    horizon_days=365,
    cancel_notice_minutes=120,
    open_bookings_limit=100,
    slot_step_minutes=30,
)
_SYSTEM = Actor("system", "bench")


@dataclass(frozen=True)
class Wanted:
    """A booking that nobody contests."""

    booking_id: BookingId
    client_id: ClientId
    slot: Slot


@dataclass(frozen=True)
class Rates:
    """Decisions a second, all threads together."""

    hold: float
    book: float

    @property
    def both(self) -> float:
        """Of a booking's two decisions taken together."""
        return 2 / (1 / self.hold + 1 / self.book)


class BookingDay:
    """A salon with one master a thread, so that no thread waits for another's slot, only for the log."""

    def __init__(self, conninfo: str, *, threads: int, bookings: int) -> None:
        """`bookings` are made in each round, one a client; the same clients come again in the next round."""
        self._database = Database(conninfo, "bench_decide")
        migrate(self._database)
        self._recorder = PostgresRecorder(self._database)
        models = [Schedule()]
        install(self._recorder, models)
        self._ledger = Ledger(self._recorder, models)
        self._masters = [StaffId(100 + number) for number in range(threads)]
        self._slots = [_slots(staff_id) for staff_id in self._masters]
        order = Order("bench:catalog", _SYSTEM, NOW)
        shifts = tuple(_shifts(staff_id) for staff_id in self._masters)
        self._ledger.execute(PublishCatalog(order, _catalog(self._masters), shifts))
        self._clients = [ClientId(random_id()) for _ in range(bookings)]
        for start in range(0, bookings, 500):
            self._recorder.append([event for one in self._clients[start : start + 500] for event in _known(one)])

    def round(self) -> Rates:
        """Every client holds and then books a slot, the clients spread over the threads."""
        threads, done = len(self._masters), len(self._clients)
        shares = [_wanted(self._clients[number::threads], slots) for number, slots in enumerate(self._slots)]
        holding = seconds_for([partial(self._hold, share) for share in shares])
        booking = seconds_for([partial(self._book, share) for share in shares])
        return Rates(done / holding, done / booking)

    def close(self) -> None:
        self._recorder.close()
        self._database.close()

    def _hold(self, share: Sequence[Wanted]) -> None:
        for one in share:
            decision = HoldSlot(_order(one, "hold"), one.booking_id, one.client_id, one.slot, (HAIRCUT,))
            self._ledger.execute(decision)

    def _book(self, share: Sequence[Wanted]) -> None:
        for one in share:
            self._ledger.execute(MakeBooking(_order(one, "book"), one.booking_id, one.client_id))


def _wanted(clients: Sequence[ClientId], slots: Iterator[Slot]) -> list[Wanted]:
    return [Wanted(BookingId(random_id()), client_id, next(slots)) for client_id in clients]


def _order(one: Wanted, decision: str) -> Order:
    return Order(f"tg:1234567890:{one.booking_id}:{decision}", Actor("client", str(one.client_id)), NOW)


def _slots(staff_id: StaffId) -> Iterator[Slot]:
    for day in count(1):
        opens = datetime.combine(NOW.date() + timedelta(days=day), time(9), ZONE)
        for hour in range(VISITS_A_DAY):
            starts_at = opens + timedelta(hours=hour)
            yield Slot(staff_id, starts_at, starts_at + timedelta(hours=1))


def _catalog(masters: Sequence[StaffId]) -> e.CatalogPublished:
    offer = e.ServiceOffer(HAIRCUT, "Haircut", "Hair", 250_000, 60, tuple(masters))
    staff = tuple(e.StaffMember(staff_id, f"Master {staff_id}", "") for staff_id in masters)
    return e.CatalogPublished("file", "Bench", ZONE.key, "RUB", "", "", (offer,), staff, POLICY)


def _shifts(staff_id: StaffId) -> e.ShiftsPublished:
    daily = (e.Interval(time(9), time(21)),)
    no_days: dict[date, tuple[e.Interval, ...]] = {}
    return e.ShiftsPublished("file", staff_id, dict.fromkeys(get_args(e.Weekday), daily), no_days)


def _known(client_id: ClientId) -> Iterator[DCBEvent]:
    """Consent and contact as stored; the blobs are as long as sealed ones, but nobody opens them here."""
    telegram, name, phone = (Sealed("A" * 64, f"client_registered.{field}") for field in ("telegram", "name", "phone"))
    consent = e.ConsentGiven(client_id, "booking", "1", "ab" * 32)
    registered = e.ClientRegistered(client_id, telegram, name, phone, phone_verified=True, language="ru")
    for event in (consent, registered):
        data = encode(event, by=_SYSTEM, at=NOW, cause="bench")
        yield DCBEvent(stored_name(type(event)), data, tags_of(event))
