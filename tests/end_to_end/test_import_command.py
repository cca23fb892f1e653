"""`zapisnik import` as an operator uses it: twice, killed, rehearsed, corrected, used wrongly."""

from __future__ import annotations

import json
import re
import subprocess
import time
from pathlib import Path
from typing import Any

from console.old_table.columns import NAMES
from ledger.integrity import verify_chain
from ledger.privacy import new_master_key
from tests.old_tables import HEADER, MARIAS_ROW, csv, written
from tests.salon import Salon
from tests.shell import ROOT, Shell, refused

EXAMPLES = ROOT / "docs/examples"
GUIDE = ROOT / "docs/import.md"
COUNTS = ("taken", "cancelled", "conflicts", "already")
PERSONAL = ("Примерова", "Тестова", "Светлана", "9000000", "700100001", "Виктория")


def told(done: subprocess.CompletedProcess[str], code: int) -> Any:  # Any: a command's JSON
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


def promised(name: str) -> list[int]:
    """The row of the guide's table about a sample: taken, cancelled, in conflict, already there, not taken."""
    row = re.search(rf"^\| `{re.escape(name)}` \|(.+)\|$", GUIDE.read_text("utf-8"), re.MULTILINE)
    assert row is not None
    return [int(number) for number in row[1].split("|")]


def traces(salon: Salon) -> tuple[int, list[tuple[Any, ...]]]:  # Any: rows of the vault
    """The log's end and who is known."""
    with salon.database.transaction() as connection:
        people = connection.execute("SELECT kind, client_id FROM client_handles ORDER BY 1, 2").fetchall()
    return salon.recorder.head(), people


def test_the_samples_do_what_the_guide_says(shell: Shell, salon: Salon) -> None:
    assert shell.run("catalog", "load", "salon.toml").returncode == 0
    before = traces(salon)
    for name in ("old-bookings.csv", "old-bookings.jsonl"):
        *counts, rejected = promised(name)
        rehearsed = told(shell.run("import", str(EXAMPLES / name), "--dry-run", "--json"), 1)
        assert traces(salon) == before, "a rehearsal stores nothing"
        done = told(shell.run("import", str(EXAMPLES / name), "--json"), 1)
        for report in (rehearsed, done):
            assert [report[count] for count in COUNTS] == counts
            assert len(report["rejected"]) == rejected
        before = traces(salon)
        again = shell.run("import", str(EXAMPLES / name))
        assert re.search(r"taken +0 .*\n  already there +(\d+)", again.stdout)
        assert traces(salon) == before
        for personal in PERSONAL:
            assert personal not in again.stdout + again.stderr
    plan = shell.json("sync", "plan")
    assert (plan["past"], plan["skip"]) == (9, 2)
    assert [item["reason"] for item in plan["items"] if item["operation"] == "conflict"] == ["overlap"]
    log = shell.run("events", "--json").stdout
    for personal in PERSONAL:
        assert personal not in log
    assert shell.json("audit", "verify")["ok"]


def test_rejected_rows_are_corrected_and_imported(shell: Shell, salon: Salon, tmp_path: Path) -> None:
    table = written(tmp_path, csv(MARIAS_ROW, "2,701,Пётр,12-34,Стрижка,Виктория,2030-01-07 12:00,,,active"))
    rejects = tmp_path / "rejects.csv"
    done = shell.run("import", str(table), "--rejects", str(rejects))
    refused(done, "1 of 2 rows not taken", code=1)
    assert "line 3: not taken: the phone cannot be read; no master of the catalogue has this id or name" in done.stdout
    assert rejects.stat().st_mode & 0o777 == 0o600
    text = rejects.read_text("utf-8")
    assert text.splitlines()[0] == f"reason,{HEADER}"
    refused(shell.run("import", str(table), "--rejects", str(rejects)), "--rejects", "already")
    assert rejects.read_text("utf-8") == text
    rejects.write_text(text.replace("12-34", "+79000000002").replace("Виктория", "Ольга"), "utf-8")
    more = tmp_path / "more.csv"
    assert told(shell.run("import", str(rejects), "--rejects", str(more), "--json"), 0)["taken"] == 1
    assert not more.exists(), "nothing was rejected"
    assert told(shell.run("import", str(rejects), "--json"), 0)["already"] == 1


def test_killed_in_the_middle_the_rest_is_taken_and_nothing_twice(shell: Shell, salon: Salon, tmp_path: Path) -> None:
    rows = [
        f"{n},{700 + n % 40},Клиент,+7900000{n % 40:04d},Стрижка,{'Анна' if n % 2 else 'Ольга'},"
        f"2029-{1 + n // 250:02d}-{1 + n // 10 % 25:02d} {8 + n % 10}:00,,,active"
        for n in range(400)
    ]
    table = written(tmp_path, csv(*rows))
    head = salon.recorder.head()
    for more in (30, 90):
        running = shell.start("import", str(table))
        deadline = time.monotonic() + 30
        while salon.recorder.head() < head + more and time.monotonic() < deadline:
            time.sleep(0.01)
        running.kill()
        running.communicate()
    half = bookings(salon)
    assert 0 < len(half) < 400
    done = told(shell.run("import", str(table), "--json"), 0)
    assert (done["taken"], done["already"]) == (400 - len(half), len(half))
    assert bookings(salon)[: len(half)] == half
    assert [int(command) for command in bookings(salon)] == list(range(400)), "in the file's order"
    assert verify_chain(salon.recorder).ok


def bookings(salon: Salon) -> list[str]:
    """The old table's number of every booking in the log, in order."""
    with salon.database.transaction() as connection:
        rows = connection.execute("SELECT tags FROM events WHERE type = 'booking_made' ORDER BY position").fetchall()
    return [tag.rpartition(":")[2] for (tags,) in rows for tag in tags if tag.startswith("command:")]


def test_two_older_systems_may_have_the_same_numbers(shell: Shell, salon: Salon, tmp_path: Path) -> None:
    one, other = (
        written(tmp_path, csv(row), name) for row, name in ((MARIAS_ROW, "a"), (MARIAS_ROW.replace("10:", "15:"), "b"))
    )
    assert told(shell.run("import", str(one), "--json"), 0)["taken"] == 1
    assert told(shell.run("import", str(other), "--json"), 1)["taken"] == 0
    assert told(shell.run("import", str(other), "--source", "old-site", "--json"), 0)["taken"] == 1


def test_what_is_used_wrongly_is_one_sentence_and_stores_nothing(shell: Shell, salon: Salon, tmp_path: Path) -> None:
    table = written(tmp_path, csv(MARIAS_ROW))
    before = traces(salon)
    refused(shell.run("import", "nowhere.csv"), "nowhere.csv", "not there")
    refused(shell.run("import", str(tmp_path)), "directory")
    refused(shell.run("import", str(written(tmp_path, MARIAS_ROW, "headless"))), "no header")
    refused(shell.run("import", str(table), "--source", "old bot"), "--source")
    refused(shell.run("import", str(table), "--rejects", str(tmp_path / "no" / "r.csv")), "--rejects")
    assert traces(salon) == before


def test_without_a_catalogue_nothing_is_imported(database_url: str, schema: str, tmp_path: Path) -> None:
    shell = Shell(DATABASE_URL=database_url, ZAPISNIK_SCHEMA=schema, ZAPISNIK_MASTER_KEY=new_master_key())
    assert shell.run("migrate").returncode == 0
    refused(shell.run("import", str(written(tmp_path, csv(MARIAS_ROW)))), "zapisnik catalog load")


def test_the_guide_names_every_column() -> None:
    text = GUIDE.read_text("utf-8")
    for column, names in NAMES.items():
        assert f"| `{column}` |" in text
        assert f"| {', '.join(names)} |" in text
