"""What the staff chat is told unasked: cards of bookings, one or many, and alerts about the CRM."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.naming import Naming
from bot.texts.formats import phone_words
from ledger import events as e
from ledger.codec import Recorded
from ledger.values import BookedService, BookingId, Slot, booking_code
from projections.clients import Contact

MOST_QUESTIONS = 5

PlacedEvent = e.BookingMade | e.BookingMoved | e.BookingCancelled


@dataclass(frozen=True)
class News:
    """A booking event to tell about: its services, and its client if they can be named."""

    item: Recorded
    event: PlacedEvent
    services: tuple[BookedService, ...]
    client: Contact | None


@dataclass(frozen=True)
class Question:
    """A booking that waits for a person, and why."""

    booking_id: BookingId
    slot: Slot
    conflict: e.ConflictKind | None


def card(naming: Naming, news: News, *, is_paused: bool) -> str:
    """One booking's news in full."""
    words, event = naming.words, news.event
    lines = [_title(naming, news), naming.when(event.slot)]
    lines.append(naming.visit([service.service_id for service in news.services], event.slot.staff_id))
    if isinstance(event, e.BookingMoved):
        was = naming.when(event.from_slot)
        if event.from_slot.staff_id != event.slot.staff_id:
            was = f"{was}, {naming.master(event.from_slot.staff_id)}"
        lines.append(words.was_line.format(was=was))
    if not isinstance(event, e.BookingCancelled):
        lines.append(naming.price(news.services))
    lines += [client_words(naming, news.client), words.code_line.format(code=booking_code(event.booking_id))]
    if is_paused:
        lines += ["", words.not_in_crm]
    return "\n".join(lines)


def many(naming: Naming, first: Sequence[News], total: int, *, is_paused: bool) -> str:
    """A lot of news in one message: the first of it, a line each, and how much more there is."""
    words = naming.words
    lines = [naming.counted(words.rolled_up, total), "", *(_line(naming, news) for news in first)]
    if total > len(first):
        lines.append(naming.counted(words.and_more, total - len(first)))
    if is_paused:
        lines += ["", words.not_in_crm]
    return "\n".join(lines)


def paused(naming: Naming, kind: e.PauseKind, message: str, note: str) -> str:
    """That nothing is sent any more, why, and what to do."""
    words = naming.words
    return words.paused.format(reason=pause_reason(naming, kind, message, note), remedy=words.remedies[kind])


def pause_reason(naming: Naming, kind: e.PauseKind, message: str, note: str) -> str:
    """Why, in the CRM's own words where there are any, or in an operator's."""
    reason = naming.words.pause_reasons[kind]
    if note:
        return naming.words.reason_noted.format(reason=reason, note=note)
    return naming.words.reason_said.format(reason=reason, said=message) if message else reason


def questions(naming: Naming, parked: Sequence[Question]) -> str:
    """How many bookings wait for a person, and the first of them."""
    words = naming.words
    lines = [naming.counted(words.parked, len(parked))]
    for question in parked[:MOST_QUESTIONS]:
        why = words.conflicts[question.conflict] if question.conflict else words.refused
        when = f"{naming.short_day(question.slot.starts_at)}, {naming.clock(question.slot.starts_at)}"
        lines.append(words.parked_line.format(code=booking_code(question.booking_id), when=when, why=why))
    if len(parked) > MOST_QUESTIONS:
        lines.append(naming.counted(words.and_more, len(parked) - MOST_QUESTIONS))
    return "\n".join([*lines, "", words.parked_remedy])


def _title(naming: Naming, news: News) -> str:
    words, who = naming.words, naming.words.actor(news.item.by)
    match news.event:
        case e.BookingMade():
            return words.made
        case e.BookingMoved():
            return words.moved.format(who=who)
        case e.BookingCancelled():
            return words.cancelled.format(who=who)


def _line(naming: Naming, news: News) -> str:
    return naming.words.news_line.format(
        mark=_title(naming, news).split(maxsplit=1)[0],
        day=naming.short_day(news.event.slot.starts_at),
        time=naming.clock(news.event.slot.starts_at),
        service=naming.services(service.service_id for service in news.services),
        master=naming.master(news.event.slot.staff_id),
        client=client_words(naming, news.client),
    )


def client_words(naming: Naming, known: Contact | None) -> str:
    """As the CRM would show them; a client of an older system may lack a name or a phone."""
    if known is not None and known.name and known.phone:
        return naming.words.client_line.format(name=known.name, phone=phone_words(known.phone))
    if known is not None and (known.name or known.phone):
        return known.name or phone_words(known.phone)
    return naming.words.nameless_client
