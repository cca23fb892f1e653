"""A log that was altered and made to fit again is found by checkpoints held outside; what is not found is said here.

The forger owns the database, switches the triggers off, and computes every hash and tag row anew: only what they cannot
reach contradicts them.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from ledger.errors import BrokenLogError
from ledger.integrity import Verification, verify_chain
from ledger.integrity.checkpoints import Checkpoint, sound_head
from ledger.integrity.signing import SigningKey, new_signing_key
from ledger.values import BookingId
from tests.builders import DARIA, OTHER_BOOKING, slot
from tests.store import Salon
from tests.tampering import REPAIRED, checkpoint, resigned, shifted

COLUMNS = "recorded_at, type, tags, data, digest, hash"


@dataclass
class Signed:
    """A log of 13 events: nine, their checkpoint, two more, their checkpoint; and what is held outside of it."""

    salon: Salon
    key: SigningKey
    first: Checkpoint
    second: Checkpoint

    def verify(self, *outside: Checkpoint, trusts: bool = True) -> Verification:
        return verify_chain(self.salon.recorder, trusted=[self.key.public] if trusts else [], outside=outside)


@pytest.fixture
def signed(salon: Salon) -> Signed:
    key = new_signing_key()
    salon.book()
    salon.book(slot("12:00"), OTHER_BOOKING)
    first = checkpoint(salon, key)
    salon.know(DARIA)
    one = Signed(salon, key, first, checkpoint(salon, key))
    assert (one.first.position, one.second.position, salon.recorder.head()) == (9, 12, 13)
    return one


def test_a_sound_log_is_proved_up_to_the_last_checkpoint_held_outside(signed: Signed) -> None:
    found = signed.verify(signed.second, signed.first)

    assert (found.ok, found.events, found.checkpoints, found.unchecked) == (True, 13, 2, 0)
    assert found.proved_to == 12
    assert signed.verify(signed.first).proved_to == 9
    assert signed.verify().proved_to == 0


ALTERED = {
    "a byte of data": ["UPDATE events SET data = replace(data::text, '}', ' }')::json WHERE position = 5"],
    "a tag": ["UPDATE events SET tags = tags || 'client:1'::text WHERE position = 4"],
    "a time": ["UPDATE events SET recorded_at = (SELECT max(recorded_at) FROM events) WHERE position > 6"],
    "a type": ["UPDATE events SET type = 'hold_lapsed' WHERE position = 6"],
    "the first event deleted": ["DELETE FROM events WHERE position = 1", *shifted(2, -1)],
    "a middle event deleted": ["DELETE FROM events WHERE position = 5", *shifted(6, -1)],
    "an event inserted": [*shifted(5, 1), f"INSERT INTO events SELECT 5, {COLUMNS} FROM events WHERE position = 4"],
    "two events swapped": [
        "UPDATE events SET position = CASE position WHEN 5 THEN -6 ELSE -5 END WHERE position IN (5, 6)",
        "UPDATE events SET position = -position WHERE position < 0",
        "UPDATE events SET recorded_at = (SELECT recorded_at FROM events WHERE position = 4) WHERE position IN (5, 6)",
    ],
    "the whole tail rewritten": ["UPDATE events SET data = replace(data::text, '}', ' }')::json WHERE position >= 3"],
    "the checkpoint removed": [
        "UPDATE events SET data = '{}' WHERE position = 2", "DELETE FROM events WHERE position = 10", *shifted(11, -1),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", ALTERED)
def test_what_was_altered_and_made_to_fit_again_is_found_by_a_checkpoint_held_outside(
    signed: Signed, name: str
) -> None:
    signed.salon.tamper(*ALTERED[name], REPAIRED)

    found = signed.verify(signed.first, trusts=False)

    assert (found.ok, found.first_bad_position, found.proved_to) == (False, 9, 0)
    assert found.reason == "the log was rewritten up to here or before: the checkpoint held outside differs"


def test_between_two_checkpoints_held_outside_it_is_said_where(signed: Signed) -> None:
    signed.salon.tamper("UPDATE events SET data = replace(data::text, '}', ' }')::json WHERE position = 11", REPAIRED)

    found = signed.verify(signed.first, signed.second)

    assert (found.first_bad_position, found.proved_to) == (12, 9)
    assert "and after 9: the checkpoint held outside differs" in (found.reason or "")


@pytest.mark.parametrize("left", [12, 11, 3, 0])
def test_a_tail_that_was_cut_off_is_found_at_its_first_position(signed: Signed, left: int) -> None:
    """From the last event alone to the whole log; tag rows gone as well."""
    checkpointed = signed.salon.recorder.head()
    last = Checkpoint("checkpoint 1", signed.first.genesis, checkpointed, "00" * 32, signed.first.at, "", "")
    signed.salon.tamper(f"DELETE FROM events WHERE position > {left}", REPAIRED)

    found = verify_chain(signed.salon.recorder, outside=[last])

    assert (found.ok, found.first_bad_position) == (False, left + 1)
    assert "cut off" in (found.reason or "")


def test_checkpoints_in_the_log_find_a_rewriting_too_as_long_as_they_stand_there(signed: Signed) -> None:
    signed.salon.tamper("UPDATE events SET data = replace(data::text, '}', ' }')::json WHERE position = 11", REPAIRED)

    found = signed.verify()

    assert (found.first_bad_position, found.reason) == (
        12, "the log was rewritten up to here or before: the checkpoint at 13 differs",
    )  # fmt: skip


def test_checkpoints_signed_anew_with_another_key_are_found_by_the_key_that_is_trusted(signed: Signed) -> None:
    thief = new_signing_key()
    signed.salon.tamper("UPDATE events SET data = replace(data::text, '}', ' }')::json WHERE position = 5")
    resigned(signed.salon, thief)

    assert verify_chain(signed.salon.recorder, trusted=[thief.public]).ok, "the forgery itself is perfect"
    found = signed.verify()
    assert (found.first_bad_position, found.reason) == (10, "the checkpoint is not signed by the public key given")
    assert signed.verify(signed.first).first_bad_position == 9


def test_even_the_thief_of_the_signing_key_is_found_by_a_checkpoint_held_outside(signed: Signed) -> None:
    signed.salon.tamper("UPDATE events SET data = replace(data::text, '}', ' }')::json WHERE position = 5")
    resigned(signed.salon, signed.key)

    assert signed.verify().ok, "without anything held outside this cannot be found"
    assert signed.verify(signed.first).first_bad_position == 9


def test_a_genesis_that_was_changed_is_found_under_recomputed_hashes_too(signed: Signed) -> None:
    signed.salon.tamper("UPDATE ledger SET genesis = '0123456789abcdef'", REPAIRED)

    found = signed.verify(signed.first)

    assert (found.first_bad_position, found.ok) == (0, False)
    assert "genesis" in (found.reason or "")


def test_a_checkpoint_held_outside_that_nobody_trusted_has_signed_proves_nothing(signed: Signed) -> None:
    forged = Checkpoint(
        "checkpoint 1", signed.first.genesis, 9, signed.first.hash, "2030-01-01T00:00:00.000000Z",
        signed.first.key, signed.first.signature,
    )  # fmt: skip

    found = signed.verify(forged)

    assert (found.ok, found.first_bad_position, found.proved_to) == (False, 9, 0)


def test_a_checkpoint_about_its_own_place_or_none_is_no_checkpoint(signed: Signed) -> None:
    key = signed.key
    for position in (14, 0, -5):
        facts = f'{{"position":{position},"hash":"{"ab" * 32}","key_id":"{key.public.id}","signature":"x"}}'
        envelope = '{"by":{"kind":"system"},"at":"2030-01-07T10:00:00+03:00","cause":"c","facts":' + facts + "}"
        signed.salon.tamper(f"UPDATE events SET data = '{envelope}' WHERE position = 13", REPAIRED)
        found = signed.verify(trusts=False)
        assert (found.first_bad_position, found.ok) == (13, False)


# --- what cannot be found, as `audit verify` and docs/audit.md say ---


def test_not_found_a_tail_cut_off_after_the_last_checkpoint_held_outside(signed: Signed) -> None:
    signed.salon.tamper("DELETE FROM events WHERE position > 10", REPAIRED)

    found = signed.verify(signed.first)

    assert (found.ok, found.events, found.proved_to) == (True, 10, 9)


def test_not_found_a_tail_rewritten_after_it_once_the_later_checkpoints_are_left_out(signed: Signed) -> None:
    signed.salon.tamper(
        "DELETE FROM events WHERE position = 13",
        "UPDATE events SET data = replace(data::text, '}', ' }')::json WHERE position > 10",
        REPAIRED,
    )

    found = signed.verify(signed.first)

    assert (found.ok, found.events, found.proved_to) == (True, 12, 9)


def test_not_found_anything_of_this_without_a_checkpoint_and_a_key_from_outside(signed: Signed) -> None:
    signed.salon.tamper("UPDATE events SET data = replace(data::text, '}', ' }')::json WHERE position = 5")
    resigned(signed.salon, new_signing_key())

    found = signed.verify(trusts=False)

    assert (found.ok, found.proved_to, found.unchecked) == (True, 0, 2)


# --- who signs looks first ---


def test_nobody_signs_a_log_that_does_not_follow_from_the_last_checkpoint(signed: Signed) -> None:
    signed.salon.hold(slot("19:00"), BookingId(5))
    signed.salon.tamper("UPDATE events SET data = replace(data::text, '}', ' }')::json WHERE position = 12", REPAIRED)

    with pytest.raises(BrokenLogError) as found:
        sound_head(signed.salon.database, signed.key.public)

    assert found.value.position == 13


def test_a_checkpoint_of_somebody_elses_is_no_place_to_begin_from(signed: Signed) -> None:
    signed.salon.hold(slot("19:00"), BookingId(5))
    checkpoint(signed.salon, new_signing_key())
    signed.salon.tamper("UPDATE events SET data = '{}' WHERE position = 5")

    with pytest.raises(BrokenLogError) as found:
        sound_head(signed.salon.database, signed.key.public)

    assert found.value.position == 5
