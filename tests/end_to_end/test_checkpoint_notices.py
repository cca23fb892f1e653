"""Checkpoints reach the staff chat, in a message that can be given back to `audit verify` as it is."""

from __future__ import annotations

import pytest

from ledger import events as e
from ledger.decisions.note_checkpoint import NoteCheckpoint
from ledger.events import Language
from ledger.integrity import verify_chain
from ledger.integrity.checkpoints import Checkpoint, read_checkpoints, sign, sound_head
from ledger.integrity.signing import fingerprint, new_signing_key
from tests.builders import slot
from tests.fakes.messages import Office
from tests.salon import Salon

KEY = new_signing_key()


def sign_now(salon: Salon) -> Checkpoint:
    signed = sign(KEY, *sound_head(salon.database, KEY.public), salon.clock.now())
    event = e.CheckpointSigned(signed.position, signed.hash, signed.key, signed.signature)
    salon.ledger.execute(NoteCheckpoint(salon.order(), event))
    salon.catch_up()
    return signed


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_the_message_names_position_hash_and_key_and_is_a_checkpoint_held_outside(
    salon: Salon, language: Language
) -> None:
    office = Office(salon, staff=language)
    signed = sign_now(salon)

    await office.work()

    (message,) = office.texts
    for said in (f" {signed.position},", signed.hash[:16] + "…", signed.hash, fingerprint(KEY.public.id)):
        assert said in message
    assert len(message) < 4096
    assert read_checkpoints(f"Salon bot, 12:00\n{message}\nand some words after it\n") == [signed]
    found = verify_chain(salon.recorder, trusted=[KEY.public], outside=read_checkpoints(message))
    assert (found.ok, found.proved_to) == (True, signed.position)


async def test_of_several_that_wait_the_newest_is_told_for_all_and_once(salon: Salon) -> None:
    office = Office(salon, staff="en")
    sign_now(salon)
    salon.client()
    newest = sign_now(salon)

    await office.work()
    await office.work()

    assert [read_checkpoints(text) for text in office.texts] == [[newest]]
    (notice,) = office.events(e.NoticeSent)
    assert isinstance(notice, e.NoticeSent)
    assert (notice.kind, len(notice.covers)) == ("checkpoint", 2)


async def test_cards_of_bookings_are_told_beside_them(salon: Salon) -> None:
    office = Office(salon, staff="en")
    sign_now(salon)
    salon.book(slot("10:00"))

    await office.work()

    assert [text.split()[0] for text in office.texts] == ["🔏", "🟢"]
