"""The season that recorded logs are made of: clients, staff, operators and the CRM, until every event has happened.

A new event type gets its scene here; `python -m tests.record_log` names those that did not occur.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from ledger import events as e
from ledger.decisions.brake import AcceptCrmChange
from ledger.decisions.clients import ChooseLanguage
from ledger.decisions.confirm_visit import ConfirmVisit
from ledger.decisions.erasure import CallErasureOff, RequestErasure
from ledger.decisions.hold import HoldSlot
from ledger.decisions.integration import NoteCrmAnswered, PauseIntegration
from ledger.decisions.lapse import LapseHold
from ledger.decisions.note_checkpoint import NoteCheckpoint
from ledger.decisions.note_client_notice import NoteClientNotice
from ledger.decisions.note_notice import NoteNotice
from ledger.decisions.note_viewing import NoteViewing
from ledger.decisions.remind import BeginReminder, EndReminder, ReminderOutcome
from ledger.decisions.resolve_conflict import ResolveConflict
from ledger.integrity.checkpoints import sign, sound_head
from ledger.integrity.signing import new_signing_key
from ledger.ledger import Decision, Order
from ledger.postgres import Database
from ledger.privacy import HOUSE
from ledger.values import Actor, BookingId
from sync.inbound.baseline import import_baseline
from tests import store
from tests.builders import ANNA, HAIRCUT, MONDAY, OLGA, at, order, slot
from tests.forgetting import erase, forgetting
from tests.season import Season
from tests.stage import Stage, by_hand
from tests.watch import Watch

OPERATOR = Actor("operator", "1")
DAYS = [MONDAY + timedelta(days=n) for n in range(14)]
PLAIN_WORDS = ("Мария", "7916000", "Звонила сама", "\\u041c\\u0430\\u0440\\u0438\\u044f")
"""What the season's people said of themselves: none of it may stand in the log."""


class RecordedSeason:
    """Each scene is complete in itself; `play` gives them in the order of a salon's year."""

    def __init__(self, stage: Stage, database: Database, seed: int = 1) -> None:
        self.stage, self.salon, self.watch = stage, stage.salon, Watch(stage)
        self._database, self._seed = database, seed

    def play(self) -> None:
        self.the_diary_is_read()
        self.clients_come_and_change_their_minds()
        self.people_are_told()
        self.the_crm_refuses_us()
        self.staff_work_in_the_crm()
        self.bookings_collide()
        self.too_much_changes_at_once()
        self.clients_wish_to_be_forgotten()
        self.an_auditor_signs()
        self.and_everything_else(150)

    def the_diary_is_read(self) -> None:
        """Before the first booking: one is there that was made by hand."""
        self.stage.simulator.add_by_hand(by_hand(OLGA, "18:00", 60))
        self.stage.connect()
        import_baseline(self.salon.ledger, self.stage.crm, self.salon.clock, 1)
        self.watch.begin()

    def clients_come_and_change_their_minds(self) -> None:
        """Held and given up, booked, moved, cancelled; one writes English."""
        client_id = self.salon.client()
        self._do(ChooseLanguage(self._order(Actor("client", str(client_id))), client_id, "en"))
        held = BookingId(900_001)
        self._do(HoldSlot(self._order(), held, client_id, slot("18:00"), (HAIRCUT,)))
        self._do(LapseHold(self._order(), held, client_id))
        stays = self.salon.book(slot("10:00"), client_id)
        self._do(ConfirmVisit(self._order(), stays, client_id, self.salon.version(stays)))
        moved = self.salon.book(slot("12:00"))
        self.stage.drain()
        self.salon.move(moved, slot("15:00", staff_id=OLGA))
        self.stage.drain()
        self.salon.cancel(moved)
        self.stage.drain()
        never_sent = self.salon.book(slot("16:00"))
        self.salon.cancel(never_sent)
        self.stage.drain()

    def people_are_told(self) -> None:
        """A reminder that arrives and one that does not; notices to the staff and to a client."""
        outcomes: list[ReminderOutcome] = ["sent", "blocked"]
        booked = [self.salon.book(slot("13:00", on=day)) for day in DAYS[2:4]]
        for booking_id, day, outcome in zip(booked, DAYS[2:4], outcomes, strict=True):
            due = replace(self._order(), at=at("13:00", day) - timedelta(hours=23))
            self._do(BeginReminder(due, booking_id, self.salon.version(booking_id), "day_before"))
            self._do(EndReminder(self._order(), booking_id, "day_before", at("13:00", day), outcome))
        client_id = self.salon.client()
        self._do(NoteNotice(self._order(), e.NoticeSent("booking", (7, 8))))
        self._do(NoteNotice(self._order(), e.NoticeFailed("integration", (9,), "refused")))
        self._do(NoteClientNotice(self._order(), e.ClientNoticeSent(booked[0], client_id, (12,))))
        self._do(NoteClientNotice(self._order(), e.ClientNoticeFailed(booked[1], client_id, (13,), "no_chat")))
        self.stage.drain()

    def the_crm_refuses_us(self) -> None:
        """Tokens are refused, the CRM answers again, an operator resumes; and one pauses by hand."""
        self.salon.book(slot("17:00"))
        self.stage.simulator.set_mode("auth")
        self.stage.drain()
        self.stage.simulator.set_mode("ok")
        self._do(NoteCrmAnswered(self._order()))
        self.salon.resume()
        note = self.salon.vault.seal(HOUSE, "Звонила сама", "integration_paused.note")
        self._do(PauseIntegration(self._order(OPERATOR), "operator", note=note))
        self.salon.resume()
        self.stage.drain()

    def staff_work_in_the_crm(self) -> None:
        """A booking made by hand, one of ours dragged elsewhere, one struck out."""
        dragged, removed = (self.watch.sent(slot(start, on=DAYS[5])) for start in ("10:00", "12:00"))
        self.stage.simulator.add_by_hand(by_hand(ANNA, "19:00", 60))
        self.watch.drag(dragged, slot("16:00", on=DAYS[5], staff_id=OLGA))
        self.watch.strike_out(removed)
        self.watch.poll()
        self.stage.drain()

    def bookings_collide(self) -> None:
        """The CRM has something of its own in that time; an operator says that ours counts."""
        self.stage.simulator.add_by_hand(by_hand(OLGA, "10:00", 60))
        booking_id = self.salon.book(slot("10:00", staff_id=OLGA))
        self.stage.drain()
        state = self.stage.state(booking_id)
        self._do(ResolveConflict(self._order(OPERATOR), booking_id, "ours", state.their_slot, state.asked_at))
        self.stage.drain()

    def too_much_changes_at_once(self) -> None:
        """Two large changes: one is gone again, for the other an operator vouches."""
        week = [self.watch.sent(slot("11:00", on=day)) for day in DAYS]
        for is_restored in (True, False):
            for booking_id in week:
                self.watch.strike_out(booking_id)
            self.watch.sweep()
            if is_restored:
                for booking_id in week:
                    self.watch.restore(booking_id)
            else:
                self._do(AcceptCrmChange(self._order(OPERATOR)))
            self.watch.sweep()

    def clients_wish_to_be_forgotten(self) -> None:
        """One thinks better of it; two are erased, of whom the CRM lets one go."""
        stays = self.salon.client()
        self._do(NoteViewing(self._order(OPERATOR), (stays,), ("name", "phone"), "web:/conflicts"))
        self._do(RequestErasure(self._order(), stays))
        self._do(CallErasureOff(self._order(), stays))
        with TemporaryDirectory() as folder:
            for start, has_right in (("15:00", True), ("17:00", False)):
                client_id = self.salon.client()
                self.salon.book(slot(start, on=DAYS[8]), client_id)
                self.stage.drain()
                if not has_right:
                    self.stage.simulator.account.withdraw("clients_delete_access")
                erase(self.salon, client_id, Path(folder))
                self.stage.drain()
                self.salon.advance(minutes=1)
                forgetting(self.stage).step(self.stage.lease)

    def an_auditor_signs(self) -> None:
        """A checkpoint of the log so far."""
        key = new_signing_key()
        genesis, position, hash_ = sound_head(self.salon.database, key.public)
        asked = self._order(OPERATOR)
        signed = sign(key, genesis, position, hash_, asked.at)
        self._do(NoteCheckpoint(asked, e.CheckpointSigned(position, signed.hash, key.public.id, signed.signature)))

    def and_everything_else(self, wishes: int) -> None:
        """Random wishes by a seed, without a CRM behind them."""
        for _ in range(1000):
            order()  # its command ids begin where the salon's own did
        salon = store.Salon(self._database)
        Season(salon, self._seed).play(wishes)
        salon.recorder.close()

    def _order(self, by: Actor = Actor("system", "test")) -> Order:  # noqa: B008  frozen
        return self.salon.order(by)

    def _do(self, decision: Decision[object]) -> None:
        self.salon.ledger.execute(decision)
