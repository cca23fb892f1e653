"""salon.toml changes while clients are in the middle of booking a service that is gone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ledger import events as e
from ledger.decisions import boundaries
from ledger.decisions.publish_catalog import PublishCatalog
from ledger.recorder import BoundaryItem
from projections import schedule
from tests.builders import ANNA, COLOURING, catalog
from tests.fakes.conversation import Person, open_house
from tests.salon import Salon, open_test_salon

WAY = ("Записаться", "Стрижка", "Анна", "7", "10:00", "Даю", "contact", "Записаться")
KEPT_FROM = 5
"""After so many steps the time is being kept at the agreed price."""


@pytest.fixture
def salon(database_url: str, schema: str) -> Iterator[Salon]:
    with open_test_salon(database_url, schema) as opened:
        yield opened


async def go(person: Person, steps: tuple[str, ...]) -> None:
    for step in steps:
        await (person.share() if step == "contact" else person.press(step))


def stop_selling_haircuts(salon: Salon) -> None:
    offer = e.ServiceOffer(COLOURING, "Окрашивание", "Волосы", 600_000, 120, (ANNA,))
    salon.ledger.execute(PublishCatalog(salon.order(), catalog(services=(offer,)), ()))
    salon.catch_up()


@pytest.mark.parametrize("taken", range(1, len(WAY)))
async def test_the_service_is_gone_after_any_step_of_booking_it(salon: Salon, taken: int) -> None:
    async with open_house(salon) as house:
        maria = Person(house, 111)
        await maria.write("/start")
        await go(maria, WAY[:taken])
        stop_selling_haircuts(salon)
        if taken < KEPT_FROM:
            said = await maria.press(WAY[taken])
            assert "Список услуг изменился" in said
            assert maria.see("Окрашивание") or "Окрашивание" in " ".join(maria.labels), "and there is a way on"
        else:
            await go(maria, WAY[taken:])
            assert "Вы записаны!" in maria.screen
        assert house.telegram.unanswered() == []
        assert house.failed_updates() == []
    booked = salon.ledger.history(BoundaryItem(types=boundaries.names(e.BookingMade), tags=[]))
    assert len(booked) == (taken >= KEPT_FROM), "nobody books what is not sold; what was kept is honoured"
    if booked and isinstance(booked[0].event, e.BookingMade):
        row = schedule.booking(salon.database, booked[0].event.booking_id)
        assert row is not None
        assert row.price == 150_000, "as agreed"
