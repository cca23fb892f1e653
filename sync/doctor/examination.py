"""One visit to the doctor: who is examined, and what the CRM has answered so far, each question asked once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Self, TypeVar
from zoneinfo import ZoneInfo

import httpx

from sync.access import Access
from sync.errors import RateLimitedError, SyncError
from sync.turns import LONGEST_WAIT, Turns
from sync.wire_branch import CrmBranch, CrmRights, CrmShift
from sync.yclients import Yclients

_T = TypeVar("_T")
_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Patient:
    """How this installation is set up. `access` None where settings are missing or wrong: then `wrong` says which.

    `salon_zone` is None before there is a catalogue or a setting that names it; `spacing` lies between two calls of all
    processes of this ledger, `deadline` bounds each.
    """

    url: str
    access: Access | None
    wrong: str
    salon_zone: ZoneInfo | None
    today: date
    turns: Turns
    spacing: timedelta
    deadline: timedelta


class Examination:
    """Asks the CRM, through the turns all processes share; a failure is an answer too. Each call is counted."""

    def __init__(self, patient: Patient) -> None:
        self.patient = patient
        self.url = httpx.URL(patient.url)
        self.calls = 0
        self.addresses: list[str] = []
        self.limited: RateLimitedError | None = None
        self._crm: Yclients | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._crm is not None:
            self._crm.close()

    @property
    def access(self) -> Access:
        """The tokens; there are some, or `settings` had not been good."""
        if self.patient.access is None:
            raise LookupError("asked without tokens")
        return self.patient.access

    @cached_property
    def branch(self) -> CrmBranch | SyncError:
        """The first request of all."""
        return self._ask(Yclients.company)

    @cached_property
    def branches(self) -> tuple[int, ...] | SyncError:
        return self._ask(Yclients.branches)

    @cached_property
    def rights(self) -> CrmRights | SyncError:
        return self._ask(Yclients.permissions)

    @cached_property
    def shifts(self) -> list[CrmShift] | SyncError:
        """Those of the week to come."""
        today = self.patient.today
        return self._ask(lambda crm: crm.shifts(today, today + _WEEK))

    @cached_property
    def starts(self) -> list[datetime] | SyncError:
        """Starts of records around today, with the offsets the CRM claims."""
        today = self.patient.today
        return self._ask(lambda crm: crm.told_starts(today - 2 * _WEEK, today + 2 * _WEEK))

    def _ask(self, question: Callable[[Yclients], _T]) -> _T | SyncError:
        if self.limited is not None:
            return self.limited
        try:
            return question(self._client())
        except RateLimitedError as limited:
            self.limited = limited
            asked = min(limited.retry_after or 60.0, LONGEST_WAIT.total_seconds())
            self.patient.turns.hold_back(timedelta(seconds=asked))
            return limited
        except SyncError as error:
            return error

    def _client(self) -> Yclients:
        if self._crm is None:
            zone = self.patient.salon_zone or ZoneInfo("UTC")
            self._crm = Yclients(self.access, wait_turn=self._turn, zone=zone, deadline=self.patient.deadline)
        return self._crm

    def _turn(self) -> None:
        self.patient.turns()
        self.calls += 1
