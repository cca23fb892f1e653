"""The master key of an embedded ledger, in a file beside its data."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from ledger.privacy import new_master_key


def key_file(path: Path) -> str:
    """The embedded ledger's own key, made at first need, readable by nobody else."""
    if not path.exists():
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(new_master_key() + "\n")
            file.flush()
            os.fsync(file.fileno())
        # Linking refuses to replace: of two processes starting at once the first one's key stands.
        with suppress(FileExistsError):
            path.hardlink_to(draft)
        draft.unlink()
    return path.read_text("ascii").strip()
