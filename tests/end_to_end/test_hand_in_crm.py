"""The whole way: staff drag a record in the CRM, and its client finds the visit at its new time in the bot."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.local import LocalTelegram
from ledger.integrity import verify_chain
from sync.simulator import Limits, Simulator, running
from tests.builders import ANNA, OLGA, slot
from tests.fakes.conversation import Person, open_house
from tests.fakes.messages import Office
from tests.salon import Salon
from tests.stage import Stage, by_hand
from tests.watch import Watch

TEN, FOUR = slot("10:00"), slot("16:00", staff_id=OLGA)


@pytest.fixture
def watch(salon: Salon) -> Iterator[Watch]:
    simulator = Simulator(limits=Limits(1000, 100_000), clock=salon.clock.now)
    with running(simulator) as url:
        stage = Stage(salon, simulator, url)
        salon.resume()
        yield Watch(stage)
        stage.crm.close()
        assert verify_chain(salon.recorder).ok


async def test_a_client_sees_the_moved_time_and_a_removed_visit_is_gone(watch: Watch) -> None:
    salon, telegram = watch.salon, LocalTelegram()
    office = Office(salon, telegram=telegram, staff="ru")
    async with open_house(salon, telegram) as house:
        person = Person(house, 501)
        booking_id = salon.book(TEN, salon.client("501"))
        watch.stage.drain()
        watch.begin()
        watch.drag(booking_id, FOUR)
        watch.later(minutes=1)

        assert watch.step(is_idle=False), "the poll"
        await office.work()

        news = person.screen
        assert "16:00" in news
        await person.press("Мои записи")
        assert person.see("пн, 7 янв., 16:00"), person.labels
        await person.press("пн, 7 янв., 16:00")
        assert "Ольга" in person.screen
        assert not any("перенесена" in text for text in office.texts), "staff know what they did"
        assert watch.stage.drain() == 0
        assert watch.stage.places() == {"": f"{OLGA} 2030-01-07 16:00"}

        watch.strike_out(booking_id)
        watch.later(minutes=1)
        assert watch.step(is_idle=False)
        await office.work()
        assert person.screen != news
        await person.write("/start")
        await person.press("Мои записи")
        assert not person.see("пн, 7 янв., 16:00")


async def test_a_time_that_staff_give_away_in_the_crm_is_not_offered_any_more(watch: Watch) -> None:
    watch.begin()
    async with open_house(watch.salon, LocalTelegram()) as house:
        person = Person(house, 501)
        await person.write("/start")
        await person.press("Записаться", "Стрижка", "Анна", "7")
        assert person.see("10:00"), person.labels
        watch.stage.simulator.add_by_hand(by_hand(ANNA, "10:00", 60))
        watch.later(minutes=1)
        assert watch.step(is_idle=False)

        refused = await person.press("10:00")

        assert "10:00" not in person.labels, refused
        assert person.see("11:00"), person.labels
