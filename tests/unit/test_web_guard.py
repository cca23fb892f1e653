"""What stands before the console's pages: whose names it answers to, where signing in may lead, which language."""

from __future__ import annotations

import pytest

from console.web.desk import accepted_language
from console.web.guard import is_local, safe_next


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8080", "127.0.0.1", "127.0.0.1:8080", "[::1]", "[::1]:80"])
def test_this_machine_is_known_by_its_own_names(host: str) -> None:
    assert is_local(host)


@pytest.mark.parametrize(
    "host",
    ["", "evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8080", "127.0.0.1@evil", "127.0.0.1:8080/x",
     "[::]:8080", "10.0.0.1:8080", "localhost:", "[::1", "localhost\n"],
)  # fmt: skip
def test_a_foreign_name_that_points_here_is_not_this_machine(host: str) -> None:
    assert not is_local(host)


@pytest.mark.parametrize("page", ["/", "/status", "/bookings/4F7K-2M9Q-XB", "/?type=a&type=b&since=2026-11-23T18%3A00"])
def test_signing_in_leads_to_a_page_of_the_console(page: str) -> None:
    assert safe_next(page) == page


@pytest.mark.parametrize(
    "elsewhere",
    ["", "status", "//evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example", "/\t/evil.example",
     "/\n/evil.example", " //evil.example", "javascript:alert(1)", "/ok\r\nSet-Cookie: a=b", "/ok\\..", "/да"],
)  # fmt: skip
def test_signing_in_leads_nowhere_else(elsewhere: str) -> None:
    assert safe_next(elsewhere) == "/"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "ru"),
        ("de-DE,de;q=0.9", "ru"),
        ("en-US,en;q=0.9", "en"),
        ("ru-RU,ru;q=0.9,en;q=0.8", "ru"),
        ("en;q=0.5,ru;q=0.9", "ru"),
        ("de, en;q=0.7, ru;q=0.3", "en"),
        ("en;q=much, ru;q=0", "ru"),
        ("*", "ru"),
    ],
)
def test_the_browsers_language_is_chosen_by_its_weights(header: str, language: str) -> None:
    assert accepted_language(header) == language
