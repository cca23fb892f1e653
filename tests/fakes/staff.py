"""The people of the staff chat, through the real dispatcher and polling loop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.fakes.conversation import House, open_house
from tests.fakes.messages import ADMIN, GROUP, Office


class Staff:
    """The staff chat as its people use it; every move waits for the bot's answer."""

    def __init__(self, house: House, office: Office) -> None:
        self.house, self.office = house, office

    @property
    def screen(self) -> str:
        return self.office.said()[-1].text

    @property
    def labels(self) -> list[str]:
        return [key.text for row in self.office.said()[-1].buttons for key in row]

    async def write(self, text: str, by: int = ADMIN, *, is_anonymous: bool = False) -> str:
        self.office.salon.catch_up()
        self.house.telegram.send_in_group(GROUP, by, text, is_anonymous=is_anonymous)
        await self.house.settle()
        return self.screen

    async def press(self, button: int | str, by: int = ADMIN) -> str:
        self.office.salon.catch_up()
        self.house.telegram.tap(GROUP, self.office.said()[-1].message_id, button, by=by)
        await self.house.settle()
        return self.screen


@asynccontextmanager
async def staff_of(office: Office) -> AsyncIterator[Staff]:
    async with open_house(office.salon, office.telegram, staff_chat=office.staff_chat) as house:
        yield Staff(house, office)
        assert house.failed_updates() == []
        assert house.telegram.unanswered() == []
