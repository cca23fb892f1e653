"""The answer to a query as the library wants it: events one by one, fetched a page at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from eventsourcing.dcb.api import DCBEvent, DCBQuery, DCBReadResponse, DCBSequencedEvent

if TYPE_CHECKING:
    from ledger.recorder import StoredEvent

ReadPage = Callable[[DCBQuery | None, int, int], "tuple[list[StoredEvent], int]"]
"""Gives at most so many events after a position, and the head of the same snapshot."""


class PagedResponse(DCBReadResponse):
    """Events of one query, fetched a page at a time."""

    def __init__(
        self, page: ReadPage, query: DCBQuery | None, after: int, limit: int | None, *, page_size: int
    ) -> None:
        self._read, self._query, self._page_size = page, query, page_size
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
        size = self._page_size if self._left is None else min(self._page_size, self._left)
        events, self._log_head = self._read(self._query, self._after, size) if size else ([], 0)
        if self._left is not None:
            self._left -= len(events)
        self._done = len(events) < size or self._left == 0
        if events:
            self._after = events[-1].position
        self._page.extend(events)
