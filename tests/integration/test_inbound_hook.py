"""The CRM's announcements: a hint and nothing more, from whoever knows the address, as often as they come."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from console.errors import UsageError
from console.settings import load_settings
from console.web.app import Console
from ledger import events as e
from tests.builders import slot
from tests.site import PASSWORD, Browser, open_site
from tests.stage import Stage
from tests.watch import Watch

SECRET = "0123456789abcdef"
TEN, FOUR = slot("10:00"), slot("16:00")


@pytest.fixture
def watch(stage: Stage) -> Watch:
    return Watch(stage)


@pytest.fixture
def console(watch: Watch) -> Iterator[Console]:
    with open_site(watch.salon, PASSWORD, yclients_hook_secret=SECRET, yclients_company_id=1) as console:
        yield console


@pytest.fixture
def crm(console: Console) -> Browser:
    """Nobody who has signed in, under the name the CRM was given."""
    return Browser(console, host="salon.example")


def announcement(record_id: int, **changes: object) -> bytes:
    said = {"company_id": 1, "resource": "record", "resource_id": record_id, "status": "update", "data": {}}
    return json.dumps({**said, **changes}).encode()


async def announce(crm: Browser, body: bytes, secret: str = SECRET) -> int:
    return (await crm.send(f"/yclients/hook/{secret}", body)).status_code


async def test_four_times_the_same_announcement_is_one_look_and_one_event(watch: Watch, crm: Browser) -> None:
    booking_id = watch.sent(TEN)
    watch.begin()
    watch.drag(booking_id, FOUR)
    for _ in range(4):
        assert await announce(crm, announcement(watch.record_of(booking_id))) == 200

    assert watch.look() == 1

    assert watch.look() == 0
    assert watch.place(booking_id) == "booked 7 2030-01-07 16:00"
    watch.poll()
    assert len(watch.happened(e.CrmBookingMoved)) == 1


async def test_what_an_announcement_says_of_a_record_is_not_believed(watch: Watch, crm: Browser) -> None:
    booking_id = watch.sent(TEN)
    watch.begin()
    lie = announcement(watch.record_of(booking_id), status="delete", data={"deleted": True, "id": 1})
    assert await announce(crm, lie) == 200
    watch.look()
    assert watch.place(booking_id) == "booked 7 2030-01-07 10:00"
    assert watch.happened(e.CrmBookingRemoved) == []


async def test_announcements_in_any_order_end_where_the_crm_is(watch: Watch, crm: Browser) -> None:
    booking_id = watch.sent(TEN)
    watch.begin()
    record_id = watch.record_of(booking_id)
    watch.drag(booking_id, FOUR)
    watch.strike_out(booking_id)
    for status in ("delete", "update", "create"):
        assert await announce(crm, announcement(record_id, status=status)) == 200
    watch.look()
    assert watch.place(booking_id) == "cancelled 7 2030-01-07 10:00"
    assert watch.reader.inbox.waiting() == 0


async def test_a_lost_announcement_is_made_up_for_by_polling(watch: Watch) -> None:
    booking_id = watch.sent(TEN)
    watch.begin()
    watch.strike_out(booking_id)
    assert watch.look() == 0
    watch.later(minutes=1)
    assert watch.step(is_idle=False)
    assert watch.place(booking_id).startswith("cancelled")


async def test_one_that_comes_during_the_look_is_not_taken_for_the_one_before(watch: Watch, crm: Browser) -> None:
    booking_id = watch.sent(TEN)
    watch.begin()
    inbox, body = watch.reader.inbox, announcement(watch.record_of(booking_id))
    assert await announce(crm, body) == 200
    (one,) = inbox.due(watch.salon.clock.now(), 5)
    assert await announce(crm, body) == 200
    inbox.settle(one)
    assert inbox.waiting() == 1


async def test_a_record_nobody_knows_or_that_never_was_harms_nothing(watch: Watch, crm: Browser) -> None:
    watch.begin()
    for number in (1, 2**62, 2**70, -5, 0):
        assert await announce(crm, announcement(number)) == 200
    while watch.look():
        pass
    assert watch.reader.inbox.waiting() == 0


async def test_services_and_masters_ask_for_the_catalogue_and_the_rest_for_nothing(watch: Watch, crm: Browser) -> None:
    watch.begin()
    assert await announce(crm, announcement(5, resource="client")) == 200
    assert not watch.reader.inbox.take_catalog_wish()
    assert await announce(crm, announcement(5, resource="service")) == 200
    assert watch.reader.inbox.take_catalog_wish()
    assert not watch.reader.inbox.take_catalog_wish(), "a wish is taken once"
    assert watch.reader.inbox.waiting() == 0


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b'{"company_id": 1}', 400),
        (announcement(5, company_id=2), 400),
        (b" " * (300 * 1024), 413),
        (announcement(5, company_id="1", resource_id="5"), 200),
    ],
)
async def test_what_is_no_announcement_of_ours_is_refused(watch: Watch, crm: Browser, body: bytes, status: int) -> None:
    assert await announce(crm, body) == status
    assert watch.reader.inbox.waiting() == (status == 200)


async def test_without_the_secret_there_is_no_such_page(watch: Watch, crm: Browser) -> None:
    wrong = await crm.send("/yclients/hook/0123456789abcdeg", announcement(5))
    looked = await crm.get(f"/yclients/hook/{SECRET}")
    with open_site(watch.salon, PASSWORD, yclients_company_id=1) as without:
        missing = await Browser(without, host="salon.example").send(f"/yclients/hook/{SECRET}", announcement(5))
    assert [answer.status_code for answer in (wrong, looked, missing)] == [404, 404, 404]
    assert wrong.text == missing.text
    assert watch.reader.inbox.waiting() == 0
    assert (await crm.get("/")).status_code == 303, "the door stays shut for everything else"


def test_a_short_secret_is_refused_without_being_repeated() -> None:
    with pytest.raises(UsageError, match="YCLIENTS_HOOK_SECRET") as refused:
        load_settings(yclients_hook_secret="tooshort")
    assert "tooshort" not in str(refused.value)
