"""`zapisnik rebuild`, `migrate` and `audit replay` as an operator and an auditor use them."""

from __future__ import annotations

import json
from datetime import timedelta

from tests.builders import OLGA, slot
from tests.salon import Salon
from tests.shell import Shell, refused


def sql(salon: Salon, statement: str) -> None:
    with salon.database.transaction() as connection:
        connection.execute(statement.encode())


def test_a_wrong_row_is_named_by_the_check_and_mended_by_the_rebuild(shell: Shell, salon: Salon) -> None:
    booking_id = salon.book(slot("10:00"))
    salon.catch_up()
    salon.follower.step_down()
    sql(salon, "UPDATE schedule SET price = 1")

    found = shell.run("rebuild", "schedule", "--check")
    mended = shell.run("rebuild", "schedule")
    after = shell.run("rebuild", "--all", "--check", "--json")

    refused(found, "schedule", "rebuild NAME", code=1)
    assert f"schedule booking_id {booking_id}: differs in price" in found.stdout
    assert mended.returncode == 0, mended.stderr
    assert "schedule: version 2 is live" in mended.stdout
    assert after.returncode == 0, after.stderr
    told = [json.loads(line) for line in after.stdout.splitlines()]
    assert [(one["name"], one["equal"], one["differences"]) for one in told] == [
        (name, True, []) for name in ("schedule", "catalog", "backlog", "reminders", "notices")
    ]


def test_a_rebuild_tells_how_it_went_as_json(shell: Shell, salon: Salon) -> None:
    salon.book(slot("10:00"))

    (told,) = shell.lines("rebuild", "backlog")

    assert (told["name"], told["version"], told["switched"]) == ("backlog", 2, True)
    assert told["events"] == salon.recorder.head()


def test_a_wrong_name_is_answered_with_the_right_ones(shell: Shell) -> None:
    refused(shell.run("rebuild", "shedule"), "shedule", "schedule, catalog, backlog, reminders, notices")
    refused(shell.run("rebuild"), "--all")
    refused(shell.run("rebuild", "schedule", "--all"), "--all")


def test_a_ledger_of_the_former_release_is_refused_until_it_was_migrated(shell: Shell, salon: Salon) -> None:
    salon.book(slot("10:00"))
    salon.catch_up()
    salon.follower.step_down()
    sql(salon, "UPDATE projections SET version = 1 WHERE name IN ('schedule', 'backlog')")
    sql(salon, "ALTER TABLE schedule DROP COLUMN confirmed_at")

    before = shell.run("status")
    migrated = shell.run("migrate")

    refused(before, "version 1", "zapisnik migrate")
    assert migrated.returncode == 0, migrated.stderr
    assert "schedule: version 2 is live" in migrated.stdout
    assert "backlog: version 2 is live" in migrated.stdout
    assert {one["name"]: one["version"] for one in shell.json("status")["projections"]}["schedule"] == 2
    assert shell.run("rebuild", "--all", "--check").returncode == 0


def test_a_replay_shows_a_moved_booking_where_it_stood(shell: Shell, salon: Salon) -> None:
    booking_id = salon.book(slot("10:00"))
    before = salon.recorder.head()
    salon.move(booking_id, slot("15:00", on=slot().starts_at.date() + timedelta(days=1), staff_id=OLGA))

    then = shell.json("audit", "replay", "--position", str(before))
    now = shell.run("audit", "replay").stdout

    assert [(one["staff_id"], one["starts_at"][:16]) for one in then["bookings"]] == [(7, "2030-01-07T10:00")]
    assert "Tuesday, 2030-01-08" in now
    assert "15:00-16:00  Ольга" in now
    assert "Стрижка" in now


def test_a_replay_knows_the_ends_of_the_log(shell: Shell, salon: Salon) -> None:
    salon.book(slot("10:00"))
    head = salon.recorder.head()

    refused(shell.run("audit", "replay", "--position", str(head + 1)), "--position", f"ends with {head}")
    assert shell.json("audit", "replay", "--as-of", "2001-01-01")["position"] == 0
    assert shell.json("audit", "replay", "--as-of", "2999-01-01")["position"] == head
    assert "yet to come" in shell.run("audit", "replay", "--as-of", "2999-01-01").stdout
