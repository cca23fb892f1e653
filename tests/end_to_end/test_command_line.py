"""The command line as people and scripts use it: its JSON and its exit codes."""

from __future__ import annotations

import json
import time

from ledger.decisions.integration import ResumeIntegration
from ledger.privacy import new_master_key
from ledger.values import booking_code
from sync.simulator import PARTNER_TOKEN, USER_TOKEN, Simulator, running
from tests.builders import slot
from tests.salon import Salon
from tests.shell import Shell, crm, refused


def test_the_log_the_replay_the_status_and_the_plan_speak_json(shell: Shell, salon: Salon) -> None:
    kept, gone = salon.book(slot("10:00")), salon.book(slot("12:00"))
    salon.cancel(gone)
    salon.catch_up()
    salon.follower.step_down()
    events = shell.lines("events")
    assert [event["position"] for event in events] == list(range(1, len(events) + 1))
    made = next(event for event in events if event["type"] == "booking_made")
    assert made.keys() >= {"position", "recorded_at", "type", "tags", "by", "at", "cause", "facts", "hash", "sync"}
    assert made["sync"] == "pending"
    replay = shell.json("audit", "replay")
    assert {one["booking_id"]: one["status"] for one in replay["bookings"]} == {kept: "booked", gone: "cancelled"}
    assert {one["sync"] for one in replay["bookings"]} == {"pending"}
    status = shell.json("status")
    assert status["head"]["position"] == len(events)
    assert status["integration"]["state"] == "paused"
    assert status["backlog"]["pending"] == 2
    plan = shell.json("sync", "plan")
    assert (plan["create"], plan["skip"], plan["conflict"]) == (1, 1, None)
    assert shell.json("audit", "verify")["ok"] is True


def test_a_client_is_never_in_clear_in_the_log(shell: Shell, salon: Salon) -> None:
    salon.book(slot("10:00"))
    printed = shell.run("events", "--json").stdout
    assert "sealed" in printed
    for personal in ("Мария", "7916000"):
        assert personal not in printed


def test_events_are_found_by_booking_client_type_and_position(shell: Shell, salon: Salon) -> None:
    booking_id = salon.book(slot("10:00"))
    salon.book(slot("12:00"))
    of_booking = shell.lines("events", "--booking", str(booking_id))
    assert [event["type"] for event in of_booking] == ["slot_held", "booking_made"]
    client = of_booking[0]["facts"]["client_id"]
    assert len(shell.lines("events", "--client", str(client))) == 4
    assert len(shell.lines("events", "--type", "booking_made", "--limit", "1")) == 1
    assert shell.lines("events", "--after", str(salon.recorder.head())) == []


def test_following_the_log_shows_what_comes(shell: Shell, salon: Salon) -> None:
    follower = shell.start("events", "--follow", "--json", "--after", str(salon.recorder.head()))
    try:
        time.sleep(1.5)
        salon.book(slot("10:00"))
        assert follower.stdout is not None
        seen = [json.loads(follower.stdout.readline())["type"] for _ in range(4)]
    finally:
        follower.kill()
        follower.communicate()
    assert seen == ["consent_given", "client_registered", "slot_held", "booking_made"]


def test_a_story_is_told_in_either_language(shell: Shell, salon: Salon) -> None:
    booking_id = salon.book(slot("10:00"))
    told = shell.run("story", str(booking_id))
    assert told.returncode == 0
    assert "Запись сделана" in told.stdout
    assert "Booked: Стрижка" in shell.run("story", booking_code(booking_id), "--language", "en").stdout
    assert shell.run("story", str(booking_id), "--language", "fr").returncode == 2
    refused(shell.run("story", "ZZZZ-ZZZZ-ZZ"), "no booking", code=1)


def test_a_replay_to_an_earlier_position_knows_nothing_of_later_events(shell: Shell, salon: Salon) -> None:
    booking_id = salon.book(slot("10:00"))
    before = salon.recorder.head()
    salon.cancel(booking_id)
    replay = shell.json("audit", "replay", "--position", str(before))
    assert (replay["position"], replay["bookings"][0]["status"]) == (before, "booked")


def test_pause_and_resume_are_events_and_the_reason_is_sealed(shell: Shell, salon: Salon) -> None:
    assert shell.run("sync", "pause", "--reason", "Ирина звонит в поддержку").returncode == 0
    assert "Ирина звонит в поддержку" in shell.json("status")["integration"]["reason"]
    assert "Ирина" not in shell.run("events", "--json").stdout
    assert shell.run("sync", "resume").returncode == 0
    assert shell.json("status")["integration"]["state"] == "running"


def test_an_altered_log_is_found_with_exit_code_1(shell: Shell, salon: Salon) -> None:
    salon.book(slot("10:00"))
    with salon.database.transaction() as connection:
        connection.execute("ALTER TABLE events DISABLE TRIGGER USER")
        connection.execute("UPDATE events SET data = replace(data::text, '10:00', '11:00')::json WHERE position = 6")
        connection.execute("ALTER TABLE events ENABLE TRIGGER USER")
    refused(shell.run("audit", "verify"), "position 6", code=1)


def test_a_catalogue_is_published_once_and_shown(shell: Shell) -> None:
    assert "published" in shell.run("catalog", "load", "salon.toml").stdout
    assert "nothing has changed" in shell.run("catalog", "load", "salon.toml").stdout
    shown = shell.run("catalog", "show").stdout
    assert "Женская стрижка" in shown
    assert "Анна Власова" in shown


def test_migrate_makes_a_ledger_out_of_nothing(database_url: str, schema: str) -> None:
    shell = Shell(DATABASE_URL=database_url, ZAPISNIK_SCHEMA=schema, ZAPISNIK_MASTER_KEY=new_master_key())
    refused(shell.run("status"), "zapisnik migrate")
    assert shell.run("migrate").returncode == 0
    assert shell.json("status")["head"]["position"] == 0
    assert shell.run("migrate").returncode == 0


def test_a_sender_is_stopped_orderly_and_has_sent(shell: Shell, salon: Salon) -> None:
    salon.ledger.execute(ResumeIntegration(salon.order()))
    booking_id = salon.book(slot("10:00"))
    simulator = Simulator()
    with running(simulator) as url:
        sender = shell.start("sync", "run", **crm(url))
        deadline = time.monotonic() + 30
        while not simulator.records() and time.monotonic() < deadline:
            time.sleep(0.1)
        sender.terminate()
        _, said = sender.communicate(timeout=30)
    assert sender.returncode == 0, said
    assert [record["api_id"] for record in simulator.records()] == [str(booking_id)]
    for secret in (PARTNER_TOKEN, USER_TOKEN, "7916000"):
        assert secret not in said
