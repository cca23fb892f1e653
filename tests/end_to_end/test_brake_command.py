"""The brake as an operator meets it: told in the staff chat and by `status`, taken off by `sync accept`."""

from __future__ import annotations

from ledger import events as e
from ledger.decisions.brake import BrakeCrmChange, NoteCrmChangeSubsided
from ledger.ledger import Order
from ledger.recorder import BoundaryItem
from ledger.values import Actor
from tests.fakes.messages import Office
from tests.salon import Salon
from tests.shell import Shell, refused


def brake(salon: Salon) -> None:
    salon.ledger.execute(BrakeCrmChange(salon.order(), removed=9, moved=1, known=20))
    salon.catch_up()
    salon.follower.step_down()


def test_status_shows_it_and_accept_takes_it_off_once(shell: Shell, salon: Salon) -> None:
    refused(shell.run("sync", "accept"), "nothing to accept", code=1)
    brake(salon)

    shown = shell.json("status")["brake"]
    assert (shown["removed"], shown["moved"], shown["known"]) == (9, 1, 20)
    assert "9 removed and 1 moved of 20 coming visits" in shell.run("status").stdout
    accepted = shell.run("sync", "accept")

    assert accepted.returncode == 0, accepted.stderr
    assert "up to 9 removed and 1 moved" in accepted.stdout
    (word,) = salon.ledger.history(BoundaryItem(types=["crm_change_accepted"], tags=[]))
    assert (word.by.kind, word.event) == ("operator", e.CrmChangeAccepted(9, 1))
    assert shell.json("status")["brake"] is None
    refused(shell.run("sync", "accept"), "nothing to accept", code=1)


def test_without_a_catalogue_in_the_crm_the_pull_says_what_is_missing(shell: Shell) -> None:
    refused(shell.run("catalog", "pull"), "YCLIENTS_PARTNER_TOKEN")


async def test_the_staff_chat_is_told_what_is_held_back_what_to_do_and_when_it_is_over(salon: Salon) -> None:
    office = Office(salon, staff="ru")
    brake(salon)
    await office.work()
    (alert,) = office.texts
    assert "удалено 9, перенесено 1 из 20 будущих" in alert
    assert "zapisnik sync accept" in alert
    salon.ledger.execute(NoteCrmChangeSubsided(Order("subsided", Actor("system", "sync"), salon.clock.now())))
    salon.advance(seconds=61)
    await office.work()
    assert office.texts[1:] == ["✅ Большого изменения в журнале CRM больше нет, обмен идёт как обычно."]
