"""Choosing a day and a time for a new visit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from bot import buttons
from bot.request import Request
from bot.screen import Button, Screen
from bot.screens import days, masters, services, times
from bot.screens.choice import free_between, minute_of
from bot.screens.names import master_name, service_title
from ledger.decisions.lapse import LapseHold
from ledger.errors import NotInCatalogError, ServiceNotOfferedError
from ledger.values import ServiceId, Slot, StaffId


@dataclass(frozen=True)
class NewVisit:
    """The Choice of somebody who books a service."""

    service_id: ServiceId
    staff_id: StaffId | None

    def heading(self, request: Request) -> str:
        master = request.words.master_line.format(master=master_name(request, self.staff_id))
        return f"{service_title(request, self.service_id)}\n{master}"

    def gone(self, request: Request) -> Screen | None:
        if request.catalog.service(self.service_id) is None:
            return services.show(request).said(request.sentence(NotInCatalogError()))
        doers = [member.staff_id for member in request.catalog.offered_by([self.service_id])]
        if not doers or (self.staff_id is not None and self.staff_id not in doers):
            said = request.sentence(ServiceNotOfferedError()) if doers else ""
            return masters.show(request, self.service_id).said(said)
        return None

    def free(self, request: Request, from_on: date, until_on: date) -> dict[date, list[Slot]]:
        return free_between(request, [self.service_id], self.staff_id, from_on, until_on)

    def days(self, month: date) -> buttons.Days:
        return buttons.Days(service_id=self.service_id, staff_id=self.staff_id, month=month)

    def times(self, day: date, page: int = 0) -> buttons.Times:
        return buttons.Times(service_id=self.service_id, staff_id=self.staff_id, day=day, page=page)

    def take(self, slot: Slot) -> buttons.Hold:
        return buttons.Hold(
            service_id=self.service_id,
            staff_id=slot.staff_id,
            minute=minute_of(slot.starts_at),
            any_master=self.staff_id is None,
        )

    def back(self, request: Request) -> Button:
        several = len(request.catalog.offered_by([self.service_id])) > 1
        if several or self.staff_id is None:
            return Button(request.words.other_master_button, buttons.Masters(service_id=self.service_id))
        return Button(request.words.back_button, buttons.Services())


def show_days(request: Request, button: buttons.Days) -> Screen:
    return days.show(request, NewVisit(button.service_id, button.staff_id), button.month)


def show_times(request: Request, button: buttons.Times) -> Screen:
    return times.show(request, NewVisit(button.service_id, button.staff_id), button.day, button.page)


def other_time(request: Request, button: buttons.OtherTime) -> Screen:
    """Lets the kept time go, so that it is offered again, and shows that day."""
    release = LapseHold(request.order("release"), button.booking_id, request.client_id)
    request.services.ledger.execute(release)
    return times.show(request, NewVisit(button.service_id, button.staff_id), button.day)
