"""What stands under an old name is read as what it says today, found wherever that is looked for, and never written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest

from ledger import events as e, upcasters
from ledger.codec import STORED_NAMES, Envelope, decode, names_meant, stored_name, stored_names
from ledger.decisions import boundaries
from ledger.errors import StoredFormError
from ledger.recorder import BoundaryItem
from ledger.upcasters import UPCASTERS, Old, Steps, becomes, shape_of
from ledger.values import Actor, BookingId, ClientId, RecordId, StaffId
from tests.builders import NOW, history

OPERATOR = Actor("operator", "1")
RELEASED = {"removed": 9, "moved": 1}
OLD_SHAPES = [shape for shape in vars(upcasters).values() if isinstance(shape, type) and issubclass(shape, Old)]


def text(facts: dict[str, object], by: str = "operator") -> str:
    return json.dumps({"by": {"kind": by, "id": "1"}, "at": "2030-01-06T12:00:00+03:00", "cause": "c", "facts": facts})


# --- the worked example ---


@pytest.mark.parametrize("by", ["operator", "staff"])
def test_a_brake_that_a_person_released_was_accepted(by: str) -> None:
    envelope = decode("crm_change_released", text({**RELEASED}, by))

    assert envelope == Envelope(Actor(by, "1"), NOW, "c", e.CrmChangeAccepted(9, 1))  # type: ignore[arg-type]  # a kind


def test_a_brake_that_the_program_released_had_subsided() -> None:
    assert decode("crm_change_released", text({**RELEASED}, "system")).facts == e.CrmChangeSubsided(9, 1)


@pytest.mark.parametrize("facts", [{}, {"removed": "9", "moved": 1}, {"removed": 9}])
def test_a_broken_text_under_an_old_name_is_refused_by_that_name(facts: dict[str, object]) -> None:
    with pytest.raises(StoredFormError, match="crm_change_released"):
        decode("crm_change_released", text(facts))


# --- names ---


def test_no_name_means_two_shapes() -> None:
    assert not UPCASTERS.keys() & STORED_NAMES.keys()
    assert len({shape_of(step) for step in UPCASTERS.values()}) == len(UPCASTERS)
    assert {shape_of(step) for step in UPCASTERS.values()} == set(OLD_SHAPES) - {Old}, "an old shape without a name"


def test_an_old_name_cannot_be_written() -> None:
    """Whatever is appended is named by `stored_name`, and no shape of then has one."""
    for step in UPCASTERS.values():
        with pytest.raises(KeyError):
            stored_name(shape_of(step))  # type: ignore[arg-type]  # what must not be
    assert not {stored_name(shape) for shape in get_args(e.AnyEvent)} & UPCASTERS.keys()


def test_every_step_ends_at_events_of_today() -> None:
    for step in UPCASTERS.values():
        for shape in becomes(step):
            assert shape in STORED_NAMES.values() or shape in OLD_SHAPES, f"{shape} is neither an event nor old"


def test_whoever_looks_for_an_event_asks_for_its_old_names_too() -> None:
    assert stored_names(e.CrmChangeAccepted) == ("crm_change_accepted", "crm_change_released")
    assert stored_names(e.CrmChangeSubsided) == ("crm_change_subsided", "crm_change_released")
    assert stored_names(e.BookingMade) == ("booking_made",)
    assert names_meant("crm_change_subsided") == ("crm_change_subsided", "crm_change_released")
    assert names_meant("crm_change_released") == ("crm_change_released",)
    assert names_meant("booking_teleported") == ()
    assert boundaries.names(e.CrmChangeAccepted, e.CrmChangeSubsided) == [
        "crm_change_accepted",
        "crm_change_released",
        "crm_change_subsided",
    ]


def test_an_event_read_under_an_old_name_is_told_under_todays() -> None:
    (item,) = history(decode("crm_change_released", text({**RELEASED})).facts)

    assert item.type == "crm_change_accepted"


LATEST: list[Callable[[], BoundaryItem]] = [
    boundaries.catalog,
    boundaries.integration_state,
    boundaries.crm_answers,
    boundaries.diary_state,
    boundaries.brake,
    boundaries.connection,
    lambda: boundaries.shifts(StaffId(7)),
    lambda: boundaries.language(ClientId(1)),
    lambda: boundaries.client(ClientId(1)),
    lambda: boundaries.bookings_of(ClientId(1)),
    lambda: boundaries.booking(BookingId(1)),
    lambda: boundaries.record(RecordId(1)),
]


@pytest.mark.parametrize("asked", LATEST)
def test_who_asks_for_the_latest_of_an_old_name_asks_for_all_that_it_became(asked: Callable[[], BoundaryItem]) -> None:
    """Else an old event that turns out to be the other thing would hide the one that was asked for."""
    item = asked()
    for name in set(item.types) & UPCASTERS.keys():
        for shape in becomes(UPCASTERS[name]):
            assert not item.latest or set(stored_names(shape)) <= set(item.types)  # type: ignore[arg-type]  # an event


# --- several steps ---


class First(Old, frozen=True):
    """A price in roubles."""

    roubles: int


class Second(Old, frozen=True):
    """A price in kopecks."""

    kopecks: int


def to_kopecks(old: First, by: Actor) -> Second:
    return Second(old.roubles * 100)


def to_an_event(old: Second, by: Actor) -> e.CrmConnected:
    return e.CrmConnected(old.kopecks)


def test_an_old_shape_goes_step_by_step_to_the_event_of_today() -> None:
    steps = Steps({"price_second": to_an_event, "price_first": to_kopecks})

    assert steps.today(First(3), OPERATOR) == steps.today(Second(300), OPERATOR) == e.CrmConnected(300)
    assert steps.names_of(e.CrmConnected) == ("price_second", "price_first")
    assert steps.names_of(e.BookingMade) == ()


@pytest.mark.parametrize("name", UPCASTERS)
def test_every_old_name_is_in_the_docs(name: str) -> None:
    text = Path(upcasters.__file__).parents[1].joinpath("docs/events.md").read_text("utf-8")

    assert f"| `{name}` |" in text.partition("## Names of former times")[2]
