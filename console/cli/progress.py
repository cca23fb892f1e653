"""How a long piece of work gets on, for the person who waits for it."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from ledger.integrity import walk
from projections.rebuild import Progress

ON_A_TERMINAL, ELSEWHERE = 0.2, 5.0
"""Seconds between two looks."""


class StatusLine:
    """Tells on standard error: on a terminal in one line that is written over, elsewhere in a line now and then."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._every = ON_A_TERMINAL if self._is_terminal else ELSEWHERE
        self._next_at = time.monotonic() + self._every

    def tell(self, line: str) -> None:
        """This line, if it is time for one."""
        if time.monotonic() >= self._next_at:
            self.wipe()
            typer.echo(line, err=True, nl=not self._is_terminal)
            self._next_at = time.monotonic() + self._every

    def wipe(self) -> None:
        """Takes the line off the terminal."""
        if self._is_terminal:
            typer.echo("\r\x1b[K", err=True, nl=False)


class ProgressLine(StatusLine):
    """How rebuilds get on. A read model that has taken its place is told of in a line on standard output."""

    def __call__(self, progress: Progress) -> None:
        if progress.switched:
            self.wipe()
            typer.echo(switched_line(progress))
        else:
            self.tell(progress_line(progress.name, progress))


class WalkLine(StatusLine):
    """How a walk over the log gets on."""

    def __call__(self, progress: walk.Progress) -> None:
        self.tell(progress_line("the log", progress))

    @contextmanager
    def wiped(self) -> Iterator[WalkLine]:
        """Takes the line off in the end, whatever happens."""
        try:
            yield self
        finally:
            self.wipe()


def progress_line(name: str, progress: Progress | walk.Progress) -> str:
    left = progress.seconds_left
    return (
        f"{name}: {progress.events:,} of {progress.head:,} events, {progress.events_per_second:,.0f}/s"
        f"{f', {left:.0f} s left' if left is not None else ''}"
    )


def switched_line(progress: Progress) -> str:
    return (
        f"{progress.name}: version {progress.version} is live, folded from {progress.events:,} events in "
        f"{progress.seconds:.1f} s ({progress.events_per_second:,.0f}/s)"
    )
