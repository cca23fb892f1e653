"""One booking's life in plain words, a sentence an event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from babel import Locale

from bot.texts.formats import clock_words, day_words, moment_words, money_words
from bot.texts.story_en import EN_STORY
from bot.texts.story_ru import RU_STORY
from bot.texts.story_words import StoryWords
from ledger import events as e
from ledger.codec import Recorded
from ledger.decisions.import_booking import IMPORT
from ledger.values import Actor, BookedService, ServiceId, Slot
from projections.catalog import Catalog

STORIES: Mapping[e.Language, StoryWords] = {"ru": RU_STORY, "en": EN_STORY}


def story_lines(
    history: Sequence[Recorded], catalog: Catalog | None, zone: ZoneInfo, language: e.Language
) -> list[str]:
    """A line for every event of the booking and of its way to the CRM, oldest first, with the salon's times.

    Names come from the present catalogue; what is no longer in it is told by its number. Events that are about
    something else are left out.
    """
    teller = _Teller(catalog, zone, STORIES[language])
    told = ((item, teller.tell(item)) for item in history)
    return [f"{moment_words(item.at, zone, language)} — {sentence}" for item, sentence in told if sentence]


class _Teller:
    def __init__(self, catalog: Catalog | None, zone: ZoneInfo, words: StoryWords) -> None:
        self._catalog, self._zone, self._words = catalog, zone, words

    def tell(self, item: Recorded) -> str:
        """The event's sentence, '' for one that is not about a booking."""
        match item.event:
            case (
                e.SlotHeld()
                | e.HoldLapsed()
                | e.BookingMade()
                | e.BookingMoved()
                | e.BookingCancelled()
                | e.CrmBookingSeen()
                | e.CrmBookingMoved()
                | e.CrmBookingRemoved() as event
            ):
                told = self._booking(event, item.by)
                is_imported = item.cause.startswith(IMPORT) and not isinstance(event, e.HoldLapsed)
                return self._words.imported + told if is_imported else told
            case e.VisitConfirmed():
                return self._words.confirmed
            case e.ReminderAttempted() | e.ReminderSent() | e.ReminderFailed() as event:
                return self._reminder(event)
            case e.ClientNoticeSent():
                return self._words.client_told
            case e.ClientNoticeFailed(reason=reason):
                return self._words.client_not_told.format(reason=self._words.untold[reason])
            case e.ConflictResolved(kind=kind, answer=answer):
                words = self._words
                said = words.special_answers.get(f"{kind}.{answer}", words.answers[answer])
                return said.format(who=words.who[item.by.kind])
            case e.SyncAttempted() | e.SyncSucceeded() | e.SyncFailed() | e.SyncSkipped() | e.ConflictFound() as event:
                return self._sync(event)
            case _:
                return ""  # catalogue, clients, notices and integration have stories of their own

    def _booking(self, event: e.BookingEvent, by: Actor) -> str:
        words = self._words
        match event:
            case e.SlotHeld():
                return words.held.format(
                    until=clock_words(event.expires_at, self._zone, words.locale),
                    what=self._what(event.slot, _ids(event.services)),
                    awaits=words.awaits[event.awaits],
                )
            case e.HoldLapsed():
                return words.lapses[event.reason]
            case e.BookingMade():
                price = self._money(sum(service.price for service in event.services))
                made = words.made.format(what=self._what(event.slot, _ids(event.services)), price=price)
                return made + (words.made_overlap if event.overlap_allowed else "")
            case e.BookingMoved():
                what = self._what(event.slot, _ids(event.services))
                return words.moved.format(who=words.who[by.kind], what=what, was=self._what(event.from_slot, []))
            case e.BookingCancelled():
                return words.cancelled.format(who=words.who[by.kind])
            case e.CrmBookingSeen():
                overlap = words.seen_overlap if event.overlap_allowed else ""
                what = self._what(event.slot, event.service_ids)
                return words.seen.format(record=self._record(event.record_id), what=what, overlap=overlap)
            case e.CrmBookingMoved():
                overlap = words.seen_overlap if event.overlap_allowed else ""
                what, was = self._what(event.slot, event.service_ids), self._what(event.from_slot, [])
                return words.moved_in_crm.format(what=what, was=was, overlap=overlap)
            case e.CrmBookingRemoved():
                return words.removed_in_crm

    def _reminder(self, event: e.ReminderEvent) -> str:
        words, kind = self._words, self._words.reminders[event.kind]
        match event:
            case e.ReminderAttempted():
                return words.reminding.format(kind=kind)
            case e.ReminderSent():
                return words.reminded.format(kind=kind)
            case e.ReminderFailed():
                return words.not_reminded.format(kind=kind, reason=words.undelivered[event.reason])

    def _sync(self, event: e.SyncAttempted | e.SyncSucceeded | e.SyncFailed | e.SyncSkipped | e.ConflictFound) -> str:
        words = self._words
        match event:
            case e.SyncAttempted():
                operation, covers = words.attempts[event.operation], self._events(len(event.covers))
                return words.attempted.format(number=event.number, operation=operation, covers=covers)
            case e.SyncSucceeded():
                how = words.found[event.operation] if event.seen_by == "look_up" else ""
                operation, record = words.successes[event.operation], self._record(event.record_id)
                return words.succeeded.format(operation=operation, record=record, how=how)
            case e.SyncFailed():
                return self._failed(event)
            case e.SyncSkipped():
                return words.skipped.format(reason=words.skips[event.reason])
            case e.ConflictFound():
                records = ", ".join(self._record(record) for record in event.record_ids)
                return words.conflicts[event.kind] + (words.records.format(records=records) if records else "")

    def _failed(self, event: e.SyncFailed) -> str:
        words = self._words
        why = [words.kinds.get(event.kind, event.kind), f"HTTP {event.status}" if event.status is not None else ""]
        said = f"{words.failures[event.outcome]} ({', '.join(filter(None, why))})."
        if event.parked:
            return said + words.parked
        if event.retry_at is not None:
            return said + words.retry.format(at=moment_words(event.retry_at, self._zone, words.locale))
        return said

    def _what(self, slot: Slot, service_ids: Sequence[ServiceId]) -> str:
        """`Стрижка, Анна, понедельник, 7 января, 10:00–11:00`"""
        words = self._words
        titles = [self._title(service_id) for service_id in service_ids]
        member = self._catalog.member(slot.staff_id) if self._catalog else None
        master = member.name if member else words.gone_master.format(number=slot.staff_id)
        day = day_words(slot.starts_at.astimezone(self._zone).date(), words.locale)
        starts, ends = (clock_words(at, self._zone, words.locale) for at in (slot.starts_at, slot.ends_at))
        return ", ".join([*titles, master, day, f"{starts}–{ends}"])

    def _title(self, service_id: ServiceId) -> str:
        offer = self._catalog.service(service_id) if self._catalog else None
        return offer.title if offer else self._words.gone_service.format(number=service_id)

    def _record(self, record_id: int) -> str:
        return self._words.record.format(number=record_id)

    def _events(self, n: int) -> str:
        return self._words.events[Locale.parse(self._words.locale).plural_form(n)].format(n=n)

    def _money(self, minor: int) -> str:
        return money_words(minor, self._catalog.facts.currency if self._catalog else "RUB", self._words.locale)


def _ids(services: Sequence[BookedService]) -> list[ServiceId]:
    return [service.service_id for service in services]
