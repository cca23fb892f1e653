"""Whole logs as earlier versions stored them, and what each must come to in every later one."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from psycopg import sql

from console.wiring import read_models
from ledger.ledger import Ledger
from ledger.postgres import Database, migrate
from ledger.privacy import new_master_key
from ledger.recorder import PostgresRecorder, StoredEvent
from projections.projector import Follower, Projection, inline_among, install
from projections.tables import tables_of
from tests.shell import Shell

FOLDER = Path(__file__).parent / "golden"
Json = Any  # what a golden file holds


@dataclass(frozen=True)
class RecordedLog:
    """The rows of a log as they stood, from its genesis on."""

    genesis: bytes
    events: Sequence[StoredEvent]

    @property
    def types(self) -> set[str]:
        return {event.type for event in self.events}

    @property
    def positions(self) -> list[int]:
        """Where the schedule is looked at: a third, two thirds of the way, and the end."""
        head = len(self.events)
        return [head // 3, 2 * head // 3, head]


def numbers() -> list[int]:
    """Those of the logs there are, the oldest first."""
    return sorted(int(re.sub(r"\D", "", file.name)) for file in FOLDER.glob("log-*.jsonl.gz"))


def log_file(number: int) -> Path:
    return FOLDER / f"log-{number}.jsonl.gz"


def golden_file(number: int) -> Path:
    return FOLDER / f"log-{number}.json"


def read_log(number: int) -> RecordedLog:
    first, *rows = gzip.decompress(log_file(number).read_bytes()).decode().splitlines()
    return RecordedLog(bytes.fromhex(json.loads(first)["genesis"]), [_event(json.loads(row)) for row in rows])


def log_text(genesis: bytes, events: Iterable[StoredEvent]) -> str:
    """One line for the genesis, one for each row."""
    rows = [{"genesis": genesis.hex()}, *map(_row, events)]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def load(database: Database, log: RecordedLog) -> PostgresRecorder:
    """A fresh ledger that holds these very rows, as a restored dump would."""
    migrate(database)
    with database.transaction() as connection:
        connection.execute("ALTER TABLE ledger DISABLE TRIGGER USER")
        connection.execute("UPDATE ledger SET genesis = %s", (log.genesis,))
        connection.execute("ALTER TABLE ledger ENABLE TRIGGER USER")
        with connection.cursor().copy("COPY events FROM STDIN") as copy:
            for one in log.events:
                copy.write_row((one.position, one.recorded_at, one.type, one.tags, one.data, one.digest, one.hash))
        connection.execute("INSERT INTO event_tags SELECT DISTINCT unnest(tags), position FROM events")
    return PostgresRecorder(database)


def fold_all(recorder: PostgresRecorder) -> Ledger:
    """Every read model folded from the first event on."""
    models = read_models()
    install(recorder, models)
    assert Follower(recorder, models, "recorded").wait_until(recorder.head(), seconds=30)
    return Ledger(recorder, inline_among(models))


def model_rows(database: Database, model: Projection) -> dict[str, list[Json]]:
    """Each table's rows in an order of their own, instants in UTC."""
    found = {}
    with database.transaction() as connection:
        connection.execute("SET LOCAL TimeZone = 'UTC'")
        for table in tables_of(model):
            select = sql.SQL("SELECT row_to_json(t)::text FROM {} t").format(sql.Identifier(table))
            found[table] = [json.loads(text) for text in sorted(row[0] for row in connection.execute(select))]
    return found


def models_of(database: Database) -> dict[str, Json]:
    """Each read model with the version its rows are of."""
    return {model.name: {"version": model.version, "tables": model_rows(database, model)} for model in read_models()}


def replays(database: Database, positions: Sequence[int]) -> dict[str, Json]:
    """What `zapisnik audit replay` says at these positions."""
    settings = {"DATABASE_URL": database.url, "ZAPISNIK_SCHEMA": database.schema}
    shell = Shell(**settings, ZAPISNIK_MASTER_KEY=new_master_key())
    return {str(place): shell.json("audit", "replay", "--position", str(place)) for place in positions}


def golden_text(value: Json, indent: str = "") -> str:
    """JSON with a row of a table a line, so that a difference can be read."""
    inner = indent + " "
    if isinstance(value, dict):
        parts = [f"{inner}{json.dumps(name)}: {golden_text(one, inner)}" for name, one in value.items()]
        return "{\n" + ",\n".join(parts) + f"\n{indent}}}"
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(inner + json.dumps(one, ensure_ascii=False) for one in value) + f"\n{indent}]"
    return json.dumps(value, ensure_ascii=False)


def _row(event: StoredEvent) -> Json:
    return {
        "position": event.position,
        "recorded_at": event.recorded_at.isoformat(),
        "type": event.type,
        "tags": event.tags,
        "data": event.data,
        "digest": event.digest.hex(),
        "hash": event.hash.hex(),
    }


def _event(row: Json) -> StoredEvent:
    return StoredEvent(
        row["position"],
        datetime.fromisoformat(row["recorded_at"]),
        row["type"],
        row["tags"],
        row["data"],
        bytes.fromhex(row["digest"]),
        bytes.fromhex(row["hash"]),
    )
