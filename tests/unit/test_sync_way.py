"""The way to the CRM after trouble: one read, one write, then little by little more."""

from __future__ import annotations

from dataclasses import dataclass

from sync.pace import Pace
from sync.way import LONGEST_PAUSE, Way


@dataclass
class Hand:
    """A stopwatch moved by hand."""

    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


def way(hand: Hand) -> Way:
    return Way(Pace(stopwatch=hand, ramp=(2.0, 1.0)))


def wait_for(way: Way, hand: Hand) -> float:
    """Seconds until a call may be made."""
    began = hand.seconds
    while not way.is_free():
        hand.seconds += 0.5
    return hand.seconds - began


def test_nothing_is_held_back_while_all_is_well() -> None:
    one = way(Hand())
    one.was_written()

    assert (one.is_open, one.is_free(), one.needs_probe) == (True, True, False)


def test_after_a_failure_a_probe_comes_first_then_writes_ever_faster() -> None:
    hand = Hand()
    one = way(hand)
    one.failed()

    assert (wait_for(one, hand), one.needs_probe) == (1.0, True)
    one.was_read()
    assert (one.is_free(), one.needs_probe, one.is_open) == (True, False, False), "one write may leave"
    one.was_written()
    assert (wait_for(one, hand), one.is_open) == (2.0, False)
    one.was_written()
    assert wait_for(one, hand) == 1.0
    assert one.is_open
    one.was_written()
    assert wait_for(one, hand) == 0.0


def test_a_crm_that_can_be_read_but_not_written_to_is_asked_less_and_less_often() -> None:
    hand = Hand()
    one = way(hand)
    pauses = []
    for _ in range(9):
        one.failed()
        pauses.append(wait_for(one, hand))
        one.was_read()

    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, LONGEST_PAUSE, LONGEST_PAUSE, LONGEST_PAUSE]


def test_a_failure_on_the_ramp_begins_it_anew_and_waits_for_longer() -> None:
    hand = Hand()
    one = way(hand)
    one.failed()
    wait_for(one, hand)
    one.was_read()
    one.was_written()
    one.failed()

    assert (wait_for(one, hand), one.needs_probe) == (2.0, True)
    one.was_read()
    for pause in (2.0, 1.0):
        one.was_written()
        assert wait_for(one, hand) == pause
    one.failed()
    assert wait_for(one, hand) == 1.0, "all went well meanwhile"
