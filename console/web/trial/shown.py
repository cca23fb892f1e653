"""Everything the page draws, as JSON, read from the same places as everybody else reads."""

from __future__ import annotations

import zlib
from datetime import date
from typing import Any

import msgspec

from bot.local import Chat, LocalTelegram
from bot.staff import COMMANDS
from console.cli.status import note_of
from console.web.trial.cast import part_of, person_of
from console.web.trial.diary import Diary
from console.wiring import House
from ledger.recorder import StoredEvent
from projections import backlog
from projections.catalog import current_catalog
from projections.integration import integration
from sync.simulator import MODES, Simulator

Json = dict[str, Any]  # what the page's script reads
PAGE = 500
"""Events in one answer; the page asks on while there are more."""
SETTLED_SHOWN = 2000
"""How far back the page is told what became of booking events on their way to the CRM."""


class Shown:
    """The salon, the chats, the log, the two diaries and the way between them."""

    def __init__(self, house: House, telegram: LocalTelegram, simulator: Simulator) -> None:
        self._house, self._telegram, self._simulator = house, telegram, simulator
        self.diary = Diary(house, simulator)

    def salon(self) -> Json:
        """What does not change while the page is open."""
        catalog = current_catalog(self._house.database)
        facts = catalog.facts if catalog else None
        return {
            "name": facts.salon if facts else "",
            "zone": self._house.zone.key,
            "currency": facts.currency if facts else "",
            "staff": {str(one.staff_id): one.name for one in facts.staff} if facts else {},
            "services": {str(one.service_id): one.title for one in facts.services} if facts else {},
            "modes": MODES,
            "staff_commands": [f"/{command}" for command in COMMANDS],
            "schema": self._house.settings.zapisnik_schema,
        }

    def state(self, after: int, chat_id: int, day: date | None) -> Json:
        """Everything that may have changed: events after that position, one chat in full, one day's board."""
        log, head = self._house.recorder.page(None, after, PAGE)
        return {
            "head": head,
            "log": [_event(event) for event in log],
            "settled": self._settled(head),
            "chats": [_tab(self._telegram.chat(one)) for one in self._telegram.chat_ids()],
            "chat": _chat(self._telegram.chat(chat_id)) if chat_id in self._telegram.chat_ids() else None,
            "integration": self._integration(),
            **self.diary.shown(day),
        }

    def fingerprint(self) -> object:
        """Another whenever anything of the state may be another."""
        chats = [_stamp(self._telegram.chat(one)) for one in self._telegram.chat_ids()]
        counts, crm = backlog.counts(self._house.database), self._simulator.counts()
        lacking = (counts.pending, counts.unknown, counts.parked)
        # A record that is moved changes its day and nothing countable: every write to the CRM is a request, or by hand.
        return (
            self._house.recorder.head(),
            chats,
            crm.records,
            crm.deleted,
            crm.requests,
            self._simulator.mode,
            lacking,
        )

    def _integration(self) -> Json:
        state, counts = integration(self._house.ledger), backlog.counts(self._house.database)
        crm = self._simulator.counts()
        return {
            "state": state.state,
            "kind": state.kind,
            "message": state.message,
            "note": note_of(self._house, state),
            "since": state.since,
            "is_open": state.is_connected and state.is_diary_loaded,
            "mode": self._simulator.mode,
            "pending": counts.pending,
            "unknown": counts.unknown,
            "parked": counts.parked,
            "records": crm.records - crm.deleted,
            "requests": crm.requests,
        }

    def _settled(self, head: int) -> dict[int, str]:
        """What became of each booking event on its way to the CRM."""
        positions = range(max(1, head - SETTLED_SHOWN + 1), head + 1)
        return {at: one.sync for at, one in backlog.outcomes(self._house.database, list(positions)).items()}


def _event(event: StoredEvent) -> Json:
    envelope = msgspec.json.decode(event.data)
    return {
        "position": event.position,
        "recorded_at": event.recorded_at,
        "type": event.type,
        "by": envelope["by"]["kind"],
        "facts": envelope["facts"],
    }


def _tab(chat: Chat) -> Json:
    person = person_of(chat.chat_id)
    return {
        "chat_id": chat.chat_id,
        "name": chat.name,
        "part": part_of(chat.chat_id),
        "language": person.language if person else None,
        "stamp": _stamp(chat),
    }


def _chat(chat: Chat) -> Json:
    return {"chat_id": chat.chat_id, "messages": chat.messages, "keyboard": chat.keyboard or []}


def _stamp(chat: Chat) -> int:
    """Another number whenever the bot wrote or changed anything there."""
    return zlib.crc32(msgspec.json.encode([message for message in chat.messages if message.from_bot]))
