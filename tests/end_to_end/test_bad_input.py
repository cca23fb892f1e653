"""What is wrong is said in one sentence that names it; nothing is lost, and nothing secret is printed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ledger.decisions import boundaries
from ledger.privacy import new_master_key
from tests.builders import slot
from tests.crm_hosts import host, saying
from tests.salon import Salon
from tests.shell import ROOT, Shell, crm, refused

REFUSING = "postgresql://nobody:s3cret@127.0.0.1:1/none"


def test_a_database_that_does_not_answer(shell: Shell) -> None:
    done = shell.run("status", DATABASE_URL=REFUSING)
    refused(done, "DATABASE_URL does not answer", "127.0.0.1")
    assert "s3cret" not in done.stderr


def test_another_master_key_is_refused_before_anything_is_done(shell: Shell, salon: Salon) -> None:
    salon.client()
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
    with host(saying(b"<html>502 Bad Gateway</html>", status="502 Bad Gateway")) as (url, requests):
        done = shell.run("sync", "plan", "--json", **crm(url))
    assert requests
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["conflict"] is None
    assert salon.recorder.head() > 0


def test_a_token_telegram_does_not_know(shell: Shell) -> None:
    unauthorized = b'{"ok":false,"error_code":401,"description":"Unauthorized"}'
    with host(saying(unauthorized, status="401 Unauthorized", headers="Content-Type: application/json\r\n")) as (
        url,
        _,
    ):
        done = shell.run("bot", BOT_TOKEN="123456:s3cret", TELEGRAM_API_URL=url)
    refused(done, "BOT_TOKEN was refused", url)
    assert "s3cret" not in done.stderr


def test_a_crm_that_answers_html_is_told_and_waited_for(shell: Shell, salon: Salon) -> None:
    booking_id = salon.book(slot("10:00"))
    salon.follower.step_down()
    with host(saying(b"<html>It works!</html>")) as (url, _):
        sender = shell.start("sync", "run", **crm(url))
        assert sender.stderr is not None
        told = next(line for line in sender.stderr if "YCLIENTS_URL" in line)
        sender.terminate()
        sender.communicate(timeout=30)
    assert "the CRM's own form" in told
    assert sender.returncode == 0
    assert [item.type for item in salon.ledger.history(boundaries.booking(booking_id))] == ["slot_held", "booking_made"]
