"""A button is a request, not a right; a contact says who somebody is only if it is their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot import buttons
from bot.screens.choice import minute_of
from ledger.values import BookingId
from projections import schedule
from projections.clients import contact_of
from tests.builders import ANNA, HAIRCUT, MONDAY, at, slot
from tests.fakes.conversation import Person, open_house
from tests.salon import Salon, open_test_salon

MALFORMED = [
    "zzz",
    "x:",
    "x:1",
    "x::",
    "xx:zzzzzzzzzzz:1",
    "xx:1:1:1",
    "h:1:7:zzzzzzzzzz:0",
    "h:1:7:zzzzzz:0",
    "h:1:7:-5:0",
    "t:1::00000000:0",
    "t:1:7:20300230:0",
    "d:1:7:2030",
    "ok:1",
    "l:fr",
    "y:1",
    "mv:1",
    "md:1:1:7:2030",
    "mt:1:1:7:00000000:0",
    "mq:1:1:7:zzzzzzzzzz:0",
    "mm:1:1:7:zzzzzz:0",
    "ca:1",
    ":",
    "🙂",
    "b:１２",
]


@pytest.fixture
def salon(database_url: str, schema: str) -> Iterator[Salon]:
    with open_test_salon(database_url, schema) as opened:
        yield opened


async def test_somebody_elses_booking_can_neither_be_seen_nor_changed(salon: Salon) -> None:
    booking_id = salon.book(slot("10:00"))
    before = salon.recorder.head()
    async with open_house(salon) as house:
        stranger = Person(house, 666)
        await stranger.write("/start")
        place = {"booking_id": booking_id, "service_id": HAIRCUT, "staff_id": ANNA, "day": MONDAY}
        elsewhere = {"booking_id": booking_id, "version": 1, "staff_id": ANNA, "minute": minute_of(at("16:00"))}
        forged = [
            buttons.Card(booking_id=booking_id),
            buttons.AskCancel(booking_id=booking_id, version=1),
            buttons.Cancel(booking_id=booking_id, version=1),
            buttons.Confirm.model_validate(place),
            buttons.Coming(booking_id=booking_id, version=1),
            buttons.Move(booking_id=booking_id, version=1),
            buttons.MoveDays(booking_id=booking_id, version=1, staff_id=ANNA),
            buttons.MoveTimes(booking_id=booking_id, version=1, staff_id=ANNA, day=MONDAY),
            buttons.AskMove.model_validate(elsewhere),
            buttons.MoveTo.model_validate(elsewhere),
        ]
        for button in forged:
            assert "на другого человека" in await stranger.forge(button.pack())
        for other in (buttons.OtherTime.model_validate(place), buttons.Drop(booking_id=booking_id)):
            await stranger.forge(other.pack())
        assert house.telegram.unanswered() == []
        assert house.failed_updates() == []
    assert salon.recorder.head() == before
    standing = schedule.booking(salon.database, booking_id)
    assert standing is not None
    assert standing.status == "booked"


async def test_a_booking_that_never_was_is_politely_unknown(salon: Salon) -> None:
    async with open_house(salon) as house:
        stranger = Person(house, 666)
        await stranger.write("/start")
        for button in (
            buttons.Card(booking_id=BookingId(5)),
            buttons.Cancel(booking_id=BookingId(5), version=1),
            buttons.Coming(booking_id=BookingId(5), version=1),
            buttons.Move(booking_id=BookingId(5), version=1),
        ):
            assert "Такой записи нет" in await stranger.forge(button.pack())


@pytest.mark.parametrize("data", MALFORMED)
async def test_malformed_data_leads_to_the_menu(salon: Salon, data: str) -> None:
    async with open_house(salon) as house:
        stranger = Person(house, 666)
        await stranger.write("/start")
        assert "больше не работает" in await stranger.forge(data)
        assert stranger.see("Записаться")
        assert house.failed_updates() == []


@pytest.mark.parametrize(
    "data", ["h:1:7:0:0", "h:1:7:zik0zj:1", "t:1:7:00010101:0", "t:1:7:99991231:0", "d:1:7:99991231", "s:zzz:zzzzzzzzz"]
)
async def test_well_formed_nonsense_is_answered_too(salon: Salon, data: str) -> None:
    async with open_house(salon) as house:
        stranger = Person(house, 666)
        await stranger.write("/start")
        await stranger.forge(data)
        assert house.failed_updates() == []
        assert house.telegram.unanswered() == []
        assert stranger.labels


async def at_contact(salon: Salon, person: Person) -> None:
    await person.write("/start")
    await person.press("Записаться", "Стрижка", "Анна", "7", "10:00", "Даю")


async def test_a_foreign_contact_is_not_taken(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria = Person(house, 111)
        await at_contact(salon, maria)
        for owner in (222, 0):
            assert "другого человека" in await maria.share("79169999999", user_id=owner)
            assert maria.chat.keyboard is not None
    assert contact_of(salon.ledger, salon.vault, salon.vault.client_for("telegram", "111")) is None


@pytest.mark.parametrize("text", ["нет", "12", "+7 916", "8916123456789012", "/start@bot", "9" * 400])
async def test_a_phone_that_is_none_is_asked_for_again(salon: Salon, text: str) -> None:
    async with open_house(salon) as house:
        maria = Person(house, 111)
        await at_contact(salon, maria)
        assert "не похоже на номер" in await maria.write(text)
        assert maria.chat.keyboard is not None
        assert "Проверьте" in await maria.write("+7 916 123 45 67")


async def test_a_typed_phone_is_taken_unverified(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria = Person(house, 111)
        await at_contact(salon, maria)
        await maria.write("8 916 123-45-67")
    client_id = salon.vault.client_for("telegram", "111")
    contact = contact_of(salon.ledger, salon.vault, client_id)
    assert contact is not None
    assert contact.phone == "+79161234567"
    rows = [event.data for event in salon.recorder.page(None, 0, 100)[0] if event.type == "client_registered"]
    assert '"phone_verified":false' in rows[0]
    assert "9161234567" not in rows[0]


async def test_giving_up_at_the_contact_frees_the_time(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria = Person(house, 111)
        await at_contact(salon, maria)
        await maria.write("Не записываться")
        assert maria.chat.keyboard is None
        await maria.press("Записаться", "Стрижка", "Анна", "7")
        assert maria.see("10:00")
