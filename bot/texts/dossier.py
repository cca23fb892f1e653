"""Everything held on a client as a text they can read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.texts.dossier_en import DOSSIER_EN
from bot.texts.dossier_ru import DOSSIER_RU
from bot.texts.dossier_words import DossierWords
from bot.texts.formats import clock_words, date_words, moment_words, money_words, phone_words
from bot.texts.story import story_lines
from ledger import events as e
from ledger.codec import Recorded
from ledger.values import Actor, booking_code
from projections.catalog import Catalog
from projections.dossier import MESSAGES, Dossier, HeldBooking, KnownContact, Look
from projections.people import Person

DOSSIERS: Mapping[e.Language, DossierWords] = {"ru": DOSSIER_RU, "en": DOSSIER_EN}


def dossier_text(dossier: Dossier, catalog: Catalog | None, zone: ZoneInfo, language: e.Language, at: datetime) -> str:
    """Sections under headings, plain text; `at` is when it was drawn up. What it holds is personal."""
    return "\n".join(_Writer(catalog, zone, language).sections(dossier, at)) + "\n"


class _Writer:
    def __init__(self, catalog: Catalog | None, zone: ZoneInfo, language: e.Language) -> None:
        self._catalog, self._zone, self._language = catalog, zone, language
        self._words = DOSSIERS[language]

    def sections(self, dossier: Dossier, at: datetime) -> Iterator[str]:
        words, person = self._words, dossier.person
        yield words.title.format(client=person.client_id)
        if self._catalog is not None:
            facts = self._catalog.facts
            yield words.salon.format(salon=", ".join(filter(None, (facts.salon, facts.address, facts.phone))))
        yield words.made.format(moment=self._moment(at))
        yield words.why
        yield from self._section(words.who_title, self._who(dossier))
        yield from self._section(words.consents_title, self._consents(person), words.no_consents)
        bookings = [line for one in dossier.bookings for line in self._booking(one)]
        yield from self._section(words.bookings_title.format(count=len(dossier.bookings)), bookings, words.no_bookings)
        messages = [words.message.format(moment=self._moment(one.at), said=said) for one, said in self._sent(dossier)]
        yield from self._section(words.messages_title.format(count=len(messages)), messages, words.no_messages)
        looks = [self._look(look) for look in dossier.looks]
        yield from self._section(words.looks_title.format(count=len(looks)), looks, words.no_looks)
        yield from self._section(words.elsewhere_title, words.elsewhere)
        yield from ("", words.events.format(count=dossier.events))

    def _section(self, title: str, lines: Sequence[str], nothing: str = "") -> Iterator[str]:
        yield from ("", title.upper(), *(lines or [nothing]))

    def _who(self, dossier: Dossier) -> list[str]:
        words, person = self._words, dossier.person
        lines = [line for contact in dossier.contacts for line in self._contact(contact)] or [words.nothing_known]
        if person.language is not None:
            lines.append(words.language.format(language=words.languages[person.language]))
        if dossier.found_by:
            lines.append(words.found_by.format(handles=", ".join(words.handles[one] for one in dossier.found_by)))
        return lines

    def _contact(self, contact: KnownContact) -> list[str]:
        words = self._words
        lines = [words.left_at.format(moment=self._moment(contact.at))]
        if contact.name:
            lines.append(words.name.format(name=contact.name))
        if contact.phone:
            how = words.proved if contact.phone_verified else words.typed
            lines.append(words.phone.format(phone=_phone(contact.phone), how=how))
        if contact.telegram:
            lines.append(words.telegram.format(telegram=contact.telegram))
        return lines

    def _consents(self, person: Person) -> list[str]:
        words, lines = self._words, []
        for one in person.consents:
            purpose = words.purposes.get(one.purpose, one.purpose)
            moment, version, sha256 = self._moment(one.given_at), one.version, one.text_sha256
            lines.append(words.consent.format(moment=moment, purpose=purpose, version=version, sha256=sha256))
            if one.withdrawn_at is not None:
                lines.append(words.withdrawn.format(moment=self._moment(one.withdrawn_at)))
        if person.erasure_due_on is not None:
            lines.append(words.erasure.format(day=date_words(person.erasure_due_on, words.locale)))
        return lines

    def _booking(self, one: HeldBooking) -> list[str]:
        words = self._words
        lines = [self._standing(one)]
        if one.standing is not None and one.standing.price is not None:
            currency = self._catalog.facts.currency if self._catalog else "RUB"
            lines.append("  " + words.price.format(price=money_words(one.standing.price, currency, words.locale)))
        if one.sync is not None:
            told = words.crm_record if one.sync.record_id is not None else words.no_crm_record
            lines.append("  " + told.format(record=one.sync.record_id, sync=words.syncs[one.sync.status]))
        lines.append("  " + words.story)
        lines += [f"    {line}" for line in self._story(one.history)]
        lines += [f"  {words.crm_said.format(moment=self._moment(said.at), said=said.text)}" for said in one.said]
        return lines

    def _standing(self, one: HeldBooking) -> str:
        words, booking, code = self._words, one.standing, booking_code(one.booking_id)
        if booking is None:
            return words.let_go.format(code=code)
        offers = [self._catalog.service(service_id) if self._catalog else None for service_id in booking.service_ids]
        titles = [offer.title if offer else str(n) for offer, n in zip(offers, booking.service_ids, strict=True)]
        member = self._catalog.member(booking.staff_id) if self._catalog else None
        return words.booking.format(
            code=code,
            service=", ".join(titles),
            master=member.name if member else str(booking.staff_id),
            day=date_words(booking.starts_at.astimezone(self._zone).date(), words.locale),
            starts=clock_words(booking.starts_at, self._zone, words.locale),
            ends=clock_words(booking.ends_at, self._zone, words.locale),
            status=words.statuses[booking.status],
        )

    def _sent(self, dossier: Dossier) -> Iterator[tuple[Recorded, str]]:
        """Every message with its booking's number, as the booking's story tells it."""
        for item in dossier.messages:
            if isinstance(item.event, MESSAGES):
                for line in self._story([item]):
                    yield item, f"{line.partition(' — ')[2]} ({booking_code(item.event.booking_id)})"

    def _look(self, look: Look) -> str:
        what = ", ".join(self._words.what[one] for one in look.what)
        return self._words.look.format(
            moment=self._moment(look.at), who=self._actor(look.by), what=what, where=look.where
        )

    def _actor(self, by: Actor) -> str:
        who = self._words.who[by.kind]
        return self._words.number.format(who=who, number=by.id) if by.id.isdecimal() else who

    def _story(self, history: Sequence[Recorded]) -> list[str]:
        return story_lines(history, self._catalog, self._zone, self._language)

    def _moment(self, at: datetime) -> str:
        return moment_words(at, self._zone, self._words.locale)


def _phone(text: str) -> str:
    """As people write it; what opens no more stays as it is."""
    return phone_words(text) if text.startswith("+") else text
