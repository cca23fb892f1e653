"""The staff chat is told what happens: bookings as cards, the CRM's troubles as alerts, a lot of news in one message.

A notice is sent first and recorded after, so the staff is told at least once. News is told in its order.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from bot.line import Line, Posted
from bot.naming import Naming
from bot.request import BotServices
from bot.screen import Part
from bot.screens import staff_changes, staff_news
from bot.screens.staff_changes import Uninformed
from bot.screens.staff_news import News, Question
from bot.texts.changes import CHANGE_WORDS
from bot.texts.notice_words import NoticeWords
from ledger import events as e
from ledger.codec import Recorded
from ledger.decisions import boundaries
from ledger.decisions.folds import fold_entries
from ledger.decisions.note_notice import NoteNotice
from ledger.errors import SealError
from ledger.leases import Lease
from ledger.ledger import Order, recorded
from ledger.values import Actor, ClientId
from projections import backlog, notices
from projections.client_notices import news_of
from projections.clients import Contact, contact_of
from projections.crm_diary import brake_state
from projections.integration import integration, opened_note
from projections.notices import Kind

FIRST_LOOK = timedelta(hours=1)
"""A chat that was never told anything is not told what is older: turning the chat on must not flood it."""
ALERT_EVERY = timedelta(minutes=1)
MINUTE = timedelta(minutes=1)
MOST_A_MINUTE = 15
"""Of the 20 messages a minute a group takes; the rest is for answers to commands."""
MOST_CARDS = 5
"""More news than this is told in one message."""
MOST_LINES = 25
AT_ONCE = 500
MOST_UNKNOWN = 5
MESSENGER = Actor("system", "remind")
_log = structlog.get_logger("messages")


@dataclass(frozen=True)
class Notice:
    """A message to the staff chat, and the positions of what it tells."""

    kind: Kind
    covers: tuple[int, ...]
    text: str


class Notices:
    """The steps; the loop that takes them is the messenger's."""

    def __init__(self, services: BotServices, line: Line, chat_id: int, words: NoticeWords) -> None:
        self._services, self._line, self._chat_id, self._words = services, line, chat_id, words
        self._change_words = next(own for language, own in CHANGE_WORDS.items() if language == words.locale)
        self._epoch: int | None = None
        self._noted_at = 0
        self._alerted_at: datetime | None = None
        self._written_at: deque[datetime] = deque(maxlen=MOST_A_MINUTE)
        self._unknown = 0

    async def step(self, lease: Lease) -> bool:
        """Tells one thing, or many in one message; False when there is nothing, or it has to wait."""
        notice = await asyncio.to_thread(self._next, lease)
        if notice is None:
            return False
        posted = await self._line.send(self._chat_id, Part(notice.text))
        self._written_at.append(self._now())
        outcome = self._outcome(notice, posted)
        if outcome is None:
            return False
        self._unknown = 0
        if notice.kind == "integration":
            self._alerted_at = self._now()
        await asyncio.to_thread(self._note, outcome)
        return True

    def _outcome(self, notice: Notice, posted: Posted) -> e.NoticeEvent | None:
        """What is to be recorded; None when it has to be sent again."""
        match posted.result:
            case "sent":
                return e.NoticeSent(notice.kind, notice.covers)
            case "not_sent":
                return None
            case "unknown":
                self._unknown += 1
                if self._unknown < MOST_UNKNOWN:
                    return None
                _log.error("the staff chat was written to, but Telegram never answers", said=posted.said)
            case "blocked" | "refused":
                _log.error(
                    "the staff chat cannot be written to: is ADMIN_CHAT_ID right, and is the bot in that chat?",
                    ADMIN_CHAT_ID=self._chat_id,
                    said=posted.said,
                )
        return e.NoticeFailed(notice.kind, notice.covers, posted.result)

    def _note(self, outcome: e.NoticeEvent) -> None:
        order = Order(f"notice:{outcome.kind}:{outcome.covers[-1]}", MESSENGER, self._services.clock.now())
        self._noted_at = self._services.ledger.execute(NoteNotice(order, outcome)).position

    def _next(self, lease: Lease) -> Notice | None:
        if lease.epoch != self._epoch:  # whoever led before may have told more than the read model knows
            self._epoch, self._noted_at = lease.epoch, self._services.ledger.recorder.head()
        catalog, now = self._services.catalog(), self._now()
        is_full = len(self._written_at) == MOST_A_MINUTE and now - self._written_at[0] < MINUTE
        if catalog is None or is_full:
            return None
        naming = Naming(self._words, catalog)
        found = [notice for notice in (self._alert(naming, now), self._cards(naming, now)) if notice is not None]
        return min(found, key=lambda notice: notice.covers[0], default=None)

    def _alert(self, naming: Naming, now: datetime) -> Notice | None:
        if self._alerted_at is not None and now - self._alerted_at < ALERT_EVERY:
            return None
        positions = self._waiting("integration", now)
        events = [self._event(position).event for position in positions]
        said = []
        if any(isinstance(event, e.IntegrationPaused | e.IntegrationResumed) for event in events):
            said.append(self._switched(naming))
        if any(isinstance(event, e.CrmChangeBraked | e.CrmChangeReleased) for event in events):
            said.append(self._braked())
        failed = [event for event in events if isinstance(event, e.ClientNoticeFailed)]
        if uninformed := [one for event in failed if (one := self._uninformed(event, now)) is not None]:
            said.append(staff_changes.uninformed(naming, self._change_words, uninformed))
        asked = {event.booking_id for event in events if isinstance(event, e.ConflictFound | e.SyncFailed)}
        parked = [
            Question(state.booking_id, state.slot, state.conflict)
            for state in (backlog.open_items(self._services.database) if asked else [])
            if state.parked and state.booking_id in asked
        ]
        if parked:
            said.append(staff_news.questions(naming, parked))
        # What settled itself meanwhile is no news; the next alert covers it.
        return Notice("integration", positions, "\n\n".join(said)) if said else None

    def _switched(self, naming: Naming) -> str:
        """The state as it is now: what was paused and resumed within a minute is one thing to know."""
        state = integration(self._services.ledger)
        if state.kind is not None:
            return staff_news.paused(naming, state.kind, state.message, opened_note(self._services.vault, state))
        lacking = backlog.lacking(self._services.database, self._now())
        return self._words.resumed.format(n=backlog.to_send(lacking, with_past=state.past == "send"))

    def _braked(self) -> str:
        """The state as it is now, too."""
        state = brake_state(self._services.ledger)
        return staff_changes.braked(self._change_words, state) if state and state.is_on else self._change_words.released

    def _uninformed(self, failed: e.ClientNoticeFailed, now: datetime) -> Uninformed | None:
        """Who has to be rung up, unless there is nothing to tell them any more."""
        history = self._services.ledger.history(boundaries.booking(failed.booking_id))
        news = news_of(history, failed.covers[0], now)
        return Uninformed(failed.booking_id, news, self._contact(failed.client_id)) if news else None

    def _cards(self, naming: Naming, now: datetime) -> Notice | None:
        positions = self._waiting("booking", now)
        if not positions:
            return None
        state = integration(self._services.ledger)
        is_paused = state.state == "paused" and state.since is not None
        if len(positions) <= MOST_CARDS:
            text = staff_news.card(naming, self._news(positions[0]), is_paused=is_paused)
            return Notice("booking", positions[:1], text)
        first = [self._news(position) for position in positions[:MOST_LINES]]
        return Notice("booking", positions, staff_news.many(naming, first, len(positions), is_paused=is_paused))

    def _waiting(self, kind: Kind, now: datetime) -> tuple[int, ...]:
        """Positions of what is to be told, once the read model knows of all that was."""
        found = notices.waiting(self._services.database, kind, limit=AT_ONCE)
        if found.position < self._noted_at:
            return ()
        return tuple(position for position, at in found.news if found.was_told or now - at < FIRST_LOOK)

    def _event(self, position: int) -> Recorded:
        stored, _ = self._services.ledger.recorder.page(None, position - 1, 1)
        return recorded(stored[0])

    def _news(self, position: int) -> News:
        item = self._event(position)
        event = item.event
        if not isinstance(event, e.BookingMade | e.BookingMoved | e.BookingCancelled):
            raise TypeError(f"event {position} is no booking's")
        entry = fold_entries(self._services.ledger.history(boundaries.booking(event.booking_id)))[event.booking_id]
        return News(item, event, entry.services, self._contact(event.client_id))

    def _contact(self, client_id: ClientId) -> Contact | None:
        try:
            return contact_of(self._services.ledger, self._services.vault, client_id)
        except SealError:
            return None

    def _now(self) -> datetime:
        return self._services.clock.now().astimezone(UTC)
