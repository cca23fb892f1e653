"""The console's door: one password, sessions that end, a brake on guessing."""

from __future__ import annotations

import pytest

from console.web.door import (
    FORGOTTEN_SECONDS,
    FREE_GUESSES,
    LONGEST_WAIT_SECONDS,
    MOST_ADDRESSES,
    SESSION_SECONDS,
    Brake,
    Door,
)
from tests.site import PASSWORD, Hands


def door(clock: Hands | None = None, password: str = PASSWORD, ledger: str = "zapisnik") -> Door:
    return Door(password, ledger, clock or Hands())


@pytest.mark.parametrize("given", [PASSWORD, f" {PASSWORD}\n"])
def test_the_password_opens_also_with_blanks_around_it(given: str) -> None:
    assert door().is_right(given)


@pytest.mark.parametrize("given", ["", PASSWORD[:-1], PASSWORD.upper(), PASSWORD + "x", "пароль", "\udcff"])
def test_nothing_else_opens(given: str) -> None:
    assert not door().is_right(given)


def test_a_session_lasts_its_time_and_no_longer() -> None:
    clock = Hands()
    one = door(clock)
    session = one.new_session()

    clock.now += SESSION_SECONDS - 1
    assert one.is_open_to(session)
    clock.now += 1
    assert not one.is_open_to(session)


def test_a_session_outlives_a_restart_but_no_other_password_and_no_other_ledger() -> None:
    session = door().new_session()

    assert door().is_open_to(session)
    assert not door(password="another password").is_open_to(session)
    assert not door(ledger="another_salon").is_open_to(session)


def test_an_altered_session_is_none() -> None:
    one = door()
    ends, signature = one.new_session().split(".")
    later = str(int(ends) + 1)

    for forged in ("", ".", ends, f"{later}.{signature}", f"{ends}.{signature[:-1]}", f"{ends}.{'0' * 64}"):
        assert not one.is_open_to(forged), forged
    for decorated in (f"{ends}.{signature}\n", f"٠{ends}.{signature}", f"{ends}.{signature.upper()}"):
        assert not one.is_open_to(decorated), decorated


def test_guesses_beyond_the_free_ones_wait_twice_as_long_each_time() -> None:
    clock = Hands()
    brake = Brake(clock)
    waits = []
    for _ in range(FREE_GUESSES + 9):
        waits.append(brake.seconds_to_wait("a"))
        clock.now += waits[-1]
        brake.was_wrong("a")

    assert waits[:FREE_GUESSES] == [0.0] * FREE_GUESSES
    assert waits[FREE_GUESSES : FREE_GUESSES + 4] == [1.0, 2.0, 4.0, 8.0]
    assert waits[-1] == LONGEST_WAIT_SECONDS


def test_one_address_does_not_slow_another_and_the_right_password_forgives() -> None:
    brake = Brake(Hands())
    for _ in range(FREE_GUESSES):
        brake.was_wrong("a")

    assert brake.seconds_to_wait("a") > 0
    assert brake.seconds_to_wait("b") == 0
    brake.was_right("a")
    assert brake.seconds_to_wait("a") == 0


def test_wrong_guesses_are_forgotten_after_an_hour() -> None:
    clock = Hands()
    brake = Brake(clock)
    for _ in range(FREE_GUESSES):
        brake.was_wrong("a")
    clock.now += FORGOTTEN_SECONDS + 1
    brake.was_wrong("a")

    assert brake.seconds_to_wait("a") == 0


def test_the_brake_remembers_a_bounded_number_of_addresses_the_newest_ones() -> None:
    brake = Brake(Hands())
    for address in ["oldest", *map(str, range(MOST_ADDRESSES - 1)), "newest"]:
        for _ in range(FREE_GUESSES):
            brake.was_wrong(address)

    assert len(brake._guesses) == MOST_ADDRESSES
    assert brake.seconds_to_wait("oldest") == 0
    assert brake.seconds_to_wait("newest") > 0
