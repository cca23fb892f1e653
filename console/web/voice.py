"""Ids, times and money put into one language's words, with the names of the present catalogue."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_timedelta

from bot.texts.formats import clock_words, length_words, moment_words, money_words, short_day_words
from console.web.texts.words import Words
from ledger.values import Actor, BookedService, ServiceId, Slot, StaffId
from projections.catalog import Catalog


@dataclass(frozen=True)
class Voice:
    """Speaks `words`, in the salon's zone. What is no longer in the catalogue is told by its number."""

    words: Words
    zone: ZoneInfo
    catalog: Catalog | None = None

    def number(self, number: int) -> str:
        return self.words.number.format(number=number)

    def staff(self, staff_id: StaffId) -> str:
        member = self.catalog.member(staff_id) if self.catalog else None
        return member.name if member else self.words.gone_master.format(number=staff_id)

    def service(self, service_id: ServiceId) -> str:
        offer = self.catalog.service(service_id) if self.catalog else None
        return offer.title if offer else self.words.gone_service.format(number=service_id)

    def services(self, services: Iterable[BookedService | ServiceId]) -> str:
        ids = (one.service_id if isinstance(one, BookedService) else one for one in services)
        return ", ".join(self.service(service_id) for service_id in ids)

    def money(self, minor: int) -> str:
        return money_words(minor, self.catalog.facts.currency if self.catalog else "RUB", self.words.language)

    def length(self, minutes: int) -> str:
        return length_words(minutes, self.words.language)

    def day(self, at: datetime) -> str:
        """With the year: a log goes back for years."""
        return format_datetime(at, "EEEE, d MMMM y", tzinfo=self.zone, locale=self.words.language)

    def date(self, day: date) -> str:
        """`18 января 2030`"""
        return format_date(day, "d MMMM y", locale=self.words.language)

    def clock(self, at: datetime) -> str:
        return clock_words(at, self.zone, self.words.language)

    def seconds(self, at: datetime) -> str:
        """`12:30:05`, as a log is read."""
        return f"{at.astimezone(self.zone):%H:%M:%S}"

    def moment(self, at: datetime) -> str:
        return moment_words(at, self.zone, self.words.language)

    def exactly(self, at: datetime) -> str:
        """To the second, with the offset: an auditor's form."""
        said = format_datetime(at, "d MMMM y, HH:mm:ss", tzinfo=self.zone, locale=self.words.language)
        return f"{said} (UTC{at.astimezone(self.zone).isoformat()[-6:]})"

    def ago(self, seconds: float) -> str:
        """`5 минут`"""
        return format_timedelta(timedelta(seconds=round(seconds)), threshold=1.5, locale=self.words.language)

    def slot(self, slot: Slot) -> str:
        """`Анна, пн, 7 янв., 10:00–11:00`"""
        day = short_day_words(slot.starts_at.astimezone(self.zone).date(), self.words.language)
        return f"{self.staff(slot.staff_id)}, {day}, {self.clock(slot.starts_at)}–{self.clock(slot.ends_at)}"

    def actor(self, by: Actor) -> str:
        """Who it was, with the name of a program's part; without the random numbers of people."""
        who = self.words.actors[by.kind]
        return who if by.id.isdecimal() or not by.id else f"{who} ({by.id})"

    def actor_in_full(self, by: Actor) -> str:
        """With the number as well, which tells one person's doings from another's."""
        return f"{self.words.actors[by.kind]} {self.number(int(by.id))}" if by.id.isdecimal() else self.actor(by)
