"""Appends of one event a transaction, by one writer and by eight."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing

from bench.contestants import MOST_WRITERS, Bare, Contestant, LibraryDcb, LibraryDefault, Ours
from bench.rounds import Contest, Figure, Work, interleaved, rate
from bench.rows import Row, Target
from bench.sizes import Stage


def measure(stage: Stage) -> list[Row]:
    """Every writer has a connection and a master of its own, so writers wait for each other only at the log."""
    rivals: list[Contestant] = [
        Bare(stage.conninfo),
        LibraryDefault(stage.conninfo),
        LibraryDcb(stage.conninfo),
        Ours(stage.conninfo, "bench_append"),
    ]
    figures = {number: [Figure(rival.name) for rival in rivals] for number in (1, MOST_WRITERS)}
    with ExitStack() as open_rivals:
        for rival in rivals:
            open_rivals.enter_context(closing(rival))
        writers = [[rival.writer(number) for number in range(MOST_WRITERS)] for rival in rivals]
        contests = [
            Contest([figure], _turn(theirs[:number], stage.sizes.seconds))
            for number, of_number in figures.items()
            for theirs, figure in zip(writers, of_number, strict=True)
        ]
        interleaved(stage.sizes.rounds, contests, stage.tell, "appends")
    return [_one_writer(figures[1]), _many_writers(figures[MOST_WRITERS])]


def _turn(writers: list[Work], seconds: float) -> Callable[[], list[float]]:
    return lambda: [rate(writers, seconds)]


def _one_writer(figures: list[Figure]) -> Row:
    bare, library, _, ours = figures
    targets = [
        Target(0.55, ours.times(bare), "x bare"),
        Target(2.0, ours.times(library), "x library"),
    ]
    return Row("append-1", "append, 1 event a transaction, 1 writer", figures, ours, bare, targets)


def _many_writers(figures: list[Figure]) -> Row:
    bare, library, _, ours = figures
    targets = [Target(1.5, ours.times(library), "x library")]
    return Row(
        f"append-{MOST_WRITERS}", f"append, 1 event a transaction, {MOST_WRITERS} writers", figures, ours, bare, targets
    )
