"""Plays seeds one after the other on one ground: for the command, for the tests, and for whoever looks for a bug."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from secrets import token_hex

import msgspec
import psycopg
from psycopg import sql

from tests.builders import NOW
from tests.campaign.ground import Ground
from tests.campaign.plants import planted
from tests.campaign.run import play
from tests.campaign.tally import Tally


class Played(msgspec.Struct, frozen=True):
    """A seed that was played; `story` is '' when all is well."""

    seed: int
    story: str
    tally: Tally
    seconds: float
    requests: int


@contextmanager
def ground_at(url: str) -> Iterator[Ground]:
    """A ground in a schema of its own, dropped afterwards."""
    schema = f"campaign_{os.getpid()}_{token_hex(3)}"
    ground = Ground(url, schema, lambda: NOW)
    try:
        yield ground
    finally:
        ground.close()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))


def play_seeds(url: str, seeds: Iterable[int], http_before: int) -> Iterator[Played]:
    """Each seed in turn; those below `http_before` go over real HTTP."""
    with ground_at(url) as ground:
        for seed in seeds:
            began = time.monotonic()
            run = play(ground, seed, over_http=seed < http_before)
            yield Played(seed, run.story, run.tally, time.monotonic() - began, len(run.steps))


def first_broken(url: str, seeds: Iterable[int]) -> Played | None:
    """The first seed at which something is wrong, None when nothing is."""
    return next((one for one in play_seeds(url, seeds, 0) if one.story), None)


def play_batch(url: str, seeds: list[int], http_before: int, plant: str | None) -> list[Played]:
    """For a process of its own: the same, with a bug planted if one is named."""
    with planted(plant) if plant is not None else nullcontext():
        played = play_seeds(url, seeds, http_before)
        return list(played) if plant is None else list(up_to_the_first_broken(played))


def up_to_the_first_broken(played: Iterable[Played]) -> Iterator[Played]:
    """A bug that was found need not be found again."""
    for one in played:
        yield one
        if one.story:
            return
