"""Reminders to clients: one reminder, one attempt, one recorded outcome; whatever crashes, never a second message.

The attempt is stored before the message leaves, under a command id of the booking, the kind and the start. What was
attempted is never attempted again; an attempt whose outcome was lost is closed as unknown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

import structlog

from bot.errors import BotTokenError
from bot.line import Line
from bot.naming import Naming
from bot.request import BotServices
from bot.screen import Part
from bot.screens.reminder import Visit, reminder
from bot.texts.notice_words import NoticeWords
from bot.texts.notices import NOTICE_WORDS
from ledger import events as e
from ledger.decisions import boundaries
from ledger.decisions.folds import fold_entries, latest
from ledger.decisions.remind import BeginReminder, EndReminder, ReminderOutcome, reminder_command
from ledger.errors import SealError
from ledger.leases import Lease
from ledger.ledger import Order
from ledger.privacy import random_id
from ledger.recorder import BoundaryItem
from ledger.tags import command_tag
from ledger.values import Actor, booking_code
from projections import reminders
from projections.clients import Contact, contact_of, language_of
from projections.reminders import Reminder

KEEP_TRYING = timedelta(minutes=2)
"""How long an attempt of which nothing was sent for certain is tried again."""
LOST_AFTER = timedelta(minutes=5)
"""An attempt older than KEEP_TRYING and a request's own time-out together is nobody's any more."""
NIGHT_ENDS, NIGHT_BEGINS = time(8), time(22)
"""Salon time outside which a reminder comes without a sound."""
MESSENGER = Actor("system", "remind")
_log = structlog.get_logger("messages")

Pause = Callable[[float], Awaitable[bool]]
"""Waits so many seconds; False when it is time to end."""


@dataclass(frozen=True)
class Letter:
    """A reminder ready to be sent, as the booking stood at `version`."""

    about: Reminder
    version: int
    chat_id: int
    part: Part
    is_silent: bool
    begun_at: datetime


class Reminders:
    """The steps; the loop that takes them is the messenger's."""

    def __init__(
        self,
        services: BotServices,
        line: Line,
        pause: Pause,
        words: Mapping[e.Language, NoticeWords] = NOTICE_WORDS,
    ) -> None:
        self._services, self._line, self._pause, self._words = services, line, pause, words
        self._unreachable: set[Reminder] = set()

    async def step(self, lease: Lease) -> bool:
        """Sends the nearest reminder that is due; False when there is none.

        Raises LeaseLostError when another messenger took over, BotTokenError when Telegram refuses the token.
        """
        letter = await asyncio.to_thread(self._begin_next, lease)
        if letter is None:
            return False
        try:
            outcome = await self._deliver(letter)
        except BotTokenError:
            await asyncio.to_thread(self._end, letter.about, "refused")
            raise
        await asyncio.to_thread(self._end, letter.about, outcome)
        return True

    def close_lost(self) -> int:
        """Closes attempts whose messenger is gone as unknown: nobody can tell whether they arrived."""
        lost = reminders.open_attempts(self._services.database, self._utc() - LOST_AFTER)
        for attempt in lost:
            self._end(attempt, "unknown")
        return len(lost)

    def _begin_next(self, lease: Lease) -> Letter | None:
        """Writes the attempt down; the ledger itself says whether it is still right."""
        due = reminders.due(self._services.database, self._now())
        self._unreachable.intersection_update(due)
        for about in due:
            if about in self._unreachable:
                continue
            letter = self._letter(about)
            if letter is not None and self._begin(letter, lease):
                return letter
        return None

    def _begin(self, letter: Letter, lease: Lease) -> bool:
        about = letter.about
        command_id = reminder_command(about.booking_id, about.kind, about.starts_at)
        order = Order(command_id, MESSENGER, self._now(), cause=f"remind:{random_id()}")
        begun = self._services.ledger.execute(
            BeginReminder(order, about.booking_id, letter.version, about.kind), lease=lease
        )
        if not begun.repeated:
            return begun.answer
        # Known already: another's attempt, unless it is our own and only the answer of the commit was lost.
        known = self._services.ledger.history(BoundaryItem(tags=[command_tag(command_id)]))
        return any(item.cause == order.cause for item in known)

    async def _deliver(self, letter: Letter) -> ReminderOutcome:
        """Tries again only what was not sent for certain, and only while it is still right to send it."""
        while True:
            posted = await self._line.send(letter.chat_id, letter.part, is_silent=letter.is_silent)
            if posted.result != "not_sent":
                break
            if not await self._is_worth_waiting(letter):
                return "refused"
        if posted.result != "sent":
            booking = booking_code(letter.about.booking_id)
            _log.warning("a reminder may not have arrived", booking=booking, outcome=posted.result, said=posted.said)
        return posted.result

    async def _is_worth_waiting(self, letter: Letter) -> bool:
        """Waits until the line is open again; False when that takes too long or the booking changed meanwhile."""
        while not await self._line.is_open():
            rest = self._line.rest_seconds
            if self._utc() + timedelta(seconds=rest) > letter.begun_at + KEEP_TRYING or not await self._pause(rest):
                return False
        again = await asyncio.to_thread(self._letter, letter.about)
        return again is not None and again.version == letter.version

    def _end(self, about: Reminder, outcome: ReminderOutcome) -> None:
        command_id = reminder_command(about.booking_id, about.kind, about.starts_at)
        order = Order(f"{command_id}:end", MESSENGER, self._now())
        self._services.ledger.execute(EndReminder(order, about.booking_id, about.kind, about.starts_at, outcome))

    def _letter(self, about: Reminder) -> Letter | None:
        """The message by the booking's own timeline; None when it changed or its client cannot be written to."""
        history = self._services.ledger.history(boundaries.booking(about.booking_id))
        entry, catalog = fold_entries(history).get(about.booking_id), self._services.catalog()
        if entry is None or catalog is None or entry.status != "booked" or entry.slot.starts_at != about.starts_at:
            return None
        contact = self._contact(about)
        if contact is None:
            self._unreachable.add(about)
            return None
        confirmed = latest(history, e.VisitConfirmed)
        is_confirmed = confirmed is not None and confirmed.slot == entry.slot
        visit = Visit(about.booking_id, entry.version, entry.slot, entry.services, contact.name, is_confirmed)
        now = self._now()
        language = language_of(self._services.ledger, about.client_id) or "ru"
        part = reminder(Naming(self._words[language], catalog), about.kind, visit, now)
        is_silent = not NIGHT_ENDS <= now.time() < NIGHT_BEGINS
        return Letter(about, entry.version, int(contact.telegram), part, is_silent, self._utc())

    def _contact(self, about: Reminder) -> Contact | None:
        """None for a client without a chat: taken over from an older system, or their key is gone."""
        try:
            contact = contact_of(self._services.ledger, self._services.vault, about.client_id)
        except SealError:
            return None
        return contact if contact is not None and contact.telegram.isdecimal() else None

    def _now(self) -> datetime:
        """In the salon's zone, by whose digits quiet hours go."""
        now, catalog = self._services.clock.now(), self._services.catalog()
        return now.astimezone(catalog.zone) if catalog else now

    def _utc(self) -> datetime:
        return self._services.clock.now().astimezone(UTC)
