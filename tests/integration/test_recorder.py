"""The log itself: append-only, in order, and conditions that see exactly what they should."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import psycopg
import pytest
from eventsourcing.dcb.api import DCBAppendCondition, DCBEvent, DCBQuery, DCBQueryItem
from eventsourcing.persistence import IntegrityError, ProgrammingError

from ledger.append_statement import NewEvent
from ledger.postgres import Database, migrate
from ledger.recorder import BATCH, BoundaryItem, PostgresRecorder
from tests.store import Salon, all_at_once, kill_sessions, named


@pytest.fixture
def log(database_url: str, schema: str) -> Iterator[PostgresRecorder]:
    """An empty log."""
    with Database(named(database_url, schema), schema) as database:
        migrate(database)
        recorder = PostgresRecorder(database)
        yield recorder
        recorder.close()


def event(type_: str = "a", *tags: str) -> DCBEvent:
    return DCBEvent(type=type_, data=b"{}", tags=list(tags))


def seen(log: PostgresRecorder, *items: BoundaryItem) -> list[int]:
    return [one.position for one in log.read_boundary(items).events]


def append_after(log: PostgresRecorder, after: int, *items: BoundaryItem) -> int:
    return log.append_if_unchanged([NewEvent("new", [], "{}")], items, after)[0]


@pytest.mark.parametrize("table", ["events", "event_tags", "ledger"])
@pytest.mark.parametrize(
    "statement",
    ["UPDATE {} SET {}", "DELETE FROM {}", "TRUNCATE {}", "DELETE FROM {} WHERE false", "TRUNCATE {} CASCADE"],
)
def test_the_ledger_refuses_every_change_and_says_so(salon: Salon, table: str, statement: str) -> None:
    column = {"events": "type = 'x'", "event_tags": "tag = 'x'", "ledger": "genesis = genesis"}[table]
    before = salon.rows("SELECT * FROM events")

    with (
        pytest.raises(psycopg.errors.RestrictViolation, match=rf"on {table}: the ledger is append-only"),
        salon.database.transaction() as connection,
    ):
        connection.execute(statement.format(table, column).encode())

    assert salon.rows("SELECT * FROM events") == before


def test_positions_have_no_gaps_and_a_refused_append_takes_none(log: PostgresRecorder) -> None:
    log.append([event(), event()])
    with pytest.raises(IntegrityError):
        append_after(log, 0, BoundaryItem())
    with pytest.raises(psycopg.errors.InvalidTextRepresentation):
        log.append([DCBEvent(type="a", data=b"{", tags=[])])

    assert log.append([event()]) == 3


def test_an_empty_append_is_a_mistake(log: PostgresRecorder) -> None:
    with pytest.raises(ProgrammingError):
        log.append([])


@pytest.mark.parametrize(
    ("item", "is_hit"),
    [
        (BoundaryItem(), True),
        (BoundaryItem(types=["b"]), True),
        (BoundaryItem(types=["a"]), False),
        (BoundaryItem(types=["a", "b"]), True),
        (BoundaryItem(tags=["x"]), True),
        (BoundaryItem(tags=["y"]), True),
        (BoundaryItem(tags=["x", "y"]), True),
        (BoundaryItem(tags=["y", "x"]), True),
        (BoundaryItem(tags=["x", "z"]), False),
        (BoundaryItem(tags=["z", "x"]), False),
        (BoundaryItem(types=["a"], tags=["x"]), False),
        (BoundaryItem(types=["b"], tags=["x", "y"]), True),
        (BoundaryItem(types=["b"], tags=["X"]), False),
    ],
)
def test_a_condition_fails_on_exactly_what_a_read_would_find(
    log: PostgresRecorder, item: BoundaryItem, is_hit: bool
) -> None:
    log.append([event("a", "z", "old"), event("b", "x", "y")])

    assert (2 in seen(log, item)) is is_hit
    assert append_after(log, 2, item) == 3  # nothing came since
    if is_hit:
        with pytest.raises(IntegrityError):
            append_after(log, 1, item)
    else:
        assert append_after(log, 1, item) == 4


def test_any_of_several_items_fails_the_append(log: PostgresRecorder) -> None:
    log.append([event("a", "x")])

    with pytest.raises(IntegrityError):
        append_after(log, 0, BoundaryItem(tags=["no"]), BoundaryItem(tags=["x"]))
    with pytest.raises(IntegrityError):
        append_after(log, 0, BoundaryItem(tags=["x"]), BoundaryItem(tags=["no"]))


def test_a_latest_item_reads_only_the_newest_match(log: PostgresRecorder) -> None:
    log.append([event("a", "x"), event("a", "x"), event("b", "x"), event("a", "y"), event("c")])

    assert seen(log, BoundaryItem(tags=["x"], latest=True)) == [3]
    assert seen(log, BoundaryItem(types=["a"], tags=["x"], latest=True)) == [2]
    assert seen(log, BoundaryItem(types=["a"], latest=True)) == [4]
    assert seen(log, BoundaryItem(tags=["x"], latest=True), BoundaryItem(tags=["y"])) == [3, 4]
    assert seen(log, BoundaryItem(tags=["none"], latest=True)) == []


def test_a_since_start_item_fails_however_old_the_match_is(log: PostgresRecorder) -> None:
    log.append([event("a", "command:1"), *[event()] * 10])

    with pytest.raises(IntegrityError):
        append_after(log, 11, BoundaryItem(tags=["command:1"], since_start=True))
    assert append_after(log, 11, BoundaryItem(tags=["command:2"], since_start=True)) == 12


def test_an_event_matched_by_several_items_is_read_once_and_in_order(log: PostgresRecorder) -> None:
    log.append([event("a", "x", "y"), event("b", "y"), event("a", "x")])

    assert seen(log, BoundaryItem(tags=["y"]), BoundaryItem(tags=["x"]), BoundaryItem(types=["a"])) == [1, 2, 3]


def test_a_read_gives_the_head_even_when_nothing_matches(log: PostgresRecorder) -> None:
    assert log.read_boundary([BoundaryItem(tags=["none"])]).head == 0
    log.append([event()] * 3)
    assert log.read_boundary([BoundaryItem(tags=["none"])]).head == 3


@pytest.mark.parametrize("tags", [[], ["x"], ["x", "x"], ["Ключ:Ёж", "a b", "'\"\\{},"], ["NULL", ""]])
def test_tags_are_given_back_as_they_were(log: PostgresRecorder, tags: list[str]) -> None:
    log.append([event("a"), DCBEvent(type="b", data='{"ё": 1}'.encode(), tags=tags), event("c", "after")])

    found = [one.event for one in log.read()]

    assert found[1].tags == tags
    assert found[1].data.decode() == '{"ё": 1}'
    assert found[2].tags == ["after"]
    for tag in tags:
        assert [one.position for one in log.read(DCBQuery(items=[DCBQueryItem(tags=[tag])]))] == [2]


def test_racing_conditional_appends_let_exactly_one_through(log: PostgresRecorder) -> None:
    condition = DCBAppendCondition(fail_if_events_match=DCBQuery(items=[DCBQueryItem(tags=["x"])]), after=0)

    def race() -> bool:
        try:
            log.append([event("a", "x")], condition)
        except IntegrityError:
            return False
        return True

    assert sorted(all_at_once([race] * 8)) == [False] * 7 + [True]


def test_recorded_at_never_goes_backwards(log: PostgresRecorder, schema: str) -> None:
    log.append([event()])
    with log.database.transaction() as connection:
        connection.execute("ALTER TABLE events DISABLE TRIGGER USER")
        connection.execute("UPDATE events SET recorded_at = clock_timestamp() + interval '1 day'")
    log.append([event()])

    with log.database.transaction() as connection:
        one, two = connection.execute("SELECT recorded_at FROM events ORDER BY position").fetchall()
    assert two >= one


def test_recorded_at_is_taken_after_the_lock(log: PostgresRecorder) -> None:
    released: list[float] = []
    waiting = threading.Thread(target=lambda: log.append([event()]))
    with log.database.transaction() as connection:
        connection.execute("SELECT 1 FROM ledger FOR UPDATE")
        waiting.start()
        time.sleep(0.3)
        released += [row[0] for row in connection.execute("SELECT extract(epoch FROM clock_timestamp())")]
    waiting.join()

    with log.database.transaction() as connection:
        [(recorded,)] = connection.execute("SELECT extract(epoch FROM recorded_at) FROM events").fetchall()
    assert recorded >= released[0]


def test_a_log_longer_than_a_page_is_streamed_whole_and_in_order(log: PostgresRecorder) -> None:
    log.append([event("a", "even" if n % 2 else "odd") for n in range(2 * BATCH + 1)])

    assert [one.position for one in log.read()] == list(range(1, 2 * BATCH + 2))
    assert len(list(log.read(DCBQuery(items=[DCBQueryItem(tags=["even"])])))) == BATCH
    assert len(list(log.read(limit=BATCH + 1))) == BATCH + 1


def test_a_subscription_outlives_its_killed_connections(log: PostgresRecorder) -> None:
    log.append([event()])
    with log.subscribe() as subscription:
        assert next(subscription).position == 1
        kill_sessions(log.database)
        appended = threading.Timer(0.5, lambda: log.append([event()]))
        cut = threading.Timer(0.2, lambda: kill_sessions(log.database))  # while the reader waits
        cut.start()
        appended.start()
        assert next(subscription).position == 2
        cut.join()
        appended.join()


def test_a_stopped_subscription_ends(log: PostgresRecorder) -> None:
    subscription = log.subscribe()
    threading.Timer(0.3, subscription.stop).start()
    began = time.monotonic()

    with pytest.raises(StopIteration):
        next(subscription)

    assert time.monotonic() - began < 5
