"""The operator: pauses, resumes, and answers for bookings that wait for a person, by whatever answer there is."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import suppress
from itertools import count

from ledger.clock import Clock
from ledger.decisions.brake import AcceptCrmChange
from ledger.decisions.integration import PauseIntegration, ResumeIntegration
from ledger.decisions.resolve_conflict import ResolveConflict
from ledger.errors import RefusalError
from ledger.events.sync_out import Answer
from ledger.ledger import Ledger, Order
from ledger.questions import answers_to, is_dragged
from ledger.sync_state import SyncState
from ledger.values import Actor, Slot
from projections import backlog
from projections.integration import integration
from sync.plan import Past
from sync.simulator import Simulator
from tests.campaign.births import Births
from tests.campaign.people import Clients
from tests.campaign.telling import place, where


class Operator:
    """Answers at random among what the question allows; the answers are counted by question."""

    def __init__(
        self,
        ledger: Ledger,
        clients: Clients,
        births: Births,
        simulator: Simulator,
        clock: Clock,
        dice: random.Random,
    ) -> None:
        self._ledger, self._clients, self._births, self._simulator = ledger, clients, births, simulator
        self._clock, self._dice = clock, dice
        self._commands = count(1)
        self.answers: Counter[str] = Counter()
        self.choices: Counter[str] = Counter()

    def act(self) -> None:
        """One thing an operator does of an afternoon."""
        self._dice.choices((self.pause, self.resume, self.answer_one), (1, 4, 4))[0]()

    def pause(self) -> None:
        self._ledger.execute(PauseIntegration(self._order(), "operator"))
        self.choices["pause"] += 1

    def resume(self) -> None:
        """Goes on, with a choice about visits that are past by now."""
        if integration(self._ledger).state == "paused":
            past: Past = self._dice.choice(("send", "skip", "ask"))
            self._ledger.execute(ResumeIntegration(self._order(), past))
            self.choices[f"resume, past {past}"] += 1

    def resume_for_good(self) -> None:
        """As `resume`, and whatever is past is decided about."""
        state = integration(self._ledger)
        if state.state == "paused" or state.past == "ask":
            past: Past = self._dice.choice(("send", "skip"))
            self._ledger.execute(ResumeIntegration(self._order(), past))
            self.choices[f"resume, past {past}"] += 1

    def release_brake(self) -> None:
        """Looks into the diary, sees that it is so, and says it."""
        with suppress(RefusalError):
            self._ledger.execute(AcceptCrmChange(self._order()))
            self.choices["brake released"] += 1

    def answer_one(self) -> None:
        """One of the questions that stand, chosen at random."""
        if waiting := self.waiting():
            self.answer(self._dice.choice(waiting))

    def waiting(self) -> list[SyncState]:
        """Bookings that wait for a person."""
        return [state for state in backlog.open_items(self._ledger.recorder.database) if state.parked]

    def answer(self, state: SyncState, *, finally_: bool = False) -> bool:
        """Any answer the question has; `finally_` not one that leaves it open. False when it was refused."""
        possible = self._true_answers(state)
        possible = [one for one in possible if not finally_ or one not in ("offer", "retry")] or possible
        if not possible:
            return False
        given = self._dice.choice(sorted(possible))
        their_slot = state.their_slot if given == "theirs" else None
        try:
            self._ledger.execute(
                ResolveConflict(self._order(), state.booking_id, given, their_slot, asked_at=state.asked_at)
            )
        except RefusalError:
            return False
        self.answers[f"{state.conflict or 'refused'}: {given}"] += 1
        wish = self._clients.wishes[state.booking_id]
        wish.answers.append(given)
        wish.is_offered = given == "offer"
        return True

    def _true_answers(self, state: SyncState) -> list[Answer]:
        """Whoever is asked whether a record is a booking's goes and finds out: a false answer is nobody's fault."""
        possible = list(answers_to(state))
        if not is_dragged(state):
            return possible
        own = {birth.record_id for birth in self._births.of(state.booking_id)} | self._copies(state.slot)
        is_ours = not own.isdisjoint(state.conflict_records)
        return [one for one in possible if (one == "retry") is not is_ours]

    def _copies(self, slot: Slot) -> set[int]:
        """What stands just where the booking is wanted is its visit, whoever wrote it down."""
        return {entry.record_id for entry in self._simulator.entries() if place(entry) == where(slot)}

    def _order(self) -> Order:
        return Order(f"campaign:operator:{next(self._commands)}", Actor("operator", "1"), self._clock.now())
