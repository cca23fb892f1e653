"""A client is told what the salon did with their booking: what is so, at least once, with buttons that work."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from bot import buttons
from bot.texts.story import story_lines
from ledger import events as e
from ledger.decisions import boundaries
from ledger.decisions.clients import ChooseLanguage
from ledger.values import BookingId, Slot
from tests.builders import COLOURING, HAIRCUT, MONDAY, MOSCOW, OLGA, at, slot
from tests.fakes.conversation import Person, open_house
from tests.fakes.messages import Office
from tests.fakes.salon_hand import Hand
from tests.salon import Salon

TUESDAY = MONDAY + timedelta(days=1)
VISIT, LATER, OTHER_DAY = slot("15:00"), slot("17:00"), slot("16:00", on=TUESDAY, staff_id=OLGA)


@pytest.fixture
def office(salon: Salon) -> Office:
    return Office(salon, staff="ru")


@pytest.fixture
def hand(office: Office) -> Hand:
    return Hand(office.salon)


def booked(office: Office, place: Slot = VISIT) -> tuple[BookingId, int]:
    """Booked on Sunday at noon for Monday at three; and the client's chat."""
    client_id, chat_id = office.client()
    return office.salon.book(place, client_id), chat_id


def wait_until(office: Office, moment: datetime) -> None:
    office.salon.clock.advance(moment - office.salon.clock.now())


def told(office: Office) -> Sequence[e.AnyEvent]:
    return office.events(e.ClientNoticeSent, e.ClientNoticeFailed)


# --- moved ---


async def test_a_booking_moved_in_the_crm_is_told_once_with_both_times(office: Office, hand: Hand) -> None:
    booking_id, chat_id = booked(office)
    hand.moves(booking_id, OTHER_DAY)
    await office.work()
    await office.work()

    (message,) = office.said(chat_id)
    assert message.text == (
        "Здравствуйте, Мария! Салон перенёс вашу запись на другое время.\n\n"
        "Стрижка, мастер Ольга\n"
        "Было: понедельник, 7 января, 15:00–16:00, Анна\n"
        "Теперь: вторник, 8 января, 16:00–17:00\n"
        "Салон, ул. Лесная, 5\n\n"
        "Если вам так неудобно, запись можно перенести или отменить. Телефон салона: +7 495 123-45-67"
    )
    assert [[key.text for key in row] for row in message.buttons] == [["Перенести", "Отменить запись"], ["Мои записи"]]
    assert not message.is_silent
    (moved,) = office.happened(e.CrmBookingMoved)
    assert [event.covers for event in told(office) if isinstance(event, e.ClientNoticeSent)] == [(moved.position,)]
    story = story_lines(office.salon.ledger.history(boundaries.booking(booking_id)), None, MOSCOW, "ru")
    assert story[-1].endswith("Клиенту об этом сообщили.")


async def test_the_buttons_of_the_news_do_what_they_say(office: Office, hand: Hand) -> None:
    booking_id, chat_id = booked(office)
    hand.moves(booking_id, OTHER_DAY)
    await office.work()
    data = [key.data for row in office.said(chat_id)[0].buttons for key in row]
    place = {"booking_id": booking_id, "version": 2}
    assert data[:2] == [shape.model_validate(place).pack() for shape in (buttons.Move, buttons.AskCancel)]
    async with open_house(office.salon, office.telegram) as house:
        maria = Person(house, chat_id)
        assert "Переносим запись" in await maria.forge(data[0])
        assert "Ваши записи." in await maria.forge(data[2])
        assert maria.see("вт, 8 янв., 16:00")
        await maria.forge(data[1])
        assert "отменена" in await maria.press("Да, отменить")
    assert len(office.events(e.BookingCancelled)) == 1


async def test_two_moves_before_anybody_wrote_are_one_message_about_the_last(office: Office, hand: Hand) -> None:
    booking_id, chat_id = booked(office)
    hand.moves(booking_id, LATER)
    hand.moves(booking_id, OTHER_DAY)
    await office.work()
    (message,) = office.said(chat_id)
    assert "Было: понедельник, 7 января, 15:00–16:00, Анна\nТеперь: вторник, 8 января" in message.text
    assert [len(event.covers) for event in told(office) if isinstance(event, e.ClientNoticeSent)] == [2]


async def test_a_move_after_the_news_is_told_from_where_the_news_left_it(office: Office, hand: Hand) -> None:
    booking_id, chat_id = booked(office)
    hand.moves(booking_id, LATER)
    await office.work()
    hand.moves(booking_id, VISIT)
    await office.work()
    _, second = office.said(chat_id)
    assert "Было: понедельник, 7 января, 17:00–18:00\nТеперь: понедельник, 7 января, 15:00–16:00" in second.text


async def test_there_and_back_or_a_mere_other_length_is_not_told(office: Office, hand: Hand) -> None:
    booking_id, chat_id = booked(office)
    hand.moves(booking_id, LATER)
    hand.moves(booking_id, VISIT)
    hand.moves(booking_id, slot("15:00", minutes=90))
    await office.work()
    assert office.said(chat_id) == []
    assert told(office) == []


async def test_another_master_at_the_same_time_is_told_as_that(office: Office, hand: Hand) -> None:
    booking_id, chat_id = booked(office)
    hand.moves(booking_id, slot("15:00", staff_id=OLGA))
    await office.work()
    assert "вас примет другой мастер" in office.said(chat_id)[0].text


async def test_what_the_client_changed_meanwhile_is_not_told(office: Office, hand: Hand) -> None:
    cancelled, first_chat = booked(office)
    moved, second_chat = booked(office, slot("12:00"))
    other, other_chat = booked(office, OTHER_DAY)
    hand.moves(cancelled, LATER)
    hand.moves(moved, slot("13:00"))
    hand.removes(other)
    office.salon.catch_up()
    office.salon.cancel(cancelled)
    office.salon.move(moved, OTHER_DAY)
    await office.messenger.turn()  # the read model still says that there is something to tell
    assert len(office.said(other_chat)) == 1, "it keeps nobody else waiting"
    await office.work()
    assert office.said(first_chat) == office.said(second_chat) == []
    assert len(told(office)) == 1


async def test_a_visit_whose_time_has_passed_is_not_told_of(office: Office, hand: Hand) -> None:
    booking_id, chat_id = booked(office)
    hand.moves(booking_id, LATER)
    wait_until(office, at("17:00"))
    await office.work()
    assert office.said(chat_id) == []


async def test_a_client_who_would_come_too_late_is_still_told(office: Office, hand: Hand) -> None:
    booking_id, chat_id = booked(office, LATER)
    wait_until(office, at("15:30"))
    hand.moves(booking_id, VISIT)
    await office.work()
    message = next(one for one in office.said(chat_id) if "перенёс" in one.text)
    assert message.text.endswith("Если вам так неудобно, позвоните нам, пожалуйста: +7 495 123-45-67")
    assert [key.text for row in message.buttons for key in row] == ["Мои записи"], "the salon's limit is two hours"


async def test_what_may_not_be_lost_comes_at_night_too_but_without_a_sound(office: Office, hand: Hand) -> None:
    booking_id, chat_id = booked(office, slot("10:00", on=TUESDAY))
    for moment, place in ((at("22:00"), "11:00"), (at("08:59", TUESDAY), "18:00"), (at("09:00", TUESDAY), "19:00")):
        wait_until(office, moment)
        hand.moves(booking_id, slot(place, on=TUESDAY))
        await office.work()
    news = [message for message in office.said(chat_id) if "перенёс" in message.text]
    assert [message.is_silent for message in news] == [True, True, False]


# --- removed ---


async def test_a_booking_removed_in_the_crm_is_told_with_a_way_to_book_again(office: Office, hand: Hand) -> None:
    booking_id, chat_id = booked(office)
    hand.removes(booking_id)
    await office.work()
    (message,) = office.said(chat_id)
    assert message.text == (
        "Здравствуйте, Мария! К сожалению, салон отменил вашу запись.\n\n"
        "Стрижка, мастер Анна\nпонедельник, 7 января, 15:00–16:00\n\n"
        "Приносим извинения. Будем рады видеть вас в другое время. Телефон салона: +7 495 123-45-67"
    )
    async with open_house(office.salon, office.telegram) as house:
        maria = Person(house, chat_id)
        assert "Стрижка" in await maria.press("Записаться снова")
        assert maria.see("Любой мастер")


async def test_several_services_begin_again_with_the_price_list(office: Office, hand: Hand) -> None:
    client_id, chat_id = office.client()
    hand.removes(office.salon.book(slot("15:00", minutes=180), client_id, (HAIRCUT, COLOURING)))
    await office.work()
    (key,) = office.said(chat_id)[0].buttons[0]
    assert key.data == buttons.Services().pack()


async def test_a_removal_after_a_move_names_the_time_the_client_knows(office: Office, hand: Hand) -> None:
    booking_id, chat_id = booked(office)
    hand.moves(booking_id, LATER)
    hand.removes(booking_id)
    await office.work()
    (message,) = office.said(chat_id)
    assert "понедельник, 7 января, 15:00–16:00" in message.text
    assert "17:00" not in message.text


@pytest.mark.parametrize("by", ["client", "operator"])
async def test_a_cancellation_is_told_unless_it_was_the_clients_own(office: Office, hand: Hand, by: str) -> None:
    booking_id, chat_id = booked(office)
    if by == "client":
        office.salon.cancel(booking_id)
    else:
        hand.answers(booking_id, "theirs")
    await office.work()
    assert len(office.said(chat_id)) == (by == "operator")


# --- asked for another time ---


async def test_a_client_is_asked_for_another_time_and_can_choose_it(office: Office, hand: Hand) -> None:
    booking_id, chat_id = booked(office)
    hand.answers(booking_id, "offer")
    await office.work()
    (message,) = office.said(chat_id)
    assert message.text == (
        "Здравствуйте, Мария! К сожалению, на это время салон не может вас принять.\n\n"
        "Стрижка, мастер Анна\nпонедельник, 7 января, 15:00–16:00\n\n"
        "Выберите, пожалуйста, другое время. Телефон салона: +7 495 123-45-67"
    )
    assert [[key.text for key in row] for row in message.buttons] == [["Выбрать другое время"], ["Отменить запись"]]
    async with open_house(office.salon, office.telegram) as house:
        maria = Person(house, chat_id)
        await maria.press("Выбрать другое время", "Анна")
        await maria.press("8", "12:00")
        assert "вторник, 8 января" in await maria.press("Да, перенести")
    await office.work()
    assert len(office.events(e.BookingMoved)) == 1
    assert len(told(office)) == 1


async def test_an_offer_taken_back_before_it_was_made_is_not_made(office: Office, hand: Hand) -> None:
    booking_id, chat_id = booked(office)
    hand.answers(booking_id, "offer")
    hand.answers(booking_id, "retry")
    await office.work()
    assert office.said(chat_id) == []
    assert told(office) == []


async def test_nobody_is_asked_for_another_time_when_it_has_passed(office: Office, hand: Hand) -> None:
    booking_id, chat_id = booked(office)
    hand.answers(booking_id, "offer")
    wait_until(office, at("15:00"))
    await office.work()
    assert office.said(chat_id) == []
    assert told(office) == []


# --- in their language ---


async def test_an_english_client_is_told_in_english(office: Office, hand: Hand) -> None:
    client_id, chat_id = office.client()
    office.salon.ledger.execute(ChooseLanguage(office.salon.order(), client_id, "en"))
    hand.moves(office.salon.book(VISIT, client_id), LATER)
    await office.work()
    (message,) = office.said(chat_id)
    assert message.text.startswith("Hello, Мария! The salon has moved your booking to another time.")
    assert "Before: Monday, 7 January, 15:00–16:00\nNow: Monday, 7 January, 17:00–18:00" in message.text
    assert [key.text for row in message.buttons for key in row] == ["Move", "Cancel", "My bookings"]
