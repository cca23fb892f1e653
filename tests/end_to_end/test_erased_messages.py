"""Of somebody who was erased nobody is told anything, staff learn what is left to do, and no screen falls over it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.texts.questions import QUESTION_WORDS, QuestionTeller
from ledger import events as e
from ledger.decisions.note_crm_erasure import NoteCrmErasure
from ledger.decisions.note_sync import NoteConflict
from ledger.values import RecordId
from projections import client_notices
from projections.catalog import current_catalog
from projections.questions import opened, question_of
from tests.builders import MONDAY, MOSCOW, OLGA, at, slot
from tests.fakes.conversation import Person, open_house
from tests.fakes.messages import Office
from tests.fakes.salon_hand import Hand
from tests.fakes.staff import staff_of
from tests.forgetting import erase
from tests.salon import Salon


@pytest.fixture
def office(salon: Salon) -> Office:
    return Office(salon, staff="ru")


async def test_whoever_is_erased_is_told_nothing_and_nobody_has_to_ring_them_up(office: Office, tmp_path: Path) -> None:
    client, chat_id = office.client()
    moved = office.salon.book(slot("15:00"), client)
    Hand(office.salon).moves(moved, slot("17:00", staff_id=OLGA))
    Hand(office.salon).removes(office.salon.book(slot("12:00"), client))

    erase(office.salon, client, tmp_path)
    await office.work()

    assert office.said(chat_id) == []
    assert moved not in {news.booking_id for news in client_notices.waiting(office.salon.database, at("00:01"))}
    assert office.events(e.ClientNoticeSent, e.ClientNoticeFailed, e.ReminderAttempted) == []
    assert not any("📞" in text for text in office.texts)


async def test_a_card_that_is_told_after_the_erasure_names_nobody(office: Office, tmp_path: Path) -> None:
    client, _ = office.client()
    office.salon.book(slot("15:00"), client)

    erase(office.salon, client, tmp_path)
    await office.work()

    (card,) = office.texts
    assert "данные клиента удалены" in card
    assert "Мария" not in card


async def test_today_shows_an_erased_clients_visit_without_them(office: Office, tmp_path: Path) -> None:
    client, _ = office.client()
    office.salon.book(slot("10:00"), client)
    office.salon.clock.advance(at("12:00", MONDAY) - office.salon.clock.now())
    erase(office.salon, client, tmp_path)

    async with staff_of(office) as staff:
        assert "10:00–11:00 Стрижка · данные клиента удалены" in await staff.write("/today")


async def test_staff_are_told_whom_to_delete_in_the_crm_by_hand_and_how_to_find_them(
    office: Office, tmp_path: Path
) -> None:
    salon = office.salon
    client, _ = office.client()
    booking = salon.book(slot("15:00"), client)
    Hand(salon).moves(booking, slot("17:00"))
    erase(salon, client, tmp_path)

    salon.ledger.execute(NoteCrmErasure(salon.order(), e.CrmClientKept(client, "no_right")))
    await office.work()

    told = next(text for text in office.texts if "🗑" in text)
    assert "нет права удалять клиентов" in told
    assert f"по номеру записи: {booking}." in told


async def test_a_question_about_an_erased_clients_booking_can_still_be_shown(salon: Salon, tmp_path: Path) -> None:
    client = salon.client()
    booking = salon.book(slot("15:00"), client)
    conflict = NoteConflict(salon.order(), booking, "duplicate", (RecordId(1), RecordId(2)))
    salon.ledger.execute(conflict)
    erase(salon, client, tmp_path)

    question = question_of(salon.ledger, booking)

    assert question is not None, "which record is whose has to be answered all the same"
    seen = opened(salon.ledger, salon.database, salon.vault, question)
    teller = QuestionTeller(QUESTION_WORDS["ru"], current_catalog(salon.database), MOSCOW)
    assert teller.who(seen) == "данные клиента удалены"
    assert "данные клиента удалены" in teller.lines(seen)
    assert not seen.can_tell


async def test_old_buttons_bring_nobody_back_and_whoever_comes_again_is_somebody_new(
    salon: Salon, tmp_path: Path
) -> None:
    async with open_house(salon) as house:
        maria = Person(house, 501, "Мария")
        await maria.write("/start")
        await maria.press("Записаться", "Стрижка", "Анна", "7", "10:00", "Даю")
        await maria.share("79161234567")
        await maria.press("Записаться")
        client = salon.vault.find("telegram", "501")
        assert client is not None
        erase(salon, client, tmp_path)

        await maria.press("Мои записи")

        assert "Стрижка" not in maria.screen
        assert salon.vault.find("telegram", "501") is None
        assert salon.vault.find("phone", "+79161234567") is None
        await maria.write("/start")
        await maria.press("Записаться", "Стрижка", "Анна", "7")
        assert "Согласие на обработку персональных данных" in await maria.press("10:00")
        await maria.press("Даю")
        await maria.share("79161234567")
        assert "Вы записаны!" in await maria.press("Записаться")
        assert salon.vault.find("telegram", "501") not in (None, client)
        assert house.failed_updates() == []
