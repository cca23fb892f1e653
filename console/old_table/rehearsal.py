"""The import rehearsed: the same rows, rules and answers, with nothing stored anywhere."""

from __future__ import annotations

from collections import defaultdict
from typing import TypeVar

from ledger.codec import Recorded, stored_name
from ledger.ledger import Already, Decision, Executed, Ledger
from ledger.privacy import HandleKind, Vault, random_id
from ledger.recorder import BoundaryItem
from ledger.tags import command_tag, tags_of
from ledger.values import ClientId, Sealed

_A = TypeVar("_A")


class RehearsedLedger:
    """Decides as the ledger would; what it decided stands in memory, where the rows that follow meet it."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._head = ledger.recorder.head()
        self._by_tag: dict[str, list[Recorded]] = defaultdict(list)

    def history(self, *items: BoundaryItem) -> list[Recorded]:
        """What is stored, then what would be. An item that asks for the latest may get two: the last one counts."""
        ours = {
            one.position: one
            for item in items
            for one in self._by_tag.get(item.tags[0], ())
            if set(item.tags) <= set(one.tags) and (not item.types or stored_name(type(one.event)) in item.types)
        }
        return [*self._ledger.history(*items), *(ours[position] for position in sorted(ours))]

    def execute(self, decision: Decision[_A]) -> Executed[_A]:
        """Raises what the decision refuses with."""
        order = decision.order
        tag = command_tag(order.command_id)
        history = self.history(*decision.boundary(), BoundaryItem(tags=[tag]))
        if own := [item.event for item in history if tag in item.tags]:
            return Executed(decision.answer(own), self._head, repeated=True)
        decided = decision.decide(history)
        if isinstance(decided, Already):
            return Executed(decision.answer([decided.event]), self._head, repeated=True)
        for event in decided:
            self._head += 1
            tags = (*tags_of(event), tag)
            item = Recorded(self._head, order.at, tags, order.by, order.at, order.cause, event)
            for one in tags:
                self._by_tag[one].append(item)
        return Executed(decision.answer(decided), self._head, repeated=not decided)


class RehearsedVault:
    """Knows the people the vault knows, and gives the others numbers that are forgotten at the end."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._new: dict[tuple[HandleKind, str], ClientId] = {}
        self._texts: dict[str, str] = {}

    def find(self, kind: HandleKind, handle: str) -> ClientId | None:
        return self._vault.find(kind, handle) or self._new.get((kind, handle))

    def client_for(self, kind: HandleKind, handle: str) -> ClientId:
        return self.find(kind, handle) or self._new.setdefault((kind, handle), ClientId(random_id()))

    def link(self, client_id: ClientId, kind: HandleKind, handle: str) -> bool:
        has_one = any(one == client_id and of == kind for (of, _), one in self._new.items())
        if has_one or self.find(kind, handle) is not None or self._vault.has_handle(client_id, kind):
            return False
        self._new[kind, handle] = client_id
        return True

    def fingerprint(self, text: str) -> str:
        return self._vault.fingerprint(text)

    def seal(self, client_id: ClientId, text: str, context: str) -> Sealed:
        """Under no key, since nothing is kept."""
        blob = f"{client_id} {len(self._texts)}"
        self._texts[blob] = text
        return Sealed(blob, context)

    def open(self, client_id: ClientId, sealed: Sealed, field: str) -> str:
        ours = self._texts.get(sealed.blob)
        return self._vault.open(client_id, sealed, field) if ours is None else ours
