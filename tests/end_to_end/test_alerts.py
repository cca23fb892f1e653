"""Alerts in the staff chat: why nothing is sent, that it goes on, what waits for a person; once a minute at most."""

from __future__ import annotations

import pytest

from ledger.decisions.brake import AcceptCrmChange, BrakeCrmChange, NoteCrmChangeSubsided
from ledger.decisions.integration import NoteCrmAnswered
from ledger.decisions.note_sync import NoteConflict
from ledger.values import BookingId, RecordId, booking_code
from tests.end_to_end.test_notices import booked
from tests.fakes.messages import Office
from tests.salon import Salon


@pytest.fixture
def office(salon: Salon) -> Office:
    return Office(salon, staff="ru")


async def test_a_pause_is_told_in_the_crms_own_words_with_what_to_do(office: Office) -> None:
    office.pause("auth", "Не указан идентификатор партнера")
    await office.work()
    (alert,) = office.texts
    assert "Причина: CRM не принимает наши ключи. Ответ CRM: «Не указан идентификатор партнера»" in alert
    assert "YCLIENTS_PARTNER_TOKEN" in alert
    assert "/resume" in alert


async def test_an_operators_pause_is_told_with_their_reason(office: Office) -> None:
    office.pause("operator", by="operator", note="меняем ключи")
    await office.work()
    assert "Причина: остановил администратор. «меняем ключи»" in office.texts[0]


async def test_alerts_come_once_a_minute_and_tell_the_state_as_it_is(office: Office) -> None:
    office.pause()
    await office.work()
    office.salon.resume()
    office.pause("licence")
    office.salon.resume()
    office.salon.advance(seconds=30)
    await office.work()
    assert len(office.texts) == 1
    office.salon.advance(seconds=31)
    await office.work()
    assert office.texts[1:] == ["✅ Обмен с CRM снова идёт. Ждут отправки: 0."]


async def test_that_the_crm_answers_again_is_told_once_and_that_a_person_resumes(office: Office) -> None:
    office.pause("auth", "Не указан идентификатор партнера")
    await office.work()
    office.salon.advance(minutes=2)
    office.salon.ledger.execute(NoteCrmAnswered(office.salon.order()))
    await office.work()
    office.salon.advance(minutes=2)
    office.salon.ledger.execute(NoteCrmAnswered(office.salon.order()))
    await office.work()
    (told,) = office.texts[1:]
    assert told.startswith("🟢 CRM снова отвечает")
    assert "/resume" in told


async def test_an_answer_that_is_old_news_after_resuming_is_not_told(office: Office) -> None:
    office.pause("auth")
    office.salon.ledger.execute(NoteCrmAnswered(office.salon.order()))
    office.salon.resume()
    await office.work()
    assert office.texts == ["✅ Обмен с CRM снова идёт. Ждут отправки: 0."]


async def test_a_change_too_large_to_be_believed_is_told_with_both_ways_out(office: Office) -> None:
    office.salon.ledger.execute(BrakeCrmChange(office.salon.order(), removed=7, moved=2, known=20))
    await office.work()
    (alert,) = office.texts
    assert alert.startswith("🛑")
    assert "удалено 7, перенесено 2 из 20 будущих" in alert
    assert "zapisnik sync accept" in alert

    office.salon.advance(minutes=2)
    office.salon.ledger.execute(AcceptCrmChange(office.salon.order()))
    await office.work()
    (accepted,) = office.texts[1:]
    assert accepted.startswith("✅ Большое изменение в журнале CRM подтверждено")


async def test_a_brake_that_was_taken_off_within_the_minute_is_one_message(office: Office) -> None:
    office.salon.ledger.execute(BrakeCrmChange(office.salon.order(), removed=7, moved=2, known=20))
    office.salon.ledger.execute(NoteCrmChangeSubsided(office.salon.order()))
    await office.work()
    (told,) = office.texts
    assert told.startswith("✅ Большого изменения в журнале CRM больше нет")


async def test_many_questions_are_counted_and_the_first_named_with_a_button_each(office: Office) -> None:
    made = booked(office, 12)
    for booking_id in made:
        conflict(office, booking_id)
    await office.work()
    (alert,) = [message for message in office.said() if message.text.startswith("❗️")]
    lines = alert.text.splitlines()
    assert lines[0] == "❗️ 12 записей ждут решения:"
    assert lines[1] == f"№ {booking_code(made[0])}, пн, 7 янв., 10:00: В CRM это время занято"
    assert lines[11] == "…и ещё 2"
    assert next(key.text for row in alert.buttons for key in row) == f"№ {booking_code(made[0])}, пн, 7 янв., 10:00"
    assert len(alert.buttons) == 10


async def test_up_to_five_questions_are_a_card_each_at_once_and_the_next_a_minute_later(office: Office) -> None:
    made = booked(office, 6)
    for booking_id in made[:5]:
        conflict(office, booking_id)
    await office.work()
    cards = [text for text in office.texts if text.startswith("❗️")]
    assert [card.splitlines()[0] for card in cards] == [
        f"❗️ В CRM это время занято (№ {booking_code(booking_id)})" for booking_id in made[:5]
    ]
    conflict(office, made[5])
    await office.work()
    assert len([text for text in office.texts if text.startswith("❗️")]) == 5
    office.salon.advance(seconds=61)
    await office.work()
    assert len([text for text in office.texts if text.startswith("❗️")]) == 6


async def test_a_switch_that_comes_with_a_question_is_told_on_its_card(office: Office) -> None:
    (booking_id,) = booked(office)
    await office.work()
    office.pause()
    conflict(office, booking_id)
    await office.work()
    assert "остановлен" in office.texts[-1]
    assert "❗️ В CRM это время занято" in office.texts[-1]
    assert office.said()[-1].buttons


async def test_a_conflict_that_is_settled_before_it_is_told_is_no_news(office: Office) -> None:
    (booking_id,) = booked(office)
    await office.work()
    conflict(office, booking_id)
    office.salon.cancel(booking_id)
    await office.work()
    assert not any(text.startswith("❗️") for text in office.texts)


def conflict(office: Office, booking_id: BookingId) -> None:
    salon = office.salon
    salon.ledger.execute(NoteConflict(salon.order(), booking_id, "slot_busy", (RecordId(1),)))
