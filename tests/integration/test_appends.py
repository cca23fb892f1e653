"""Commands that come together go in one transaction, and none of them feels what becomes of the others."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import psycopg
import pytest
from eventsourcing.persistence import IntegrityError

from ledger import events as e, leases
from ledger.append_statement import Append, NewEvent, Outcome
from ledger.appends import _Ticket
from ledger.errors import LeaseLostError, SchemaVersionError, SlotTakenError, StoredFormError, StoreUnavailableError
from ledger.integrity import verify_chain
from ledger.ledger import Ledger, Order
from ledger.recorder import BoundaryItem
from ledger.values import BookingId, Slot
from projections.schedule import Schedule
from tests.builders import made, order, slot
from tests.store import Salon, all_at_once, kill_sessions

HOURS = [slot(f"{hour}:00") for hour in range(10, 19)]


@dataclass(frozen=True)
class JustBook:
    """A booking out of the blue; the store alone can object."""

    order: Order
    number: int
    place: Slot | None = None

    def boundary(self) -> Sequence[BoundaryItem]:
        return []

    def decide(self, history: Sequence[object]) -> Sequence[e.AnyEvent]:
        place = self.place or HOURS[self.number]
        return [made(place, booking_id=BookingId(self.number + 1))]

    def answer(self, events: Sequence[e.AnyEvent]) -> int:
        return self.number


@contextmanager
def together(salon: Salon, *work: Callable[[], object]) -> Iterator[list[Future[object]]]:
    """Work that comes while a command is in the database: all of it is queued when the block ends, not before."""
    appender = salon.recorder._appender
    with ThreadPoolExecutor(len(work) + 1) as threads:
        with psycopg.connect(salon.database.url, application_name="holder") as holder:
            holder.execute(f"SELECT 1 FROM {salon.database.schema}.ledger FOR UPDATE".encode())
            first = threads.submit(salon.recorder.append_if_unchanged, [NewEvent("first", [], "{}")], [], 0)
            wait_for(lambda: appender._has_leader and not appender._queue)
            futures = []
            for number, one in enumerate(work, 1):  # one by one, so that the first of them leads
                futures.append(threads.submit(one))
                wait_for(partial(has_waiting, salon, number))
            yield futures
        first.exception(timeout=10)
        for future in futures:
            future.exception(timeout=10)


def has_waiting(salon: Salon, number: int) -> bool:
    return len(salon.recorder._appender._queue) == number


def wait_for(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def run(salon: Salon, *work: Callable[[], object]) -> list[object]:
    """What came of each: its answer, or what it raised."""
    with together(salon, *work) as futures:
        pass
    return [future.exception() or future.result() for future in futures]


def book(salon: Salon, number: int, place: Slot | None = None, lease: leases.Lease | None = None) -> int:
    return salon.ledger.execute(JustBook(order(), number, place), lease=lease).answer


def booked(salon: Salon) -> list[int]:
    return [row[0] - 1 for row in salon.rows("SELECT booking_id FROM schedule ORDER BY booking_id")]


def transactions(salon: Salon) -> list[int]:
    """How many events each transaction stored that stored any booking."""
    rows = salon.rows("SELECT count(*) FROM events WHERE type = 'booking_made' GROUP BY xmin::text ORDER BY 1")
    return [row[0] for row in rows]


def test_those_who_come_while_one_is_stored_are_stored_together(salon: Salon) -> None:
    assert run(salon, *(partial(book, salon, n) for n in range(5))) == list(range(5))

    assert booked(salon) == list(range(5))
    assert transactions(salon) == [5]
    assert verify_chain(salon.recorder).ok


def test_who_comes_alone_is_not_kept_waiting_for_company(salon: Salon) -> None:
    for n in range(3):
        book(salon, n)

    assert transactions(salon) == [1, 1, 1]


def test_a_condition_that_fails_touches_nobody_else_and_counts_what_went_before_it(salon: Salon) -> None:
    def once() -> int:
        item = BoundaryItem(tags=["only:one"])
        head = salon.recorder.head()
        return salon.recorder.append_if_unchanged([NewEvent("once", ["only:one"], "{}")], [item], head)[0]

    heard = run(salon, once, partial(book, salon, 1), once, partial(book, salon, 2))

    assert [type(one) for one in (heard[0], heard[2])].count(IntegrityError) == 1
    assert (heard[1], heard[3]) == (1, 2)
    assert salon.types().count("once") == 1
    assert booked(salon) == [1, 2]


def test_one_that_the_guard_refuses_fails_alone(salon: Salon) -> None:
    heard = run(salon, partial(book, salon, 2), partial(book, salon, 0), partial(book, salon, 1, slot("10:30")))

    assert heard[0] == 2
    assert [type(one) for one in heard[1:] if not isinstance(one, int)] == [SlotTakenError]
    assert len(booked(salon)) == 2
    assert verify_chain(salon.recorder).ok


def test_one_that_cannot_be_stored_fails_alone(salon: Salon) -> None:
    def unreadable() -> object:
        return salon.ledger.execute(JustBook(order(), 1), lease=leases.Lease("a", "b", 2**70))

    heard = run(salon, partial(book, salon, 0), unreadable, partial(book, salon, 2))

    assert (heard[0], heard[2]) == (0, 2)
    assert isinstance(heard[1], StoredFormError)
    assert booked(salon) == [0, 2]


def test_one_that_lost_its_lease_fails_alone_and_one_that_has_it_does_not(salon: Salon) -> None:
    old = leases.acquire(salon.database, "sync", "a", lasting=timedelta(seconds=-1))
    new = leases.acquire(salon.database, "sync", "b", lasting=timedelta(seconds=60))

    heard = run(salon, *(partial(book, salon, n, None, lease) for n, lease in enumerate([new, old, None])))

    assert (heard[0], heard[2]) == (0, 2)
    assert isinstance(heard[1], LeaseLostError)
    assert booked(salon) == [0, 2]


def test_one_that_writes_another_version_of_a_read_model_fails_alone(salon: Salon) -> None:
    class Newer(Schedule):
        version = 99

    newer = Ledger(salon.recorder, [Newer()])
    heard = run(salon, partial(book, salon, 0), lambda: newer.execute(JustBook(order(), 1)), partial(book, salon, 2))

    assert (heard[0], heard[2]) == (0, 2)
    assert isinstance(heard[1], SchemaVersionError)
    assert booked(salon) == [0, 2]


def test_a_connection_that_dies_under_them_leaves_each_done_once(salon: Salon) -> None:
    """All are cut off twice: while the first waits for the ledger's row, and wherever the others are by then."""
    with together(salon, *(partial(book, salon, n) for n in range(5))) as futures:
        kill_sessions(salon.database)
        wait_for(lambda: not salon.recorder._appender._queue)
        kill_sessions(salon.database)

    assert [future.exception() or future.result() for future in futures] == list(range(5))
    assert booked(salon) == list(range(5))
    assert salon.types().count("booking_made") == 5


def test_a_leader_that_is_ended_leaves_followers_that_help_themselves(
    salon: Salon, monkeypatch: pytest.MonkeyPatch
) -> None:
    appender = salon.recorder._appender
    ended: list[int] = []
    store = appender._store

    def ends_once(tickets: Sequence[_Ticket]) -> list[Outcome]:
        if len(tickets) > 1 and not ended:
            ended.append(len(tickets))
            raise KeyboardInterrupt
        return store(tickets)

    monkeypatch.setattr(appender, "_store", ends_once)
    with together(salon, *(partial(book, salon, n) for n in range(4))) as futures:
        pass

    heard = [future.exception() or future.result() for future in futures]
    assert ended == [4]
    assert [type(one) for one in heard if not isinstance(one, int)] == [KeyboardInterrupt]
    assert booked(salon) == [one for one in heard if isinstance(one, int)]
    assert book(salon, 8) == 8  # and the next one is led


def test_whoever_leaves_the_queue_passes_the_lead_on(salon: Salon) -> None:
    appender = salon.recorder._appender
    three = [_Ticket([], frozenset()) for _ in range(3)]
    for ticket in three:
        ticket.turn.acquire()
        appender._enter(ticket)
    assert [one.leads for one in three] == [True, False, False]

    appender._leave(three[1])
    appender._leave(three[0])
    assert [one.leads for one in three] == [False, False, True]
    assert three[2].turn.acquire(blocking=False)  # it is awake

    appender._leave(three[2])
    assert book(salon, 0) == 0


def test_a_pool_without_a_connection_is_said_to_each(salon: Salon, monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(_: object) -> list[Outcome]:
        raise StoreUnavailableError("none left")

    with together(salon, *([lambda: salon.recorder._appender.append(empty())] * 3)) as futures:
        monkeypatch.setattr(salon.recorder._appender, "_store", none_left)

    assert [str(future.exception()) for future in futures] == ["none left"] * 3


def empty() -> Append:
    return Append([], [], 0, [])


def test_eight_threads_with_500_commands_each_do_all_of_them_once(salon: Salon) -> None:
    days = [timedelta(days=n) for n in range(500)]

    def commands(thread: int) -> list[int]:
        place = HOURS[thread]
        return [
            book(salon, thread * 500 + n, Slot(place.staff_id, place.starts_at + day, place.ends_at + day))
            for n, day in enumerate(days)
        ]

    answers = all_at_once([partial(commands, n) for n in range(8)])

    assert [one for each in answers for one in each] == list(range(4000))
    assert booked(salon) == list(range(4000))
    assert salon.types().count("booking_made") == 4000
    assert len(transactions(salon)) < 4000
    assert verify_chain(salon.recorder).ok


async def test_few_threads_of_a_loop_are_enough_for_many_commands(salon: Salon) -> None:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(2))

    done = await asyncio.wait_for(asyncio.gather(*(asyncio.to_thread(book, salon, n) for n in range(9))), 20)

    assert done == list(range(9))
