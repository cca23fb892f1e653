"""The command line as people and scripts use it: its JSON, its exit codes, its sentences."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.decisions.integration import ResumeIntegration
from ledger.privacy import new_master_key
from sync.simulator import Simulator, running
from sync.simulator_gate import PARTNER_TOKEN, USER_TOKEN
from tests.builders import slot
from tests.crm_hosts import host, saying
from tests.salon import Salon, open_test_salon

ROOT = Path(__file__).parents[2]
REFUSING = "postgresql://nobody:s3cret@127.0.0.1:1/none"


class Shell:
    """Runs `zapisnik` in a process of its own, with only these settings."""

    def __init__(self, **settings: str) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.environment = {**kept, "PYTHONUTF8": "1", **settings}

    def run(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "console", *arguments],
            env={**self.environment, **settings},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def json(self, *arguments: str) -> Any:
        """What a command that ends well prints."""
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def lines(self, *arguments: str) -> list[Any]:
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def salon(database_url: str, schema: str) -> Iterator[Salon]:
    with open_test_salon(database_url, schema) as salon:
        yield salon


@pytest.fixture
def shell(salon: Salon, database_url: str, schema: str) -> Shell:
    return Shell(DATABASE_URL=database_url, ZAPISNIK_SCHEMA=schema, ZAPISNIK_MASTER_KEY=salon.master_key)


def crm(url: str) -> dict[str, str]:
    return {
        "YCLIENTS_URL": url,
        "YCLIENTS_PARTNER_TOKEN": PARTNER_TOKEN,
        "YCLIENTS_USER_TOKEN": USER_TOKEN,
        "YCLIENTS_COMPANY_ID": "1",
    }


def refused(done: subprocess.CompletedProcess[str], *words: str, code: int = 2) -> None:
    """One sentence with these words, this exit code, and no traceback."""
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    sentences = [line for line in done.stderr.splitlines() if line.startswith("zapisnik: ")]
    assert len(sentences) == 1, done.stderr
    for word in words:
        assert word in sentences[0]


# --- what goes well ---


def test_the_log_the_replay_the_status_and_the_plan_speak_json(shell: Shell, salon: Salon) -> None:
    kept, gone = salon.book(slot("10:00")), salon.book(slot("12:00"))
    salon.cancel(gone)
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
    follower = subprocess.Popen(
        [sys.executable, "-m", "console", "events", "--follow", "--json", "--after", str(salon.recorder.head())],
        env=shell.environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        time.sleep(1.5)
        salon.book(slot("10:00"))
        assert follower.stdout is not None
        seen = [json.loads(follower.stdout.readline())["type"] for _ in range(4)]
    finally:
        follower.kill()
        follower.communicate()
    assert seen == ["consent_given", "client_registered", "slot_held", "booking_made"]


def test_a_story_is_told_by_code(shell: Shell, salon: Salon) -> None:
    booking_id = salon.book(slot("10:00"))
    told = shell.run("story", str(booking_id))
    assert told.returncode == 0
    assert "Запись сделана" in told.stdout
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
    refused(shell.run("status"), "zapisnik migrate", code=1)
    assert shell.run("migrate").returncode == 0
    assert shell.json("status")["head"]["position"] == 0
    assert shell.run("migrate").returncode == 0


# --- what is wrong, in one sentence ---


def test_a_database_that_does_not_answer(shell: Shell) -> None:
    done = shell.run("status", DATABASE_URL=REFUSING)
    refused(done, "DATABASE_URL does not answer", "127.0.0.1")
    assert "s3cret" not in done.stderr


def test_another_master_key_is_refused_before_anything_is_done(shell: Shell) -> None:
    refused(shell.run("status", ZAPISNIK_MASTER_KEY=new_master_key()), "ZAPISNIK_MASTER_KEY", "sealed under key")
    refused(shell.run("status", ZAPISNIK_MASTER_KEY="secret"), "ZAPISNIK_MASTER_KEY")


@pytest.mark.parametrize(
    ("setting", "value"),
    [("PORT", "http"), ("LOG_LEVEL", "loud"), ("SALON_TIMEZONE", "Moscow"), ("YCLIENTS_COMPANY_ID", "x")],
)
def test_a_wrong_setting_is_named(shell: Shell, setting: str, value: str) -> None:
    done = shell.run("status", **{setting: value})
    refused(done, setting)


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("staff = [101, 102]", "staff = [101, 999]", ("Женская стрижка", "999")),
        ('tue = ["10:00-14:00", "15:00-20:00"]', 'tue = ["10:00-14:00", "13:00-20:00"]', ("tue", "overlap")),
        ('tue = ["10:00-14:00", "15:00-20:00"]', 'tue = ["10-14"]', ("10-14",)),
        ('timezone = "Europe/Moscow"', 'timezone = "Europe/Moskva"', ("Europe/Moskva",)),
        ("minutes = 60", 'minutes = "an hour"', ("minutes",)),
        ("[policy]", "[policy]\nhold_minutes = 5", ("TOML",)),
        ("price = 2500", "prise = 2500", ("prise",)),
        ("hold_minutes = 10 ", "hold_minutes = 0 ", ("hold_minutes",)),
    ],
)
def test_a_wrong_salon_file_is_refused_and_changes_nothing(
    shell: Shell, salon: Salon, tmp_path: Path, before: str, after: str, words: tuple[str, ...]
) -> None:
    text = (ROOT / "salon.toml").read_text("utf-8")
    assert before in text
    file = tmp_path / "salon.toml"
    file.write_text(text.replace(before, after, 1), "utf-8")
    head = salon.recorder.head()
    refused(shell.run("catalog", "load", str(file)), "salon.toml", *words)
    assert salon.recorder.head() == head


def test_a_salon_file_that_is_not_there(shell: Shell) -> None:
    refused(shell.run("catalog", "load", "nowhere.toml"), "nowhere.toml", "SALON_FILE")


def test_a_token_that_can_be_none(shell: Shell) -> None:
    refused(shell.run("bot"), "BOT_TOKEN")
    done = shell.run("bot", BOT_TOKEN="my-secret-token")
    refused(done, "BOT_TOKEN")
    assert "my-secret-token" not in done.stderr


def test_sync_without_credentials_says_which(shell: Shell) -> None:
    refused(shell.run("sync", "run"), "YCLIENTS_PARTNER_TOKEN", "YCLIENTS_USER_TOKEN", "YCLIENTS_COMPANY_ID")


def test_wrong_arguments_exit_with_2(shell: Shell) -> None:
    refused(shell.run("events", "--type", "booking_updated"), "booking_updated")
    refused(shell.run("events", "--since", "yesterday"), "--since")
    refused(shell.run("story", "!!"), "booking")
    refused(shell.run("audit", "replay", "--position", "1", "--as-of", "2026-11-23"), "not both")
    assert shell.run("nonsense").returncode == 2


def test_the_plan_of_a_crm_that_answers_html_does_not_know_conflicts(shell: Shell, salon: Salon) -> None:
    salon.book(slot("10:00"))
    with host(saying("<html>502 Bad Gateway</html>", status="502 Bad Gateway")) as (url, requests):
        done = shell.run("sync", "plan", "--json", **crm(url))
    assert requests
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["conflict"] is None
    assert salon.recorder.head() > 0


def test_a_sender_is_stopped_orderly_and_has_sent(shell: Shell, salon: Salon) -> None:
    salon.ledger.execute(ResumeIntegration(salon.order()))
    booking_id = salon.book(slot("10:00"))
    simulator = Simulator()
    with running(simulator) as url:
        sender = subprocess.Popen(
            [sys.executable, "-m", "console", "sync", "run"],
            env={**shell.environment, **crm(url)},
            cwd=ROOT,
            stderr=subprocess.PIPE,
            text=True,
        )
        deadline = time.monotonic() + 30
        while not simulator.records() and time.monotonic() < deadline:
            time.sleep(0.1)
        sender.terminate()
        _, said = sender.communicate(timeout=30)
    assert sender.returncode == 0, said
    assert [record["api_id"] for record in simulator.records()] == [str(booking_id)]
    for secret in (PARTNER_TOKEN, USER_TOKEN, "7916000"):
        assert secret not in said
