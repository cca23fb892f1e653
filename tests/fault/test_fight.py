"""Eight who fight for the same places: nobody shares one, none stays empty, even with the rule taken out."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from itertools import combinations

import pytest

from ledger.decisions import boundaries
from ledger.decisions.book import MakeBooking
from ledger.decisions.folds import fold_entries
from ledger.decisions.hold import HoldSlot
from ledger.decisions.publish_catalog import PublishCatalog
from ledger.errors import ContentionError, HoldExpiredError, RefusalError, SlotTakenError
from ledger.integrity import verify_chain
from ledger.ledger import recorded
from ledger.privacy import random_id
from ledger.recorder import BoundaryItem
from ledger.values import BookingId, ClientId, Slot
from tests.builders import ANNA, HAIRCUT, MONDAY, NOW, OLGA, at, catalog, hours, order, policy, shifts, slot
from tests.store import Salon, all_at_once

THREADS = 8
PLACES = [
    slot(f"{hour}:00", on=MONDAY + timedelta(days=day), staff_id=master)
    for master in (ANNA, OLGA)
    for day in range(3)
    for hour in range(10, 19)
]


class WithoutTheRule(HoldSlot):
    """Neither reads the day nor refuses for an overlap; whatever else stands in the way, it does not know."""

    def boundary(self) -> Sequence[BoundaryItem]:
        return [boundaries.catalog(), boundaries.shifts(self.slot.staff_id), boundaries.client(self.client_id)]


def seconds_on(salon: Salon) -> float:
    """Ten on the embedded server; two on the other, where the same is proved again."""
    return 10 if "requirepeer" in salon.database.url else 2


def fight(salon: Salon, shape: type[HoldSlot], seconds: float) -> Counter[str]:
    """Each thread holds and books as its own clients, until the time is up; half the time off the hour."""
    heard: Counter[str] = Counter()
    until = time.monotonic() + seconds
    mutex = threading.Lock()

    def fighter(seed: int) -> None:
        dice = random.Random(seed)
        while time.monotonic() < until:
            client, booking = ClientId(random_id()), BookingId(random_id())
            place = dice.choice(PLACES)
            if dice.random() < 0.3:  # off the grid, so that overlaps are not only of equal times
                later = timedelta(minutes=30)
                place = Slot(place.staff_id, place.starts_at + later, place.ends_at + later)
            word = "booked"
            try:
                salon.ledger.execute(shape(order(), booking, client, place, (HAIRCUT,)))
                salon.know(client)
                salon.ledger.execute(MakeBooking(order(), booking, client))
            except (RefusalError, ContentionError) as error:
                word = type(error).__name__
            with mutex:
                heard[word] += 1

    all_at_once([partial(fighter, n) for n in range(THREADS)])
    return heard


def fill_up(salon: Salon) -> None:
    """What the fight left free is booked now, so that every moment between 10 and 19 is taken or too short."""
    for place in PLACES:
        client = ClientId(random_id())
        try:
            salon.book(place, BookingId(random_id()), client)
        except SlotTakenError:
            continue


def assert_fair(salon: Salon, heard: Counter[str]) -> None:
    history = [recorded(stored) for stored in salon.recorder.page(None, 0, 10**6)[0]]
    standing = [one for one in fold_entries(history).values() if one.status in ("held", "booked")]
    for one, other in combinations(standing, 2):
        assert not one.slot.overlaps(other.slot), (one, other)
    booked = [one for one in standing if one.status == "booked"]
    assert len(booked) >= heard["booked"] > 0
    for place in PLACES:
        assert any(one.slot.overlaps(place) for one in standing), f"{place} stayed empty"
    assert salon.rows(
        """SELECT count(*) FROM schedule a JOIN schedule b USING (staff_id)
           WHERE a.booking_id < b.booking_id AND 'cancelled' NOT IN (a.status, b.status)
               AND tstzrange(a.starts_at, a.ends_at) && tstzrange(b.starts_at, b.ends_at)"""
    ) == [(0,)]
    assert salon.rows("SELECT count(*) FROM schedule WHERE status <> 'cancelled'") == [(len(standing),)]
    assert verify_chain(salon.recorder).ok


@pytest.fixture
def arena(salon: Salon) -> Salon:
    generous = catalog(policy=policy(open_bookings_limit=100, horizon_days=30))
    working = hours("10:00-20:00")
    salon.ledger.execute(PublishCatalog(order(), generous, (shifts(ANNA, working), shifts(OLGA, working))))
    assert len(PLACES) == 54
    assert at("10:00") > NOW
    return salon


@pytest.mark.parametrize("shape", [HoldSlot, WithoutTheRule])
def test_eight_who_fight_for_54_places_never_share_one_and_leave_none(arena: Salon, shape: type[HoldSlot]) -> None:
    heard = fight(arena, shape, seconds_on(arena))
    fill_up(arena)

    assert_fair(arena, heard)
    assert heard["SlotTakenError"] > 0, heard
    assert HoldExpiredError.__name__ not in heard


def test_the_fight_without_the_rule_is_really_without_it(arena: Salon) -> None:
    """Guards the test above: the decision alone, asked without the store's guard, takes a taken time."""
    arena.hold(PLACES[0])
    lawless = WithoutTheRule(order(), BookingId(2), ClientId(2), PLACES[0], (HAIRCUT,))

    assert lawless.decide(arena.ledger.history(*lawless.boundary()))
