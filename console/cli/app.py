"""All commands together, and how errors become one sentence and an exit code."""

from __future__ import annotations

import logging
import sys

import psycopg
import structlog
import typer

from bot.errors import BotError
from console.cli import (
    audit,
    catalog,
    clients,
    conflicts,
    consents,
    demo,
    doctor,
    erase,
    import_,
    keys,
    log,
    master_key,
    rebuild,
    roles,
    simulator,
    status,
    sync,
)
from console.database import EmbeddedDatabaseError
from console.errors import ConsoleError
from console.settings import load_settings
from ledger.errors import LedgerError, MalformedValueError, SchemaVersionError
from projections.errors import ProjectionError, RebuildRunningError

app = typer.Typer(
    name="zapisnik",
    help="An event-sourced booking ledger for a salon.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for commands in (roles, log, status, rebuild, import_, demo, simulator):
    app.add_typer(commands.commands)
app.add_typer(audit.commands, name="audit", help="Replay the log, prove that it was not altered.")
keys.commands.add_typer(master_key.commands)
app.add_typer(keys.commands, name="keys", help="What personal data is sealed with, and checkpoints are signed with.")
sync.commands.add_typer(doctor.commands)
sync.commands.add_typer(conflicts.commands)
app.add_typer(sync.commands, name="sync", help="The integration with Yclients.")
app.add_typer(catalog.commands, name="catalog", help="What the salon offers.")
app.add_typer(consents.commands, name="consent", help="What clients agree to.")
clients.commands.add_typer(erase.commands)
app.add_typer(
    clients.commands, name="client", help="One client: who they are, all that is held on them, and forgetting it."
)


def main() -> None:
    """The entry point. An error a person can mend is one sentence; an unknown one stays a traceback, exit 1."""
    try:
        settings = load_settings()
        _set_up_logging(settings.log_level)
        app()
    except ConsoleError as error:
        _fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except (EmbeddedDatabaseError, MalformedValueError, SchemaVersionError, RebuildRunningError, BotError) as error:
        _fail(str(error), 2)
    except (LedgerError, ProjectionError) as error:
        _fail(str(error) or type(error).__name__, 1)
    except psycopg.OperationalError as error:
        _fail(f"the database failed: {str(error).strip().splitlines()[0]}", 1)
    except BrokenPipeError:
        # Somebody piped us into `head`: not an error, and nothing more can be said.
        sys.stderr.close()
        sys.exit(0)


def _fail(sentence: str, code: int) -> None:
    typer.echo(f"zapisnik: {sentence}", err=True)
    sys.exit(code)


def _set_up_logging(level: str) -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    # Libraries log requests with their addresses, and a bot's address holds its token.
    for library in ("httpx", "httpcore", "aiogram", "psycopg.pool"):
        logging.getLogger(library).setLevel(logging.ERROR)
