"""The same person over many rows of an older table, and never two people in one; rehearsed as well as for good."""

from __future__ import annotations

from functools import partial

import pytest

from console.old_table.people import Handles, client_of
from console.old_table.rehearsal import RehearsedVault
from ledger.errors import SealError
from ledger.privacy import Vault, new_master_key
from tests.store import Salon, all_at_once

ONE, TWO = "+79000000001", "+79000000002"


@pytest.fixture
def vault(salon: Salon) -> Vault:
    return Vault(salon.database, new_master_key())


@pytest.fixture(params=["stored", "rehearsed"])
def people(request: pytest.FixtureRequest, vault: Vault) -> Handles:
    return vault if request.param == "stored" else RehearsedVault(vault)


def test_a_client_is_found_again_by_telegram_id_else_by_phone(people: Handles) -> None:
    both = client_of(people, "700", ONE)

    assert client_of(people, "700", ONE) == client_of(people, "700", None) == client_of(people, None, ONE) == both
    assert client_of(people, "701", None) != both
    assert client_of(people, None, TWO) != both


def test_a_client_known_by_phone_becomes_the_telegram_user_who_comes_with_it(people: Handles) -> None:
    by_phone = client_of(people, None, ONE)

    assert client_of(people, "700", ONE) == by_phone
    assert people.find("telegram", "700") == by_phone


def test_two_telegram_users_with_one_phone_stay_two(people: Handles) -> None:
    first, second = client_of(people, "700", ONE), client_of(people, "701", ONE)

    assert first != second
    assert client_of(people, "701", ONE) == second
    assert client_of(people, None, ONE) == first


def test_a_known_telegram_user_is_not_merged_with_somebody_known_by_their_phone(people: Handles) -> None:
    alone, by_phone = client_of(people, "700", None), client_of(people, None, ONE)

    assert client_of(people, "700", ONE) == alone
    assert client_of(people, None, ONE) == by_phone != alone


def test_a_friends_phone_does_not_become_ones_own(people: Handles) -> None:
    """They booked for a friend: the friend's own bookings are nothing to them."""
    booker = client_of(people, "700", ONE)

    assert client_of(people, "700", TWO) == booker
    assert client_of(people, None, TWO) != booker


def test_a_rehearsal_knows_the_people_of_the_vault_and_leaves_no_trace(salon: Salon, vault: Vault) -> None:
    known = client_of(vault, "700", None)
    vault.fingerprint("so that the house's key is there")
    before = salon.rows("SELECT * FROM client_handles"), salon.rows("SELECT client_id FROM client_keys ORDER BY 1")
    people = RehearsedVault(vault)

    assert client_of(people, "700", ONE) == known
    assert client_of(people, None, ONE) == known
    sealed = people.seal(known, "Мария", "client_registered.name")
    assert people.open(known, sealed, "name") == "Мария"
    assert people.open(known, vault.seal(known, "Аня", "client_registered.name"), "name") == "Аня"
    assert client_of(people, "701", TWO) not in (known, None)
    after = salon.rows("SELECT * FROM client_handles"), salon.rows("SELECT client_id FROM client_keys ORDER BY 1")
    assert after == before


def test_a_second_handle_of_a_kind_is_not_linked_not_even_at_once(vault: Vault, salon: Salon) -> None:
    client_id = vault.client_for("telegram", "700")

    done = all_at_once([partial(vault.link, client_id, "phone", f"+7900000000{n}") for n in range(8)])

    assert sorted(done) == [False] * 7 + [True]
    assert vault.has_handle(client_id, "phone")
    assert salon.rows("SELECT count(*) FROM client_handles WHERE kind = 'phone'") == [(1,)]


def test_a_handle_that_is_somebodys_is_not_linked_to_another(vault: Vault) -> None:
    owner, other = vault.client_for("phone", ONE), vault.client_for("telegram", "700")

    assert not vault.link(other, "phone", ONE)
    assert vault.find("phone", ONE) == owner


def test_a_fingerprint_is_the_same_text_under_the_same_house_and_tells_nothing(salon: Salon, vault: Vault) -> None:
    again = Vault(salon.database, new_master_key())

    assert vault.fingerprint(ONE) == vault.fingerprint(ONE) != vault.fingerprint(TWO)
    assert len(vault.fingerprint(ONE)) == 32
    with pytest.raises(SealError, match="ZAPISNIK_MASTER_KEY"):
        again.fingerprint(ONE)
