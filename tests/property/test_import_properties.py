"""Whatever an older table holds: nothing breaks the reader, no good row is refused, no time is given twice unsaid."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import Phase, find, given, settings, strategies as st

from console.errors import BadRowError, UsageError
from console.old_table.tables import open_table
from console.old_table.visits import PriceList, read_visit
from ledger import events as e
from ledger.decisions.cancel import CancelBooking
from ledger.decisions.folds import fold_entries
from ledger.decisions.import_booking import IMPORT, ImportBooking
from ledger.errors import RefusalError
from ledger.ledger import Order
from ledger.values import BookedService, BookingId, ClientId, Slot
from tests.builders import HAIRCUT, NOW, SYSTEM, Memory, as_caused, catalog, order, registered
from tests.old_tables import HEADER, MARIAS_ROW, csv, visit_of
from tests.property.test_decisions_properties import Move, client_ids, decision, places, salon, steps

rows = st.tuples(client_ids, places, st.booleans())
tables = st.lists(rows, max_size=8)


def read(client_id: ClientId, place: Slot, n: int, *, is_cancelled: bool) -> ImportBooking:
    by = Order(f"{IMPORT}old:{n}", SYSTEM, NOW, f"{IMPORT}old:{n}")
    services = (BookedService(HAIRCUT, 1, 60),)
    return ImportBooking(by, BookingId(9000 + n), registered(client_id), place, services, is_cancelled)


def play(before: list[Move], table: list[tuple[ClientId, Slot, bool]], since: list[bool]) -> Memory:
    """A busy salon, then the table, then some clients who call off what was imported."""
    memory = salon()
    for n, move in enumerate(before):
        try:
            memory.execute(decision(memory, move, n))
        except RefusalError:
            continue
    load(memory, table)
    for n, calls_off in enumerate(since[: len(table)]):
        entry = fold_entries(memory.log).get(BookingId(9000 + n))
        if calls_off and entry is not None and entry.status == "booked" and entry.client_id is not None:
            memory.execute(CancelBooking(order(at=NOW), entry.booking_id, entry.client_id, entry.version))
    return memory


def load(memory: Memory, table: list[tuple[ClientId, Slot, bool]]) -> list[e.AnyEvent]:
    """Each row once, as the ledger would: a known command stores nothing."""
    stored: list[e.AnyEvent] = []
    for n, (client_id, place, is_cancelled) in enumerate(table):
        take = read(client_id, place, n, is_cancelled=is_cancelled)
        if not any(item.cause == take.order.cause for item in memory.log):
            stored += as_caused(memory, take)
    return stored


@given(steps, tables, st.lists(st.booleans(), max_size=8))
@settings(max_examples=150, deadline=None)
def test_no_row_is_refused_and_what_stands_over_another_says_so(
    before: list[Move], table: list[tuple[ClientId, Slot, bool]], since: list[bool]
) -> None:
    memory = play(before, table, since)

    log = memory.events()
    allowed = {
        event.booking_id
        for event in log
        if isinstance(event, e.BookingMade | e.CrmBookingSeen) and event.overlap_allowed
    }
    said = {event.booking_id for event in log if isinstance(event, e.ConflictFound)}
    standing = [entry for entry in fold_entries(memory.log).values() if entry.status in ("held", "booked")]
    for one, other in combinations(standing, 2):
        if one.slot.overlaps(other.slot):
            assert "held" not in (one.status, other.status)
            assert {one.booking_id, other.booking_id} & allowed
            # Two records made in the CRM over each other are the CRM's own affair.
            assert {one.booking_id, other.booking_id} & said or (one.client_id, other.client_id) == (None, None)
    for client_id, place, is_cancelled in table:
        assert is_cancelled or (client_id, place) in {
            (event.client_id, event.slot) for event in log if isinstance(event, e.BookingMade | e.BookingMoved)
        }


@given(steps, tables, st.lists(st.booleans(), max_size=8))
@settings(max_examples=150, deadline=None)
def test_the_same_table_again_stores_nothing_whatever_clients_did_since(
    before: list[Move], table: list[tuple[ClientId, Slot, bool]], since: list[bool]
) -> None:
    memory = play(before, table, since)

    assert load(memory, table) == []


@pytest.mark.parametrize("shape", [e.ConflictFound, e.BookingCancelled, e.HoldLapsed])
def test_the_generated_tables_reach_what_can_happen(shape: type[e.AnyEvent]) -> None:
    """Guards the properties above against passing because nothing ever happens."""
    find(
        st.tuples(steps, tables),
        lambda both: any(isinstance(event, shape) for event in load(play(both[0], [], []), both[1])),
        settings=settings(max_examples=2000, deadline=None, phases=[Phase.generate]),
    )


LINE = '{"name": "Мария", "phone": 79000000001, "service": 1, "master": 7, "start": "2030-01-07 10:00"}\n'
damage = st.lists(st.tuples(st.integers(0, 400), st.binary(max_size=3)), max_size=6)


@given(st.sampled_from([csv(*[MARIAS_ROW] * 3), LINE * 3, f"[{LINE},{LINE}]"]), damage)
@settings(max_examples=300, deadline=timedelta(seconds=2))
def test_a_damaged_table_is_read_or_refused_but_never_breaks_the_reader(
    text: str, damage: list[tuple[int, bytes]]
) -> None:
    content = bytearray(text.encode())
    for place, piece in damage:
        content[place : place + len(piece)] = piece
    read_through(bytes(content))


@given(
    st.binary(max_size=300)
    | st.text(st.characters(), max_size=100).map(lambda text: f"{HEADER}\n{text}".encode("utf-8", "surrogatepass"))
)
@settings(max_examples=300, deadline=timedelta(seconds=2))
def test_any_bytes_are_read_or_refused_but_never_break_the_reader(content: bytes) -> None:
    read_through(content)


def read_through(content: bytes) -> None:
    """Every row is a visit or has a reason, and can be written out again."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        prices = PriceList(catalog())
        try:
            with open_table(Path(file.name)) as table:
                for row in table.rows():
                    try:
                        read_visit(row, prices)
                    except BadRowError as problem:
                        table.rejected(row, str(problem)).encode("utf-8", "surrogateescape")
        except UsageError:
            return


@given(st.text(max_size=30) | st.from_regex(r"[0-9./: T+-]{8,25}"), st.text(max_size=12), st.text(max_size=12))
@settings(max_examples=300)
def test_any_cells_are_a_visit_or_a_reason(start: str, minutes: str, price: str) -> None:
    try:
        visit = visit_of(start=start, minutes=minutes, price=price)
    except BadRowError:
        return
    assert visit.slot.ends_at > visit.slot.starts_at
