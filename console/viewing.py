"""Clients' data opened at the console: only through here, and only once it is written down who opens what and where."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from console.operators import at_terminal
from console.wiring import House
from ledger import events as e
from ledger.decisions.note_viewing import NoteViewing
from ledger.errors import SealError
from ledger.ledger import Order
from ledger.privacy import random_id
from ledger.values import Actor, ClientId, Sealed
from projections.clients import Contact, contact_of
from projections.dossier import Dossier, dossier_of
from projections.questions import OpenedQuestion, Question, opened

AT_ONCE = 50
"""Viewings in one append."""


@dataclass(frozen=True)
class Viewing:
    """What has been written down may be opened: these clients' data, nobody else's.

    Only `note_viewing` makes one. Each method raises ValueError for a client it was not noted for.
    """

    house: House
    client_ids: frozenset[ClientId]

    def contact(self, client_id: ClientId) -> Contact | None:
        """None for a client without one, or whose key is gone."""
        self._check(client_id)
        try:
            return contact_of(self.house.ledger, self.house.vault, client_id)
        except SealError:
            return None

    def question(self, question: Question) -> OpenedQuestion:
        """A booking that waits for a person, with its client and the CRM's words."""
        self._check(question.state.client_id)
        return opened(self.house.ledger, self.house.database, self.house.vault, question)

    def text(self, client_id: ClientId, sealed: Sealed, field: str) -> str:
        """Any sealed text of the client's. Raises SealError when it does not open."""
        self._check(client_id)
        return self.house.vault.open(client_id, sealed, field)

    def dossier(self, client_id: ClientId) -> Dossier:
        """All that is held on the client."""
        self._check(client_id)
        return dossier_of(self.house.ledger, self.house.database, self.house.vault, client_id, self.house.clock.now())

    def _check(self, client_id: ClientId) -> None:
        if client_id not in self.client_ids:
            raise ValueError(f"client {client_id} is to be opened, but nobody has written it down")


def note_viewing(
    house: House, client_ids: Iterable[ClientId], what: Sequence[e.Personal], where: str, *, by: Actor | None = None
) -> Viewing:
    """Writes down that these clients' data is opened at a place (`web:/conflicts`, `cli:client find`).

    Gives what they can be opened with. By whoever works at this terminal, unless told otherwise. Raises whatever the
    ledger refuses or fails with: then nothing may be shown.
    """
    wanted = list(dict.fromkeys(client_ids))
    who = by or at_terminal(house)
    for first in range(0, len(wanted), AT_ONCE):
        some = tuple(wanted[first : first + AT_ONCE])
        order = Order(f"view:{random_id()}", who, house.clock.now())
        house.ledger.execute(NoteViewing(order, some, tuple(what), where))
    return Viewing(house, frozenset(wanted))
