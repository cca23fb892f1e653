"""The library's own tests of a DCB recorder, on ours."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from eventsourcing.dcb.api import (
    DCBAppendCondition,
    DCBEvent,
    DCBQuery,
    DCBReadResponse,
    DCBRecorder,
    DCBSequencedEvent,
)
from eventsourcing.dcb.tests import DCBRecorderTestCase

from ledger.postgres import Database, migrate
from ledger.recorder import PostgresRecorder


class RawBytesRecorder(DCBRecorder):
    """Lets the library's tests store bytes that are no JSON: they travel as a JSON string."""

    def __init__(self, inner: PostgresRecorder) -> None:
        self.inner = inner

    def append(self, events: Sequence[DCBEvent], condition: DCBAppendCondition | None = None) -> int:
        wrapped = [DCBEvent(type=e.type, data=json.dumps(e.data.decode()).encode(), tags=e.tags) for e in events]
        return self.inner.append(wrapped, condition)

    def read(
        self, query: DCBQuery | None = None, *, after: int | None = None, limit: int | None = None
    ) -> DCBReadResponse:
        return RawBytesResponse(self.inner.read(query, after=after, limit=limit))

    def subscribe(self, query: DCBQuery | None = None, *, after: int | None = None) -> Any:
        """Any: the library ties a subscription's type to its own recorder, and this one is the inner recorder's."""
        return self.inner.subscribe(query, after=after)


class RawBytesResponse(DCBReadResponse):
    def __init__(self, inner: DCBReadResponse) -> None:
        self.inner = inner

    @property
    def head(self) -> int | None:
        return self.inner.head

    def __next__(self) -> DCBSequencedEvent:
        found = next(self.inner)
        event = DCBEvent(type=found.event.type, data=json.loads(found.event.data).encode(), tags=found.event.tags)
        return DCBSequencedEvent(event=event, position=found.position)


class LibraryTests(DCBRecorderTestCase):
    """Opens the two test bodies the library keeps for implementers."""

    def append_read(self, recorder: DCBRecorder) -> None:
        self._test_append_read(recorder)

    def append_subscribe(self, recorder: DCBRecorder) -> None:
        self._test_append_subscribe(recorder)


@pytest.fixture
def recorder(database_url: str, schema: str) -> Iterator[RawBytesRecorder]:
    with Database(database_url, schema) as database:
        migrate(database)
        inner = PostgresRecorder(database)
        yield RawBytesRecorder(inner)
        inner.close()


def test_the_librarys_append_and_read_hold(recorder: RawBytesRecorder) -> None:
    LibraryTests().append_read(recorder)


def test_the_librarys_subscription_holds(recorder: RawBytesRecorder) -> None:
    LibraryTests().append_subscribe(recorder)
