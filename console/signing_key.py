"""The signing key's file: where it is, made once, read when something has to be signed."""

from __future__ import annotations

import os
from pathlib import Path

from console.database import default_home
from console.errors import UsageError
from console.settings import Settings
from ledger.errors import MalformedValueError
from ledger.integrity.checkpoints import Checkpoint, read_checkpoints
from ledger.integrity.signing import PublicKey, SigningKey, new_signing_key, read_public_keys, read_signing_key


def signing_key_path(settings: Settings) -> Path:
    """ZAPISNIK_SIGNING_KEY, else `signing.key` in the home."""
    if settings.zapisnik_signing_key is not None:
        return settings.zapisnik_signing_key.expanduser().absolute()
    return default_home(settings.zapisnik_home) / "signing.key"


def signing_key(settings: Settings) -> SigningKey | None:
    """None when there is none. Raises UsageError for a file that is no key, or that the setting names in vain."""
    path = signing_key_path(settings)
    if not path.exists():
        if settings.zapisnik_signing_key is not None:
            raise UsageError(f"ZAPISNIK_SIGNING_KEY: there is no file {path}; `zapisnik keys init` makes a key there")
        return None
    try:
        return read_signing_key(read_text(path, "the signing key"))
    except MalformedValueError as error:
        raise UsageError(f"{path}: {error.problem}") from error


def make_signing_key(path: Path) -> SigningKey:
    """A new key in a new file, readable by nobody else. Raises UsageError when there is a file already."""
    key = new_signing_key()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise UsageError(
            f"{path} is there already, and what it has signed can only be checked with it: nothing was changed"
        ) from error
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key.pem)
        file.flush()
        os.fsync(file.fileno())
    return key


def public_keys_of(files: list[Path]) -> list[PublicKey]:
    """The keys of these files. Raises UsageError naming the file that holds none."""
    found: list[PublicKey] = []
    for file in files:
        try:
            found += read_public_keys(read_text(file, "--public-key"))
        except MalformedValueError as error:
            raise UsageError(f"--public-key {file}: {error.problem}") from error
    return found


def checkpoints_of(files: list[Path]) -> list[Checkpoint]:
    """The checkpoints of these files. Raises UsageError naming the file that holds none."""
    found: list[Checkpoint] = []
    for file in files:
        try:
            found += read_checkpoints(read_text(file, "--checkpoint"))
        except MalformedValueError as error:
            raise UsageError(f"--checkpoint {file}: {error.problem}") from error
    return found


def read_text(path: Path, what: str) -> str:
    """Raises UsageError for a file that cannot be read, or is no text."""
    try:
        return path.read_text("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{what}: {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{what}: {path} is no text") from error
