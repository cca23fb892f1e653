"""What long-running processes do, each in a thread of its own; one that fails takes the process down with it."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Literal

import structlog
from aiogram import Bot

from bot.app import BotServices, FailedUpdates, build_dispatcher, new_bot, poll
from console.settings import Settings, require
from console.wiring import House, open_sync
from ledger import leases
from ledger.decisions.lapse import LapseHold
from ledger.ledger import Order
from ledger.privacy import random_id
from ledger.values import Actor
from projections import schedule
from projections.catalog import current_catalog

Role = Literal["follow", "sync", "remind", "bot"]
SWEEP_EVERY_SECONDS = 5.0
_log = structlog.get_logger("zapisnik")


def run_roles(house: House, roles: Sequence[Role]) -> None:
    """Runs these roles until SIGTERM or SIGINT, or until one of them fails; then raises its error.

    An unknown error is meant to end the process: it starts again from the ledger.
    """
    stopped = threading.Event()
    with stopping_on_signals(stopped), started(house, roles, stopped) as failures:
        while not stopped.wait(0.5):
            pass
    if failures:
        raise failures[0]


@contextmanager
def started(house: House, roles: Sequence[Role], stopped: threading.Event) -> Iterator[list[BaseException]]:
    """Threads for these roles; stops and joins them at the end. What a role fails with is in the list."""
    work: dict[Role, Callable[[House, threading.Event], None]] = {
        "follow": _follow,
        "sync": _sync,
        "remind": _remind,
        "bot": _bot,
    }
    failures: list[BaseException] = []

    def guarded(role: Role) -> None:
        try:
            work[role](house, stopped)
        except BaseException as error:  # noqa: BLE001  handed to the main thread, which raises it
            failures.append(error)
            stopped.set()

    threads = [threading.Thread(target=guarded, args=(role,), name=role) for role in roles]
    for thread in threads:
        thread.start()
    _log.info("started", roles=", ".join(roles))
    try:
        yield failures
    finally:
        stopped.set()
        for thread in threads:
            thread.join()
        _log.info("stopped")


@contextmanager
def stopping_on_signals(stopped: threading.Event) -> Iterator[None]:
    """SIGTERM and SIGINT ask for an orderly end."""

    def stop(*_: object) -> None:
        stopped.set()

    before = {one: signal.signal(one, stop) for one in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


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


def sweep_holds(house: House) -> int:
    """Lapses every hold that ran out; gives how many."""
    now = house.clock.now()
    swept = 0
    for hold in schedule.expired_holds(house.database, now):
        order = Order(f"remind:lapse:{hold.booking_id}:{random_id()}", Actor("system", "remind"), now)
        swept += house.ledger.execute(LapseHold(order, hold.booking_id)).answer
    return swept


def _follow(house: House, stopped: threading.Event) -> None:
    house.follower.run(stopped)


def _sync(house: House, stopped: threading.Event) -> None:
    with open_sync(house) as runner:
        runner.run(stopped)


def _remind(house: House, stopped: threading.Event) -> None:
    lasting = timedelta(seconds=3 * SWEEP_EVERY_SECONDS)
    while not stopped.wait(SWEEP_EVERY_SECONDS):
        if leases.acquire(house.database, "remind", house.holder, lasting=lasting):
            sweep_holds(house)


def _bot(house: House, stopped: threading.Event) -> None:
    asyncio.run(serve_bot(house, bot_of(house.settings), stopped))
