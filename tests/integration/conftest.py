"""A salon with its read models and catalogue, alone or with a simulated CRM, on each server under test."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from ledger.decisions.cancel import CancelBooking
from ledger.integrity import verify_chain
from ledger.values import BookingId, ClientId
from sync.simulator import Limits, Simulator, running
from sync.transport import BoundedTransport
from tests.builders import BOOKING, DARIA, MARIA, OTHER_BOOKING, order, slot
from tests.clinic import Clinic
from tests.crm_contract import problems
from tests.crm_hosts import Branch
from tests.salon import open_test_salon
from tests.stage import Stage
from tests.store import Salon, salon_at


@pytest.fixture(autouse=True)
def undocumented(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Whatever a test here sends to the CRM is as the vendor documents it; what is not stands in this list."""
    found: list[str] = []
    real = BoundedTransport.handle_request

    def checked(self: BoundedTransport, request: httpx.Request) -> httpx.Response:
        found.extend(problems(request))
        return real(self, request)

    monkeypatch.setattr(BoundedTransport, "handle_request", checked)
    yield found
    assert found == []


@pytest.fixture
def salon(database_url: str, schema: str) -> Iterator[Salon]:
    with salon_at(database_url, schema) as one:
        one.open()
        yield one


@pytest.fixture
def busy(salon: Salon) -> Salon:
    """Two bookings, one of them cancelled, and a hold."""
    salon.book()
    salon.book(slot("12:00"), OTHER_BOOKING, DARIA)
    salon.ledger.execute(CancelBooking(order(), BOOKING, MARIA, 1))
    salon.hold(slot("16:00"), BookingId(3))
    return salon


@pytest.fixture
def stage(database_url: str, schema: str) -> Iterator[Stage]:
    with open_test_salon(database_url, schema) as salon:
        simulator = Simulator(limits=Limits(1000, 100_000), clock=salon.clock.now)
        with running(simulator) as url:
            stage = Stage(salon, simulator, url)
            salon.resume()
            yield stage
            stage.crm.close()
            assert verify_chain(salon.recorder).ok


@pytest.fixture
def clinic(database_url: str, schema: str) -> Iterator[Clinic]:
    crm = Branch(Simulator(limits=Limits(1000, 100_000)))
    with open_test_salon(database_url, schema) as salon, running(crm) as url:
        yield Clinic(salon.database, crm, url)


@pytest.fixture
def client(stage: Stage) -> ClientId:
    return stage.salon.client()


@pytest.fixture
def booking(stage: Stage, client: ClientId) -> BookingId:
    """A booking of the client's that the CRM holds."""
    booking_id = stage.salon.book(slot("10:00"), client)
    stage.drain()
    return booking_id
