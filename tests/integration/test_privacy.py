"""Personal text opens for its own client and field only, and a person is found again without their number."""

from __future__ import annotations

import base64

import pytest

from ledger.decisions.clients import GiveConsent, RegisterClient
from ledger.errors import MalformedValueError, SealError
from ledger.privacy import HOUSE, Vault, new_master_key, random_id, scrubbed
from ledger.values import ID_BITS, ClientId, Sealed
from projections.clients import contact_of, has_consented
from tests.builders import DARIA, MARIA, order
from tests.store import Salon, all_at_once

NAME = "client_registered.name"


@pytest.fixture
def vault(salon: Salon) -> Vault:
    return Vault(salon.database, new_master_key())


@pytest.mark.parametrize("text", ["", "Аня", "🙂 \x00 \n", "x" * 10_000])
def test_a_sealed_text_opens_again(vault: Vault, text: str) -> None:
    client = vault.client_for("telegram", "1")

    sealed = vault.seal(client, text, NAME)

    assert vault.open(client, sealed, "name") == text
    assert sealed.context == NAME
    assert text == "" or text not in sealed.blob


def test_the_same_text_is_never_sealed_alike(vault: Vault) -> None:
    client = vault.client_for("telegram", "1")

    assert vault.seal(client, "Аня", NAME) != vault.seal(client, "Аня", NAME)


def test_a_sealed_text_opens_for_no_other_client_field_event_or_master_key(salon: Salon, vault: Vault) -> None:
    client, other = vault.client_for("telegram", "1"), vault.client_for("telegram", "2")
    sealed = vault.seal(client, "Аня", NAME)

    for presented, who, field in (
        (sealed, other, "name"),
        (sealed, client, "phone"),
        (Sealed(sealed.blob, "client_registered.phone"), client, "phone"),
        (Sealed(sealed.blob, "other_event.name"), client, "name"),
        (sealed, HOUSE, "name"),
    ):
        with pytest.raises(SealError):
            vault.open(who, presented, field)
    with pytest.raises(SealError, match="ZAPISNIK_MASTER_KEY"):
        Vault(salon.database, new_master_key()).open(client, sealed, "name")


@pytest.mark.parametrize("place", [0, 1, 12, 13, -1])
def test_an_altered_blob_does_not_open(vault: Vault, place: int) -> None:
    client = vault.client_for("telegram", "1")
    blob = bytearray(base64.urlsafe_b64decode(vault.seal(client, "Аня", NAME).blob))
    blob[place] ^= 1

    with pytest.raises(SealError):
        vault.open(client, Sealed(base64.urlsafe_b64encode(bytes(blob)).decode(), NAME), "name")


@pytest.mark.parametrize("blob", ["", "AQ==", "AQ", "запись", "!!!!", "A" * 20])
def test_garbage_does_not_open(vault: Vault, blob: str) -> None:
    with pytest.raises(SealError):
        vault.open(vault.client_for("telegram", "1"), Sealed(blob, NAME), "name")


def test_without_its_key_a_text_is_lost(salon: Salon, vault: Vault) -> None:
    client = vault.client_for("telegram", "1")
    sealed = vault.seal(client, "Аня", NAME)
    with salon.database.transaction() as connection:
        connection.execute("DELETE FROM client_keys WHERE client_id = %s", (client,))

    with pytest.raises(SealError, match="destroyed"):
        vault.open(client, sealed, "name")
    with pytest.raises(SealError, match="destroyed"):
        vault.seal(client, "Аня", NAME)
    assert vault.find("telegram", "1") is None


def test_a_key_swapped_with_another_clients_does_not_serve(salon: Salon, vault: Vault) -> None:
    client, other = vault.client_for("telegram", "1"), vault.client_for("telegram", "2")
    with salon.database.transaction() as connection:
        connection.execute(
            """UPDATE client_keys SET wrapped = (SELECT wrapped FROM client_keys WHERE client_id = %s)
               WHERE client_id = %s""",
            (other, client),
        )

    with pytest.raises(SealError, match="altered"):
        vault.seal(client, "Аня", NAME)


def test_a_person_is_found_again_by_kind_and_handle(vault: Vault) -> None:
    client = vault.client_for("telegram", "79161234567")

    assert vault.client_for("telegram", "79161234567") == vault.find("telegram", "79161234567") == client
    assert vault.client_for("phone", "79161234567") != client
    assert vault.find("telegram", "stranger") is None


def test_a_person_who_comes_eight_times_at_once_is_one_client_with_one_key(salon: Salon, vault: Vault) -> None:
    found = all_at_once([lambda: vault.client_for("telegram", "1")] * 8)

    assert len(set(found)) == 1
    assert salon.rows("SELECT count(*) FROM client_keys WHERE client_id <> 0") == [(1,)]
    assert salon.rows("SELECT count(*) FROM client_handles") == [(1,)]


def test_nothing_personal_stands_in_the_store_in_clear(salon: Salon, vault: Vault) -> None:
    client = vault.client_for("telegram", "4815162342")
    vault.seal(client, "Аня", NAME)

    dump = str(salon.rows("SELECT kind, encode(digest, 'escape'), client_id FROM client_handles"))

    assert "4815162342" not in dump


@pytest.mark.parametrize("key", ["", "not base64!", "AAAA", base64.b64encode(b"x" * 31).decode()])
def test_a_master_key_that_is_none_is_refused(salon: Salon, key: str) -> None:
    with pytest.raises(MalformedValueError, match="ZAPISNIK_MASTER_KEY"):
        Vault(salon.database, key)


def test_random_ids_fit_the_bits_and_differ() -> None:
    drawn = {random_id() for _ in range(1000)}

    assert len(drawn) == 1000
    assert all(0 < one < 1 << ID_BITS for one in drawn)


@pytest.mark.parametrize(
    "text",
    ["+7 916 123-45-67", "8(916)1234567", "79161234567", "anna@example.org"],
)
def test_phones_and_addresses_are_scrubbed_from_the_crms_words(text: str) -> None:
    said = scrubbed(f"Клиент {text} занят\x00, код 422")

    assert text not in said
    assert "\x00" not in said
    assert said.startswith("Клиент …")
    assert said.endswith("код 422")
    assert len(scrubbed("слово " * 100)) == 300


def test_a_contact_is_opened_at_the_moment_of_asking_and_never_printed(salon: Salon, vault: Vault) -> None:
    client = vault.client_for("telegram", "1")
    assert contact_of(salon.ledger, vault, client) is None
    assert not has_consented(salon.ledger, client)
    salon.ledger.execute(GiveConsent(order(), client, "1", "ab"))
    parts = {"telegram": "1", "name": "Аня", "phone": "+79161234567"}
    telegram, name, phone = (vault.seal(client, text, f"client_registered.{part}") for part, text in parts.items())
    salon.ledger.execute(RegisterClient(order(), client, telegram, name, phone, phone_verified=True))

    contact = contact_of(salon.ledger, vault, client)

    assert contact is not None
    assert (contact.name, contact.phone, contact.telegram) == ("Аня", "+79161234567", "1")
    assert "Аня" not in repr(contact)
    assert "9161234567" not in f"{contact}"
    assert has_consented(salon.ledger, client)
    assert not has_consented(salon.ledger, ClientId(MARIA + DARIA))
