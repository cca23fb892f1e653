"""What several commands share: opening the house, reading arguments, printing JSON."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import typer

from console.errors import FoundError, UsageError
from console.operators import at_terminal
from console.settings import Settings, load_settings
from console.wiring import House, open_house
from ledger.values import Actor, BookingId, booking_code


@contextmanager
def house_of(settings: Settings | None = None) -> Iterator[House]:
    """The house of this command's settings, its schema checked."""
    with open_house(settings or load_settings()) as house:
        yield house


def caught_up(house: House, *, seconds: float = 10) -> None:
    """Brings the read models to the head. Raises FoundError when they do not get there in time."""
    if not house.follower.wait_until(house.recorder.head(), seconds=seconds):
        raise FoundError("the read models are behind and another process that leads them does not catch up")


def operator_of(house: House) -> Actor:
    """Who works at this console."""
    return at_terminal(house)


def parse_time(text: str, zone: ZoneInfo, option: str) -> datetime:
    """ISO 8601; without an offset it is the salon's wall clock. Raises UsageError naming the option."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{option}: {text!r} is not a time like 2026-11-23T18:00 or 2026-11-23T18:00+03:00") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def print_json(value: Any) -> None:  # any JSON-able value
    typer.echo(msgspec.json.encode(value).decode())


def named(booking_id: int) -> dict[str, int | str]:
    """A booking's number with the people's form beside it."""
    return {"booking_id": booking_id, "code": booking_code(BookingId(booking_id))}
