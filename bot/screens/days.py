"""The calendar: the days on which there is room."""

from __future__ import annotations

from datetime import date, timedelta

from bot import buttons
from bot.calendar import last_day, month_rows, next_month, previous_month
from bot.request import Request
from bot.screen import Button, Screen, screen
from bot.screens import masters, services
from ledger.errors import DiaryNotLoadedError, NotInCatalogError, ServiceNotOfferedError
from ledger.values import ServiceId, Slot, StaffId
from projections.free_slots import free_slots
from projections.integration import integration


def tap(request: Request, button: buttons.Days) -> Screen:
    return show(request, button.service_id, button.staff_id, button.month)


def show(request: Request, service_id: ServiceId, staff_id: StaffId | None, month: date | None = None) -> Screen:
    """A month's days with room: the wished month, else the first that has any."""
    gone = what_is_gone(request, service_id, staff_id)
    if gone is not None:
        return gone
    words = request.words
    first, last = _months(request)
    month, days = _first_with_room(request, service_id, staff_id, month, last)
    back = _back(request, service_id, staff_id)
    named = {"service": service_title(request, service_id), "master": master_name(request, staff_id)}
    if month is None:
        text = words.no_days.format(**named) + (f"\n{request.call_us}" if request.call_us else "")
        return screen(text, [back])

    def turn(text: str, to: date) -> Button:
        return Button(text, buttons.Days(service_id=service_id, staff_id=staff_id, month=to))

    rows = month_rows(
        month,
        days,
        earlier=turn(words.earlier_button, previous_month(month)) if month > first else None,
        later=turn(words.later_button, next_month(month)) if month < last else None,
        open_day=lambda day: buttons.Times(service_id=service_id, staff_id=staff_id, day=day),
        locale=words.locale,
    )
    return screen(words.choose_day.format(**named), [*rows, back])


def what_is_gone(request: Request, service_id: ServiceId, staff_id: StaffId | None) -> Screen | None:
    """The present choice with a word, if the catalogue no longer has this service or this master for it."""
    if request.catalog.service(service_id) is None:
        return services.show(request).said(request.sentence(NotInCatalogError()))
    doers = [member.staff_id for member in request.catalog.offered_by([service_id])]
    if not doers or (staff_id is not None and staff_id not in doers):
        return masters.show(request, service_id).said(request.sentence(ServiceNotOfferedError()) if doers else "")
    return None


def free_between(
    request: Request, service_id: ServiceId, staff_id: StaffId | None, from_on: date, until_on: date
) -> dict[date, list[Slot]]:
    """Free slots by day. Raises DiaryNotLoadedError while the CRM's diary is unknown."""
    if not integration(request.services.ledger).is_diary_loaded:
        raise DiaryNotLoadedError
    if until_on < request.now.date():
        return {}
    return free_slots(
        request.services.database, request.catalog, [service_id], staff_id, from_on, until_on, request.now
    )


def service_title(request: Request, service_id: ServiceId) -> str:
    offer = request.any_catalog.service(service_id) if request.any_catalog else None
    return offer.title if offer else request.words.gone_service


def master_name(request: Request, staff_id: StaffId | None) -> str:
    """The master's name; the word for any."""
    if staff_id is None:
        return request.words.any_master
    member = request.any_catalog.member(staff_id) if request.any_catalog else None
    return member.name if member else request.words.gone_master


def _months(request: Request) -> tuple[date, date]:
    today = request.now.date()
    horizon = today + timedelta(days=request.catalog.facts.policy.horizon_days)
    return today.replace(day=1), horizon.replace(day=1)


def _first_with_room(
    request: Request, service_id: ServiceId, staff_id: StaffId | None, wished: date | None, last: date
) -> tuple[date | None, set[date]]:
    """A wished month stands even when it is full: the turns lead on. None when no month has room."""
    today = request.now.date()
    month = today.replace(day=1)
    if wished is not None and month <= wished.replace(day=1) <= last:
        month = wished.replace(day=1)
    else:
        wished = None
    while month <= last:
        found = free_between(request, service_id, staff_id, max(today, month), last_day(month))
        if found or wished is not None:
            return month, set(found)
        month = next_month(month)
    return None, set()


def _back(request: Request, service_id: ServiceId, staff_id: StaffId | None) -> list[Button]:
    several = len(request.catalog.offered_by([service_id])) > 1
    to_masters = [Button(request.words.other_master_button, buttons.Masters(service_id=service_id))]
    to_services = [Button(request.words.back_button, buttons.Services())]
    return to_masters if several or staff_id is None else to_services
