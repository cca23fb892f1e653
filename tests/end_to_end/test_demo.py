"""The scripted outage as one command: all invariants hold, and each planted fault is named."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from tests.shell import Shell


@pytest.fixture
def shell(database_url: str) -> Shell:
    return Shell(DATABASE_URL=database_url, ZAPISNIK_SCHEMA=f"test_{os.getpid()}")


def played(shell: Shell, *arguments: str) -> tuple[int, dict[str, Any], str]:
    done = shell.run_for(240, "demo", "--json", *arguments)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout), done.stderr


def test_an_outage_leaves_nothing_lost_doubled_or_unanswered(shell: Shell) -> None:
    code, report, said = played(shell, "--seed", "11")
    assert code == 0, said
    assert report["broken"] == []
    assert (report["overlaps"], report["duplicates"], report["missing"], report["extra"]) == (0, 0, 0, 0)
    assert (report["unsettled"], report["unanswered"], report["verified"]) == (0, 0, True)
    # It was a real performance: somebody fought, somebody cancelled, the sender died in a write.
    assert report["made"] > 20
    assert report["refused"] > 0
    assert report["cancelled"] > 0
    assert report["kills"] == 1
    assert report["crm_records"] == report["made"] - report["cancelled"]
    assert report["rate_limited"] == 0


def test_each_fault_planted_behind_its_back_is_named(shell: Shell) -> None:
    """All performances side by side: each waits more than it works."""
    faults = ("overlap", "duplicate", "missing", "chain", "unanswered")
    running = {fault: shell.start("demo", "--json", "--clients", "8", "--break", fault) for fault in faults}
    for fault, process in running.items():
        printed, said = process.communicate(timeout=240)
        assert process.returncode == 1, said
        assert fault in [broken["invariant"] for broken in json.loads(printed)["broken"]], said
        assert fault in said.splitlines()[-1]
