"""The free times of a day."""

from __future__ import annotations

from datetime import UTC, date, datetime

from bot import buttons
from bot.request import Request
from bot.screen import Button, Screen, in_rows, screen
from bot.screens import days
from bot.texts.formats import clock_words, day_words
from ledger.decisions.lapse import LapseHold
from ledger.errors import RefusalError
from ledger.values import ServiceId, Slot, StaffId

PAGE = 48
ROW = 4


def tap(request: Request, button: buttons.Times) -> Screen:
    return show(request, button.service_id, button.staff_id, button.day, button.page)


def other_time(request: Request, button: buttons.OtherTime) -> Screen:
    """Lets the kept time go, so that it is offered again, and shows that day."""
    services = request.services
    services.ledger.execute(LapseHold(request.order("release"), button.booking_id, request.client_id))
    return show(request, button.service_id, button.staff_id, button.day)


def show(request: Request, service_id: ServiceId, staff_id: StaffId | None, day: date, page: int = 0) -> Screen:
    """A day's free times; the calendar, if there are none any more."""
    gone = days.what_is_gone(request, service_id, staff_id)
    if gone is not None:
        return gone
    words, zone = request.words, request.catalog.zone
    slots = days.free_between(request, service_id, staff_id, day, day).get(day, [])
    if not slots:
        return days.show(request, service_id, staff_id).said(words.no_times)
    page = min(page, (len(slots) - 1) // PAGE)
    shown = slots[page * PAGE : (page + 1) * PAGE]
    keys = [
        Button(
            clock_words(slot.starts_at, zone, words.locale), _hold_button(slot, service_id, any_master=staff_id is None)
        )
        for slot in shown
    ]
    turns = [
        Button(text, buttons.Times(service_id=service_id, staff_id=staff_id, day=day, page=to))
        for text, to in ((words.earlier_button, page - 1), (words.later_button, page + 1))
        if 0 <= to * PAGE < len(slots)
    ]
    back = Button(words.other_day_button, buttons.Days(service_id=service_id, staff_id=staff_id, month=day))
    text = words.choose_time.format(
        service=days.service_title(request, service_id),
        master=days.master_name(request, staff_id),
        day=day_words(day, words.locale),
    )
    return screen(text, [*in_rows(keys, ROW), turns, [back]])


def instead(request: Request, refusal: RefusalError, button: buttons.Hold | buttons.Confirm) -> Screen:
    """Why the wished time cannot be had, above the times that can."""
    if isinstance(button, buttons.Confirm):
        shown = show(request, button.service_id, button.staff_id, button.day)
    else:
        day = datetime.fromtimestamp(button.minute * 60, UTC).astimezone(request.catalog.zone).date()
        staff_id = None if button.any_master else button.staff_id
        shown = show(request, button.service_id, staff_id, day)
    return shown.said(request.sentence(refusal))


def _hold_button(slot: Slot, service_id: ServiceId, *, any_master: bool) -> buttons.Hold:
    minute = int(slot.starts_at.timestamp()) // 60
    return buttons.Hold(service_id=service_id, staff_id=slot.staff_id, minute=minute, any_master=any_master)
