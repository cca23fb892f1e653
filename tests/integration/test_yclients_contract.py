"""Every request of the client against what the vendor's OpenAPI documents, without a socket."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import httpx
import msgspec
import pytest

from sync.access import Access
from sync.errors import NotSentError, UnavailableError, UnknownOutcomeError
from sync.wire import write_record
from sync.yclients import Yclients
from tests.crm_contract import DOCUMENTED, EXCEPTIONS, CheckedTransport, problems
from tests.crm_hosts import ACCESS, MOSCOW, NEW

DAY = date(2026, 12, 1)
SINCE = datetime(2026, 12, 1, 7, 30, tzinfo=UTC)
RECORD = {"id": 2, "staff_id": 5, "date": "2026-12-01 10:00:00", "seance_length": 5400}
HOOKS = {"urls": ["https://other.example/a"], "active": 1, "record": 1, "client": 1, "salon": 0}
DATA: Mapping[str, object] = {
    "/api/v1/record/1/2": RECORD,
    "/api/v1/company/1/": {"timezone_name": "Europe/Moscow"},
    "/api/v1/user/permissions/1": {"record_form": {"create_records_access": True}},
    "/api/v1/book_services/1": {"category": []},
    "/api/v1/hooks_settings/1": HOOKS,
}
DRIVEN: Mapping[str, Callable[[Yclients], object]] = {
    "records": lambda crm: crm.records(
        from_on=DAY,
        until_on=DAY,
        staff_id=5,
        client_id=6,
        created_from_on=DAY,
        created_until_on=DAY,
        changed_after=SINCE,
        with_deleted=True,
    ),
    "record": lambda crm: crm.record(2),
    "create": lambda crm: crm.create(msgspec.structs.replace(NEW, comment="by the window")),
    "change": lambda crm: crm.change(2, NEW, save_if_busy=True),
    "delete": lambda crm: crm.delete(2),
    "delete_client": lambda crm: crm.delete_client(2),
    "company": lambda crm: crm.company(),
    "probe": lambda crm: crm.probe(),
    "branches": lambda crm: crm.branches(),
    "permissions": lambda crm: crm.permissions(),
    "services": lambda crm: crm.services(),
    "categories": lambda crm: crm.categories(),
    "staff": lambda crm: crm.staff(),
    "shifts": lambda crm: crm.shifts(DAY, DAY + timedelta(days=30)),
    "hooks": lambda crm: crm.hooks(),
    "set_hooks": lambda crm: crm.set_hooks("https://salon.example/hook/secret"),
    "told_starts": lambda crm: crm.told_starts(DAY, DAY),
}


def answer(request: httpx.Request) -> httpx.Response:
    if request.method == "DELETE":
        return httpx.Response(204)
    data = [RECORD] if request.method == "POST" and "/records/" in request.url.path else DATA.get(request.url.path, [])
    return httpx.Response(200 if request.method == "GET" else 201, json={"success": True, "data": data, "meta": []})


def asking(transport: httpx.BaseTransport, access: Access = ACCESS) -> Yclients:
    return Yclients(access, wait_turn=lambda: None, zone=MOSCOW, transport=transport)


@pytest.fixture
def seen() -> list[httpx.Request]:
    return []


@pytest.fixture
def transport(seen: list[httpx.Request]) -> CheckedTransport:
    def noting(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return answer(request)

    return CheckedTransport(httpx.MockTransport(noting))


def public_calls() -> set[str]:
    methods = inspect.getmembers(Yclients, inspect.isfunction)
    return {name for name, _ in methods if not name.startswith("_")} - {"close"}


def test_every_call_is_as_the_vendor_documents_it(transport: CheckedTransport) -> None:
    assert DRIVEN.keys() == public_calls(), "a call of the client that this test does not drive"

    with asking(transport, replace(ACCESS, partner_id="42")) as crm:
        for call in DRIVEN.values():
            call(crm)

    assert transport.problems == []
    assert len(transport.calls) == len(DRIVEN) + 1  # hooks are read before they are set


def test_a_moment_of_change_leaves_as_the_branch_s_clock_shows_it(
    transport: CheckedTransport, seen: list[httpx.Request]
) -> None:
    with asking(transport) as crm:
        crm.records(changed_after=SINCE, with_deleted=True)

    assert dict(seen[0].url.params) == {
        "changed_after": "2026-12-01T10:30:00",
        "with_deleted": "1",
        "page": "1",
        "count": "200",
    }


def test_no_booking_ever_asks_for_a_text_message_and_each_is_sent_whole(
    transport: CheckedTransport, seen: list[httpx.Request]
) -> None:
    with asking(transport) as crm:
        crm.create(NEW)
        crm.change(2, NEW, save_if_busy=True)

    for request, save_if_busy in zip(seen, (False, True), strict=True):
        assert json.loads(request.content) == write_record(NEW, save_if_busy=save_if_busy)
        assert json.loads(request.content)["send_sms"] is False


def test_setting_a_hook_keeps_other_programs_hooks(transport: CheckedTransport, seen: list[httpx.Request]) -> None:
    with asking(transport) as crm:
        crm.set_hooks("https://salon.example/hook/secret")

    assert json.loads(seen[1].content) == {
        "urls": ["https://other.example/a", "https://salon.example/hook/secret"],
        "active": 1,
        "record": 1,
        "client": 1,
        "salon": 0,
        "master": 1,
        "service": 1,
        "service_category": 1,
        "self_sending": 1,
    }


def test_a_list_the_crm_says_is_longer_is_not_called_whole() -> None:
    cut = {"success": True, "data": [{"id": 7}], "meta": {"total_count": 2}}
    with asking(httpx.MockTransport(lambda _: httpx.Response(200, json=cut))) as crm, pytest.raises(UnavailableError):
        crm.staff()


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"body": {"slott": 1}}, "POST /api/v1/records/{company_id}: body.slott is not documented"),
        ({"body": {"staff_id": "5"}}, "POST /api/v1/records/{company_id}: body.staff_id is not a number"),
        ({"body": {"send_sms": 0}}, "POST /api/v1/records/{company_id}: body.send_sms is not a boolean"),
        ({"body": {"services": [{"price": 1}]}}, "body.services[].price is not documented"),
        ({"body": {"services": {}}}, "body.services is not an array"),
        ({"body": {"client": []}}, "body.client is not an object"),
        ({"path": "/api/v1/record/1"}, "POST /api/v1/record/1 is not documented"),
        ({"query": {"phone": "7"}}, "query phone is not documented"),
        ({"headers": {"Accept": "*/*"}}, "header accept has another value than documented"),
        ({"headers": {"X-Client-Id": "1"}}, "header x-client-id is not documented"),
        ({"headers": {"Authorization": "Bearer one User two"}}, "header authorization has another value"),
    ],
)
def test_a_request_that_is_not_documented_would_be_found(broken: Mapping[str, dict[str, object]], said: str) -> None:
    """Guards the tests above: the same request, with one thing wrong."""
    request = httpx.Request(
        "POST",
        f"http://crm.invalid{broken.get('path', '/api/v1/records/1')}",
        params={name: str(value) for name, value in broken.get("query", {}).items()} or None,
        headers=ACCESS.headers() | {name: str(value) for name, value in broken.get("headers", {}).items()},
        json=write_record(NEW, save_if_busy=False) | broken.get("body", {}),
    )

    assert said in "; ".join(problems(request))


@pytest.mark.parametrize("field", ["send_sms", "client", "seance_length"])
def test_a_record_without_one_of_its_seven_fields_would_be_found(field: str) -> None:
    body = write_record(NEW, save_if_busy=False)
    del body[field]
    request = httpx.Request("PUT", "http://crm.invalid/api/v1/record/1/2", headers=ACCESS.headers(), json=body)

    assert problems(request) == [f"PUT /api/v1/record/{{company_id}}/{{record_id}}: body without {field}"]


def test_what_differs_from_the_document_is_named_and_nothing_documented_is_named_twice() -> None:
    assert not DOCUMENTED.keys() & EXCEPTIONS.keys()


@pytest.mark.parametrize(
    ("lost", "is_sent"),
    [(httpx.ConnectError("refused"), False), (httpx.ConnectTimeout(""), False), (httpx.ReadError("reset"), True)],
)
def test_another_transport_s_failures_are_sorted_as_well(lost: httpx.TransportError, *, is_sent: bool) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise lost

    with asking(httpx.MockTransport(fail)) as crm:
        with pytest.raises(UnknownOutcomeError if is_sent else NotSentError):
            crm.create(NEW)
        with pytest.raises(UnavailableError if is_sent else NotSentError):
            crm.company()
