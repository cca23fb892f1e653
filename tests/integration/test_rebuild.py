"""A read model is built anew beside the live one, which is read and written all the while, and then takes its place."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest

from ledger.decisions.publish_catalog import PublishCatalog
from ledger.privacy import random_id
from ledger.values import BookingId, ClientId
from projections.comparison import compare
from projections.projector import Follower, lags
from projections.rebuild import Progress, rebuild
from projections.schedule import Schedule
from tests.builders import (
    ANNA,
    BOOKING,
    DARIA,
    MONDAY,
    OLGA,
    OTHER_BOOKING,
    catalog,
    history,
    hours,
    made,
    moved,
    order,
    policy,
    shifts,
    slot,
)
from tests.season import Season
from tests.store import Salon, contents, read_models


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projections.projector.PAGE", 7)
    monkeypatch.setattr("projections.rebuild.PAUSE_SECONDS", 0.02)


def names(salon: Salon) -> list[tuple[str]]:
    """Everything in the schema that has a name."""
    return salon.rows(
        """SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace
           UNION ALL SELECT conrelid::regclass || '.' || conname FROM pg_constraint
           WHERE connamespace = current_schema()::regnamespace ORDER BY 1"""
    )


def rebuild_all(salon: Salon) -> list[Progress]:
    return [rebuild(salon.recorder, model, "test") for model in read_models()]


# --- the same events give the same rows ---


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_rebuilt_model_has_the_rows_the_live_one_had(salon: Salon, seed: int) -> None:
    Season(salon, seed).play(150)
    Follower(salon.recorder, read_models(), "a").catch_up()
    before, objects = contents(salon), names(salon)
    assert {"booking_moved", "hold_lapsed", "crm_booking_seen", "conflict_found"} <= set(salon.types())

    done = rebuild_all(salon)

    assert contents(salon) == before
    assert names(salon) == objects
    assert [(one.events, one.switched) for one in done] == [(salon.recorder.head(), True)] * len(read_models())
    assert {(lag.events, lag.position) for lag in lags(salon.database)} == {(0, salon.recorder.head())}
    assert [compare(salon.recorder, model).count for model in read_models()] == [0] * len(read_models())


def test_a_rebuild_goes_on_with_what_comes_after_it(busy: Salon) -> None:
    rebuild_all(busy)

    busy.book(slot("18:00"), BookingId(9), DARIA)
    Follower(busy.recorder, read_models(), "a").catch_up()

    assert busy.rows("SELECT status FROM schedule WHERE booking_id = 9") == [("booked",)]
    assert [compare(busy.recorder, model).count for model in read_models()] == [0] * len(read_models())


def test_a_rebuild_brings_a_model_that_was_behind_to_the_head(busy: Salon) -> None:
    assert {lag.name: lag.position for lag in lags(busy.database)}["backlog"] == 0

    rebuild_all(busy)

    assert {lag.name: lag.events for lag in lags(busy.database)}["backlog"] == 0
    assert busy.rows("SELECT count(*) FROM backlog") == [(2,)]


def test_the_guard_against_overlaps_stands_after_a_rebuild(busy: Salon) -> None:
    rebuild(busy.recorder, Schedule(), "test")

    with pytest.raises(psycopg.errors.ExclusionViolation), busy.database.transaction() as connection:
        Schedule().apply(connection, history(made(slot("12:30"), booking_id=BookingId(77))))


def swap(salon: Salon) -> None:
    """Two bookings change places in one append; between its halves both stand in one slot."""
    halves = (
        moved(slot("12:00"), slot("10:00")),
        moved(slot("10:00"), slot("12:00"), booking_id=OTHER_BOOKING, client_id=DARIA),
    )
    with salon.database.transaction() as connection:
        last = salon.append_past_the_rules(connection, *halves)
        Schedule().apply(connection, history(*halves, after=last - 2))


@pytest.fixture
def two(salon: Salon) -> Salon:
    """Bookings at ten and at twelve."""
    salon.book(slot("10:00"))
    salon.book(slot("12:00"), OTHER_BOOKING, DARIA)
    return salon


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_a_swap_in_one_append_is_never_cut_in_two(two: Salon, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    swap(two)
    two.hold(slot("16:00"), BookingId(3))
    monkeypatch.setattr("projections.projector.PAGE", size)

    rebuild(two.recorder, Schedule(), "test")

    assert two.rows("SELECT booking_id FROM schedule ORDER BY starts_at") == [(OTHER_BOOKING,), (BOOKING,), (3,)]


def test_a_swap_may_come_at_the_very_last_when_the_tables_are_being_switched(two: Salon) -> None:
    """Its deferred check is still open when the table takes its place."""
    head = two.recorder.head()

    def in_the_last_moment(progress: Progress) -> None:
        if progress.events == head and not progress.switched:
            swap(two)

    rebuild(two.recorder, Schedule(), "test", watch=in_the_last_moment)

    assert two.rows("SELECT booking_id FROM schedule ORDER BY starts_at") == [(OTHER_BOOKING,), (BOOKING,)]


# --- the bot keeps working ---


@contextmanager
def at_work(*jobs: Callable[[], object]) -> Iterator[list[BaseException]]:
    """Each job again and again in a thread of its own until the end; what one fails with ends it and is in the list."""
    failures: list[BaseException] = []
    stopped = threading.Event()

    def repeat(job: Callable[[], object]) -> None:
        try:
            while not stopped.is_set():
                job()
        except BaseException as error:  # noqa: BLE001  the test tells of it
            failures.append(error)

    threads = [threading.Thread(target=repeat, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    try:
        yield failures
    finally:
        stopped.set()
        for thread in threads:
            thread.join(timeout=30)


def test_nothing_is_lost_when_clients_book_and_look_all_the_while(
    salon: Salon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projections.projector.PAGE", 100)  # by sevens it would not catch up with these clients
    generous = catalog(policy=policy(open_bookings_limit=100, horizon_days=365))
    long_days = tuple(shifts(one, hours("10:00-20:00")) for one in (ANNA, OLGA))
    salon.ledger.execute(PublishCatalog(order(), generous, long_days))
    days = [MONDAY + timedelta(days=n) for n in range(300)]
    places = (slot(f"{hour}:00", on=day) for day in days for hour in range(10, 20))
    booked: list[BookingId] = []
    seen: list[int] = []

    def book() -> None:
        booking_id, client_id = BookingId(random_id()), ClientId(random_id())
        salon.book(next(places), booking_id, client_id)
        booked.append(booking_id)

    def look() -> None:
        seen.append(salon.rows("SELECT count(*) FROM schedule")[0][0])

    follower = Follower(salon.recorder, read_models(), "a")
    with at_work(book, look, follower.catch_up) as failures:
        for _ in range(3):
            rebuild_all(salon)

    assert failures == []
    assert len(booked) > 10
    assert seen == sorted(seen)  # never empty, never without somebody who stood there before
    assert {row[0] for row in salon.rows("SELECT booking_id FROM schedule")} == set(booked)
    follower.catch_up()
    assert [compare(salon.recorder, model).count for model in read_models()] == [0] * len(read_models())
