"""`zapisnik web` as a process of its own: it answers, tails the log live, and ends in order."""

from __future__ import annotations

import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.builders import slot
from tests.salon import Salon
from tests.shell import Shell, refused
from tests.site import PASSWORD


@contextmanager
def console(shell: Shell, **settings: str) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """The process, its address, and the line in which it said so. Kills what did not end."""
    process = shell.start("web", PORT="0", **settings)
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:[0-9]+", said)
        assert found, process.communicate(timeout=30)
        yield process, found[0], said
    finally:
        process.kill()
        process.communicate(timeout=30)


def visitor(address: str) -> httpx.Client:
    return httpx.Client(base_url=address, trust_env=False, timeout=20)


def test_it_answers_on_this_machine_alone_and_stops_in_order_with_a_live_page_open(shell: Shell, salon: Salon) -> None:
    salon.follower.step_down()
    with console(shell) as (process, address, said), visitor(address) as browser:
        assert "this machine only" in said
        assert browser.get("/healthz").text == "ok"
        assert browser.get("/readyz").status_code == 200
        head = salon.recorder.head()
        with browser.stream("GET", f"/live?seen={head}") as tail:
            lines = tail.iter_lines()
            assert next(lines) == "retry: 3000"
            salon.book(slot("10:00"))
            assert next(line for line in lines if line.startswith("data:")) == f"data: {salon.recorder.head()}"
            process.terminate()
            began_at = time.monotonic()
            assert list(lines)[-1:] in ([], [""])
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    assert time.monotonic() - began_at < 5
    assert "Traceback" not in errors


def test_behind_a_password_it_keeps_ids_and_passwords_out_of_its_log(shell: Shell, salon: Salon) -> None:
    booking_id = salon.book(slot("10:00"))
    with console(shell, CONSOLE_PASSWORD=PASSWORD) as (process, address, said), visitor(address) as browser:
        assert "every address" in said
        assert browser.get(f"/bookings/{booking_id}").status_code == 303
        form = {"password": PASSWORD, "next": f"/bookings/{booking_id}"}
        assert browser.post("/sign-in", data={"password": "wrong"}).status_code == 401
        page = browser.post("/sign-in", data=form, follow_redirects=True)
        assert "Стрижка" in page.text
        process.terminate()
        out, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    for secret in (PASSWORD, "wrong", str(booking_id), "7916000"):
        assert secret not in said + out + errors


def test_it_keeps_the_read_models_at_the_head_by_itself(shell: Shell, salon: Salon) -> None:
    salon.follower.step_down()
    with console(shell) as (_, address, _), visitor(address) as browser:
        salon.book(slot("10:00"))
        deadline = time.monotonic() + 20
        while "Чего CRM ещё не знает" not in (page := browser.get("/status?lang=ru").text) or "догоняет" in page:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    assert re.search(r"Ждут отправки</dt><dd>1</dd>", page)


@pytest.mark.parametrize(("command", "settings"), [("web", {}), ("run", {"BOT_TOKEN": "123456:token"})])
def test_a_taken_port_is_one_sentence_before_anything_is_begun(
    shell: Shell, command: str, settings: dict[str, str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = shell.run(command, PORT=str(port), **settings)
    refused(done, f"PORT: {port} is taken")
    assert "started" not in done.stderr


def test_a_password_of_blanks_is_refused_rather_than_none(shell: Shell) -> None:
    refused(shell.run("web", PORT="0", CONSOLE_PASSWORD="   "), "CONSOLE_PASSWORD")


def test_a_ledger_that_is_not_prepared_is_refused(shell: Shell) -> None:
    refused(shell.run("web", PORT="0", ZAPISNIK_SCHEMA="not_there"), "zapisnik migrate")
