"""The staff chat is told what clients wish to become of their data: surely, by number alone, and as it stands now."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ledger import events as e
from ledger.decisions.clients import GiveConsent
from ledger.decisions.erasure import CallErasureOff, RequestErasure
from ledger.decisions.withdraw_consent import WithdrawConsent
from ledger.values import ClientId, booking_code
from tests.builders import slot
from tests.fakes.messages import KilledError, Office
from tests.salon import Salon


@pytest.fixture
def office(salon: Salon) -> Office:
    return Office(salon, staff="ru")


def erase(office: Office, client_id: ClientId) -> None:
    office.salon.ledger.execute(RequestErasure(office.salon.order(), client_id))


def withdraw(office: Office, client_id: ClientId) -> None:
    office.salon.ledger.execute(WithdrawConsent(office.salon.order(), client_id))


def keep(office: Office, client_id: ClientId) -> None:
    office.salon.ledger.execute(CallErasureOff(office.salon.order(), client_id))


async def test_a_wish_to_be_erased_comes_with_its_term_and_what_to_do(office: Office) -> None:
    maria, _ = office.client()
    code = booking_code(office.salon.book(slot("10:00"), maria))
    await office.work()
    erase(office, maria)
    await office.work()
    assert office.texts[1:] == [
        "🗑 Клиент просит удалить его данные\n"
        f"Клиент № {maria}\n"
        "Срок по закону: пятница, 18 января (10 рабочих дней)\n"
        f"Открытые записи: {code}\n\n"
        f"Что делать: решите с клиентом, что с открытыми записями, затем выполните zapisnik client erase {maria}"
    ], "the consent that goes with it is no second card"
    assert "Мария" not in office.texts[-1]
    noted = [event for event in office.events(e.NoticeSent) if isinstance(event, e.NoticeSent)]
    asked = [item.position for item in office.happened(e.ErasureRequested, e.ConsentWithdrawn)]
    assert (noted[-1].kind, noted[-1].covers) == ("client", tuple(asked))


async def test_a_consent_taken_back_says_what_follows(office: Office) -> None:
    maria, _ = office.client()
    withdraw(office, maria)
    await office.work()
    (card,) = office.texts
    assert card.startswith(
        f"✋ Клиент отозвал согласие на обработку данных\nКлиент № {maria}\nОткрытых записей нет\n\n"
    )
    assert "30 дней" in card


async def test_who_thinks_better_of_it_is_told_of_as_well(office: Office) -> None:
    maria, _ = office.client()
    erase(office, maria)
    await office.work()
    keep(office, maria)
    await office.work()
    assert office.texts[1:] == [f"↩️ Клиент передумал: удалять его данные не нужно\nКлиент № {maria}"]


async def test_what_settled_itself_before_it_was_told_is_no_news(office: Office) -> None:
    maria, _ = office.client()
    daria, _ = office.client()
    withdraw(office, maria)
    office.salon.ledger.execute(GiveConsent(office.salon.order(), maria, "2", "cd" * 32))
    await office.work()
    assert office.texts == []
    withdraw(office, daria)
    await office.work()
    assert len(office.texts) == 1
    assert f"№ {daria}" in office.texts[0]


async def test_two_clients_wishes_are_two_cards_and_one_clients_is_one(office: Office) -> None:
    maria, _ = office.client()
    daria, _ = office.client()
    withdraw(office, maria)
    erase(office, maria)
    erase(office, daria)
    await office.work()
    assert [text.splitlines()[:2] for text in office.texts] == [
        ["🗑 Клиент просит удалить его данные", f"Клиент № {maria}"],
        ["🗑 Клиент просит удалить его данные", f"Клиент № {daria}"],
    ]


async def test_a_wish_is_told_however_long_nobody_was_there_to_tell_it(office: Office) -> None:
    """Other news of yesterday is none any more, and a chat just turned on is spared what is older than an hour."""
    maria, _ = office.client()
    office.salon.book(slot("10:00"), maria)
    erase(office, maria)
    office.salon.catch_up()
    office.salon.clock.advance(timedelta(days=3))
    with office.salon.database.transaction() as connection:
        # The database's own clock cannot be turned: as if the news had been recorded three days ago.
        connection.execute("UPDATE notices SET recorded_at = recorded_at - interval '3 days'")
    office.salon.client()
    await office.work()
    assert [text.splitlines()[0] for text in office.texts] == ["🗑 Клиент просит удалить его данные"]


async def test_a_messenger_killed_after_sending_tells_it_again_rather_than_never(office: Office) -> None:
    maria, _ = office.client()
    erase(office, maria)
    office.session.faults = ["killed"]
    with pytest.raises(KilledError):
        await office.work()
    await office.turn(office.another("first"))
    assert len(office.texts) == 2
    assert office.texts[0] == office.texts[1]


async def test_in_english(salon: Salon) -> None:
    office = Office(salon, staff="en")
    maria, _ = office.client()
    erase(office, maria)
    await office.work()
    assert "By law no later than Friday, 18 January (10 working days)\nNo open bookings" in office.texts[0]
