"""What long-running processes do, each in a thread of its own; one that fails takes the process down with it."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Literal

import psycopg
import structlog

from console.checkpoints import CheckpointKeeper
from console.crm_wiring import open_sync
from console.errors import EmbeddedDatabaseError
from console.wiring import House
from ledger import leases
from ledger.decisions.lapse import LapseHold
from ledger.errors import StoreUnavailableError
from ledger.ledger import Order
from ledger.privacy import random_id
from ledger.values import Actor
from projections import schedule

Role = Literal["follow", "sync", "remind", "messages", "bot"]
Work = Callable[[House, threading.Event], None]
SWEEP_EVERY_SECONDS = 5.0
STORE_PAUSE_SECONDS = 2.0
LOOK_AFTER_SECONDS = 5.0
_log = structlog.get_logger("zapisnik")


def run_roles(house: House, roles: Sequence[Role], also: Mapping[str, Work] | None = None) -> None:
    """Runs these roles and other work, by its name, until SIGTERM or SIGINT, or until one fails; raises its error.

    An unknown error is meant to end the process: it starts again from the ledger.
    """
    stopped = threading.Event()
    with stopping_on_signals(stopped), started(house, roles, stopped, also) as failures:
        while not stopped.wait(LOOK_AFTER_SECONDS):
            _look_after_store(house)
    if failures:
        raise failures[0]


@contextmanager
def started(
    house: House, roles: Sequence[Role], stopped: threading.Event, also: Mapping[str, Work] | None = None
) -> Iterator[list[BaseException]]:
    """Threads for the roles and the other work; stops and joins them at the end. What one fails with is in the list."""
    own: dict[Role, Work] = {
        "follow": _follow,
        "sync": _sync,
        "remind": _remind,
        "messages": _messages,
        "bot": _bot,
    }
    work: dict[str, Work] = {role: own[role] for role in roles} | dict(also or {})
    failures: list[BaseException] = []

    def guarded(role: str) -> None:
        try:
            _through_outages(role, lambda: work[role](house, stopped), stopped)
        except BaseException as error:  # noqa: BLE001  handed to the main thread, which raises it
            failures.append(error)
            stopped.set()

    threads = [threading.Thread(target=guarded, args=(role,), name=role) for role in work]
    for thread in threads:
        thread.start()
    _log.info("started", roles=", ".join(work))
    try:
        yield failures
    finally:
        stopped.set()
        for thread in threads:
            thread.join()
        _log.info("stopped")


def _through_outages(role: str, work: Callable[[], None], stopped: threading.Event) -> None:
    """Begins the role's work anew whenever the database was lost: all it knows is in the ledger."""
    while True:
        try:
            work()
        except (psycopg.OperationalError, StoreUnavailableError) as error:
            _log.warning("the database was lost; trying again", role=role, error=type(error).__name__)
            if stopped.wait(STORE_PAUSE_SECONDS):
                return
        else:
            return


@contextmanager
def stopping_on_signals(stopped: threading.Event) -> Iterator[None]:
    """SIGTERM and SIGINT ask for an orderly end."""

    def stop(*_: object) -> None:
        # In a thread of its own: the signal may have come while this very thread holds the event's lock.
        threading.Thread(target=stopped.set, name="stop").start()

    before = {one: signal.signal(one, stop) for one in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def sweep_holds(house: House) -> int:
    """Lapses every hold that ran out; gives how many."""
    now = house.clock.now()
    swept = 0
    for hold in schedule.expired_holds(house.database, now):
        order = Order(f"remind:lapse:{hold.booking_id}:{random_id()}", Actor("system", "remind"), now)
        swept += house.ledger.execute(LapseHold(order, hold.booking_id)).answer
    return swept


def _look_after_store(house: House) -> None:
    """The embedded server is ours to start again: killed, or ended on a full disk, it does not come back by itself."""
    try:
        if house.embedded is not None and house.embedded.look_after():
            _log.warning("the embedded PostgreSQL had ended and was started again")
    except EmbeddedDatabaseError as error:
        _log.error("the embedded PostgreSQL has ended and does not start", reason=str(error).splitlines()[0])


def _follow(house: House, stopped: threading.Event) -> None:
    house.follower.run(stopped)


def _sync(house: House, stopped: threading.Event) -> None:
    with open_sync(house, stopped) as runner:
        runner.run(stopped)


def _remind(house: House, stopped: threading.Event) -> None:
    lasting = timedelta(seconds=3 * SWEEP_EVERY_SECONDS)
    keeper = CheckpointKeeper(house.ledger, house.settings, house.clock)
    while not stopped.wait(SWEEP_EVERY_SECONDS):
        if leases.acquire(house.database, "remind", house.holder, lasting=lasting):
            sweep_holds(house)
            keeper.step()


def _messages(house: House, stopped: threading.Event) -> None:
    from console.serving import bot_of, serve_messages  # noqa: PLC0415  aiogram takes seconds to import

    asyncio.run(serve_messages(house, bot_of(house.settings), stopped))


def _bot(house: House, stopped: threading.Event) -> None:
    from console.serving import bot_of, serve_bot  # noqa: PLC0415  aiogram takes seconds to import

    asyncio.run(serve_bot(house, bot_of(house.settings), stopped))
