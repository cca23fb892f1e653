"""`client find` and `client export` as an administrator with the client on the phone meets them."""

from __future__ import annotations

from ledger.phone_book import note_phone
from tests.builders import slot
from tests.salon import Salon
from tests.shell import Shell


def test_print(shell: Shell, salon: Salon) -> None:
    maria = salon.client("111")
    note_phone(salon.database, salon.vault, maria, "+79160000001")
    booking_id = salon.book(slot("10:00"), maria)
    salon.catch_up()
    salon.follower.step_down()
    for args in (
        ["find", "8", "916", "000-00-01"],
        ["find", "@111", "--open"],
        ["find", "@111", "--json"],
        ["export", str(maria)],
        ["export", str(maria), "--json"],
        ["find", "9160000002"],
    ):
        done = shell.run("client", *args)
        print(done.returncode, done.stdout, done.stderr)
    done = shell.run("consent", "show")
    print(done.stdout, done.stderr)
    done = shell.run("events", "--client", str(maria))
    print(done.stdout, done.stderr)
    assert 0
