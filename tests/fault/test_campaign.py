"""A small share of the campaign; the whole of it is `make campaign`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.campaign.ground import Ground
from tests.campaign.plants import PLANTS, planted
from tests.campaign.run import play
from tests.campaign.search import ground_at
from tests.campaign.tally import REQUIRED, Tally

FOUND_AT: dict[str, int] = {
    "repeat-create": 8,
    "busy-is-conflict": 5,
    "api-id-alone": 5,
    "follow-redirect": 17,
    "empty-is-deleted": 13,
    "ignore-epoch": 6,
}
"""For each planted bug a seed at which it is found; `python -m tests.campaign --plant NAME --seeds 50` finds others."""


@pytest.fixture(scope="module")
def ground(embedded_url: str) -> Iterator[Ground]:
    """On the embedded server only: what is proved here is not the store."""
    with ground_at(embedded_url) as one:
        yield one


@pytest.mark.parametrize("seed", range(1, 13))
def test_after_bad_days_crm_and_ledger_are_equal(ground: Ground, seed: int) -> None:
    run = play(ground, seed)

    assert not run.broken, run.story


@pytest.mark.parametrize("seed", [3, 4])
def test_the_same_holds_over_real_http(ground: Ground, seed: int) -> None:
    run = play(ground, seed, over_http=True)

    assert not run.broken, run.story
    assert run.steps


def test_the_same_seed_is_the_same_run(ground: Ground) -> None:
    first, again = play(ground, 6), play(ground, 6)

    assert first.steps == again.steps
    assert first.log == again.log


def test_every_planted_bug_has_its_seed() -> None:
    assert FOUND_AT.keys() == PLANTS.keys()


@pytest.mark.parametrize("name", sorted(FOUND_AT))
def test_a_planted_bug_is_found(ground: Ground, name: str) -> None:
    with planted(name):
        run = play(ground, FOUND_AT[name])

    assert run.broken
    assert f"seed {FOUND_AT[name]}" in run.story


def test_what_never_happened_is_named() -> None:
    tally = Tally({group: dict.fromkeys(names, 1) for group, names in REQUIRED.items()})
    assert tally.zeros() == []

    tally.counts["faults"]["late"] = 0
    del tally.counts["brake"]["released"]

    assert tally.zeros() == ["faults: late", "brake: released"]
