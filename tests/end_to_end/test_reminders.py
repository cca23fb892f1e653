"""A client is reminded the day before and two hours before, at most once each, whatever happens on the way."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot import buttons
from bot.texts.story import story_lines
from ledger import events as e
from ledger.decisions import boundaries
from ledger.decisions.clients import ChooseLanguage, GiveConsent, RegisterClient
from ledger.decisions.confirm_visit import ConfirmVisit
from ledger.decisions.publish_catalog import PublishCatalog
from ledger.values import Actor, BookingId, ClientId
from projections import reminders
from tests.builders import ANNA, MONDAY, MOSCOW, OLGA, at, catalog, hours, shifts, slot
from tests.fakes.conversation import Person, open_house
from tests.fakes.messages import Office
from tests.salon import Salon
from tests.shell import Shell

VISIT = slot("15:00")
SUNDAY, TUESDAY = MONDAY - timedelta(days=1), MONDAY + timedelta(days=1)


@pytest.fixture
def office(salon: Salon) -> Office:
    return Office(salon)


def wait_until(office: Office, moment: datetime) -> None:
    office.salon.clock.advance(moment - office.salon.clock.now())


def booked(office: Office) -> tuple[BookingId, int]:
    """Booked on Sunday at noon for Monday at three; and the client's chat."""
    client_id, chat_id = office.client()
    return office.salon.book(VISIT, client_id), chat_id


def without_telegram(salon: Salon) -> ClientId:
    """A client taken over from an older system."""
    client_id = salon.vault.client_for("phone", "+79990000000")
    telegram, name, phone = (
        salon.vault.seal(client_id, text, f"client_registered.{field}")
        for field, text in (("telegram", ""), ("name", "Дарья"), ("phone", "+79990000000"))
    )
    salon.ledger.execute(GiveConsent(salon.order(), client_id, "1", "ab" * 32))
    salon.ledger.execute(RegisterClient(salon.order(), client_id, telegram, name, phone, phone_verified=False))
    return client_id


def due(office: Office) -> tuple[BookingId, int]:
    """The same, at the moment of the first reminder."""
    booking_id, chat_id = booked(office)
    wait_until(office, at("15:00", SUNDAY))
    return booking_id, chat_id


async def test_a_client_is_reminded_a_day_and_two_hours_before(office: Office) -> None:
    booking_id, chat_id = booked(office)
    await office.work()
    assert office.said(chat_id) == []

    wait_until(office, at("15:00", SUNDAY))
    await office.work()
    (first,) = office.said(chat_id)
    assert first.text == (
        "Здравствуйте, Мария! Напоминаем о записи: ждём вас завтра в 15:00.\n\n"
        "Стрижка, мастер Анна\nпонедельник, 7 января, 15:00–16:00\nСалон, ул. Лесная, 5\n\n"
        "Вы придёте?"
    )
    assert [[key.text for key in row] for row in first.buttons] == [["Приду"], ["Перенести", "Отменить запись"]]
    assert [key.data for row in first.buttons for key in row] == [
        shape(booking_id=booking_id, version=1).pack() for shape in (buttons.Coming, buttons.Move, buttons.AskCancel)
    ]
    assert not first.is_silent

    wait_until(office, at("13:00"))
    await office.work()
    _, second = office.said(chat_id)
    assert second.text.startswith("Здравствуйте, Мария! Ждём вас сегодня в 15:00.")
    await office.work()
    assert len(office.said(chat_id)) == 2
    kinds = [event.kind for event in office.events(e.ReminderSent) if isinstance(event, e.ReminderSent)]
    assert kinds == ["day_before", "hours_before"]


async def test_the_buttons_of_a_reminder_do_what_they_say(office: Office) -> None:
    _, chat_id = due(office)
    await office.work()
    async with open_house(office.salon, office.telegram) as house:
        maria = Person(house, chat_id)
        assert "Спасибо, что подтвердили!" in await maria.press("Приду")
        assert "Переносим запись" in await maria.press("Перенести")
    assert len(office.events(e.VisitConfirmed)) == 1


async def test_what_the_salon_no_longer_lets_a_client_do_has_no_button(office: Office) -> None:
    _, chat_id = booked(office)
    wait_until(office, at("13:01"))  # the salon's limit is two hours
    await office.work()
    (message,) = office.said(chat_id)
    assert [key.text for row in message.buttons for key in row] == ["Приду"]
    assert message.text.endswith("Если планы изменились, позвоните нам, пожалуйста: +7 495 123-45-67")


async def test_who_has_said_that_they_come_is_not_asked_again(office: Office) -> None:
    booking_id, chat_id = due(office)
    (made,) = office.events(e.BookingMade)
    assert isinstance(made, e.BookingMade)
    client_id = made.client_id
    by = Actor("client", str(client_id))
    office.salon.ledger.execute(ConfirmVisit(office.salon.order(by), booking_id, client_id, 1))
    await office.work()
    (message,) = office.said(chat_id)
    assert "Вы уже подтвердили" in message.text
    assert [key.text for row in message.buttons for key in row] == ["Перенести", "Отменить запись"]


async def test_a_client_is_reminded_in_the_language_they_chose(office: Office) -> None:
    client_id, chat_id = office.client()
    office.salon.ledger.execute(ChooseLanguage(office.salon.order(), client_id, "en"))
    office.salon.book(VISIT, client_id)
    wait_until(office, at("15:00", SUNDAY))
    await office.work()
    (message,) = office.said(chat_id)
    assert message.text.startswith("Hello, Мария! A reminder of your visit: we expect you tomorrow at 15:00.")
    assert [key.text for row in message.buttons for key in row] == ["I'm coming", "Move", "Cancel"]


async def test_a_booking_made_ten_hours_before_gets_only_the_second_reminder(office: Office) -> None:
    wait_until(office, at("05:00"))
    _, chat_id = booked(office)
    wait_until(office, at("09:00"))
    await office.work()
    assert office.said(chat_id) == []
    wait_until(office, at("13:00"))
    await office.work()
    assert len(office.said(chat_id)) == 1


async def test_a_messenger_that_was_down_over_night_catches_up_in_the_morning(office: Office) -> None:
    _, chat_id = booked(office)
    for moment in (at("22:30", SUNDAY), at("08:59")):
        wait_until(office, moment)
        await office.work()
        assert office.said(chat_id) == []
    wait_until(office, at("09:00"))
    await office.work()
    assert "ждём вас сегодня в 15:00" in office.said(chat_id)[0].text


async def test_a_reminder_before_an_early_visit_comes_without_a_sound(office: Office) -> None:
    early = (shifts(ANNA, hours("08:00-20:00")),)
    office.salon.ledger.execute(PublishCatalog(office.salon.order(), catalog(), early))
    client_id, chat_id = office.client()
    office.salon.book(slot("08:00", on=TUESDAY), client_id)
    wait_until(office, at("06:00", TUESDAY))
    await office.work()
    assert [message.is_silent for message in office.said(chat_id)] == [True]


# --- what happens meanwhile ---


async def test_a_moved_booking_is_reminded_of_anew(office: Office) -> None:
    booking_id, chat_id = due(office)
    await office.work()
    office.salon.move(booking_id, slot("16:00", on=TUESDAY))
    wait_until(office, at("14:00"))
    await office.work()
    assert len(office.said(chat_id)) == 1, "two hours before the old time nobody is reminded"
    wait_until(office, at("16:00"))
    await office.work()
    _, anew = office.said(chat_id)
    assert "завтра в 16:00" in anew.text
    assert anew.buttons[0][0].data == buttons.Coming(booking_id=booking_id, version=2).pack()


@pytest.mark.parametrize("change", ["cancel", "move"])
async def test_what_changed_after_the_read_model_was_read_is_not_reminded_of(office: Office, change: str) -> None:
    booking_id, chat_id = due(office)
    office.salon.catch_up()
    if change == "cancel":
        office.salon.cancel(booking_id)
    else:
        office.salon.move(booking_id, slot("16:00", on=TUESDAY))
    await office.messenger.turn()  # the read model still says that it is due
    assert office.said(chat_id) == []
    assert office.happened(e.ReminderAttempted) == []


async def test_a_past_visit_is_not_reminded_of(office: Office) -> None:
    _, chat_id = booked(office)
    wait_until(office, at("15:30"))
    await office.work()
    assert office.said(chat_id) == []


async def test_clients_who_cannot_be_written_to_do_not_stop_the_others(office: Office) -> None:
    office.salon.book(VISIT, without_telegram(office.salon))
    office.salon.book(slot("15:00", staff_id=OLGA), office.salon.client())  # never opened the chat
    client_id, chat_id = office.client()
    office.salon.book(slot("16:00"), client_id)
    wait_until(office, at("16:00", SUNDAY))
    await office.work()
    assert len(office.said(chat_id)) == 1
    reasons = [event.reason for event in office.events(e.ReminderFailed) if isinstance(event, e.ReminderFailed)]
    assert reasons == ["refused"], "of the one who has no chat at all nothing is attempted"


async def test_a_client_who_blocked_the_bot_is_known_to_have(office: Office, shell: Shell) -> None:
    booking_id, chat_id = due(office)
    office.telegram.block(chat_id)
    await office.work()
    failed = office.events(e.ReminderFailed)
    assert [event.reason for event in failed if isinstance(event, e.ReminderFailed)] == ["blocked"]
    office.salon.catch_up()
    assert len(reminders.unreachable_clients(office.salon.database)) == 1
    assert shell.json("status")["blocked_clients"] == 1
    told = story_lines(office.salon.ledger.history(boundaries.booking(booking_id)), None, MOSCOW, "ru")
    assert "клиент заблокировал бота" in told[-1]
    wait_until(office, at("13:00"))
    await office.work()
    assert len(office.events(e.ReminderAttempted)) == 2, "the other reminder tries again: they may have come back"
