"""Clients are told what the salon did with their bookings: moved or called off by hand, or another time is asked for.

A message is sent first and recorded after, so a client is told at least once. All that happened to a booking since its
client last knew is one message, about how it stands at that moment.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time

import structlog

from bot.line import Line, Posted
from bot.naming import Naming
from bot.request import BotServices
from bot.screen import Part
from bot.screens.client_news import client_news
from bot.texts.notice_words import NoticeWords
from bot.texts.notices import NOTICE_WORDS
from ledger import events as e
from ledger.decisions import boundaries
from ledger.decisions.note_client_notice import NoteClientNotice
from ledger.decisions.untold import Untold, untold
from ledger.errors import SealError
from ledger.ledger import Order
from ledger.values import Actor, BookingId, ClientId, booking_code
from projections import client_notices
from projections.catalog import Catalog
from projections.client_notices import ClientNews
from projections.clients import Contact, contact_of, language_of

NIGHT_ENDS, NIGHT_BEGINS = time(9), time(22)
"""Salon time outside which the news comes without a sound. It is never held back: tomorrow's first visit may be off."""
MOST_UNKNOWN = 5
MESSENGER = Actor("system", "remind")
_log = structlog.get_logger("messages")


@dataclass(frozen=True)
class Letter:
    """News ready to be sent; `part` and `chat_id` are absent for a client who cannot be written to."""

    about: Untold
    chat_id: int = 0
    part: Part | None = None
    is_silent: bool = False


class ClientNotices:
    """The steps; the loop that takes them is the messenger's."""

    def __init__(
        self, services: BotServices, line: Line, words: Mapping[e.Language, NoticeWords] = NOTICE_WORDS
    ) -> None:
        self._services, self._line, self._words = services, line, words
        self._settled: set[ClientNews] = set()
        self._unknown: Counter[BookingId] = Counter()

    async def step(self) -> bool:
        """Tells one client of one booking; False when there is nothing to tell, or it has to wait."""
        letter = await asyncio.to_thread(self._next)
        if letter is None:
            return False
        outcome = await self._deliver(letter)
        if outcome is None:
            return False
        del self._unknown[letter.about.booking_id]
        await asyncio.to_thread(self._note, outcome)
        return True

    async def _deliver(self, letter: Letter) -> e.ClientNoticeEvent | None:
        """What is to be recorded; None when it has to be sent again."""
        about = letter.about
        reason: e.UntoldReason = "no_chat"
        if letter.part is not None:
            posted = await self._line.send(letter.chat_id, letter.part, is_silent=letter.is_silent)
            if posted.result == "sent":
                return e.ClientNoticeSent(about.booking_id, about.client_id, about.covers)
            failed = self._failed(about, posted)
            if failed is None:
                return None
            reason = failed
        return e.ClientNoticeFailed(about.booking_id, about.client_id, about.covers, reason)

    def _failed(self, about: Untold, posted: Posted) -> e.UndeliveredReason | None:
        """Why it is given up; None when it has to be sent again."""
        match posted.result:
            case "blocked" | "refused" as reason:
                pass
            case "unknown" as reason:
                self._unknown[about.booking_id] += 1
                if self._unknown[about.booking_id] < MOST_UNKNOWN:
                    return None
            case _:
                return None
        booking = booking_code(about.booking_id)
        _log.warning("a client could not be told", booking=booking, outcome=reason, said=posted.said)
        return reason

    def _note(self, outcome: e.ClientNoticeEvent) -> None:
        order = Order(f"told:{outcome.booking_id}:{outcome.covers[-1]}", MESSENGER, self._services.clock.now())
        self._services.ledger.execute(NoteClientNotice(order, outcome))

    def _next(self) -> Letter | None:
        """By each booking's own history, for the read model may be behind; what came to nothing is not read twice."""
        catalog, now = self._services.catalog(), self._services.clock.now().astimezone(UTC)
        if catalog is None:
            return None
        found = client_notices.waiting(self._services.database, now)
        self._settled.intersection_update(found)
        for news in found:
            if news in self._settled:
                continue
            about = untold(self._services.ledger.history(boundaries.booking(news.booking_id)), news.booking_id)
            is_coming = about is not None and max(about.known.starts_at, about.slot.starts_at) > now
            if about is not None and is_coming and (letter := self._letter(about, catalog, now)) is not None:
                return letter
            self._settled.add(news)
        return None

    def _letter(self, about: Untold, catalog: Catalog, now: datetime) -> Letter | None:
        """None when there is nobody to tell any more: they were erased."""
        contact = self._contact(about.client_id)
        if contact is None or not contact.telegram.isdecimal():
            return None if contact is not None and contact.is_erased else Letter(about)
        language = language_of(self._services.ledger, about.client_id) or "ru"
        at = now.astimezone(catalog.zone)
        part = client_news(Naming(self._words[language], catalog), about, contact.name, at)
        return Letter(about, int(contact.telegram), part, not NIGHT_ENDS <= at.time() < NIGHT_BEGINS)

    def _contact(self, client_id: ClientId) -> Contact | None:
        try:
            return contact_of(self._services.ledger, self._services.vault, client_id)
        except SealError:
            return None
