"""`/conflicts` and the cards of single questions: what waits for a person, and the answer that person gives."""

from __future__ import annotations

from collections.abc import Sequence

from bot import buttons
from bot.naming import Naming
from bot.request import BotServices
from bot.screen import Button, Part, Screen, screen
from bot.staff_chat import StaffRequest
from bot.texts.questions import QUESTION_WORDS, QuestionTeller
from ledger.decisions.resolve_conflict import ResolveConflict
from ledger.errors import NoSuchAnswerError, NothingToResolveError, StaleVersionError, UnknownBookingError
from ledger.values import BookingId, booking_code
from projections.questions import Question, opened, question_of, waiting

MOST_CARDS = 5
MOST_BUTTONS = 10
_OUTDATED = (NothingToResolveError, StaleVersionError, NoSuchAnswerError, UnknownBookingError)


def show_all(request: StaffRequest, _: str = "") -> Screen:
    """A card each; where there are many, a list with a button each."""
    found = waiting(request.services.ledger, request.services.database)
    teller = teller_of(request.naming)
    if not found:
        return screen(teller.words.none_waiting)
    if len(found) > MOST_CARDS:
        return Screen((listed(teller, found),))
    return Screen(tuple(card(request.services, teller, question) for question in found))


def show(request: StaffRequest, button: buttons.ShowQuestion) -> Screen:
    return _present(request, button.booking_id)


def ask(request: StaffRequest, button: buttons.AskAnswer) -> Screen:
    """What the answer will do, in plain words, before it is given."""
    question = question_of(request.services.ledger, button.booking_id)
    if question is None or question.state.asked_at != button.asked_at or button.answer not in question.answers:
        return _outdated(request, button.booking_id)
    teller = teller_of(request.naming)
    sure = buttons.GiveAnswer(booking_id=button.booking_id, answer=button.answer, asked_at=button.asked_at)
    rows = [
        [Button(teller.words.yes_button, sure)],
        [Button(teller.words.back_button, buttons.ShowQuestion(booking_id=button.booking_id))],
    ]
    return screen(_told(request, question, button, teller.words.confirm), rows)


def answer(request: StaffRequest, button: buttons.GiveAnswer) -> Screen:
    """Answers, unless the question is no longer the one that was looked at."""
    question = question_of(request.services.ledger, button.booking_id)
    their_slot = question.state.their_slot if question else None
    resolve = ResolveConflict(request.order("answer"), button.booking_id, button.answer, their_slot, button.asked_at)
    try:
        request.services.ledger.execute(resolve)
    except _OUTDATED:
        return _outdated(request, button.booking_id)
    if question is None:  # delivered twice: the first time it was answered
        return _present(request, button.booking_id)
    return screen(_told(request, question, button, teller_of(request.naming).words.answered))


def teller_of(naming: Naming) -> QuestionTeller:
    words = QUESTION_WORDS["ru" if naming.words.locale == "ru" else "en"]
    return QuestionTeller(words, naming.catalog, naming.zone)


def card(services: BotServices, teller: QuestionTeller, question: Question) -> Part:
    """One question with its answers below."""
    booking_id, asked_at = question.booking_id, question.state.asked_at or 0
    lines = teller.lines(opened(services.ledger, services.database, services.vault, question))
    rows = [
        (Button(teller.button(question, one), buttons.AskAnswer(booking_id=booking_id, answer=one, asked_at=asked_at)),)
        for one in question.answers
    ]
    return Part("\n".join([teller.head(question), *lines]), tuple(rows))


def listed(teller: QuestionTeller, found: Sequence[Question]) -> Part:
    """Too many for a card each: how many, and a button for each of the first."""
    words, more = teller.words, len(found) - MOST_BUTTONS
    lines = [teller.counted(words.how_many, len(found)), *map(teller.line, found[:MOST_BUTTONS])]
    if more > 0:
        lines.append(teller.counted(words.and_more, more))
    rows = [
        (Button(_label(teller, question), buttons.ShowQuestion(booking_id=question.booking_id)),)
        for question in found[:MOST_BUTTONS]
    ]
    return Part("\n".join(lines), tuple(rows))


def _present(request: StaffRequest, booking_id: BookingId) -> Screen:
    """The question as it stands now, or that it does not any more."""
    teller = teller_of(request.naming)
    question = question_of(request.services.ledger, booking_id)
    if question is None:
        return screen(teller.words.is_settled.format(code=booking_code(booking_id)))
    return Screen((card(request.services, teller, question),))


def _outdated(request: StaffRequest, booking_id: BookingId) -> Screen:
    return _present(request, booking_id).said(teller_of(request.naming).words.has_changed)


def _told(
    request: StaffRequest, question: Question, button: buttons.AskAnswer | buttons.GiveAnswer, sentence: str
) -> str:
    teller, services = teller_of(request.naming), request.services
    seen = opened(services.ledger, services.database, services.vault, question)
    return sentence.format(who=teller.who(seen), effect=teller.effect(seen, button.answer))


def _label(teller: QuestionTeller, question: Question) -> str:
    when = teller.short_when(question)
    return teller.words.open_button.format(code=booking_code(question.booking_id), when=when)
