"""Where everything is built, but for the CRM's side (`crm_wiring`); nothing is built at import."""

from __future__ import annotations

import os
import re
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import structlog
from psycopg import sql

from console.database import EmbeddedDatabase, default_home, start_embedded
from console.errors import UsageError
from console.key_file import key_file
from console.settings import Settings, load_settings, require
from ledger import events as e
from ledger.clock import Clock, SalonClock
from ledger.decisions import boundaries
from ledger.decisions.folds import latest
from ledger.erased_register import ErasedRegister, ledger_id
from ledger.errors import MalformedValueError, SealError, StoreUnavailableError
from ledger.ledger import Ledger
from ledger.master_keys import KeySource
from ledger.phone_book import note_old_phones
from ledger.postgres import Database, check_migrated, explain_connection, migrate
from ledger.privacy import Vault
from ledger.recorder import PostgresRecorder
from ledger.values import ClientId
from projections.backlog import BacklogProjection
from projections.catalog import CatalogProjection
from projections.client_notices import ClientNoticesProjection
from projections.notices import NoticesProjection
from projections.projector import Follower, Projection, check_installed, inline_among, install
from projections.rebuild import Progress, rebuild
from projections.reminders import RemindersProjection
from projections.schedule import Schedule

_log = structlog.get_logger("privacy")


@dataclass(frozen=True)
class House:
    """One salon's ledger and all that works on it, for one process."""

    settings: Settings
    database: Database
    recorder: PostgresRecorder
    ledger: Ledger
    vault: Vault
    clock: Clock
    zone: ZoneInfo
    projections: tuple[Projection, ...]
    follower: Follower
    holder: str
    embedded: EmbeddedDatabase | None = None

    @property
    def home(self) -> Path | None:
        """Where the embedded server lives; None with a server of one's own."""
        return self.embedded.home if self.embedded else None

    @property
    def register(self) -> ErasedRegister:
        """Of those who were erased, outside the database."""
        path = self.settings.zapisnik_erased_file or default_home(self.settings.zapisnik_home) / "erased.jsonl"
        return ErasedRegister(path, ledger_id(self.database))

    @property
    def key_file(self) -> Path | None:
        """The file that the master keys stand in; None when they are given by the setting."""
        return self.home / "master.key" if self.home and self.settings.zapisnik_master_key is None else None


def read_models() -> tuple[Projection, ...]:
    """All of them, the one that is written with the events first."""
    return (
        Schedule(),
        CatalogProjection(),
        BacklogProjection(),
        RemindersProjection(),
        NoticesProjection(),
        ClientNoticesProjection(),
    )


@contextmanager
def open_house(
    settings: Settings,
    *,
    prepare: bool = False,
    check_models: bool = True,
    zone: ZoneInfo | None = None,
    watch: Callable[[Progress], None] = lambda _: None,
) -> Iterator[House]:
    """Connects, checks schema and read models and builds; closes everything at the end.

    With `prepare` the schema is brought up to date, and read models at an older version are rebuilt, which `watch` is
    told of. Without `check_models` they may be of any version. Raises UsageError for a database that does not answer
    or a master key that is not this ledger's, and SchemaVersionError when `zapisnik migrate` has to be run first.
    """
    with ExitStack() as stack:
        url, embedded = _database_url(settings, stack)
        database = stack.enter_context(Database(url, settings.zapisnik_schema))
        recorder = PostgresRecorder(database)
        stack.callback(recorder.close)
        models = read_models()
        holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        if prepare:
            migrate(database)
            for model in install(recorder, models):
                rebuild(recorder, model, holder, watch=watch)
        else:
            check_migrated(database)
            if check_models:
                check_installed(database, models)
        ledger = Ledger(recorder, inline_among(models))
        vault = _vault(settings, database, embedded.home if embedded else None)
        if prepare:
            note_old_phones(recorder, vault)
        zone = zone or _zone(settings, ledger)
        follower = Follower(recorder, models, holder)
        stack.callback(_quietly, follower.step_down)
        clock = SalonClock(zone)
        house = House(settings, database, recorder, ledger, vault, clock, zone, models, follower, holder, embedded)
        _warn_of_returned(house)
        yield house


@dataclass(frozen=True)
class Books:
    """A ledger without the keys to anybody's personal text: all that auditing takes."""

    settings: Settings
    ledger: Ledger
    clock: Clock
    zone: ZoneInfo


@contextmanager
def open_books(settings: Settings) -> Iterator[Books]:
    """The ledger alone, its schema checked; needs no master key."""
    with ExitStack() as stack:
        url, _ = _database_url(settings, stack)
        database = stack.enter_context(Database(url, settings.zapisnik_schema))
        recorder = PostgresRecorder(database)
        stack.callback(recorder.close)
        check_migrated(database)
        ledger = Ledger(recorder, inline_among(read_models()))
        zone = _zone(settings, ledger)
        yield Books(settings, ledger, SalonClock(zone), zone)


@contextmanager
def apart(house: House, *, connections: int, wait_seconds: float) -> Iterator[House]:
    """The same house on a few connections of its own: who only looks never keeps the others from theirs."""
    url, schema = house.database.url, house.database.schema
    with Database(url, schema, max_connections=connections, wait_seconds=wait_seconds) as database:
        recorder = PostgresRecorder(database)
        inline = inline_among(house.projections)
        try:
            yield replace(house, database=database, recorder=recorder, ledger=Ledger(recorder, inline))
        finally:
            recorder.close()


@contextmanager
def only_one(settings: Settings, what: str) -> Iterator[None]:
    """Holds this schema for itself as long as it lives. Raises UsageError when another one does already."""
    with ExitStack() as stack:
        url, _ = _database_url(settings, stack)
        connection = stack.enter_context(psycopg.connect(url, autocommit=True))
        row = connection.execute("SELECT pg_try_advisory_lock(hashtext(%s))", (settings.zapisnik_schema,)).fetchone()
        if row is None or not row[0]:
            raise UsageError(
                f"another `{what}` is running on the ledger {settings.zapisnik_schema}: end it first, or set another "
                "ZAPISNIK_SCHEMA"
            )
        yield


def drop_schema(settings: Settings) -> None:
    """Drops the schema of a trial or a demo with everything in it. Refuses any other."""
    if not re.search(r"_try$|_demo_\w+$", settings.zapisnik_schema):
        raise UsageError(f"{settings.zapisnik_schema} is neither a trial's nor a demo's schema")
    with ExitStack() as stack:
        url, _ = _database_url(settings, stack)
        connection = stack.enter_context(psycopg.connect(url, autocommit=True))
        connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(settings.zapisnik_schema)))


def _quietly(step: Callable[[], None]) -> None:
    """At the end the database may be gone already; a lease then runs out by itself."""
    with suppress(psycopg.OperationalError, StoreUnavailableError):
        step()


def _database_url(settings: Settings, stack: ExitStack) -> tuple[str, EmbeddedDatabase | None]:
    """The server's URL; with it our share in the embedded server, when that is the one."""
    if settings.database_url is not None:
        url = require(settings.database_url, "DATABASE_URL", "the database's address")
        if problem := explain_connection(url):
            raise UsageError(f"DATABASE_URL does not answer as it should: {problem}")
        return url, None
    embedded = start_embedded(default_home(settings.zapisnik_home))
    stack.callback(embedded.stop)
    return embedded.url, embedded


def returned_clients(house: House) -> list[ClientId]:
    """Whom the register names as erased and whose key is here all the same: a backup was restored. Raises OSError."""
    return sorted(house.vault.with_keys(house.register.read().lines.keys()))


def _warn_of_returned(house: House) -> None:
    try:
        returned = returned_clients(house)
    except OSError as error:
        _log.warning("the register of the erased cannot be read", file=str(house.register.path), error=error.strerror)
        return
    if returned:
        _log.warning("erased clients are back, from a backup? run `zapisnik client reerase`", clients=len(returned))


def master_key_source(settings: Settings, home: Path | None) -> KeySource:
    """Where the master keys are read, at the start and whenever a key turns up that is not among them.

    `home` is the embedded server's. Raises UsageError when there is none.
    """
    if settings.zapisnik_master_key is not None:
        given = require(settings.zapisnik_master_key, "ZAPISNIK_MASTER_KEY", "personal data is sealed with it")
        return lambda: _present_keys(given)
    if home is not None:
        return partial(key_file, home / "master.key")
    raise UsageError(
        "ZAPISNIK_MASTER_KEY is not set: personal data is sealed with it. Make one with `openssl rand -base64 32`, "
        "keep a copy apart from the database's backups"
    )


def _present_keys(given: str) -> str:
    """The keys this process was started with, and after them those that a changed `.env` names."""
    try:
        now = load_settings().zapisnik_master_key
    except UsageError:  # somebody is just writing it
        now = None
    return given if now is None else f"{given}\n{now.get_secret_value()}"


def _vault(settings: Settings, database: Database, home: Path | None) -> Vault:
    try:
        vault = Vault(database, master_key_source(settings, home))
        vault.check()
    except (MalformedValueError, SealError) as error:
        said = str(error)
        raise UsageError(said if "ZAPISNIK_MASTER_KEY" in said else f"ZAPISNIK_MASTER_KEY: {said}") from error
    return vault


def _zone(settings: Settings, ledger: Ledger) -> ZoneInfo:
    """SALON_TIMEZONE, else the published catalogue's; UTC before there is either."""
    if settings.salon_timezone:
        return ZoneInfo(settings.salon_timezone)
    published = latest(ledger.history(boundaries.catalog()), e.CatalogPublished)
    return ZoneInfo(published.timezone) if published else ZoneInfo("UTC")
