"""Forgetting a client: what must not be parted is one transaction, and a kill between any two steps is mended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger import events as e
from ledger.decisions import boundaries
from ledger.decisions.clients import ChooseLanguage, GiveConsent
from ledger.decisions.hold import HoldSlot
from ledger.decisions.note_sync import BeginAttempt
from ledger.erased_register import ErasedRegister, ledger_id
from ledger.erasing import Eraser, scour
from ledger.errors import AttemptOpenError, ErasedClientError, MalformedValueError, SealError
from ledger.integrity import verify_chain
from ledger.privacy import HOUSE
from ledger.values import Actor, BookingId, ClientId
from projections import backlog, schedule
from projections.clients import ERASED, contact_of
from projections.comparison import compare
from tests.builders import HAIRCUT, NOW, slot
from tests.forgetting import erase
from tests.old_tables import MARIAS_ROW, import_rows
from tests.salon import Salon, open_test_salon
from tests.store import all_at_once, read_models

OPERATOR = Actor("operator", "77")
STEPS = ["give_up", "appended", "registered", "destroyed", "committed"]


class KilledError(BaseException):
    """As if by SIGKILL."""


@pytest.fixture
def salon(database_url: str, schema: str) -> Iterator[Salon]:
    with open_test_salon(database_url, schema) as one:
        yield one


@pytest.fixture
def register(salon: Salon, tmp_path: Path) -> ErasedRegister:
    return ErasedRegister(tmp_path / "erased.jsonl", ledger_id(salon.database))


def eraser(salon: Salon, register: ErasedRegister, at: Callable[[str], None] = lambda _: None) -> Eraser:
    return Eraser(salon.ledger, salon.vault, register, salon.clock, at)


def killed(step: str) -> Callable[[str], None]:
    def at(reached: str) -> None:
        if reached == step:
            raise KilledError

    return at


def has_erasure(salon: Salon, client_id: ClientId) -> bool:
    return any(isinstance(one.event, e.ClientErased) for one in salon.ledger.history(boundaries.whole_life(client_id)))


def test_an_erased_clients_text_opens_no_more_and_nobody_finds_them(salon: Salon, register: ErasedRegister) -> None:
    client = salon.client("4815162342")
    sealed = salon.vault.seal(client, "Мария", "client_registered.name")

    done = eraser(salon, register).erase(client, "request", OPERATOR)

    assert contact_of(salon.ledger, salon.vault, client) == ERASED
    with pytest.raises(SealError, match="destroyed"):
        salon.vault.open(client, sealed, "name")
    assert salon.vault.find("telegram", "4815162342") is None
    assert (done.event.basis, done.event.categories, done.event.crm) == (
        "request",
        ("name", "phone", "telegram"),
        "none",
    )
    assert register.read().lines[client].position == done.position == salon.recorder.head()
    assert verify_chain(salon.recorder).ok


def test_what_is_open_is_given_up_and_what_is_over_stays(salon: Salon, register: ErasedRegister) -> None:
    client = salon.client()
    past, coming = salon.book(slot("10:00"), client), salon.book(slot("16:00"), client)
    salon.clock.advance(slot("12:00").starts_at - NOW)
    kept = salon.ledger.execute(HoldSlot(salon.order(), BookingId(5), client, slot("18:00"), (HAIRCUT,))).answer

    done = eraser(salon, register).erase(client, "withdrawal", OPERATOR)

    salon.catch_up()
    shown = {one: schedule.booking(salon.database, one) for one in (past, coming, kept.booking_id)}
    assert done.given_up == 2
    assert [row.status if row else None for row in shown.values()] == ["booked", "cancelled", None]
    assert backlog.counts(salon.database).pending == 0
    told = backlog.outcomes(salon.database, range(1, salon.recorder.head() + 1))
    assert {one.sync for one in told.values()} == {"erased"}


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_key_and_event_go_together_and_asking_again_finishes(
    salon: Salon, register: ErasedRegister, step: str
) -> None:
    client = salon.client("1")
    salon.book(slot("10:00"), client)

    with pytest.raises(KilledError):
        eraser(salon, register, killed(step)).erase(client, "request", OPERATOR)

    has_key, is_named = bool(salon.vault.with_keys([client])), client in register.read().lines
    assert has_key is not has_erasure(salon, client)
    assert has_key is (salon.vault.find("telegram", "1") is not None)
    assert has_key or is_named, "a key is never gone without a line in the register"
    again = eraser(salon, register).erase(client, "request", OPERATOR)
    assert again.is_repeated is (step == "committed")
    assert client in register.read().lines
    assert salon.vault.with_keys([client]) == set()
    life = salon.ledger.history(boundaries.whole_life(client))
    assert sum(isinstance(one.event, e.ClientErased) for one in life) == 1


def test_nothing_is_destroyed_when_the_register_cannot_be_written(salon: Salon, tmp_path: Path) -> None:
    client = salon.client("1")
    tmp_path.joinpath("file").write_text("")
    blocked = ErasedRegister(tmp_path / "file" / "erased.jsonl", ledger_id(salon.database))

    with pytest.raises(OSError, match="file"):
        eraser(salon, blocked).erase(client, "request", OPERATOR)

    assert not has_erasure(salon, client)
    assert salon.vault.find("telegram", "1") == client


def test_erased_twice_at_once_is_erased_once(salon: Salon, register: ErasedRegister) -> None:
    client = salon.client()

    done = all_at_once([lambda: eraser(salon, register).erase(client, "request", OPERATOR)] * 3)

    assert sorted(one.is_repeated for one in done) == [False, True, True]


def test_a_client_who_books_just_then_is_given_up_too(salon: Salon, register: ErasedRegister) -> None:
    client = salon.client()
    salon.book(slot("10:00"), client)
    late: list[BookingId] = []

    def books(step: str) -> None:
        if step == "give_up" and not late:
            late.append(salon.book(slot("16:00"), client))

    done = eraser(salon, register, books).erase(client, "request", OPERATOR)

    assert done.given_up == 2
    booking = schedule.booking(salon.database, late[0])
    assert booking is not None
    assert booking.status == "cancelled"


def test_under_an_erased_number_nothing_is_kept_any_more(salon: Salon, register: ErasedRegister) -> None:
    client = salon.client()
    eraser(salon, register).erase(client, "request", OPERATOR)

    for decision in (
        HoldSlot(salon.order(), BookingId(5), client, slot(), (HAIRCUT,)),
        GiveConsent(salon.order(), client, "2", "cd" * 32),
        ChooseLanguage(salon.order(), client, "en"),
    ):
        with pytest.raises(ErasedClientError):
            salon.ledger.execute(decision)
    assert salon.vault.link(client, "phone", "+79160000009") is False


def test_who_was_erased_may_come_again_as_somebody_new(salon: Salon, register: ErasedRegister) -> None:
    before = salon.client("4815162342")
    eraser(salon, register).erase(before, "request", OPERATOR)

    after = salon.client("4815162342")
    salon.book(slot("10:00"), after)

    assert after != before
    contact = contact_of(salon.ledger, salon.vault, after)
    assert contact is not None
    assert contact.name == "Мария"


def test_somebody_who_never_left_a_contact_can_be_erased(salon: Salon, register: ErasedRegister) -> None:
    client = salon.vault.client_for("telegram", "99")

    done = eraser(salon, register).erase(client, "request", OPERATOR)

    assert done.event.categories == ()
    assert salon.vault.find("telegram", "99") is None


def test_the_house_cannot_be_erased(salon: Salon, register: ErasedRegister) -> None:
    salon.vault.fingerprint("x")

    with pytest.raises(MalformedValueError, match="client"):
        eraser(salon, register).erase(HOUSE, "request", OPERATOR)

    assert salon.vault.with_keys([HOUSE]) == {HOUSE}


def test_read_models_folded_anew_are_as_the_live_ones(salon: Salon, register: ErasedRegister) -> None:
    client = salon.client()
    salon.book(slot("10:00"), client)
    eraser(salon, register).erase(client, "request", OPERATOR)
    salon.catch_up()

    for model in read_models():
        assert compare(salon.recorder, model).equal, model.name


def test_the_databases_own_files_hold_a_destroyed_key_no_more(salon: Salon, register: ErasedRegister) -> None:
    client = salon.client()
    wrapped = row(salon, "SELECT wrapped FROM client_keys WHERE client_id = %s", client)
    where = f"'{salon.database.schema}.client_keys'"
    assert wrapped in table_file(salon, where), "this would find it"
    eraser(salon, register).erase(client, "request", OPERATOR)
    assert wrapped in table_file(salon, where), "a dead row still lies there"

    assert scour(salon.database)

    assert wrapped not in table_file(salon, where)


def table_file(salon: Salon, table: str) -> bytes:
    """The table's file as it is on the disk; only a superuser may look at it."""
    if not row(salon, "SELECT usesuper FROM pg_user WHERE usename = current_user"):
        pytest.skip("only a superuser may read the server's files")
    with salon.database.connect() as connection:
        connection.execute("CHECKPOINT")
        found = connection.execute(f"SELECT pg_read_binary_file(pg_relation_filepath({table}))").fetchone()
    assert found is not None
    return bytes(found[0])


def row(salon: Salon, statement: str, *parameters: object) -> Any:  # Any: whatever the statement selects
    with salon.database.transaction() as connection:
        found = connection.execute(statement.encode(), parameters or None).fetchone()
    assert found is not None
    return bytes(found[0]) if isinstance(found[0], bytes | memoryview) else found[0]


def test_a_torn_line_of_the_register_swallows_no_other(salon: Salon, register: ErasedRegister) -> None:
    first, second = salon.client(), salon.client()
    eraser(salon, register).erase(first, "request", OPERATOR)
    register.path.write_bytes(register.path.read_bytes() + b'{"ledger":"to')

    eraser(salon, register).erase(second, "request", OPERATOR)

    read = register.read()
    assert set(read.lines) == {first, second}
    assert read.unreadable == 1
    assert register.path.stat().st_mode & 0o777 == 0o600
    assert "Мария" not in register.path.read_text()
    assert ErasedRegister(register.path, "another ledger").read().lines == {}


def test_a_request_that_carries_the_name_is_waited_for(salon: Salon, register: ErasedRegister) -> None:
    client = salon.client()
    booking_id = salon.book(slot("10:00"), client)
    salon.resume()
    salon.ledger.execute(BeginAttempt(salon.order(), booking_id, 1, "create", NOW, slot("10:00")))

    with pytest.raises(AttemptOpenError):
        eraser(salon, register).erase(client, "request", OPERATOR)
    assert salon.vault.with_keys([client]) == {client}

    done = eraser(salon, register).erase(client, "request", OPERATOR, anyway=True)
    assert done.event.crm == "asked"


def test_the_old_bots_table_read_anew_brings_nobody_back(salon: Salon, tmp_path: Path) -> None:
    import_rows(salon, MARIAS_ROW)
    client = salon.vault.find("telegram", "700")
    assert client is not None
    erase(salon, client, tmp_path)
    keys = row(salon, "SELECT count(*) FROM client_keys")

    (outcome,) = import_rows(salon, MARIAS_ROW)

    assert outcome.result == "already"
    assert salon.vault.find("telegram", "700") is None
    assert row(salon, "SELECT count(*) FROM client_keys") == keys
