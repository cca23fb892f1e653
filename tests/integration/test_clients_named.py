"""Whom `zapisnik client` takes a phone, a Telegram id or a number for; and what a phone leads to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from console.cli.clients import client_named, clients_named
from console.errors import ConsoleError, FoundError, UsageError
from ledger.decisions.publish_catalog import PublishCatalog
from ledger.phone_book import clients_with_phone, has_phone, note_old_phones, note_phone
from ledger.values import ClientId
from tests.builders import catalog
from tests.salon import Salon, open_test_salon
from tests.site import house_of

PHONE = "+79161234567"


@pytest.fixture
def salon(database_url: str, schema: str) -> Iterator[Salon]:
    with open_test_salon(database_url, schema) as salon:
        yield salon


@pytest.fixture
def maria(salon: Salon) -> ClientId:
    client_id = salon.client("111")
    note_phone(salon.database, salon.vault, client_id, PHONE)
    return client_id


@pytest.mark.parametrize(
    "spelling",
    [
        "+79161234567",
        "89161234567",
        "79161234567",
        "9161234567",
        "8 (916) 123-45-67",
        "+7 916 123 45 67",
        "8-916-123-45-67",
        "@111",
    ],
)
def test_a_phone_is_read_as_people_write_it(salon: Salon, maria: ClientId, spelling: str) -> None:
    assert clients_named(house_of(salon), spelling) == [maria]


def test_a_phone_without_its_country_is_read_where_the_salon_is(salon: Salon, maria: ClientId) -> None:
    note_phone(salon.database, salon.vault, maria, "+375291234567")
    salon.ledger.execute(PublishCatalog(salon.order(), catalog(phone="+375 17 200-00-00"), ()))
    salon.catch_up()

    assert clients_named(house_of(salon), "8 029 123-45-67") == [maria]
    assert clients_named(house_of(salon), PHONE) == [maria], "in full it is read anywhere"


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("12", UsageError, "neither a phone"),
        ("Мария", UsageError, "neither a phone"),
        ("", UsageError, "neither a phone"),
        ("@maria", UsageError, "a Telegram id is a number"),
        ("@", UsageError, "a Telegram id is a number"),
        ("@１１１", UsageError, "a Telegram id is a number"),
    ],
)
def test_what_names_nobody_is_said(salon: Salon, text: str, error: type[ConsoleError], words: str) -> None:
    with pytest.raises(error, match=words):
        clients_named(house_of(salon), text)


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("5", FoundError, "no client 5"),
        ("0", UsageError, "not a client's id"),
        ("9" * 5000, UsageError, "not a client's id"),
        ("-1", UsageError, "not a client's id"),
        ("89161234567", FoundError, "prints the id"),
        ("+79160000000", FoundError, "no client"),
        ("@999", FoundError, "no client"),
    ],
)
def test_whom_an_export_is_about_is_one_client_for_certain(
    salon: Salon, maria: ClientId, text: str, error: type[ConsoleError], words: str
) -> None:
    house = house_of(salon)
    assert [client_named(house, name) for name in (str(maria), PHONE, "@111")] == [maria] * 3
    with pytest.raises(error, match=words):
        client_named(house, text)


# --- the phone book ---


def test_a_phone_leads_to_everybody_who_gave_it_and_first_to_whom_it_is_proved(salon: Salon) -> None:
    typed, too = sorted((salon.client("1"), salon.client("2")))
    for client_id in (too, typed, too):
        note_phone(salon.database, salon.vault, client_id, PHONE)
    assert clients_with_phone(salon.database, salon.vault, PHONE) == [typed, too]

    imported = salon.vault.client_for("phone", PHONE)
    assert clients_with_phone(salon.database, salon.vault, PHONE) == [imported, typed, too]
    note_phone(salon.database, salon.vault, imported, PHONE)
    assert clients_with_phone(salon.database, salon.vault, PHONE)[0] == imported
    assert len(clients_with_phone(salon.database, salon.vault, PHONE)) == 3
    assert clients_with_phone(salon.database, salon.vault, "+79160000000") == []


def test_only_a_keyed_hash_of_a_phone_is_stored(salon: Salon, maria: ClientId) -> None:
    with salon.database.transaction() as connection:
        ((digest,),) = connection.execute("SELECT digest FROM client_phones").fetchall()

    assert len(digest) == 32
    assert digest == salon.vault.fingerprint(f"phone:{PHONE}")


def test_a_phone_is_forgotten_with_its_clients_key(salon: Salon, maria: ClientId) -> None:
    assert has_phone(salon.database, maria)
    with salon.database.transaction() as connection:
        connection.execute("DELETE FROM client_keys WHERE client_id = %s", (maria,))

    assert not has_phone(salon.database, maria)
    assert clients_with_phone(salon.database, salon.vault, PHONE) == []
    note_phone(salon.database, salon.vault, maria, PHONE)
    assert clients_with_phone(salon.database, salon.vault, PHONE) == [], "nobody is noted without a key"


def test_phones_of_before_the_book_are_found_after_an_upgrade(salon: Salon) -> None:
    anna, gone = salon.client("1"), salon.client("2")
    with salon.database.transaction() as connection:
        connection.execute("DELETE FROM client_keys WHERE client_id = %s", (gone,))

    assert note_old_phones(salon.recorder, salon.vault) == 1
    assert clients_with_phone(salon.database, salon.vault, "+79160000001") == [anna]
    assert note_old_phones(salon.recorder, salon.vault) == 0, "a book that was begun is left alone"
