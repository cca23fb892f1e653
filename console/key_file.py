"""The master keys of an embedded ledger, in a file beside its data: the one in force first, one a line."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from console.errors import UsageError
from ledger.master_keys import new_master_key


def key_file(path: Path) -> str:
    """The embedded ledger's own keys, readable by nobody else; one is made at first need."""
    if not path.exists():
        draft = _draft(path, [new_master_key()])
        # Linking refuses to replace: of two processes starting at once the first one's key stands.
        with suppress(FileExistsError):
            path.hardlink_to(draft)
        draft.unlink()
    return path.read_text("ascii").strip()


def write_keys(path: Path, keys: Sequence[str]) -> None:
    """Puts these keys into the file at once: whoever reads it has either all of the old or all of the new."""
    _draft(path, keys).replace(path)
    _sync_directory(path.parent)


@contextmanager
def alone_with(path: Path) -> Iterator[None]:
    """Nobody else changes the file meanwhile. Raises UsageError when somebody does already."""
    descriptor = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(f"another `zapisnik keys rotate` is at work on {path}: let it finish") from None
        yield
    finally:
        os.close(descriptor)


def _draft(path: Path, keys: Sequence[str]) -> Path:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write("".join(f"{key}\n" for key in keys))
        file.flush()
        os.fsync(file.fileno())
    return draft


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
