"""Events in PostgreSQL under dynamic consistency boundaries, without the faults of the library's own recorders."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import psycopg
from eventsourcing.dcb.api import (
    DCBAppendCondition,
    DCBEvent,
    DCBQuery,
    DCBQueryItem,
    DCBRecorder,
    DCBSequencedEvent,
    DCBSubscription,
)
from eventsourcing.persistence import IntegrityError, ProgrammingError
from psycopg import sql

from ledger import leases
from ledger.append_statement import Append, Condition, NewEvent, Refused, Stored
from ledger.appends import Along, Appender
from ledger.errors import StoreUnavailableError
from ledger.leases import Lease
from ledger.paging import PagedResponse
from ledger.postgres import Database
from ledger.versions import check_versions
from ledger.wakeups import Listener, Notifier

BATCH = 1000
"""Events a page when the log is streamed; each page is a short transaction of its own."""


@dataclass
class BoundaryItem(DCBQueryItem):
    """A query item of a decision. With `latest` only the newest matching event is read.

    `since_start` makes the append condition hold over the whole log, not only after what was read: no event may
    match it at all.
    """

    latest: bool = False
    since_start: bool = False


class StoredEvent(msgspec.Struct, frozen=True, gc=False):
    """A row of the log as it stands."""

    position: int
    recorded_at: datetime
    type: str
    tags: list[str]
    data: str
    digest: bytes
    hash: bytes


class FoundEvent(msgspec.Struct, frozen=True, gc=False):
    """A row of the log as a decision needs it."""

    position: int
    recorded_at: datetime
    type: str
    tags: list[str]
    data: str


@dataclass(frozen=True)
class BoundaryRead:
    """What a decision saw: the head and the matching events, of one snapshot."""

    head: int
    events: list[FoundEvent]


class _Wanted(msgspec.Struct, frozen=True, gc=False):
    """An item as `read_boundary` takes it."""

    types: Sequence[str]
    tags: Sequence[str]
    latest: bool


_encode = msgspec.json.Encoder().encode
COLUMNS = "e.position, e.recorded_at, e.type, e.tags, e.data::text, e.digest, e.hash"


class PostgresRecorder(DCBRecorder):
    """Appends serially through commit, so position order is commit order and a reader by position skips nothing."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.notifier = Notifier(database)
        self._appender = Appender(database)
        schema = sql.Identifier(database.schema)
        read = sql.SQL("SELECT * FROM {}.read_boundary({}, %s::jsonb)")
        self._read = read.format(schema, sql.Literal(database.schema)).as_bytes()

    def close(self) -> None:
        self.notifier.close()

    # --- what Ledger.execute needs; each is one statement and a transaction of its own ---

    def read_boundary(self, items: Sequence[BoundaryItem]) -> BoundaryRead:
        """The head and all events matching any item, from one statement and so one snapshot."""
        wanted = [_Wanted(item.types, item.tags, item.latest) for item in items]
        with self.database.connection() as connection:
            rows = connection.execute(self._read, (_encode(wanted).decode(),), binary=True).fetchall()
        return BoundaryRead(rows[0][0], [FoundEvent(*row[1:]) for row in rows if row[1] is not None])

    def append_if_unchanged(
        self,
        events: Sequence[NewEvent],
        items: Sequence[BoundaryItem],
        after: int,
        *,
        lease: Lease | None = None,
        models: Mapping[str, int] | None = None,
        changes: Mapping[str, Any] | None = None,
        along: Along | None = None,
    ) -> tuple[int, datetime]:
        """Stores the events with all that belongs to them; gives the last position and the instant of recording.

        `changes` are written into the read models named, all of which `models` gives with their versions. Commands of
        several threads share a transaction, each with its own answer. Raises IntegrityError when an event matching an
        item came after `after` (or ever, for `since_start`), LeaseLostError, and SchemaVersionError when `models` are
        not the live ones.
        """
        fresh = [item.tags[0] for item in items if _is_new_tag(item)]
        conditions = [
            Condition(item.types, item.tags, 0 if item.since_start else after)
            for item in items
            if not _is_new_tag(item)
        ]
        command = Append(
            events,
            fresh,
            min((one.after for one in conditions), default=after),
            conditions,
            (lease.name, lease.holder, lease.epoch) if lease else None,
            models,
            changes or {},
        )
        outcome = self._appender.append(command) if along is None else self._appender.append_along(command, along)
        match outcome:
            case Stored(position, at):
                self.notifier.notify_soon()
                return position, at
            case Refused("lease") if lease is not None:
                raise leases.lost(lease)
            case Refused("models", live_models):
                check_versions(models or {}, live_models)
        raise IntegrityError("an event matching the append condition has come since")

    # --- the library's interface ---

    def append(self, events: Sequence[DCBEvent], condition: DCBAppendCondition | None = None) -> int:
        """Appends in a transaction of its own. Raises IntegrityError when the condition fails."""
        if not events:
            raise ProgrammingError("nothing to append")
        items, after = [], 0
        if condition is not None:
            after = condition.after or 0
            query_items = condition.fail_if_events_match.items or [DCBQueryItem()]
            items = [BoundaryItem(types=item.types, tags=item.tags) for item in query_items]
        new = [NewEvent(event.type, event.tags, event.data.decode()) for event in events]
        return self.append_if_unchanged(new, items, after)[0]

    def read(
        self, query: DCBQuery | None = None, *, after: int | None = None, limit: int | None = None
    ) -> PagedResponse:
        """Streams matching events in order of position, page by page; never the whole log at once."""
        return PagedResponse(self.page, query, after or 0, limit, page_size=BATCH)

    def subscribe(self, query: DCBQuery | None = None, *, after: int | None = None) -> PollingSubscription:
        """Blocks at the end of the log and goes on when events come; outlives a dead connection."""
        return PollingSubscription(self, query, after)

    def page(self, query: DCBQuery | None, after: int, limit: int) -> tuple[list[StoredEvent], int]:
        """At most `limit` matching events after a position, and the head of the same snapshot."""
        where, parameters = "e.position > %s", [after]
        if query is not None and query.items:
            found, found_parameters = _union(query.items, after)
            where, parameters = f"e.position IN ({found})", found_parameters
        with self.database.transaction() as connection:
            rows = connection.execute(
                f"""SELECT (SELECT coalesce(max(position), 0) FROM events), {COLUMNS}
                    FROM (SELECT) one LEFT JOIN (
                        SELECT e.* FROM events e WHERE {where} ORDER BY e.position LIMIT %s) e ON true
                    ORDER BY e.position""",  # noqa: S608  built from fixed pieces; every value is a parameter
                [*parameters, limit],
                binary=True,
            ).fetchall()
        return [StoredEvent(*row[1:]) for row in rows if row[1] is not None], rows[0][0]

    def next_page(self, query: DCBQuery | None, after: int) -> list[StoredEvent] | None:
        """A page for a reader that may not die: None when the database was away, and the next call tries afresh."""
        try:
            return self.page(query, after, BATCH)[0]
        except (psycopg.OperationalError, StoreUnavailableError):
            time.sleep(0.2)
            return None

    def head(self) -> int:
        """The position of the last event, 0 for an empty log."""
        with self.database.transaction() as connection:
            row = connection.execute("SELECT coalesce(max(position), 0) FROM events").fetchone()
        return row[0] if row else 0

    def tail(
        self, after: int, *, stopped: Callable[[], bool], poll: float = 1.0, query: DCBQuery | None = None
    ) -> Iterator[list[StoredEvent]]:
        """Pages of new events, for ever, in order and none twice, until `stopped()`; yields [] when nothing came.

        Polling every `poll` seconds is the guarantee, a notification only the speed. A lost connection is replaced.
        """
        with Listener(self.database) as listener:
            while not stopped():
                events = self.next_page(query, after)
                if events is None:
                    continue
                if events:
                    after = events[-1].position
                yield events
                if len(events) < BATCH:
                    listener.wait(poll)


class PollingSubscription(DCBSubscription[PostgresRecorder]):
    """The library's subscription, on a reader that polls and is only hurried by notifications."""

    def __init__(self, recorder: PostgresRecorder, query: DCBQuery | None, after: int | None) -> None:
        super().__init__(recorder, query, after)
        self._page: deque[StoredEvent] = deque()
        self._listener = Listener(recorder.database)

    def stop(self) -> None:
        super().stop()
        self._listener.close()

    def __next__(self) -> DCBSequencedEvent:
        while not self._page:
            if self._has_been_stopped:
                raise StopIteration
            events = self._recorder.next_page(self._query, self._last_position)
            self._page.extend(events or [])
            if events == []:
                self._listener.wait(1.0)
        stored = self._page.popleft()
        self._last_position = stored.position
        event = DCBEvent(type=stored.type, data=stored.data.encode(), tags=stored.tags)
        return DCBSequencedEvent(event=event, position=stored.position)


def _is_new_tag(item: BoundaryItem) -> bool:
    """Whether it comes down to a tag that no event may have: as every command's own does."""
    return item.since_start and len(item.tags) == 1 and not item.types


def _union(items: Sequence[DCBQueryItem], after: int) -> tuple[str, list[Any]]:
    """SQL giving the positions after `after` that match any item, with its parameters."""
    parts: list[str] = []
    parameters: list[Any] = []
    for item in items:
        if item.tags:
            part = """SELECT t.position FROM event_tags t JOIN events e ON e.position = t.position
                      WHERE t.tag = %s AND t.position > %s"""
            parameters += [item.tags[0], after]
            if len(item.tags) > 1:
                part += " AND e.tags @> %s"
                parameters.append(item.tags)
        else:
            part = "SELECT e.position FROM events e WHERE e.position > %s"
            parameters.append(after)
        if item.types:
            part += " AND e.type = ANY (%s)"
            parameters.append(item.types)
        if isinstance(item, BoundaryItem) and item.latest:
            part += f" ORDER BY {'t' if item.tags else 'e'}.position DESC LIMIT 1"
        parts.append(f"({part})")
    return " UNION ALL ".join(parts), parameters
