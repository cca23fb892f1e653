"""Keys, checkpoints, verification and extracts as an auditor uses them: on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ledger.values import booking_code
from tests.builders import slot
from tests.salon import Salon
from tests.shell import Shell


@pytest.fixture
def signing(shell: Shell, tmp_path: Path) -> Shell:
    """The command line with a signing key of its own, and no master key: auditing opens nobody's text."""
    shell.environment["ZAPISNIK_SIGNING_KEY"] = str(tmp_path / "signing.key")
    made = shell.run("keys", "init")
    assert made.returncode == 0, made.stderr
    return shell


def test_the_signing_key_is_made_once_for_its_owner_only_and_needs_no_database(tmp_path: Path) -> None:
    key, public = tmp_path / "signing.key", tmp_path / "public.pem"
    shell = Shell(ZAPISNIK_SIGNING_KEY=str(key), DATABASE_URL="postgresql://nobody@127.0.0.1:1/nowhere")

    assert shell.run("keys", "public").returncode == 2
    made = shell.run("keys", "init")
    assert made.returncode == 0
    assert key.stat().st_mode & 0o777 == 0o600
    before = key.read_bytes()
    again = shell.run("keys", "init")
    assert (again.returncode, key.read_bytes()) == (2, before)
    assert "nothing was changed" in again.stderr
    assert shell.run("keys", "public", "--out", str(public)).returncode == 0
    assert shell.run("keys", "public").stdout == public.read_text()
    assert public.read_text().startswith("-----BEGIN PUBLIC KEY-----\n")
    assert shell.run("keys", "public", "--out", str(public)).returncode == 2


def test_a_checkpoint_kept_outside_proves_the_log_and_finds_it_altered(
    signing: Shell, salon: Salon, tmp_path: Path
) -> None:
    del signing.environment["ZAPISNIK_MASTER_KEY"]
    kept, public = tmp_path / "checkpoints.jsonl", tmp_path / "public.pem"
    salon.book(slot("10:00"))
    first = signing.run("audit", "checkpoint", "--out", str(kept))
    assert first.returncode == 0, first.stderr
    salon.book(slot("12:00"))
    signing.run("audit", "checkpoint", "--out", str(kept))
    positions = [json.loads(line)["position"] for line in kept.read_text().splitlines()]
    head = salon.recorder.head()
    assert positions == [7, head - 1]
    assert signing.run("keys", "public", "--out", str(public)).returncode == 0
    outside = ("--checkpoint", str(kept), "--public-key", str(public))

    told = signing.run("audit", "verify", *outside)
    assert told.returncode == 0, told.stderr
    assert f"Proved up to event {head - 1}:" in told.stdout
    assert "What cannot be found:" in told.stdout
    found = signing.json("audit", "verify", *outside)
    wanted = {"ok": True, "events": head, "checkpoints": 2, "first_bad_position": None, "reason": None}
    assert wanted.items() <= found.items()
    assert (found["proved_to"], found["keys_from"]) == (head - 1, "given")

    with salon.database.transaction() as connection:
        for table in ("events", "event_tags"):
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER".encode())
            connection.execute(f"DELETE FROM {table} WHERE position >= 10".encode())
    broken = signing.run("audit", "verify", *outside, "--json")
    assert broken.returncode == 1
    assert json.loads(broken.stdout)["first_bad_position"] == 10
    assert "cut off" in broken.stderr


def test_verify_says_whose_key_it_trusted_and_that_nothing_outside_was_given(signing: Shell, salon: Salon) -> None:
    salon.book(slot("10:00"))
    signing.run("audit", "checkpoint")

    told = signing.run("audit", "verify").stdout

    assert "signed by the key of this machine" in told
    assert "Nothing is proved from outside" in told
    assert signing.json("audit", "verify")["keys_from"] == "at_hand"


def test_a_checkpoint_with_nothing_new_since_is_given_again(signing: Shell, salon: Salon) -> None:
    salon.book(slot("10:00"))
    first = signing.run("audit", "checkpoint", "--json").stdout
    head = salon.recorder.head()

    assert signing.run("audit", "checkpoint", "--json").stdout == first
    assert salon.recorder.head() == head


def test_the_status_shows_the_last_checkpoint(signing: Shell, salon: Salon) -> None:
    assert signing.json("status")["checkpoint"] is None
    salon.book(slot("10:00"))
    signing.run("audit", "checkpoint")

    assert signing.json("status")["checkpoint"]["position"] == 7
    assert "checkpoint   event 7, signed " in signing.run("status").stdout


def test_an_extract_is_written_signed_and_checked_without_a_database(
    signing: Shell, salon: Salon, tmp_path: Path
) -> None:
    booking_id, extract, public = salon.book(slot("10:00")), tmp_path / "extract.jsonl", tmp_path / "public.pem"
    salon.book(slot("12:00"))
    signing.run("keys", "public", "--out", str(public))
    written = signing.run("audit", "export", str(extract), "--booking", booking_code(booking_id))
    assert written.returncode == 0, written.stderr
    assert extract.stat().st_mode & 0o777 == 0o600
    assert signing.run("audit", "export", str(extract)).returncode == 2, "it replaces nothing"

    bare = Shell(DATABASE_URL="postgresql://nobody@127.0.0.1:1/nowhere")
    checked = bare.run("audit", "check", str(extract), "--public-key", str(public))
    assert checked.returncode == 0, checked.stderr
    assert f"booking {booking_id}" in checked.stdout
    assert "What it does not:" in checked.stdout
    assert bare.json("audit", "check", str(extract), "--public-key", str(public))["is_proved"] is True
    unproved = bare.run("audit", "check", str(extract))
    assert unproved.returncode == 2
    assert "--public-key" in unproved.stderr

    extract.write_bytes(extract.read_bytes().replace(b"booking_made", b"booking_mode"))
    altered = bare.run("audit", "check", str(extract), "--public-key", str(public), "--json")
    assert altered.returncode == 1
    assert json.loads(altered.stdout)["ok"] is False


def test_an_annex_says_loudly_that_it_holds_personal_data(signing: Shell, salon: Salon, tmp_path: Path) -> None:
    salon.book(slot("10:00"))
    plain, annexed = tmp_path / "plain.jsonl", tmp_path / "annexed.jsonl"

    assert signing.run("audit", "export", str(plain)).returncode == 0
    told = signing.run("audit", "export", str(annexed), "--annex")

    assert "Мария" not in plain.read_text()
    assert "Мария" in annexed.read_text()
    assert "IT HOLDS PERSONAL DATA IN CLEAR: 3 texts" in told.stdout
    (viewed,) = signing.run("events", "--type", "personal_data_viewed", "--json").stdout.splitlines()
    assert json.loads(viewed)["facts"]["where"] == "cli:audit export"


def test_without_a_key_an_extract_is_unsigned_and_everybody_says_so(shell: Shell, salon: Salon, tmp_path: Path) -> None:
    salon.book(slot("10:00"))
    extract = tmp_path / "extract.jsonl"

    written = shell.run("audit", "export", str(extract), ZAPISNIK_HOME=str(tmp_path / "home"))
    checked = shell.run("audit", "check", str(extract))

    assert (written.returncode, checked.returncode) == (0, 1)
    assert "NOT SIGNED" in written.stderr
    assert "not signed by anybody" in checked.stderr


BAD = {
    "a checkpoint's file that is none": (["audit", "verify", "--checkpoint", "salon.toml"], "--checkpoint salon.toml"),
    "no such checkpoint": (["audit", "verify", "--checkpoint", "nowhere"], "nowhere cannot be read"),
    "a key's file that is none": (["audit", "verify", "--public-key", "salon.toml"], "--public-key salon.toml"),
    "two scopes": (["audit", "export", "/tmp/none", "--client", "1", "--since", "2030-01-01"], "one client"),
    "a booking that is none": (["audit", "export", "/tmp/none", "--booking", "x y"], "--booking"),
    "a client nobody knows": (["audit", "export", "/tmp/none", "--client", "77"], "no event"),
    "no such extract": (["audit", "check", "nowhere"], "nowhere cannot be read"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_used_is_one_sentence(shell: Shell, tmp_path: Path, name: str) -> None:
    arguments, words = BAD[name]

    done = shell.run(*arguments, ZAPISNIK_HOME=str(tmp_path))

    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
