"""The dice of the simulator's faults: seeded, limited, counted, and apart from each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync.simulator import FAULTS, Fault, Faults, Rule

REQUESTS = [("GET", "/api/v1/records/1"), ("POST", "/api/v1/records/1"), ("PUT", "/api/v1/record/1/1000001")] * 60


def befallen(faults: Faults, fault: Fault) -> list[int]:
    """The places, from 1, of the requests this fault befalls."""
    taken = [faults.for_request(*request).takes(fault) for request in REQUESTS]
    return [place for place, is_taken in enumerate(taken, 1) if is_taken]


def test_the_same_seed_and_the_same_requests_meet_the_same_faults() -> None:
    first = befallen(Faults(7, {"dropped_after": 0.3}), "dropped_after")

    assert first == befallen(Faults(7, {"dropped_after": 0.3}), "dropped_after")
    assert first != befallen(Faults(8, {"dropped_after": 0.3}), "dropped_after")
    assert 0.2 < len(first) / len(REQUESTS) < 0.4


def test_another_rule_changes_nothing_about_the_first() -> None:
    alone = Faults(7, {"dropped_after": 0.3})
    among = Faults(7, rules=[Rule("dropped_after", 0.3), Rule("late", 0.9), Rule("html_before", 0.5)])

    assert befallen(alone, "dropped_after") == befallen(among, "dropped_after")


def test_a_share_of_nothing_befalls_nobody_and_of_one_everybody() -> None:
    assert befallen(Faults(1, {"late": 0.0}), "late") == []
    assert befallen(Faults(1, {"late": 1.0}), "late") == list(range(1, len(REQUESTS) + 1))


def test_a_rule_is_narrowed_by_method_path_and_place() -> None:
    posts = [place for place, (method, _) in enumerate(REQUESTS, 1) if method == "POST"]
    records = [place for place, (_, path) in enumerate(REQUESTS, 1) if path.startswith("/api/v1/record/")]

    assert befallen(Faults(rules=[Rule("late", methods=("POST",))]), "late") == posts
    assert befallen(Faults(rules=[Rule("late", path="/api/v1/record/1/*")]), "late") == records
    assert befallen(Faults(rules=[Rule("late", from_request=5, until_request=7)]), "late") == [5, 6, 7]


def test_a_rule_that_may_fire_twice_fires_twice() -> None:
    faults = Faults(rules=[Rule("late", times=2)])

    assert befallen(faults, "late") == [1, 2]
    assert faults.counts() == {"late": 2}


def test_a_fault_that_was_in_store_and_could_not_befall_is_not_counted() -> None:
    faults = Faults(1, {"late": 1.0, "dropped_after": 1.0})

    drawn = faults.for_request("GET", "/api/v1/records/1")

    assert drawn.has("late")
    assert drawn.takes("dropped_after")
    assert (drawn.taken, faults.counts()) == (["dropped_after"], {"late": 0, "dropped_after": 1})


def test_the_form_a_fault_takes_is_seeded_too() -> None:
    def forms(seed: int) -> list[str]:
        faults, found = Faults(seed, {"malformed": 0.5}), []
        for request in REQUESTS:
            drawn = faults.for_request(*request)
            if drawn.takes("malformed"):
                found.append(drawn.pick("malformed", "abcdef"))
        return found

    assert forms(3) == forms(3)
    assert len(set(forms(3))) > 1


def test_notices_are_counted_apart_from_requests() -> None:
    faults = Faults(rules=[Rule("hook_lost", from_request=2, until_request=2)])

    for request in REQUESTS[:2]:
        assert not faults.for_request(*request).takes("hook_lost")
    assert [faults.for_notice().takes("hook_lost") for _ in range(3)] == [False, True, False]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"fault": "latte"}, "'latte' is not a fault; there are unreachable"),
        ({"fault": "late", "share": 1.5}, "late: a share is a number from 0 to 1, not 1.5"),
        ({"fault": "late", "from_request": 0}, "late: requests are counted from 1"),
        ({"fault": "late", "from_request": 5, "until_request": 4}, "late: requests are counted from 1"),
        ({"fault": "late", "times": 0}, "late: it must be allowed at least once"),
        ({"fault": "hook_lost", "methods": ("POST",)}, "hook_lost: it befalls notices"),
    ],
)
def test_a_rule_without_sense_is_refused_with_its_reason(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match="^" + said):
        Rule(**wrong)  # type: ignore[arg-type]  # wrong on purpose


def test_durations_below_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="not below 0"):
        Faults(slow_seconds=-1)


def test_there_are_faults() -> None:
    assert len(set(FAULTS)) == len(FAULTS) >= 24


def test_every_fault_stands_in_the_docs() -> None:
    text = Path(__file__).parents[2].joinpath("docs/simulator.md").read_text("utf-8")

    assert [fault for fault in FAULTS if f"| `{fault}` |" not in text] == []
