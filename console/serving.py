"""The bot put to work in this house; apart from the other roles, because aiogram takes seconds to import."""

from __future__ import annotations

import asyncio
import threading

from aiogram import Bot

from bot.app import BotServices, FailedUpdates, build_dispatcher, new_bot, poll
from console.settings import Settings, require
from console.wiring import House
from projections.catalog import current_catalog


def bot_of(settings: Settings) -> Bot:
    """The bot of BOT_TOKEN at TELEGRAM_API_URL. Raises UsageError or BotTokenError for a wrong one."""
    token = require(settings.bot_token, "BOT_TOKEN", "get one from @BotFather in Telegram")
    return new_bot(token, settings.telegram_api_url)


async def serve_bot(house: House, bot: Bot, stopped: threading.Event, *, wait_seconds: int = 25) -> None:
    """Serves this bot's updates until stopped. Raises BotTokenError when Telegram refuses the token."""
    services = BotServices(
        ledger=house.ledger,
        database=house.database,
        vault=house.vault,
        clock=house.clock,
        catalog=lambda: current_catalog(house.database),
    )
    ending = asyncio.Event()

    async def watch() -> None:
        while not stopped.is_set():  # noqa: ASYNC110  set from a signal handler and from other threads
            await asyncio.sleep(0.1)
        ending.set()

    watcher = asyncio.create_task(watch())
    failed = FailedUpdates(house.database, services.words)
    try:
        await poll(bot, build_dispatcher(services), stopped=ending, on_failure=failed, wait_seconds=wait_seconds)
    finally:
        watcher.cancel()
        await bot.session.close()
