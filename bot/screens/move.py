"""Moving a booking: to whom, to which day and time, and the last question.

Nothing is kept meanwhile: the booking stands where it is until the last tap, and a time gone by then is said.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from bot import buttons
from bot.request import Request
from bot.screen import Button, Screen, screen
from bot.screens import card, days, masters, times
from bot.screens.choice import free_between, minute_of, start_of, with_wished_or_any
from bot.screens.names import master_name, service_titles
from bot.screens.services import price_words
from bot.screens.summary import full_summary, place_words
from ledger.decisions.move import MoveBooking
from ledger.errors import RefusalError, ServiceNotOfferedError, StaleVersionError, TooLateToMoveError
from ledger.events import StaffMember
from ledger.values import Slot, StaffId
from projections.schedule import ScheduledBooking

_Button = buttons.Move | buttons.MoveDays | buttons.MoveTimes | buttons.AskMove


@dataclass(frozen=True)
class Moving:
    """The Choice of somebody who moves a booking; services and length stay as agreed."""

    booking: ScheduledBooking
    staff_id: StaffId | None

    def heading(self, request: Request) -> str:
        master = request.words.master_line.format(master=master_name(request, self.staff_id))
        return f"{_moving(request, self.booking)}\n{master}"

    def gone(self, request: Request) -> Screen | None:
        doers = [member.staff_id for member in _doers(request, self.booking)]
        if not doers:
            return _only_by_phone(request, self.booking)
        if self.staff_id is not None and self.staff_id not in doers:
            return _choose_master(request, self.booking).said(request.sentence(ServiceNotOfferedError()))
        return None

    def free(self, request: Request, from_on: date, until_on: date) -> dict[date, list[Slot]]:
        booking = self.booking
        return free_between(request, booking.service_ids, self.staff_id, from_on, until_on, moving=booking)

    def days(self, month: date | None = None) -> buttons.MoveDays:
        booking = self.booking
        return buttons.MoveDays(
            booking_id=booking.booking_id, version=booking.version, staff_id=self.staff_id, month=month
        )

    def times(self, day: date, page: int = 0) -> buttons.MoveTimes:
        booking = self.booking
        return buttons.MoveTimes(
            booking_id=booking.booking_id, version=booking.version, staff_id=self.staff_id, day=day, page=page
        )

    def take(self, slot: Slot) -> buttons.AskMove:
        return buttons.AskMove(
            booking_id=self.booking.booking_id,
            version=self.booking.version,
            staff_id=slot.staff_id,
            minute=minute_of(slot.starts_at),
            any_master=self.staff_id is None,
        )

    def back(self, request: Request) -> Button:
        booking = self.booking
        if len(_doers(request, booking)) > 1:
            again = buttons.Move(booking_id=booking.booking_id, version=booking.version)
            return Button(request.words.other_master_button, again)
        return Button(request.words.back_button, buttons.Card(booking_id=booking.booking_id))


def ask_master(request: Request, button: buttons.Move) -> Screen:
    """To whom: past the question, if only one master does it."""

    def next_step(booking: ScheduledBooking) -> Screen:
        doers = _doers(request, booking)
        if len(doers) == 1:
            return days.show(request, Moving(booking, doers[0].staff_id))
        return _choose_master(request, booking) if doers else _only_by_phone(request, booking)

    return _while_it_stands(request, button, next_step)


def show_days(request: Request, button: buttons.MoveDays) -> Screen:
    return _while_it_stands(
        request, button, lambda booking: days.show(request, Moving(booking, button.staff_id), button.month)
    )


def show_times(request: Request, button: buttons.MoveTimes) -> Screen:
    return _while_it_stands(
        request, button, lambda booking: times.show(request, Moving(booking, button.staff_id), button.day, button.page)
    )


def ask(request: Request, button: buttons.AskMove) -> Screen:
    """Asks once more, showing both times."""

    def question(booking: ScheduledBooking) -> Screen:
        words, slot, choice = request.words, _wished(request, booking, button), _choice(booking, button)
        text = words.sure_to_move.format(
            service=service_titles(request, booking.service_ids),
            was=place_words(request, booking),
            new=place_words(request, slot),
        )
        if booking.price is not None:
            text += "\n" + words.same_price_line.format(price=price_words(request, booking.price))
        rows = [
            [Button(words.yes_move_button, buttons.MoveTo.model_validate(button.model_dump()))],
            [
                Button(words.other_time_button, choice.times(slot.starts_at.date())),
                Button(words.keep_button, buttons.Card(booking_id=booking.booking_id)),
            ],
        ]
        return screen(text, rows)

    return _while_it_stands(request, button, question)


def move(request: Request, button: buttons.MoveTo) -> Screen:
    """Moves the booking; if that time cannot be had, shows what can; if the booking is another by now, shows that."""
    booking = card.own(request, button.booking_id)
    slot, choice = _wished(request, booking, button), _choice(booking, button)

    def decide(slot: Slot) -> None:
        order = request.order("move")
        command = MoveBooking(order, button.booking_id, request.client_id, button.version, slot)
        request.services.ledger.execute(command)

    try:
        with suppress(StaleVersionError, TooLateToMoveError):  # the booking as it stands tells
            with_wished_or_any(request, choice, slot, decide)
    except RefusalError as refusal:
        return times.instead(request, refusal, choice, slot.starts_at.date())
    present = card.own(request, button.booking_id)
    if _is_where_wished(present, slot, choice):
        text = request.words.just_moved.format(summary=full_summary(request, present))
        return screen(text, card.ways_on(request))
    return card.outdated(request, present, button.version) or card.show(request, present)


def _while_it_stands(request: Request, button: _Button, show: Callable[[ScheduledBooking], Screen]) -> Screen:
    """The next step, unless the booking is no longer what the button was drawn for."""
    booking = card.own(request, button.booking_id)
    return card.outdated(request, booking, button.version) or show(booking)


def _choose_master(request: Request, booking: ScheduledBooking) -> Screen:
    """The present master first, then any, then the others."""
    words, doers = request.words, _doers(request, booking)
    rows = [
        [Button(masters.label(request, member), Moving(booking, member.staff_id).days())]
        for member in sorted(doers, key=lambda member: member.staff_id != booking.staff_id)[:90]
    ]
    if len(doers) > 1:
        rows.insert(1, [Button(words.any_master_button, Moving(booking, None).days())])
    back = Button(words.back_button, buttons.Card(booking_id=booking.booking_id))
    return screen(words.choose_new_master.format(moving=_moving(request, booking)), [*rows, [back]])


def _only_by_phone(request: Request, booking: ScheduledBooking) -> Screen:
    said = "\n".join(filter(None, (request.words.cannot_move, request.call_us)))
    return card.show(request, booking).said(said)


def _doers(request: Request, booking: ScheduledBooking) -> list[StaffMember]:
    return request.catalog.offered_by(booking.service_ids)


def _moving(request: Request, booking: ScheduledBooking) -> str:
    titles = service_titles(request, booking.service_ids)
    return request.words.moving.format(service=titles, was=place_words(request, booking))


def _choice(booking: ScheduledBooking, button: buttons.AskMove | buttons.MoveTo) -> Moving:
    return Moving(booking, None if button.any_master else button.staff_id)


def _wished(request: Request, booking: ScheduledBooking, button: buttons.AskMove | buttons.MoveTo) -> Slot:
    starts_at = start_of(request, button.minute)
    return Slot(button.staff_id, starts_at, starts_at + (booking.ends_at - booking.starts_at))


def _is_where_wished(booking: ScheduledBooking, slot: Slot, choice: Moving) -> bool:
    """True also after a second tap, and when any master would do and another one took it."""
    is_with_them = choice.staff_id in (None, booking.staff_id)
    return booking.status == "booked" and booking.starts_at == slot.starts_at and is_with_them
