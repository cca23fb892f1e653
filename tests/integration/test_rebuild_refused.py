"""A rebuild that cannot be finished leaves the live read model as it was, and says what stood in its way."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest
from psycopg import sql

from ledger.errors import LeaseLostError, SchemaVersionError
from ledger.postgres import Connection
from ledger.values import BookingId
from projections.errors import BrokenRuleError, RebuildRunningError, SwitchBlockedError
from projections.projector import install
from projections.rebuild import Progress, rebuild, running
from projections.schedule import Schedule
from projections.tables import put_in_place
from tests.builders import DARIA, made, slot
from tests.store import Diary, Salon, contents


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projections.projector.PAGE", 3)
    monkeypatch.setattr("projections.rebuild.PAUSE_SECONDS", 0.02)


def leftovers(salon: Salon) -> list[tuple[str]]:
    """Tables beside the live ones, and rebuilds thought to be at work."""
    return salon.rows(
        """SELECT relname::text FROM pg_class
           WHERE relnamespace = current_schema()::regnamespace AND relname LIKE '%%_next%%'
           UNION ALL SELECT name FROM rebuilds"""
    )


def run_out(salon: Salon) -> None:
    """As if the holder of every lease had slept too long."""
    with salon.database.transaction() as connection:
        connection.execute("UPDATE leases SET until = '-infinity'")


class CtrlCError(Exception):
    """Somebody pressed Ctrl-C."""


def test_a_second_rebuild_of_the_same_model_is_refused_and_the_first_goes_on(busy: Salon) -> None:
    heard: list[str] = []

    def second(_: Progress) -> None:
        with pytest.raises(RebuildRunningError, match="schedule is being rebuilt already") as refused:
            rebuild(busy.recorder, Schedule(), "test")
        heard.append(str(refused.value))

    done = rebuild(busy.recorder, Schedule(), "test", watch=second)

    assert done.switched
    assert len(heard) > 3
    assert rebuild(busy.recorder, Schedule(), "test").switched


def test_another_model_may_be_rebuilt_meanwhile(busy: Salon) -> None:
    install(busy.recorder, [Diary()])
    others: list[Progress] = []

    rebuild(busy.recorder, Schedule(), "a", watch=lambda _: others.append(rebuild(busy.recorder, Diary(), "b")))

    assert all(one.switched for one in others)
    assert others


def test_a_rebuild_that_was_taken_over_does_nothing_more(busy: Salon) -> None:
    """It slept, another one took its lease and began anew with tables of the same names."""
    live = contents(busy)
    steps: list[str] = []

    def sleep_too_long(first: Progress) -> None:
        steps.append(f"first at {first.events}")
        run_out(busy)
        rebuild(busy.recorder, Schedule(), "b", watch=lambda second: steps.append(f"second at {second.events}"))

    with pytest.raises(LeaseLostError, match="rebuild:schedule"):
        rebuild(busy.recorder, Schedule(), "a", watch=sleep_too_long)

    assert [step for step in steps if step.startswith("first")] == [steps[0]]
    assert steps[-1] == f"second at {busy.recorder.head()}"
    assert contents(busy) == live
    assert leftovers(busy) == []


def test_one_that_was_taken_over_leaves_the_others_half_built_tables_alone(busy: Salon) -> None:
    def take_over(_: Progress) -> None:
        run_out(busy)
        with busy.database.transaction() as connection:
            connection.execute("UPDATE leases SET holder = 'b', epoch = epoch + 1 WHERE name = 'rebuild:schedule'")

    with pytest.raises(LeaseLostError):
        rebuild(busy.recorder, Schedule(), "a", watch=take_over)

    assert ("schedule_next",) in leftovers(busy)


def test_a_rebuild_that_ends_early_clears_up_and_lets_the_next_one_in(busy: Salon) -> None:
    live = contents(busy)
    seen: list[int] = []

    def interrupt(progress: Progress) -> None:
        seen.append(running(busy.database)["schedule"].position)
        if len(seen) == 2:
            raise CtrlCError

    with pytest.raises(CtrlCError):
        rebuild(busy.recorder, Schedule(), "a", watch=interrupt)

    assert 0 < seen[0] < seen[1] < busy.recorder.head()
    assert contents(busy) == live
    assert leftovers(busy) == []
    assert running(busy.database) == {}
    assert rebuild(busy.recorder, Schedule(), "b").switched


def test_a_log_that_breaks_the_models_own_rule_is_named(busy: Salon) -> None:
    """Written past every rule, with the guard taken off: a rebuild must not put a table without it in place."""
    with busy.database.transaction() as connection:
        connection.execute("ALTER TABLE schedule DROP CONSTRAINT schedule_no_overlap")
        busy.append_past_the_rules(
            connection, made(slot("12:30"), booking_id=BookingId(7)), made(slot("12:45"), booking_id=BookingId(8))
        )
    live = contents(busy)

    with pytest.raises(BrokenRuleError, match=r"schedule.*no_overlap.*in the events after \d+"):
        rebuild(busy.recorder, Schedule(), "a")

    assert contents(busy) == live
    assert leftovers(busy) == []


def test_a_view_of_somebodys_own_is_not_dropped_but_named(busy: Salon) -> None:
    with busy.database.transaction() as connection:
        connection.execute("CREATE VIEW takings AS SELECT sum(price) FROM schedule")
    live = contents(busy)

    with pytest.raises(SwitchBlockedError, match="view takings"):
        rebuild(busy.recorder, Schedule(), "a")

    assert contents(busy) == live
    assert leftovers(busy) == []


def test_a_model_that_is_not_installed_or_newer_is_not_rebuilt(busy: Salon) -> None:
    with pytest.raises(SchemaVersionError, match="diary is not installed"):
        rebuild(busy.recorder, Diary(), "a")
    with busy.database.transaction() as connection:
        connection.execute("UPDATE projections SET version = 99 WHERE name = 'schedule'")

    with pytest.raises(SchemaVersionError, match="schedule stands at version 99"):
        rebuild(busy.recorder, Schedule(), "a")

    assert leftovers(busy) == []


def test_tables_of_the_same_name_in_public_are_not_ours(busy: Salon) -> None:
    """Another salon may live in `public`, at the end of every search path."""
    names = ("schedule_next", "diary", "diary_next")
    with busy.database.transaction() as connection:
        for name in names:
            connection.execute(sql.SQL("CREATE TABLE public.{} (theirs int)").format(sql.Identifier(name)))
    try:
        install(busy.recorder, [Diary()])
        with busy.database.transaction() as connection:
            connection.execute(sql.SQL("DROP TABLE {}.diary").format(sql.Identifier(busy.database.schema)))

        for model in (Schedule(), Diary()):
            assert rebuild(busy.recorder, model, "a").switched

        assert len(busy.rows("SELECT position FROM diary")) == busy.recorder.head()
        assert busy.rows(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename = ANY (%s)", list(names)
        ) == [(3,)]
    finally:
        with busy.database.transaction() as connection:
            for name in names:
                connection.execute(sql.SQL("DROP TABLE IF EXISTS public.{}").format(sql.Identifier(name)))


# --- somebody keeps the live table open ---


@contextmanager
def idle_reader(salon: Salon, seconds: float) -> Iterator[psycopg.Connection]:
    """A session that looked at the schedule and then forgot to end; after so many seconds it does all the same."""
    reader = psycopg.connect(salon.database.url, application_name="idle reader")
    reader.execute(sql.SQL("SELECT 1 FROM {}.schedule").format(sql.Identifier(salon.database.schema)))
    timer = threading.Timer(seconds, reader.close)
    timer.start()
    try:
        yield reader
    finally:
        timer.cancel()
        reader.close()


def test_an_idle_reader_keeps_the_switch_waiting_but_nobody_who_books(
    busy: Salon, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Progress] = []
    attempts: list[float] = []

    def attempt(connection: Connection, schema: str, tables: Sequence[str], suffix: str) -> None:
        attempts.append(time.monotonic())
        put_in_place(connection, schema, tables, suffix)

    monkeypatch.setattr("projections.rebuild.put_in_place", attempt)
    with idle_reader(busy, seconds=10) as reader:
        work = threading.Thread(target=rebuild, args=(busy.recorder, Schedule(), "a"), kwargs={"watch": told.append})
        work.start()
        longest, n = 0.0, 1000
        while len(attempts) < 4 and longest < 2:
            began, n = time.monotonic(), n + 1
            busy.hold(slot("18:00" if n % 2 else "19:00"), BookingId(n), DARIA)
            longest = max(longest, time.monotonic() - began)
        assert longest < 2  # 0.05 s for the lock, the rest for a busy machine; the reader itself would have been 10 s
        assert busy.rows("SELECT booking_id FROM schedule WHERE booking_id > 1000") == [(n,)]
        assert not told[-1].switched
        reader.close()
        work.join(timeout=10)

    assert told[-1].switched
    assert told[-1].events == busy.recorder.head()
    assert busy.rows("SELECT booking_id FROM schedule WHERE booking_id > 1000") == [(n,)]


def test_a_reader_that_never_leaves_is_named_and_the_live_model_left(
    busy: Salon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projections.rebuild.PATIENCE_SECONDS", 0.3)
    live = contents(busy)
    with idle_reader(busy, seconds=20), pytest.raises(SwitchBlockedError, match=r"session \d+ \(idle reader\) since"):
        rebuild(busy.recorder, Schedule(), "a")

    assert contents(busy) == live
    assert leftovers(busy) == []
    assert rebuild(busy.recorder, Schedule(), "a").switched


def test_waiting_for_a_reader_does_not_let_the_lease_run_out(busy: Salon, monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts that are rolled back prolong nothing."""
    monkeypatch.setattr("projections.rebuild.LEASE_LASTS", timedelta(seconds=0.5))
    refused: list[bool] = []
    with idle_reader(busy, seconds=20) as reader:
        work = threading.Thread(target=lambda: rebuild(busy.recorder, Schedule(), "a"))
        work.start()
        for _ in range(15):
            time.sleep(0.1)
            try:
                rebuild(busy.recorder, Schedule(), "b")
            except RebuildRunningError:
                refused.append(True)
        reader.close()
        work.join(timeout=10)

    assert len(refused) == 15
