"""`zapisnik keys rotate` and `keys check`: another master key, and whether keys and copies of them are right."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from console.cli.common import house_of, print_json
from console.errors import FoundError, UsageError
from console.rotation import Rotated, rotate_file, rotate_setting
from console.settings import load_settings
from console.wiring import master_key_source
from ledger.errors import MalformedValueError, SealError
from ledger.key_rotation import Inspection, inspect
from ledger.master_keys import MasterKeys

commands = typer.Typer(no_args_is_help=True)
_LONGEST = 4096


@commands.command()
def rotate(
    keep_old: Annotated[
        bool, typer.Option("--keep-old", help="Leave the old key in master.key: it still opens older backups.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before the old key goes from master.key.")] = False,
) -> None:
    """Wrap every client's key under the newest master key; no event is touched, nothing has to be stopped."""
    with house_of() as house:
        if house.key_file is None and keep_old:
            raise UsageError("--keep-old: ZAPISNIK_MASTER_KEY is yours to change, nothing is taken out of it")
        if house.key_file is not None and not keep_old and not yes:
            typer.echo(f"The old key goes from {house.key_file} at the end. Backups made before open with it only.")
            if not typer.confirm("Is a copy of it kept elsewhere, or is it needed no more?"):
                typer.echo("Nothing was done. --keep-old leaves it there.")
                return
        if house.key_file is None:
            done = rotate_setting(house.database, master_key_source(house.settings, house.home)())
        else:
            done = rotate_file(house.database, house.key_file, keep_old=keep_old)
        typer.echo("\n".join(_told(done, house.key_file)))
    if damaged := sum(len(one.damaged) for one in done.ledgers.values()):
        raise FoundError(f"the keys of {damaged} clients do not open: somebody altered them. `zapisnik keys check`")


@commands.command()
def check(
    copy: Annotated[
        str | None, typer.Option(metavar="FILE", help="Try the keys of this copy instead; - reads standard input.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Try the master keys, or a copy of them, on every client's key; exit 1 when one does not open."""
    keys, found = _present() if copy is None else _copied(copy)
    if as_json:
        print_json(
            {
                "ok": not (found.missing or found.damaged),
                "in_force": found.in_force,
                "held": keys.ids,
                "rows": found.rows,
                "missing": found.missing,
                "damaged": found.damaged,
            }
        )
    else:
        typer.echo("\n".join(_inspected(found, keys)))
    if found.missing:
        raise FoundError(f"these keys do not open what is under key {', '.join(found.missing)}: find that key")
    if found.damaged:
        raise FoundError(f"the keys of {len(found.damaged)} clients do not open: somebody altered them")


def _present() -> tuple[MasterKeys, Inspection]:
    with house_of() as house:
        keys = MasterKeys.parse(master_key_source(house.settings, house.home)())
        return keys, inspect(house.database, keys)


def _copied(copy: str) -> tuple[MasterKeys, Inspection]:
    """A copy is tried also where the key in force is lost: that is when it is needed."""
    text = _read(copy)
    try:
        keys = MasterKeys.parse(text)
    except MalformedValueError as error:
        raise UsageError(f"--copy: {error.problem}") from error
    try:
        with house_of(load_settings(zapisnik_master_key=text)) as house:
            return keys, inspect(house.database, keys)
    except UsageError as error:
        if isinstance(error.__cause__, SealError):
            raise FoundError(f"the copy is not right: {error.__cause__}") from error
        raise


def _told(done: Rotated, path: Path | None) -> Iterator[str]:
    for schema, rotation in done.ledgers.items():
        yield f"{schema}: {rotation.rewrapped} keys wrapped anew, all are under master key {rotation.key_id} now"
    if path is None and done.kept:
        yield (
            f"Nothing here is under {', '.join(done.kept)} any more: take it out of ZAPISNIK_MASTER_KEY of every "
            "process, once all of them know the first key and all ledgers of this setting are rotated."
        )
    elif path is None:
        yield "To change the key: put the new one first in ZAPISNIK_MASTER_KEY, the old one after a comma, and rotate."
    elif done.dropped:
        yield f"Key {', '.join(done.dropped)} is out of {path}; backups made before still need it."
    elif done.kept:
        yield f"Key {', '.join(done.kept)} stays in {path} and still opens older backups."
    if path is not None:
        yield f"Copy {path} anew to where you keep it, and try the copy: `zapisnik keys check --copy FILE`"


def _inspected(found: Inspection, keys: MasterKeys) -> Iterator[str]:
    yield f"in force     {found.in_force or 'none yet'}"
    for key_id, rows in found.rows.items():
        yield f"key {key_id} {rows} rows under it{'' if keys.find(key_id) else ', and the key is not here'}"
    for key_id in keys.ids:
        if key_id not in found.rows:
            yield f"key {key_id} nothing is under it"
    if not (found.missing or found.damaged):
        yield "Every one opens."


def _read(copy: str) -> str:
    if copy == "-":
        return sys.stdin.read(_LONGEST)
    try:
        with Path(copy).open(encoding="ascii") as file:
            return file.read(_LONGEST)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a key in base64"
        raise UsageError(f"--copy: {copy} cannot be read: {reason}") from error
