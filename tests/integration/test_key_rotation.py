"""Another master key under a running salon: nothing is lost wherever it is killed, and no event is touched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from ledger.errors import MalformedValueError, SealError
from ledger.key_rotation import BATCH, inspect, rotate, rows_by_key
from ledger.master_keys import MasterKeys
from ledger.privacy import Vault, new_master_key
from ledger.values import ClientId, Sealed
from tests.store import Salon, all_at_once

NAME = "client_registered.name"
OLD, NEW = new_master_key(), new_master_key()
OLD_ID, NEW_ID = (MasterKeys.parse(key).first.key_id for key in (OLD, NEW))
BOTH = MasterKeys.parse(f"{NEW}, {OLD}")


class KilledError(BaseException):
    """Nothing of the program may catch it, as nothing catches SIGKILL."""


@dataclass
class People:
    """Clients made under the old key, with a text of each."""

    salon: Salon
    vault: Vault
    texts: dict[ClientId, Sealed]

    def all_open(self, vault: Vault) -> bool:
        return all(vault.open(client, sealed, "name") == f"Anna {client}" for client, sealed in self.texts.items())


@pytest.fixture
def people(salon: Salon) -> People:
    vault = Vault(salon.database, OLD)
    clients = [vault.client_for("telegram", str(number)) for number in range(12)]
    return People(salon, vault, {one: vault.seal(one, f"Anna {one}", NAME) for one in clients})


def killed_at(step: str, time: int = 1) -> Callable[[str], None]:
    left = [time]

    def at(reached: str) -> None:
        left[0] -= reached == step
        if reached == step and left[0] == 0:
            raise KilledError

    return at


def test_everything_opens_after_a_rotation_and_nothing_needs_the_old_key(people: People) -> None:
    head, mark = people.salon.recorder.head(), people.vault.fingerprint("row 1")

    done = rotate(people.salon.database, BOTH)

    alone = Vault(people.salon.database, NEW)
    assert (done.key_id, done.rewrapped, done.damaged) == (NEW_ID, 13, ())
    assert rows_by_key(people.salon.database) == {NEW_ID: 13}
    assert people.all_open(alone)
    assert alone.find("telegram", "3") == people.vault.find("telegram", "3") is not None
    assert alone.fingerprint("row 1") == mark
    assert people.salon.recorder.head() == head
    assert rotate(people.salon.database, BOTH).rewrapped == 0


@pytest.mark.parametrize(("step", "time"), [("house", 1), ("batch", 1), ("batch", 2), ("batch", 3)])
def test_killed_anywhere_it_goes_on_where_it_was(
    people: People, monkeypatch: pytest.MonkeyPatch, step: str, time: int
) -> None:
    monkeypatch.setattr("ledger.key_rotation.BATCH", 5)

    with pytest.raises(KilledError):
        rotate(people.salon.database, BOTH, killed_at(step, time))

    rows = rows_by_key(people.salon.database)
    assert sum(rows.values()) == 13
    assert people.all_open(Vault(people.salon.database, f"{OLD} {NEW}"))
    assert rotate(people.salon.database, BOTH).rewrapped == rows.get(OLD_ID, 0)
    assert people.all_open(Vault(people.salon.database, NEW))


def test_two_rotations_at_once_do_the_work_once(people: People) -> None:
    done = all_at_once([lambda: rotate(people.salon.database, BOTH)] * 2)

    assert sum(one.rewrapped for one in done) == 13
    assert people.all_open(Vault(people.salon.database, NEW))


def test_a_rotation_to_another_key_makes_the_first_one_stop(people: People) -> None:
    third = new_master_key()
    all_three = MasterKeys.parse(f"{third},{NEW},{OLD}")
    other = [lambda: rotate(people.salon.database, all_three)]

    def overtaken(step: str) -> None:
        if other:
            other.pop()()

    with pytest.raises(SealError, match=f"to key {all_three.first.key_id}, has taken over"):
        rotate(people.salon.database, BOTH, overtaken)

    assert people.all_open(Vault(people.salon.database, third))


def test_a_program_that_runs_meanwhile_reads_its_keys_again_and_goes_on(people: People) -> None:
    setting = [OLD]
    running = Vault(people.salon.database, lambda: setting[0])
    assert people.all_open(running)
    setting[0] = f"{NEW},{OLD}"

    rotate(people.salon.database, BOTH)

    assert people.all_open(running)
    assert running.find("telegram", "3") is not None


@pytest.mark.parametrize("step", ["house", "batch", "end"])
def test_a_client_who_comes_meanwhile_is_not_left_under_the_old_key(people: People, step: str) -> None:
    setting = [OLD]
    slow = Vault(people.salon.database, lambda: setting[0])
    slow.check()
    setting[0] = f"{OLD},{NEW}"  # to this program the old one is still in force
    came: list[ClientId] = []

    def comes(reached: str) -> None:
        if reached == step and not came:
            came.append(slow.client_for("telegram", "the new one"))

    rotate(people.salon.database, BOTH, comes)
    comes("end")

    assert rows_by_key(people.salon.database) == {NEW_ID: 14}
    assert Vault(people.salon.database, NEW).find("telegram", "the new one") == came[0]


def test_a_program_that_cannot_learn_the_new_key_makes_no_client_it_could_lose(people: People) -> None:
    forgotten = Vault(people.salon.database, OLD)
    forgotten.check()

    with pytest.raises(SealError, match=f"under key {NEW_ID}"):
        rotate(people.salon.database, BOTH, lambda _: print(forgotten.client_for("telegram", "stranger")))

    assert OLD_ID in rows_by_key(people.salon.database)
    assert people.vault.find("telegram", "stranger") is None


def test_a_missing_key_is_named_and_nothing_is_changed(people: People) -> None:
    before = people.salon.rows("SELECT client_id, key_id, wrapped FROM client_keys ORDER BY client_id")

    with pytest.raises(SealError, match=f"holds key {NEW_ID}, but this ledger is sealed under key {OLD_ID}"):
        rotate(people.salon.database, MasterKeys.parse(NEW))

    assert people.salon.rows("SELECT client_id, key_id, wrapped FROM client_keys ORDER BY client_id") == before


def test_an_altered_row_is_named_and_holds_up_nobody_else(people: People) -> None:
    victim = next(iter(people.texts))
    with people.salon.database.transaction() as connection:
        connection.execute(
            "UPDATE client_keys SET wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1) WHERE client_id = %s",
            (victim,),
        )

    done = rotate(people.salon.database, BOTH)

    assert (done.rewrapped, done.damaged) == (12, (victim,))
    assert inspect(people.salon.database, BOTH).damaged == (victim,)
    assert rows_by_key(people.salon.database) == {NEW_ID: 12, OLD_ID: 1}


def test_who_is_erased_meanwhile_stays_erased(people: People) -> None:
    gone = next(iter(people.texts))

    def erases(_: str) -> None:
        with people.salon.database.transaction() as connection:
            people.vault.destroy(connection, gone)

    rotate(people.salon.database, BOTH, erases)

    assert Vault(people.salon.database, NEW).with_keys([gone]) == set()
    assert rows_by_key(people.salon.database) == {NEW_ID: 12}


def test_a_copy_is_tried_on_every_row(people: People) -> None:
    right, wrong = inspect(people.salon.database, MasterKeys.parse(OLD)), inspect(people.salon.database, BOTH)

    assert (right.in_force, right.rows, right.missing, right.damaged) == (OLD_ID, {OLD_ID: 13}, (), ())
    assert wrong.missing == ()
    assert inspect(people.salon.database, MasterKeys.parse(NEW)).missing == (OLD_ID,)


@pytest.mark.parametrize(
    "text", ["", " , \n", f"{OLD},secret", f"{OLD},AAAA"], ids=["nothing", "blanks", "no base64", "too short"]
)
def test_keys_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(MalformedValueError, match="ZAPISNIK_MASTER_KEY"):
        MasterKeys.parse(text)


def test_keys_stand_with_commas_or_blanks_between_them_each_once() -> None:
    assert MasterKeys.parse(f" {NEW},{OLD}\n{NEW} ").ids == (NEW_ID, OLD_ID)
    assert BATCH > 1
