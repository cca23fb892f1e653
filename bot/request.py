"""One tap or message of a client, with everything its answer may need; the screens ask nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from bot.texts.languages import WORDS, spoken
from bot.texts.words import WITH_PHONE, Words
from ledger.clock import Clock
from ledger.errors import NotInCatalogError, RefusalError
from ledger.events import Language
from ledger.ledger import Ledger, Order
from ledger.postgres import Database
from ledger.privacy import Vault
from ledger.values import Actor, ClientId
from projections import schedule
from projections.catalog import Catalog
from projections.clients import language_of
from projections.schedule import ScheduledBooking


@dataclass(frozen=True)
class BotServices:
    """What the bot works with; `catalog` gives the catalogue as last published, None before the first."""

    ledger: Ledger
    database: Database
    vault: Vault
    clock: Clock
    catalog: Callable[[], Catalog | None]
    words: Mapping[Language, Words] = field(default_factory=lambda: WORDS)


@dataclass(frozen=True)
class Request:
    """Who asks (a Telegram user id, first name and language), and by which update."""

    services: BotServices
    bot_id: int
    update_id: int
    user_id: int
    first_name: str
    language_code: str | None = None

    @cached_property
    def language(self) -> Language:
        """What the client chose or registered in, else what their Telegram asks for; read anew for each request."""
        known = self.known_client_id
        settled = language_of(self.services.ledger, known) if known is not None else None
        return settled or spoken(self.language_code)

    @property
    def words(self) -> Words:
        return self.services.words[self.language]

    @cached_property
    def any_catalog(self) -> Catalog | None:
        return self.services.catalog()

    @property
    def catalog(self) -> Catalog:
        """Raises NotInCatalogError before the first catalogue."""
        if self.any_catalog is None:
            raise NotInCatalogError
        return self.any_catalog

    @cached_property
    def now(self) -> datetime:
        """The moment of this request, in the salon's zone: decisions count days by its digits."""
        now = self.services.clock.now()
        return now.astimezone(self.any_catalog.zone) if self.any_catalog else now

    @cached_property
    def known_client_id(self) -> ClientId | None:
        """None for somebody the salon has never kept a time for."""
        return self.services.vault.find("telegram", str(self.user_id))

    @cached_property
    def client_id(self) -> ClientId:
        """The sender's random id, made at first sight."""
        return self.services.vault.client_for("telegram", str(self.user_id))

    def order(self, decision: str) -> Order:
        """The same update delivered twice gives the same command, so it is done once."""
        # Update ids can begin anew (another server, a quiet week): with the client's id nobody gets another's answer.
        command_id = f"tg:{self.bot_id}:{self.update_id}:{decision}:{self.client_id}"
        return Order(command_id, Actor("client", str(self.client_id)), self.now)

    def kept(self) -> ScheduledBooking | None:
        """The time that is being kept for the sender, if any."""
        if self.known_client_id is None:
            return None
        return schedule.live_hold(self.services.database, self.known_client_id, self.now)

    def sentence(self, refusal: RefusalError) -> str:
        """Why it did not work, with the salon's phone where that is the way out."""
        said = self.words.refusal(refusal)
        return f"{said}\n{self.call_us}" if type(refusal) in WITH_PHONE and self.call_us else said

    @property
    def call_us(self) -> str:
        """The salon's phone in a line; '' when the catalogue names none."""
        phone = self.any_catalog.facts.phone if self.any_catalog else ""
        return self.words.call_us.format(phone=phone) if phone else ""
