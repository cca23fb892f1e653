"""The catalogue kept up with the CRM over real HTTP, every hour, and never at the cost of what is in force."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import time, timedelta

import pytest

from ledger import events as e, leases
from ledger.decisions.book import MakeBooking
from ledger.decisions.hold import HoldSlot
from ledger.decisions.integration import PauseIntegration
from ledger.decisions.publish_catalog import PublishCatalog
from ledger.errors import LeaseLostError, NotInCatalogError
from ledger.recorder import BoundaryItem
from ledger.tags import CATALOG
from ledger.values import Actor, BookingId
from projections.catalog import Catalog, current_catalog
from projections.free_slots import free_slots
from projections.integration import integration
from sync.catalog_keeper import EVERY, CatalogKeeper
from sync.catalog_pull import last_reading
from sync.errors import RateLimitedError
from sync.inbound.inbox import Inbox
from sync.simulator import Catalog as CrmCatalog, Limits, Master, Service, Simulator, running
from tests.builders import ANNA, COLOURING, HAIRCUT, MONDAY, NOW, OLGA, catalog, shifts, slot
from tests.salon import open_test_salon
from tests.stage import Stage

WORKING = {weekday: ((time(10), time(14)), (time(15), time(20))) for weekday in range(7)}
CUT = Service(HAIRCUT, "Стрижка", 1500, 3600, (ANNA, OLGA), "Волосы")
COLOUR = Service(COLOURING, "Окрашивание", 5000, 7200, (ANNA,), "Волосы")
STAFF = (Master(ANNA, "Анна", "стилист", WORKING), Master(OLGA, "Ольга", "мастер", WORKING))


class Kept:
    """A salon, its CRM with the same catalogue, and the keeper between them."""

    def __init__(self, stage: Stage, crm: CrmCatalog) -> None:
        self.stage, self.salon, self.crm = stage, stage.salon, crm
        salon, self.inbox = stage.salon, Inbox(stage.salon.database, 1)
        wish = self.inbox.take_catalog_wish
        self.keeper = CatalogKeeper(salon.ledger, stage.crm, stage.turns, salon.clock, stage.stopwatch, wish)

    def read_once(self) -> int:
        """Steps until nothing is due; gives how many requests that took."""
        taken = 0
        while self.keeper.step(self.stage.lease):
            taken += 1
            assert taken < 20
            self.salon.advance(seconds=1)
        self.salon.catch_up()
        return taken

    def an_hour_later(self) -> int:
        self.salon.advance(seconds=EVERY.total_seconds())
        return self.read_once()

    def published(self) -> list[e.AnyEvent]:
        return [item.event for item in self.salon.ledger.history(BoundaryItem(tags=[CATALOG]))]

    def in_force(self) -> Catalog:
        self.salon.catch_up()
        found = current_catalog(self.salon.database)
        assert found is not None
        return found

    def outcome(self) -> str:
        last = last_reading(self.salon.database)
        assert last is not None
        return last.outcome

    def load_file(self, facts: e.CatalogPublished) -> None:
        by = self.salon.order(Actor("operator", "file"))
        self.salon.ledger.execute(PublishCatalog(by, facts, (shifts(ANNA), shifts(OLGA))))


@pytest.fixture
def kept(database_url: str, schema: str) -> Iterator[Kept]:
    crm = CrmCatalog((CUT, COLOUR), STAFF)
    with open_test_salon(database_url, schema) as salon:
        simulator = Simulator(limits=Limits(1000, 100_000), clock=salon.clock.now, catalog=crm)
        with running(simulator) as url:
            stage = Stage(salon, simulator, url)
            salon.resume()
            yield Kept(stage, crm)
            stage.crm.close()


def test_an_announced_change_is_read_before_the_hour_is_over(kept: Kept) -> None:
    kept.read_once()
    assert kept.read_once() == 0
    kept.inbox.want_catalog()
    kept.salon.advance(seconds=10)

    assert kept.read_once() > 0
    kept.salon.advance(seconds=10)
    assert kept.read_once() == 0


def test_the_catalogue_becomes_the_crm_s_and_is_published_once(kept: Kept) -> None:
    assert kept.read_once() == 5, "services, categories, staff, and 45 days of shifts by the month"
    first = kept.published()

    assert [type(event).__name__ for event in first[3:]] == ["CatalogPublished", "ShiftsPublished", "ShiftsPublished"]
    facts = kept.in_force().facts
    assert (facts.source, facts.services, facts.staff) == ("yclients", catalog().services, catalog().staff)
    assert kept.outcome() == "published"

    assert kept.an_hour_later() == 5
    assert kept.published() == first
    assert kept.outcome() == "unchanged"


def test_nothing_is_asked_before_the_hour_is_over(kept: Kept) -> None:
    kept.read_once()
    kept.salon.advance(seconds=EVERY.total_seconds() - 10)

    assert kept.keeper.step(kept.stage.lease) is False


def test_the_sender_has_its_turn_between_any_two_requests(kept: Kept) -> None:
    booking_id = kept.salon.book(slot("10:00"))

    assert kept.keeper.step(kept.stage.lease) is True
    assert kept.keeper.step(kept.stage.lease) is False, "not twice in a row"
    kept.stage.drain()

    assert kept.stage.state(booking_id).status == "synced"


def test_a_price_and_a_day_changed_in_the_crm_are_offered_from_the_next_hour_on(kept: Kept) -> None:
    kept.read_once()
    before = len(kept.published())
    kept.crm.put_service(Service(HAIRCUT, "Стрижка", 1750.5, 3600, (ANNA, OLGA), "Волосы"))
    kept.crm.put_master(Master(OLGA, "Ольга", "мастер", WORKING, {MONDAY: ()}))

    kept.an_hour_later()

    assert [type(event).__name__ for event in kept.published()[before:]] == ["CatalogPublished", "ShiftsPublished"]
    found = kept.in_force()
    offer = found.service(HAIRCUT)
    assert offer is not None
    assert offer.price == 175_050
    times = free_slots(kept.salon.database, found, (HAIRCUT,), OLGA, MONDAY, MONDAY + timedelta(days=1), NOW)
    assert list(times) == [MONDAY + timedelta(days=1)]


def test_a_file_loaded_since_stands_hour_after_hour_until_the_crm_changes(kept: Kept) -> None:
    kept.read_once()
    cheaper = tuple(replace_price(offer) for offer in catalog().services)
    kept.load_file(catalog(services=cheaper))
    loaded = kept.published()

    for _ in range(3):
        kept.an_hour_later()
        assert kept.published() == loaded
        assert kept.outcome() == "overruled"
    kept.crm.put_service(Service(COLOURING, "Окрашивание", 5100, 7200, (ANNA,), "Волосы"))
    kept.an_hour_later()

    facts = kept.in_force().facts
    assert facts.source == "yclients"
    assert [offer.price for offer in facts.services] == [150_000, 510_000]


def replace_price(offer: e.ServiceOffer) -> e.ServiceOffer:
    return e.ServiceOffer(offer.service_id, offer.title, offer.category, 1, offer.minutes, offer.staff_ids)


def test_limits_of_a_file_stay_when_the_crm_s_catalogue_comes_back(kept: Kept) -> None:
    kept.read_once()
    kept.load_file(catalog(policy=replace_horizon(60)))
    kept.crm.remove_service(COLOURING)

    kept.an_hour_later()

    found = kept.in_force()
    assert (found.facts.source, found.facts.policy.horizon_days) == ("yclients", 60)
    assert max(found.shifts[ANNA].days) >= MONDAY + timedelta(days=59), "as far as the bot now offers days"


def replace_horizon(days: int) -> e.Policy:
    usual = catalog().policy
    return e.Policy(
        usual.hold_minutes,
        usual.minimum_notice_minutes,
        days,
        usual.cancel_notice_minutes,
        usual.open_bookings_limit,
        usual.slot_step_minutes,
    )


@pytest.mark.parametrize("mode", ["off", "redirect", "not_found"])
def test_a_crm_that_does_not_answer_changes_nothing_and_is_asked_again_in_an_hour(kept: Kept, mode: str) -> None:
    kept.stage.simulator.set_mode(mode)  # type: ignore[arg-type]  # the parameters are modes
    before = kept.published()

    assert kept.read_once() == 1
    assert (kept.published(), last_reading(kept.salon.database)) == (before, None)

    kept.stage.simulator.set_mode("ok")
    assert kept.an_hour_later() == 5
    assert kept.in_force().facts.source == "yclients"


def test_a_reading_that_breaks_off_is_begun_anew_and_no_half_of_it_is_taken(kept: Kept) -> None:
    before = kept.published()
    for _ in range(3):
        kept.keeper.step(kept.stage.lease)
        kept.salon.advance(seconds=1)
    kept.stage.simulator.set_mode("off")

    assert kept.read_once() == 1
    assert kept.published() == before

    kept.stage.simulator.set_mode("ok")
    assert kept.an_hour_later() == 5


def test_a_no_to_us_as_such_pauses_as_everywhere(kept: Kept) -> None:
    kept.stage.simulator.set_mode("auth")

    assert kept.read_once() == 1

    state = integration(kept.salon.ledger)
    assert (state.state, state.kind, state.message) == ("paused", "auth", "Не указан идентификатор партнера")


def test_a_pause_that_the_crm_asks_for_holds_all_calls_back(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[timedelta] = []

    def too_many() -> None:
        raise RateLimitedError(status=429, retry_after=7)

    monkeypatch.setattr(kept.stage.turns, "hold_back", held.append)
    monkeypatch.setattr(kept.stage.crm, "services", too_many)

    assert kept.read_once() == 1
    assert held == [timedelta(seconds=7)]


def test_while_the_integration_is_paused_nothing_is_asked(kept: Kept) -> None:
    kept.salon.ledger.execute(PauseIntegration(kept.salon.order(Actor("operator", "1")), "operator"))
    kept.salon.advance(seconds=EVERY.total_seconds())

    assert kept.keeper.step(kept.stage.lease) is False
    assert kept.stage.simulator.counts().requests == 0


def test_a_catalogue_that_loses_more_than_half_is_not_taken(kept: Kept) -> None:
    kept.read_once()
    before = kept.published()
    for service_id in (HAIRCUT, COLOURING):
        kept.crm.remove_service(service_id)

    kept.an_hour_later()

    assert (kept.published(), kept.outcome()) == (before, "braked")
    assert len(kept.in_force().facts.services) == 2


def test_whoever_has_lost_the_lease_publishes_nothing(kept: Kept) -> None:
    before = kept.published()
    gone = replace(kept.stage.lease, epoch=kept.stage.lease.epoch + 1)
    for _ in range(4):
        kept.keeper.step(gone)
        kept.salon.advance(seconds=1)
    with pytest.raises(LeaseLostError):
        kept.keeper.step(gone)

    assert kept.published() == before
    assert leases.acquire(kept.salon.database, "sync", "sender", lasting=timedelta(seconds=30)) == kept.stage.lease


def test_a_time_that_is_kept_is_booked_as_agreed_though_the_service_has_left_the_crm(kept: Kept) -> None:
    kept.read_once()
    kept.salon.advance(seconds=EVERY.total_seconds() - 60)
    client_id, booking_id, place = kept.salon.client(), BookingId(77), slot("10:00", 120)
    by = Actor("client", str(client_id))
    kept.salon.ledger.execute(HoldSlot(kept.salon.order(by), booking_id, client_id, place, (COLOURING,)))
    kept.crm.remove_service(COLOURING)
    kept.salon.advance(seconds=60)
    assert kept.read_once() == 5

    made = kept.salon.ledger.execute(MakeBooking(kept.salon.order(by), booking_id, client_id)).answer

    assert made.services[0].price == 500_000
    anew = HoldSlot(kept.salon.order(by), BookingId(78), client_id, slot("16:00", 120), (COLOURING,))
    with pytest.raises(NotInCatalogError):
        kept.salon.ledger.execute(anew)
