"""Appends of a hundred events a transaction, by one writer."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing

from bench.contestants import Bare, Contestant, LibraryDefault, Ours
from bench.rounds import Contest, Figure, Work, interleaved, rate
from bench.rows import Row, Target
from bench.sizes import Stage

BATCH = 100
WANTED_A_SECOND = 9_000


def measure(stage: Stage) -> list[Row]:
    """The baselines store 300 bytes an event; ours, at 310 to 330, also tags, chains and projects each of them."""
    rivals: list[Contestant] = [
        Bare(stage.conninfo),
        LibraryDefault(stage.conninfo),
        Ours(stage.conninfo, "bench_batch"),
    ]
    figures = [Figure(rival.name) for rival in rivals]
    with ExitStack() as open_rivals:
        for rival in rivals:
            open_rivals.enter_context(closing(rival))
        contests = [
            Contest([figure], _turn(rival.writer(0, BATCH), stage.sizes.seconds))
            for rival, figure in zip(rivals, figures, strict=True)
        ]
        interleaved(stage.sizes.rounds, contests, stage.tell, f"appends of {BATCH}")
    bare, _, ours = figures
    targets = [Target(WANTED_A_SECOND, ours.value, "events a second")]
    return [Row("append-100", f"append, {BATCH} events a transaction, 1 writer", figures, ours, bare, targets)]


def _turn(writer: Work, seconds: float) -> Callable[[], list[float]]:
    return lambda: [rate([writer], seconds) * BATCH]
