"""The client against hosts that are away, silent, slow, or answer in every wrong way there is."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from ledger.errors import MalformedValueError
from sync import errors, transport
from sync.simulator import Simulator, running
from sync.yclients import Yclients
from tests.crm_hosts import ACCESS, MOSCOW, NEW, client, host, saying


def refused_with(status: str, body: str, headers: str = "") -> errors.SyncError:
    """What the client makes of a write that is answered like this."""
    with host(saying(body.encode(), status=status, headers=headers)) as (url, _), client(url) as crm:
        with pytest.raises(errors.SyncError) as caught:
            crm.create(NEW)
        return caught.value


def test_a_diary_whose_pages_never_add_up_is_not_called_a_list() -> None:
    """The CRM promises more than it gives: whatever is missing must not be taken for deleted."""
    promise = b'{"success":true,"data":[],"meta":{"page":1,"total_count":3}}'

    with (
        host(saying(promise)) as (url, requests),
        client(url) as crm,
        pytest.raises(errors.UnavailableError),
    ):
        crm.records()

    assert len(requests) == 3


def test_an_empty_diary_is_an_empty_list_only_in_the_crm_s_own_form() -> None:
    with running(Simulator()) as url, client(url) as crm:
        assert crm.records() == []
    for body in (b"", b"[]", b"<html>", b'{"success":true,"data":null}', b'{"success":true,"data":{}}', b'{"data":[]}'):
        with host(saying(body)) as (url, _), client(url) as asking, pytest.raises(errors.UnavailableError):
            asking.records()


def test_a_port_without_a_listener_means_that_nothing_was_sent() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
    with client(f"http://127.0.0.1:{port}") as crm:
        for ask in (lambda: crm.create(NEW), crm.records):
            with pytest.raises(errors.NotSentError) as caught:
                ask()
            assert (caught.value.kind, caught.value.status) == ("not_sent", None)


def test_a_host_without_an_address_means_that_nothing_was_sent() -> None:
    with client("http://no-such-host.invalid") as crm, pytest.raises(errors.NotSentError):
        crm.create(NEW)


def test_a_name_that_is_never_found_does_not_outlast_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()

    def never_found(*_: object, **__: object) -> list[object]:
        released.wait(10)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", never_found)
    began = time.monotonic()
    with client("http://slow.invalid", seconds=0.3) as crm, pytest.raises(errors.NotSentError):
        crm.create(NEW)
    released.set()

    assert time.monotonic() - began < 2


def test_a_failed_tls_handshake_means_that_nothing_was_sent() -> None:
    with (
        running(Simulator()) as url,
        client(url.replace("http:", "https:")) as crm,
        pytest.raises(errors.NotSentError),
    ):
        crm.create(NEW)


def test_a_silent_host_is_left_at_the_deadline() -> None:
    with (
        host(lambda _: time.sleep(1)) as (url, requests),
        client(url, seconds=0.3) as crm,
        pytest.raises(errors.UnknownOutcomeError) as caught,
    ):
        crm.create(NEW)

    assert "deadline" in caught.value.detail
    assert len(requests) == 1


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nX-Long: ", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"])
def test_a_host_that_trickles_its_answer_is_left_at_the_deadline(head: bytes) -> None:
    """A byte every 50 ms would never meet a limit on single reads."""

    def trickle(connection: socket.socket) -> None:
        connection.sendall(head)
        for _ in range(100):
            connection.sendall(b" ")
            time.sleep(0.05)

    began = time.monotonic()
    with host(trickle) as (url, _), client(url, seconds=0.5) as crm:
        with pytest.raises(errors.UnavailableError):
            crm.records()
        with pytest.raises(errors.UnknownOutcomeError):
            crm.create(NEW)
        took = time.monotonic() - began

    assert 0.9 < took < 2


def test_an_answer_without_end_is_left_at_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "_LONGEST_BODY", 1000)

    with host(saying(b" " * 5000)) as (url, _), client(url) as crm, pytest.raises(errors.UnavailableError):
        crm.records()


MADE = '{"success":true,"data":[{"id":2,"staff_id":5,"date":"2026-12-01 10:00:00","seance_length":5400}],"meta":[]}'


@pytest.mark.parametrize(
    ("status", "body"),
    [
        ("200 OK", "<html>Ведутся работы</html>"),
        ("201 Created", MADE[:40]),
        ("201 Created", ""),
        ("204 No Content", ""),
        ("201 Created", '{"success":true,"data":[],"meta":[]}'),
        ("201 Created", '{"success":true,"data":[{"id":2}],"meta":[]}'),
        ("201 Created", MADE.replace("true", "false")),
        ("500 Internal Server Error", "<html>"),
        ("502 Bad Gateway", ""),
        ("504 Gateway Timeout", '{"success":false,"meta":{"message":"Сбой"}}'),
        ("404 Not Found", "<html>nginx</html>"),
    ],
)
def test_a_write_without_a_trustworthy_answer_has_an_unknown_outcome(status: str, body: str) -> None:
    error = refused_with(status, body)

    assert type(error) is errors.UnknownOutcomeError
    assert error.status == int(status[:3])


def test_a_body_shorter_than_promised_leaves_the_outcome_unknown() -> None:
    cut = b"HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n" + MADE.encode()

    with (
        host(lambda connection: connection.sendall(cut)) as (url, _),
        client(url) as crm,
        pytest.raises(errors.UnknownOutcomeError),
    ):
        crm.create(NEW)


def test_a_body_packed_wrongly_leaves_the_outcome_unknown() -> None:
    error = refused_with("201 Created", MADE, "Content-Encoding: gzip\r\n")

    assert type(error) is errors.UnknownOutcomeError


def test_of_several_records_in_the_answer_ours_is_the_one_that_bears_our_id() -> None:
    [theirs] = msgspec.json.decode(MADE)["data"]
    ours = theirs | {"id": 3, "api_id": "1234567890123"}
    body = msgspec.json.encode({"success": True, "data": [theirs, ours], "meta": []})

    with host(saying(body, status="201 Created")) as (url, _), client(url) as crm:
        assert crm.create(NEW).record_id == 3


@pytest.mark.parametrize("status", ["200 OK", "202 Accepted"])
def test_a_removal_is_done_without_a_body_or_with_the_crm_s_yes_and_not_with_a_page(status: str) -> None:
    for body in (b"", b'{"success":true,"data":null,"meta":[]}'):
        with host(saying(body, status=status)) as (url, _), client(url) as crm:
            crm.delete(2)
    with (
        host(saying(b"<html>", status=status)) as (url, _),
        client(url) as crm,
        pytest.raises(errors.UnknownOutcomeError),
    ):
        crm.delete(2)


@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent"])
def test_a_redirect_is_never_followed(status: str) -> None:
    with host(saying(b"")) as (elsewhere, requests_elsewhere):
        error = refused_with(status, "", f"Location: {elsewhere}/api/v1/records/1\r\n")

    assert type(error) is errors.UnknownOutcomeError  # a host that sends us elsewhere says nothing about a booking
    assert "127.0.0.1" in error.detail
    assert requests_elsewhere == []


def test_a_request_has_the_vendor_s_headers_and_both_tokens_in_one() -> None:
    """The vendor's OpenAPI: Accept, Content-Type, Authorization "Bearer partner_token, User user_token"."""
    with (
        host(saying(MADE.encode(), status="201 Created")) as (url, requests),
        client(url, access=replace(ACCESS, partner_id="42")) as crm,
    ):
        crm.create(NEW)

    head, _, body = requests[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /api/v1/records/1 HTTP/1.1"
    assert {
        "Accept: application/vnd.yclients.v2+json",
        "Content-Type: application/json",
        "Authorization: Bearer simulated-partner-token, User simulated-user-token",
        "X-Partner-Id: 42",
    } <= set(lines)
    assert msgspec.json.decode(body)["api_id"] == "1234567890123"


def test_the_turn_is_awaited_before_the_deadline_begins() -> None:
    simulator = Simulator()
    with (
        running(simulator) as url,
        Yclients(
            replace(ACCESS, url=url),
            wait_turn=lambda: time.sleep(0.5),
            zone=MOSCOW,
            deadline=timedelta(seconds=0.4),
        ) as crm,
    ):
        assert crm.probe() == "Europe/Moscow"


def test_no_token_phone_or_name_is_ever_in_a_printed_form() -> None:
    echo = '{"success":false,"meta":{"message":"simulated-partner-token simulated-user-token 79161234567 Аня"}}'
    error = refused_with("422 Unprocessable Entity", echo)

    shown = [repr(ACCESS), str(ACCESS), repr(error), error.crm_message, repr(client("http://127.0.0.1:9"))]
    for secret in ("simulated-partner-token", "simulated-user-token", "79161234567", "Аня"):
        assert not any(secret in text for text in shown)


def test_a_token_that_cannot_be_a_header_is_refused_without_being_repeated() -> None:
    for broken in ("se cret", "secret\n", "секрет", ""):
        with pytest.raises(MalformedValueError) as caught:
            replace(ACCESS, partner_token=broken)
        assert not broken or broken not in str(caught.value)
