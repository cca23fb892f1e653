"""The bot and the messenger put to work in this house; apart from the other roles, since aiogram is slow to import."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiogram import Bot

from bot.app import BotServices, FailedUpdates, Lead, build_dispatcher, new_bot, poll
from bot.messenger import Messenger
from bot.staff_chat import StaffChat
from bot.texts.notices import NOTICE_WORDS
from console.settings import Settings, require
from console.wiring import House
from projections.catalog import current_catalog


def bot_of(settings: Settings) -> Bot:
    """The bot of BOT_TOKEN at TELEGRAM_API_URL. Raises UsageError or BotTokenError for a wrong one."""
    token = require(settings.bot_token, "BOT_TOKEN", "get one from @BotFather in Telegram")
    return new_bot(token, settings.telegram_api_url)


async def serve_bot(house: House, bot: Bot, stopped: threading.Event, *, wait_seconds: int = 25) -> None:
    """Serves this bot's updates until stopped. Raises BotTokenError when Telegram refuses the token."""
    services = _services(house)
    failed = FailedUpdates(house.database, services.words)
    dispatcher = build_dispatcher(services, _staff_chat(house.settings))
    async with _until_stopped(bot, stopped) as ending:
        await poll(
            bot,
            dispatcher,
            stopped=ending,
            on_failure=failed,
            on_delay=failed.ask_for_patience,
            lead=Lead(house.database, house.holder),
            wait_seconds=wait_seconds,
        )


async def serve_messages(house: House, bot: Bot, stopped: threading.Event) -> None:
    """Writes reminders and notices until stopped. Raises BotTokenError when Telegram refuses the token."""
    messenger = Messenger(_services(house), bot, house.holder, _staff_chat(house.settings))
    async with _until_stopped(bot, stopped) as ending:
        await messenger.run(ending)


def _services(house: House) -> BotServices:
    return BotServices(
        ledger=house.ledger,
        database=house.database,
        vault=house.vault,
        clock=house.clock,
        catalog=lambda: current_catalog(house.database),
    )


def _staff_chat(settings: Settings) -> StaffChat | None:
    if settings.admin_chat_id is None:
        return None
    return StaffChat(settings.admin_chat_id, NOTICE_WORDS[settings.staff_language])


@asynccontextmanager
async def _until_stopped(bot: Bot, stopped: threading.Event) -> AsyncIterator[asyncio.Event]:
    """An event of this loop that follows one of threads; the bot's session is closed at the end."""
    ending = asyncio.Event()

    async def watch() -> None:
        while not stopped.is_set():  # noqa: ASYNC110  set from a signal handler and from other threads
            await asyncio.sleep(0.1)
        ending.set()

    watcher = asyncio.create_task(watch())
    try:
        yield ending
    finally:
        watcher.cancel()
        await bot.session.close()
