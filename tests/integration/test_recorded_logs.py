"""A log as an earlier version stored it: it verifies, every event decodes, and it comes to what it came to then."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.codec import STORED_NAMES
from ledger.decisions.integration import PauseIntegration
from ledger.integrity import verify_chain
from ledger.ledger import recorded
from ledger.postgres import Database
from ledger.recorder import PostgresRecorder
from ledger.tags import tags_of
from ledger.upcasters import UPCASTERS
from projections.comparison import compare
from tests import record_log
from tests.builders import order
from tests.recorded_logs import Json, RecordedLog, fold_all, golden_file, load, models_of, numbers, read_log, replays
from tests.recorded_season import PLAIN_WORDS

NUMBERS = numbers()


@pytest.fixture(params=NUMBERS, ids=[f"log-{number}" for number in NUMBERS])
def number(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def log(number: int) -> RecordedLog:
    return read_log(number)


@pytest.fixture
def golden(number: int) -> Json:
    return json.loads(golden_file(number).read_text("utf-8"))


@pytest.fixture
def kept(database_url: str, schema: str, log: RecordedLog) -> Iterator[PostgresRecorder]:
    """Its rows in a fresh ledger."""
    with Database(database_url, schema) as database:
        recorder = load(database, log)
        yield recorder
        recorder.close()


def test_every_event_type_of_today_is_in_the_newest_log() -> None:
    missing = STORED_NAMES.keys() - read_log(NUMBERS[-1]).types

    assert not missing, f"give these a scene in tests/recorded_season.py, then `python -m tests.record_log`: {missing}"


def test_every_old_name_is_in_some_log() -> None:
    known = {name for number in NUMBERS for name in read_log(number).types}

    assert not UPCASTERS.keys() - known, "record a log with the version that still writes it"


def test_every_event_decodes_and_belongs_to_the_timelines_it_stands_in(log: RecordedLog) -> None:
    for stored in log.events:
        event = recorded(stored)
        assert set(tags_of(event.event)) <= set(stored.tags), stored
        assert event.position == stored.position


def test_nothing_its_people_said_stands_in_clear(log: RecordedLog) -> None:
    for stored in log.events:
        assert not [words for words in PLAIN_WORDS if words in stored.data or words in "".join(stored.tags)]


def test_its_chain_verifies_and_a_changed_row_would_not(kept: PostgresRecorder, log: RecordedLog) -> None:
    sound = verify_chain(kept)
    assert (sound.ok, sound.events, sound.head_hash) == (True, len(log.events), log.events[-1].hash)

    with kept.database.transaction() as connection:
        connection.execute("ALTER TABLE events DISABLE TRIGGER USER")
        connection.execute("UPDATE events SET recorded_at = recorded_at + interval '1 us' WHERE position = 100")

    assert verify_chain(kept).first_bad_position == 100


def test_every_read_model_comes_to_the_rows_it_came_to_then(kept: PostgresRecorder, golden: Json) -> None:
    fold_all(kept)

    now = models_of(kept.database)

    renew = "look at the difference in its rows, then `python -m tests.record_log --renew`"
    assert now.keys() == golden["models"].keys(), renew
    for name, model in now.items():
        then = golden["models"][name]
        assert model["version"] == then["version"], f"{name} has another version: {renew}"
        for table, rows in then["tables"].items():
            assert model["tables"][table] == rows, f"{table} is not what it was, at the same version"
        assert model["tables"].keys() == then["tables"].keys(), name


def test_the_schedule_at_three_positions_is_what_it_was_then(
    kept: PostgresRecorder, golden: Json, log: RecordedLog
) -> None:
    fold_all(kept)

    now = replays(kept.database, log.positions)

    for place, then in golden["replays"].items():
        assert [_as_far_as(one, then["bookings"][0]) for one in now[place]["bookings"]] == then["bookings"]
        assert {**now[place], "bookings": []} == {**then, "bookings": []}
    assert len({len(one["bookings"]) for one in golden["replays"].values()}) == 3, "the schedule does not change there"


def test_it_can_be_gone_on_from(kept: PostgresRecorder) -> None:
    """The rows are a ledger, not a picture of one: what was folded equals what a check folds, and it appends."""

    ledger = fold_all(kept)
    before = kept.head()

    done = ledger.execute(PauseIntegration(order("recorded:goes-on"), "operator"))

    assert done.position == before + 1
    assert verify_chain(kept).ok
    assert compare(kept, ledger._inline[0]).equal  # type: ignore[arg-type]  # it is the schedule


def test_a_log_is_never_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log: RecordedLog) -> None:
    monkeypatch.setattr("tests.recorded_logs.FOLDER", tmp_path)
    (tmp_path / "log-1.jsonl.gz").write_bytes(b"the first")
    monkeypatch.setattr(record_log, "played", lambda _: log)
    monkeypatch.setattr(record_log, "STORED_NAMES", dict.fromkeys(log.types))

    with pytest.raises(FileExistsError):
        record_log.record("nowhere", 1)

    assert (tmp_path / "log-1.jsonl.gz").read_bytes() == b"the first"


def test_a_season_without_some_event_is_not_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log: RecordedLog
) -> None:
    monkeypatch.setattr("tests.recorded_logs.FOLDER", tmp_path)
    monkeypatch.setattr(record_log, "played", lambda _: log)
    monkeypatch.setattr(record_log, "STORED_NAMES", {**dict.fromkeys(log.types), "booking_teleported": None})

    with pytest.raises(SystemExit, match="booking_teleported"):
        record_log.record("nowhere", 9)

    assert list(tmp_path.iterdir()) == []


def _as_far_as(now: Json, then: Json) -> Json:
    """What was said of a booking then; a later version may say more."""
    return {name: now[name] for name in then}
