"""`zapisnik client`: who a client is, found by a phone or a Telegram id, and all that is held on them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from bot.texts.dossier import dossier_text
from console.cli.client_shown import client_json, client_lines, dossier_json, found_client
from console.cli.common import caught_up, house_of, print_json
from console.errors import FoundError, UsageError
from console.viewing import note_viewing
from console.wiring import House
from ledger.errors import MalformedValueError
from ledger.events import Language, Personal
from ledger.phone_book import clients_with_phone
from ledger.recorder import BoundaryItem
from ledger.tags import client_tag
from ledger.values import ID_BITS, ClientId, parse_phone, phone_region
from projections.catalog import current_catalog

NAMED: tuple[Personal, ...] = ("name", "phone")
EVERYTHING: tuple[Personal, ...] = ("name", "phone", "telegram", "crm_words")
commands = typer.Typer(no_args_is_help=True)


@commands.command()
def find(
    who: Annotated[list[str], typer.Argument(help="A phone in any spelling, or @ and a Telegram id.")],
    open_: Annotated[bool, typer.Option("--open", help="Show name and phone; that is written down.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Find a client by a phone or a Telegram id. Exit code 1 when there is none."""
    with house_of() as house:
        found = clients_named(house, " ".join(who))
        if not found:
            raise FoundError(
                f"no client of this ledger has that {'Telegram id' if who[0].startswith('@') else 'phone'}"
            )
        caught_up(house)
        viewing = note_viewing(house, found, NAMED, "cli:client find") if open_ else None
        shown = [found_client(house, one, viewing.contact(one) if viewing else None) for one in found]
        if as_json:
            print_json([client_json(one) for one in shown])
            return
        catalog = current_catalog(house.database)
        typer.echo("\n\n".join("\n".join(client_lines(one, catalog, house.zone)) for one in shown))
        if len(shown) > 1 and viewing is None:
            typer.echo(f"\n{len(shown)} clients gave this phone: `--open` shows their names.")


@commands.command()
def export(
    client: Annotated[str, typer.Argument(help="A client's id, a phone with its +, or @ and a Telegram id.")],
    out: Annotated[Path | None, typer.Option(help="A new file, readable by you alone; the screen without it.")] = None,
    language: Annotated[Language | None, typer.Option(help="In which words; the client's own without it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for another program.")] = False,
) -> None:
    """Write out everything held on a client, for the client. That it was opened is written down."""
    with house_of() as house:
        client_id = client_named(house, client)
        caught_up(house)
        with _output(out) as write:
            dossier = note_viewing(house, [client_id], EVERYTHING, "cli:client export").dossier(client_id)
            catalog, now = current_catalog(house.database), house.clock.now()
            draw = dossier_json if as_json else dossier_text
            write(draw(dossier, catalog, house.zone, language or dossier.person.language or "ru", now))
    if out is not None:
        typer.echo(f"Everything held on client {client_id} is in {out}. It is personal: hand it over and delete it.")


def clients_named(house: House, text: str) -> list[ClientId]:
    """Who has this phone or Telegram id. Raises UsageError for what can be neither."""
    if text.startswith("@"):
        number = text.removeprefix("@")
        if not (number.isascii() and number.isdecimal()):
            raise UsageError("@: a Telegram id is a number; the names people give themselves there are not stored")
        found = house.vault.find("telegram", number)
        return [] if found is None else [found]
    catalog = current_catalog(house.database)
    region = phone_region(catalog.facts.phone) if catalog else "RU"
    try:
        phone = parse_phone(text, region)
    except MalformedValueError as error:
        raise UsageError(
            "that is neither a phone (8 916 123-45-67, +79161234567) nor a Telegram id (@123456789)"
        ) from error
    return clients_with_phone(house.database, house.vault, phone)


def client_named(house: House, text: str) -> ClientId:
    """One client, by their id, phone or Telegram id. Raises UsageError or FoundError unless it is exactly one."""
    if text.startswith(("@", "+")):
        found = clients_named(house, text)
        if len(found) > 1:
            ids = ", ".join(str(one) for one in found)
            raise UsageError(f"several clients gave this phone: name one of them by id, {ids}")
        if not found:
            raise FoundError("no client of this ledger has that phone or Telegram id")
        return found[0]
    if not (text.isascii() and text.isdecimal() and 0 < int(text[:20]) < 1 << ID_BITS):
        raise UsageError(f"{text!r} is not a client's id: `zapisnik client find` prints it")
    client_id = ClientId(int(text))
    if not house.ledger.history(BoundaryItem(tags=[client_tag(client_id)])):
        raise FoundError(f"there is no client {client_id} in this ledger: `zapisnik client find` prints the id")
    return client_id


@contextmanager
def _output(path: Path | None) -> Iterator[Callable[[str], object]]:
    """Writes to a new file, made before anything is opened and gone again if that fails; to the screen without one.

    Raises UsageError when the file is there already or cannot be made.
    """
    if path is None:
        yield lambda text: typer.echo(text, nl=False)
        return
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise UsageError(f"--out: {path} is there already: name a new file, nothing is overwritten") from error
    except OSError as error:
        raise UsageError(f"--out: {path} cannot be made: {error.strerror}") from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        try:
            yield file.write
        except BaseException:
            path.unlink(missing_ok=True)
            raise
