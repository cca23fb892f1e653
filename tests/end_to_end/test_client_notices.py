"""Clients are told what the salon did with their bookings: what is so when it is told, once, to them alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.local import LocalTelegram
from ledger import events as e
from ledger.decisions.clients import ChooseLanguage
from ledger.decisions.follow_crm import FollowCrmRecord
from ledger.decisions.note_sync import BeginAttempt, NoteConflict, NoteOutcome
from ledger.decisions.resolve_conflict import ResolveConflict
from ledger.privacy import random_id
from ledger.values import Actor, BookingId, RecordId, Slot, booking_code
from tests.builders import ANNA, MONDAY, OLGA, slot, succeeded
from tests.fakes.conversation import Person, open_house
from tests.fakes.messages import KilledError, Office
from tests.salon import Salon

CRM, OPERATOR = Actor("crm", "yclients"), Actor("operator", "1")
RECORD = RecordId(9001)
TEN, ELEVEN, FOUR = slot("10:00"), slot("11:00"), slot("16:00", staff_id=OLGA)


@pytest.fixture
def office(salon: Salon) -> Office:
    return Office(salon, staff="ru")


def in_crm(salon: Salon, booking_id: BookingId, place: Slot = TEN) -> BookingId:
    """As after the sender's success."""
    salon.resume()
    attempt_id, later = random_id(), salon.clock.now() + timedelta(seconds=30)
    begun = BeginAttempt(salon.order(), booking_id, attempt_id, "create", later, place)
    covers = salon.ledger.execute(begun).answer.covers
    done = succeeded(booking_id=booking_id, attempt_id=attempt_id, covers=covers, record_id=RECORD)
    salon.ledger.execute(NoteOutcome(salon.order(), done))
    return booking_id


def booked(office: Office) -> tuple[BookingId, int]:
    """A booking that the CRM holds, and its client's chat."""
    client_id, chat_id = office.client()
    return in_crm(office.salon, office.salon.book(TEN, client_id)), chat_id


def follow(salon: Salon, booking_id: BookingId, to: Slot | None) -> None:
    """What staff did with the record."""
    salon.ledger.execute(FollowCrmRecord(salon.order(CRM), booking_id, RECORD, to))


async def test_a_moved_booking_is_told_once_with_both_times_and_its_buttons(office: Office) -> None:
    booking_id, chat_id = booked(office)
    follow(office.salon, booking_id, FOUR)
    await office.work()
    (said,) = office.said(chat_id)
    assert said.text.startswith("Здравствуйте, Мария! Салон перенёс вашу запись.")
    assert "Стрижка, мастер Ольга\nпонедельник, 7 января, 16:00–17:00" in said.text
    assert "Было: понедельник, 7 января, 10:00–11:00, Анна" in said.text
    assert [key.text for row in said.buttons for key in row] == ["Перенести", "Отменить запись", "Мои записи"]
    await office.work()
    assert len(office.said(chat_id)) == 1
    assert not any("Запись перенесена" in text for text in office.texts), "staff did it themselves"


async def test_a_removed_booking_is_told_with_a_way_to_another_time(office: Office) -> None:
    booking_id, chat_id = booked(office)
    follow(office.salon, booking_id, None)
    await office.work()
    (said,) = office.said(chat_id)
    assert "салону пришлось отменить вашу запись" in said.text
    assert [key.text for row in said.buttons for key in row] == ["Выбрать другое время", "Мои записи"]


async def test_several_changes_are_one_message_about_what_is_so_now(office: Office) -> None:
    booking_id, chat_id = booked(office)
    follow(office.salon, booking_id, ELEVEN)
    follow(office.salon, booking_id, FOUR)
    await office.work()
    (said,) = office.said(chat_id)
    assert "16:00–17:00" in said.text
    assert "11:00–12:00" not in said.text
    (sent,) = office.events(e.ClientNoticeSent)
    assert isinstance(sent, e.ClientNoticeSent)
    assert len(sent.covers) == 2


async def test_what_is_no_longer_so_is_not_told(office: Office) -> None:
    back, chat_back = booked(office)
    follow(office.salon, back, FOUR)
    follow(office.salon, back, TEN)
    await office.work()
    office.salon.cancel(back)
    await office.work()
    assert office.said(chat_back) == []


async def test_who_cancelled_it_themselves_meanwhile_is_told_nothing(office: Office) -> None:
    booking_id, chat_id = booked(office)
    follow(office.salon, booking_id, FOUR)
    office.salon.cancel(booking_id)
    await office.work()
    assert office.said(chat_id) == []


async def test_a_mere_change_of_length_is_told_to_nobody(office: Office) -> None:
    booking_id, chat_id = booked(office)
    follow(office.salon, booking_id, slot("10:00", minutes=90))
    await office.work()
    assert office.said(chat_id) == []


async def test_of_a_visit_that_is_over_nobody_is_told(office: Office) -> None:
    booking_id, chat_id = booked(office)
    office.salon.advance(days=2)
    follow(office.salon, booking_id, None)
    await office.work()
    assert [said for said in office.said(chat_id) if "отменить" in said.text] == []


async def test_in_the_clients_own_language(office: Office) -> None:
    client_id, chat_id = office.client()
    booking_id = in_crm(office.salon, office.salon.book(TEN, client_id))
    office.salon.ledger.execute(ChooseLanguage(office.salon.order(), client_id, "en"))
    follow(office.salon, booking_id, FOUR)
    await office.work()
    (said,) = office.said(chat_id)
    assert "The salon has moved your booking." in said.text


async def test_whoever_cannot_be_told_is_named_to_the_staff(office: Office) -> None:
    booking_id, chat_id = booked(office)
    office.telegram.block(chat_id)
    follow(office.salon, booking_id, FOUR)
    await office.work()
    (failed,) = office.events(e.ClientNoticeFailed)
    assert isinstance(failed, e.ClientNoticeFailed)
    assert failed.reason == "blocked"
    office.salon.advance(seconds=61)
    await office.work()
    (alert,) = [text for text in office.texts if "📞" in text]
    assert f"№ {booking_code(booking_id)}, пн, 7 янв., 16:00, перенесена" in alert
    assert "Мария, +7 916 000-00-01" in alert


async def test_killed_after_sending_it_is_told_again_and_after_recording_never(office: Office) -> None:
    booking_id, chat_id = booked(office)
    await office.work()
    follow(office.salon, booking_id, FOUR)
    office.session.faults = ["killed"]
    with pytest.raises(KilledError):
        await office.work()
    again = office.another("first")
    for _ in range(5):
        await office.turn(again)
    assert len(office.said(chat_id)) == 2
    assert len(office.events(e.ClientNoticeSent)) == 1


async def test_at_night_it_comes_without_a_sound(office: Office) -> None:
    booking_id, chat_id = booked(office)
    office.salon.advance(hours=11)
    follow(office.salon, booking_id, FOUR)
    await office.work()
    (said,) = office.said(chat_id)
    assert said.is_silent


@pytest.mark.parametrize(
    ("answer", "told"), [("theirs", "салону пришлось отменить"), ("offer", "в это время не получится")]
)
async def test_an_operators_answer_to_a_conflict_is_told(office: Office, answer: e.Answer, told: str) -> None:
    client_id, chat_id = office.client()
    booking_id = office.salon.book(TEN, client_id)
    salon = office.salon
    salon.ledger.execute(NoteConflict(salon.order(), booking_id, "slot_busy", (RECORD,)))
    salon.ledger.execute(ResolveConflict(salon.order(OPERATOR), booking_id, answer))
    await office.work()
    (said,) = office.said(chat_id)
    assert told in said.text
    assert said.buttons[0][0].text == "Выбрать другое время"


async def test_through_the_bot_the_client_sees_the_moved_time_and_the_buttons_work(salon: Salon) -> None:
    telegram = LocalTelegram()
    office = Office(salon, telegram=telegram)
    async with open_house(salon, telegram) as house:
        person = Person(house, 501)
        client_id = salon.client("501")
        booking_id = in_crm(salon, salon.book(TEN, client_id))
        follow(salon, booking_id, slot("16:00", staff_id=ANNA, on=MONDAY + timedelta(days=1)))
        await office.work()
        await person.press("Мои записи")
        assert person.see("вт, 8 янв., 16:00"), person.labels
        await person.press("вт, 8 янв., 16:00")
        assert "16:00" in person.screen
        follow(salon, booking_id, None)
        await office.work()
        await person.press("Выбрать другое время")
        assert person.see("пн") or "день" in person.screen.lower(), person.screen
