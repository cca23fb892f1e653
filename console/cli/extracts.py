"""`zapisnik audit export` and `audit check`: a signed extract of the log, and its check without any database."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Annotated
from zoneinfo import ZoneInfo

import typer

from console.cli.clients import EVERYTHING
from console.cli.common import parse_time, print_json
from console.cli.progress import WalkLine
from console.errors import FoundError, UsageError
from console.settings import load_settings
from console.signing_key import checkpoints_of, public_keys_of, signing_key
from console.viewing import note_viewing
from console.wiring import House, open_books, open_house
from ledger.errors import AlteredExtractError, MalformedValueError
from ledger.integrity.extract import Annex, Extract, write_extract
from ledger.integrity.extract_check import CheckedExtract, check_extract
from ledger.integrity.extract_lines import Scope
from ledger.integrity.signing import SigningKey, fingerprint
from ledger.values import BookingId, ClientId, booking_code, parse_booking_id

UNSIGNED = (
    "NOT SIGNED: there is no signing key here (`zapisnik keys init` makes one). Whoever gets this file can alter it "
    "and nobody could tell."
)


def export(
    file: Annotated[Path, typer.Argument(help="A new file.")],
    booking: Annotated[str | None, typer.Option("--booking", help="Only this booking: number or code.")] = None,
    client: Annotated[int | None, typer.Option("--client", help="Only this client and their bookings.")] = None,
    since: Annotated[str | None, typer.Option("--since", help="Recorded at or after this time.")] = None,
    until: Annotated[str | None, typer.Option("--until", help="Recorded before this time.")] = None,
    annex: Annotated[bool, typer.Option("--annex", help="Also open personal text, in an annex.")] = False,
) -> None:
    """Write a signed extract of the log; exit 1 when the log was altered there."""
    if sum(one is not None for one in (booking, client, since or until)) > 1:
        raise UsageError("one extract is about one booking, one client, or one period")
    settings = load_settings()
    key = signing_key(settings)
    with _new_file(file) as out:
        if annex:
            with open_house(settings) as house:
                scope = _scope(booking, client, since, until, house.zone)
                opened = Annex(house.vault, lambda clients: _note_opened(house, clients))
                made_at = house.clock.now()
                with WalkLine().wiped() as line:
                    done = write_extract(
                        house.recorder, scope, out, signer=key, made_at=made_at, annex=opened, watch=line
                    )
        else:
            with open_books(settings) as books, WalkLine().wiped() as line:
                scope = _scope(booking, client, since, until, books.zone)
                done = write_extract(
                    books.ledger.recorder, scope, out, signer=key, made_at=books.clock.now(), watch=line
                )
    _tell_written(file, done, key)


def _note_opened(house: House, clients: frozenset[ClientId]) -> None:
    note_viewing(house, clients, EVERYTHING, "cli:audit export")


def check(
    file: Annotated[Path, typer.Argument(help="An extract.")],
    public_key: Annotated[list[Path] | None, typer.Option("--public-key", help="The trusted public key.")] = None,
    checkpoint: Annotated[list[Path] | None, typer.Option("--checkpoint", help="Checkpoints held outside.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check an extract without any database; exit 1 when a byte of it was altered, or it is not signed."""
    keys, outside = public_keys_of(public_key or []), checkpoints_of(checkpoint or [])
    try:
        with file.open("rb") as stream:
            found = check_extract(stream, keys, outside)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
    except AlteredExtractError as error:
        if as_json:
            print_json({"ok": False, "line": error.line, "reason": error.reason})
        raise FoundError(f"{file} is not what was written: {error}") from error
    if as_json:
        print_json(_as_json(found))
    else:
        for sentence in _told(file, found):
            typer.echo(sentence)
    if found.header.key is None:
        raise FoundError(f"{file} is not signed by anybody: it proves nothing against who wrote or passed it on")
    if not found.is_proved:
        raise UsageError(
            f"who signed it was NOT checked: give the public key {fingerprint(found.header.key)} with --public-key FILE"
        )


@contextmanager
def _new_file(path: Path) -> Iterator[IO[bytes]]:
    """A file of its owner's only, which is there under its name when all of it is. Raises UsageError."""
    if path.exists():
        raise UsageError(f"{path} is there already: nothing was changed")
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
        path.hardlink_to(draft)
    except FileExistsError as error:
        raise UsageError(f"{path} is there already: nothing was changed") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()


def _scope(booking: str | None, client: int | None, since: str | None, until: str | None, zone: ZoneInfo) -> Scope:
    if booking is not None:
        try:
            return Scope("booking", id=parse_booking_id(booking))
        except MalformedValueError as error:
            raise UsageError(f"--booking: {error.problem}") from error
    if client is not None:
        return Scope("client", id=client)
    if since or until:
        begin = parse_time(since, zone, "--since").isoformat() if since else None
        return Scope("period", since=begin, until=parse_time(until, zone, "--until").isoformat() if until else None)
    return Scope("log")


def _tell_written(file: Path, done: Extract, key: SigningKey | None) -> None:
    others = done.last - done.first + 1 - done.full
    typer.echo(
        f"{file}: events {done.first:,} to {done.last:,} of the log, {done.full:,} in full (with the checkpoints among "
        f"them), {others:,} as digests only."
    )
    if done.opened:
        typer.echo(
            f"IT HOLDS PERSONAL DATA IN CLEAR: {done.opened:,} texts in its annex. Whoever gets it has to keep it, and "
            "to destroy it in the end, as the law asks."
        )
    if key is None:
        typer.echo(UNSIGNED, err=True)
    else:
        typer.echo(f"Signed by key {fingerprint(key.public.id)}.")
        typer.echo(
            "Whoever gets it checks it with `zapisnik audit check FILE --public-key FILE`, without any database."
        )


def _as_json(found: CheckedExtract) -> dict[str, object]:
    header = found.header
    return {
        "ok": found.is_proved,
        "first": header.first,
        "last": header.last,
        "full": found.full,
        "others": found.others,
        "opened": found.opened,
        "head_hash": found.head_hash.hex(),
        "key": header.key,
        "is_proved": found.is_proved,
        "checkpoints": [one.position for one in found.checkpoints],
        "proved_to": found.proved_to,
        "made_at": header.made_at,
        "scope": header.scope,
    }


def _told(file: Path, found: CheckedExtract) -> list[str]:
    header = found.header
    lines = [
        f"{file}: whole and unaltered, made at {header.made_at} about {_about(header.scope)}.",
        f"Events {header.first:,} to {header.last:,}: {found.full:,} in full, {found.others:,} as digests; each "
        f"follows from the one before. The hash at {header.last:,} is {found.head_hash.hex()}.",
    ]
    if header.key and found.is_proved:
        lines.append(f"Signed by the key you gave: {fingerprint(header.key)}.")
    if found.checkpoints:
        last = found.checkpoints[-1]
        lines.append(
            f"Signed checkpoints in it that fit: {len(found.checkpoints)}, the last one about event {last.position:,}, "
            f"signed at {last.at}."
        )
    if found.proved_to is not None:
        lines.append(f"A checkpoint you hold has the very hash of event {found.proved_to:,}.")
    if found.opened:
        lines.append(f"IT HOLDS PERSONAL DATA IN CLEAR: {found.opened:,} texts in its annex.")
    return [
        *lines,
        "What it proves: these events stood in the log at these places when the extract was signed, word for word.",
        "What it does not: that no other event in the log is about the same thing, that what was recorded is true, "
        "nor, for the annex, that the text is what is sealed in the events: for that take the signer's word.",
    ]


def _about(scope: Scope) -> str:
    match scope.of:
        case "log":
            return "the whole log"
        case "period":
            return f"the period from {scope.since or 'the start'} until {scope.until or 'the end'}"
        case "booking":
            return f"booking {scope.id} ({booking_code(BookingId(scope.id or 0))})"
        case "client":
            return f"client {scope.id}"
