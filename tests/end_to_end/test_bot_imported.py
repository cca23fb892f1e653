"""Clients of the old bot come to the new one, and find what they were promised."""

from __future__ import annotations

from ledger import events as e
from ledger.decisions import boundaries
from ledger.recorder import BoundaryItem
from projections.clients import contact_of
from tests.fakes.conversation import Person, open_house
from tests.old_tables import MARIAS_ROW, import_rows
from tests.salon import Salon

WITHOUT_PHONE = "1,700,Мария,,Стрижка,Анна,2030-01-07 10:00,,,active"
BY_PHONE = "1,,Мария,+79000000001,Стрижка,Анна,2030-01-07 10:00,,,active"
TO_TIMES = ("Записаться", "Стрижка", "Анна", "7")


def types(salon: Salon) -> list[str]:
    return [item.type for item in salon.ledger.history(BoundaryItem(types=[]))]


async def test_an_imported_client_sees_their_booking_and_calls_it_off(salon: Salon) -> None:
    (outcome,) = import_rows(salon, MARIAS_ROW)
    async with open_house(salon) as house:
        maria, stranger = Person(house, 700), Person(house, 701, "Пётр")
        await maria.write("/start")
        await maria.press("Мои записи")
        assert maria.see("пн")
        assert "Стрижка" in await maria.press(maria.labels[0])
        assert "отмен" in (await maria.press("Отменить", "Да")).lower()
        await stranger.write("/start")
        assert "нет" in await stranger.press("Мои записи")
        assert house.failed_updates() == []
    assert outcome.booking_id is not None
    life = salon.ledger.history(boundaries.booking(outcome.booking_id))
    assert [(item.type, item.by.kind) for item in life] == [
        ("booking_made", "operator"),
        ("booking_cancelled", "client"),
    ]


async def test_an_imported_client_is_asked_for_consent_but_not_for_what_is_known(salon: Salon) -> None:
    import_rows(salon, MARIAS_ROW)
    async with open_house(salon) as house:
        maria = Person(house, 700)
        await maria.write("/start")
        assert "10:00" not in await maria.press(*TO_TIMES) + " ".join(maria.labels), "the imported booking has it"
        assert "Согласие на обработку персональных данных" in await maria.press("12:00")
        assert "Проверьте" in await maria.press("Даю")
        assert "Вы записаны!" in await maria.press("Записаться")
        assert house.failed_updates() == []
    assert types(salon).count("client_registered") == 1
    assert types(salon).count("consent_given") == 1


async def test_an_imported_client_without_a_phone_is_asked_for_it(salon: Salon) -> None:
    import_rows(salon, WITHOUT_PHONE)
    client_id = salon.vault.client_for("telegram", "700")
    contact = contact_of(salon.ledger, salon.vault, client_id)
    assert contact is not None
    assert (contact.name, contact.phone) == ("Мария", "")
    async with open_house(salon) as house:
        maria = Person(house, 700)
        await maria.write("/start")
        await maria.press(*TO_TIMES, "12:00")
        assert "номер телефона" in await maria.press("Даю")
        assert "Проверьте" in await maria.share("79161234567")
        assert "Вы записаны!" in await maria.press("Записаться")
    contact = contact_of(salon.ledger, salon.vault, client_id)
    assert contact is not None
    assert contact.phone == "+79161234567"


async def test_a_row_with_the_phone_a_client_shared_in_the_bot_is_theirs(salon: Salon) -> None:
    """Telegram vouches for a shared contact; a typed phone may be anybody's."""
    async with open_house(salon) as house:
        maria, forger = Person(house, 700), Person(house, 701, "Пётр")
        await to_the_contact(maria, "12:00")
        await maria.share("79000000001")
        await maria.press("Записаться")
        await to_the_contact(forger, "13:00")
        await forger.write("+7 900 000-00-02")
        await forger.press("Записаться")
        import_rows(salon, BY_PHONE, BY_PHONE.replace("1,", "2,", 1).replace("0000001", "0000002"))
        await maria.press("Мои записи")
        assert sum("Стрижка" in label for label in maria.labels) == 2
        await forger.press("Мои записи")
        assert sum("Стрижка" in label for label in forger.labels) == 1


async def to_the_contact(person: Person, time: str) -> None:
    await person.write("/start")
    await person.press(*TO_TIMES, time, "Даю")


async def test_a_time_kept_for_a_client_goes_to_the_imported_promise(salon: Salon) -> None:
    async with open_house(salon) as house:
        daria = Person(house, 702, "Дарья")
        await daria.write("/start")
        await daria.press(*TO_TIMES, "10:00", "Даю")
        await daria.share("79161234567")
        import_rows(salon, MARIAS_ROW)
        said = await daria.press("Записаться")
        assert "Вы записаны!" not in said
        assert "10:00" not in daria.labels
        assert house.failed_updates() == []
    lapsed = salon.ledger.history(BoundaryItem(types=["hold_lapsed"]))
    assert [item.event.reason for item in lapsed if isinstance(item.event, e.HoldLapsed)] == ["taken_by_import"]
