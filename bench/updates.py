"""Updates of the bot without the network: how long one takes at a steady rate, and how many there can be."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import datetime
from itertools import count

import msgspec
from aiogram import Bot, Dispatcher
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message

from bench import salon
from bench.rounds import Contest, Figure, interleaved, percentile
from bench.rows import Row, Target
from bench.serving import Served
from bench.sizes import Stage
from bench.visitors import Client, Presser
from bot.app import BotServices, build_dispatcher
from console.settings import load_settings
from console.wiring import House, open_house
from ledger import events as e
from ledger.decisions.publish_catalog import PublishCatalog
from ledger.ledger import Order
from ledger.privacy import new_master_key
from ledger.values import ServiceId
from projections.catalog import current_catalog

A_SECOND = 100.0
MEDIAN_MILLISECONDS, TAIL_MILLISECONDS = 10.0, 50.0
MASTERS, SERVICES, CATEGORIES = 24, 12, 4


def measure(stage: Stage) -> list[Row]:
    """The yardstick is aiogram alone: the same loop, Telegram and rate, and a handler that answers and knows nothing.

    Ours is the whole bot: the dispatcher, every screen, the ledger, and the follower in a thread as `zapisnik bot` has.
    """
    seconds = stage.sizes.updates
    bare, ours, tail = Figure("aiogram alone, p50", "ms"), Figure("ours, p50", "ms"), Figure("ours, p99", "ms")
    most_bare, most = Figure("aiogram alone"), Figure("ours")
    with ExitStack() as stack:
        house = stack.enter_context(_house(stage.conninfo))
        runner = stack.enter_context(asyncio.Runner())
        alone = Served(_echo(), Presser, visitors=stage.sizes.visitors)
        whole = Served(build_dispatcher(_services(house)), Client, visitors=stage.sizes.visitors)
        for rival in (alone, whole):
            runner.run(rival.start())
            stack.callback(_stop, runner, rival)

        def at_rate(rival: Served, *percents: int) -> list[float]:
            took = runner.run(rival.at_rate(A_SECOND, seconds))
            return [percentile(took, percent) for percent in percents]

        contests = [
            Contest([bare], lambda: at_rate(alone, 50)),
            Contest([ours, tail], lambda: at_rate(whole, 50, 99)),
            Contest([most_bare], lambda: [runner.run(alone.at_most(seconds / 2))]),
            Contest([most], lambda: [runner.run(whole.at_most(seconds / 2))]),
        ]
        interleaved(stage.sizes.rounds, contests, stage.tell, "updates")
    targets = [
        Target(MEDIAN_MILLISECONDS, ours.value, "ms, p50", "at most"),
        Target(TAIL_MILLISECONDS, tail.value, "ms, p99", "at most"),
    ]
    return [
        Row("bot", f"one bot update, at {A_SECOND:.0f} a second", [bare, ours, tail], ours, bare, targets),
        Row("bot-most", "bot updates at full speed", [most_bare, most], most, most_bare),
    ]


def _stop(runner: asyncio.Runner, rival: Served) -> None:
    runner.run(rival.stop())


@contextmanager
def _house(conninfo: str) -> Iterator[House]:
    """A salon with its catalogue published and its follower at work."""
    key = new_master_key()
    settings = load_settings(database_url=conninfo, zapisnik_schema="bench_bot", zapisnik_master_key=key)
    stopped = threading.Event()
    with open_house(settings, prepare=True, zone=salon.ZONE) as house:
        order = Order("bench:catalog", salon.SYSTEM, datetime.now(salon.ZONE))
        shifts = tuple(salon.shifts(staff_id) for staff_id in salon.masters(MASTERS))
        house.ledger.execute(PublishCatalog(order, _catalog(), shifts))
        house.follower.wait_until(house.recorder.head(), seconds=10)
        with ThreadPoolExecutor(1) as threads:
            following = threads.submit(house.follower.run, stopped)
            try:
                yield house
            finally:
                stopped.set()
            following.result()


def _services(house: House) -> BotServices:
    return BotServices(house.ledger, house.database, house.vault, house.clock, lambda: current_catalog(house.database))


def _catalog() -> e.CatalogPublished:
    """Twelve services in four categories, each with the six masters of its category; a month ahead, as `salon.toml`."""
    staff_ids = salon.masters(MASTERS)
    a_category, doers = SERVICES // CATEGORIES, MASTERS // CATEGORIES

    def offer(number: int) -> e.ServiceOffer:
        category = number // a_category
        who = tuple(staff_ids[category * doers : (category + 1) * doers])
        return e.ServiceOffer(ServiceId(2001 + number), f"Service {number}", f"Kind {category}", salon.PRICE, 60, who)

    offers = tuple(offer(number) for number in range(SERVICES))
    return msgspec.structs.replace(salon.catalog(staff_ids, salon.policy(horizon_days=30)), services=offers)


def _echo() -> Dispatcher:
    """A bot that answers each press by showing the same dozen buttons under another number."""
    dispatcher, counted = Dispatcher(disable_fsm=True), count(1)
    keys = [
        [InlineKeyboardButton(text=f"{row}.{key}", callback_data=f"{row}:{key}") for key in range(3)]
        for row in range(4)
    ]
    markup = InlineKeyboardMarkup(inline_keyboard=keys)

    @dispatcher.message()
    async def greet(message: Message, bot: Bot) -> None:
        await bot.send_message(message.chat.id, "Press", reply_markup=markup)

    @dispatcher.callback_query()
    async def answer(query: CallbackQuery, bot: Bot) -> None:
        await bot.answer_callback_query(query.id)
        if query.message is not None:
            await bot.edit_message_text(
                f"Press {next(counted)}",
                chat_id=query.message.chat.id,
                message_id=query.message.message_id,
                reply_markup=markup,
            )

    return dispatcher
