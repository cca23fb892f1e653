"""`zapisnik sync resume --plan`: goes on only as was shown, or says in what it would not."""

from __future__ import annotations

import json
from pathlib import Path

from ledger.values import booking_code
from projections.integration import integration
from sync.simulator import Simulator, running
from tests.builders import ANNA, MONDAY, OLGA, slot
from tests.salon import Salon
from tests.shell import Shell, crm, refused


def kept(shell: Shell, file: Path) -> Path:
    """The plan as it is shown now, in a file."""
    done = shell.run("sync", "plan", "--json")
    assert done.returncode == 0, done.stderr
    file.write_text(done.stdout)
    return file


def test_the_plan_that_was_shown_is_gone_on_with(shell: Shell, salon: Salon, tmp_path: Path) -> None:
    salon.book(slot("10:00"))
    plan = kept(shell, tmp_path / "plan.json")
    shown = shell.run("sync", "plan").stdout
    code = json.loads(plan.read_text())["code"]

    assert f"In all: create 1. The plan's code is {code}." in shown
    done = shell.run("sync", "resume", "--plan", str(plan))

    assert (done.returncode, integration(salon.ledger).state) == (0, "running"), done.stderr


def test_every_difference_is_named_and_only_anyway_goes_on(shell: Shell, salon: Salon, tmp_path: Path) -> None:
    stays, moves, goes = (salon.book(slot(start)) for start in ("10:00", "12:00", "16:00"))
    plan = kept(shell, tmp_path / "plan.json")
    salon.move(moves, slot("13:00", staff_id=OLGA))
    salon.cancel(goes)
    comes = salon.book(slot("18:00"))

    done = shell.run("sync", "resume", "--plan", str(plan))

    refused(done, "not the one that was shown", "--anyway", code=1)
    assert done.stdout.splitlines() == [
        f"new      {booking_code(comes)}  create {MONDAY} 18:00 with {ANNA}",
        f"changed  {booking_code(moves)}  create {MONDAY} 13:00 with {OLGA}; was create {MONDAY} 12:00 with {ANNA}",
        f"changed  {booking_code(goes)}  skip {MONDAY} 16:00 with {ANNA}; was create {MONDAY} 16:00 with {ANNA}",
    ]
    assert booking_code(stays) not in done.stdout
    code = json.loads(plan.read_text())["code"]
    done = shell.run("sync", "resume", "--plan", code)
    refused(done, "not the one that was shown", code=1)
    assert f"not {code}" in done.stdout, "a code cannot tell in what"
    assert integration(salon.ledger).state == "paused"
    done = shell.run("sync", "resume", "--plan", str(plan), "--anyway")
    assert booking_code(comes) in done.stdout
    assert integration(salon.ledger).state == "running"


def test_a_plan_that_is_none_is_refused_in_a_sentence(shell: Shell, salon: Salon, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text('{"bookings": []}')
    refused(shell.run("sync", "resume", "--plan", str(other)), "--plan", "sync plan --json")
    refused(shell.run("sync", "resume", "--plan", str(tmp_path / "nowhere.json")), "--plan", "neither a file nor")
    refused(shell.run("sync", "resume", "--anyway"), "--anyway", "--plan")
    assert integration(salon.ledger).state == "paused"


def test_the_command_that_shows_the_plan_stores_nothing_and_only_reads_the_crm(shell: Shell, salon: Salon) -> None:
    """All tables of the ledger itself; the read models follow it, and whose turn it is to call is no fact."""
    salon.book(slot("10:00"))
    tables = ("events", "event_tags", "ledger", "client_keys")

    def stored() -> dict[str, list[tuple[object, ...]]]:
        with salon.database.transaction() as connection:
            return {
                table: connection.execute(f"SELECT t::text FROM {table} t ORDER BY 1".encode()).fetchall()
                for table in tables
            }

    before, diary = stored(), Simulator()
    with running(diary) as url:
        for option in (["--json"], ["--past", "send"]):
            assert shell.run("sync", "plan", *option, **crm(url)).returncode == 0

    assert stored() == before
    assert [call.method for call in diary.journal()] == ["GET"] * 2
    assert diary.records() == []
