"""The salon's messenger, stepped by hand on a Telegram of this machine, and the faults its messages can meet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Literal

import aiohttp
from aiogram import Bot
from aiogram.client.session.base import BaseSession
from aiogram.exceptions import TelegramNetworkError
from aiogram.methods import SendMessage, TelegramMethod
from aiogram.methods.base import TelegramType
from aiohttp.client_reqrep import ConnectionKey

from bot.local import ApiRefusal, ChatMessage, LocalSession, LocalTelegram
from bot.local_groups import Status
from bot.messenger import Messenger
from bot.request import BotServices
from bot.staff_chat import StaffChat
from bot.texts.notices import NOTICE_WORDS
from ledger import events as e
from ledger.codec import Recorded
from ledger.decisions import boundaries
from ledger.decisions.integration import PauseIntegration
from ledger.privacy import HOUSE
from ledger.recorder import BoundaryItem
from ledger.values import Actor, ClientId
from tests.fakes.conversation import bot_services
from tests.salon import Salon

GROUP = -1001234567890
OWNER, ADMIN, MEMBER = 900, 901, 902
NOWHERE = ConnectionKey("127.0.0.1", 9, is_ssl=False, ssl=False, proxy=None, proxy_auth=None, proxy_headers_hash=None)


class KilledError(BaseException):
    """The process is gone in the middle of a line: nothing catches this."""


class FaultySession(LocalSession):
    """Meets these faults, one a message: `lost` answers never come, `refused` connections carry nothing."""

    def __init__(self, telegram: LocalTelegram) -> None:
        super().__init__(telegram)
        self.faults: list[str] = []

    async def make_request(
        self,
        bot: Bot,
        method: TelegramMethod[TelegramType],
        timeout: int | None = None,  # noqa: ASYNC109  aiogram's
    ) -> TelegramType:
        fault = self.faults.pop(0) if self.faults and isinstance(method, SendMessage) else ""
        if fault == "refused":
            raise TelegramNetworkError(method, "Cannot connect") from aiohttp.ClientConnectorError(
                ConnectionKey(
                    "127.0.0.1", 9, is_ssl=False, ssl=False, proxy=None, proxy_auth=None, proxy_headers_hash=None
                ),
                ConnectionRefusedError(),
            )
        answer = await super().make_request(bot, method, timeout)
        if fault == "lost":
            raise TelegramNetworkError(method, "Request timeout error") from TimeoutError()
        if fault == "killed":
            raise KilledError
        return answer


class Flooded(LocalTelegram):
    """Refuses the next messages with 429."""

    floods = 0
    retry_after = 7

    def call(self, method: str, fields: Mapping[str, str]) -> object:
        if method == "sendMessage" and self.floods:
            self.floods -= 1
            raise ApiRefusal(429, "Too Many Requests", retry_after=self.retry_after)
        return super().call(method, fields)


class Stepped(Messenger):
    """A messenger whose pauses pass on the salon's clock, and are written down."""

    def __init__(self, salon: Salon, bot: Bot, holder: str, staff_chat: StaffChat | None) -> None:
        super().__init__(bot_services(salon), bot, holder, staff_chat)
        self._salon = salon
        self.bot, self.line = bot, self._line
        self.pauses: list[float] = []
        self.meanwhile: Callable[[], None] = lambda: None

    async def pause(self, seconds: float) -> bool:
        """A pause of which nobody waits for the end."""
        self.pauses.append(seconds)
        self._salon.advance(seconds=seconds)
        self.meanwhile()
        return True

    _pause = pause


class Office:
    """A salon with a messenger, and with a staff chat if `staff` names its language."""

    def __init__(
        self,
        salon: Salon,
        *,
        staff: e.Language | None = None,
        staff_chat_id: int = GROUP,
        telegram: LocalTelegram | None = None,
    ) -> None:
        self.salon, self.telegram = salon, telegram or LocalTelegram()
        self.session = FaultySession(self.telegram)
        self.staff_chat = StaffChat(staff_chat_id, NOTICE_WORDS[staff]) if staff else None
        if staff:
            self.telegram.open_group(GROUP, "Администраторы")
            people: list[tuple[int, str, Status]] = [
                (OWNER, "Ирина", "creator"), (ADMIN, "Анна", "administrator"), (MEMBER, "Олег", "member"),
            ]  # fmt: skip
            for user_id, name, status in people:
                self.telegram.join(GROUP, user_id, name, status)
        self._chats = count(501)
        self.messenger = self.another("first")

    def another(self, holder: str, session: BaseSession | None = None) -> Stepped:
        """As after a restart, or on another machine: nothing remembered."""
        bot = Bot(f"{self.telegram.bot_id}:local", session=session or self.session)
        return Stepped(self.salon, bot, holder, self.staff_chat)

    @property
    def services(self) -> BotServices:
        return bot_services(self.salon)

    async def turn(self, messenger: Stepped | None = None) -> bool:
        """One turn of the messenger, on read models that are at the head."""
        self.salon.catch_up()
        return await (messenger or self.messenger).turn()

    async def work(self, most: int = 50) -> None:
        """Until there is nothing to do."""
        for _ in range(most):
            if not await self.turn():
                return
        raise AssertionError("the messenger does not come to an end")

    def client(self) -> tuple[ClientId, int]:
        """A registered client and their chat."""
        chat_id = next(self._chats)
        self.telegram.enter(chat_id, "Мария")
        return self.salon.client(str(chat_id)), chat_id

    def pause(
        self,
        kind: e.PauseKind = "auth",
        message: str = "",
        *,
        by: Literal["system", "operator", "staff"] = "system",
        note: str = "",
    ) -> None:
        """Sending to the CRM stops."""
        sealed = self.salon.vault.seal(HOUSE, note, "integration_paused.note") if note else None
        order = self.salon.order(Actor(by, "1"))
        self.salon.ledger.execute(PauseIntegration(order, kind, message, sealed))

    def switches(self) -> list[e.AnyEvent]:
        """How sending to the CRM was stopped and resumed."""
        return list(self.events(e.IntegrationPaused, e.IntegrationResumed))

    @property
    def texts(self) -> list[str]:
        """What the staff chat was told."""
        return [message.text for message in self.said()]

    def said(self, chat_id: int = GROUP) -> list[ChatMessage]:
        """What the bot has written there, oldest first."""
        return [message for message in self.telegram.chat(chat_id).messages if message.from_bot]

    def happened(self, *shapes: type[e.AnyEvent]) -> list[Recorded]:
        return self.salon.ledger.history(BoundaryItem(types=boundaries.names(*shapes), tags=[]))

    def events(self, *shapes: type[e.AnyEvent]) -> Sequence[e.AnyEvent]:
        return [item.event for item in self.happened(*shapes)]
