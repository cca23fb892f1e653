"""After a full life and an erasure, no byte of the person is in the database, and nobody can make one out of it."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from pathlib import Path

import pytest

from ledger import events as e
from ledger.decisions.clients import GiveConsent, RegisterClient
from ledger.decisions.note_client_notice import NoteClientNotice
from ledger.decisions.note_notice import NoteNotice
from ledger.decisions.remind import BeginReminder, EndReminder
from ledger.decisions.resolve_conflict import ResolveConflict
from ledger.erased_register import ErasedRegister
from ledger.erasing import Eraser, scour
from ledger.integrity import verify_chain
from ledger.values import Actor, BookingId, ClientId
from projections.comparison import compare
from tests.builders import ANNA, slot
from tests.dumps import dump, forms, found_in, is_findable, opened_by, restore, spellings
from tests.forgetting import OPERATOR, erase, forgetting
from tests.salon import Salon
from tests.stage import Stage, by_hand
from tests.store import read_models

NAME, PHONE, TELEGRAM, COMMENT = "Аделаида Пржевальская", "+79265550134", "7311902846", "аллергия на «Хну»"
TRACES = [NAME, *NAME.split(), COMMENT, TELEGRAM, *spellings(PHONE), PHONE[1:], "8" + PHONE[-10:]]


def register(salon: Salon) -> ClientId:
    client = salon.vault.client_for("telegram", TELEGRAM)
    by = Actor("client", str(client))
    parts = {"telegram": TELEGRAM, "name": NAME, "phone": PHONE}
    telegram, name, phone = (
        salon.vault.seal(client, text, f"client_registered.{part}") for part, text in parts.items()
    )
    salon.ledger.execute(GiveConsent(salon.order(by), client, "1", "ab" * 32))
    salon.ledger.execute(RegisterClient(salon.order(by), client, telegram, name, phone, phone_verified=True))
    salon.vault.link(client, "phone", PHONE)
    return client


def live(stage: Stage) -> ClientId:
    """Booked, moved, called off; refused, in conflict, moved by staff; reminded and told; written about by staff."""
    salon, simulator = stage.salon, stage.simulator
    client = register(salon)
    first, second = salon.book(slot("10:00"), client), salon.book(slot("12:00"), client)
    stage.drain()
    salon.move(first, slot("16:00"))
    stage.drain()
    record = stage.state(first).record_id
    assert record is not None
    simulator.comment_by_hand(record, COMMENT)
    simulator.account.refuse_client(PHONE)
    third = salon.book(slot("18:00"), client)
    stage.drain()
    assert stage.state(third).conflict == "client_refused"
    simulator.account.forgive_client(PHONE)
    salon.ledger.execute(ResolveConflict(salon.order(OPERATOR), third, "retry"))
    stage.drain()
    simulator.add_by_hand(by_hand(ANNA, "13:00", 30))
    salon.cancel(second)
    stage.drain()
    remind_and_tell(salon, first)
    return client


def remind_and_tell(salon: Salon, booking_id: BookingId) -> None:
    salon.clock.advance(timedelta(hours=5))
    starts_at, version = slot("16:00").starts_at, salon.version(booking_id)
    salon.ledger.execute(BeginReminder(salon.order(), booking_id, version, "day_before"))
    salon.ledger.execute(EndReminder(salon.order(), booking_id, "day_before", starts_at, "sent"))
    client = salon._clients[booking_id]
    told = e.ClientNoticeSent(booking_id, client, (salon.recorder.head(),))
    salon.ledger.execute(NoteClientNotice(salon.order(), told))
    salon.ledger.execute(NoteNotice(salon.order(), e.NoticeSent("booking", (salon.recorder.head(),))))
    with salon.database.transaction() as connection:
        connection.execute(
            "INSERT INTO failed_updates (bot_id, update_id, kind, error) VALUES (1, 2, 'message', 'ValueError')"
        )


@pytest.fixture
def life(stage: Stage) -> tuple[Stage, ClientId]:
    return stage, live(stage)


def erase_everywhere(stage: Stage, client: ClientId, folder: Path) -> ErasedRegister:
    register = erase(stage.salon, client, folder)
    stage.drain()
    assert forgetting(stage).step(stage.lease)
    assert scour(stage.salon.database)
    stage.salon.catch_up()
    return register


def test_no_byte_of_an_erased_person_is_left_and_nothing_opens(life: tuple[Stage, ClientId], tmp_path: Path) -> None:
    stage, client = life
    salon, before = stage.salon, dump(stage.salon.database)
    assert {NAME, PHONE, TELEGRAM} <= opened_by(before, salon.master_key, client), "a backup of before tells all"
    assert is_findable(before, salon.master_key, "telegram", TELEGRAM)
    assert is_findable(before, salon.master_key, "phone", PHONE)

    lines = erase_everywhere(stage, client, tmp_path)

    after = dump(salon.database)
    assert found_in(after, TRACES) == []
    assert found_in({"register": lines.path.read_bytes()}, TRACES) == []
    assert opened_by(after, salon.master_key, client) == set()
    assert not is_findable(after, salon.master_key, "telegram", TELEGRAM)
    assert not is_findable(after, salon.master_key, "phone", PHONE)


def test_the_chain_verifies_and_all_read_models_fold_to_the_same(life: tuple[Stage, ClientId], tmp_path: Path) -> None:
    stage, client = life
    erase_everywhere(stage, client, tmp_path)

    assert verify_chain(stage.salon.recorder).ok
    for model in read_models():
        assert compare(stage.salon.recorder, model).equal, model.name


def test_the_crm_holds_nothing_of_them_and_nothing_of_theirs(life: tuple[Stage, ClientId], tmp_path: Path) -> None:
    stage, client = life
    erase_everywhere(stage, client, tmp_path)

    shown = json.dumps(stage.simulator.records(), ensure_ascii=False)
    assert NAME not in shown
    assert PHONE[1:] not in shown
    assert stage.live_records() == [""], "only what staff wrote by hand stands"


@pytest.mark.parametrize("text", [NAME, PHONE, *spellings(PHONE), TELEGRAM, COMMENT])
def test_the_search_finds_what_is_planted_in_any_form(stage: Stage, text: str) -> None:
    """Guards the tests above: each way a text may stand in a row is seen, wherever in the row it begins."""
    planted = set(forms(text))
    assert len(planted) >= 5
    for number, form in enumerate(planted):
        with stage.salon.database.transaction() as connection:
            connection.execute("DELETE FROM failed_updates")
            connection.execute(
                "INSERT INTO failed_updates (bot_id, update_id, kind, error) VALUES (1, %s, 'x', %s)",
                (number, f"ab{form.decode()}cd"),
            )
        assert ("failed_updates", text) in found_in(dump(stage.salon.database), [*TRACES, PHONE]), form


def test_an_encoder_cannot_hide_it_by_its_surroundings() -> None:
    for before in ("", "a", "ab", "abc"):
        rows = base64.b64encode(f"{before}{NAME}{before}".encode())
        assert found_in({"t": rows}, [NAME]) == [("t", NAME)]
    assert found_in({"t": json.dumps(NAME).replace("\\", "\\\\").encode()}, [NAME]) == [("t", NAME)]


def test_a_restored_backup_tells_all_again_until_it_is_erased_again(
    life: tuple[Stage, ClientId], tmp_path: Path
) -> None:
    stage, client = life
    salon, backup = stage.salon, dump(stage.salon.database)
    lines = erase_everywhere(stage, client, tmp_path)

    restore(salon.database, backup)

    assert NAME in opened_by(dump(salon.database), salon.master_key, client)
    assert salon.vault.with_keys(lines.read().lines.keys()) == {client}
    Eraser(salon.ledger, salon.vault, lines, salon.clock).erase(client, "restored", OPERATOR, anyway=True)
    assert opened_by(dump(salon.database), salon.master_key, client) == set()
    assert verify_chain(salon.recorder).ok


def test_the_person_comes_again_with_nothing_of_before(life: tuple[Stage, ClientId], tmp_path: Path) -> None:
    stage, client = life
    erase_everywhere(stage, client, tmp_path)

    again = register(stage.salon)
    booking_id = stage.salon.book(slot("10:00"), again)
    stage.drain()

    assert again != client
    assert stage.state(booking_id).status == "synced"
