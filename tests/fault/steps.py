"""One append after another, each with something going wrong at another message; what must be true of every one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from itertools import count

from psycopg.conninfo import make_conninfo

from ledger.decisions.folds import Entry
from ledger.decisions.hold import HoldSlot
from ledger.errors import ContentionError, StoreUnavailableError
from ledger.integrity import verify_chain
from ledger.ledger import Ledger
from ledger.postgres import Database
from ledger.recorder import PostgresRecorder
from ledger.values import BookingId, ClientId
from projections.schedule import Schedule
from tests.builders import ANNA, HAIRCUT, MONDAY, OLGA, order, slot
from tests.fault.wire import Plan, Side, Step, Wire
from tests.store import Salon

HOURS = ("10:00", "11:00", "12:00", "13:00", "15:00", "16:00", "17:00", "18:00", "19:00")
_numbers = count(1)


class ForgetfulHold(HoldSlot):
    """Does not find its own earlier hold: only its command id can tell that it is done already."""

    def _same_hold(self, entries: Mapping[BookingId, Entry]) -> None:
        return None


def hold() -> HoldSlot:
    """A time nobody has asked for yet, by a client of their own: an append with a row of the schedule."""
    number = next(_numbers)
    day, hour = MONDAY + timedelta(days=number // 18 % 28), HOURS[number // 2 % 9]
    place = slot(hour, on=day, staff_id=(ANNA, OLGA)[number % 2])
    return ForgetfulHold(
        order(f"step:{number}"), BookingId(70_000 + number), ClientId(80_000 + number), place, (HAIRCUT,)
    )


class Line:
    """A ledger at the far end of a wire, with one connection, whose waits last no time."""

    def __init__(self, salon: Salon, wire: Wire) -> None:
        self.salon, self.wire, self.name = salon, wire, f"{salon.database.schema}_wire"
        url = make_conninfo(wire.url, application_name=self.name)
        self.database = Database(url, salon.database.schema, max_connections=1, wait_seconds=5)
        self.recorder = PostgresRecorder(self.database)
        self.ledger = Ledger(self.recorder, [Schedule()], sleep=lambda _: None)

    def warm_up(self) -> None:
        """The connection is open and the statements are prepared, as far as they ever are."""
        for _ in range(7):
            self.ledger.execute(hold())

    def close(self) -> None:
        self.recorder.close()
        self.database.close()

    def steps(self) -> list[Step]:
        """The messages of one append."""
        self.wire.watch()
        self.ledger.execute(hold())
        return list(self.wire.steps)

    def goes_wrong(self, plan: Plan) -> str | None:
        """An append with something going wrong; None, or what is wrong about what came of it."""
        decision = hold()
        self.wire.watch(plan)
        try:
            told = self.ledger.execute(decision).answer
        except (StoreUnavailableError, ContentionError):
            told = None
        if not plan.is_done:
            return "it never came to that message"
        return self.is_wrong(decision, is_told=told is not None) or self._asks_again(decision)

    def is_wrong(self, decision: HoldSlot, *, is_told: bool) -> str | None:
        """Acknowledged: there, once. Not acknowledged: there once, or not at all. Rows of the schedule alike."""
        self._let_sessions_end()
        stored, rows = self._stored(decision)
        if stored != rows:
            return f"{stored} events but {rows} rows of the schedule"
        return (
            f"{stored} events, {'acknowledged' if is_told else 'not acknowledged'}"
            if (stored > 1 or (is_told and not stored))
            else None
        )

    def _let_sessions_end(self) -> None:
        """A session whose line was cut may still be at its COMMIT."""
        busy = "SELECT 1 FROM pg_stat_activity WHERE application_name = %s AND state <> 'idle'"
        deadline = time.monotonic() + 5
        while self.salon.rows(busy, self.name) and time.monotonic() < deadline:
            time.sleep(0.005)

    def _asks_again(self, decision: HoldSlot) -> str | None:
        was_there, _ = self._stored(decision)
        try:
            again = self.ledger.execute(decision)
        except StoreUnavailableError:
            again = self.ledger.execute(decision)  # the answer had come before the cut: the pool's line was dead
        if self._stored(decision) != (1, 1):
            return f"asked again it is there {self._stored(decision)} times"
        if again.repeated != bool(was_there):
            return "asked again it does not know what stands there"
        facts = again.answer
        return None if (facts.booking_id, facts.slot) == (decision.booking_id, decision.slot) else "another answer"

    def _stored(self, decision: HoldSlot) -> tuple[int, int]:
        """Events and rows, of one snapshot: a session whose line was cut may still be about to store both."""
        (counted,) = self.salon.rows(
            """SELECT (SELECT count(*) FROM event_tags WHERE tag = %s),
                      (SELECT count(*) FROM schedule WHERE booking_id = %s)""",
            f"command:{decision.order.command_id}",
            decision.booking_id,
        )
        return counted[0], counted[1]


@contextmanager
def line_to(salon: Salon, *, is_warm: bool = True) -> Iterator[Line]:
    with Wire(salon.database.url) as wire:
        line = Line(salon, wire)
        if is_warm:
            line.warm_up()
        try:
            yield line
            sound = verify_chain(salon.recorder)
            assert sound.ok, sound
        finally:
            line.close()


def at_every_step(line: Line, side: Side, plan: Callable[[int], Plan]) -> dict[str, str]:
    """What is wrong, by the message at which something went wrong; nothing, if all is well."""
    steps = [step for step in line.steps() if step.side == side]
    assert len(steps) >= 3, "an append is more than this"
    return {str(step): wrong for step in steps if (wrong := line.goes_wrong(plan(step.number)))}
