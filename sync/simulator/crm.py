"""The simulated CRM as a whole: what a request meets on its way in and out, and the levers of whoever runs it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from sync.simulator.account import Account
from sync.simulator.branch_api import BranchApi
from sync.simulator.catalog import Catalog, example_catalog
from sync.simulator.damage import after_work, before_work
from sync.simulator.diary import Diary
from sync.simulator.entries import Entry, NewEntry, Wanted
from sync.simulator.exchange import Answer, Asked, Json, Lost, refused
from sync.simulator.faults import NO_FAULTS, Drawn, Fault, Faults
from sync.simulator.gate import (
    CUT_OFF,
    NOT_FOUND,
    PARTNER_TOKEN,
    USER_TOKEN,
    Keys,
    Limits,
    Mode,
    OutageSwitch,
    RateWindow,
)
from sync.simulator.hooks import Carry, HookPost, Hooks
from sync.simulator.journal import Call, Counts, Journal
from sync.simulator.late import LateWrites
from sync.simulator.levers import levers
from sync.simulator.page import Page
from sync.simulator.records_api import Form, RecordsApi
from sync.simulator.routes import Calls
from sync.simulator.served import Outcome, Served

_ELSEWHERE = Answer(301, headers={"location": "http://127.0.0.1:9/elsewhere"})
_BROKEN = Lost("the connection was broken")
_EVERYTHING = Wanted(with_deleted=True)
_HELD_SECONDS = 1.0


class Simulator:
    """A Yclients of one branch: an ASGI application, a line without sockets (`simulator_line`), and its levers.

    Over HTTP each call takes `delay` seconds, half before its work and half after. `answers_as` is the form of a new
    record's `data`: the vendor documents an array, running code has met an object. While `minds_own_time`, a move is
    refused that overlaps the record's own present time. `clock` gives aware instants for creation and change;
    `monotonic` seconds for the limit on calls and for late writes. `carry_hook` brings webhooks' notices, in the thread
    of whoever made the change; without it they are posted by a thread of their own.
    """

    def __init__(
        self,
        *,
        company_id: int = 1,
        zone: ZoneInfo | None = None,
        partner_token: str = PARTNER_TOKEN,
        user_token: str = USER_TOKEN,
        partner_id: str = "",
        limits: Limits | None = None,
        most_per_page: int = 300,
        answers_as: Form = "array",
        minds_own_time: bool = True,
        delay: float = 0.0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
        faults: Faults | None = None,
        catalog: Catalog | None = None,
        carry_hook: Carry | None = None,
    ) -> None:
        self.company_id, self.zone = company_id, zone or ZoneInfo("Europe/Moscow")
        self.minds_own_time = minds_own_time
        self.account, self.catalog = Account(company_id), catalog or example_catalog()
        self.post = HookPost()
        self.hooks = Hooks(
            company_id,
            self.account,
            lambda: self.faults,
            carry_hook or self.post,
            held_seconds=None if carry_hook else _HELD_SECONDS,
        )
        self._keys = Keys(company_id, partner_token, user_token, partner_id)
        self._window = RateWindow(limits or Limits(), monotonic)
        self._switch = OutageSwitch()
        self._diary = Diary(company_id, self.zone, clock, self.catalog, self.hooks.tell)
        self._calls = self._table(most_per_page, answers_as)
        self._late = LateWrites(monotonic, self._do_unheard)
        self._journal, self._faults, self._clock = Journal(), faults or Faults(), clock
        rest = Starlette(routes=[*levers(self), *Page(self).routes()])
        # A redirect to the path with its closing slash would hide a wrong address.
        rest.router.redirect_slashes = False
        self._served = Served(self, rest, delay)

    @property
    def mode(self) -> Mode:
        """The present outage; `ok` for none."""
        return self._switch.mode

    @property
    def drop_share(self) -> float:
        """The share of answers to writes that `drop_after_write` loses."""
        return self._switch.drop_share

    def set_mode(self, mode: Mode, *, drop_share: float = 1.0, seed: int = 0) -> None:
        """Turns the switch; `drop_share` of the writes lose their answers in `drop_after_write`. Raises ValueError."""
        self._switch.set(mode, drop_share=drop_share, seed=seed)

    @property
    def faults(self) -> Faults:
        """The faults in force, with their counts."""
        return self._faults

    def set_faults(self, faults: Faults) -> None:
        """Other faults from now on; requests are counted anew. Late writes that were begun are done all the same."""
        self._faults = faults

    @property
    def late_writes(self) -> int:
        """How many writes are still to be done whose callers have given up."""
        return len(self._late)

    def finish_late_writes(self) -> None:
        """Does them now."""
        self._late.do_all()

    def records(self) -> list[Json]:
        """The whole diary as the API would show it, deleted records too."""
        self._late.do_due()
        return self._diary.records(_EVERYTHING)

    def entries(self) -> list[Entry]:
        """The whole diary as it is kept, deleted records too."""
        self._late.do_due()
        return self._diary.entries(_EVERYTHING)

    def add_by_hand(self, new: NewEntry) -> Json:
        """What the salon's staff write into the diary themselves; they may overbook."""
        return self._diary.add(new, is_by_hand=True)

    def remove_by_hand(self, record_id: int) -> Json | None:
        """What the salon's staff strike out; None if it is not there any more."""
        return self._diary.remove(record_id, is_by_hand=True)

    def move_by_hand(self, record_id: int, starts_at: datetime, staff_id: int) -> Json:
        """What the salon's staff drag to another place; `starts_at` naive. Raises NoSuchRecordError."""
        return self._diary.move_by_hand(record_id, starts_at, staff_id)

    def lengthen_by_hand(self, record_id: int, seconds: int) -> Json:
        """What the salon's staff draw longer or shorter, `seconds` in all. Raises NoSuchRecordError."""
        return self._diary.lengthen_by_hand(record_id, seconds)

    def comment_by_hand(self, record_id: int, comment: str) -> Json:
        """What the salon's staff note down in a record. Raises NoSuchRecordError."""
        return self._diary.comment_by_hand(record_id, comment)

    def attend_by_hand(self, record_id: int, attendance: int) -> Json:
        """What the salon's staff tick: 1 came, -1 did not, 2 confirmed, 0 awaited. Raises NoSuchRecordError."""
        return self._diary.attend_by_hand(record_id, attendance)

    def journal(self) -> list[Call]:
        """The API's latest calls, oldest first."""
        return self._journal.calls()

    def counts(self) -> Counts:
        """How many calls there were, and what came of them."""
        records = self._diary.entries(_EVERYTHING)
        return self._journal.counts(len(records), sum(record.deleted for record in records))

    def now(self) -> datetime:
        """On the branch's clock."""
        return self._clock().astimezone(self.zone)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request: the switches and the gate stand before `/api/`, nothing before `/simulator`."""
        await self._served(scope, receive, send)

    def answer(self, asked: Asked) -> Outcome:
        """One whole request, without a socket and without any time passing."""
        faults: tuple[Fault, ...] = ()
        outcome = self.at_the_gate(asked)
        if outcome is None:
            outcome, faults = self.worked(asked)
        self.note(asked, outcome, faults)
        return outcome

    def at_the_gate(self, asked: Asked) -> Outcome | None:
        """What comes instead of any work: an outage, the limit on calls, a wrong token, a licence that has run out."""
        mode = self._switch.mode
        if mode == "off":
            return _BROKEN
        if mode == "redirect":
            # As its host was seen to do when the API was cut off.
            return _ELSEWHERE
        refusal = (
            self._window.refusal()
            or {"auth": CUT_OFF, "not_found": NOT_FOUND}.get(mode)
            or self._keys.refusal(asked.path, asked.headers)
            or self.account.refusal()
        )
        return refused(refusal) if refusal else None

    def worked(self, asked: Asked) -> tuple[Outcome, tuple[Fault, ...]]:
        """The work of an admitted request, and the faults that have befallen it."""
        self._late.do_due()
        faults = self._faults
        drawn = faults.for_request(asked.method, asked.path)
        outcome = before_work(drawn)
        if outcome is None and asked.is_write and drawn.takes("late"):
            self._late.put(asked, faults.late_seconds)
            outcome = Lost("the deadline has passed", waits=faults.slow_seconds)
        if outcome is None:
            outcome = self._done(asked, drawn)
        return outcome, tuple(drawn.taken)

    def note(self, asked: Asked, outcome: Outcome, faults: tuple[Fault, ...] = ()) -> None:
        """Writes a request into the journal."""
        status = outcome.status if isinstance(outcome, Answer) else None
        self._journal.note(Call(asked.method, asked.path, status, self._clock(), faults))

    def _table(self, most_per_page: int, answers_as: Form) -> Calls:
        records = RecordsApi(
            self._diary,
            self.catalog,
            self.account,
            self.zone,
            most_per_page,
            answers_as,
            lambda: self.minds_own_time,
        )
        return Calls(
            records, BranchApi(self._diary, self.catalog, self.account, self.company_id, self.zone), self.hooks
        )

    def _done(self, asked: Asked, drawn: Drawn) -> Outcome:
        answer = self._calls.answer(asked, drawn)
        if asked.is_write and answer.succeeded and self._switch.drops_this_answer():
            return _BROKEN
        return after_work(asked, answer, drawn)

    def _do_unheard(self, asked: Asked) -> None:
        self._calls.answer(asked, NO_FAULTS)
