"""A salon with bookings the CRM knows nothing of, and a simulated CRM to send them to."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count

from bench import salon
from console.demo.stage import SimulatedCrm
from console.wiring import House
from ledger.decisions.book import MakeBooking
from ledger.decisions.clients import GiveConsent, RegisterClient
from ledger.decisions.hold import HoldSlot
from ledger.decisions.publish_catalog import PublishCatalog
from ledger.ledger import Order
from ledger.privacy import random_id
from ledger.values import Actor, BookingId, ClientId, Slot

_MASTERS, _BOOKINGS_A_CLIENT = 10, 50
_numbers = count(1)


def order(what: str) -> Order:
    return Order(f"bench:{what}:{next(_numbers)}", Actor("system", "bench"), datetime.now(salon.ZONE))


def book(house: House, bookings: int) -> None:
    """Visits of an hour, one after the other, from tomorrow on; each client has a contact the sender can open."""
    staff_ids = salon.masters(_MASTERS)
    shifts = tuple(salon.shifts(staff_id) for staff_id in staff_ids)
    house.ledger.execute(PublishCatalog(order("catalog"), salon.catalog(staff_ids), shifts))
    clients = [_client(house, number) for number in range(-(-bookings // _BOOKINGS_A_CLIENT))]
    today = datetime.now(salon.ZONE).date()
    for number in range(bookings):
        hour, master = divmod(number, _MASTERS)
        day, hour = divmod(hour, salon.VISITS_A_DAY)
        starts_at = salon.opening(today + timedelta(days=day + 1)) + timedelta(hours=hour)
        slot = Slot(staff_ids[master], starts_at, starts_at + timedelta(hours=1))
        booking_id, client_id = BookingId(random_id()), clients[number % len(clients)]
        house.ledger.execute(HoldSlot(order("hold"), booking_id, client_id, slot, (salon.HAIRCUT,)))
        house.ledger.execute(MakeBooking(order("book"), booking_id, client_id))


def _client(house: House, number: int) -> ClientId:
    phone = f"+7916{number:07d}"
    client_id = house.vault.client_for("telegram", phone)
    telegram, name, sealed_phone = (
        house.vault.seal(client_id, text, f"client_registered.{field}")
        for field, text in (("telegram", phone[1:]), ("name", "Мария"), ("phone", phone))
    )
    house.ledger.execute(GiveConsent(order("consent"), client_id, "1", "ab" * 32))
    register = RegisterClient(order("register"), client_id, telegram, name, sealed_phone, phone_verified=True)
    house.ledger.execute(register)
    return client_id


@contextmanager
def simulated_crm(*, a_second: int, a_minute: int, answer_seconds: float) -> Iterator[SimulatedCrm]:
    """The simulator in a process of its own, with these limits; each call takes that long at its far end."""
    command = [sys.executable, "-m", "sync.simulator", "--port", "0", "--zone", salon.ZONE.key]
    command += ["--per-second", str(a_second), "--per-minute", str(a_minute), "--delay", str(answer_seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield SimulatedCrm(process.stdout.readline().strip())
        finally:
            process.terminate()
