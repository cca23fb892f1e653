"""Stop sending to the CRM, go on sending, note that it answers again, connect an account, finish reading its diary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from ledger import events as e
from ledger.codec import Recorded
from ledger.decisions import boundaries
from ledger.decisions.folds import latest
from ledger.errors import DiaryNotLoadedError, NotRefusedError
from ledger.ledger import Already, Order
from ledger.recorder import BoundaryItem
from ledger.values import Sealed


@dataclass(frozen=True)
class PauseIntegration:
    """Pauses. What is already paused stays as it is, except that an operator's pause is always recorded."""

    order: Order
    kind: e.PauseKind
    message: str = ""
    note: Sealed | None = None

    def boundary(self) -> Sequence[BoundaryItem]:
        return [boundaries.integration_state()]

    def decide(self, history: Sequence[Recorded]) -> Sequence[e.AnyEvent] | Already:
        now = latest(history, e.IntegrationPaused, e.IntegrationResumed)
        if isinstance(now, e.IntegrationPaused) and self.kind != "operator":
            return Already(now)
        return [e.IntegrationPaused(self.kind, self.message, self.note)]

    def answer(self, events: Sequence[e.AnyEvent]) -> e.IntegrationPaused:
        return next(event for event in events if isinstance(event, e.IntegrationPaused))


@dataclass(frozen=True)
class ResumeIntegration:
    """Goes on sending; resuming what runs is recorded only when the choice about past visits is another."""

    order: Order
    past: Literal["send", "skip", "ask"] = "ask"

    def boundary(self) -> Sequence[BoundaryItem]:
        return [boundaries.integration_state()]

    def decide(self, history: Sequence[Recorded]) -> Sequence[e.AnyEvent] | Already:
        now = latest(history, e.IntegrationPaused, e.IntegrationResumed)
        if isinstance(now, e.IntegrationResumed) and now.past == self.past:
            return Already(now)
        return [e.IntegrationResumed(self.past)]

    def answer(self, events: Sequence[e.AnyEvent]) -> e.IntegrationResumed:
        return next(event for event in events if isinstance(event, e.IntegrationResumed))


@dataclass(frozen=True)
class NoteCrmAnswered:
    """The CRM answers again after its refusal; written down once a pause, and nothing is resumed by it.

    Raises NotRefusedError when sending is not paused by a refusal of the CRM's (any more).
    """

    order: Order

    def boundary(self) -> Sequence[BoundaryItem]:
        return [boundaries.integration_state(), boundaries.crm_answers()]

    def decide(self, history: Sequence[Recorded]) -> Sequence[e.AnyEvent] | Already:
        now = latest(history, e.IntegrationPaused, e.IntegrationResumed, e.CrmAnswered)
        if isinstance(now, e.CrmAnswered):
            return Already(now)
        if not isinstance(now, e.IntegrationPaused) or now.kind not in e.REFUSALS:
            raise NotRefusedError
        return [e.CrmAnswered(now.kind)]

    def answer(self, events: Sequence[e.AnyEvent]) -> e.CrmAnswered:
        return next(event for event in events if isinstance(event, e.CrmAnswered))


@dataclass(frozen=True)
class ConnectCrm:
    """Names the CRM account once; from then on no day is offered until its diary has been read."""

    order: Order
    company_id: int

    def boundary(self) -> Sequence[BoundaryItem]:
        return [boundaries.diary_state(), boundaries.connection()]

    def decide(self, history: Sequence[Recorded]) -> Sequence[e.AnyEvent] | Already:
        connected = latest(history, e.CrmConnected)
        if connected is not None and connected.company_id == self.company_id:
            return Already(connected)
        return [e.CrmConnected(self.company_id)]

    def answer(self, events: Sequence[e.AnyEvent]) -> e.CrmConnected:
        return next(event for event in events if isinstance(event, e.CrmConnected))


@dataclass(frozen=True)
class FinishBaseline:
    """The diary of these days has been read. With `start_sending` the integration starts, unless somebody chose."""

    order: Order
    company_id: int
    from_on: date
    until_on: date
    records: int
    start_sending: bool

    def boundary(self) -> Sequence[BoundaryItem]:
        return [boundaries.integration_state(), boundaries.diary_state(), boundaries.connection()]

    def decide(self, history: Sequence[Recorded]) -> Sequence[e.AnyEvent] | Already:
        connected = latest(history, e.CrmConnected)
        if connected is None or connected.company_id != self.company_id:
            raise DiaryNotLoadedError  # another account was connected meanwhile: its diary is another one
        done = e.BaselineImported(
            company_id=self.company_id, from_on=self.from_on, until_on=self.until_on, records=self.records
        )
        if self.start_sending and latest(history, e.IntegrationPaused, e.IntegrationResumed) is None:
            return [done, e.IntegrationResumed()]
        return [done]

    def answer(self, events: Sequence[e.AnyEvent]) -> e.BaselineImported:
        return next(event for event in events if isinstance(event, e.BaselineImported))
