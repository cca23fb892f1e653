"""Rows of an older table taken over into the ledger, each at most once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

from console.errors import BadRowError
from console.old_table.file import Row
from console.old_table.people import Handles, client_of
from console.old_table.visits import PriceList, Visit, read_visit
from ledger import events as e
from ledger.clock import Clock
from ledger.codec import Recorded
from ledger.decisions import boundaries
from ledger.decisions.folds import fold_entries, latest
from ledger.decisions.import_booking import IMPORT, ImportBooking, Imported
from ledger.ledger import Decision, Executed, Order
from ledger.privacy import random_id
from ledger.recorder import BoundaryItem
from ledger.tags import command_tag
from ledger.values import Actor, BookingId, ClientId, Sealed, Slot

_A = TypeVar("_A")
# What may be a phone, a Telegram id or a name is not shown in a command's id.
_PLAIN_ID = re.compile(r"[0-9]{1,8}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)


class Books(Protocol):
    """Where bookings are written down: the ledger, or a rehearsal of it."""

    def history(self, *items: BoundaryItem) -> list[Recorded]: ...

    def execute(self, decision: Decision[_A]) -> Executed[_A]: ...


@dataclass(frozen=True)
class Outcome:
    """What became of one row. `remark` is for the operator: why it was not taken, or what to look at.

    `against` are the bookings of this ledger that have its time.
    """

    line: int
    result: Literal["taken", "already", "rejected"]
    remark: str = ""
    is_cancelled: bool = False
    is_conflict: bool = False
    booking_id: BookingId | None = None
    against: tuple[BookingId, ...] = ()


class Importer:
    """Takes row after row over; killed between any two, it goes on where it was when it is run again."""

    def __init__(
        self, books: Books, people: Handles, catalog: e.CatalogPublished, clock: Clock, *, source: str, by: Actor
    ) -> None:
        self._books, self._people, self._clock = books, people, clock
        self._prices, self._source, self._by = PriceList(catalog), source, by

    def take(self, row: Row) -> Outcome:
        """Books what the row says, unless it is there already; nothing of a bad row is stored."""
        try:
            return self._take(row.line, read_visit(row, self._prices))
        except BadRowError as problem:
            return Outcome(row.line, "rejected", str(problem))

    def _take(self, line: int, visit: Visit) -> Outcome:
        """Raises BadRowError for what the ledger holds otherwise."""
        fingerprint = self._people.fingerprint(f"{self._source}\n{visit.row_id}\n{visit.content}")
        command_id, cause = f"{IMPORT}{self._source}:{self._row_name(visit)}", f"{IMPORT}{self._source}:{fingerprint}"
        if stored := self._books.history(BoundaryItem(tags=[command_tag(command_id)])):
            if stored[0].cause != cause:
                raise BadRowError("changed since it was imported: not taken; what was imported stays as it is")
            return Outcome(line, "already")
        client_id = client_of(self._people, visit.telegram_id, visit.phone)
        known = latest(self._books.history(boundaries.client(client_id)), e.ClientRegistered)
        order = Order(command_id, self._by, self._clock.now().astimezone(self._prices.zone), cause)
        contact = self._contact(client_id, visit, known)
        take = ImportBooking(order, BookingId(random_id()), contact, visit.slot, visit.services, visit.is_cancelled)
        return self._outcome(line, visit, self._books.execute(take), self._about_contact(visit, known))

    def _outcome(self, line: int, visit: Visit, done: Executed[Imported], remark: str) -> Outcome:
        became = done.answer
        if done.repeated or became.booking_id is None:
            if visit.is_cancelled and became.booking_id is not None and not became.is_cancelled:
                raise BadRowError("cancelled here, but this very visit stands in the ledger: call it off there")
            return Outcome(line, "already", booking_id=became.booking_id)
        if became.conflict is None:
            return Outcome(line, "taken", remark, became.is_cancelled, booking_id=became.booking_id)
        against, said = self._in_the_way(became.booking_id, visit.slot)
        remark = "; ".join(filter(None, [said, remark]))
        return Outcome(line, "taken", remark, is_conflict=True, booking_id=became.booking_id, against=against)

    def _row_name(self, visit: Visit) -> str:
        """The older table's own number; where it has none, or one that could be personal, a keyed digest."""
        if _PLAIN_ID.fullmatch(visit.row_id):
            return visit.row_id
        return self._people.fingerprint(f"{self._source}\nrow\n{visit.row_id or visit.content}")

    def _contact(self, client_id: ClientId, visit: Visit, known: e.ClientRegistered | None) -> e.ClientRegistered:
        """What the row knows of the client, sealed; of one who is known already nothing more is needed."""
        if known is not None and not known.phone.is_blank and not known.telegram.is_blank:
            return known

        def sealed(field: str, text: str | None) -> Sealed:
            context = f"client_registered.{field}"
            return self._people.seal(client_id, text, context) if text else Sealed("", context)

        telegram, phone = sealed("telegram", visit.telegram_id), sealed("phone", visit.phone)
        return e.ClientRegistered(
            client_id, telegram, sealed("name", visit.name), phone, phone_verified=False, language="ru"
        )

    def _about_contact(self, visit: Visit, known: e.ClientRegistered | None) -> str:
        """What the operator should know of how the client is reached: a known client stays as they are."""
        if known is None or known.phone.is_blank:
            return "" if visit.phone or visit.is_cancelled else "no phone is known, so the CRM cannot be told of it"
        if visit.phone in (None, self._people.open(known.client_id, known.phone, "phone")):
            return ""
        return "this client is known by another phone, which stays"

    def _in_the_way(self, booking_id: BookingId, slot: Slot) -> tuple[tuple[BookingId, ...], str]:
        """Who has the time: bookings of this ledger, or records of the CRM, which may be this very visit."""
        history = self._books.history(*boundaries.days(slot))
        seen = {item.event.booking_id: item.event for item in history if isinstance(item.event, e.CrmBookingSeen)}
        standing = [
            entry
            for entry in fold_entries(history).values()
            if entry.status == "booked" and entry.booking_id != booking_id and entry.slot.overlaps(slot)
        ]
        records = [seen[entry.booking_id] for entry in standing if entry.booking_id in seen]
        against = tuple(entry.booking_id for entry in standing if entry.booking_id not in seen)
        said = [
            f"record {one.record_id} of the CRM stands at this very time: it may be this visit, entered by hand"
            if one.slot == slot
            else f"its time is taken by record {one.record_id} of the CRM"
            for one in records
        ]
        return against, "; ".join([*said, *(["its time is taken by another booking"] if against else [])])
