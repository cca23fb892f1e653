"""An append that is cut short at any message of the protocol: acknowledged is there, asked again is done once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.database import EmbeddedDatabase, start_embedded
from ledger.decisions.hold import HoldSlot
from ledger.errors import StoreUnavailableError
from ledger.integrity import verify_chain
from tests.fault.steps import Line, at_every_step, hold, line_to
from tests.fault.test_kill import PROJECT, postmaster
from tests.fault.wire import Plan, Side, Wire
from tests.store import Salon, kill_sessions, salon_at


@pytest.fixture
def line(salon: Salon) -> Iterator[Line]:
    with line_to(salon) as one:
        yield one


@pytest.mark.parametrize("side", ["client", "server"])
@pytest.mark.parametrize("tries", [1, 5])
def test_the_line_is_cut_at_any_message(line: Line, side: Side, tries: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """After each message that went out; instead of each answer that came. With one try nothing is mended in between."""
    monkeypatch.setattr("ledger.ledger.MAX_TRIES", tries)

    assert at_every_step(line, side, lambda number: Plan(side, number)) == {}


def test_the_last_answer_arrives_and_then_the_line_is_cut(line: Line) -> None:
    steps = [step for step in line.steps() if step.side == "server"]
    decision = hold()
    line.wire.watch()

    line.ledger.execute(decision)
    kill_sessions(line.salon.database, line.name)

    assert len(steps) <= len(line.wire.steps)
    assert line.is_wrong(decision, is_told=True) is None
    assert line.ledger.execute(decision).repeated


@pytest.mark.parametrize("side", ["client", "server"])
def test_the_servers_process_is_ended_at_any_message(line: Line, side: Side) -> None:
    killed: list[int] = []

    def end(number: int) -> Plan:
        return Plan(side, number, act=lambda: killed.append(kill_sessions(line.salon.database, line.name)))

    assert at_every_step(line, side, end) == {}
    assert sum(killed) >= len(killed)


# --- the program is killed ---

PROGRAM = """
import os, sys
from ledger.decisions.hold import HoldSlot
from ledger.ledger import Ledger
from ledger.postgres import Database
from ledger.recorder import PostgresRecorder
from ledger.values import BookingId, ClientId, Slot
from projections.schedule import Schedule
from datetime import datetime
from tests.builders import HAIRCUT, order
for line in sys.stdin:
    command, booking, staff, starts, ends = line.split("|")
    if pid := os.fork():
        os.waitpid(pid, 0)
        print("gone", flush=True)
        continue
    print(os.getpid(), flush=True)
    sys.stdin.readline()
    with Database(sys.argv[1], sys.argv[2], max_connections=1) as database:
        recorder = PostgresRecorder(database)
        place = Slot(int(staff), datetime.fromisoformat(starts), datetime.fromisoformat(ends.strip()))
        wish = HoldSlot(order(command), BookingId(int(booking)), ClientId(int(booking)), place, (HAIRCUT,))
        Ledger(recorder, [Schedule()]).execute(wish)
        print("told", flush=True)
    os._exit(0)
"""
"""Forks for each wish, so that a killed one costs no start of an interpreter."""


class Forks:
    """A program that does each wish in a child of its own, which can be killed at any message."""

    def __init__(self, line: Line) -> None:
        command = [sys.executable, "-c", PROGRAM, line.wire.url, line.salon.database.schema]
        pipe = subprocess.PIPE
        self._line = line
        self.process = subprocess.Popen(command, cwd=PROJECT, stdin=pipe, stdout=pipe, text=True, bufsize=1)

    def _say(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def _hear(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def wish(self, plan: Plan | None) -> str | None:
        """What is wrong after a child was killed according to the plan."""
        decision = hold()
        place = decision.slot
        facts = (decision.order.command_id, decision.booking_id, place.staff_id, place.starts_at, place.ends_at)
        self._say("|".join(map(str, facts)))
        pid = int(self._hear())
        if plan is not None:
            plan.act = lambda: os.kill(pid, signal.SIGKILL)
        self._line.wire.watch(plan, is_for_new_lines=True)
        self._say("go")
        heard = [self._hear()]
        if heard[0] == "told":
            heard.append(self._hear())
        assert heard[-1] == "gone"
        self._line.wire.watch()
        return self._line.is_wrong(decision, is_told="told" in heard)


def test_the_program_is_killed_at_any_message(line: Line) -> None:
    forks = Forks(line)
    assert forks.wish(None) is None
    found, number, plan = {}, 0, Plan("client", 1, is_done=True)
    while plan.is_done:
        number += 1
        plan = Plan("client", number)
        if wrong := forks.wish(plan):
            found[number] = wrong
    forks.process.kill()
    forks.process.communicate()

    assert found == {}
    assert number >= 4, "the child was never killed"


# --- the server is killed ---


@pytest.fixture(scope="module")
def server(used_home: Path) -> Iterator[EmbeddedDatabase]:
    """With the settings users have: fsync on."""
    one = start_embedded(used_home)
    yield one
    start_embedded(used_home).stop()
    one.stop()


@pytest.mark.parametrize(("side", "what"), [("client", ""), ("server", "ReadyForQuery")])
def test_the_server_is_killed_at_a_message(server: EmbeddedDatabase, side: Side, what: str) -> None:
    """At the client's last message the append is over but for the answer; at the server's last one it is stored."""
    schema = f"killed_{side}"
    with salon_at(server.url, schema) as salon, Wire(salon.database.url) as wire:
        salon.open()
        line = Line(salon, wire)
        line.warm_up()
        line.steps()
        number = wire.count(side, what)
        decision = hold()
        is_up_again = threading.Event()

        def kill() -> None:
            kill_server(server.home)
            is_up_again.set()

        line.wire.watch(Plan(side, number, act=kill, what=what))
        told = told_of(line, decision)
        assert is_up_again.wait(20), "it never came to that message"
        with salon_at(server.url, schema) as line.salon:  # the other one's connections are dead
            assert line.is_wrong(decision, is_told=told) is None
            line.ledger.execute(decision)
            assert line.is_wrong(decision, is_told=True) is None
            assert verify_chain(line.salon.recorder).ok
        line.close()


def told_of(line: Line, decision: HoldSlot) -> bool:
    """Whether it was acknowledged; the server is started again by whoever meets it dead, as in a salon."""
    try:
        line.ledger.execute(decision)
    except StoreUnavailableError:
        return False
    return True


def kill_server(home: Path) -> None:
    pid = postmaster(home)
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    start_embedded(home).look_after()
