"""When checkpoints are signed: after so many events, and once a day if anything new came; never over a broken log."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from pathlib import Path

import pytest
from pydantic import SecretStr

from console import roles
from console.checkpoints import CheckpointKeeper
from console.errors import UsageError
from console.settings import Settings, load_settings
from console.signing_key import make_signing_key
from console.wiring import open_house
from ledger import events as e
from ledger.decisions.note_notice import NoteNotice
from ledger.integrity.checkpoints import last_checkpoint
from tests.salon import Salon, open_test_salon

EVERY = 10


@pytest.fixture
def salon(database_url: str, schema: str) -> Iterator[Salon]:
    with open_test_salon(database_url, schema) as one:
        yield one


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(zapisnik_home=tmp_path, zapisnik_checkpoint_every=EVERY)


@pytest.fixture
def keeper(salon: Salon, settings: Settings, tmp_path: Path) -> CheckpointKeeper:
    make_signing_key(tmp_path / "signing.key")
    return CheckpointKeeper(salon.ledger, settings, salon.clock)


def signed_positions(salon: Salon) -> list[int]:
    events = [one for one in salon.recorder.read() if one.event.type == "checkpoint_signed"]
    return [one.position for one in events]


def test_the_first_one_comes_at_once_and_the_next_after_so_many_events(salon: Salon, keeper: CheckpointKeeper) -> None:
    assert keeper.step()
    first = salon.recorder.head()
    assert signed_positions(salon) == [first]
    while salon.recorder.head() - first < EVERY:
        assert not keeper.step()
        salon.client()
    assert keeper.step()
    assert len(signed_positions(salon)) == 2


def test_after_a_day_one_comes_if_anything_but_talk_about_checkpoints_came(
    salon: Salon, keeper: CheckpointKeeper
) -> None:
    assert keeper.step()
    notice = e.NoticeSent("checkpoint", (salon.recorder.head(),))
    salon.ledger.execute(NoteNotice(salon.order(), notice))
    salon.clock.advance(timedelta(days=1, minutes=1))
    assert not keeper.step(), "the notice of a checkpoint is no reason for the next"

    salon.client()

    assert keeper.step()
    last = last_checkpoint(salon.database)
    assert last is not None
    assert last.checkpoint is not None
    assert last.checkpoint.signed_at == salon.clock.now()
    salon.client()
    salon.clock.advance(timedelta(hours=23))
    assert not keeper.step()


def test_a_broken_log_is_not_signed_and_looked_at_again_in_an_hour(salon: Salon, keeper: CheckpointKeeper) -> None:
    with salon.database.transaction() as connection:
        connection.execute("ALTER TABLE events DISABLE TRIGGER USER")
        connection.execute("UPDATE events SET digest = sha256('x') WHERE position = 2")

    assert not keeper.step()
    with salon.database.transaction() as connection:
        connection.execute("UPDATE events SET digest = event_digest(type, tags, data::text) WHERE position = 2")
        connection.execute("ALTER TABLE events ENABLE TRIGGER USER")
    assert not keeper.step(), "it rests"
    salon.clock.advance(timedelta(minutes=61))

    assert keeper.step()


def test_without_a_key_nothing_is_signed_and_a_key_that_is_named_has_to_be_there(
    salon: Salon, settings: Settings, tmp_path: Path
) -> None:
    assert not CheckpointKeeper(salon.ledger, settings, salon.clock).step()

    named = settings.model_copy(update={"zapisnik_signing_key": tmp_path / "gone.key"})
    with pytest.raises(UsageError, match="ZAPISNIK_SIGNING_KEY"):
        CheckpointKeeper(salon.ledger, named, salon.clock).step()


@pytest.mark.parametrize("text", ["", "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_file_that_is_no_key_is_named(settings: Settings, salon: Salon, tmp_path: Path, text: str) -> None:
    (tmp_path / "signing.key").write_text(text)

    with pytest.raises(UsageError, match=r"signing\.key: not an unencrypted private key in PEM"):
        CheckpointKeeper(salon.ledger, settings, salon.clock).step()


def test_the_role_that_reminds_signs_by_itself(
    salon: Salon, database_url: str, schema: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roles, "SWEEP_EVERY_SECONDS", 0.02)
    make_signing_key(tmp_path / "mine.key")
    settings = load_settings(
        database_url=SecretStr(database_url),
        zapisnik_schema=schema,
        zapisnik_master_key=SecretStr(salon.master_key),
        zapisnik_signing_key=tmp_path / "mine.key",
    )
    stopped, head = threading.Event(), salon.recorder.head()

    with open_house(settings) as house, roles.started(house, ["remind"], stopped) as failures:
        pages = islice(salon.recorder.tail(head, stopped=stopped.is_set, poll=0.1), 100)
        signed = next((page for page in pages if page), [])

    assert [one.type for one in signed] == ["checkpoint_signed"]
    assert failures == []
