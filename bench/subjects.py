"""What can be measured, by name: every row of the design's table of targets has its subject here."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

from bench.rows import Row
from bench.sizes import Measure, Stage


@dataclass(frozen=True)
class Subject:
    """`work` is the design's own name of its row; the `measure` of `module` gives the bench's rows of these names."""

    name: str
    work: str
    module: str
    rows: tuple[str, ...]

    def measure(self, stage: Stage) -> list[Row]:
        # Imported when its turn comes: the bot's framework alone takes seconds.
        measure: Measure = import_module(f"bench.{self.module}").measure
        return measure(stage)


SUBJECTS = {
    subject.name: subject
    for subject in (
        Subject("append", "append, 1 event a transaction, 1 writer / 8 writers", "appends", ("append-1", "append-8")),
        Subject("append-100", "append, 100 events a transaction (4 tags each, chained)", "batches", ("append-100",)),
        Subject("read", "read and decode the log", "reads", ("read",)),
        Subject("verify", "verify the log, flat memory", "verifies", ("verify",)),
        Subject("rebuild", "rebuild `schedule`", "rebuilds", ("rebuild",)),
        Subject(
            "decide",
            "whole booking decision (read, decide, append, guard), 8 threads, no overlaps",
            "decisions",
            ("decide",),
        ),
        Subject(
            "free-slots",
            "free slots of one master's week with 1 million bookings stored",
            "free_slots",
            ("free-slots",),
        ),
        Subject(
            "growth",
            "cost of an append, a decision and a tag read from 10 thousand to 1 million events",
            "growth",
            ("grown-append", "grown-decide", "grown-look"),
        ),
        Subject("bot", "one bot update, without the network", "updates", ("bot", "bot-most")),
        Subject("sync", "sync replay", "replays", ("sync", "sync-most")),
    )
}
