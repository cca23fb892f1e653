"""The bench measures all the design wants measured, and the docs and the kept ratios name what it measures."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from bench import kept
from bench.subjects import SUBJECTS

PROJECT = Path(__file__).parents[2]
WANTED = {
    # Every row of the design's table of targets, and what was promised since.
    "append, 1 event a transaction, 1 writer / 8 writers",
    "append, 100 events a transaction (4 tags each, chained)",
    "read and decode the log",
    "verify the log, flat memory",
    "rebuild `schedule`",
    "whole booking decision (read, decide, append, guard), 8 threads, no overlaps",
    "free slots of one master's week with 1 million bookings stored",
    "one bot update, without the network",
    "sync replay",
    # Not a row of that table, but asked of all that depends on the length of the log.
    "cost of an append, a decision and a tag read from 10 thousand to 1 million events",
}


def test_every_target_of_the_design_has_its_subject() -> None:
    assert {subject.work for subject in SUBJECTS.values()} == WANTED


@pytest.mark.parametrize("name", SUBJECTS)
def test_a_subject_can_be_measured(name: str) -> None:
    assert callable(import_module(f"bench.{SUBJECTS[name].module}").measure)


def test_the_docs_describe_every_row() -> None:
    text = PROJECT.joinpath("docs/bench.md").read_text("utf-8")
    described = re.findall(r"^\| `([a-z0-9-]+)` \|", text, re.MULTILINE)

    assert described == [row for subject in SUBJECTS.values() for row in subject.rows]


def test_the_kept_ratios_are_those_of_rows_that_exist() -> None:
    assert kept.load().ratios.keys() <= {row for subject in SUBJECTS.values() for row in subject.rows}
