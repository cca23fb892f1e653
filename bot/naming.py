"""Services, masters, times and prices in one language, by the catalogue as it stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_timedelta

from bot.texts.formats import clock_words, day_words, moment_words, money_words, short_day_words
from bot.texts.notice_words import NoticeWords, Plural
from ledger.values import BookedService, ServiceId, Slot, StaffId
from projections.catalog import Catalog


@dataclass(frozen=True)
class Naming:
    """What is no longer in the catalogue is called by its number."""

    words: NoticeWords
    catalog: Catalog

    @property
    def zone(self) -> ZoneInfo:
        return self.catalog.zone

    def services(self, service_ids: Iterable[ServiceId]) -> str:
        return ", ".join(self._title(service_id) for service_id in service_ids)

    def master(self, staff_id: StaffId) -> str:
        member = self.catalog.member(staff_id)
        return member.name if member else self.words.gone_master.format(number=staff_id)

    def visit(self, service_ids: Iterable[ServiceId], staff_id: StaffId) -> str:
        """What, and with whom."""
        return self.words.visit_line.format(service=self.services(service_ids), master=self.master(staff_id))

    def when(self, slot: Slot) -> str:
        """The day in full, from when to when."""
        starts, ends = self.clock(slot.starts_at), self.clock(slot.ends_at)
        return self.words.when_line.format(day=self.day(slot.starts_at), starts=starts, ends=ends)

    def was(self, before: Slot, now: Slot) -> str:
        """When it was before; with the master, if that was another."""
        when = self.when(before)
        return when if before.staff_id == now.staff_id else f"{when}, {self.master(before.staff_id)}"

    def day(self, at: datetime) -> str:
        return day_words(at.astimezone(self.zone).date(), self.words.locale)

    def short_day(self, at: datetime) -> str:
        return short_day_words(at.astimezone(self.zone).date(), self.words.locale)

    def clock(self, at: datetime) -> str:
        return clock_words(at, self.zone, self.words.locale)

    def moment(self, at: datetime) -> str:
        return moment_words(at, self.zone, self.words.locale)

    def price(self, services: Iterable[BookedService]) -> str:
        minor = sum(service.price for service in services)
        if minor == 0:
            return self.words.free_of_charge
        return money_words(minor, self.catalog.facts.currency, self.words.locale)

    def age(self, seconds: float) -> str:
        """`3 часа`, to the nearest unit that says enough."""
        return format_timedelta(timedelta(seconds=seconds), locale=self.words.locale)

    def counted(self, forms: Plural, n: int) -> str:
        """The form for so many, with the number in it."""
        return forms[Locale.parse(self.words.locale).plural_form(n)].format(n=n)

    def _title(self, service_id: ServiceId) -> str:
        offer = self.catalog.service(service_id)
        return offer.title if offer else self.words.gone_service.format(number=service_id)
