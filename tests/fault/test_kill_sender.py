"""A sender killed with SIGKILL at each of its steps, and started again: one effect a wish, and nothing left open."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from multiprocessing.process import BaseProcess
from secrets import token_hex

import psycopg
import pytest
from psycopg import sql
from starlette.types import Message, Receive, Scope, Send

from ledger import leases
from ledger.decisions import boundaries
from ledger.decisions.note_sync import NoteConflict
from ledger.decisions.resolve_conflict import ResolveConflict
from ledger.integrity import verify_chain
from ledger.sync_state import SyncState, fold_sync
from ledger.values import BookingId, RecordId, Slot
from projections import backlog
from projections.integration import integration
from sync.simulator import Limits, NewEntry, Simulator, running
from sync.simulator.server import hang_up
from sync.steps import ON_THE_WIRE, STEPS, Doing, Point
from tests.builders import ANNA, MONDAY, OLGA, slot
from tests.fault.killed_sender import run_sender
from tests.salon import Salon, open_test_salon
from tests.shell import crm
from tests.stage import Stage

CASES = [(doing, point) for doing, points in STEPS.items() for point in points]
METHODS: dict[Doing, str] = {"create": "POST", "move": "PUT", "cancel": "DELETE", "remove": "DELETE"}
PATIENCE = 20.0
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.fault.killed_sender"])


@dataclass
class Wire:
    """Stands before the simulated CRM and kills the caller of the next such call: before the CRM acts, or after."""

    simulator: Simulator
    method: str = ""
    point: Point | None = None
    victim: BaseProcess | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.point is None or scope["type"] != "http" or scope["method"] != self.method:
            await self.simulator(scope, receive, send)
            return
        point, self.point = self.point, None
        if point is Point.CRM_WROTE:
            await self.simulator(scope, receive, _unheard)
        self._kill()
        await hang_up(scope, receive)

    def _kill(self) -> None:
        assert self.victim is not None
        assert self.victim.pid is not None
        os.kill(self.victim.pid, signal.SIGKILL)


async def _unheard(_: Message) -> None:
    """Where an answer goes whose caller is dead."""


@dataclass
class World:
    """One salon and its CRM for all cases, each on a day of its own."""

    salon: Salon
    wire: Wire
    url: str
    settings: dict[str, str]
    bookings: list[BookingId] = field(default_factory=list)

    @property
    def simulator(self) -> Simulator:
        return self.wire.simulator

    def book(self, place: Slot) -> BookingId:
        self.bookings.append(self.salon.book(place))
        return self.bookings[-1]

    def send_all(self, *, lose_the_answer: bool = False) -> None:
        """By a sender in this process, before the one that is to be killed."""
        stage = Stage(self.salon, self.simulator, self.url)
        if lose_the_answer:
            self.simulator.set_mode("drop_after_write")
            stage.step()
            self.simulator.set_mode("ok")
        else:
            stage.drain()
        leases.release(self.salon.database, stage.lease)
        stage.crm.close()

    @contextmanager
    def sender(self, stop_at: tuple[Doing, Point] | None = None) -> Iterator[BaseProcess]:
        """A sender in a process of its own, which is dead afterwards."""
        self._free_leases()
        process = PROCESSES.Process(target=run_sender, args=(self.settings, stop_at))
        process.start()
        self.wire.victim = process  # long before its first call: it has to read the ledger first
        try:
            yield process
        finally:
            process.kill()
            process.join(PATIENCE)
            self._free_leases()

    def _free_leases(self) -> None:
        """Whoever had them is dead; that they run out by themselves, a few seconds later, is proved elsewhere."""
        with self.salon.database.transaction() as connection:
            connection.execute("UPDATE leases SET until = '-infinity'")

    def until(self, is_so: Callable[[], bool], what: str) -> None:
        gives_up_at = time.monotonic() + PATIENCE
        while not is_so():
            assert time.monotonic() < gives_up_at, f"waited in vain for {what}"
            time.sleep(0.01)

    def is_quiet(self) -> bool:
        """Nothing is left that the sender has to do, as the ledger itself has it."""
        return all(state.status not in ("pending", "unknown") for state in self.states())

    def states(self) -> list[SyncState]:
        found = [fold_sync(self.salon.ledger.history(boundaries.booking(booking_id))) for booking_id in self.bookings]
        return [state for state in found if state is not None]

    def in_crm(self) -> list[tuple[str, str]]:
        """Our live records: whose, and where."""
        return sorted(
            (str(record["api_id"]), f"{record['staff_id']} {record['date']}")
            for record in self.simulator.records()
            if not record["deleted"] and record["api_id"]
        )

    def wished(self) -> list[tuple[str, str]]:
        """What the CRM should hold: all that is wanted, and is no question for a person."""
        return sorted(
            (str(state.booking_id), f"{state.slot.staff_id} {state.slot.starts_at:%Y-%m-%d %H:%M:%S}")
            for state in self.states()
            if state.is_wanted and not state.parked
        )


@pytest.fixture(scope="module")
def world(embedded_url: str) -> Iterator[World]:
    schema = f"test_{token_hex(8)}"
    with open_test_salon(embedded_url, schema) as salon:
        wire = Wire(Simulator(limits=Limits(10_000, 100_000)))
        with running(wire) as url:
            settings = {name.lower(): value for name, value in crm(url).items()} | {
                "database_url": embedded_url,
                "zapisnik_schema": schema,
                "zapisnik_master_key": salon.master_key,
                "sync_spacing_seconds": "0.001",
                "sync_request_seconds": "2",
                "sync_settle_seconds": "1",
                "log_level": "ERROR",
            }
            salon.resume()
            yield World(salon, wire, url, settings)
    with psycopg.connect(embedded_url, autocommit=True) as connection:
        connection.execute("SET lock_timeout = '10s'")
        connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))


def create(world: World, ten: Slot, _: Slot) -> None:
    world.book(ten)


def move(world: World, ten: Slot, four: Slot) -> None:
    booking_id = world.book(ten)
    world.send_all()
    world.salon.move(booking_id, four)


def cancel(world: World, ten: Slot, _: Slot) -> None:
    booking_id = world.book(ten)
    world.send_all()
    world.salon.cancel(booking_id)


def remove(world: World, ten: Slot, _: Slot) -> None:
    """The CRM has the visit twice, and an operator said that ours stays."""
    booking_id = world.book(ten)
    world.send_all()
    own = world.states()[-1].record_id
    assert own is not None
    new = NewEntry(ten.staff_id, ten.starts_at.replace(tzinfo=None), 3600, api_id=str(booking_id))
    twin = RecordId(int(str(world.simulator.add_by_hand(new)["id"])))
    ledger, order = world.salon.ledger, world.salon.order
    ledger.execute(NoteConflict(order(), booking_id, "duplicate", (own, twin)))
    ledger.execute(ResolveConflict(order(), booking_id, "ours"))


def skip(world: World, ten: Slot, _: Slot) -> None:
    world.salon.cancel(world.book(ten))


def look_up(world: World, ten: Slot, _: Slot) -> None:
    world.book(ten)
    world.send_all(lose_the_answer=True)


def conflict(world: World, ten: Slot, _: Slot) -> None:
    world.simulator.add_by_hand(NewEntry(ten.staff_id, ten.starts_at.replace(tzinfo=None), 3600))
    world.book(ten)


def pause(world: World, ten: Slot, _: Slot) -> None:
    """Reads go well, so that the sender itself meets the refusal, and not whoever follows the diary."""
    world.book(ten)
    world.simulator.account.withdraw("create_records_access")


SCENES: dict[Doing, Callable[[World, Slot, Slot], None]] = {
    "create": create,
    "move": move,
    "cancel": cancel,
    "remove": remove,
    "skip": skip,
    "look_up": look_up,
    "conflict": conflict,
    "pause": pause,
}


def day_of(case: int) -> tuple[date, dict[str, Slot]]:
    day, staff_id = MONDAY + timedelta(days=case % 25), (ANNA, OLGA)[case // 25]
    return day, {start: slot(start, on=day, staff_id=staff_id) for start in ("10:00", "16:00")}


@pytest.mark.parametrize(("doing", "point"), CASES, ids=[f"{doing}-{point}" for doing, point in CASES])
def test_a_sender_killed_there_loses_nothing_and_repeats_nothing(world: World, doing: Doing, point: Point) -> None:
    _, places = day_of(CASES.index((doing, point)))
    SCENES[doing](world, places["10:00"], places["16:00"])
    world.salon.catch_up()
    calls = len(world.simulator.journal())
    if point in ON_THE_WIRE:
        world.wire.method, world.wire.point = METHODS[doing], point

    with world.sender((doing, point)) as first:
        first.join(PATIENCE)
        assert first.exitcode == -signal.SIGKILL, "it has not come to that step"
    world.simulator.account.grant("create_records_access")
    if integration(world.salon.ledger).state == "paused":
        world.salon.resume()
    with world.sender():
        world.until(world.is_quiet, "the CRM to be brought to what is wished")

    assert world.in_crm() == world.wished()
    assert [state.open_attempt for state in world.states() if state.open_attempt] == []
    assert all(state.parked or not state.pending for state in world.states())
    done = [call for call in world.simulator.journal()[calls:] if call.method in METHODS.values()]
    assert sum(call.status is not None and call.status < 300 for call in done) <= 1, "done at most once"
    assert (world.states()[-1].conflict is not None) == (doing == "conflict")
    assert verify_chain(world.salon.recorder).ok
    world.salon.catch_up()
    assert backlog.counts(world.salon.database).unknown == 0


def test_every_step_of_everything_the_sender_does_is_killed_at() -> None:
    assert set(SCENES) == set(STEPS)
    assert {point for _, point in CASES} == set(Point)
    assert len(set(CASES)) == len(CASES)
