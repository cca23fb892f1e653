"""`zapisnik keys`: the master key is changed under running programs, and a copy of it is tried before it is needed."""

from __future__ import annotations

import json
from pathlib import Path

from ledger.master_keys import MasterKeys, new_master_key
from ledger.privacy import Vault
from tests.salon import Salon
from tests.shell import Shell, refused


def test_the_key_of_the_setting_is_rotated_in_steps_that_never_lock_anybody_out(shell: Shell, salon: Salon) -> None:
    client = salon.client("1")
    old, new = salon.master_key, new_master_key()
    ids = {name: MasterKeys.parse(key).first.key_id for name, key in (("old", old), ("new", new))}

    refused(shell.run("keys", "rotate", ZAPISNIK_MASTER_KEY=new), f"under key {ids['old']}")
    done = shell.run("keys", "rotate", ZAPISNIK_MASTER_KEY=f"{new},{old}")
    checked = json.loads(shell.run("keys", "check", "--json", ZAPISNIK_MASTER_KEY=f"{new} {old}").stdout)

    assert "2 keys wrapped anew" in done.stdout
    assert f"Nothing here is under {ids['old']} any more" in done.stdout
    assert old not in done.stdout + done.stderr
    assert new not in done.stdout + done.stderr
    assert checked == {
        "ok": True,
        "in_force": ids["new"],
        "held": [ids["new"], ids["old"]],
        "rows": {ids["new"]: 2},
        "missing": [],
        "damaged": [],
    }
    assert Vault(salon.database, new).find("telegram", "1") == client
    refused(shell.run("status"), f"under key {ids['new']}")


def test_a_copy_that_is_not_right_is_found_before_it_is_needed(shell: Shell, salon: Salon, tmp_path: Path) -> None:
    salon.client("1")
    copy = tmp_path / "copy"
    copy.write_text(salon.master_key + "\n")
    assert "Every one opens." in shell.run("keys", "check", "--copy", str(copy)).stdout

    copy.write_text(new_master_key())
    wrong = shell.run("keys", "check", "--copy", str(copy))
    assert wrong.returncode == 1
    assert f"under key {MasterKeys.parse(salon.master_key).first.key_id}" in wrong.stderr
    copy.write_text(salon.master_key)
    when_lost = shell.run("keys", "check", "--copy", str(copy), ZAPISNIK_MASTER_KEY=new_master_key())
    assert when_lost.returncode == 0, when_lost.stderr
    copy.write_text(salon.master_key[:-6])
    refused(shell.run("keys", "check", "--copy", str(copy)), "--copy")
    refused(shell.run("keys", "rotate", "--keep-old"), "--keep-old")
