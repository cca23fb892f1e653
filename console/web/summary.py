"""The main facts of an event in one line, as a row of the log has them beside its title."""

from __future__ import annotations

from typing import assert_never

from console.web.voice import Voice
from ledger import events as e


def summary(event: e.AnyEvent, voice: Voice) -> str:
    """'' where the title says it all."""
    return " · ".join(part for part in _parts(event, voice) if part)


def _parts(event: e.AnyEvent, voice: Voice) -> list[str]:
    match event:
        case e.SlotHeld() | e.HoldLapsed() | e.BookingMade() | e.BookingMoved() | e.BookingCancelled():
            return _booking(event, voice)
        case e.CrmBookingSeen() | e.CrmBookingMoved() | e.CrmBookingRemoved():
            return _crm_booking(event, voice)
        case e.VisitConfirmed() | e.CheckpointSigned():
            return [voice.slot(event.slot) if isinstance(event, e.VisitConfirmed) else voice.number(event.position)]
        case e.SyncAttempted() | e.SyncSucceeded() | e.SyncFailed() | e.SyncSkipped():
            return _sync(event, voice)
        case e.ConflictFound() | e.ConflictResolved():
            return _conflict(event, voice)
        case e.IntegrationPaused() | e.IntegrationResumed() | e.CrmAnswered() | e.CrmConnected() | e.BaselineImported():
            return _integration(event, voice)
        case e.CrmChangeBraked() | e.CrmChangeAccepted() | e.CrmChangeSubsided():
            return _crm_change(event, voice)
        case e.ReminderAttempted() | e.ReminderSent() | e.ReminderFailed() | e.NoticeSent() | e.NoticeFailed():
            return _message(event, voice)
        case e.ClientNoticeSent() | e.ClientNoticeFailed():
            return [voice.words.value("reason", event.reason)] if isinstance(event, e.ClientNoticeFailed) else []
        case (
            e.CatalogPublished()
            | e.ShiftsPublished()
            | e.ClientRegistered()
            | e.LanguageChosen()
            | e.ConsentGiven()
            | e.ConsentWithdrawn()
            | e.ErasureRequested()
            | e.ErasureCalledOff()
            | e.PersonalDataViewed()
        ):
            return _salon(event, voice)
        case e.ClientErased() | e.CrmClientRemoved() | e.CrmClientKept():
            return _erasure(event, voice)
        case _:
            assert_never(event)


def _booking(
    event: e.SlotHeld | e.HoldLapsed | e.BookingMade | e.BookingMoved | e.BookingCancelled, voice: Voice
) -> list[str]:
    words, place = voice.words, voice.slot(event.slot)
    match event:
        case e.SlotHeld():
            return [place, voice.services(event.services), words.value("awaits", event.awaits)]
        case e.HoldLapsed():
            return [place, words.value("reason", event.reason)]
        case e.BookingMade():
            price = voice.money(sum(service.price for service in event.services))
            return [place, voice.services(event.services), price, words.overlap if event.overlap_allowed else ""]
        case e.BookingMoved():
            return [place, voice.services(event.services), words.was.format(slot=voice.slot(event.from_slot))]
        case e.BookingCancelled():
            return [place]


def _crm_booking(event: e.CrmBookingEvent, voice: Voice) -> list[str]:
    place, record = voice.slot(event.slot), _record(event.record_id, voice)
    if isinstance(event, e.CrmBookingRemoved):
        return [place, record]
    overlap = voice.words.overlap if event.overlap_allowed else ""
    if isinstance(event, e.CrmBookingSeen):
        return [place, voice.services(event.service_ids), record, overlap]
    return [place, voice.words.was.format(slot=voice.slot(event.from_slot)), record, overlap]


def _conflict(event: e.ConflictFound | e.ConflictResolved, voice: Voice) -> list[str]:
    words = voice.words
    kind = words.value("kind", event.kind) if event.kind else ""
    if isinstance(event, e.ConflictResolved):
        return [words.value("answer", event.answer), kind]
    their_slot = voice.slot(event.their_slot) if event.their_slot else ""
    return [kind, their_slot, *(_record(record, voice) for record in event.record_ids)]


def _crm_change(event: e.CrmChangeEvent, voice: Voice) -> list[str]:
    words = voice.words
    counts = {"removed": event.removed, "moved": event.moved}
    return [f"{words.field(name)}: {count}" for name, count in counts.items() if count]


def _sync(event: e.SyncAttempted | e.SyncSucceeded | e.SyncFailed | e.SyncSkipped, voice: Voice) -> list[str]:
    words = voice.words
    match event:
        case e.SyncAttempted():
            number = words.attempt_number.format(number=event.number)
            return [words.value("operation", event.operation), number, _record(event.record_id, voice)]
        case e.SyncSucceeded():
            seen_by = words.value("seen_by", event.seen_by)
            return [words.value("operation", event.operation), _record(event.record_id, voice), seen_by]
        case e.SyncFailed():
            status = f"HTTP {event.status}" if event.status is not None else ""
            later = words.next_attempt.format(at=voice.moment(event.retry_at)) if event.retry_at else ""
            waits = words.waits_for_a_person if event.parked else later
            outcome, kind = words.value("outcome", event.outcome), words.value("kind", event.kind)
            return [words.value("operation", event.operation), outcome, "" if kind == outcome else kind, status, waits]
        case e.SyncSkipped():
            return [words.value("reason", event.reason), words.covers_count.format(count=len(event.covers))]


def _integration(
    event: e.IntegrationPaused | e.IntegrationResumed | e.CrmAnswered | e.CrmConnected | e.BaselineImported,
    voice: Voice,
) -> list[str]:
    words = voice.words
    match event:
        case e.IntegrationPaused():
            note = words.sealed_note if event.note else ""
            return [words.value("kind", event.kind), f"«{event.message}»" if event.message else "", note]
        case e.IntegrationResumed():
            return [words.value("past", event.past)]
        case e.CrmAnswered():
            return [words.value("kind", event.kind)]
        case e.CrmConnected():
            return [words.company.format(number=event.company_id)]
        case e.BaselineImported():
            days = f"{event.from_on:%d.%m.%Y}–{event.until_on:%d.%m.%Y}"
            return [days, words.records_count.format(count=event.records)]


def _message(event: e.ReminderEvent | e.NoticeEvent, voice: Voice) -> list[str]:
    words, kind = voice.words, voice.words.value("kind", event.kind)
    match event:
        case e.ReminderAttempted() | e.ReminderSent():
            return [kind, voice.moment(event.starts_at)]
        case e.ReminderFailed():
            return [kind, voice.moment(event.starts_at), words.value("reason", event.reason)]
        case e.NoticeSent():
            return [kind, words.covers_count.format(count=len(event.covers))]
        case e.NoticeFailed():
            return [kind, words.covers_count.format(count=len(event.covers)), words.value("reason", event.reason)]


def _salon(event: e.CatalogEvent | e.ClientEvent, voice: Voice) -> list[str]:
    words = voice.words
    match event:
        case e.CatalogPublished():
            return [words.offers_count.format(services=len(event.services), staff=len(event.staff))]
        case e.ShiftsPublished():
            return [voice.staff(event.staff_id)]
        case e.ClientRegistered() | e.LanguageChosen():
            return [words.value("language", event.language)]
        case e.ConsentGiven() | e.ConsentWithdrawn():
            return [words.value("purpose", event.purpose), words.text_version.format(version=event.version)]
        case e.ErasureRequested():
            return [words.no_later_than.format(day=voice.date(event.due_on))]
        case e.ErasureCalledOff():
            return []
        case e.PersonalDataViewed():
            return [", ".join(words.value("what", what) for what in event.what), event.where]


def _erasure(event: e.ForgettingEvent, voice: Voice) -> list[str]:
    words = voice.words
    match event:
        case e.ClientErased():
            return [words.value("basis", event.basis), f"{words.field('crm')}: {words.value('crm', event.crm)}"]
        case e.CrmClientRemoved():
            return [f"{words.field('cards')}: {event.cards}"]
        case e.CrmClientKept():
            return [words.value("reason", event.reason)]


def _record(record_id: int | None, voice: Voice) -> str:
    return voice.words.record_number.format(number=record_id) if record_id is not None else ""
