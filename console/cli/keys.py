"""`zapisnik keys`: the keys of a ledger, apart from any database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console.errors import UsageError
from console.settings import load_settings
from console.signing_key import make_signing_key, signing_key, signing_key_path
from ledger.integrity.signing import fingerprint

commands = typer.Typer(no_args_is_help=True)


@commands.command()
def init(
    out: Annotated[Path | None, typer.Option("--out", help="Where to put it, instead of the usual place.")] = None,
) -> None:
    """Make the key that signs checkpoints and extracts, once; refuses to replace one."""
    path = out.absolute() if out is not None else signing_key_path(load_settings())
    key = make_signing_key(path)
    typer.echo(f"{path} is the signing key of this ledger, readable by its owner only.")
    typer.echo(f"Its fingerprint: {fingerprint(key.public.id)}")
    typer.echo("Keep a copy of the file apart from the database and its backups. What to do next:")
    typer.echo("  zapisnik keys public --out public.pem   and give that file to whoever audits, by a way they trust")
    typer.echo("  zapisnik audit checkpoint               signs the log as it stands; `remind` and `run` then go on")
    if path != signing_key_path(load_settings()):
        typer.echo(f"Set ZAPISNIK_SIGNING_KEY={path} where it is to be used.")


@commands.command()
def public(
    out: Annotated[Path | None, typer.Option("--out", help="A new file, instead of the screen.")] = None,
) -> None:
    """Export the public key, by which anybody can check what was signed."""
    settings = load_settings()
    key = signing_key(settings)
    if key is None:
        raise UsageError(f"there is no signing key in {signing_key_path(settings)}: `zapisnik keys init` makes one")
    if out is None:
        typer.echo(key.public.pem, nl=False)
        return
    write_new(out, key.public.pem)
    typer.echo(f"{out}: public key {fingerprint(key.public.id)}")


def write_new(path: Path, text: str) -> None:
    """Raises UsageError when the file is there already, or cannot be written."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise UsageError(f"{path} is there already: nothing was changed") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error
