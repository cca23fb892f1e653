"""Clients are told what the salon did with their bookings: moved, called off, or that another time has to be found.

A notice is sent first and recorded after, so a client is told at least once; what the booking is by then is told, and
several changes in one message. Whoever cannot be told is named to the staff, who ring them up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog

from bot.line import Line, Posted
from bot.naming import Naming
from bot.reminders import NIGHT_BEGINS, NIGHT_ENDS
from bot.request import BotServices
from bot.screen import Part
from bot.screens.client_news import client_news
from bot.texts.change_words import ChangeWords
from bot.texts.changes import CHANGE_WORDS
from bot.texts.notice_words import NoticeWords
from bot.texts.notices import NOTICE_WORDS
from ledger import events as e
from ledger.decisions import boundaries
from ledger.decisions.note_client_notice import NoteClientNotice
from ledger.errors import SealError
from ledger.leases import Lease
from ledger.ledger import Order
from ledger.values import Actor, ClientId, booking_code
from projections import client_notices
from projections.client_notices import Untold, news_of
from projections.clients import Contact, contact_of, language_of

AT_ONCE = 100
MOST_UNKNOWN = 5
"""After so many sendings without an answer the client has most likely been told, or never will be."""
MESSENGER = Actor("system", "remind")
_log = structlog.get_logger("messages")


@dataclass(frozen=True)
class Letter:
    """A message to one client; without a chat there is nobody to send it to."""

    about: Untold
    chat_id: int | None
    part: Part
    is_silent: bool


class ClientNotices:
    """The steps; the loop that takes them is the messenger's."""

    def __init__(
        self,
        services: BotServices,
        line: Line,
        words: Mapping[e.Language, NoticeWords] = NOTICE_WORDS,
        change_words: Mapping[e.Language, ChangeWords] = CHANGE_WORDS,
    ) -> None:
        self._services, self._line, self._words, self._change_words = services, line, words, change_words
        self._epoch: int | None = None
        self._noted_at = 0
        self._no_news: set[tuple[int, ...]] = set()
        self._unknown: dict[tuple[int, ...], int] = {}

    async def step(self, lease: Lease) -> bool:
        """Tells one client; False when nobody has to be told anything, or it has to wait."""
        letter = await asyncio.to_thread(self._next, lease)
        if letter is None:
            return False
        if letter.chat_id is None:
            posted = Posted("refused", "no chat is known")
        else:
            posted = await self._line.send(letter.chat_id, letter.part, is_silent=letter.is_silent)
        outcome = self._outcome(letter.about, posted)
        if outcome is None:
            return False
        await asyncio.to_thread(self._note, outcome)
        return True

    def _outcome(self, about: Untold, posted: Posted) -> e.ClientNoticeEvent | None:
        """What is to be recorded; None when it has to be sent again."""
        facts = (about.booking_id, about.client_id, about.positions)
        match posted.result:
            case "sent":
                return e.ClientNoticeSent(*facts)
            case "not_sent":
                return None
            case "unknown":
                tries = self._unknown.get(about.positions, 0) + 1
                self._unknown[about.positions] = tries
                if tries < MOST_UNKNOWN:
                    return None
            case "blocked" | "refused":
                pass  # an answer that will be the same next time
        _log.warning("a client may not have been told", booking=booking_code(about.booking_id), outcome=posted.result)
        return e.ClientNoticeFailed(*facts, posted.result)

    def _note(self, outcome: e.ClientNoticeEvent) -> None:
        self._unknown.pop(outcome.covers, None)
        command_id = f"client-notice:{outcome.booking_id}:{outcome.covers[-1]}"
        order = Order(command_id, MESSENGER, self._services.clock.now())
        self._noted_at = self._services.ledger.execute(NoteClientNotice(order, outcome)).position

    def _next(self, lease: Lease) -> Letter | None:
        if lease.epoch != self._epoch:  # whoever led before may have told more than the read model knows
            self._epoch, self._noted_at = lease.epoch, self._services.ledger.recorder.head()
        found = client_notices.waiting(self._services.database, limit=AT_ONCE)
        if found.position < self._noted_at:
            return None
        self._no_news.intersection_update(one.positions for one in found.untold)
        for about in found.untold:
            if about.positions in self._no_news:
                continue
            letter = self._letter(about)
            if letter is not None:
                return letter
            self._no_news.add(about.positions)
        return None

    def _letter(self, about: Untold) -> Letter | None:
        """The message by the booking's own timeline, as it stands now; None when there is nothing to tell."""
        catalog, now = self._services.catalog(), self._services.clock.now()
        history = self._services.ledger.history(boundaries.booking(about.booking_id))
        news = news_of(history, about.positions[0], now)
        if news is None or catalog is None:
            return None
        contact = self._contact(about.client_id)
        language = language_of(self._services.ledger, about.client_id) or "ru"
        naming = Naming(self._words[language], catalog)
        name = contact.name if contact else ""
        part = client_news(naming, self._change_words[language], about.booking_id, news, name, now)
        is_reachable = contact is not None and contact.telegram.isdecimal()
        chat_id = int(contact.telegram) if contact is not None and is_reachable else None
        return Letter(about, chat_id, part, is_silent=_is_night(now.astimezone(catalog.zone)))

    def _contact(self, client_id: ClientId) -> Contact | None:
        try:
            return contact_of(self._services.ledger, self._services.vault, client_id)
        except SealError:
            return None


def _is_night(now: datetime) -> bool:
    """It is told at night too, since the visit may be in the morning, but without a sound."""
    return not NIGHT_ENDS <= now.time() < NIGHT_BEGINS
