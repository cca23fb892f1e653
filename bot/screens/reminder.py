"""What a client is reminded with: the visit, and the ways to answer that the salon's limits still leave."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot import buttons
from bot.naming import Naming
from bot.screen import Button, Part
from bot.texts.formats import phone_words
from ledger import events as e
from ledger.clock import later
from ledger.errors import MalformedValueError
from ledger.values import BookedService, BookingId, Slot, parse_phone


@dataclass(frozen=True)
class Visit:
    """A standing booking as its client is reminded of it; `version` goes into the buttons."""

    booking_id: BookingId
    version: int
    slot: Slot
    services: tuple[BookedService, ...]
    client_name: str
    is_confirmed: bool


def reminder(naming: Naming, kind: e.ReminderKind, visit: Visit, now: datetime) -> Part:
    """The reminder as a message."""
    words, phone = naming.words, naming.catalog.facts.phone
    opening = words.day_before if kind == "day_before" else words.hours_before
    what = naming.visit([service.service_id for service in visit.services], visit.slot.staff_id)
    first = opening.format(
        greeting=words.greeting.format(name=visit.client_name) if visit.client_name else words.greeting_nameless,
        when=_relative_day(naming, visit.slot.starts_at, now),
        time=naming.clock(visit.slot.starts_at),
    )
    about = "\n".join([what, naming.when(visit.slot), place_line(naming)])
    last = [words.is_coming if visit.is_confirmed else words.ask_coming]
    if not can_change(naming, visit.slot, now) and phone:
        last.append(words.change_by_phone.format(phone=dialled(phone)))
    return Part("\n\n".join([first, about, "\n".join(last)]), _rows(naming, visit, now))


def _rows(naming: Naming, visit: Visit, now: datetime) -> tuple[tuple[Button, ...], ...]:
    words = naming.words
    place = {"booking_id": visit.booking_id, "version": visit.version}
    rows: list[tuple[Button, ...]] = []
    if not visit.is_confirmed:
        rows.append((Button(words.coming_button, buttons.Coming.model_validate(place)),))
    if can_change(naming, visit.slot, now):
        move = Button(words.move_button, buttons.Move.model_validate(place))
        rows.append((move, Button(words.cancel_button, buttons.AskCancel.model_validate(place))))
    return tuple(rows)


def can_change(naming: Naming, slot: Slot, now: datetime) -> bool:
    """A button that can only be refused is not drawn; the ledger judges those that are."""
    notice = timedelta(minutes=naming.catalog.facts.policy.cancel_notice_minutes)
    return later(slot.starts_at, -notice) > now


def place_line(naming: Naming) -> str:
    """The salon, with its address where the catalogue names one."""
    facts = naming.catalog.facts
    return naming.words.place_line.format(salon=facts.salon, address=facts.address) if facts.address else facts.salon


def _relative_day(naming: Naming, at: datetime, now: datetime) -> str:
    days = (at.astimezone(naming.zone).date() - now.astimezone(naming.zone).date()).days
    return {0: naming.words.today, 1: naming.words.tomorrow}.get(days, naming.day(at))


def dialled(phone: str) -> str:
    """The salon's phone as on its sign, or spaced if it can be read; '' stays so."""
    try:
        return phone_words(parse_phone(phone))
    except MalformedValueError:
        return phone
