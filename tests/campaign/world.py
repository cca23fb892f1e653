"""One run's world: a salon on an empty ledger, its CRM, the processes between the two, and everybody's hands."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import time, timedelta

import httpx

from ledger import events as e
from ledger.decisions import boundaries
from ledger.decisions.integration import ResumeIntegration
from ledger.decisions.publish_catalog import PublishCatalog
from ledger.ledger import Ledger, Order
from ledger.privacy import Vault
from ledger.sync_state import fold_sync
from ledger.values import Actor, RecordId
from sync.access import Access
from sync.inbound import connect, import_baseline
from sync.inbound.inbox import Inbox
from sync.simulator import (
    PARTNER_TOKEN,
    USER_TOKEN,
    Catalog,
    HookSettings,
    Master,
    Service,
    Simulator,
    running,
    simulator_line,
)
from sync.simulator.exchange import Json
from sync.steps import Point
from sync.transport import BoundedTransport
from sync.turns import Turns
from sync.yclients import Yclients
from tests.builders import ANNA, COLOURING, HAIRCUT, MOSCOW, NOW, OLGA, catalog, shifts
from tests.campaign.births import Births
from tests.campaign.ground import Ground
from tests.campaign.hand import Hand
from tests.campaign.line import HOST, Journal, Line
from tests.campaign.operator import Operator
from tests.campaign.people import Clients, Staff
from tests.campaign.processes import COMPANY, Sender
from tests.campaign.telling import place, where
from tests.campaign.weather import Weather

PATIENCE = 10.0
"""Seconds after which a request is given up, by the campaign's hand."""
JUST = 5.0
"""Seconds since its last request, within which a sender knows what it speaks of."""
REAL_DEADLINE = timedelta(seconds=1)
"""The same where the socket is real, by the machine's clock."""
_SERVICES = (
    Service(HAIRCUT, "Стрижка", 1500, 3600, (ANNA, OLGA)),
    Service(COLOURING, "Окрашивание", 5000, 7200, (ANNA,)),
)
_HOURS = {day: ((time(10), time(14)), (time(15), time(20))) for day in range(7)}


class World:
    """Everything of one run. `seed` decides all of it; with `url` the CRM is asked over real HTTP."""

    def __init__(self, ground: Ground, seed: int, simulator: Simulator, hand: Hand, url: str | None) -> None:
        self.ground, self.seed, self.hand, self.simulator = ground, seed, hand, simulator
        self.dice = random.Random(f"world:{seed}")
        self._url = url
        self.journal, self.births = Journal(), Births(simulator, hand)
        self.vault = Vault(ground.database, ground.master_key)
        self.ledger: Ledger = ground.ledger()
        self.weather = Weather(simulator, random.Random(f"weather:{seed}"), is_real_http=url is not None)
        self.clients = Clients(self.ledger, self.vault, hand.clock, random.Random(f"clients:{seed}"))
        self.staff = Staff(simulator, self.births, self.clients, hand, random.Random(f"staff:{seed}"))
        self.operator = Operator(
            self.ledger, self.clients, self.births, simulator, hand.clock, random.Random(f"operator:{seed}")
        )
        self.senders = [Sender(self, "first"), Sender(self, "second")]
        self.in_vain: list[tuple[int, str]] = []
        for sender in self.senders:
            sender.ledger.when_asked = self._note_question
        self._hint, self.hints = Inbox(ground.database, COMPANY), 0

    def crm(self, caller: str, turns: Turns, on_the_wire: Callable[[str, Point], None] = lambda *_: None) -> Yclients:
        """A process's own client of the CRM."""
        real = self._url is not None
        inner: httpx.BaseTransport = BoundedTransport(REAL_DEADLINE) if real else simulator_line(self.simulator)
        dice = random.Random(f"line:{self.seed}:{caller}:{len(self.journal.sent)}")
        line = Line(inner, self.simulator, self.journal, self.births, self.hand, dice, caller, PATIENCE, on_the_wire)
        access = Access(self._url or f"http://{HOST}", PARTNER_TOKEN, USER_TOKEN, COMPANY)
        return Yclients(access, wait_turn=turns, zone=MOSCOW, transport=line)

    def catch_up(self) -> None:
        self.ground.catch_up()

    def open(self) -> None:
        """The catalogue is published, the CRM connected, its diary read, sending begun."""
        self.ledger.execute(PublishCatalog(self.order("open"), catalog(), (shifts(ANNA), shifts(OLGA))))
        self.catch_up()
        self.staff.add()
        connect(self.ledger, self.hand.clock, COMPANY)
        with self._good_weather(), self.crm("baseline", Turns(self.ground.database, sleep=self.hand.turn)) as crm:
            import_baseline(self.ledger, crm, self.hand.clock, COMPANY)
        self.ledger.execute(ResumeIntegration(self.order("begin"), "ask"))
        self.catch_up()

    def order(self, command: str) -> Order:
        return Order(f"campaign:{command}", Actor("system", "campaign"), self.hand.now())

    def _note_question(self, question: e.ConflictFound) -> None:
        """Notes it if a person is asked about a busy time in which the visit itself stands, or staff's copy of it."""
        wish = self.clients.wishes[question.booking_id]
        has_just_looked = self.hand.stopwatch() - self.journal.sent[-1].at < JUST
        if question.kind != "slot_busy" or wish.slot is None or not has_just_looked:
            return
        state = fold_sync(self.ledger.history(boundaries.booking(question.booking_id)))
        disowned = state.disowned if state else ()
        for entry in self.simulator.entries():
            number = entry.new.api_id
            if entry.record_id in disowned or (number.isdigit() and number != str(question.booking_id)):
                continue
            services = [service["id"] for service in entry.new.services]
            is_same = entry.new.client.get("phone") == wish.person.phone.removeprefix("+")
            if is_same and not entry.deleted and services == [wish.service_id] and place(entry) == where(wish.slot):
                self.in_vain.append((question.booking_id, f"record {entry.record_id}"))

    def hint(self, _url: str, notice: Json) -> None:
        """A webhook's notice, as the console takes it: it says only that a record should be looked at."""
        self._hint.hint([RecordId(int(str(notice["resource_id"])))])
        self.hints += 1

    def meanwhile(self, frozen: Sender) -> None:
        """While one sender stands still the other takes over, and people go on."""
        self.hand.turn(self.dice.choice((3.0, 31.0, 45.0, 120.0)))
        for _ in range(self.dice.randint(0, 6)):
            match self.dice.randrange(6):
                case 0:
                    self.clients.act()
                case 1:
                    self.staff.act()
                case _:
                    for sender in self.senders:
                        if sender is not frozen:
                            sender.work()
            self.catch_up()
            self.hand.turn(self.dice.uniform(0, 20))

    def put_services_back(self) -> None:
        """What was struck off the price list is offered again."""
        for service in _SERVICES:
            self.simulator.catalog.put_service(service)

    @contextmanager
    def _good_weather(self) -> Iterator[None]:
        before = self.simulator.faults
        self.simulator.set_faults(type(before)())
        yield
        self.simulator.set_faults(before)


@contextmanager
def open_world(ground: Ground, seed: int, *, over_http: bool) -> Iterator[World]:
    """A world at its beginning; the ledger is emptied for it."""
    hand = Hand(NOW)
    ground.begin(hand.now)
    told: list[World] = []

    def tell(url: str, notice: Json) -> None:
        for world in told:
            world.hint(url, notice)

    simulator = Simulator(
        clock=hand.now,
        monotonic=hand.stopwatch,
        catalog=_catalog(),
        minds_own_time=seed % 3 == 0,
        carry_hook=tell,
    )
    # In every second run the CRM tells of its changes as well, now and then wrongly.
    simulator.hooks.settings = HookSettings(("http://console.test/",) if seed % 2 else ())
    with running(simulator) if over_http else nullcontext() as url:
        told.append(World(ground, seed, simulator, hand, url))
        yield told[0]


def _catalog() -> Catalog:
    return Catalog(_SERVICES, (Master(ANNA, "Анна", week=_HOURS), Master(OLGA, "Ольга", week=_HOURS)))
