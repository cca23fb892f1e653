"""`zapisnik audit`: the schedule as it stood, and whether the log was altered."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from console.checkpoints import sign_checkpoint
from console.cli import extracts
from console.cli.common import print_json
from console.cli.progress import WalkLine
from console.cli.replay import replay
from console.errors import FoundError, UsageError
from console.settings import load_settings
from console.signing_key import checkpoints_of, public_keys_of, signing_key, signing_key_path
from console.wiring import open_books
from ledger.integrity import Verification, verify_chain
from ledger.integrity.signing import PublicKey, fingerprint
from ledger.integrity.walk import unwatched
from ledger.values import Actor

commands = typer.Typer(no_args_is_help=True)


commands.command()(replay)
commands.command("export")(extracts.export)
commands.command("check")(extracts.check)

Checkpoints = Annotated[list[Path] | None, typer.Option("--checkpoint", help="Checkpoints held outside; repeatable.")]
PublicKeys = Annotated[list[Path] | None, typer.Option("--public-key", help="The trusted public key; repeatable.")]


@commands.command()
def verify(
    checkpoint: Checkpoints = None,
    public_key: PublicKeys = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, no progress.")] = False,
) -> None:
    """Recompute the log from its first event, and hold it against checkpoints; exit 1 when it was altered."""
    settings = load_settings()
    outside, given = checkpoints_of(checkpoint or []), public_keys_of(public_key or [])
    at_hand = None if given else signing_key(settings)
    trusted = given or ([at_hand.public] if at_hand else [])
    with open_books(settings) as books, WalkLine().wiped() as line:
        watch = unwatched if as_json else line
        found = verify_chain(books.ledger.recorder, trusted=trusted, outside=outside, watch=watch)
    whose = "given" if given else "at_hand" if at_hand else None
    if as_json:
        print_json(_as_json(found, trusted, whose))
    if not found.ok:
        raise FoundError(f"the log is broken at position {found.first_bad_position}: {found.reason}")
    if not as_json:
        for sentence in _told(found, trusted, is_given=bool(given)):
            typer.echo(sentence)


@commands.command()
def checkpoint(
    out: Annotated[Path | None, typer.Option("--out", help="Also add it to this file, as a line.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the checkpoint's line only.")] = False,
) -> None:
    """Sign the log as it stands, as an event in it, for you to keep somewhere else."""
    settings = load_settings()
    key = signing_key(settings)
    if key is None:
        raise UsageError(f"there is no signing key in {signing_key_path(settings)}: `zapisnik keys init` makes one")
    with open_books(settings) as books:
        stored = sign_checkpoint(books.ledger, key, Actor("system", "checkpoint"), books.clock.now())
        books.ledger.recorder.notifier.notify_soon()
    signed = stored.checkpoint
    if signed is None:
        raise FoundError(f"the checkpoint at position {stored.position} cannot be read")
    if out is not None:
        _add_line(out, signed.line)
    if not as_json:
        typer.echo(f"The log up to event {signed.position}, signed at {signed.at} by key {fingerprint(signed.key)}")
        typer.echo(f"hash {signed.hash}")
        kept = f"It was added to {out}. " if out is not None else ""
        typer.echo(
            f"{kept}Keep the next line outside this machine: `zapisnik audit verify --checkpoint FILE` reads it."
        )
    typer.echo(signed.line)


def _add_line(path: Path, line: str) -> None:
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
    except OSError as error:
        raise UsageError(f"--out {path} cannot be written: {error.strerror}; the checkpoint is in the log") from error


def _as_json(found: Verification, trusted: Sequence[PublicKey], whose: str | None) -> dict[str, object]:
    return {
        "ok": found.ok,
        "events": found.events,
        "checkpoints": found.checkpoints,
        "first_bad_position": found.first_bad_position,
        "reason": found.reason,
        "head_hash": found.head_hash.hex(),
        "proved_to": found.proved_to,
        "keys": [key.id for key in trusted],
        "keys_from": whose,
        "unchecked": found.unchecked,
        "seconds": round(found.seconds, 3),
    }


def _told(found: Verification, trusted: Sequence[PublicKey], *, is_given: bool) -> list[str]:
    """What was checked, up to where it is proved, and what cannot be found."""
    rate = f", {found.events / found.seconds:,.0f} events/s" if found.seconds > 1 else ""
    lines = [
        f"{found.events:,} events: every digest, hash, position, time and tag row fits the others "
        f"({found.seconds:.1f} s{rate}).",
        f"The last hash is {found.head_hash.hex()}.",
        _checkpoints_told(found, trusted, is_given=is_given),
    ]
    if found.proved_to:
        lines += [
            f"Proved up to event {found.proved_to:,}: a checkpoint held outside has its hash, so nothing up to there "
            "was changed, added, removed or put in another order since that checkpoint was made.",
        ]
    else:
        lines += ["Nothing is proved from outside: no checkpoint was given with --checkpoint FILE."]
    after = f" after event {found.proved_to:,}" if found.proved_to else ""
    lines += [
        "What cannot be found:",
        f"  - events cut off the end{after}, or any{after} written anew with new hashes, by somebody who can write to",
        "    the database and either has the signing key or leaves out the checkpoints of that stretch;",
        "  - that something false was recorded in the first place, or something true never was;",
        "  - a change in what is not the log: client keys, read models (`zapisnik rebuild --all --check`).",
    ]
    return lines


def _checkpoints_told(found: Verification, trusted: Sequence[PublicKey], *, is_given: bool) -> str:
    n = f"Checkpoints in the log: {found.checkpoints}; they"
    if not trusted and found.checkpoints:
        return f"{n} fit it; no public key was given or at hand to check who signed them."
    if not found.checkpoints:
        return "There is no checkpoint in the log yet: `zapisnik audit checkpoint` signs one."
    names = ", ".join(fingerprint(key.id) for key in trusted)
    if is_given:
        return f"{n} fit it and are signed by the key given: {names}."
    return (
        f"{n} fit it and are signed by the key of this machine: {names}. "
        "Compare that fingerprint with one you were given by another way, or give --public-key FILE."
    )
