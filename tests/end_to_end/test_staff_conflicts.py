"""What the staff do about a booking that waits for a person: see it, see what an answer would do, answer it once."""

from __future__ import annotations

import pytest

from bot import buttons
from ledger import events as e
from ledger.decisions.note_sync import BeginAttempt, NoteConflict, NoteOutcome
from ledger.values import Actor, BookingId, RecordId, Slot, booking_code
from projections import schedule
from tests.builders import NOW, slot
from tests.end_to_end.test_notices import booked
from tests.fakes.conversation import Person
from tests.fakes.messages import ADMIN, GROUP, MEMBER, Office
from tests.fakes.staff import staff_of
from tests.salon import Salon

SIX = slot("18:00")


@pytest.fixture
def office(salon: Salon) -> Office:
    salon.resume()
    return Office(salon, staff="ru")


def conflict(
    office: Office, booking_id: BookingId, kind: e.ConflictKind = "slot_busy", their_slot: Slot | None = None
) -> None:
    records = (RecordId(1),) if kind != "duplicate" else (RecordId(1), RecordId(2))
    note = NoteConflict(office.salon.order(), booking_id, kind, records, their_slot=their_slot)
    office.salon.ledger.execute(note)
    office.salon.catch_up()


def refused(office: Office, booking_id: BookingId, said: str) -> None:
    """As the sender writes it down when the CRM says no."""
    salon = office.salon
    begin = BeginAttempt(salon.order(), booking_id, 77, "create", NOW, slot("10:00"))
    attempt = salon.ledger.execute(begin).answer
    message = salon.vault.seal(attempt.client_id, said, "sync_failed.message")
    outcome = e.SyncFailed(
        *(booking_id, attempt.client_id, 77, "create", "refused", "invalid", message, 422), parked=True
    )
    salon.ledger.execute(NoteOutcome(salon.order(), outcome))
    salon.catch_up()


def answers(office: Office) -> list[tuple[e.Answer, str]]:
    return [
        (item.event.answer, item.by.kind)
        for item in office.happened(e.ConflictResolved)
        if isinstance(item.event, e.ConflictResolved)
    ]


async def test_a_question_shows_both_sides_and_its_answers(office: Office) -> None:
    client_id, _ = office.client()
    booking_id = office.salon.book(slot("10:00"), client_id)
    conflict(office, booking_id, "moved_in_crm", SIX)
    async with staff_of(office) as staff:
        shown = await staff.write("/conflicts", MEMBER)
        assert shown.splitlines()[0] == f"❗️ Запись перенесли и здесь, и в CRM (№ {booking_code(booking_id)})"
        assert "У нас: понедельник, 7 января, 10:00–11:00, Анна" in shown
        assert "В CRM: понедельник, 7 января, 18:00–19:00, Анна" in shown
        assert "Мария, +7" in shown
        assert staff.labels == [
            "Наше время верное",
            "Время в CRM верное",
            "Предложить клиенту другое время",
            "Посмотреть ещё раз",
        ]


async def test_the_crms_own_words_are_shown_and_stand_nowhere_in_clear(office: Office) -> None:
    (booking_id,) = booked(office)
    refused(office, booking_id, "Клиент Мария уже записан")
    async with staff_of(office) as staff:
        assert "Ответ CRM: «Клиент Мария уже записан»" in await staff.write("/conflicts")
    assert "уже записан" not in str(office.happened(e.SyncFailed))


async def test_an_answer_is_asked_once_more_in_plain_words_and_then_given(office: Office) -> None:
    client_id, _ = office.client()
    booking_id = office.salon.book(slot("10:00"), client_id)
    conflict(office, booking_id)
    async with staff_of(office) as staff:
        await staff.write("/conflicts")
        sure = await staff.press(staff.labels.index("Отменить нашу"))
        assert "запись на «понедельник, 7 января, 10:00–11:00, Анна» будет отменена" in sure
        assert "Клиенту напишет бот." in sure
        assert answers(office) == []
        assert (await staff.press(staff.labels.index("Да"))).startswith("✅ Мария")
        assert staff.labels == []
        assert await staff.write("/conflicts") == "Ни одна запись не ждёт решения."
    assert answers(office) == [("theirs", "staff")]
    booking = schedule.booking(office.salon.database, booking_id)
    assert booking is not None
    assert booking.status == "cancelled"


async def test_whoever_thinks_better_of_it_comes_back_to_the_question(office: Office) -> None:
    (booking_id,) = booked(office)
    conflict(office, booking_id)
    async with staff_of(office) as staff:
        card = await staff.write("/conflicts")
        await staff.press(0)
        assert await staff.press(staff.labels.index("Назад")) == card
    assert answers(office) == []


async def test_a_client_the_bot_cannot_reach_has_to_be_called(office: Office) -> None:
    client_id, chat_id = office.client()
    office.telegram.block(chat_id)
    booking_id = office.salon.book(slot("15:00"), client_id)
    office.salon.advance(hours=3)
    await office.work()
    conflict(office, booking_id)
    async with staff_of(office) as staff:
        await staff.write("/conflicts")
        assert "позвоните ему" in await staff.press(staff.labels.index("Предложить клиенту другое время"))


@pytest.mark.parametrize("step", ["ask", "sure"])
async def test_a_question_that_has_changed_meanwhile_is_shown_as_it_is_now(office: Office, step: str) -> None:
    (booking_id,) = booked(office)
    conflict(office, booking_id)
    async with staff_of(office) as staff:
        await staff.write("/conflicts")
        if step == "sure":
            await staff.press(0)
        conflict(office, booking_id, "moved_in_crm", SIX)
        shown = await staff.press(0)
        assert shown.startswith("С тех пор что-то изменилось")
        assert "В CRM: понедельник, 7 января, 18:00–19:00" in shown
    assert answers(office) == []


@pytest.mark.parametrize("step", ["ask", "sure"])
async def test_a_press_that_comes_after_the_client_called_it_off_says_so(office: Office, step: str) -> None:
    (booking_id,) = booked(office)
    conflict(office, booking_id)
    async with staff_of(office) as staff:
        await staff.write("/conflicts")
        if step == "sure":
            await staff.press(0)
        office.salon.cancel(booking_id)
        assert f"№ {booking_code(booking_id)} решения уже не ждёт" in await staff.press(0)
    assert answers(office) == []


async def test_two_presses_answer_once(office: Office) -> None:
    (booking_id,) = booked(office)
    conflict(office, booking_id)
    async with staff_of(office) as staff:
        await staff.write("/conflicts")
        await staff.press(staff.labels.index("Оставить обе записи"))
        message_id = office.said()[-1].message_id
        first = staff.house.telegram.tap(GROUP, message_id, 0, by=ADMIN)
        await staff.house.settle()
        staff.house.telegram.redeliver(first)
        await staff.house.settle()
    assert answers(office) == [("ours", "staff")]


async def test_an_offer_stands_on_the_card_until_the_client_answers(office: Office) -> None:
    (booking_id,) = booked(office)
    conflict(office, booking_id)
    async with staff_of(office) as staff:
        await staff.write("/conflicts")
        await staff.press(staff.labels.index("Предложить клиенту другое время"))
        await staff.press(0)
        assert "Клиенту предложено выбрать другое время" in await staff.write("/conflicts")
        assert "Предложить клиенту другое время" not in staff.labels
        assert "Отменить нашу" in staff.labels


async def test_only_an_administrator_answers_and_only_in_the_staff_chat(office: Office) -> None:
    (booking_id,) = booked(office)
    conflict(office, booking_id)
    (found,) = office.happened(e.ConflictFound)
    forged = buttons.GiveAnswer(booking_id=booking_id, answer="theirs", asked_at=found.position).pack()
    async with staff_of(office) as staff:
        await staff.write("/conflicts", MEMBER)
        await staff.press(0, MEMBER)
        assert office.telegram.alerts() == ["Это может только администратор этого чата."]
        anna = Person(staff.house, ADMIN, "Анна")
        await anna.write("/start")
        assert "больше не работает" in await anna.forge(forged)
    assert answers(office) == []


async def test_many_questions_are_a_list_whose_buttons_open_them(office: Office) -> None:
    made = booked(office, 6)
    for booking_id in made:
        conflict(office, booking_id)
    async with staff_of(office) as staff:
        assert (await staff.write("/conflicts")).startswith("❗️ 6 записей ждут решения:")
        assert f"(№ {booking_code(made[2])})" in await staff.press(2)
    assert answers(office) == []


async def test_which_records_go_is_said_before_they_go(office: Office) -> None:
    (booking_id,) = booked(office)
    conflict(office, booking_id, "duplicate")
    async with staff_of(office) as staff:
        await staff.write("/conflicts")
        assert staff.labels == ["Оставить № 1", "Оставить № 2"]
        assert "нашей считается запись № 2, из CRM будут удалены: № 1." in await staff.press(1)


async def test_the_answer_names_the_member_of_staff_by_a_random_id(office: Office) -> None:
    (booking_id,) = booked(office)
    conflict(office, booking_id)
    async with staff_of(office) as staff:
        await staff.write("/conflicts")
        await staff.press(0)
        await staff.press(0)
    (answered,) = office.happened(e.ConflictResolved)
    assert answered.by == Actor("staff", str(office.salon.vault.client_for("operator", str(ADMIN))))
