"""What the staff chat is told unasked: cards of bookings, one or many, and alerts about the CRM."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.naming import Naming
from bot.texts.formats import phone_words
from ledger import events as e
from ledger.codec import Recorded
from ledger.decisions.untold import What
from ledger.integrity.checkpoints import Checkpoint
from ledger.integrity.signing import fingerprint
from ledger.values import BookedService, Slot, booking_code
from projections.clients import Contact

NewsEvent = e.BookingMade | e.BookingMoved | e.BookingCancelled | e.ClientNoticeFailed


@dataclass(frozen=True)
class News:
    """A booking event to tell about: where the booking is or was before, and its client if they can be named.

    `untold` is what a client could not be told, of an event about that.
    """

    item: Recorded
    event: NewsEvent
    slot: Slot
    services: tuple[BookedService, ...]
    client: Contact | None
    was: Slot | None = None
    untold: What = "moved"


def card(naming: Naming, news: News, *, is_paused: bool) -> str:
    """One booking's news in full."""
    words, event = naming.words, news.event
    lines = [_title(naming, news), naming.when(news.slot)]
    lines.append(naming.visit([service.service_id for service in news.services], news.slot.staff_id))
    if news.was is not None:
        lines.append(words.was_line.format(was=naming.was(news.was, news.slot)))
    if isinstance(event, e.BookingMade | e.BookingMoved):
        lines.append(naming.price(news.services))
    lines += [_client(naming, news), words.code_line.format(code=booking_code(event.booking_id))]
    if isinstance(event, e.ClientNoticeFailed):
        lines += ["", words.ring_up.format(reason=words.not_told_reasons[event.reason])]
    elif is_paused:
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


def checkpoint(naming: Naming, signed: Checkpoint) -> str:
    """What the log is up to a position, for people to keep and for `zapisnik audit verify --checkpoint` to read."""
    return naming.words.checkpoint.format(
        position=signed.position,
        when=naming.moment(signed.signed_at),
        short=signed.hash[:16],
        hash=signed.hash,
        key=fingerprint(signed.key),
        line=signed.line,
    )


def _title(naming: Naming, news: News) -> str:
    words, who = naming.words, naming.words.actor(news.item.by)
    match news.event:
        case e.BookingMade():
            return words.made
        case e.BookingMoved():
            return words.moved.format(who=who)
        case e.BookingCancelled():
            return words.cancelled.format(who=who)
        case e.ClientNoticeFailed():
            return words.not_told[news.untold]


def _line(naming: Naming, news: News) -> str:
    return naming.words.news_line.format(
        mark=_title(naming, news).split(maxsplit=1)[0],
        day=naming.short_day(news.slot.starts_at),
        time=naming.clock(news.slot.starts_at),
        service=naming.services(service.service_id for service in news.services),
        master=naming.master(news.slot.staff_id),
        client=_client(naming, news),
    )


def _client(naming: Naming, news: News) -> str:
    """As the CRM would show them; a client of an older system may lack a name or a phone."""
    known = news.client
    if known is not None and known.is_erased:
        return naming.words.erased_client
    if known is not None and known.name and known.phone:
        return naming.words.client_line.format(name=known.name, phone=phone_words(known.phone))
    if known is not None and (known.name or known.phone):
        return known.name or phone_words(known.phone)
    return naming.words.nameless_client
