"""A reader of the log sees every event, in order, none twice, whatever happens to writers and connections."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial

import pytest
from eventsourcing.dcb.api import DCBEvent

from ledger.postgres import Database
from ledger.recorder import PostgresRecorder
from tests.store import Salon, all_at_once, kill_sessions, named

WRITERS = 8


class Reader:
    """Follows from the start in a thread of its own and keeps the positions it was given."""

    def __init__(self, recorder: PostgresRecorder, poll: float = 1.0) -> None:
        self.seen: list[int] = []
        self.failed: BaseException | None = None
        self._stopped = threading.Event()
        self._recorder, self._poll = recorder, poll
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            for page in self._recorder.tail(0, stopped=self._stopped.is_set, poll=self._poll):
                self.seen += [event.position for event in page]
        except BaseException as error:  # noqa: BLE001  the test tells of it
            self.failed = error

    def finish(self, head: int, *, seconds: float = 15) -> list[int]:
        """What it saw by the time it reached the head, or when time ran out."""
        deadline = time.monotonic() + seconds
        while (not self.seen or self.seen[-1] < head) and time.monotonic() < deadline and self._thread.is_alive():
            time.sleep(0.05)
        self._stopped.set()
        self._thread.join(timeout=15)
        assert self.failed is None, self.failed
        return self.seen


def write_for(recorder: PostgresRecorder, seconds: float) -> int:
    """Eight writers, single events and batches, until the time is up; how many events they appended."""
    until = time.monotonic() + seconds

    def writer(n: int) -> int:
        written = 0
        while time.monotonic() < until:
            size = 1 + (written + n) % 3
            recorder.append([DCBEvent(type="a", data=b"{}", tags=[f"writer:{n}"])] * size)
            written += size
        return written

    return sum(all_at_once([partial(writer, n) for n in range(WRITERS)]))


def seconds_on(salon: Salon) -> float:
    return 10 if "requirepeer" in salon.database.url else 2


@pytest.fixture
def reading(salon: Salon, schema: str, database_url: str) -> Database:
    """The reader's own connections, under a name of their own, so that only they are killed."""
    return Database(named(database_url, f"{schema}_reader"), schema)


def test_a_reader_sees_every_event_in_order_and_none_twice_while_eight_write(salon: Salon, reading: Database) -> None:
    before = salon.recorder.head()
    reader = Reader(PostgresRecorder(reading))

    written = write_for(salon.recorder, seconds_on(salon))
    seen = reader.finish(salon.recorder.head())
    reading.close()

    assert written > 100
    assert seen == list(range(1, before + written + 1))


def test_a_reader_whose_connections_are_killed_meanwhile_misses_nothing(salon: Salon, reading: Database) -> None:
    before = salon.recorder.head()
    reader = Reader(PostgresRecorder(reading), poll=0.3)
    killed: list[int] = []
    done = threading.Event()
    killer = threading.Thread(target=lambda: kill_often(reading, done, killed.append))
    killer.start()

    written = write_for(salon.recorder, seconds_on(salon))
    done.set()
    killer.join()
    seen = reader.finish(salon.recorder.head())
    reading.close()

    assert sum(killed) >= 3
    assert seen == list(range(1, before + written + 1))


def kill_often(database: Database, done: threading.Event, note: Callable[[int], None]) -> None:
    name = database.url.rpartition("application_name=")[2]
    while not done.wait(0.25):
        note(kill_sessions(database, name))


def test_without_a_notification_a_reader_sees_an_event_within_its_poll(salon: Salon, reading: Database) -> None:
    reader = Reader(PostgresRecorder(reading), poll=0.5)
    time.sleep(1)  # it waits by now
    with salon.database.transaction() as connection:
        began = time.monotonic()
        connection.execute("SELECT append_events('{a}', '{\"{}\"}', '{}', '{}', '[]')")
    head = salon.recorder.head()

    while not reader.seen or reader.seen[-1] < head:
        assert time.monotonic() - began < 5
        time.sleep(0.01)

    assert time.monotonic() - began < 1.5
    reader.finish(head)
    reading.close()


def test_a_slow_writer_is_waited_for_not_skipped(salon: Salon, reading: Database) -> None:
    """The fault of readers by serial number: a later number commits first, and the earlier one is never seen."""
    before = salon.recorder.head()
    reader = Reader(PostgresRecorder(reading), poll=0.1)
    others = [threading.Thread(target=lambda: salon.recorder.append([DCBEvent(type="b", data=b"{}", tags=[])]))]
    with salon.database.transaction() as connection:
        connection.execute("SELECT append_events('{slow}', '{\"{}\"}', '{}', '{}', '[]')")
        others[0].start()
        time.sleep(0.5)
        assert reader.seen[-1:] == [before]
    others[0].join()

    assert reader.finish(before + 2) == list(range(1, before + 3))
    assert salon.types()[-2:] == ["slow", "b"]
    reading.close()
