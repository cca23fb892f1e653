"""`zapisnik sync doctor` as an administrator runs it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from ledger.privacy import new_master_key
from sync.doctor import CHECKS
from sync.simulator import Simulator, running
from sync.wire_branch import RIGHTS
from tests.crm_hosts import Branch
from tests.salon import Salon
from tests.shell import Shell, crm, refused


@pytest.fixture
def branch() -> Branch:
    """A branch where everything is as it should be."""
    branch = Branch(Simulator())
    branch.say("/api/v1/user/permissions/1", {"record_form": dict.fromkeys(RIGHTS.values(), True)})
    branch.say("/api/v1/company/1/staff/schedule", [])
    return branch


@pytest.fixture
def url(branch: Branch) -> Iterator[str]:
    with running(branch) as url:
        yield url


def test_a_branch_set_up_well_is_good_in_text_and_in_json(shell: Shell, salon: Salon, url: str) -> None:
    shown = shell.run("sync", "doctor", **crm(url))
    told = shell.run("sync", "doctor", "--json", **crm(url))

    assert (shown.returncode, shown.stderr) == (0, "")
    assert [line.split()[1] for line in shown.stdout.splitlines()[:-1]] == list(CHECKS)
    assert shown.stdout.splitlines()[-1] == f"All {len(CHECKS)} checks are good."
    assert told.returncode == 0
    answer = json.loads(told.stdout)
    assert answer["ok"] is True
    assert [check["check"] for check in answer["checks"]] == list(CHECKS)
    assert answer["checks"][0].keys() == {"check", "state", "said", "crm_message", "setting", "remedy"}


def test_a_trouble_is_told_with_the_crm_s_words_the_setting_and_what_to_do(
    shell: Shell, salon: Salon, branch: Branch, url: str
) -> None:
    head = salon.recorder.head()
    branch.simulator.set_mode("auth")

    done = shell.run("sync", "doctor", **crm(url))

    refused(done, "problems found: 1", code=1)
    for words in ("PROBLEM      partner_id", "«Не указан идентификатор партнера»", "setting: YCLIENTS_PARTNER_ID"):
        assert words in done.stdout
    assert all(len(line) <= 120 for line in done.stdout.splitlines())
    assert salon.recorder.head() == head, "the doctor writes nothing"
    for secret in (crm(url)["YCLIENTS_PARTNER_TOKEN"], crm(url)["YCLIENTS_USER_TOKEN"]):
        assert secret not in done.stdout + done.stderr


def test_each_missing_setting_is_named(shell: Shell, salon: Salon, url: str) -> None:
    done = shell.run("sync", "doctor", YCLIENTS_URL=url, YCLIENTS_PARTNER_TOKEN="token")
    malformed = shell.run("sync", "doctor", **{**crm(url), "YCLIENTS_USER_TOKEN": "to ken"})

    refused(done, "problems found: 1", code=1)
    assert "YCLIENTS_USER_TOKEN, YCLIENTS_COMPANY_ID not set" in done.stdout
    refused(malformed, "problems found: 1", code=1)
    assert "YCLIENTS_USER_TOKEN: a space" in malformed.stdout


def test_a_setting_that_is_none_and_a_ledger_that_is_none_are_a_wrong_use(
    shell: Shell, salon: Salon, url: str, database_url: str, schema: str
) -> None:
    refused(shell.run("sync", "doctor", **{**crm(url), "YCLIENTS_COMPANY_ID": "first"}), "YCLIENTS_COMPANY_ID")
    empty = Shell(DATABASE_URL=database_url, ZAPISNIK_SCHEMA=f"{schema}_none", ZAPISNIK_MASTER_KEY=new_master_key())
    refused(empty.run("sync", "doctor", **crm(url)), "zapisnik migrate")
