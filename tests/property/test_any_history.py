"""History is not up for debate: whatever valid events stand in a log, in whatever order, everything folds."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings, strategies as st
from msgspec.structs import replace
from psycopg import Rollback

from bot.texts.story import story_lines
from console.wiring import read_models
from ledger import events as e
from ledger.codec import STORED_NAMES, Recorded
from ledger.decisions.folds import fold_entries
from ledger.errors import MalformedValueError, RefusalError
from ledger.postgres import Connection, Database, migrate
from ledger.sync_state import fold_sync
from ledger.values import BookedService
from projections.projector import Projection, apply_swiftly
from projections.tables import tables_of
from tests.builders import BOOKING, DARIA, MARIA, OTHER_BOOKING, RECORD, catalog, history, shifts
from tests.property.strategies import any_event
from tests.property.wishes import WISHES

names = st.sampled_from(sorted(STORED_NAMES))
ABOUT: dict[str, st.SearchStrategy[Any]] = {  # Any: ids of whatever kind
    "booking_id": st.sampled_from([BOOKING, OTHER_BOOKING]),
    "client_id": st.sampled_from([MARIA, DARIA]),
    "record_id": st.sampled_from([RECORD, RECORD + 1]),
    "attempt_id": st.integers(1, 3),
    "covers": st.lists(st.integers(1, 12), max_size=3).map(tuple),
    # What no client of HTTP gives and no catalogue is published with cannot come into a log.
    "status": st.integers(100, 599),
    "services": st.lists(
        st.builds(BookedService, st.integers(1, 9), st.integers(0, 10**9), st.integers(1, 1440)), min_size=1, max_size=3
    ).map(tuple),
}


@st.composite
def related(draw: st.DrawFn) -> e.AnyEvent:
    """Any event at all, about one of few bookings: what never meets anything else folds too easily."""
    event = draw(names.flatmap(any_event))
    fields = [name for name in ABOUT if getattr(event, name, None) is not None]
    return replace(event, **{name: draw(ABOUT[name]) for name in fields})


histories = st.lists(related(), max_size=12).map(lambda events: history(*events))
ANY = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@given(histories)
@ANY
def test_bookings_and_their_sync_fold_and_twice_is_once(log: list[Recorded]) -> None:
    entries = fold_entries(log)

    assert fold_entries([*log, *log]).keys() == entries.keys()
    for booking_id in (BOOKING, OTHER_BOOKING):
        fold_sync([item for item in log if getattr(item.event, "booking_id", None) == booking_id])


@given(histories)
@ANY
def test_a_story_is_told_of_any_life(log: list[Recorded]) -> None:
    for language in get_args(e.Language):
        assert isinstance(list(story_lines(log, None, ZoneInfo("Europe/Moscow"), language)), list)


@pytest.mark.parametrize("wish", WISHES, ids=[type(one).__name__ for one in WISHES])
@given(log=histories)
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_decision_answers_or_refuses_whatever_it_is_shown(wish: Any, log: list[Recorded]) -> None:  # any decision
    # Limits of millions of days never get past PublishCatalog, and a drawn catalogue has them.
    lived = [item for item in log if not isinstance(item.event, e.CatalogPublished)]
    try:
        decided = wish.decide([*history(catalog(), shifts()), *lived])
    except (RefusalError, MalformedValueError):
        return
    events = decided if isinstance(decided, Sequence) else [decided.event]
    if events:
        wish.answer(events)


@pytest.fixture
def database(database_url: str, schema: str) -> Iterator[Database]:
    with Database(database_url, schema) as one:
        migrate(one)
        yield one


def rows(connection: Connection, model: Projection) -> dict[str, list[str]]:
    tables = tables_of(model)
    return {
        table: [row[0] for row in connection.execute(f"SELECT t::text FROM {table} t ORDER BY 1")] for table in tables
    }


@pytest.mark.parametrize("model", read_models(), ids=lambda model: model.name)
def test_a_read_model_folds_any_history_in_any_pages_to_the_same_rows(database: Database, model: Projection) -> None:
    """At once as a rebuild does, event by event as a follower that is restarted at every position, and in two pages.

    The schedule's own guard may say no where the drawn history books a master twice: it is deferred, and not asked.
    """
    numbers = itertools.count()

    @given(histories, st.integers(0, 12))
    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    def folds(log: list[Recorded], place: int) -> None:
        found = []
        for pages in ([log], [[one] for one in log], [log[:place], log[place:]]):
            one = model.beside(f"_{next(numbers)}")
            with database.transaction() as connection:
                connection.execute(one.tables.encode())
                connection.execute("SET CONSTRAINTS ALL DEFERRED")
                for page in filter(None, pages):
                    (apply_swiftly if len(page) == len(log) else type(one).apply)(one, connection, page)
                found.append(list(rows(connection, one).values()))
                raise Rollback
        assert found[0] == found[1] == found[2]

    folds()


def test_the_drawn_histories_are_worth_folding() -> None:
    """Guards the tests above: a life in which the CRM answered, somebody asked, and the booking moved."""

    def is_rich(log: list[Recorded]) -> bool:
        about = {type(item.event) for item in log if getattr(item.event, "booking_id", None) == BOOKING}
        return len(about & {e.BookingMade, e.SyncSucceeded, e.SyncAttempted, e.ConflictFound, e.BookingMoved}) > 1

    find(histories, is_rich, settings=settings(max_examples=3000, deadline=None, phases=[Phase.generate]))
