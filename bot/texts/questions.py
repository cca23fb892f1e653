"""A booking that waits for a person, told in lines: the same ones wherever it is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from babel import Locale

from bot.texts.formats import clock_words, day_words, moment_words, phone_words, short_day_words
from bot.texts.question_en import QUESTIONS_EN
from bot.texts.question_ru import QUESTIONS_RU
from bot.texts.question_words import QuestionWords
from ledger import events as e
from ledger.values import ServiceId, Slot, booking_code
from projections.catalog import Catalog
from projections.questions import TELLS_CLIENT, OpenedQuestion, Question, effect_of, kept_and_others

QUESTION_WORDS: Mapping[e.Language, QuestionWords] = {"ru": QUESTIONS_RU, "en": QUESTIONS_EN}


@dataclass(frozen=True)
class QuestionTeller:
    """Names come from the catalogue as it stands; what is no longer in it is called by its number."""

    words: QuestionWords
    catalog: Catalog | None
    zone: ZoneInfo

    def reason(self, question: Question) -> str:
        return self.words.reasons[question.reason]

    def head(self, question: Question) -> str:
        """The reason, and which booking."""
        return self.words.head.format(reason=self.reason(question), code=booking_code(question.booking_id))

    def line(self, question: Question) -> str:
        """One of many: which booking, when, and the reason."""
        code, when = booking_code(question.booking_id), self.short_when(question)
        return self.words.line.format(code=code, when=when, reason=self.reason(question))

    def who(self, opened: OpenedQuestion) -> str:
        """Name and phone, as far as they are known."""
        contact = opened.contact
        if contact is not None and contact.is_erased:
            return self.words.erased_client
        if contact is None or not (contact.name or contact.phone):
            return self.words.unknown_client
        return ", ".join(filter(None, (contact.name, contact.phone and phone_words(contact.phone))))

    def what(self, question: Question) -> str:
        return ", ".join(self._title(one.service_id) for one in question.state.services)

    def ours(self, question: Question) -> str:
        """Where the booking stands here."""
        return self.place(question.state.slot) if question.state.is_wanted else self.words.cancelled

    def theirs(self, question: Question) -> str:
        """Where the CRM holds it, as far as that is known."""
        state, words = question.state, self.words
        if question.reason == "removed_in_crm":
            return words.removed
        if place := state.their_slot or (state.crm_slot if state.is_in_crm else None):
            return self.place(place)
        if question.reason in ("duplicate", "ambiguous"):
            return words.several
        return words.busy if question.reason in ("slot_busy", "overlap") else words.missing

    def records(self, question: Question) -> str:
        """The records in question, '' where there are none."""
        found = question.state.conflict_records or question.state.surplus
        return self.words.records.format(records=self._records(found)) if found else ""

    def said(self, opened: OpenedQuestion) -> str:
        """The CRM's own words, '' where it had none."""
        return self.words.said.format(said=opened.said) if opened.said else ""

    def since(self, question: Question) -> str:
        """Since when it waits; for the client, if that is so."""
        waits = self.words.since.format(since=moment_words(question.since, self.zone, self.words.locale))
        return f"{waits} {self.words.is_offered}" if question.state.offered else waits

    def lines(self, opened: OpenedQuestion) -> list[str]:
        """Everything but the reason, a line a thing."""
        question, words = opened.question, self.words
        sides = [words.ours.format(place=self.ours(question)), words.theirs.format(place=self.theirs(question))]
        more = [self.records(question), self.said(opened), self.since(question)]
        return [*filter(None, [self.who(opened), self.what(question), *sides, *more])]

    def button(self, question: Question, answer: e.Answer) -> str:
        """An answer in a few words."""
        return self.words.buttons[effect_of(question.state, answer)].format(**self._names(question, answer))

    def effect(self, opened: OpenedQuestion, answer: e.Answer) -> str:
        """What an answer will do, in full, and how the client learns of it."""
        effect = effect_of(opened.question.state, answer)
        said = self.words.effects[effect].format(**self._names(opened.question, answer))
        if effect not in TELLS_CLIENT:
            return said
        return f"{said} {self.words.tells_client if opened.can_tell else self.words.call_client}"

    def place(self, slot: Slot) -> str:
        """`понедельник, 7 января, 10:00–11:00, Анна`"""
        member = self.catalog.member(slot.staff_id) if self.catalog else None
        return self.words.place.format(
            day=day_words(slot.starts_at.astimezone(self.zone).date(), self.words.locale),
            starts=clock_words(slot.starts_at, self.zone, self.words.locale),
            ends=clock_words(slot.ends_at, self.zone, self.words.locale),
            master=member.name if member else self.words.gone_master.format(number=slot.staff_id),
        )

    def short_when(self, question: Question) -> str:
        """`пн, 7 янв., 10:00`"""
        at, locale = question.state.slot.starts_at, self.words.locale
        return f"{short_day_words(at.astimezone(self.zone).date(), locale)}, {clock_words(at, self.zone, locale)}"

    def counted(self, forms: Mapping[str, str], n: int) -> str:
        return forms[Locale.parse(self.words.locale).plural_form(n)].format(n=n)

    def _names(self, question: Question, answer: e.Answer) -> dict[str, str]:
        state = question.state
        kept, others = kept_and_others(state, answer)
        theirs = state.their_slot or state.crm_slot
        return {
            "ours": self.place(state.slot),
            "theirs": self.place(theirs) if theirs else "",
            "kept": self._records((kept,)) if kept else "",
            "others": self._records(others),
        }

    def _records(self, records: tuple[int, ...]) -> str:
        return ", ".join(self.words.record.format(number=record) for record in records)

    def _title(self, service_id: ServiceId) -> str:
        offer = self.catalog.service(service_id) if self.catalog else None
        return offer.title if offer else self.words.gone_service.format(number=service_id)
