"""`zapisnik sync conflicts`, `resolve` and `retry`: what waits for a person, and that person's answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import typer

from bot.texts.questions import QUESTION_WORDS, QuestionTeller
from console.cli.common import caught_up, house_of, named, operator_of, print_json
from console.errors import FoundError, UsageError
from console.viewing import note_viewing
from console.wiring import House
from ledger.decisions import boundaries
from ledger.decisions.resolve_conflict import ResolveConflict
from ledger.errors import NoSuchAnswerError, NothingToResolveError, StaleVersionError
from ledger.events import Answer
from ledger.ledger import Order
from ledger.privacy import random_id
from ledger.questions import answers_to
from ledger.values import ClientId, booking_code, parse_booking_id
from projections.catalog import current_catalog
from projections.integration import integration
from projections.questions import OpenedQuestion, Question, effect_of, question_of, waiting

commands = typer.Typer()


@commands.command()
def conflicts(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the bookings that wait for a person, with the answers there are. Exit code 1 if any does."""
    with house_of() as house:
        caught_up(house)
        teller = _teller(house)
        questions = waiting(house.ledger, house.database)
        viewing = note_viewing(house, _clients_of(questions), ("name", "phone", "crm_words"), "cli:sync conflicts")
        found = [viewing.question(question) for question in questions]
        if as_json:
            print_json([conflict_json(one, teller) for one in found])
        else:
            typer.echo("\n\n".join(_lines(one, teller) for one in found) or teller.words.none_waiting)
    if found:
        raise typer.Exit(1)


@commands.command()
def resolve(
    booking: Annotated[str, typer.Argument(help="A booking's number or code.")],
    answer: Annotated[Literal["ours", "theirs", "offer"], typer.Argument(help="Whose word counts.")],
) -> None:
    """Answer for a booking that waits: keep ours, keep theirs, or offer the client another time."""
    _answer(booking, answer)


@commands.command()
def retry(booking: Annotated[str, typer.Argument(help="A booking's number or code.")]) -> None:
    """Send a booking that waits once more, as it is."""
    _answer(booking, "retry")


def conflict_json(one: OpenedQuestion, teller: QuestionTeller) -> dict[str, Any]:
    """One question in the form `docs/commands.md` describes."""
    question, state = one.question, one.question.state
    theirs = state.their_slot
    contact = one.contact
    return {
        **named(question.booking_id),
        "since": question.since,
        "reason": question.reason,
        "in_words": teller.reason(question),
        "said": one.said,
        "client_id": state.client_id,
        "client": {"name": contact.name, "phone": contact.phone} if contact else None,
        "staff_id": state.slot.staff_id,
        "starts_at": state.slot.starts_at,
        "ends_at": state.slot.ends_at,
        "cancelled": not state.is_wanted,
        "theirs": {"staff_id": theirs.staff_id, "starts_at": theirs.starts_at, "ends_at": theirs.ends_at}
        if theirs
        else None,
        "record_id": state.record_id,
        "records": state.conflict_records or state.surplus,
        "offered": state.offered,
        "answers": [
            {"answer": answer, "effect": effect_of(state, answer), "in_words": teller.effect(one, answer)}
            for answer in question.answers
        ],
    }


def _answer(booking: str, answer: Answer) -> None:
    booking_id = parse_booking_id(booking)
    code = booking_code(booking_id)
    with house_of() as house:
        question = question_of(house.ledger, booking_id)
        if question is None and not house.ledger.history(boundaries.booking(booking_id)):
            raise FoundError(f"there is no booking {code} in this ledger")
        if question is None:
            raise FoundError(f"booking {code} does not wait for anybody: see `zapisnik story {code}`")
        if answer == "offer" and question.state.offered:
            raise FoundError(f"the client of booking {code} has been asked already and has not chosen yet")
        viewing = note_viewing(house, _clients_of([question]), ("name", "phone"), "cli:sync resolve")
        teller, seen, state = _teller(house), viewing.question(question), question.state
        order = Order(f"console:{random_id()}", operator_of(house), house.clock.now())
        try:
            house.ledger.execute(ResolveConflict(order, booking_id, answer, state.their_slot, state.asked_at))
        except NoSuchAnswerError as error:
            possible = " or ".join(_command(code, one) for one in answers_to(state))
            raise UsageError(f"{_command(code, answer)}: {teller.reason(question)}; answer {possible}") from error
        except (NothingToResolveError, StaleVersionError) as error:
            raise FoundError(f"booking {code} has changed this very moment: see `zapisnik sync conflicts`") from error
        typer.echo(f"{code}  {teller.who(seen)}: {teller.effect(seen, answer)}")
        if integration(house.ledger).state == "paused" and answer != "offer":
            typer.echo("The integration is paused: what has to be sent is sent after `zapisnik sync resume`.", err=True)


def _clients_of(questions: Sequence[Question]) -> list[ClientId]:
    return [question.state.client_id for question in questions]


def _lines(one: OpenedQuestion, teller: QuestionTeller) -> str:
    code = booking_code(one.question.booking_id)
    answers = [f"  {_command(code, answer)}\n      {teller.effect(one, answer)}" for answer in one.question.answers]
    return "\n".join([f"{code}  {teller.reason(one.question)}", *(f"  {line}" for line in teller.lines(one)), *answers])


def _command(code: str, answer: Answer) -> str:
    return f"`zapisnik sync retry {code}`" if answer == "retry" else f"`zapisnik sync resolve {code} {answer}`"


def _teller(house: House) -> QuestionTeller:
    return QuestionTeller(QUESTION_WORDS["en"], current_catalog(house.database), house.zone)
