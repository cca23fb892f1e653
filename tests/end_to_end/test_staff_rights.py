"""Who may decide in the staff chat, and that nobody does from anywhere else."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from bot import buttons
from bot.local import LocalTelegram
from bot.staff_chat import StaffChat
from bot.texts.notices import NOTICE_WORDS
from ledger import events as e
from ledger.values import Actor
from tests.fakes.conversation import Person, open_house
from tests.fakes.messages import ADMIN, GROUP, MEMBER, OWNER, Office
from tests.fakes.staff import staff_of
from tests.salon import Salon

STRANGER = 666


@pytest.fixture
def office(salon: Salon) -> Office:
    return Office(salon, staff="ru")


@pytest.mark.parametrize("command", ["/pause", "/pause тест", "/resume"])
async def test_a_member_may_not_decide(office: Office, command: str) -> None:
    office.pause()
    async with staff_of(office) as staff:
        assert "только администратор" in await staff.write(command, MEMBER)
        assert staff.labels == []
    assert len(office.switches()) == 1


async def test_who_is_no_longer_an_administrator_cannot_confirm_any_more(office: Office) -> None:
    office.pause()
    async with staff_of(office) as staff:
        await staff.write("/resume", ADMIN)
        office.telegram.join(GROUP, ADMIN, "Анна", "member")
        await staff.press(0, ADMIN)
        await staff.press(0, MEMBER)
        await staff.press(0, STRANGER)
        assert office.telegram.alerts() == ["Это может только администратор этого чата."] * 3
    assert len(office.switches()) == 1


async def test_an_anonymous_administrator_is_one(office: Office) -> None:
    async with staff_of(office) as staff:
        assert "остановлен" in await staff.write("/pause", OWNER, is_anonymous=True)
    (paused,) = office.happened(e.IntegrationPaused)
    assert paused.by == Actor("staff", str(office.salon.vault.client_for("operator", str(GROUP))))


async def test_an_administrator_told_in_the_words_of_another_server_is_one(salon: Salon) -> None:
    class Older(LocalTelegram):
        def call(self, method: str, fields: Mapping[str, str]) -> object:
            answer = super().call(method, fields)
            if method == "getChatMember" and isinstance(answer, dict):
                return {"status": answer["status"], "user": answer["user"]}
            return answer

    office = Office(salon, staff="ru", telegram=Older())
    async with staff_of(office) as staff:
        assert "остановлен" in await staff.write("/pause", ADMIN)
        assert "только администратор" in await staff.write("/pause", MEMBER)
        assert "только администратор" in await staff.write("/pause", STRANGER)


async def test_a_forged_button_in_another_chat_does_nothing(office: Office) -> None:
    office.pause()
    since = int(office.salon.clock.now().timestamp())
    forged = buttons.ResumeSync(past="send", since=since).pack()
    other_group = -1009
    office.telegram.open_group(other_group, "Чужая группа")
    office.telegram.join(other_group, ADMIN, "Анна", "creator")
    async with staff_of(office) as staff:
        anna = Person(staff.house, ADMIN, "Анна")
        await anna.write("/start")
        assert "больше не работает" in await anna.forge(forged)
        message_id = _bot_message(office, other_group)
        office.telegram.tap(other_group, message_id, forged, by=ADMIN)
        await staff.house.settle()
    assert len(office.switches()) == 1


def _bot_message(office: Office, chat_id: int) -> int:
    sent = office.telegram.call("sendMessage", {"chat_id": str(chat_id), "text": "…"})
    assert isinstance(sent, dict)
    return int(sent["message_id"])


@pytest.mark.parametrize("command", ["/today", "/sync", "/pause", "/resume"])
async def test_in_a_clients_chat_the_commands_are_not_known(office: Office, command: str) -> None:
    async with open_house(office.salon, office.telegram, staff_chat=office.staff_chat) as house:
        maria = Person(house, 111)
        assert "Онлайн-запись" in (await maria.write(command)) or "онлайн-запись" in maria.screen
        assert maria.see("Записаться")
    assert office.switches() == []


async def test_another_groups_commands_are_not_answered(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    office.telegram.open_group(-1009, "Чужая группа")
    office.telegram.join(-1009, ADMIN, "Анна", "creator")
    async with open_house(office.salon, office.telegram, staff_chat=office.staff_chat) as house:
        house.telegram.send_in_group(-1009, ADMIN, "/today")
        await house.settle()
    assert office.said(-1009) == []
    assert "chat_id=-1009" in capsys.readouterr().out


async def test_a_staff_chat_can_be_one_persons(salon: Salon) -> None:
    office = Office(salon)
    async with open_house(salon, office.telegram, staff_chat=StaffChat(111, NOTICE_WORDS["en"])) as house:
        boss = Person(house, 111, "Ирина")
        assert "is stopped" in await boss.write("/pause")
        assert "Go on" in (await boss.write("/resume"))
        assert "goes on" in await boss.press("Go on")
        await boss.write("/start")
        assert boss.see("Записаться"), "everything else is the client's conversation"
