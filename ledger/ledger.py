"""Commands in, events out: the one loop that reads, decides and appends."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

import psycopg
import structlog
from eventsourcing.persistence import IntegrityError

from ledger.append_statement import NewEvent
from ledger.appends import Along
from ledger.codec import Recorded, decode, encode, stored_name
from ledger.errors import ContentionError, SlotTakenError, StoredFormError, StoreUnavailableError
from ledger.events import AnyEvent
from ledger.leases import Lease
from ledger.recorder import BoundaryItem, FoundEvent, PostgresRecorder, StoredEvent
from ledger.tags import command_tag, tags_of
from ledger.values import Actor

MAX_TRIES = 5
FAILURES = (psycopg.OperationalError, psycopg.errors.ReadOnlySqlTransaction, StoreUnavailableError)
"""What passes by itself: a lost connection, a deadlock, a failover after which this server only reads, a full disk."""
_log = structlog.get_logger("ledger")
_A = TypeVar("_A")
_A_co = TypeVar("_A_co", covariant=True)


@dataclass(frozen=True)
class Order:
    """Who wants it, when by the salon's clock, and the id under which it is done at most once."""

    command_id: str
    by: Actor
    at: datetime
    cause: str = ""


@dataclass(frozen=True)
class Already:
    """The wish is already fulfilled; `event` is what fulfilled it, nothing is appended."""

    event: AnyEvent


class Decision(Protocol[_A_co]):
    """A use case: which part of history it depends on, what it decides, what it answers.

    Pure: no clock, no randomness, no I/O. `decide` may raise a RefusalError; `answer` is computed from the events
    that were appended, or that stand in the log when the command is known.
    """

    @property
    def order(self) -> Order: ...

    def boundary(self) -> Sequence[BoundaryItem]: ...

    def decide(self, history: Sequence[Recorded]) -> Sequence[AnyEvent] | Already: ...

    def answer(self, events: Sequence[AnyEvent]) -> _A_co: ...


class InlineProjection(Protocol):
    """A read model written in the append's own transaction, from which people read their own writes.

    What events change in it is computed before they are stored, and handed to a function in the database.
    """

    name: str
    version: int

    def changes(self, facts: Iterable[tuple[AnyEvent, datetime]]) -> Sequence[object]:
        """What `writer_name(name)` takes as JSON, for events and the moments they were decided at."""


@dataclass(frozen=True)
class Executed(Generic[_A]):
    """The answer; `position` is the last event behind it, `repeated` says that nothing new was stored."""

    answer: _A
    position: int
    repeated: bool


class Ledger:
    """The salon's ledger: `execute` changes it, nothing else does."""

    def __init__(
        self,
        recorder: PostgresRecorder,
        inline: Sequence[InlineProjection] = (),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.recorder = recorder
        self._inline = inline
        self._models = {projection.name: projection.version for projection in inline}
        self._sleep = sleep

    def execute(
        self, decision: Decision[_A], *, lease: Lease | None = None, along: Along | None = None
    ) -> Executed[_A]:
        """Decides and stores, at most once per command id, however often it is called. `along` is done with it or
        not at all, and not where nothing new is stored.

        A lost race is decided again, a lost connection tried again (the stored command tells whether the lost
        answer was a yes), both at most MAX_TRIES times with jitter. Raises what the decision refuses with;
        SlotTakenError when the store's own guard refuses an overlap; LeaseLostError when `lease` no longer stands;
        SchemaVersionError when an inline read model was rebuilt at another version: this program must stop;
        ContentionError or StoreUnavailableError when the bound is reached.
        """
        last: Exception | None = None
        said = ""
        for attempt in range(MAX_TRIES):
            if attempt:
                self._sleep(random.uniform(0, 0.01 * 2**attempt))
            try:
                return self._try(decision, lease, along)
            except IntegrityError as error:
                last = error
            except psycopg.errors.ExclusionViolation as error:
                raise SlotTakenError from error
            except psycopg.errors.IntegrityError as error:
                raise StoredFormError(f"the store refused the events: {error}") from error
            except (psycopg.errors.DataError, psycopg.errors.ProgramLimitExceeded, UnicodeEncodeError) as error:
                raise StoredFormError(f"the store cannot take the events: {error}") from error
            except FAILURES as error:
                last = error
                said = (str(error).splitlines() or [type(error).__name__])[0]
                _log.warning("the database failed", decision=type(decision).__name__, times=attempt + 1, said=said)
                self._sleep(random.uniform(0.05, 0.1) * 2**attempt)
        if isinstance(last, IntegrityError):
            raise ContentionError(f"{type(decision).__name__} lost its race {MAX_TRIES} times") from last
        raise StoreUnavailableError(f"the database failed {MAX_TRIES} times in a row, at last with: {said}") from last

    def history(self, *items: BoundaryItem) -> list[Recorded]:
        """The events matching any item, oldest first, of one snapshot."""
        return [recorded(event) for event in self.recorder.read_boundary(items).events]

    def _try(self, decision: Decision[_A], lease: Lease | None, along: Along | None) -> Executed[_A]:
        order = decision.order
        command = BoundaryItem(tags=[command_tag(order.command_id)], since_start=True)
        boundary = [*decision.boundary(), command]
        read = self.recorder.read_boundary(boundary)
        history = [recorded(event) for event in read.events]
        if own := [e for e in history if command.tags[0] in e.tags]:
            return Executed(decision.answer([e.event for e in own]), own[-1].position, repeated=True)
        decided = decision.decide(history)
        if isinstance(decided, Already):
            return Executed(decision.answer([decided.event]), read.head, repeated=True)
        if not decided:
            return Executed(decision.answer([]), read.head, repeated=True)
        position, _ = self.recorder.append_if_unchanged(
            new_events(decided, order),
            boundary,
            read.head,
            lease=lease,
            models=self._models,
            changes=changes_of(self._inline, decided, order.at),
            along=along,
        )
        return Executed(decision.answer(decided), position, repeated=False)


def new_events(events: Sequence[AnyEvent], order: Order) -> list[NewEvent]:
    """Events as they are stored: under their names, with the tags of what they are about and of their command."""
    cause, command = order.cause or order.command_id, command_tag(order.command_id)
    return [
        NewEvent(
            stored_name(type(event)),
            [*tags_of(event), command],
            encode(event, by=order.by, at=order.at, cause=cause).decode(),
        )
        for event in events
    ]


def changes_of(
    inline: Sequence[InlineProjection], events: Sequence[AnyEvent], at: datetime
) -> dict[str, Sequence[object]]:
    """What these events change in the read models that are written along, by the model's name."""
    found = {projection.name: projection.changes([(event, at) for event in events]) for projection in inline}
    return {name: changes for name, changes in found.items() if changes}


def recorded(stored: StoredEvent | FoundEvent) -> Recorded:
    """A row of the log as an event. Raises StoredFormError when it cannot be read."""
    envelope = decode(stored.type, stored.data)
    return Recorded(
        stored.position,
        stored.recorded_at,
        tuple(stored.tags),
        envelope.by,
        envelope.at,
        envelope.cause,
        envelope.facts,
    )
