"""`zapisnik rebuild` and the upgrade by `zapisnik migrate`, as people and scripts use them."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from ledger import leases
from ledger.values import BookingId
from tests.builders import slot
from tests.salon import Salon
from tests.shell import Shell, refused


def spoil(salon: Salon, statement: str, *parameters: object) -> None:
    with salon.database.transaction() as connection:
        connection.execute(statement.encode(), parameters)


@pytest.fixture
def booking_id(salon: Salon) -> BookingId:
    """One that everything here is about; all read models at the head."""
    booking_id = salon.book(slot("10:00"))
    salon.catch_up()
    salon.follower.step_down()
    return booking_id


def test_a_row_altered_behind_the_log_is_found_and_mended(shell: Shell, salon: Salon, booking_id: BookingId) -> None:
    spoil(salon, "UPDATE schedule SET status = 'cancelled' WHERE booking_id = %s", booking_id)

    checked = shell.run("rebuild", "schedule", "--check")
    refused(checked, "not as the log says: schedule", code=1)
    assert f"schedule booking_id {booking_id}: differs in status" in checked.stdout
    rebuilt = shell.run("rebuild", "schedule")
    assert rebuilt.returncode == 0, rebuilt.stderr
    assert f"version 3 is live, folded from {salon.recorder.head()} events" in rebuilt.stdout
    assert shell.run("rebuild", "--all", "--check").returncode == 0
    assert shell.json("audit", "replay")["bookings"][0]["status"] == "booked"


def test_rebuilds_and_checks_speak_json_a_line_each(shell: Shell, salon: Salon, booking_id: BookingId) -> None:
    spoil(salon, "DELETE FROM backlog WHERE booking_id = %s", booking_id)
    head = salon.recorder.head()

    checked = shell.run("rebuild", "--all", "--check", "--json")
    refused(checked, "backlog", code=1)
    lines = [json.loads(line) for line in checked.stdout.splitlines()]
    assert [(one["name"], one["version"], one["events"], one["equal"]) for one in lines] == [
        ("schedule", 3, head, True),
        ("catalog", 1, head, True),
        ("backlog", 3, head, False),
        ("reminders", 1, head, True),
        ("notices", 1, head, True),
        ("client_notices", 1, head, True),
    ]
    assert lines[2]["difference_count"] == 1
    assert lines[2]["differences"] == [
        {"table": "backlog", "kind": "missing", "key": {"booking_id": booking_id}, "columns": []}
    ]

    rebuilt = shell.run("rebuild", "--all", "--json")
    assert (rebuilt.returncode, rebuilt.stderr) == (0, "")
    lines = [json.loads(line) for line in rebuilt.stdout.splitlines()]
    assert [(one["name"], one["events"], one["switched"]) for one in lines] == [
        ("schedule", head, True),
        ("catalog", head, True),
        ("backlog", head, True),
        ("reminders", head, True),
        ("notices", head, True),
        ("client_notices", head, True),
    ]
    assert all(one["seconds"] > 0 and one["events_per_second"] > 0 for one in lines)
    assert shell.json("status")["backlog"]["pending"] == 1


def test_what_is_asked_wrongly_is_said_in_a_sentence(shell: Shell) -> None:
    refused(shell.run("rebuild"), "--all", "schedule, catalog, backlog")
    refused(shell.run("rebuild", "sheddule"), "'sheddule'", "schedule, catalog, backlog")


def test_a_rebuild_at_work_is_shown_and_a_second_one_refused(shell: Shell, salon: Salon, booking_id: BookingId) -> None:
    leases.acquire(salon.database, "rebuild:schedule", "somebody", lasting=timedelta(seconds=60))
    spoil(salon, "INSERT INTO rebuilds (name, version, position) VALUES ('schedule', 3, 4)")

    refused(shell.run("rebuild", "schedule"), "schedule is being rebuilt already")
    assert "version 3 is being built, at event 4" in shell.run("status").stdout
    shown = {one["name"]: one["rebuild"] for one in shell.json("status")["projections"]}
    assert (shown["schedule"]["position"], shown["catalog"]) == (4, None)
