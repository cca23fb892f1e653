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
    DCBReadResponse,
    DCBRecorder,
    DCBSequencedEvent,
    DCBSubscription,
)
from eventsourcing.persistence import IntegrityError, ProgrammingError

from ledger.errors import StoreUnavailableError
from ledger.postgres import Connection, Database
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


@dataclass(frozen=True)
class StoredEvent:
    """A row of the log as it stands."""

    position: int
    recorded_at: datetime
    type: str
    tags: list[str]
    data: str
    digest: bytes
    hash: bytes


@dataclass(frozen=True)
class BoundaryRead:
    """What a decision saw: the head and the matching events, of one snapshot."""

    head: int
    events: list[StoredEvent]


COLUMNS = "e.position, e.recorded_at, e.type, e.tags, e.data::text, e.digest, e.hash"


class PostgresRecorder(DCBRecorder):
    """Appends serially through commit, so position order is commit order and a reader by position skips nothing."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.notifier = Notifier(database)

    def close(self) -> None:
        self.notifier.close()

    # --- what Ledger.execute needs, in the caller's transaction ---

    def read_boundary(self, connection: Connection, items: Sequence[BoundaryItem]) -> BoundaryRead:
        """The head and all events matching any item, from one statement and so one snapshot."""
        found, parameters = _union(items, after=0)
        rows = connection.execute(
            f"""WITH found AS MATERIALIZED ({found})
                SELECT (SELECT coalesce(max(position), 0) FROM events), {COLUMNS}
                FROM (SELECT) one LEFT JOIN events e ON e.position IN (SELECT position FROM found)
                ORDER BY e.position""",  # noqa: S608  built from fixed pieces; every value is a parameter
            parameters,
        ).fetchall()
        return BoundaryRead(rows[0][0], [StoredEvent(*row[1:]) for row in rows if row[1] is not None])

    def append_if_unchanged(
        self,
        connection: Connection,
        events: Sequence[DCBEvent],
        items: Sequence[BoundaryItem],
        after: int,
        *,
        inline: Mapping[str, int] | None = None,
    ) -> tuple[int, datetime]:
        """Appends in the caller's transaction; gives the last position and the instant of recording.

        Raises IntegrityError when an event matching an item came after `after` (or ever, for `since_start`), and
        SchemaVersionError when `inline`, the read models the caller writes along, are not the live ones.
        """
        conditions = [{"types": i.types, "tags": i.tags, "after": 0 if i.since_start else after} for i in items]
        tags = [(n, tag) for n, event in enumerate(events, 1) for tag in event.tags]
        row = connection.execute(
            """SELECT last_position, appended_at, CASE WHEN last_position IS NOT NULL THEN inline_models() END
               FROM append_events(%s::text[], %s::text[], %s::int[], %s::text[], %s::jsonb)""",
            (
                [event.type for event in events],
                [event.data.decode() for event in events],
                [n for n, _ in tags],
                [tag for _, tag in tags],
                msgspec.json.encode(conditions).decode(),
            ),
        ).fetchone()
        if row is None or row[0] is None:
            raise IntegrityError("an event matching the append condition has come since")
        if inline is not None:
            check_versions(inline, row[2])
        return row[0], row[1]

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
        with self.database.transaction() as connection:
            position, _ = self.append_if_unchanged(connection, events, items, after)
        self.notifier.notify_soon()
        return position

    def read(
        self, query: DCBQuery | None = None, *, after: int | None = None, limit: int | None = None
    ) -> PagedResponse:
        """Streams matching events in order of position, page by page; never the whole log at once."""
        return PagedResponse(self, query, after or 0, limit)

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


class PagedResponse(DCBReadResponse):
    """Events of one query, fetched a page at a time."""

    def __init__(self, recorder: PostgresRecorder, query: DCBQuery | None, after: int, limit: int | None) -> None:
        self._recorder, self._query = recorder, query
        self._after, self._limit, self._left = after, limit, limit
        self._page: deque[StoredEvent] = deque()
        self._log_head = 0
        self._last_seen: int | None = None
        self._done = False

    @property
    def head(self) -> int | None:
        """Without a limit the head of the log; with one the last position given out, None before the first."""
        if self._limit is not None:
            return self._last_seen
        if not self._done and not self._page:
            self._fetch()
        return max(self._log_head, self._last_seen or 0) or None

    def __next__(self) -> DCBSequencedEvent:
        stored = self.next_stored()
        self._last_seen = stored.position
        event = DCBEvent(type=stored.type, data=stored.data.encode(), tags=stored.tags)
        return DCBSequencedEvent(event=event, position=stored.position)

    def next_stored(self) -> StoredEvent:
        """The next event as stored. Raises StopIteration at the end."""
        if not self._page and not self._done:
            self._fetch()
        if not self._page:
            raise StopIteration
        return self._page.popleft()

    def _fetch(self) -> None:
        size = BATCH if self._left is None else min(BATCH, self._left)
        events, self._log_head = self._recorder.page(self._query, self._after, size) if size else ([], 0)
        if self._left is not None:
            self._left -= len(events)
        self._done = len(events) < size or self._left == 0
        if events:
            self._after = events[-1].position
        self._page.extend(events)


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
