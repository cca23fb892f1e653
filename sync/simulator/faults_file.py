"""Faults read from a TOML file, with errors that say where in it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec

from sync.simulator.faults import FAULTS, Fault, Faults, Rule


class FaultsFileError(Exception):
    """The file cannot be read as faults; its text is the one sentence a person reads."""


class _File(msgspec.Struct, forbid_unknown_fields=True):
    seed: int = 0
    slow_seconds: float = 60.0
    late_seconds: float = 5.0
    retry_after: int = 1
    shares: dict[str, float] = {}
    rules: list[Rule] = []


def load_faults(path: Path, *, seed: int | None = None) -> Faults:
    """The file's faults; `seed` overrides its own. Raises FaultsFileError."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError as error:
        raise FaultsFileError(f"{path} is not there; --faults names a TOML file of faults") from error
    except (OSError, UnicodeDecodeError) as error:
        raise FaultsFileError(f"{path} cannot be read: {error}") from error
    try:
        return read_faults(tomllib.loads(text), seed=seed)
    except tomllib.TOMLDecodeError as error:
        raise FaultsFileError(f"{path} is not TOML: {error}") from error
    except ValueError as error:
        raise FaultsFileError(f"{path}: {error}") from error


def read_faults(raw: object, *, seed: int | None = None) -> Faults:
    """Faults as JSON or TOML have them: `seed`, `shares`, `rules`, three durations. Raises ValueError."""
    try:
        file = msgspec.convert(raw, _File)
    except msgspec.ValidationError as error:
        names = f"; there are {', '.join(FAULTS)}" if str(error).endswith(".fault`") else ""
        raise ValueError(f"{error}{names}") from error
    if unknown := sorted(file.shares.keys() - set(FAULTS)):
        raise ValueError(f"shares: {unknown[0]!r} is not a fault; there are {', '.join(FAULTS)}")
    shares: dict[Fault, float] = {fault: file.shares[fault] for fault in FAULTS if fault in file.shares}
    return Faults(
        file.seed if seed is None else seed,
        shares,
        file.rules,
        slow_seconds=file.slow_seconds,
        late_seconds=file.late_seconds,
        retry_after=file.retry_after,
    )
