"""What waits for a person: both sides, the CRM's words, and every answer with what it would do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.texts.questions import QUESTION_WORDS, QuestionTeller
from console.operators import in_browser
from console.viewing import note_viewing
from console.web.desk import Desk
from console.web.sign_in import read_form
from console.web.voice import Voice
from ledger import events as e
from ledger.decisions import boundaries
from ledger.decisions.resolve_conflict import ResolveConflict
from ledger.errors import MalformedValueError, NoSuchAnswerError, NothingToResolveError, StaleVersionError
from ledger.ledger import Order
from ledger.values import BookingId, booking_code, parse_booking_id
from projections.questions import OpenedQuestion, Question, question_of, waiting

MOST = 50
PLACE = "web:/conflicts"
"""The list, and the page of one of its bookings: whoever sees the one sees the other."""
_OUTDATED = (NothingToResolveError, StaleVersionError, NoSuchAnswerError)


@dataclass(frozen=True)
class Choice:
    """One answer: its name, its few words, and what it does in full."""

    answer: e.Answer
    label: str
    effect: str


@dataclass(frozen=True)
class Shown:
    """One question in words."""

    code: str
    asked_at: int
    reason: str
    who: str
    what: str
    ours: str
    theirs: str
    more: list[str]
    choices: list[Choice]


class ConflictsPage:
    """`/conflicts`, and under it a page for each booking on which an answer is confirmed."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def page(self, request: Request) -> Response:
        """All that waits, visits nearest in time first."""
        return self._list(request, answered=_known_code(request.query_params.get("answered", "")))

    def ask(self, request: Request) -> Response:
        """What the chosen answer will do, before it is given."""
        voice, booking_id = self._desk.voice(request), self._booking(request)
        question = question_of(self._desk.house.ledger, booking_id)
        chosen = request.query_params.get("answer", "")
        shown = self._shown([question], voice)[0] if question else None
        choice = next((one for one in shown.choices if one.answer == chosen), None) if shown else None
        if shown is None or choice is None:
            return self._list(request, changed=booking_code(booking_id), status=409)
        return self._desk.draw(request, "conflict.html", voice, one=shown, choice=choice)

    async def answer(self, request: Request) -> Response:
        """Gives the answer, unless the question is no longer the one that was looked at."""
        form = await read_form(request)
        return await run_in_threadpool(self._answer, request, form or {})

    def _answer(self, request: Request, form: dict[str, str]) -> Response:
        booking_id, house = self._booking(request), self._desk.house
        given = next((answer for answer in get_args(e.Answer) if answer == form.get("answer")), None)
        asked_at = form.get("asked_at", "")
        if given is None or not (asked_at.isascii() and asked_at.isdecimal() and len(asked_at) < 18):
            raise HTTPException(400)
        question = question_of(house.ledger, booking_id)
        # The same form sent twice is the same command.
        order = Order(f"web:answer:{booking_id}:{asked_at}:{given}", in_browser(house), house.clock.now())
        their_slot = question.state.their_slot if question else None
        try:
            house.ledger.execute(ResolveConflict(order, booking_id, given, their_slot, int(asked_at)))
        except _OUTDATED:
            return self._list(request, changed=booking_code(booking_id), status=409)
        return RedirectResponse(f"/conflicts?answered={booking_code(booking_id)}", status_code=303)

    def _list(self, request: Request, *, answered: str = "", changed: str = "", status: int = 200) -> Response:
        voice, house = self._desk.voice(request), self._desk.house
        found = self._shown(waiting(house.ledger, house.database, limit=MOST), voice)
        return self._desk.draw(
            request, "conflicts.html", voice, status, found=found, most=MOST, answered=answered, changed=changed
        )

    def _shown(self, questions: Sequence[Question], voice: Voice) -> list[Shown]:
        """The questions in words, once it is written down that their clients are looked at."""
        house = self._desk.house
        clients = [question.state.client_id for question in questions]
        viewing = note_viewing(house, clients, ("name", "phone", "crm_words"), PLACE, by=in_browser(house))
        teller = QuestionTeller(QUESTION_WORDS[voice.words.language], voice.catalog, voice.zone)
        return [self._in_words(viewing.question(question), teller) for question in questions]

    def _in_words(self, seen: OpenedQuestion, teller: QuestionTeller) -> Shown:
        question = seen.question
        more = [teller.records(question), teller.said(seen), teller.since(question)]
        return Shown(
            code=booking_code(question.booking_id),
            asked_at=question.state.asked_at or 0,
            reason=teller.reason(question),
            who=teller.who(seen),
            what=teller.what(question),
            ours=teller.ours(question),
            theirs=teller.theirs(question),
            more=[line for line in more if line],
            choices=[
                Choice(answer, teller.button(question, answer), teller.effect(seen, answer))
                for answer in question.answers
            ],
        )

    def _booking(self, request: Request) -> BookingId:
        """Raises HTTPException 404 for what is no booking's number or code, or no booking."""
        words = self._desk.voice(request).words
        try:
            booking_id = parse_booking_id(request.path_params["booking"])
        except MalformedValueError:
            raise HTTPException(404, words.not_a_booking) from None
        if not self._desk.house.ledger.history(boundaries.booking(booking_id)):
            raise HTTPException(404, words.booking_gone.format(code=booking_code(booking_id)))
        return booking_id


def _known_code(text: str) -> str:
    """A booking's code from the address, '' for anything else."""
    try:
        return booking_code(parse_booking_id(text))
    except MalformedValueError:
        return ""
