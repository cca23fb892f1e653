"""The log as a person leafs through it: newest first, narrowed, a page at a time, each page a short transaction.

What keeps a page cheap however long the log is:
- a tag leads through the index of `event_tags` by (tag, position), read backwards and stopped when the page is full;
- times become positions first, by halving: `recorded_at` never falls from one position to the next;
- types alone have no index, so one page searches at most SEARCHED positions and then says how far it came.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ledger.postgres import Connection, Database
from ledger.recorder import COLUMNS, StoredEvent

PAGE = 50
SEARCHED = 100_000
_LONGEST = "SET LOCAL statement_timeout = '5s'"
# OFFSET keeps the look-up behind the tag: left to choose, the planner may read the whole log for a rare type.
_BY_TAG = "event_tags t CROSS JOIN LATERAL (SELECT * FROM events e WHERE e.position = t.position OFFSET 0) e"


@dataclass(frozen=True)
class Wanted:
    """Events with all these tags and any of these types, recorded from `since` on and before `until`.

    The most telling tag stands first, since it drives the index.
    """

    tags: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Leaf:
    """A page, newest first, and the head of the log.

    The next newer page comes `after` the position `newer`, the next older one `before` the position `older`; None
    where there is none. `is_cut`: the search stopped before the page was full, and goes on on the next one.
    """

    events: list[StoredEvent]
    newer: int | None
    older: int | None
    is_cut: bool
    head: int


@dataclass(frozen=True)
class _Found:
    """Events in the direction of reading; `end` is the last position that was searched in it."""

    events: list[StoredEvent]
    end: int
    is_cut: bool


def leaf(
    database: Database, wanted: Wanted, *, before: int | None = None, after: int | None = None, limit: int = PAGE
) -> Leaf:
    """The newest matching events; those before a position; or the oldest of those after one.

    Near the newest end `after` gives the newest page in full: a page of three reads like the end of the log.
    """
    with database.transaction() as connection:
        connection.execute(_LONGEST)
        search = _Search(connection, wanted)
        if after is not None:
            found = search.forwards(after + 1, limit)
            if len(found.events) == limit or found.is_cut:
                return search.leaf(found.events[::-1], after + 1, found.end, is_cut=found.is_cut)
        newest = search.last if before is None else min(before - 1, search.last)
        found = search.backwards(newest, limit)
        return search.leaf(found.events, found.end, newest, is_cut=found.is_cut)


def first_position_at(connection: Connection, moment: datetime) -> int:
    """The first position recorded at or after a moment; one past the head when there is none."""
    row = connection.execute(
        """WITH RECURSIVE search (low, high) AS (
               SELECT 1::bigint, (SELECT coalesce(max(position), 0) + 1 FROM events)
               UNION ALL
               SELECT CASE WHEN is_earlier THEN middle + 1 ELSE low END, CASE WHEN is_earlier THEN high ELSE middle END
               FROM (
                   SELECT low, high, (low + high) / 2 AS middle,
                          (SELECT recorded_at < %s FROM events WHERE position = (low + high) / 2) AS is_earlier
                   FROM search WHERE low < high
               ) halved
           )
           SELECT max(low) FROM search""",
        (moment,),
    ).fetchone()
    return int(row[0]) if row else 1


class _Search:
    """One page's reading, in its transaction, between the first and the last position that can be wanted."""

    def __init__(self, connection: Connection, wanted: Wanted) -> None:
        self._connection, self._wanted = connection, wanted
        row = connection.execute("SELECT coalesce(max(position), 0) FROM events").fetchone()
        self.head: int = row[0] if row else 0
        self.first = first_position_at(connection, wanted.since) if wanted.since else 1
        self.last = first_position_at(connection, wanted.until) - 1 if wanted.until else self.head

    def backwards(self, newest: int, limit: int) -> _Found:
        """Matching events from `newest` down."""
        newest = min(newest, self.last)
        first = max(self.first, newest - SEARCHED + 1) if self._is_unindexed() else self.first
        events = self._matching(first, newest, "DESC", limit)
        is_full = len(events) == limit
        return _Found(events, events[-1].position if is_full else first, is_cut=not is_full and first > self.first)

    def forwards(self, oldest: int, limit: int) -> _Found:
        """Matching events from `oldest` up."""
        oldest = max(oldest, self.first)
        last = min(self.last, oldest + SEARCHED - 1) if self._is_unindexed() else self.last
        events = self._matching(oldest, last, "ASC", limit)
        is_full = len(events) == limit
        return _Found(events, events[-1].position if is_full else last, is_cut=not is_full and last < self.last)

    def leaf(self, events: list[StoredEvent], oldest: int, newest: int, *, is_cut: bool) -> Leaf:
        """A page that covers these positions, with the ways on from both of its ends."""
        above, below = self.forwards(newest + 1, 1), self.backwards(oldest - 1, 1)
        return Leaf(
            events,
            newer=newest if above.events or above.is_cut else None,
            older=oldest if below.events or below.is_cut else None,
            is_cut=is_cut,
            head=self.head,
        )

    def _is_unindexed(self) -> bool:
        return bool(self._wanted.types) and not self._wanted.tags

    def _matching(self, first: int, last: int, order: str, limit: int) -> list[StoredEvent]:
        tags, types = self._wanted.tags, self._wanted.types
        source, place = "events e", "e.position"
        conditions, parameters = list[str](), list[Any]()
        if tags:
            source, place = _BY_TAG, "t.position"
            conditions.append("t.tag = %s")
            parameters.append(tags[0])
        conditions.append(f"{place} BETWEEN %s AND %s")
        parameters += [first, last]
        for tag in tags[1:]:
            conditions.append("EXISTS (SELECT FROM event_tags o WHERE o.tag = %s AND o.position = t.position)")
            parameters.append(tag)
        if types:
            conditions.append("e.type = ANY (%s)")
            parameters.append(list(types))
        rows = self._connection.execute(
            f"SELECT {COLUMNS} FROM {source} WHERE {' AND '.join(conditions)} ORDER BY {place} {order} LIMIT %s",  # noqa: S608  fixed pieces
            [*parameters, limit],
        ).fetchall()
        return [StoredEvent(*row) for row in rows]
