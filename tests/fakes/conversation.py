"""People who chat with the bot on a Telegram of this machine, through the real dispatcher and polling loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiogram import Bot

from bot.app import BotServices, FailedUpdates, build_dispatcher, poll
from bot.local import Chat, ChatButton, ChatMessage, LocalTelegram, local_bot
from bot.staff_chat import StaffChat
from projections.catalog import current_catalog
from tests.salon import Salon

PATIENCE = 20.0


def bot_services(salon: Salon) -> BotServices:
    return BotServices(salon.ledger, salon.database, salon.vault, salon.clock, lambda: current_catalog(salon.database))


class House:
    """A salon whose bot is running; `restart` ends it and starts another that remembers nothing."""

    def __init__(
        self,
        salon: Salon,
        telegram: LocalTelegram,
        make_bot: Callable[[], Bot] | None = None,
        staff_chat: StaffChat | None = None,
    ) -> None:
        self.salon, self.telegram, self.staff_chat = salon, telegram, staff_chat
        self.services = bot_services(salon)
        self._make_bot = make_bot or (lambda: local_bot(telegram))
        self._stopped = asyncio.Event()
        self._polling: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._stopped = asyncio.Event()
        self._polling = asyncio.create_task(self._poll())

    async def stop(self) -> None:
        self._stopped.set()
        if self._polling is not None:
            await self._polling

    async def ended(self) -> None:
        """Waits until the bot ends by itself. Raises what it ends with."""
        async with asyncio.timeout(PATIENCE):
            if self._polling is not None:
                await self._polling

    async def restart(self) -> None:
        await self.stop()
        self.start()

    async def crash(self) -> None:
        """Ends the bot in the middle of whatever it does, without an acknowledgement."""
        if self._polling is not None:
            self._polling.cancel()
            await asyncio.gather(self._polling, return_exceptions=True)

    async def settle(self) -> None:
        """Waits until the bot has acknowledged every update."""
        async with asyncio.timeout(PATIENCE):
            while self.telegram.pending() or self.telegram.has_redeliveries():
                if self._polling is not None and self._polling.done():
                    self._polling.result()
                await asyncio.sleep(0.005)

    def failed_updates(self) -> list[tuple[int, str, str]]:
        with self.salon.database.transaction() as connection:
            return connection.execute("SELECT update_id, kind, error FROM failed_updates ORDER BY 1").fetchall()

    async def _poll(self) -> None:
        bot, failed = self._make_bot(), FailedUpdates(self.salon.database, self.services.words)
        dispatcher = build_dispatcher(self.services, self.staff_chat)
        try:
            await poll(
                bot,
                dispatcher,
                stopped=self._stopped,
                on_failure=failed,
                on_delay=failed.ask_for_patience,
                wait_seconds=2,
            )
        finally:
            await bot.session.close()


@asynccontextmanager
async def open_house(
    salon: Salon,
    telegram: LocalTelegram | None = None,
    make_bot: Callable[[], Bot] | None = None,
    staff_chat: StaffChat | None = None,
) -> AsyncIterator[House]:
    house = House(salon, telegram or LocalTelegram(), make_bot, staff_chat)
    house.start()
    try:
        yield house
    finally:
        await house.stop()


@dataclass
class Person:
    """Somebody with a Telegram account; every move waits for the bot's answer."""

    house: House
    chat_id: int
    name: str = "Мария"
    language_code: str | None = "ru"

    def __post_init__(self) -> None:
        self.house.telegram.enter(self.chat_id, self.name, self.language_code)

    @property
    def chat(self) -> Chat:
        return self.house.telegram.chat(self.chat_id)

    @property
    def screen(self) -> str:
        """The newest text of the bot."""
        return self.chat.last.text

    @property
    def labels(self) -> list[str]:
        """The buttons under the newest message."""
        return [key.text for row in self.chat.last.buttons for key in row]

    def find(self, label: str) -> tuple[ChatMessage, ChatButton]:
        """The newest button that begins so."""
        for message in reversed(self.chat.messages):
            for key in (key for row in message.buttons for key in row):
                if key.text.startswith(label):
                    return message, key
        raise AssertionError(f"no button {label!r}; the newest are {self.labels} under: {self.screen}")

    def tap(self, label: str) -> int:
        """Presses without waiting; gives the update's id."""
        message, key = self.find(label)
        return self.house.telegram.tap(self.chat_id, message.message_id, key.data)

    def see(self, label: str) -> bool:
        """True when the newest message has a button that begins so."""
        return any(text.startswith(label) for text in self.labels)

    async def press(self, *labels: str) -> str:
        """Presses one button after the other; gives the newest text."""
        for label in labels:
            self.tap(label)
            await self.house.settle()
        return self.screen

    async def forge(self, data: str) -> str:
        """Presses a button that nobody drew."""
        self.house.telegram.tap(self.chat_id, self.chat.last.message_id, data)
        await self.house.settle()
        return self.screen

    async def write(self, text: str) -> str:
        self.house.telegram.send_text(self.chat_id, text)
        await self.house.settle()
        return self.screen

    async def share(self, phone: str = "79161234567", *, user_id: int | None = None) -> str:
        self.house.telegram.send_contact(self.chat_id, phone, user_id=user_id)
        await self.house.settle()
        return self.screen
