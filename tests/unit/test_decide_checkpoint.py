"""Which checkpoints are written down."""

from __future__ import annotations

from ledger import events as e
from ledger.decisions.note_checkpoint import NoteCheckpoint
from tests.builders import Memory, made, order


def checkpoint(position: int) -> e.CheckpointSigned:
    return e.CheckpointSigned(position, "ab" * 32, "cd" * 16, "c2lnbmF0dXJl")


def test_a_checkpoint_of_a_later_position_is_written_down() -> None:
    memory = Memory(made(), checkpoint(1))

    assert memory.execute(NoteCheckpoint(order(), checkpoint(2))) == [checkpoint(2)]


def test_of_two_who_sign_at_once_one_is_written_down() -> None:
    memory = Memory(made(), checkpoint(2))

    assert memory.execute(NoteCheckpoint(order(), checkpoint(2))) == []
    assert memory.execute(NoteCheckpoint(order(), checkpoint(1))) == []
