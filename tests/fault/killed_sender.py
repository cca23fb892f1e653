"""A sender in a process of its own that ends itself at one of its steps, as `kill -9` there would; for tests only."""

from __future__ import annotations

import os
import signal
import threading
import time

from console.crm_wiring import open_sync
from console.settings import load_settings
from console.wiring import open_house
from sync.steps import STEPS, Doing, Point

FASTER = 20
"""Its stopwatch runs so many times too fast: a wait of minutes is one of seconds. The salon's clock is the real one."""


def run_sender(settings: dict[str, str], stop_at: tuple[Doing, Point] | None) -> None:
    """`zapisnik sync run`, until it is killed; by itself, once it is there."""

    def at(doing: Doing, point: Point) -> None:
        assert point in STEPS[doing], "a step that nobody named"
        if (doing, point) == stop_at:
            os.kill(os.getpid(), signal.SIGKILL)

    with (
        open_house(load_settings(**settings)) as house,
        open_sync(
            house,
            stopped := threading.Event(),
            at=at,
            stopwatch=lambda: FASTER * time.monotonic(),
        ) as runner,
    ):
        runner.run(stopped)
