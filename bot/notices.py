"""The staff chat is told what happens: bookings as cards, the CRM's troubles as alerts, a lot of news in one message.

A notice is sent first and recorded after, so the staff is told at least once. News is told in its order.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from bot.line import Line, Posted
from bot.naming import Naming
from bot.request import BotServices
from bot.screen import Part
from bot.screens import staff_conflicts, staff_news, staff_wishes
from bot.screens.staff_news import News
from bot.texts.notice_words import NoticeWords
from ledger import events as e
from ledger.codec import Recorded
from ledger.decisions import boundaries
from ledger.decisions.folds import fold_entries
from ledger.decisions.note_notice import NoteNotice
from ledger.decisions.untold import What, news_of, untold
from ledger.errors import SealError
from ledger.integrity.checkpoints import checkpoint_in, genesis_of
from ledger.leases import Lease
from ledger.ledger import Order, recorded
from ledger.values import Actor, ClientId
from projections import backlog, notices
from projections.clients import Contact, contact_of
from projections.crm_diary import brake_state
from projections.erased import erased_records
from projections.integration import integration, opened_note
from projections.notices import Kind
from projections.questions import question_of

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
    part: Part


class Notices:
    """The steps; the loop that takes them is the messenger's."""

    def __init__(self, services: BotServices, line: Line, chat_id: int, words: NoticeWords) -> None:
        self._services, self._line, self._chat_id, self._words = services, line, chat_id, words
        self._epoch: int | None = None
        self._noted_at = 0
        self._alerted_at: datetime | None = None
        self._alerting_to = 0
        self._written_at: deque[datetime] = deque(maxlen=MOST_A_MINUTE)
        self._unknown = 0

    async def step(self, lease: Lease) -> bool:
        """Tells one thing, or many in one message; False when there is nothing, or it has to wait."""
        notice = await asyncio.to_thread(self._next, lease)
        if notice is None:
            return False
        posted = await self._line.send(self._chat_id, notice.part)
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
        kinds = (self._alert, self._cards, self._wish, self._checkpoint)
        return min(
            filter(None, (kind(naming, now) for kind in kinds)), key=lambda notice: notice.covers[0], default=None
        )

    def _alert(self, naming: Naming, now: datetime) -> Notice | None:
        """The CRM's news of the last minute: a card for each question, or all of them in one message."""
        positions = self._waiting("integration", now)
        has_rested = self._alerted_at is None or now - self._alerted_at >= ALERT_EVERY
        if has_rested:
            self._alerting_to = positions[-1] if positions else 0
        positions = tuple(position for position in positions if position <= self._alerting_to)
        events = {position: self._event(position).event for position in positions}
        asked = {
            event.booking_id: position
            for position, event in events.items()
            if isinstance(event, e.ConflictFound | e.SyncFailed)
        }
        # What settled itself meanwhile is no news; the next alert covers it.
        questions = {
            booking_id: question for booking_id in asked if (question := question_of(self._services.ledger, booking_id))
        }
        parts: list[Part] = []
        covered = positions
        if len(questions) > MOST_CARDS:
            parts.append(staff_conflicts.listed(staff_conflicts.teller_of(naming), list(questions.values())))
        elif questions:
            first = min(questions, key=lambda booking_id: asked[booking_id])
            covered = tuple(position for position in positions if position <= asked[first])
            parts.append(staff_conflicts.card(self._services, staff_conflicts.teller_of(naming), questions[first]))
        told = [events[position] for position in covered]
        if any(isinstance(event, e.CrmChangeEvent) for event in told):
            parts.insert(0, Part(self._braked()))
        kept = [event for event in told if isinstance(event, e.CrmClientKept)]
        if kept:
            parts.insert(0, Part("\n\n".join(self._kept(event) for event in kept)))
        if self._answers_again(told):
            parts.insert(0, Part(self._words.answers_again))
        if any(isinstance(event, e.IntegrationPaused | e.IntegrationResumed) for event in told):
            parts.insert(0, Part(self._switched(naming)))
        return Notice("integration", covered, _joined(parts)) if parts else None

    def _answers_again(self, events: Sequence[e.AnyEvent]) -> bool:
        """The CRM answers after a refusal, and nobody has resumed since."""
        told = any(isinstance(event, e.CrmAnswered) for event in events)
        return told and integration(self._services.ledger).answers_since is not None

    def _switched(self, naming: Naming) -> str:
        """The state as it is now: what was paused and resumed within a minute is one thing to know."""
        state = integration(self._services.ledger)
        if state.kind is not None:
            return staff_news.paused(naming, state.kind, state.message, opened_note(self._services.vault, state))
        lacking = backlog.lacking(self._services.database, self._now())
        return self._words.resumed.format(n=backlog.to_send(lacking, with_past=state.past == "send"))

    def _kept(self, event: e.CrmClientKept) -> str:
        """Whom to delete by hand, by the numbers of their records: nobody here knows the name any more."""
        records = erased_records(self._services.ledger, event.client_id)
        numbers = ", ".join(str(record) for record in records[-MOST_CARDS:])
        words = self._words
        return words.kept_in_crm.format(reason=words.kept_reasons[event.reason], records=numbers or "—")

    def _braked(self) -> str:
        """Whether the brake is on now: what was stopped and let go within a minute is one thing to know."""
        state = brake_state(self._services.ledger)
        if state is None or not state.is_on:
            is_accepted = state is not None and state.is_vouched_for
            return self._words.brake_accepted if is_accepted else self._words.brake_subsided
        return self._words.braked.format(removed=state.removed, moved=state.moved, known=state.known)

    def _cards(self, naming: Naming, now: datetime) -> Notice | None:
        positions = self._waiting("booking", now)
        if not positions:
            return None
        state = integration(self._services.ledger)
        is_paused = state.state == "paused" and state.since is not None
        if len(positions) <= MOST_CARDS:
            text = staff_news.card(naming, self._news(positions[0]), is_paused=is_paused)
            return Notice("booking", positions[:1], Part(text))
        first = [self._news(position) for position in positions[:MOST_LINES]]
        text = staff_news.many(naming, first, len(positions), is_paused=is_paused)
        return Notice("booking", positions, Part(text))

    def _wish(self, naming: Naming, now: datetime) -> Notice | None:
        """What one client wishes to become of their data."""
        events = [self._event(position) for position in self._waiting("client", now)]
        wish = staff_wishes.first(self._services, naming, events, now)
        return None if wish is None else Notice("client", wish.covers, Part(wish.text))

    def _checkpoint(self, naming: Naming, now: datetime) -> Notice | None:
        """The newest one vouches for all that the others do."""
        positions = self._waiting("checkpoint", now)
        if not positions:
            return None
        with self._services.database.transaction() as connection:
            genesis = genesis_of(connection).hex()
        stored, _ = self._services.ledger.recorder.page(None, positions[-1] - 1, 1)
        checkpoint = checkpoint_in(genesis, stored[0].data)
        if checkpoint is None:
            raise TypeError(f"event {positions[-1]} is no checkpoint")
        return Notice("checkpoint", positions, Part(staff_news.checkpoint(naming, checkpoint)))

    def _waiting(self, kind: Kind, now: datetime) -> tuple[int, ...]:
        """Positions of what is to be told, once the read model knows of all that was."""
        found = notices.waiting(self._services.database, kind, limit=AT_ONCE)
        if found.position < self._noted_at:
            return ()
        is_told_late = found.was_told or kind == "client"
        return tuple(position for position, at in found.news if is_told_late or now - at < FIRST_LOOK)

    def _event(self, position: int) -> Recorded:
        stored, _ = self._services.ledger.recorder.page(None, position - 1, 1)
        return recorded(stored[0])

    def _news(self, position: int) -> News:
        item = self._event(position)
        event = item.event
        if not isinstance(event, e.BookingMade | e.BookingMoved | e.BookingCancelled | e.ClientNoticeFailed):
            raise TypeError(f"event {position} is no booking's")
        history = self._services.ledger.history(boundaries.booking(event.booking_id))
        entry, client = fold_entries(history)[event.booking_id], self._contact(event.client_id)
        match event:
            case e.ClientNoticeFailed():
                before = [one for one in history if one.position < position]
                about = untold(before, event.booking_id)
                was = about.known if about is not None and about.what == "moved" else None
                what = about.what if about is not None else _newest(before, event.covers)
                return News(item, event, entry.slot, entry.services, client, was, what)
            case e.BookingMoved():
                return News(item, event, event.slot, entry.services, client, event.from_slot)
            case _:
                return News(item, event, event.slot, entry.services, client)

    def _contact(self, client_id: ClientId) -> Contact | None:
        try:
            return contact_of(self._services.ledger, self._services.vault, client_id)
        except SealError:
            return None

    def _now(self) -> datetime:
        return self._services.clock.now().astimezone(UTC)


def _joined(parts: Sequence[Part]) -> Part:
    """One message of several; the buttons are the last one's."""
    return Part("\n\n".join(part.text for part in parts), parts[-1].rows)


def _newest(history: Sequence[Recorded], covers: tuple[int, ...]) -> What:
    """What the last of these events is to a client, where their own wish has come in between since."""
    found = [what for item in history if item.position in covers and (what := news_of(item)) is not None]
    return found[-1]
