"""`zapisnik client erase` and `reerase`: a salon forgets somebody, with papers, and a backup changes nothing."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest

from ledger.decisions import boundaries
from ledger.events import ClientErased
from ledger.values import ClientId
from tests.builders import slot
from tests.dumps import dump, restore
from tests.salon import Salon
from tests.shell import Shell, refused

BY = "Иванова И. И., администратор"


@pytest.fixture
def shell(salon: Salon, database_url: str, schema: str, tmp_path: Path) -> Shell:
    return Shell(
        DATABASE_URL=database_url,
        ZAPISNIK_SCHEMA=schema,
        ZAPISNIK_MASTER_KEY=salon.master_key,
        ZAPISNIK_ERASED_FILE=str(tmp_path / "erased.jsonl"),
    )


@pytest.fixture
def client(salon: Salon) -> ClientId:
    one = salon.client("4815162342")
    salon.book(slot("10:00"), one)
    salon.catch_up()
    return one


def erase(shell: Shell, client: ClientId, folder: Path, *more: str) -> str:
    act = str(folder / "act.txt")
    done = shell.run("client", "erase", str(client), "--basis", "request", "--by", BY, "--act", act, "--yes", *more)
    assert done.returncode == 0, done.stderr
    return done.stdout


def is_erased(salon: Salon, client: ClientId) -> bool:
    history = salon.ledger.history(boundaries.erasures())
    return any(isinstance(one.event, ClientErased) and one.event.client_id == client for one in history)


def test_the_act_says_all_that_the_order_asks_for_and_only_its_owner_may_read_it(
    shell: Shell, salon: Salon, client: ClientId, tmp_path: Path
) -> None:
    said = erase(shell, client, tmp_path, "--backups-until", "2030-03-01")

    act = tmp_path / "act.txt"
    text = " ".join(act.read_text("utf-8").split())
    for part in (
        "Оператор персональных данных: Салон, адрес: ул. Лесная, 5",
        "Субъект персональных данных: Мария, телефон +7 916 000-00-01",
        "категорий уничтоженных данных: имя, номер телефона, идентификатор в Telegram",
        f"Информационная система: Zapisnik, журнал записей салона (схема базы данных {salon.database.schema}",
        "Способ уничтожения: уничтожен единственный ключ",
        "Причина уничтожения: требование субъекта персональных данных",
        "Дата и время уничтожения: ",
        f"Кто уничтожил (фамилия, имя, отчество, должность): {BY}",
        f"событие № {salon.recorder.head()}, хеш ",
        "CRM Yclients: записей клиента там не было",
        "Резервные копии базы данных и журнал самого сервера базы данных (WAL): до 01.03.2030",
        "хранятся три года",
        "не решено",
    ):
        assert part in text, part
    assert act.stat().st_mode & 0o777 == 0o600
    assert max(map(len, act.read_text("utf-8").splitlines())) <= 78
    assert "Called off: 1 of their bookings." in said
    assert "Мария" not in said
    assert sorted(one.name for one in tmp_path.iterdir()) == ["act-extract.jsonl", "act.txt", "erased.jsonl"]


def test_the_extract_holds_the_clients_events_as_they_are_stored(
    shell: Shell, salon: Salon, client: ClientId, tmp_path: Path
) -> None:
    erase(shell, client, tmp_path)

    extract = tmp_path / "act-extract.jsonl"
    lines = [line for line in map(json.loads, extract.read_text().splitlines()) if "data" in line]
    assert [line["type"] for line in lines if line["type"] != "personal_data_viewed"][-1] == "client_erased"
    assert "booking_cancelled" in {line["type"] for line in lines}
    checked = json.loads(shell.run("audit", "check", str(extract), "--json").stdout)
    act = re.sub(r"\s", "", (tmp_path / "act.txt").read_text("utf-8"))
    assert (checked["last"], checked["head_hash"] in act) == (lines[-1]["position"], True)


def test_it_says_what_it_will_do_and_does_nothing_unless_it_is_told_to(
    shell: Shell, salon: Salon, client: ClientId, tmp_path: Path
) -> None:
    words = ("client", "erase", str(client), "--basis", "request", "--by", BY)
    shown = shell.run(*words, "--dry-run")
    unanswered = shell.run(*words, "--act", str(tmp_path / "act.txt"))

    assert "Мария, +79160000001" in shown.stdout
    assert "2030-01-07 10:00: this visit is called off" in shown.stdout
    assert shown.stdout.endswith("Nothing was done.\n")
    assert unanswered.returncode != 0
    assert not is_erased(salon, client)
    assert list(tmp_path.iterdir()) == []


def test_asked_again_it_finishes_the_papers_that_were_broken_off(
    shell: Shell, salon: Salon, client: ClientId, tmp_path: Path
) -> None:
    """The act names the person, whom nobody can name any more: the draft is what is left of a killed command."""
    erase(shell, client, tmp_path)
    act, draft = tmp_path / "act.txt", tmp_path / ".act.txt.draft"
    whole = act.read_text("utf-8")
    act.unlink()
    facts = {"salon": "Салон", "address": "ул. Лесная, 5", "ledger": genesis(salon), "schema": salon.database.schema}
    person = {"client_id": client, "name": "Мария", "phone": "+79160000001", "telegram": "4815162342", "by": BY}
    draft.write_bytes(msgspec.json.encode({**facts, **person}))

    said = erase(shell, client, tmp_path)

    assert "erased already" in said
    assert act.read_text("utf-8") == whole
    assert not draft.exists()
    assert "The act" not in erase(shell, client, tmp_path)


def genesis(salon: Salon) -> str:
    with salon.database.transaction() as connection:
        row = connection.execute("SELECT encode(genesis, 'hex') FROM ledger").fetchone()
    assert row is not None
    return str(row[0])


def test_what_is_wrong_is_said_before_anything_is_destroyed(
    shell: Shell, salon: Salon, client: ClientId, tmp_path: Path
) -> None:
    staff = salon.vault.client_for("operator", "anna")
    act = tmp_path / "act.txt"
    words = ("--basis", "request", "--by", BY, "--yes", "--act")
    refused(shell.run("client", "erase", str(staff), *words, str(act)), "staff")
    refused(shell.run("client", "erase", str(client), *words, "/nowhere/act.txt"), "--act")
    refused(shell.run("client", "erase", str(client), *words, str(act), "--backups-until", "soon"), "--backups-until")
    refused(
        shell.run("client", "erase", str(client), *words, str(act), ZAPISNIK_ERASED_FILE="/proc/none/erased"),
        "ZAPISNIK_ERASED_FILE",
    )
    act.write_text("an older act")
    refused(shell.run("client", "erase", str(client), *words, str(act)), "--act", "exists")
    unknown = shell.run("client", "erase", "5", *words, str(tmp_path / "other.txt"))
    assert unknown.returncode == 1
    assert "no client 5" in unknown.stderr
    assert not is_erased(salon, client)
    assert salon.vault.with_keys([client]) == {client}
    assert list(tmp_path.iterdir()) == [act]


def test_a_replay_of_before_shows_the_erased_client_as_a_number(
    shell: Shell, salon: Salon, client: ClientId, tmp_path: Path
) -> None:
    before = salon.recorder.head()
    erase(shell, client, tmp_path)

    then = json.loads(shell.run("audit", "replay", "--position", str(before), "--json").stdout)["bookings"]

    assert [(one["client_id"], one["client_erased"], one["status"]) for one in then] == [(client, True, "booked")]
    assert "client erased" in shell.run("audit", "replay", "--position", str(before)).stdout
    shown = shell.run("events", "--json", "--client", str(client)).stdout.splitlines()
    told = [json.loads(line) for line in shown]
    assert [one.get("sync") for one in told if one["type"] != "personal_data_viewed"][-3:] == ["erased", "erased", None]


def test_a_restored_backup_cannot_run_unnoticed_and_is_put_right(
    shell: Shell, salon: Salon, client: ClientId, tmp_path: Path
) -> None:
    backup = dump(salon.database)
    later = salon.client("later")
    erase(shell, client, tmp_path)
    erase(shell, later, tmp_path, "--act", str(tmp_path / "second.txt"))

    restore(salon.database, backup)

    warned = shell.run("status")
    assert "erased clients are back" in warned.stderr
    assert "1 of them are back" in warned.stdout
    looked = shell.run("client", "reerase", "--dry-run", "--json")
    assert looked.returncode == 1
    assert json.loads(looked.stdout) == {"named": 2, "back": [client], "unknown": [later], "unreadable": 0}
    assert not is_erased(salon, client)

    assert shell.run("client", "reerase").returncode == 0

    assert salon.vault.with_keys([client]) == set()
    assert is_erased(salon, client)
    assert "erased clients are back" not in shell.run("status").stderr
