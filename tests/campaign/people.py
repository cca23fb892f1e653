"""Everybody's hands: clients who book, move and cancel, and staff who write in the CRM's diary themselves."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Literal

from ledger.clock import Clock
from ledger.decisions.book import MakeBooking
from ledger.decisions.cancel import CancelBooking
from ledger.decisions.clients import GiveConsent, RegisterClient
from ledger.decisions.hold import HoldSlot
from ledger.decisions.move import MoveBooking
from ledger.errors import RefusalError
from ledger.ledger import Ledger, Order
from ledger.privacy import Vault, random_id
from ledger.values import Actor, BookingId, ClientId, ServiceId, Slot
from projections import schedule
from sync.simulator import NewEntry, NoSuchRecordError, Simulator
from sync.simulator.entries import Entry
from sync.simulator.exchange import Json
from tests.builders import ANNA, COLOURING, HAIRCUT, MOSCOW, OLGA, slot
from tests.campaign.births import Births
from tests.campaign.hand import Hand
from tests.campaign.telling import place

_TIMES = ("10:00", "10:30", "11:00", "11:30", "12:00", "12:30", "13:00", "15:00", "16:00", "16:30", "17:00", "18:00")
_LENGTH = {HAIRCUT: 60, COLOURING: 120}
_BAD_PHONE = "12"


@dataclass
class Person:
    """A client as the harness knows them, in clear."""

    client_id: ClientId
    phone: str


@dataclass
class Wish:
    """A booking as its client last had it acknowledged, and who else has had a hand in it since."""

    person: Person
    service_id: ServiceId
    slot: Slot | None
    answers: list[str] = field(default_factory=list)
    is_offered: bool = False


@dataclass(frozen=True)
class Touch:
    """What staff did to a record: when by the stopwatch, and where it stood afterwards."""

    record_id: int
    what: Literal["moved", "lengthened", "removed"]
    at: float
    place: tuple[int, datetime, datetime]


class Clients:
    """They act through the ledger's decisions, as the bot would; a refusal is an answer too."""

    def __init__(self, ledger: Ledger, vault: Vault, clock: Clock, dice: random.Random) -> None:
        self._ledger, self._vault, self._clock, self._dice = ledger, vault, clock, dice
        self._commands, self._phones = count(1), count(79160000001)
        self.people: list[Person] = []
        self.wishes: dict[BookingId, Wish] = {}

    def act(self) -> None:
        """One client wants something."""
        self._dice.choices((self.book, self.move, self.cancel), (5, 4, 2))[0]()

    def book(self) -> None:
        person = self._person()
        service_id = self._dice.choice((HAIRCUT, HAIRCUT, COLOURING))
        wanted, booking_id = self._place(service_id), BookingId(random_id())
        held = HoldSlot(self._order(person), booking_id, person.client_id, wanted, (service_id,))
        if self._does(lambda: self._ledger.execute(held)) and self._does(
            lambda: self._ledger.execute(MakeBooking(self._order(person), booking_id, person.client_id))
        ):
            self.wishes[booking_id] = Wish(person, service_id, wanted)

    def move(self) -> None:
        if self.standing():
            self.move_one(self._any())

    def _any(self) -> BookingId:
        """Second thoughts come soonest."""
        standing = self.standing()
        return standing[-1] if self._dice.random() < 0.4 else self._dice.choice(standing)

    def move_one(self, booking_id: BookingId) -> bool:
        """To another time, half of the time one that overlaps the present one, sometimes with another master."""
        wish = self.wishes[booking_id]
        to = self._place(wish.service_id)
        if wish.slot is not None and self._dice.random() < 0.4:
            by = timedelta(minutes=self._dice.choice((-30, 30)))
            to = Slot(wish.slot.staff_id, wish.slot.starts_at + by, wish.slot.ends_at + by)
        by_client = self._order(wish.person)
        version = self._version(booking_id)
        moved = MoveBooking(by_client, booking_id, wish.person.client_id, version, to)
        if not self._does(lambda: self._ledger.execute(moved)):
            return False
        self._wished(wish, to)
        return True

    def cancel(self) -> None:
        if self.standing():
            self.cancel_one(self._any())

    def cancel_one(self, booking_id: BookingId) -> bool:
        wish = self.wishes[booking_id]
        version = self._version(booking_id)
        off = CancelBooking(self._order(wish.person), booking_id, wish.person.client_id, version)
        if not self._does(lambda: self._ledger.execute(off)):
            return False
        self._wished(wish, None)
        return True

    def choose_anew(self) -> None:
        """Whoever was offered another time takes one, or calls it off."""
        for booking_id, wish in self.wishes.items():
            if wish.is_offered:
                done = self._dice.random() < 0.7 and self.move_one(booking_id)
                wish.is_offered = not (done or self.cancel_one(booking_id))

    def standing(self) -> list[BookingId]:
        return [booking_id for booking_id, wish in self.wishes.items() if wish.slot is not None]

    def put_right(self) -> None:
        """Whoever gave a phone that is none gives a right one: otherwise nothing of theirs can ever be sent."""
        for person in self.people:
            if person.phone == _BAD_PHONE:
                person.phone = f"+{next(self._phones)}"
                self._register(person)

    def _wished(self, wish: Wish, to: Slot | None) -> None:
        wish.slot, wish.is_offered = to, False
        wish.answers.clear()

    def _person(self) -> Person:
        if self.people and self._dice.random() < 0.6:
            return self._dice.choice(self.people)
        phone = f"+{next(self._phones)}"
        person = Person(self._vault.client_for("telegram", phone), phone)
        if self._dice.random() < 0.03:
            person.phone = _BAD_PHONE
        self.people.append(person)
        self._ledger.execute(GiveConsent(self._order(person), person.client_id, "1", "ab" * 32))
        self._register(person)
        return person

    def _register(self, person: Person) -> None:
        clear = {"telegram": str(person.client_id), "name": "Мария", "phone": person.phone}
        who = [self._vault.seal(person.client_id, text, f"client_registered.{name}") for name, text in clear.items()]
        self._ledger.execute(
            RegisterClient(self._order(person), person.client_id, who[0], who[1], who[2], phone_verified=True)
        )

    def _place(self, service_id: ServiceId) -> Slot:
        staff_id = ANNA if service_id == COLOURING else self._dice.choice((ANNA, OLGA))
        day = self._clock.now().date() + timedelta(days=self._dice.choice((0, 1, 1, 1, 2, 2, 3)))
        return slot(self._dice.choice(_TIMES), _LENGTH[service_id], on=day, staff_id=staff_id)

    def _version(self, booking_id: BookingId) -> int:
        booked = schedule.booking(self._ledger.recorder.database, booking_id)
        return booked.version if booked else 0

    def _order(self, person: Person) -> Order:
        return Order(f"campaign:tap:{next(self._commands)}", Actor("client", str(person.client_id)), self._clock.now())

    def _does(self, tap: Callable[[], object]) -> bool:
        try:
            tap()
        except RefusalError:
            return False
        return True


class Staff:
    """They see the diary only, and change it as they like; what they did to our records is remembered."""

    def __init__(self, simulator: Simulator, births: Births, clients: Clients, hand: Hand, dice: random.Random) -> None:
        self._simulator, self._births, self._clients, self._hand, self._dice = simulator, births, clients, hand, dice
        self._clock = hand.clock
        self.touches: list[Touch] = []

    def act(self) -> None:
        """One thing by hand."""
        acts = (self.add, self.copy_ours, self.double, self.drag, self.lengthen, self.remove, self.comment)
        self._dice.choices(acts, (4, 2, 2, 4, 2, 3, 1))[0]()

    def add(self) -> None:
        """A visit of somebody who telephoned; sometimes a mark without a client."""
        client = (
            {"phone": f"7917{self._dice.randrange(10**7):07}", "name": "Ольга"} if self._dice.random() < 0.8 else {}
        )
        services: tuple[Json, ...] = ({"id": HAIRCUT, "cost": 1500},) if client else ()
        minutes = self._dice.choice((30, 60, 60, 90))
        self._simulator.add_by_hand(
            NewEntry(self._dice.choice((ANNA, OLGA)), self._time(), minutes * 60, services, dict(client))
        )

    def copy_ours(self) -> None:
        """From the card in the staff chat, since the CRM seemed to be away."""
        standing = self._clients.standing()
        live = {str(entry.new.client.get("phone", "")) for entry in self._live()}
        missing = [one for one in standing if self._clients.wishes[one].person.phone.removeprefix("+") not in live]
        if not missing:
            return
        wish = self._clients.wishes[self._dice.choice(missing)]
        assert wish.slot is not None
        phone = wish.person.phone.removeprefix("+")
        starts = wish.slot.starts_at.astimezone(MOSCOW).replace(tzinfo=None)
        seconds = int((wish.slot.ends_at - wish.slot.starts_at).total_seconds())
        services: tuple[Json, ...] = ({"id": wish.service_id, "cost": 1500},)
        self._simulator.add_by_hand(
            NewEntry(wish.slot.staff_id, starts, seconds, services, {"phone": phone, "name": "Мария"})
        )

    def double(self) -> None:
        """A slip of the hand: a record of ours is there twice, our number too."""
        late = self._births.very_late
        ours = [one for one in self._live() if one.new.api_id.isdigit() and one.record_id not in late]
        if ours:
            self._simulator.add_by_hand(self._dice.choice(ours).new)

    def drag(self) -> None:
        """To another time or master; the caller's number is lost by that."""
        if entry := self._one():
            self._simulator.move_by_hand(entry.record_id, self._time(), self._dice.choice((ANNA, OLGA)))
            self._touch(entry, "moved")

    def lengthen(self) -> None:
        if entry := self._one():
            self._simulator.lengthen_by_hand(entry.record_id, entry.new.seconds + self._dice.choice((900, 1800)))
            self._touch(entry, "lengthened")

    def remove(self) -> None:
        if entry := self._one():
            self._simulator.remove_by_hand(entry.record_id)
            self._touch(entry, "removed")

    def comment(self) -> None:
        if entry := self._one():
            try:
                self._simulator.comment_by_hand(entry.record_id, "просила кофе")
            except NoSuchRecordError:
                return

    def _touch(self, entry: Entry, what: Literal["moved", "lengthened", "removed"]) -> None:
        now = next(one for one in self._simulator.entries() if one.record_id == entry.record_id)
        self.touches.append(Touch(entry.record_id, what, self._hand.stopwatch(), place(now)))

    def _live(self) -> list[Entry]:
        return [entry for entry in self._simulator.entries() if not entry.deleted]

    def _one(self) -> Entry | None:
        """A record of a coming visit; not one that came later than any wait, and that nobody could then find again."""
        now = self._clock.now().replace(tzinfo=None)
        coming = [
            entry
            for entry in self._live()
            if entry.new.starts_at > now and entry.record_id not in self._births.very_late
        ]
        if coming and self._dice.random() < 0.4:
            return max(coming, key=lambda entry: (entry.changed_at, entry.record_id))  # what has just come in
        return self._dice.choice(coming) if coming else None

    def _time(self) -> datetime:
        day = self._clock.now().date() + timedelta(days=self._dice.choice((1, 1, 2, 2, 3)))
        return slot(self._dice.choice(_TIMES), on=day).starts_at.replace(tzinfo=None)
