"""The sender: brings the CRM to what the ledger says, one item, one attempt, one recorded outcome at a time."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

import structlog

from ledger import events as e
from ledger.clock import Clock
from ledger.decisions.note_sync import SkipSync
from ledger.errors import (
    ErasedClientError,
    IntegrationPausedError,
    MalformedValueError,
    NothingToSyncError,
    SealError,
)
from ledger.leases import Lease
from ledger.ledger import Ledger, Order
from ledger.privacy import Vault, random_id
from ledger.sync_state import SyncState
from ledger.values import BookingId
from projections import queue
from projections.integration import integration
from sync import errors
from sync.outcomes import Outcomes
from sync.pace import USUAL_PACE, Pace
from sync.patience import LONGEST_LOOK_PAUSE
from sync.plan import Past, PlanItem, present_plan
from sync.refusals import pause_for
from sync.sending import SENDER, Sending
from sync.steps import At, Doing, Point, pass_by
from sync.turns import Turns
from sync.watch import Watch
from sync.way import Way
from sync.yclients import Yclients

LIVE_FOR = timedelta(minutes=10)
"""For so long a wish goes before what waits for longer."""
MOST_LIVE_IN_A_ROW = 4
"""After so many live wishes one of the others has its turn, so that nothing waits for ever."""
_log = structlog.get_logger("sync")


class SyncProjector:
    """Sends what the CRM lacks. It may be killed between any two lines: the next one starts from the ledger.

    `at` is told every step of `sync.steps` that is passed.
    """

    def __init__(
        self,
        ledger: Ledger,
        vault: Vault,
        crm: Yclients,
        turns: Turns,
        clock: Clock,
        pace: Pace = USUAL_PACE,
        at: At = pass_by,
    ) -> None:
        self._ledger, self._crm, self._clock, self._pace, self._at = ledger, crm, clock, pace, at
        self._way = Way(pace)
        self._watch = Watch(ledger, crm, turns, clock, pace.stopwatch)
        self._outcomes = Outcomes(ledger, vault, crm, clock, pace, self._way, at)
        self._sending = Sending(ledger, vault, crm, turns, clock, pace, self._outcomes, self._way, at)
        self._rests: dict[BookingId, tuple[float, float]] = {}
        self._live_in_a_row = 0

    def step(self, lease: Lease) -> PlanItem | None:
        """Does the first item of the plan that can be done now; None when nothing can.

        Raises LeaseLostError when another sender took over.
        """
        state = integration(self._ledger)
        self._watch.step(state)
        if state.state == "paused" or not state.is_diary_loaded or not self._is_way_free():
            return None
        database = self._ledger.recorder.database
        live_since = queue.live_since(database, state.resumed_at, LIVE_FOR)
        replay_first = self._live_in_a_row >= MOST_LIVE_IN_A_ROW
        for item in present_plan(
            database, self._clock.now(), state.past, live_since, replay_first=replay_first, with_parked=False
        ):
            handler = self._handler(item, state.past)
            if handler is None:
                continue
            try:
                self._at(_doing(item), Point.PLANNED)
                handler(item, lease)
                self._at(_doing(item), Point.OUTCOME_STORED)
            except NothingToSyncError:
                continue  # the read model was a moment behind; the ledger itself says there is nothing to do
            except IntegrationPausedError:
                return None
            except ErasedClientError:
                with suppress(NothingToSyncError):
                    self._skip(item.state, lease, "erased")
            except (SealError, MalformedValueError) as unsendable:
                _log.error("cannot be sent", booking=item.booking_id, error=type(unsendable).__name__)
                with suppress(NothingToSyncError):  # something else is wished by now, which is planned anew
                    self._outcomes.park(item.state, lease)
            except errors.SyncError as failure:
                # Only reads get here: outcomes of writes are recorded where they happen.
                self._rest(item.booking_id)
                self._sending.step_back(failure)
            else:
                self._rests.pop(item.booking_id, None)
            self._live_in_a_row = self._live_in_a_row + 1 if _is_live(item, live_since) else 0
            return item
        return None

    def _rest(self, booking_id: BookingId) -> None:
        """One record that cannot be read must not keep all others waiting: its turn comes again, later."""
        pause = min(2 * self._rests.get(booking_id, (0.0, 5.0))[1], LONGEST_LOOK_PAUSE)
        self._rests[booking_id] = (self._pace.stopwatch() + pause, pause)

    def _handler(self, item: PlanItem, past: Past) -> Callable[[PlanItem, Lease], None] | None:
        """What to do about an item now; None when it has to wait for time, for another item or for a person."""
        if item.after or self._pace.stopwatch() < self._rests.get(item.booking_id, (0.0, 0.0))[0]:
            return None
        match item.step:
            case "create":
                return self._sending.create
            case "move":
                return self._sending.move
            case "cancel" | "remove":
                return self._sending.cancel
            case "skip":
                return lambda item, lease: self._skip(item.state, lease, "superseded")
            case "past":
                return (lambda item, lease: self._skip(item.state, lease, "past")) if past == "skip" else None
            case "look_up":
                attempt = item.state.open_attempt
                is_due = attempt is not None and self._outcomes.is_look_up_due(attempt)
                return (lambda item, lease: self._outcomes.look_up(item.state, lease)) if is_due else None
            case "parked" | "wait":
                return None

    def _skip(self, state: SyncState, lease: Lease, reason: e.SkipReason) -> None:
        order = self._order(f"sync:skip:{state.booking_id}:{state.pending[-1]}:{reason}")
        self._ledger.execute(SkipSync(order, state.booking_id, reason), lease=lease)
        _log.info("skipped", booking=state.booking_id, reason=reason)

    def _is_way_free(self) -> bool:
        """After trouble on the way one read at a time asks whether the CRM answers; only then a write goes on."""
        if not self._way.is_free():
            return False
        if not self._way.needs_probe:
            return True
        try:
            self._crm.probe()
        except errors.RateLimitedError as failure:
            self._sending.step_back(failure)
        except (errors.AuthError, errors.LicenceError, errors.RightsError) as failure:
            pause_for(self._ledger, self._clock, failure, f"sync:probe:{random_id()}")
            return False
        except errors.SyncError:
            # Away, redirected, or an address where nothing is found any more: not for us to tell apart.
            self._way.failed()
            return False
        self._way.was_read()
        return True

    def _order(self, command_id: str) -> Order:
        return Order(command_id, SENDER, self._clock.now())


def _doing(item: PlanItem) -> Doing:
    """A visit that is past is done with by a skip."""
    match item.step:
        case "create" | "move" | "cancel" | "remove" | "look_up":
            return item.step
        case _:
            return "skip"


def _is_live(item: PlanItem, live_since: datetime | None) -> bool:
    since = item.state.pending_since
    return live_since is not None and since is not None and since > live_since
