"""Whether the rows of `event_tags` are exactly the tags of the events: no row missing, none too many.

One statement for the whole log, in the background while the chain is walked: a hash join of both sides. Looking up each
event's tags by the index would take several times as long as all the rest; sums and counts can be forged.
"""

from __future__ import annotations

import threading
from types import TracebackType

import psycopg

from ledger.postgres import Connection

MISSING = "a tag row is missing: the event would not be found by that tag"
STRAY = "a tag row points at an event without it"
# A tag that stands in an event twice has one row: the join then pairs it twice, which is no difference.
_UNPAIRED = """
SELECT min(e.position) FILTER (WHERE t.position IS NULL), min(t.position) FILTER (WHERE e.position IS NULL)
FROM (SELECT position, tag FROM events, unnest(tags) AS u (tag)) e
FULL JOIN event_tags t ON t.position = e.position AND t.tag = e.tag"""


class TagRows:
    """The comparison, running on its caller's connection while the block lasts; an exception there cancels it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._found: tuple[int | None, int | None] = (None, None)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._compare, name="tag rows")

    def __enter__(self) -> TagRows:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if error is not None:
            self._connection.cancel_safe()
        self._thread.join()

    def wait(self, seconds: float) -> bool:
        """Whether it is done within so many seconds."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    @property
    def fault(self) -> tuple[int, str] | None:
        """The first position with a row missing or too many, once it is done. Raises what the comparison raised."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        found = zip(self._found, (MISSING, STRAY), strict=True)
        return min(((position, reason) for position, reason in found if position is not None), default=None)

    def _compare(self) -> None:
        try:
            # The walk uses the other core, and bookings are made meanwhile.
            self._connection.execute("SET LOCAL max_parallel_workers_per_gather = 0")
            row = self._connection.execute(_UNPAIRED).fetchone()
        except psycopg.Error as error:
            self._error = error
        else:
            self._found = (row[0], row[1]) if row else (None, None)
