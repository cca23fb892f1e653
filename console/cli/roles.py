"""The roles of the Procfile, all of them in one process, and the trial."""

from __future__ import annotations

import threading

import typer

from console.cli.catalog import publish
from console.cli.common import caught_up
from console.cli.progress import ProgressLine
from console.errors import UsageError
from console.roles import Role, Work, run_roles
from console.settings import Settings, load_settings, require
from console.wiring import House, open_house
from ledger.decisions.integration import PauseIntegration
from ledger.ledger import Order
from ledger.postgres import migrate as migrate_schema
from ledger.privacy import random_id
from ledger.values import Actor
from projections.catalog import current_catalog
from projections.integration import integration
from sync.inbound import connect

commands = typer.Typer()


@commands.command("try")
def try_() -> None:
    """Everything here: embedded PostgreSQL, simulated CRM, the bot's chat and the log in a web page."""
    from console.trial import run_trial  # noqa: PLC0415  aiogram takes seconds to import

    run_trial(load_settings())


@commands.command()
def migrate() -> None:
    """Bring the database schema and the read models to this program's version."""
    settings = load_settings()
    with open_house(settings, prepare=True, watch=ProgressLine()) as house:
        done = migrate_schema(house.database)
        typer.echo(f"Schema {settings.zapisnik_schema} is at this program's version, head {house.recorder.head()}.")
        if done:
            raise UsageError("the schema changed while it was being migrated: run it again")


@commands.command()
def run() -> None:
    """All roles and the console in one process. Prepares the schema and publishes SALON_FILE if need be."""
    settings = load_settings()
    console = _console(settings)
    from console.serving import bot_of  # noqa: PLC0415  aiogram takes seconds to import

    bot_of(settings)
    with open_house(settings, prepare=True, watch=ProgressLine()) as house:
        caught_up(house)
        if current_catalog(house.database) is None:
            publish(house, settings.salon_file)
            caught_up(house)
    # Opened anew: the salon's zone is known now.
    with open_house(settings) as house:
        roles: list[Role] = ["follow", "remind", "messages", "bot"]
        if settings.has_crm():
            _name_the_crm(house)
            roles.append("sync")
        else:
            _note_missing_credentials(house)
            typer.echo(f"{', '.join(settings.missing_crm())} not set: bookings are kept, nothing is sent to Yclients.")
        run_roles(house, roles, console)


@commands.command()
def bot() -> None:
    """Serve the Telegram bot."""
    settings = load_settings()
    require(settings.bot_token, "BOT_TOKEN", "get one from @BotFather in Telegram")
    with open_house(settings) as house:
        _name_the_crm(house)
        run_roles(house, ["follow", "bot"])


@commands.command()
def remind() -> None:
    """Remind clients, tell the staff chat, free the times whose holds ran out."""
    settings = load_settings()
    roles: list[Role] = ["follow", "remind"]
    if settings.bot_token is not None:
        from console.serving import bot_of  # noqa: PLC0415  aiogram takes seconds to import

        bot_of(settings)
        roles.append("messages")
    with open_house(settings) as house:
        if settings.bot_token is None:
            typer.echo("BOT_TOKEN not set: times are freed, but nobody is reminded and the staff chat is told nothing.")
        run_roles(house, roles)


@commands.command()
def web() -> None:
    """Serve the console: the log, bookings' stories and the state of everything, in a browser."""
    settings = load_settings()
    console = _console(settings)
    with open_house(settings) as house:
        run_roles(house, ["follow"], console)


def _console(settings: Settings) -> dict[str, Work]:
    """The console as work beside roles. Its port is taken at once: one that is not free ends nothing that has begun."""
    from console.web.app import listen_for_console, serve_console  # noqa: PLC0415  the web's libraries take long, too
    from console.web.server import port_of  # noqa: PLC0415

    listening = listen_for_console(settings)

    def serve(house: House, stopped: threading.Event) -> None:
        behind = "every address of this machine, behind CONSOLE_PASSWORD"
        alone = "this machine only, no sign-in: CONSOLE_PASSWORD is not set"
        where = behind if settings.console_password else alone
        typer.echo(f"Console: http://127.0.0.1:{port_of(listening)} ({where})")
        serve_console(house, listening, stopped)

    return {"web": serve}


def _name_the_crm(house: House) -> None:
    """Before the first client is served: no day is offered until the CRM's own diary has been read."""
    if house.settings.has_crm():
        connect(house.ledger, house.clock, house.settings.yclients_company_id or 0)


def _note_missing_credentials(house: House) -> None:
    """A running integration without credentials is a paused one: say so in the log."""
    if integration(house.ledger).state == "running":
        order = Order(f"console:no-credentials:{random_id()}", Actor("system", "run"), house.clock.now())
        house.ledger.execute(PauseIntegration(order, "no_credentials"))
