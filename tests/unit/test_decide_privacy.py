"""What a client may decide about their data, and what is written down of those who look at it."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest

from ledger import errors, events as e
from ledger.decisions.book import MakeBooking
from ledger.decisions.clients import GiveConsent, RegisterClient
from ledger.decisions.erasure import CallErasureOff, RequestErasure, working_days_after
from ledger.decisions.folds import consent as consent_in_force
from ledger.decisions.note_viewing import NoteViewing
from ledger.decisions.withdraw_consent import WithdrawConsent
from ledger.ledger import Already
from ledger.values import Actor, ClientId
from tests.builders import (
    BOOKING,
    DARIA,
    MARIA,
    NOW,
    Memory,
    consent,
    given,
    held,
    made,
    order,
    registered,
    sealed,
)

GONE = e.ConsentWithdrawn(MARIA, "booking", "1")
ASKED = e.ErasureRequested(MARIA, date(2030, 1, 18))
OFF = e.ErasureCalledOff(MARIA)
ERASED = e.ClientErased(MARIA, "request", ("name", "phone"), "none")
OPERATOR, OTHER = Actor("operator", "77"), Actor("operator", "78")


def agree(version: str = "1", purpose: str = "booking") -> GiveConsent:
    return GiveConsent(order(), MARIA, version, "ab" * 32, purpose)


def withdraw() -> WithdrawConsent:
    return WithdrawConsent(order(), MARIA)


# --- consent ---


def test_a_withdrawal_names_the_version_that_was_agreed_to() -> None:
    memory = given(consent(), consent(version="2"))

    assert memory.execute(withdraw()) == [e.ConsentWithdrawn(MARIA, "booking", "2")]
    assert memory.decide(withdraw()) == Already(e.ConsentWithdrawn(MARIA, "booking", "2"))


def test_nobody_withdraws_what_they_never_gave() -> None:
    assert given(consent(DARIA)).decide(withdraw()) == []
    assert withdraw().answer([]) is None


def test_after_a_withdrawal_the_same_text_is_agreed_to_anew() -> None:
    memory = given(consent(), GONE)

    assert memory.execute(agree()) == [consent()]
    assert memory.execute(withdraw()) == [GONE]


def test_after_a_withdrawal_nothing_new_is_booked_or_registered_without_a_new_consent() -> None:
    memory = given(consent(), registered(), held(), GONE)
    register = RegisterClient(order(), MARIA, sealed(), sealed(), sealed(), phone_verified=True)

    with pytest.raises(errors.ConsentMissingError):
        memory.decide(MakeBooking(order(), BOOKING, MARIA))
    with pytest.raises(errors.ConsentMissingError):
        given(consent(), GONE).decide(register)
    memory.execute(agree("2"))
    assert memory.new(MakeBooking(order(), BOOKING, MARIA)) == [made()]


def test_a_purpose_that_no_text_is_about_is_a_fault_of_the_caller() -> None:
    with pytest.raises(errors.MalformedValueError, match="purpose"):
        given().decide(agree(purpose="advertising"))


def test_consents_to_different_purposes_do_not_stand_in_for_one_another() -> None:
    """A later version's events, as this one's folds see them."""
    adverts = e.ConsentGiven(MARIA, "advertising", "1", "cd" * 32)
    no_adverts = e.ConsentWithdrawn(MARIA, "advertising", "1")

    assert consent_in_force(Memory(adverts).log) is None
    assert consent_in_force(Memory(consent(), adverts, no_adverts).log) == consent()
    assert consent_in_force(Memory(adverts, consent(), GONE).log, "advertising") == adverts


# --- erasure ---


@pytest.mark.parametrize(
    ("day", "due"),
    [
        (date(2030, 1, 6), date(2030, 1, 18)),  # a Sunday
        (date(2030, 1, 7), date(2030, 1, 21)),
        (date(2030, 1, 11), date(2030, 1, 25)),  # a Friday
        (date(2030, 1, 12), date(2030, 1, 25)),
    ],
)
def test_ten_working_days_end_on_the_tenth(day: date, due: date) -> None:
    assert working_days_after(day, 10) == due


def test_who_asks_to_be_erased_takes_the_consent_back_too() -> None:
    memory = given(consent(), registered())
    asked = RequestErasure(order(), MARIA)

    assert memory.execute(asked) == [ASKED, GONE]
    assert asked.answer([ASKED, GONE]) == ASKED
    assert memory.decide(RequestErasure(order(at=NOW + timedelta(days=3)), MARIA)) == Already(ASKED), "no new term"


def test_who_never_agreed_may_ask_as_well() -> None:
    assert given(registered()).new(RequestErasure(order(), MARIA)) == [ASKED]
    assert given(consent(), GONE).new(RequestErasure(order(), MARIA)) == [ASKED]


def test_the_wish_can_be_called_off_and_comes_with_a_term_of_its_own_again() -> None:
    memory = given(consent(), ASKED, GONE)

    assert memory.execute(CallErasureOff(order(), MARIA)) == [OFF]
    assert memory.new(CallErasureOff(order(), MARIA)) == []
    later = RequestErasure(order(at=NOW + timedelta(days=1)), MARIA)
    assert memory.new(later) == [e.ErasureRequested(MARIA, date(2030, 1, 21))], "the consent stays taken back"


def test_who_agrees_again_is_kept() -> None:
    assert given(consent(), ASKED, GONE).new(agree("2")) == [consent(version="2"), OFF]
    assert given(consent(), ASKED, GONE, OFF).new(agree("2")) == [consent(version="2")]
    assert given(e.ErasureRequested(DARIA, ASKED.due_on)).new(agree()) == [consent()]


# --- viewing ---


def view(
    *client_ids: ClientId,
    by: Actor = OPERATOR,
    minutes: float = 0,
    what: tuple[e.Personal, ...] = ("name", "phone"),
    where: str = "web:/conflicts",
) -> NoteViewing:
    return NoteViewing(order(by=by, at=NOW + timedelta(minutes=minutes)), client_ids, what, where)


def viewed(client_id: ClientId = MARIA) -> e.PersonalDataViewed:
    return e.PersonalDataViewed(client_id, ("name", "phone"), "web:/conflicts")


def seen_by(memory: Memory, by: Actor = OPERATOR) -> Memory:
    """The same log, its viewings done by this person."""
    memory.log = [msgspec.structs.replace(item, by=by) for item in memory.log]
    return memory


def test_many_clients_are_one_append_and_each_of_them_once() -> None:
    assert given().new(view(MARIA, DARIA, MARIA)) == [viewed(MARIA), viewed(DARIA)]


def test_a_page_looked_at_again_within_the_hour_is_one_viewing() -> None:
    memory = seen_by(given(viewed()))

    assert memory.new(view(MARIA, minutes=59.9)) == []
    assert memory.new(view(MARIA, minutes=60)) == [viewed()]
    assert memory.new(view(MARIA, DARIA, minutes=5)) == [viewed(DARIA)]


def test_another_person_another_place_and_more_than_was_seen_are_viewings_of_their_own() -> None:
    memory = seen_by(given(viewed()))

    assert len(memory.new(view(MARIA, by=OTHER))) == 1
    assert len(memory.new(view(MARIA, where="cli:client find"))) == 1
    assert len(memory.new(view(MARIA, what=("name", "crm_words")))) == 1
    assert memory.new(view(MARIA, what=("phone",))) == []


def test_one_persons_viewing_is_not_hidden_by_anothers_since() -> None:
    memory = seen_by(given(viewed()))
    memory.log += seen_by(Memory(viewed(), viewed()), OTHER).log[1:]

    assert memory.new(view(MARIA, minutes=5)) == []


def test_a_clock_that_was_set_far_back_hides_no_viewing() -> None:
    assert seen_by(given(viewed())).new(view(MARIA, minutes=-61)) == [viewed()]


# --- and once they are erased ---


def test_an_erasure_ends_the_wish_for_it_and_every_consent() -> None:
    memory = given(consent(), registered(), ASKED, ERASED)

    assert consent_in_force(memory.log) is None
    assert memory.decide(CallErasureOff(order(), MARIA)) == []


@pytest.mark.parametrize("wish", [RequestErasure(order(), MARIA), agree()], ids=["erasure", "consent"])
def test_an_erased_client_wishes_nothing_any_more(wish: RequestErasure | GiveConsent) -> None:
    """A tap that was under way while the operator erased: a wish of nobody would stay open for ever."""
    with pytest.raises(errors.ErasedClientError):
        given(consent(), registered(), ERASED).decide(wish)
