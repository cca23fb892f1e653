"""The staff chat is told of bookings and of the CRM's troubles: at least once, in order, and never in a flood."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.notices import MOST_A_MINUTE, MOST_CARDS, MOST_UNKNOWN
from ledger import events as e
from ledger.values import BookingId, Slot, booking_code
from tests.builders import ANNA, MONDAY, OLGA, slot
from tests.fakes.messages import GROUP, KilledError, Office, Stepped
from tests.salon import Salon

TUESDAY = MONDAY + timedelta(days=1)


@pytest.fixture
def office(salon: Salon) -> Office:
    return Office(salon, staff="ru")


def slots(n: int) -> list[Slot]:
    """That many free times, a half hour apart."""
    free = [slot(f"{hour}:00", on=MONDAY + timedelta(days=day), staff_id=staff)
            for day in range(5) for staff in (ANNA, OLGA) for hour in (10, 11, 12, 13, 15, 16, 17, 18)]  # fmt: skip
    return free[:n]


def booked(office: Office, n: int = 1) -> list[BookingId]:
    return [office.salon.book(one) for one in slots(n)]


# --- cards ---


async def test_a_new_a_moved_and_a_cancelled_booking_are_told_as_cards(office: Office) -> None:
    office.salon.resume()
    await office.work()
    booking_id = office.salon.book(slot("15:00"))
    await office.work()
    office.salon.move(booking_id, slot("16:00", on=TUESDAY, staff_id=OLGA))
    await office.work()
    office.salon.cancel(booking_id)
    await office.work()
    code = booking_code(booking_id)
    assert office.texts[1:] == [
        "🟢 Новая запись\nпонедельник, 7 января, 15:00–16:00\nСтрижка, мастер Анна\n1\xa0500\xa0₽\n"
        f"Мария, +7 916 000-00-01\n№ {code}",
        "🟡 Запись перенесена (клиент)\nвторник, 8 января, 16:00–17:00\nСтрижка, мастер Ольга\n"
        f"Было: понедельник, 7 января, 15:00–16:00, Анна\n1\xa0500\xa0₽\nМария, +7 916 000-00-01\n№ {code}",
        "🔴 Запись отменена (клиент)\nвторник, 8 января, 16:00–17:00\nСтрижка, мастер Ольга\n"
        f"Мария, +7 916 000-00-01\n№ {code}",
    ]
    told = [
        event for event in office.events(e.NoticeSent) if isinstance(event, e.NoticeSent) and event.kind == "booking"
    ]
    positions = [item.position for item in office.happened(e.BookingMade, e.BookingMoved, e.BookingCancelled)]
    assert [event.covers for event in told] == [(position,) for position in positions]


async def test_while_the_integration_is_paused_a_card_says_that_the_crm_lacks_it(office: Office) -> None:
    office.pause()
    booked(office)
    await office.work()
    assert office.texts[-1].endswith("⚠️ Обмен с CRM остановлен: там этого пока нет.")


async def test_a_card_in_english(salon: Salon) -> None:
    office = Office(salon, staff="en")
    (booking_id,) = booked(office)
    await office.work()
    (card,) = office.texts
    assert card.splitlines()[0] == "🟢 New booking"
    code = booking_code(booking_id)
    assert card.splitlines()[2:] == [
        "Стрижка with Анна", "₽1,500", "Мария, +7 916 000-00-01", f"No. {code}"
    ]  # fmt: skip


async def test_what_staff_do_themselves_is_no_news(office: Office) -> None:
    office.pause("operator", by="staff")
    await office.work()
    assert office.texts == []


# --- many ---


async def test_a_few_bookings_are_a_card_each_and_many_are_one_message(office: Office) -> None:
    booked(office, MOST_CARDS)
    await office.work()
    assert len(office.texts) == MOST_CARDS
    office.salon.advance(minutes=2)
    made = [office.salon.book(one) for one in slots(MOST_CARDS + 1 + MOST_CARDS)[MOST_CARDS:]]
    office.salon.cancel(made[0])
    await office.work()
    assert len(office.texts) == MOST_CARDS + 1
    lines = office.texts[-1].splitlines()
    assert lines[0] == f"{MOST_CARDS + 2} изменений в записях:"
    assert lines[2] == "🟢 пн, 7 янв., 16:00 · Стрижка · Анна · Мария, +7 916 000-00-06"
    assert lines[-1].startswith("🔴")
    (notice,) = office.events(e.NoticeSent)[-1:]
    assert isinstance(notice, e.NoticeSent)
    assert len(notice.covers) == MOST_CARDS + 2


async def test_a_message_about_very_many_bookings_still_fits(office: Office) -> None:
    booked(office, 60)
    await office.work()
    (text,) = office.texts
    assert text.splitlines()[0] == "60 изменений в записях:"
    assert text.endswith("…и ещё 35")
    assert len(text) < 4096


async def test_the_groups_limit_of_messages_a_minute_is_kept(office: Office) -> None:
    for number, one in enumerate(slots(MOST_A_MINUTE + 3), 1):
        office.salon.book(one)
        await office.work()
        assert len(office.texts) == min(number, MOST_A_MINUTE)
    office.salon.advance(seconds=61)
    await office.work()
    assert len(office.texts) == MOST_A_MINUTE + 3
    assert all(text.startswith("🟢") for text in office.texts), "three are few enough for a card each"


# --- the first start, and every other one ---


async def test_turning_the_chat_on_does_not_flood_it(office: Office) -> None:
    booked(office, 3)
    office.pause()
    office.salon.advance(hours=1, minutes=1)
    await office.work()
    assert office.texts == []
    office.salon.book(slot("18:00", on=TUESDAY))
    await office.work()
    assert len(office.texts) == 1


async def test_what_happened_while_the_messenger_was_down_is_told(office: Office) -> None:
    booked(office)
    await office.work()
    office.salon.book(slot("18:00", on=TUESDAY))
    office.salon.advance(hours=8)
    await office.turn(office.another("first"))
    assert len(office.texts) == 2


async def test_a_restart_does_not_tell_again_what_was_told(office: Office) -> None:
    booked(office)
    office.salon.catch_up()
    await office.messenger.turn()
    await office.another("first").turn()  # before the read model has heard of the notice
    await office.turn(office.another("first"))
    assert len(office.texts) == 1


async def test_the_same_news_is_not_told_twice_while_the_read_model_is_behind(office: Office) -> None:
    booked(office)
    office.salon.catch_up()
    for _ in range(3):
        await office.messenger.turn()
    assert len(office.texts) == 1


# --- when Telegram fails ---


async def test_a_lost_answer_is_sent_again(office: Office) -> None:
    booked(office)
    office.session.faults = ["lost"]
    await office.work()
    office.salon.advance(seconds=5)
    await office.work()
    assert len(office.texts) == 2
    assert office.events(e.NoticeFailed) == []
    assert len(office.events(e.NoticeSent)) == 1


async def test_answers_that_never_come_are_given_up(office: Office) -> None:
    booked(office)
    office.session.faults = ["lost"] * (MOST_UNKNOWN + 2)
    for _ in range(MOST_UNKNOWN + 2):
        await office.work()
        office.salon.advance(minutes=2)
    assert len(office.texts) == MOST_UNKNOWN
    assert office.events(e.NoticeFailed) == [e.NoticeFailed("booking", _covers(office), "unknown")]


async def test_a_messenger_killed_after_sending_tells_it_again(office: Office) -> None:
    booked(office)
    office.session.faults = ["killed"]
    with pytest.raises(KilledError):
        await office.turn()
    await office.turn(office.another("first"))
    assert len(office.texts) == 2
    assert len(office.events(e.NoticeSent)) == 1


async def test_a_message_that_never_left_waits_for_the_line(office: Office) -> None:
    booked(office)
    office.session.faults = ["refused"]
    await office.work()
    assert office.texts == []
    office.salon.advance(seconds=5)
    await office.work()
    assert len(office.texts) == 1


async def test_a_chat_that_refuses_is_named_with_its_setting(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    booked(office)
    office.telegram.block(GROUP)
    await office.work()
    assert office.events(e.NoticeFailed) == [e.NoticeFailed("booking", _covers(office), "blocked")]
    said = capsys.readouterr()
    assert f"ADMIN_CHAT_ID={GROUP}" in said.out + said.err
    assert "kicked" in said.out + said.err


async def test_a_chat_that_does_not_exist_stops_nothing_else(salon: Salon) -> None:
    office = Office(salon, staff="ru", staff_chat_id=-5)
    client_id, chat_id = office.client()
    salon.book(slot("15:00"), client_id)
    salon.advance(hours=3)
    salon.resume()
    await office.work()
    assert len(office.said(chat_id)) == 1
    assert [event.reason for event in office.events(e.NoticeFailed) if isinstance(event, e.NoticeFailed)] == ["refused"]


def _covers(office: Office) -> tuple[int, ...]:
    return tuple(item.position for item in office.happened(e.BookingMade))


# --- two at once ---


async def test_of_two_messengers_one_tells(office: Office) -> None:
    booked(office)
    other: Stepped = office.another("second")
    office.salon.catch_up()
    await office.messenger.turn()
    await other.turn()
    assert len(office.texts) == 1
