"""Leafing through the log: newest first, narrowed, no event twice and none left out, whatever the page's size."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from eventsourcing.dcb.api import DCBEvent

from ledger import browsing
from ledger.browsing import Leaf, Wanted, first_position_at, leaf
from ledger.postgres import Database, migrate
from ledger.recorder import PostgresRecorder
from tests.store import named

START = datetime(2030, 1, 7, 9, 0, tzinfo=UTC)


@pytest.fixture
def log(database_url: str, schema: str) -> Iterator[PostgresRecorder]:
    """An empty log."""
    with Database(named(database_url, schema), schema) as database:
        migrate(database)
        recorder = PostgresRecorder(database)
        yield recorder
        recorder.close()


def fill(log: PostgresRecorder, *events: tuple[str, Sequence[str]]) -> None:
    """One event each; the first is recorded at START, each next one a minute later."""
    for n, (type_, tags) in enumerate(events):
        log.append([DCBEvent(type=type_, data=b"{}", tags=list(tags))])
        with log.database.transaction() as connection:
            connection.execute("ALTER TABLE events DISABLE TRIGGER USER")
            connection.execute(
                "UPDATE events SET recorded_at = %s WHERE position = %s", (START + timedelta(minutes=n), n + 1)
            )
            connection.execute("ALTER TABLE events ENABLE TRIGGER USER")


def plain(count: int) -> list[tuple[str, list[str]]]:
    return [("a", []) for _ in range(count)]


def seen(page: Leaf) -> list[int]:
    return [event.position for event in page.events]


def all_older(log: PostgresRecorder, wanted: Wanted, limit: int) -> list[int]:
    """Every page from the newest one down."""
    page = leaf(log.database, wanted, limit=limit)
    positions = seen(page)
    while page.older is not None:
        page = leaf(log.database, wanted, before=page.older, limit=limit)
        positions += seen(page)
    return positions


def all_newer(log: PostgresRecorder, wanted: Wanted, limit: int) -> list[int]:
    """Every page from the oldest one up, as far as `after` goes in whole pages."""
    page = leaf(log.database, wanted, before=1, limit=limit)
    positions: list[int] = []
    while page.newer is not None:
        page = leaf(log.database, wanted, after=page.newer, limit=limit)
        positions = [*seen(page), *positions]
    return positions


def test_the_newest_page_has_a_way_to_older_ones_only_and_the_oldest_to_newer_ones_only(log: PostgresRecorder) -> None:
    fill(log, *plain(5))

    newest = leaf(log.database, Wanted(), limit=2)
    middle = leaf(log.database, Wanted(), before=newest.older, limit=2)
    oldest = leaf(log.database, Wanted(), before=middle.older, limit=2)

    assert (seen(newest), newest.newer) == ([5, 4], None)
    assert (seen(middle), seen(oldest), oldest.older) == ([3, 2], [1], None)
    assert seen(leaf(log.database, Wanted(), after=oldest.newer, limit=2)) == [3, 2]
    assert newest.head == 5


def test_a_page_that_is_just_full_has_no_way_to_an_empty_one(log: PostgresRecorder) -> None:
    fill(log, *plain(2))

    page = leaf(log.database, Wanted(), limit=2)

    assert (seen(page), page.older, page.newer) == ([2, 1], None, None)


def test_near_the_newest_end_the_newest_page_is_given_in_full(log: PostgresRecorder) -> None:
    fill(log, *plain(5))

    page = leaf(log.database, Wanted(), after=4, limit=3)

    assert (seen(page), page.newer) == ([5, 4, 3], None)


@pytest.mark.parametrize("place", [{"before": 10**15}, {"after": 10**15}, {"before": 0}, {"before": 1}, {"after": 0}])
def test_a_place_outside_the_log_is_no_error(log: PostgresRecorder, place: dict[str, int]) -> None:
    fill(log, *plain(2))

    page = leaf(log.database, Wanted(), **place)

    assert seen(page) in ([2, 1], [])
    assert page.newer is not None or seen(page)


def test_an_empty_log_is_an_empty_page(log: PostgresRecorder) -> None:
    page = leaf(log.database, Wanted((), ("a",), START, START + timedelta(days=1)))

    assert (seen(page), page.newer, page.older, page.head) == ([], None, None, 0)


def test_several_tags_and_a_kind_narrow_further(log: PostgresRecorder) -> None:
    fill(log, ("a", ["x", "y"]), ("b", ["x"]), ("a", ["y"]), ("b", ["y", "x"]), ("c", ["x", "y"]))

    assert seen(leaf(log.database, Wanted(("x",)))) == [5, 4, 2, 1]
    assert seen(leaf(log.database, Wanted(("x", "y")))) == [5, 4, 1]
    assert seen(leaf(log.database, Wanted(("x", "y"), ("a", "c")))) == [5, 1]
    assert seen(leaf(log.database, Wanted((), ("c", "b")))) == [5, 4, 2]


def test_times_narrow_from_the_first_instant_on_and_before_the_last(log: PostgresRecorder) -> None:
    fill(log, *plain(6))
    minute = timedelta(minutes=1)

    assert seen(leaf(log.database, Wanted(since=START + 2 * minute, until=START + 4 * minute))) == [4, 3]
    assert seen(leaf(log.database, Wanted(since=START + 9 * minute))) == []
    assert seen(leaf(log.database, Wanted(until=START))) == []
    page = leaf(log.database, Wanted(since=START + minute), limit=2)
    assert (seen(page), page.older) == ([6, 5], 5)


def test_a_moment_becomes_the_first_position_recorded_then(log: PostgresRecorder) -> None:
    fill(log, *plain(9))
    with log.database.transaction() as connection:
        found = [first_position_at(connection, START + timedelta(seconds=30 * half)) for half in range(-1, 18)]

    assert found == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10]


def test_a_rare_kind_is_searched_a_stretch_at_a_time(log: PostgresRecorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browsing, "SEARCHED", 4)
    fill(log, ("rare", []), *plain(10), ("rare", []))

    first = leaf(log.database, Wanted((), ("rare",)), limit=3)

    assert (seen(first), first.is_cut, first.older) == ([12], True, 9)
    assert all_older(log, Wanted((), ("rare",)), 3) == [12, 1]
    assert all_newer(log, Wanted((), ("rare",)), 3) == [12, 1]


@pytest.mark.parametrize("searched", [3, 100_000])
def test_leafing_both_ways_meets_every_event_once(
    log: PostgresRecorder, monkeypatch: pytest.MonkeyPatch, searched: int
) -> None:
    monkeypatch.setattr(browsing, "SEARCHED", searched)
    dice = random.Random(7)
    events = [(dice.choice("ab"), dice.sample(["x", "y", "z"], dice.randint(0, 3))) for _ in range(40)]
    fill(log, *events)
    for _ in range(12):
        tags = tuple(dice.sample(["x", "y"], dice.randint(0, 2)))
        types = tuple(dice.sample("ab", dice.randint(0, 1)))
        first, last = sorted(dice.sample(range(41), 2))
        wanted = Wanted(tags, types, START + timedelta(minutes=first), START + timedelta(minutes=last))
        expected = [
            n + 1
            for n, (type_, carried) in enumerate(events)
            if first <= n < last and set(tags) <= set(carried) and (not types or type_ in types)
        ][::-1]
        limit = dice.randint(1, 5)

        assert all_older(log, wanted, limit) == expected, (wanted, limit)
        up = all_newer(log, wanted, limit)
        # The last page up is the newest one in full, so it may begin below the one before it.
        assert list(dict.fromkeys(up)) == expected, (wanted, limit)
