"""No tap is lost: a handler's failure costs at most one update, which is recorded; outages are waited out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from aiogram import Bot

from bot import delivery, polling
from bot.app import BotTokenError, build_dispatcher, new_bot, poll
from bot.failures import Failure
from bot.local import ApiRefusal, LocalTelegram, local_bot
from ledger.errors import SchemaVersionError
from projections.catalog import Catalog
from tests.fakes.conversation import House, Person, bot_services, open_house
from tests.fakes.telegram_server import TelegramServer, serve
from tests.salon import Salon, open_test_salon

TOKEN = "7000000001:secret-of-this-bot"
TO_CONTACT = ("Записаться", "Стрижка", "Анна", "7", "10:00", "Даю")


@pytest.fixture
def salon(database_url: str, schema: str) -> Iterator[Salon]:
    with open_test_salon(database_url, schema) as opened:
        yield opened


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "PAUSES", (0.01, 0.01))
    monkeypatch.setattr(polling, "CONFLICT_PAUSE", 0.05)


class Exploding:
    """A catalogue that fails the next so many times it is asked for."""

    def __init__(self, real: Callable[[], Catalog | None], times: int) -> None:
        self._real, self.left = real, times

    def __call__(self) -> Catalog | None:
        if self.left > 0:
            self.left -= 1
            raise ZeroDivisionError("+7 916 123-45-67 must not be recorded")
        return self._real()


def with_exploding_catalog(house: House, times: int) -> Exploding:
    exploding = Exploding(house.services.catalog, times)
    house.services = replace(house.services, catalog=exploding)
    return exploding


async def test_a_handler_that_fails_twice_still_answers(salon: Salon) -> None:
    house = House(salon, LocalTelegram())
    with_exploding_catalog(house, 2)
    house.start()
    maria = Person(house, 111)
    assert "Салон" in await maria.write("/start")
    assert house.failed_updates() == []
    await house.stop()


async def test_a_handler_that_fails_three_times_is_recorded_and_the_next_update_served(salon: Salon) -> None:
    house = House(salon, LocalTelegram())
    exploding = with_exploding_catalog(house, 3)
    house.start()
    maria = Person(house, 111)
    update_id = house.telegram.send_text(111, "/start")
    await house.settle()
    assert "Не получилось" in maria.screen
    assert house.failed_updates() == [(update_id, "message", "builtins.ZeroDivisionError")]
    await maria.write("/start")
    exploding.left = 3
    tapped = maria.tap("Записаться")
    house.telegram.send_text(111, "/start")
    await house.settle()
    assert [row[0] for row in house.failed_updates()] == [update_id, tapped]
    assert maria.see("Записаться")
    assert house.telegram.unanswered() == []
    await house.stop()


async def test_a_failure_is_told_in_the_language_of_the_telegram_it_came_from(salon: Salon) -> None:
    house = House(salon, LocalTelegram())
    exploding = with_exploding_catalog(house, 3)
    house.start()
    mary = Person(house, 111, "Mary", "en-GB")
    assert "something went wrong" in await mary.write("/start")
    await mary.write("/start")
    exploding.left = 3
    assert "something went wrong" in await mary.press("Book a visit")
    await house.stop()


async def test_a_failing_chat_does_not_hold_up_another(salon: Salon) -> None:
    async with open_house(salon) as house:
        people = [Person(house, chat_id) for chat_id in range(100, 140)]
        house.telegram.block(100)
        for person in people:
            house.telegram.send_text(person.chat_id, "/start")
        await house.settle()
        assert all(person.see("Записаться") for person in people[1:])
        assert house.failed_updates() == []


async def test_a_chat_that_must_wait_does_not_keep_the_others_waiting(salon: Salon) -> None:
    class Flooded(LocalTelegram):
        floods = 1

        def call(self, method: str, fields: Mapping[str, str]) -> object:
            if fields.get("chat_id") == "111" and self.floods:
                self.floods -= 1
                raise ApiRefusal(429, "Too Many Requests: retry after 3", retry_after=3)
            return super().call(method, fields)

    async with open_house(salon, Flooded()) as house:
        maria, daria = Person(house, 111), Person(house, 222, "Дарья")
        house.telegram.send_text(111, "/start")
        await asyncio.sleep(0.2)
        house.telegram.send_text(222, "/start")
        async with asyncio.timeout(2.5):
            while len(daria.chat.messages) < 2:  # noqa: ASYNC110  a chat has no event for this
                await asyncio.sleep(0.01)
        assert len(maria.chat.messages) == 1
        await house.settle()
        assert maria.see("Записаться")
        assert house.failed_updates() == []


async def test_what_can_be_neither_done_nor_recorded_is_not_acknowledged(salon: Salon) -> None:
    telegram, stopped, tried = LocalTelegram(), asyncio.Event(), asyncio.Event()
    services = replace(bot_services(salon), catalog=Exploding(lambda: None, 10**6))

    async def store_is_away(_: Bot, failure: Failure) -> None:
        tried.set()
        raise psycopg.OperationalError("the store is away")

    telegram.enter(111, "Мария")
    update_id = telegram.send_text(111, "/start")
    bot = local_bot(telegram)
    polled = asyncio.create_task(poll(bot, build_dispatcher(services), stopped=stopped, on_failure=store_is_away))
    async with asyncio.timeout(20):
        await tried.wait()
        stopped.set()
        await polled
    assert telegram.pending() == [update_id]
    async with open_house(salon, telegram) as house:
        await house.settle()
        assert "Салон" in telegram.chat(111).last.text


async def test_a_bot_of_an_older_program_stops_and_leaves_the_tap_to_the_newer_one(salon: Salon) -> None:
    telegram = LocalTelegram()
    house = House(salon, telegram)
    house.start()
    maria = Person(house, 111)
    await maria.write("/start")
    await maria.press(*TO_CONTACT[:4])
    with salon.database.transaction() as connection:
        connection.execute("UPDATE projections SET version = version + 1 WHERE name = 'schedule'")
    tap = maria.tap("10:00")
    with pytest.raises(SchemaVersionError, match="schedule stands at version"):
        await house.settle()
    assert house.failed_updates() == []
    assert tap in telegram.pending()
    with salon.database.transaction() as connection:
        connection.execute("UPDATE projections SET version = version - 1 WHERE name = 'schedule'")
    house.start()
    await house.settle()
    assert "согласие" in maria.screen.lower()
    await house.stop()


async def test_an_update_this_version_cannot_read_is_recorded_and_passed(salon: Salon) -> None:
    class Newer(LocalTelegram):
        def updates(self, offset: int | None, limit: int = 100) -> list[dict[str, Any]]:  # Any: JSON
            found = super().updates(offset, limit)
            return [{**one, "message": {"from_the": "future"}} if one["update_id"] == 1 else one for one in found]

    async with open_house(salon, Newer()) as house:
        maria = Person(house, 111)
        house.telegram.send_text(111, "/start")
        assert "Салон" in await maria.write("/start")
        assert [row[:2] for row in house.failed_updates()] == [(1, "undecodable")]


async def test_messages_in_groups_are_left_alone(salon: Salon) -> None:
    class Group(LocalTelegram):
        def _message(self, *args: Any, **kwargs: Any) -> dict[str, Any]:  # Any: passed through
            message = super()._message(*args, **kwargs)
            return {**message, "chat": {"id": -5, "type": "group", "title": "Staff"}}

    async with open_house(salon, Group()) as house:
        maria = Person(house, 111)
        await_nothing = house.telegram.send_text(111, "hello")
        await house.settle()
        assert [message.from_bot for message in maria.chat.messages] == [False]
        assert house.telegram.unanswered() == [await_nothing]


# --- any Bot API server, over HTTP ---


async def served(house: House, server: TelegramServer) -> Person:
    maria = Person(house, 111)
    await maria.write("/start")
    await maria.press(*TO_CONTACT)
    await maria.share()
    assert "Вы записаны!" in await maria.press("Записаться")
    assert {"getMe", "deleteWebhook", "getUpdates", "sendMessage", "editMessageText"} <= set(server.calls)
    return maria


@asynccontextmanager
async def house_over_http(salon: Salon) -> AsyncIterator[tuple[House, TelegramServer]]:
    telegram = LocalTelegram()
    async with (
        serve(telegram, TOKEN) as server,
        open_house(salon, telegram, lambda: new_bot(TOKEN, server.url)) as house,
    ):
        yield house, server


async def test_the_bot_works_against_any_bot_api_server(salon: Salon) -> None:
    async with house_over_http(salon) as (house, server):
        await served(house, server)
        assert house.telegram.unanswered() == []


async def test_outages_of_telegram_are_waited_out(salon: Salon) -> None:
    async with house_over_http(salon) as (house, server):
        server.faults = [502, 0, 429, 502]
        maria = Person(house, 111)
        assert "Салон" in await maria.write("/start")
        server.faults = [409]
        assert "Выберите услугу" in await maria.press("Записаться")
        server.faults = [0, 502, 502, 0, 429]
        assert "К кому" in await maria.press("Стрижка")
        assert house.failed_updates() == []


async def test_a_crash_in_the_middle_is_made_good_by_redelivery(salon: Salon) -> None:
    async with house_over_http(salon) as (house, _):
        maria = Person(house, 111)
        await maria.write("/start")
        await maria.press(*TO_CONTACT)
        await maria.share()
        head = salon.recorder.head()
        maria.tap("Записаться")
        async with asyncio.timeout(20):
            while salon.recorder.head() == head:  # noqa: ASYNC110  booked, but Telegram does not know yet
                await asyncio.sleep(0)
        await house.crash()
        house.start()
        await house.settle()
        assert "Вы записаны!" in maria.screen
        assert salon.recorder.head() == head + 1


async def test_a_refused_token_is_named_but_not_printed(salon: Salon) -> None:
    async with serve(LocalTelegram(), TOKEN) as server:
        bot = new_bot("7000000001:another", server.url)
        dispatcher = build_dispatcher(bot_services(salon))
        with pytest.raises(BotTokenError) as caught:
            await poll(bot, dispatcher, stopped=asyncio.Event(), on_failure=never_called)
        await bot.session.close()
        assert str(caught.value) == f"BOT_TOKEN was refused by {server.url}: Unauthorized"


def test_a_token_that_can_be_none_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(BotTokenError, match="BOT_TOKEN") as caught:
        new_bot("nonsense")
    assert "nonsense" not in str(caught.value)


async def never_called(_: Bot, failure: Failure) -> None:
    raise AssertionError(f"{failure}")
