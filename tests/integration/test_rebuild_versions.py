"""Read models and programs of different versions: the newer one takes over, the older one stops and says so."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import pytest

from ledger.codec import Recorded
from ledger.decisions.hold import HoldSlot
from ledger.decisions.integration import PauseIntegration
from ledger.errors import SchemaVersionError
from ledger.ledger import Ledger
from ledger.postgres import Connection
from ledger.values import BookingId
from projections.comparison import compare
from projections.projector import Follower, check_installed, install, lags
from projections.rebuild import Progress, rebuild
from projections.schedule import Schedule
from tests.builders import DARIA, HAIRCUT, order, slot
from tests.store import Diary, Salon, contents, read_models

OLD, NEW = Schedule.version, Schedule.version + 1


NOTE = "INSERT INTO schedule_notes SELECT max(position) FROM events;"


class NewerSchedule(Schedule):
    """The next release's: one table more."""

    def __init__(self, suffix: str = "") -> None:
        super().__init__(suffix)
        self.version = NEW
        self.tables += f"CREATE TABLE schedule_notes{suffix} (position bigint PRIMARY KEY);"
        self.writer = self.writer.replace("BEGIN", f"BEGIN {NOTE}", 1)

    def beside(self, suffix: str) -> Schedule:
        return NewerSchedule(suffix)

    def apply(self, connection: Connection, events: Sequence[Recorded]) -> None:
        super().apply(connection, events)
        self._note(connection, events)

    def load(self, connection: Connection, events: Sequence[Recorded]) -> None:
        super().load(connection, events)
        self._note(connection, events)

    def _note(self, connection: Connection, events: Sequence[Recorded]) -> None:
        for event in events:
            connection.execute(f"INSERT INTO schedule_notes{self._suffix} VALUES (%s)", (event.position,))


class NewerDiary(Diary):
    """The next release's, of the same shape."""

    version = 2

    def beside(self, suffix: str) -> Diary:
        return NewerDiary(suffix=suffix)


def hold(ledger: Ledger, number: int = 90) -> None:
    ledger.execute(HoldSlot(order(), BookingId(number), DARIA, slot("18:00"), (HAIRCUT,)))


def test_a_newer_programs_rebuild_puts_its_version_in_place(busy: Salon) -> None:
    rebuild(busy.recorder, NewerSchedule(), "new")

    assert {lag.name: lag.version for lag in lags(busy.database)}["schedule"] == NEW
    hold(Ledger(busy.recorder, [NewerSchedule()]))
    assert busy.rows("SELECT max(position) FROM schedule_notes") == [(busy.recorder.head(),)]
    assert compare(busy.recorder, NewerSchedule()).equal


def test_a_writer_of_the_older_version_stops_and_has_stored_nothing(busy: Salon) -> None:
    rebuild(busy.recorder, NewerSchedule(), "new")
    head, rows = busy.recorder.head(), contents(busy)

    with pytest.raises(SchemaVersionError, match=rf"stands at version {NEW}, this program has {OLD}.*start that"):
        hold(busy.ledger)

    assert busy.recorder.head() == head
    assert contents(busy) == rows


def test_a_writer_of_the_newer_version_does_not_write_into_older_tables(busy: Salon) -> None:
    with pytest.raises(SchemaVersionError, match=rf"stands at version {OLD}, this program has {NEW}.*migrate"):
        hold(Ledger(busy.recorder, [NewerSchedule()]))


def test_a_writer_that_does_not_know_a_model_written_with_the_events_stops(busy: Salon) -> None:
    without = Ledger(busy.recorder)

    with pytest.raises(SchemaVersionError, match="schedule is written with the events"):
        without.execute(PauseIntegration(order(), "operator"))


def test_an_append_that_waits_while_the_version_is_switched_sees_the_new_one(busy: Salon) -> None:
    """Its statement began before the switch was committed; the check must not look with the eyes of then."""
    heard: list[BaseException] = []
    head, rows = busy.recorder.head(), contents(busy)

    def append() -> None:
        try:
            hold(busy.ledger)
        except SchemaVersionError as error:
            heard.append(error)

    with busy.database.transaction() as switch:
        switch.execute("SELECT 1 FROM ledger FOR UPDATE")
        switch.execute("UPDATE projections SET version = version + 1 WHERE name = 'schedule'")
        writer = threading.Thread(target=append)
        writer.start()
        wait_for(lambda: waiting(busy) == 1)
    writer.join(timeout=10)

    assert len(heard) == 1
    assert busy.recorder.head() == head
    assert contents(busy) == rows


def waiting(salon: Salon) -> int:
    """Sessions of this salon that wait for a lock."""
    return int(
        salon.rows(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s AND wait_event_type = 'Lock'",
            salon.database.schema,
        )[0][0]
    )


def wait_for(condition: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(500):
        if condition():
            return
        pause.wait(0.02)
    raise AssertionError("it never came to that")


def test_a_writer_at_work_during_a_switch_to_another_version_stops_with_nothing_half_done(busy: Salon) -> None:
    heard: list[BaseException] = []

    def write() -> None:
        try:
            for n in range(10_000):
                busy.hold(slot("18:00" if n % 2 else "19:00"), BookingId(1000 + n), DARIA)
        except SchemaVersionError as error:
            heard.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    rebuild(busy.recorder, NewerSchedule(), "new")
    writer.join(timeout=20)

    assert len(heard) == 1
    assert busy.rows("SELECT max(position) FROM schedule_notes") == [(busy.recorder.head(),)]
    assert compare(busy.recorder, NewerSchedule()).equal


def test_a_follower_of_the_older_version_stops_and_leaves_the_new_rows_alone(busy: Salon) -> None:
    install(busy.recorder, [Diary()])
    older = Follower(busy.recorder, [Diary()], "old")
    assert older.catch_up()
    rebuild(busy.recorder, NewerDiary(), "new")
    hold(busy.ledger)

    stopped = threading.Event()
    too_long = threading.Timer(10, stopped.set)
    too_long.start()
    with pytest.raises(SchemaVersionError, match="diary stands at version 2, this program has 1"):
        older.run(stopped)
    too_long.cancel()

    assert busy.rows("SELECT max(position) FROM diary") == [(busy.recorder.head() - 1,)]
    older.step_down()
    assert Follower(busy.recorder, [NewerDiary()], "new").catch_up()
    assert busy.rows("SELECT max(position) FROM diary") == [(busy.recorder.head(),)]


def test_a_live_follower_and_a_rebuild_do_not_get_in_each_others_way(busy: Salon) -> None:
    install(busy.recorder, [Diary()])
    follower = Follower(busy.recorder, [Diary()], "live")
    seen: list[int] = []

    def follow(_: Progress) -> None:
        busy.hold(slot("18:00" if len(seen) % 2 else "19:00"), BookingId(1000 + len(seen)), DARIA)
        follower.catch_up()
        seen.append(busy.rows("SELECT count(*) FROM diary")[0][0])

    rebuild(busy.recorder, Diary(), "new", watch=follow)

    assert seen == sorted(seen)
    assert busy.rows("SELECT count(*) FROM diary") == [(busy.recorder.head(),)]


def test_a_program_that_opens_a_ledger_of_other_versions_is_told_what_to_do(busy: Salon) -> None:
    check_installed(busy.database, read_models())
    with pytest.raises(SchemaVersionError, match="`zapisnik migrate`"):
        check_installed(busy.database, [NewerSchedule()])
    rebuild(busy.recorder, NewerSchedule(), "new")
    with pytest.raises(SchemaVersionError, match="start that one"):
        check_installed(busy.database, read_models())
    with pytest.raises(SchemaVersionError, match="does not know it"):
        check_installed(busy.database, [one for one in read_models() if one.name != "schedule"])
