"""What befalls the way to the CRM in a run: outages, refusals, and faults of single requests, all by the seed."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from sync.simulator import Faults, Mode, Rule, Simulator
from sync.simulator.faults import FAULTS, HOOK_FAULTS, Fault
from tests.campaign.births import VERY_LATE

OUTAGES: tuple[Mode, ...] = ("off", "auth", "redirect", "not_found", "drop_after_write")
REFUSALS = ("licence", "right", "right", "blacklist", "service_gone")
REQUEST_FAULTS: tuple[Fault, ...] = tuple(one for one in FAULTS if one not in HOOK_FAULTS and one != "empty_listing")
_WRITES = ("POST", "PUT", "DELETE")
_ONLY_WRITES = frozenset({"late", "no_content", "api_id_blanked", "own_time_busy", "busy_as_422", "created_otherwise"})
_RARE = frozenset({"own_time_busy", "busy_as_422"})
RIGHTS = (
    "create_records_access",
    "edit_records_access",
    "delete_records_access",
    "delete_records_access",
    "timetable_access",
)
LATEST = 55.0
"""No write takes effect later than this, in seconds after its request: the wait the sender keeps is 75."""


class Weather:
    """Turns the simulator's switches, and counts what really befell somebody."""

    def __init__(self, simulator: Simulator, dice: random.Random, *, is_real_http: bool) -> None:
        self._simulator, self._dice = simulator, dice
        # Over a real socket a slow answer really takes its time.
        self._slow_seconds = 3.0 if is_real_http else 60.0
        self._is_real_http = is_real_http
        self.fired: Counter[str] = Counter()
        self.change_faults()

    def change_faults(self) -> None:
        """Other faults from now on, with shares of their own."""
        self._collect()
        dice = self._dice
        chosen = dice.sample(REQUEST_FAULTS, dice.randint(3, 8))
        rules = [self._rule(fault) for fault in sorted(chosen)]
        rules += [Rule(fault, dice.uniform(0.1, 0.5)) for fault in sorted(dice.sample(sorted(HOOK_FAULTS), 2))]
        is_very_late = dice.random() < 0.35
        if is_very_late:
            rules = [Rule("late", 0.6, methods=("POST",)), *(rule for rule in rules if rule.fault != "late")]
        self._simulator.set_faults(
            Faults(
                dice.randrange(1 << 30),
                rules=rules,
                slow_seconds=self._slow_seconds,
                late_seconds=VERY_LATE if is_very_late else dice.uniform(2.0, LATEST),
                retry_after=dice.randint(1, 20),
            )
        )

    def _rule(self, fault: Fault) -> Rule:
        methods = _WRITES if fault in _ONLY_WRITES or self._dice.random() < 0.4 else ()
        takes_real_time = self._is_real_http and fault in ("slow_before", "slow_after", "late")
        share = self._dice.uniform(0.5, 1.0) if fault in _RARE else self._dice.uniform(0.05, 0.35)
        return Rule(fault, share, methods=methods, times=1 if takes_real_time else None)

    def begin_outage(self) -> None:
        """The CRM is away, cut off, moved, or loses the answers to writes."""
        mode = self._dice.choice(OUTAGES)
        self._simulator.set_mode(mode, drop_share=self._dice.uniform(0.4, 1.0), seed=self._dice.randrange(1 << 30))

    def end_outage(self) -> None:
        self._simulator.set_mode("ok")

    def begin_refusing(self, phones: list[str], service_ids: list[int]) -> None:
        """The branch's standing changes: licence, a right, a client, a service."""
        account = self._simulator.account
        match self._dice.choice(REFUSALS):
            case "licence":
                account.end_licence(self._dice.choice((402, 403)))
            case "right":
                account.withdraw(self._dice.choice(RIGHTS))
            case "blacklist" if phones:
                account.refuse_client(self._dice.choice(phones))
            case "service_gone":
                self._simulator.catalog.remove_service(self._dice.choice(service_ids))
            case _:
                pass

    def forgive(self) -> None:
        """Everything is granted and paid for again."""
        account = self._simulator.account
        account.renew_licence()
        for right in RIGHTS:
            account.grant(right)
        for phone in sorted(account.blacklist):
            account.forgive_client(phone)

    def clear_up(self) -> None:
        """No more faults of any kind; writes that are under way still arrive."""
        self._collect()
        self._simulator.set_faults(Faults())
        self.end_outage()
        self.forgive()

    @contextmanager
    def lying_lists(self) -> Iterator[None]:
        """While it lasts, every list comes back empty, with a good conscience."""
        before = self._simulator.faults
        lying = Faults(rules=[Rule("empty_listing")])
        self._simulator.set_faults(lying)
        yield
        self.fired.update({fault: times for fault, times in lying.counts().items() if times})
        self._simulator.set_faults(before)

    def _collect(self) -> None:
        self.fired.update({fault: times for fault, times in self._simulator.faults.counts().items() if times})
