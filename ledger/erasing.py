"""Forgetting a client, step by step; killed between any two, it is finished by being asked for again.

What is open is given up by decisions of their own. Then one transaction holds all that must not be parted: the line in
the register outside (on the disk before anything else), the event, and the end of the key and of all handles.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psycopg

from ledger import events as e
from ledger.clock import Clock
from ledger.codec import Recorded
from ledger.decisions import boundaries
from ledger.decisions.erase_client import (
    ERASE,
    EraseClient,
    GiveUpBooking,
    carries_person,
    categories,
    is_open,
    last_erasure,
    records_in,
    sync_states,
)
from ledger.decisions.folds import Entry, fold_entries
from ledger.erased_register import ErasedRegister
from ledger.errors import ContentionError, StaleVersionError
from ledger.ledger import MAX_TRIES, Ledger, Order
from ledger.postgres import Connection, Database
from ledger.privacy import HandleKind, Vault, random_id
from ledger.values import Actor, BookingId, ClientId, RecordId

At = Callable[[str], None]
_TRIES_TO_SCOUR = 5


@dataclass(frozen=True)
class Outlook:
    """What there is of a client: their key, by what they are found, what is open, the CRM's records of them.

    `in_flight` are bookings of which a request with the client's name may be on its way. `erased`, if they were
    erased before.
    """

    client_id: ClientId
    is_known: bool
    has_key: bool
    handles: frozenset[HandleKind]
    categories: tuple[str, ...]
    open: tuple[Entry, ...]
    bookings: tuple[BookingId, ...]
    records: tuple[RecordId, ...]
    in_flight: tuple[BookingId, ...]
    erased: Recorded | None


@dataclass(frozen=True)
class Erasure:
    """The event with its place; `given_up` were open, `is_repeated` when nothing was left to do."""

    event: e.ClientErased
    position: int
    given_up: int
    is_repeated: bool


class Eraser:
    """`at` is told every step that is about to be, or was, taken."""

    def __init__(
        self, ledger: Ledger, vault: Vault, register: ErasedRegister, clock: Clock, at: At = lambda _: None
    ) -> None:
        self._ledger, self._vault, self._register, self._clock, self._at = ledger, vault, register, clock, at

    def outlook(self, client_id: ClientId) -> Outlook:
        """As it is now."""
        life = self._ledger.history(boundaries.whole_life(client_id))
        entries = self._entries(life, client_id)
        booking_ids = tuple(entry.booking_id for entry in entries)
        whole = self._ledger.history(boundaries.whole_life(client_id), *map(boundaries.booking, booking_ids))
        states = sync_states(whole, booking_ids)
        has_key = bool(self._vault.with_keys([client_id]))
        order = self._order(client_id, Actor("system"), "look")
        return Outlook(
            client_id,
            is_known=has_key or bool(life),
            has_key=has_key,
            handles=frozenset(self._vault.handle_kinds(client_id)),
            categories=categories(whole),
            open=tuple(entry for entry in entries if is_open(entry, order)),
            bookings=booking_ids,
            records=records_in(whole),
            in_flight=tuple(state.booking_id for state in states if carries_person(state)),
            erased=last_erasure(life),
        )

    def erase(self, client_id: ClientId, basis: e.Basis, by: Actor, *, anyway: bool = False) -> Erasure:
        """Raises AttemptOpenError as EraseClient does; ContentionError when the client goes on booking meanwhile.

        OSError when the register cannot be written: then nothing is destroyed.
        """
        given_up = 0
        for _ in range(MAX_TRIES):
            life = self._ledger.history(boundaries.whole_life(client_id))
            given_up += self._give_up(client_id, self._entries(life, client_id), by)
            try:
                erasure = self._erase(client_id, basis, by, anyway=anyway)
            except StaleVersionError:
                continue
            return Erasure(erasure.event, erasure.position, given_up, erasure.is_repeated)
        raise ContentionError(f"client {client_id} was booked {MAX_TRIES} times while being erased: try again")

    def _give_up(self, client_id: ClientId, entries: Sequence[Entry], by: Actor) -> int:
        done = 0
        for entry in entries:
            order = self._order(client_id, by, "give-up")
            if is_open(entry, order):
                self._at("give_up")
                done += self._ledger.execute(GiveUpBooking(order, entry.booking_id, client_id)).answer
        return done

    def _erase(self, client_id: ClientId, basis: e.Basis, by: Actor, *, anyway: bool) -> Erasure:
        life = self._ledger.history(boundaries.whole_life(client_id))
        erased = last_erasure(life)
        has_key = bool(
            self._vault.with_keys([client_id])
        )  # asked after the log was read, so what is erased is so there
        bookings = tuple(entry.booking_id for entry in self._entries(life, client_id))
        order = self._order(client_id, by, "erase")
        erase = EraseClient(order, client_id, basis, bookings, has_key, erased.position if erased else 0, anyway)

        def destroy(connection: Connection, position: int) -> None:
            self._at("appended")
            self._register.note(client_id, order.at, position)
            self._at("registered")
            self._vault.destroy(connection, client_id)
            self._at("destroyed")

        done = self._ledger.execute(erase, along=destroy)
        self._at("committed")
        return Erasure(done.answer, done.position, 0, done.repeated)

    def _entries(self, life: Sequence[Recorded], client_id: ClientId) -> list[Entry]:
        """The client's bookings and holds. A booking's own history knows more than the client's tag alone."""
        return [entry for entry in fold_entries(life).values() if entry.client_id == client_id]

    def _order(self, client_id: ClientId, by: Actor, step: str) -> Order:
        return Order(f"{ERASE}{client_id}:{step}:{random_id()}", by, self._clock.now())


def scour(database: Database) -> bool:
    """Has the server write anew what went with the key, so that it does not lie in the tables' files as dead rows.

    False when it may not, or somebody keeps them open; what is in the server's own log and in backups it cannot reach.
    """
    with database.connect() as connection:
        try:
            connection.execute("SET lock_timeout = '200ms'")
            for table in connection.execute(_KEPT_WITH_KEYS, (f"{database.schema}.client_keys",) * 2).fetchall():
                _rewrite(connection, f"VACUUM (FULL) {table[0]}")
        except psycopg.Error:
            return False
    return True


_KEPT_WITH_KEYS = """
SELECT c.conrelid::regclass::text FROM pg_constraint c WHERE c.contype = 'f' AND c.confrelid = %s::regclass
UNION SELECT %s::regclass::text ORDER BY 1"""
"""The keys, and all tables whose rows go with a key."""


def _rewrite(connection: Connection, statement: str) -> None:
    for attempt in range(_TRIES_TO_SCOUR):
        try:
            connection.execute(statement.encode())
            return
        except psycopg.errors.LockNotAvailable:
            if attempt == _TRIES_TO_SCOUR - 1:
                raise
