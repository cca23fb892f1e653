"""What the staff ask in their chat, and how they stop and resume what is sent to the CRM."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

import pytest

from ledger import events as e
from ledger.decisions.confirm_visit import ConfirmVisit
from ledger.decisions.integration import NoteCrmAnswered
from ledger.decisions.note_sync import NoteConflict
from ledger.decisions.see_crm_booking import SeeCrmBooking
from ledger.values import Actor, BookingId, RecordId, booking_code
from projections.integration import integration, opened_note
from tests.builders import HAIRCUT, MONDAY, OLGA, at, slot
from tests.fakes.messages import ADMIN, GROUP, MEMBER, OWNER, Office
from tests.fakes.staff import staff_of
from tests.salon import Salon

TUESDAY = MONDAY + timedelta(days=1)


@pytest.fixture
def office(salon: Salon) -> Office:
    return Office(salon, staff="ru")


# --- today ---


async def test_today_shows_each_masters_visits_and_how_many_are_left(office: Office) -> None:
    salon = office.salon
    client_id = salon.client()
    confirmed = salon.book(slot("15:00"), client_id)
    by = salon.order(Actor("client", str(client_id)))
    salon.ledger.execute(ConfirmVisit(by, confirmed, client_id, 1))
    salon.book(slot("11:00", staff_id=OLGA))
    salon.cancel(salon.book(slot("16:00")))
    salon.book(slot("10:00", on=TUESDAY))
    salon.ledger.execute(SeeCrmBooking(salon.order(), BookingId(9), RecordId(9), slot("18:00"), (HAIRCUT,)))
    async with staff_of(office) as staff:
        assert await staff.write("/today") == "воскресенье, 6 января: визитов нет."
        salon.clock.advance(at("12:30") - salon.clock.now())
        shown = await staff.write("/today", MEMBER)
    assert shown == (
        "понедельник, 7 января: 3 визита, осталось 2.\n\n"
        "Анна\n15:00–16:00 Стрижка · Мария ✓\n18:00–19:00 Стрижка · записан в CRM\n\n"
        "Ольга\n11:00–12:00 Стрижка · Мария (прошёл)\n\n"
        "✓ — клиент подтвердил, что придёт"
    )


async def test_today_marks_who_cannot_be_reminded(office: Office) -> None:
    client_id, chat_id = office.client()
    office.salon.book(slot("15:00"), client_id)
    office.telegram.block(chat_id)
    office.salon.advance(hours=3)
    await office.work()
    office.salon.clock.advance(at("09:00") - office.salon.clock.now())
    async with staff_of(office) as staff:
        assert "Мария ⚠️ бот заблокирован" in await staff.write("/today")


async def test_a_very_long_day_takes_several_messages(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.screens.staff_today.LONGEST", 120)
    for hour in (10, 11, 12, 13, 15, 16):
        office.salon.book(slot(f"{hour}:00"))
    office.salon.advance(hours=20)
    async with staff_of(office) as staff:
        await staff.write("/today")
    said = "\n".join(message.text for message in office.said())
    assert len(office.said()) > 1
    assert said.count("Стрижка") == 6


@pytest.mark.parametrize("command", ["/today@zapisnik_local_bot", "/TODAY", "/today please"])
async def test_a_command_may_name_the_bot(office: Office, command: str) -> None:
    async with staff_of(office) as staff:
        assert "визитов нет" in await staff.write(command)


# --- sync ---


async def test_sync_tells_the_state_and_what_the_crm_lacks(office: Office) -> None:
    salon = office.salon
    async with staff_of(office) as staff:
        assert await staff.write("/sync") == "⚠️ Обмен с CRM ещё не начинался.\n\nВ CRM передано всё."
        office.pause("auth", "Не указан идентификатор партнера")
        parked = salon.book(slot("10:00"))
        salon.ledger.execute(NoteConflict(salon.order(), parked, "slot_busy", (RecordId(1),)))
        salon.book(slot("15:00"))
        salon.cancel(salon.book(slot("16:00")))
        salon.book(slot("10:00", on=TUESDAY))
        salon.clock.advance(at("18:00") - salon.clock.now())
        shown = (await staff.write("/sync", MEMBER)).splitlines()
    assert shown[:7] == [
        "⚠️ Обмен с CRM остановлен с 6 января 2030, 12:00.",
        "Причина: CRM не принимает наши ключи. Ответ CRM: «Не указан идентификатор партнера»",
        "",
        "Очередь в CRM:",
        "• новых записей: 1",
        "• отправлять уже не нужно: 1",
        "• визитов, время которых прошло: 1",
    ]
    assert shown[7] == "• нужен человек: 1"
    assert shown[8].startswith("Дольше всего ждёт: ")
    assert shown[9:] == [f"Нужен человек: {booking_code(parked)}. Ответить: /conflicts"]


# --- pause and resume ---


async def test_an_administrator_pauses_with_a_reason_that_is_sealed(office: Office) -> None:
    office.salon.resume()
    async with staff_of(office) as staff:
        assert "остановлен" in await staff.write("/pause меняем ключи, звонить Марии")
        assert "Причина: остановил администратор. «меняем ключи, звонить Марии»" in await staff.write("/sync")
    (paused,) = office.happened(e.IntegrationPaused)
    assert paused.by == Actor("staff", str(office.salon.vault.client_for("operator", str(ADMIN))))
    assert "Мари" not in str(paused.event)
    state = integration(office.salon.ledger)
    assert opened_note(office.salon.vault, state) == "меняем ключи, звонить Марии"


async def test_the_state_says_that_a_crm_which_refused_answers_again(office: Office) -> None:
    office.pause("auth")
    async with staff_of(office) as staff:
        assert "снова отвечает" not in await staff.write("/sync")
        office.salon.ledger.execute(NoteCrmAnswered(office.salon.order()))
        assert "CRM снова отвечает, но обмен с ней ещё остановлен" in await staff.write("/sync")


async def test_resuming_shows_first_what_would_be_sent(office: Office) -> None:
    office.pause()
    office.salon.book(slot("15:00"))
    async with staff_of(office) as staff:
        assert "• новых записей: 1" in await staff.write("/resume", OWNER)
        assert staff.labels == ["Возобновить"]
        assert office.switches()[1:] == []
        assert await staff.press(0, OWNER) == "Обмен с CRM возобновлён. Ждут отправки: 1."
        assert staff.labels == []
        assert "и так идёт" in await staff.write("/resume")
        assert staff.labels == []
    assert office.switches()[1:] == [e.IntegrationResumed("ask")]


@pytest.mark.parametrize(("label", "past"), [("Да, передать всё", "send"), ("Нет, только будущие", "skip")])
async def test_visits_that_have_gone_by_are_asked_about(
    office: Office, label: str, past: Literal["send", "skip"]
) -> None:
    office.pause()
    office.salon.book(slot("15:00"))
    office.salon.clock.advance(at("18:00") - office.salon.clock.now())
    async with staff_of(office) as staff:
        assert "1 визит уже прошёл" in await staff.write("/resume")
        await staff.press(staff.labels.index(label))
    assert office.switches()[1:] == [e.IntegrationResumed(past)]


async def test_a_button_of_an_older_pause_shows_the_present_one(office: Office) -> None:
    office.pause()
    async with staff_of(office) as staff:
        await staff.write("/resume")
        office.salon.advance(minutes=1)
        office.pause("operator", by="operator")
        assert "что-то изменилось" in await staff.press(0)
        assert staff.labels == ["Возобновить"]
        assert [type(one) for one in office.switches()] == [e.IntegrationPaused, e.IntegrationPaused]
        assert "возобновлён" in await staff.press(0)


async def test_two_presses_resume_once(office: Office) -> None:
    office.pause()
    async with staff_of(office) as staff:
        await staff.write("/resume")
        office.salon.advance(minutes=1)
        message_id = office.said()[-1].message_id
        first = staff.house.telegram.tap(GROUP, message_id, 0, by=ADMIN)
        await staff.house.settle()
        staff.house.telegram.redeliver(first)
        await staff.house.settle()
    assert office.switches()[1:] == [e.IntegrationResumed("ask")]
