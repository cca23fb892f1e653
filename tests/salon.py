"""A salon on a real database: ledger, read models, vault, clock, and clients who book without a bot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count

from ledger.clock import SetClock
from ledger.decisions.book import MakeBooking
from ledger.decisions.cancel import CancelBooking
from ledger.decisions.clients import GiveConsent, RegisterClient
from ledger.decisions.hold import HoldSlot
from ledger.decisions.integration import ResumeIntegration
from ledger.decisions.move import MoveBooking
from ledger.decisions.publish_catalog import PublishCatalog
from ledger.ledger import Ledger, Order
from ledger.postgres import Database, migrate
from ledger.privacy import Vault, new_master_key, random_id
from ledger.recorder import PostgresRecorder
from ledger.values import Actor, BookingId, ClientId, Sealed, ServiceId, Slot
from projections import schedule
from projections.backlog import BacklogProjection
from projections.catalog import CatalogProjection
from projections.client_notices import ClientNoticesProjection
from projections.notices import NoticesProjection
from projections.projector import Follower, install
from projections.reminders import RemindersProjection
from projections.schedule import Schedule
from tests.builders import ANNA, HAIRCUT, NOW, OLGA, catalog, shifts


class Salon:
    """The salon of `builders` (Anna and Olga, 10 to 14 and 15 to 20), its clock standing at NOW."""

    def __init__(self, database: Database) -> None:
        migrate(database)
        self.database = database
        self.recorder = PostgresRecorder(database)
        models = (
            Schedule(),
            CatalogProjection(),
            BacklogProjection(),
            RemindersProjection(),
            NoticesProjection(),
            ClientNoticesProjection(),
        )
        install(self.recorder, models)
        self.ledger = Ledger(self.recorder, [models[0]])
        self.master_key = new_master_key()
        self.vault = Vault(database, self.master_key)
        self.clock = SetClock(NOW)
        self.follower = Follower(self.recorder, models, "test")
        self._clients: dict[BookingId, ClientId] = {}
        self._commands = count(1)
        self._phones = count(79160000001)
        self.ledger.execute(PublishCatalog(self.order(), catalog(), (shifts(ANNA), shifts(OLGA))))
        self.catch_up()

    def order(self, by: Actor = Actor("system", "test")) -> Order:  # noqa: B008  frozen
        return Order(f"test:{next(self._commands)}", by, self.clock.now())

    def catch_up(self) -> None:
        assert self.follower.wait_until(self.recorder.head(), seconds=10)

    def client(self, telegram: str | None = None) -> ClientId:
        """A registered client with a phone of their own; `telegram` is their user id there, if it matters."""
        phone = f"+{next(self._phones)}"
        client_id = self.vault.client_for("telegram", telegram or phone)
        by = Actor("client", str(client_id))

        def sealed(field: str, text: str) -> Sealed:
            return self.vault.seal(client_id, text, f"client_registered.{field}")

        self.ledger.execute(GiveConsent(self.order(by), client_id, "1", "ab" * 32))
        who = sealed("telegram", telegram or phone[1:]), sealed("name", "Мария"), sealed("phone", phone)
        self.ledger.execute(RegisterClient(self.order(by), client_id, *who, phone_verified=True))
        return client_id

    def book(
        self, slot: Slot, client_id: ClientId | None = None, service_ids: tuple[ServiceId, ...] = (HAIRCUT,)
    ) -> BookingId:
        """Holds and books. Raises what the decisions refuse with."""
        client_id = client_id or self.client()
        by = Actor("client", str(client_id))
        booking_id = BookingId(random_id())
        held = self.ledger.execute(HoldSlot(self.order(by), booking_id, client_id, slot, service_ids)).answer
        self.ledger.execute(MakeBooking(self.order(by), held.booking_id, client_id))
        self._clients[held.booking_id] = client_id
        return held.booking_id

    def cancel(self, booking_id: BookingId) -> None:
        client_id, version = self._clients[booking_id], self.version(booking_id)
        self.ledger.execute(CancelBooking(self.order(Actor("client", str(client_id))), booking_id, client_id, version))

    def move(self, booking_id: BookingId, slot: Slot) -> None:
        client_id, version = self._clients[booking_id], self.version(booking_id)
        order = self.order(Actor("client", str(client_id)))
        self.ledger.execute(MoveBooking(order, booking_id, client_id, version, slot))

    def version(self, booking_id: BookingId) -> int:
        """The booking's version as its newest button would carry it."""
        booking = schedule.booking(self.database, booking_id)
        assert booking is not None
        return booking.version

    def resume(self) -> None:
        self.ledger.execute(ResumeIntegration(self.order(Actor("operator", "1"))))

    def advance(self, **by: float) -> None:
        self.clock.advance(timedelta(**by))


@contextmanager
def open_test_salon(url: str, schema: str) -> Iterator[Salon]:
    with Database(url, schema) as database:
        salon = Salon(database)
        try:
            yield salon
        finally:
            salon.recorder.close()
