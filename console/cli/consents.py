"""`zapisnik consent`: the texts clients agree to, the text behind a checksum on record, and a consent taken back."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from bot.texts.consents import CONSENTS, CURRENT, ConsentText, consent_texts, text_behind
from console.cli.clients import client_named
from console.cli.common import house_of, operator_of, print_json
from console.errors import FoundError, UsageError
from console.wiring import House
from ledger import events as e
from ledger.codec import stored_name
from ledger.decisions.withdraw_consent import WithdrawConsent
from ledger.events import CatalogPublished, Language
from ledger.ledger import Order
from ledger.privacy import random_id
from ledger.recorder import BoundaryItem
from ledger.tags import CATALOG
from projections import schedule

commands = typer.Typer(no_args_is_help=True)
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


@commands.command()
def show(
    wanted: Annotated[str, typer.Argument(metavar="[VERSION|SHA256]", help="A version, or a checksum on record.")] = "",
    language: Annotated[Language, typer.Option(help="In which language.")] = "ru",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print a consent text as it is shown, the present version or another; or the one with a checksum.

    Exit code 1 when no text that could have been shown has that checksum.
    """
    with house_of() as house:
        salons = _salons(house)
    if not salons:
        raise UsageError("no catalogue is published, so no salon's name stands in the text: `zapisnik catalog load`")
    if _SHA256.fullmatch(wanted):
        found = text_behind(wanted.lower(), salons)
        if found is None:
            raise FoundError("no text of any version, with the name of any published catalogue, has that checksum")
    elif wanted and wanted not in CONSENTS:
        raise UsageError(f"there is no version {wanted!r} of the consent: {', '.join(CONSENTS)}")
    else:
        texts = consent_texts(wanted or CURRENT, salons[0])
        found = next(text for text in texts if text.language == language)
    if as_json:
        print_json(_json(found))
    else:
        typer.echo(f"{found.text}\n\nversion {found.version}, {found.language}, SHA-256 {found.sha256}")


@commands.command()
def withdraw(
    client: Annotated[str, typer.Argument(help="A client's id, a phone with its +, or @ and a Telegram id.")],
) -> None:
    """Take back a client's consent, as they asked for it outside the bot. Exit code 1 when none is in force."""
    with house_of() as house:
        client_id = client_named(house, client)
        order = Order(f"console:{random_id()}", operator_of(house), house.clock.now())
        done = house.ledger.execute(WithdrawConsent(order, client_id))
        if done.repeated:
            raise FoundError(f"client {client_id} has no consent in force")
        coming = schedule.bookings_of(house.database, client_id, house.clock.now())
    typer.echo(f"The consent of client {client_id} is taken back. Bookings that stand: {len(coming)}.")


def _salons(house: House) -> list[CatalogPublished]:
    """Every catalogue that was ever in force, the present one first."""
    published = house.ledger.history(BoundaryItem(types=[stored_name(e.CatalogPublished)], tags=[CATALOG]))
    return [item.event for item in reversed(published) if isinstance(item.event, CatalogPublished)]


def _json(found: ConsentText) -> dict[str, str | bool]:
    return {
        "version": found.version,
        "is_current": found.version == CURRENT,
        "language": found.language,
        "text": found.text,
        "sha256": found.sha256,
    }
