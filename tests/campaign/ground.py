"""A ledger on a real PostgreSQL, made once and emptied for each run, whose clock is the campaign's."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TypeVar
from unittest.mock import patch

from psycopg import sql

from ledger import events as e, privacy
from ledger.appends import Along
from ledger.decisions.note_sync import NoteOutcome
from ledger.leases import Lease
from ledger.ledger import Decision, Executed, Ledger
from ledger.postgres import Connection, Database, migrate
from ledger.privacy import new_master_key
from ledger.recorder import PostgresRecorder
from projections.backlog import BacklogProjection
from projections.catalog import CatalogProjection
from projections.projector import Follower, Projection, install
from projections.schedule import Schedule

_A = TypeVar("_A")
_CLOCK = """CREATE OR REPLACE FUNCTION clock_timestamp() RETURNS timestamptz VOLATILE LANGUAGE sql
    AS $$ SELECT current_setting('campaign.now')::timestamptz $$"""


def read_models() -> list[Projection]:
    """Those the sender and the reader of the CRM's diary look into."""
    return [Schedule(), CatalogProjection(), BacklogProjection()]


class ToldDatabase(Database):
    """A database that believes what it is told about the time: leases, turns and the log go by the campaign's clock.

    The schema has a `clock_timestamp` of its own, which the search path puts before the server's.
    """

    def __init__(self, url: str, schema: str, now: Callable[[], datetime]) -> None:
        super().__init__(url, schema, max_connections=4)
        self._now = now
        self._begin = self._begin.replace(b", public", b", pg_catalog, public")

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        with super().connection() as connection:
            connection.execute(sql.SQL("SET campaign.now = {}").format(sql.Literal(self._now().isoformat())))
            yield connection

    def put_clock(self) -> None:
        """The function that appends sets the path itself, and would read the server's clock."""
        with self.transaction() as connection:
            connection.execute(_CLOCK)
            row = connection.execute("SELECT pg_get_functiondef('append_commands'::regproc)").fetchone()
            assert row is not None
            told = row[0].replace("', public'", "', pg_catalog, public'")
            assert told != row[0]
            connection.execute(told)


class _NoNotifier:
    """Nobody listens in a campaign: a thread that wakes readers would only make runs differ."""

    def notify_soon(self) -> None:
        pass

    def close(self) -> None:
        pass


class Ground:
    """One schema for many runs, each beginning on an empty ledger."""

    def __init__(self, url: str, schema: str, now: Callable[[], datetime]) -> None:
        self.now = now
        self.database = ToldDatabase(url, schema, lambda: self.now())  # noqa: PLW0108  each run brings another
        self.master_key = new_master_key()
        migrate(self.database)
        self.database.put_clock()
        self.recorder = PostgresRecorder(self.database)
        self.recorder.notifier.close()
        patch.object(self.recorder, "notifier", _NoNotifier()).start()
        install(self.recorder, read_models())
        self._keep_beginning()
        self.begin(now)

    def close(self) -> None:
        self.database.close()

    def begin(self, now: Callable[[], datetime]) -> None:
        """A new run by its own clock, on an empty ledger."""
        self.now = now
        self._clear_tables()
        self._follower = Follower(self.recorder, read_models(), "campaign")
        self._is_behind = True

    def ledger(self) -> CampaignLedger:
        """A process's own ledger, with the one read model that is written along."""
        return CampaignLedger(self)

    def note_stored(self) -> None:
        """Something was appended: the read models are behind."""
        self._is_behind = True

    def catch_up(self) -> None:
        """Brings the read models up to the log, if anything has happened since."""
        if self._is_behind:
            self._follower.catch_up()
            self._is_behind = False

    def _clear_tables(self) -> None:
        """As on the first day: the tables' owner empties them, past the triggers that would refuse it."""
        with self.database.transaction() as connection:
            connection.execute("SET LOCAL session_replication_role = replica")
            connection.execute(self._clear)

    def _keep_beginning(self) -> None:
        """What stood in the tables before anything happened, to be put back."""
        with self.database.transaction() as connection:
            names = [
                row[0]
                for row in connection.execute(
                    "SELECT tablename FROM pg_tables WHERE schemaname = %s", (self.database.schema,)
                )
                if row[0] != "migrations"
            ]
            steps = [sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(map(sql.Identifier, names)))]
            for name in names:
                first = connection.execute(sql.SQL("SELECT 1 FROM {} LIMIT 1").format(sql.Identifier(name))).fetchone()
                if first is not None:
                    kept = sql.Identifier(f"first_{name}")
                    connection.execute(sql.SQL("CREATE TABLE {} AS TABLE {}").format(kept, sql.Identifier(name)))
                    steps.append(sql.SQL("INSERT INTO {} SELECT * FROM {}").format(sql.Identifier(name), kept))
        self._clear = sql.SQL("; ").join(steps).as_bytes()


class CampaignLedger(Ledger):
    """Tells the ground what is appended, and notes what is stored under a lease that somebody else holds by then."""

    def __init__(self, ground: Ground) -> None:
        super().__init__(ground.recorder, [Schedule()], sleep=lambda _: None)
        self._ground = ground
        self.usurped: list[str] = []
        self.when_asked: Callable[[e.ConflictFound], None] = lambda _: None

    def execute(
        self, decision: Decision[_A], *, lease: Lease | None = None, along: Along | None = None
    ) -> Executed[_A]:
        done = super().execute(decision, lease=lease, along=along)
        if not done.repeated:
            self._ground.note_stored()
            if lease is not None and not self._stands(lease):
                self.usurped.append(f"{type(decision).__name__} at {done.position} by {lease.holder}")
            if isinstance(decision, NoteOutcome) and decision.conflict is not None:
                self.when_asked(decision.conflict)
        return done

    def _stands(self, lease: Lease) -> bool:
        with self.recorder.database.transaction() as connection:
            row = connection.execute("SELECT holder, epoch FROM leases WHERE name = %s", (lease.name,)).fetchone()
        return row == (lease.holder, lease.epoch)


class _SeededSecrets:
    """Ids and keys by a seed: nobody guards anything here, and the same seed has to give the same run."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice

    def randbelow(self, exclusive_upper_bound: int) -> int:
        return self._dice.randrange(exclusive_upper_bound)

    def token_bytes(self, length: int) -> bytes:
        return self._dice.randbytes(length)


@contextmanager
def seeded_ids(seed: int) -> Iterator[None]:
    """While it lasts, `random_id` and new keys follow from the seed."""
    with patch.object(privacy, "secrets", _SeededSecrets(random.Random(f"ids:{seed}"))):
        yield
