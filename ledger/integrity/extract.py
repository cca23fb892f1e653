"""A signed extract of the log: some events in full, of all others between them only what the chain needs.

It goes from the first of its own events to the first checkpoint after the last one, or to the head where there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from time import monotonic
from typing import IO

import msgspec

from ledger import events as e
from ledger.browsing import first_position_at
from ledger.codec import decode, stored_name
from ledger.errors import BrokenLogError, MalformedValueError, SealError
from ledger.integrity.checkpoints import genesis_of, stored_checkpoints
from ledger.integrity.extract_lines import (
    Footer,
    FullEvent,
    Header,
    Line,
    Opened,
    Scope,
    encoded,
    signed_text,
)
from ledger.integrity.signing import SigningKey
from ledger.integrity.walk import PAGE, Chain, Progress, Watch, content, place_of, position_of, stored_rows, unwatched
from ledger.postgres import Connection, Database
from ledger.privacy import HOUSE, Vault
from ledger.recorder import PostgresRecorder
from ledger.tags import booking_tag, client_tag
from ledger.values import BookingId, ClientId, Sealed

_CHECKPOINT = stored_name(e.CheckpointSigned)


@dataclass(frozen=True)
class Annex:
    """Personal text is opened with the `vault`; whose it is, is told to `viewed` before the first of it is."""

    vault: Vault
    viewed: Callable[[frozenset[ClientId]], None]


@dataclass(frozen=True)
class Extract:
    """What was written: positions, events in full (checkpoints among them), the hash at `last`, the file's SHA-256."""

    first: int
    last: int
    full: int
    head_hash: bytes
    sha256: str
    key_id: str | None
    opened: int


@dataclass(frozen=True)
class _Span:
    """Where the extract goes; shown in full are all positions up to `all_until`, and these `shown` ones."""

    genesis: bytes
    before: bytes
    first: int
    last: int
    all_until: int
    shown: frozenset[int]

    def shows(self, position: int) -> bool:
        return position <= self.all_until or position in self.shown


def write_extract(
    recorder: PostgresRecorder,
    scope: Scope,
    out: IO[bytes],
    *,
    signer: SigningKey | None,
    made_at: datetime,
    annex: Annex | None = None,
    watch: Watch = unwatched,
) -> Extract:
    """Streams an extract into `out`; without a signer it is unsigned, and whoever checks it is told so.

    Raises BrokenLogError where the stored chain does not hold, and MalformedValueError when the log has no event of the
    scope. Whatever stands in `out` then is no extract.
    """
    span = _span(recorder.database, scope)
    writer = _Writer(out)
    writer.write(
        Header(
            "extract 1",
            span.genesis.hex(),
            span.first,
            span.last,
            span.before.hex(),
            scope,
            made_at.isoformat(),
            signer.public.id if signer else None,
            "personal data in clear" if annex else "none",
        )
    )
    chain = Chain(span.before, span.first - 1)
    full = _write_events(recorder.database, span, chain, writer, watch)
    opened = _write_annex(recorder.database, span, annex, writer) if annex else 0
    digest = writer.sha256
    writer.write(Footer("end of extract 1", digest, signer.sign(signed_text(digest)) if signer else None))
    key_id = signer.public.id if signer else None
    return Extract(span.first, span.last, full, chain.hash, digest, key_id, opened)


class _Writer:
    """Writes lines, and keeps the hash of all bytes so far."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out, self._hash = out, sha256()

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def write(self, line: Line) -> None:
        data = encoded(line)
        self._hash.update(data)
        self._out.write(data)


def _write_events(database: Database, span: _Span, chain: Chain, writer: _Writer, watch: Watch) -> int:
    """Every position of the span in its order; gives how many in full."""
    full, began_at = 0, monotonic()
    for row in stored_rows(database, span.first - 1, span.last):
        if reason := chain.step(row):
            raise BrokenLogError(chain.position + 1, reason)
        if span.shows(chain.position):
            shown = content(row)
            writer.write(FullEvent(shown.position, shown.at, shown.type, shown.tags, shown.data))
            full += 1
        else:
            _, at, digest = place_of(row)
            writer.write((at, digest.hex()))
        if chain.position % PAGE == 0:
            watch(Progress(chain.position - span.first + 1, span.last - span.first + 1, monotonic() - began_at))
    if chain.position != span.last:
        raise BrokenLogError(chain.position + 1, f"position {chain.position + 1} is missing")
    return full


def _write_annex(database: Database, span: _Span, annex: Annex, writer: _Writer) -> int:
    """What the shown events have sealed, opened; a second walk, so that nothing is kept in memory meanwhile."""
    clients = frozenset(client for _, client, _, _ in _sealed(database, span) if client != HOUSE)
    annex.viewed(clients)
    opened = 0
    for position, client, field, sealed in _sealed(database, span):
        text: str | None = None
        with suppress(SealError):  # erased: the line says so by its null
            text = annex.vault.open(client, sealed, field)
        writer.write(Opened(position, client if client != HOUSE else None, field, text))
        opened += 1
    return opened


def _sealed(database: Database, span: _Span) -> Iterator[tuple[int, ClientId, str, Sealed]]:
    """Each sealed field of the shown events: position, whose, its name, the blob."""
    for row in stored_rows(database, span.first - 1, span.last):
        if b'"sealed"' not in row or not span.shows(position_of(row)):
            continue
        shown = content(row)
        facts = decode(shown.type, shown.data).facts
        client = ClientId(getattr(facts, "client_id", None) or HOUSE)
        for field, value in msgspec.structs.asdict(facts).items():
            if isinstance(value, Sealed) and not value.is_blank:
                yield shown.position, client, field, value


def _span(database: Database, scope: Scope) -> _Span:
    with database.transaction() as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        genesis = genesis_of(connection)
        row = connection.execute("SELECT coalesce(max(position), 0) FROM events").fetchone()
        head: int = row[0] if row else 0
        first, last_own, own = _own(connection, scope, head)
        if not 0 < first <= last_own:
            raise MalformedValueError("extract", "the log has no event of what was asked for")
        checkpoints = [one for one in stored_checkpoints(connection) if one.checkpoint is not None]
        after = [one.position for one in checkpoints if one.checkpoint and one.checkpoint.position >= last_own]
        last = after[0] if after else head
        # Checkpoints are always shown: by them the extract's hashes are held against what is known outside.
        shown = (own or frozenset()) | {one.position for one in checkpoints if first <= one.position <= last}
        before = connection.execute("SELECT hash FROM events WHERE position = %s", (first - 1,)).fetchone()
    all_until = last_own if own is None else 0
    return _Span(genesis, bytes(before[0]) if before else genesis, first, last, all_until, shown)


def _own(connection: Connection, scope: Scope, head: int) -> tuple[int, int, frozenset[int] | None]:
    """The first and the last position of the scope's own events, and which they are; None for all between."""
    match scope.of:
        case "log":
            return 1, head, None
        case "period":
            first = first_position_at(connection, datetime.fromisoformat(scope.since)) if scope.since else 1
            last = first_position_at(connection, datetime.fromisoformat(scope.until)) - 1 if scope.until else head
            return first, last, None
        case "booking":
            return _ends(_tagged(connection, [booking_tag(BookingId(scope.id or 0))]))
        case "client":
            return _ends(_of_client(connection, ClientId(scope.id or 0)))


def _ends(found: frozenset[int]) -> tuple[int, int, frozenset[int]]:
    return min(found, default=0), max(found, default=0), found


def _of_client(connection: Connection, client_id: ClientId) -> frozenset[int]:
    """What is tagged with the client, and everything about the bookings named there."""
    tag = client_tag(client_id)
    rows = connection.execute(
        """SELECT DISTINCT b.tag FROM event_tags t JOIN events e ON e.position = t.position, unnest(e.tags) AS b (tag)
           WHERE t.tag = %s AND b.tag LIKE 'booking:%%'""",
        (tag,),
    ).fetchall()
    return _tagged(connection, [tag, *(row[0] for row in rows)])


def _tagged(connection: Connection, tags: list[str]) -> frozenset[int]:
    rows = connection.execute("SELECT position FROM event_tags WHERE tag = ANY (%s)", (tags,)).fetchall()
    return frozenset(row[0] for row in rows)
