"""Seeded faults: which request goes wrong, and how, decided by nothing but the seed and the requests before it.

Each rule has dice of its own and throws them once for every request it concerns, so the same requests in the same order
meet the same faults, and one more rule changes nothing about the others.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Literal, TypeVar, get_args

import msgspec

Fault = Literal[
    "unreachable",
    "dropped_before",
    "dropped_after",
    "late",
    "slow_before",
    "slow_after",
    "error_before",
    "error_after",
    "html_before",
    "html_after",
    "truncated",
    "malformed",
    "rate_limited",
    "rate_limited_silent",
    "no_content",
    "api_id_blanked",
    "wrong_offset",
    "own_time_busy",
    "busy_as_422",
    "created_otherwise",
    "ids_as_strings",
    "empty_as_list",
    "empty_listing",
    "hook_lost",
    "hook_repeated",
    "hook_overtaken",
]
FAULTS: tuple[Fault, ...] = get_args(Fault)
HOOK_FAULTS: frozenset[Fault] = frozenset(fault for fault in FAULTS if fault.startswith("hook_"))
_T = TypeVar("_T")


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How often a fault befalls the requests it concerns.

    `share` of those with one of `methods` and a path like `path` (`*` stands for anything), from the `from_request`-th
    to the `until_request`-th that came since the faults were set, at most `times` times. Faults of webhooks concern
    notices: they are counted among themselves and have neither method nor path.
    """

    fault: Fault
    share: float = 1.0
    methods: tuple[str, ...] = ()
    path: str = "*"
    from_request: int = 1
    until_request: int | None = None
    times: int | None = None

    def __post_init__(self) -> None:
        if self.fault not in FAULTS:
            raise ValueError(f"{self.fault!r} is not a fault; there are {', '.join(FAULTS)}")
        if not 0.0 <= self.share <= 1.0:
            raise ValueError(f"{self.fault}: a share is a number from 0 to 1, not {self.share!r}")
        if self.from_request < 1 or (self.until_request is not None and self.until_request < self.from_request):
            raise ValueError(f"{self.fault}: requests are counted from 1, and a range ends where it begins or later")
        if self.times is not None and self.times < 1:
            raise ValueError(f"{self.fault}: it must be allowed at least once")
        if self.fault in HOOK_FAULTS and (self.methods or self.path != "*"):
            raise ValueError(f"{self.fault}: it befalls notices, which have neither method nor path")

    def concerns(self, number: int, method: str, path: str) -> bool:
        """True when this request is among those it may befall."""
        return (
            number >= self.from_request
            and (self.until_request is None or number <= self.until_request)
            and (not self.methods or method in self.methods)
            and (self.path == "*" or fnmatchcase(path, self.path))
        )


class Faults:
    """The rules in force, their dice, and how often each fault has befallen a request.

    `shares` are rules for every request, the short form. `slow_seconds` is how long a slow answer takes,
    `late_seconds` how long after its request a late write is done, `retry_after` what a 429 asks for, in seconds.
    Raises ValueError for a rule that makes no sense.
    """

    def __init__(
        self,
        seed: int = 0,
        shares: Mapping[Fault, float] | None = None,
        rules: Iterable[Rule] = (),
        *,
        slow_seconds: float = 60.0,
        late_seconds: float = 5.0,
        retry_after: int = 1,
    ) -> None:
        if slow_seconds < 0 or late_seconds < 0 or retry_after < 0:
            raise ValueError("slow_seconds, late_seconds and retry_after are not below 0")
        short = [Rule(fault, share) for fault, share in (shares or {}).items()]
        self.seed, self.rules = seed, (*short, *rules)
        self.slow_seconds, self.late_seconds, self.retry_after = slow_seconds, late_seconds, retry_after
        self._dice = [
            _Die(rule, random.Random(f"{seed}:{place}:{rule.fault}")) for place, rule in enumerate(self.rules)
        ]
        self._lock = threading.Lock()
        self._requests = self._notices = 0
        self._fired: Counter[Fault] = Counter()

    def for_request(self, method: str, path: str) -> Drawn:
        """Throws the dice for the next request; a fault counts only once it is taken."""
        with self._lock:
            self._requests += 1
            return self._thrown(self._requests, method, path, of_hooks=False)

    def for_notice(self) -> Drawn:
        """Throws the dice for the next notice of a webhook."""
        with self._lock:
            self._notices += 1
            return self._thrown(self._notices, "", "", of_hooks=True)

    def counts(self) -> dict[Fault, int]:
        """How often each fault with a rule has befallen something."""
        with self._lock:
            return {rule.fault: self._fired[rule.fault] for rule in self.rules}

    def _thrown(self, number: int, method: str, path: str, *, of_hooks: bool) -> Drawn:
        hit: dict[Fault, _Die] = {}
        for die in self._dice:
            rule = die.rule
            if (rule.fault in HOOK_FAULTS) is of_hooks and rule.concerns(number, method, path) and die.falls():
                hit.setdefault(rule.fault, die)
        return Drawn(self, hit)

    def _take(self, die: _Die) -> bool:
        with self._lock:
            if die.rule.times is not None and die.taken >= die.rule.times:
                return False
            die.taken += 1
            self._fired[die.rule.fault] += 1
            return True


class Drawn:
    """What the dice have in store for one request or notice; `taken` is what has really befallen it."""

    def __init__(self, faults: Faults, hit: Mapping[Fault, _Die]) -> None:
        self.faults, self._hit = faults, hit
        self.taken: list[Fault] = []

    def has(self, fault: Fault) -> bool:
        """True when the dice fell so; nothing is counted."""
        return fault in self._hit

    def takes(self, fault: Fault) -> bool:
        """True when it befalls; to be asked only where it can, since it counts from now on."""
        die = self._hit.get(fault)
        if die is None or not self.faults._take(die):
            return False
        self.taken.append(fault)
        return True

    def pick(self, fault: Fault, choices: Sequence[_T]) -> _T:
        """One of the forms of a fault that was taken, by the same dice."""
        return self._hit[fault].dice.choice(choices)


class _Die:
    def __init__(self, rule: Rule, dice: random.Random) -> None:
        self.rule, self.dice, self.taken = rule, dice, 0

    def falls(self) -> bool:
        return self.dice.random() < self.rule.share


NO_FAULTS = Drawn(Faults(), {})
"""For work nobody waits for."""
