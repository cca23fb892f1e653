"""Events to stored text and back: names that never change, text that PostgreSQL can give back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ledger import events as e
from ledger.codec import STORED_NAMES, decode, encode, stored_name
from ledger.errors import StoredFormError, UnknownEventError
from ledger.values import Actor
from tests.builders import MONDAY, NOW, SYSTEM, held, hours, made, shifts
from tests.examples import BY, CAUSE, EXAMPLES

GOLDEN_FILE = Path(__file__).parents[1] / "golden/events.jsonl"
GOLDEN = [json.loads(line) for line in GOLDEN_FILE.read_text("utf-8").splitlines()]


def paused(message: str) -> bytes:
    return encode(e.IntegrationPaused("auth", message), by=SYSTEM, at=NOW, cause="c")


@pytest.mark.parametrize("line", GOLDEN, ids=[line["type"] for line in GOLDEN])
def test_a_golden_line_is_decoded_for_ever(line: dict[str, str]) -> None:
    envelope = decode(line["type"], line["data"])

    assert envelope.facts == EXAMPLES[line["type"]]
    assert (envelope.by, envelope.at, envelope.cause) == (BY, NOW, CAUSE)


@pytest.mark.parametrize("line", GOLDEN, ids=[line["type"] for line in GOLDEN])
def test_an_event_is_still_written_as_its_golden_line(line: dict[str, str]) -> None:
    assert encode(EXAMPLES[line["type"]], by=BY, at=NOW, cause=CAUSE).decode() == line["data"]


def test_every_stored_name_has_a_golden_line_and_an_example() -> None:
    assert {line["type"] for line in GOLDEN} == set(STORED_NAMES) == set(EXAMPLES)


def test_a_class_has_one_name_and_a_name_one_class() -> None:
    assert len(set(STORED_NAMES.values())) == len(STORED_NAMES)
    for name, shape in STORED_NAMES.items():
        assert stored_name(shape) == name


@pytest.mark.parametrize("text", ["\x00", "a\x00b", "\\\x00", "\\\\\x00", "\x00\\u0000", "\\u0000\x00"])
def test_a_nul_character_is_refused(text: str) -> None:
    with pytest.raises(StoredFormError, match="integration_paused: a NUL"):
        paused(text)


@pytest.mark.parametrize("text", ["\\u0000", "\\\\u0000", "\\\\\\u0000", "u0000", "\\", '"\\u0000"', "\u0001", "\\n"])
def test_text_that_only_looks_like_a_nul_is_stored_as_it_is(text: str) -> None:
    facts = decode("integration_paused", paused(text)).facts

    assert isinstance(facts, e.IntegrationPaused)
    assert facts.message == text


@pytest.mark.parametrize("text", ["\ud800", "a\udfff", "\udc00\ud800"])
def test_a_lone_surrogate_is_refused(text: str) -> None:
    with pytest.raises(StoredFormError, match="surrogate"):
        paused(text)


def test_a_nul_is_refused_wherever_it_stands() -> None:
    with pytest.raises(StoredFormError):
        encode(made(), by=Actor("client", "\x00"), at=NOW, cause="c")
    with pytest.raises(StoredFormError):
        encode(made(), by=SYSTEM, at=NOW, cause="\x00")


def test_an_event_of_a_newer_program_says_so() -> None:
    with pytest.raises(UnknownEventError, match=r"'booking_teleported'.*newer program"):
        decode("booking_teleported", b"{}")


GOOD = encode(held(), by=SYSTEM, at=NOW, cause="c").decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[]",
        "{}",
        GOOD[:-1],
        GOOD + "}",
        GOOD.replace("501", '"501"'),
        GOOD.replace('"confirmation"', '"applause"'),
        GOOD.replace('"client_id":1001,', ""),
        GOOD.replace("2030-01-07T11:00", "2030-01-07T09:00"),  # ends before it starts
        GOOD.replace('"cause":"c"', '"cause":"\\ud800"'),
    ],
)
def test_a_broken_text_is_refused_by_its_stored_name(text: str) -> None:
    assert text != GOOD
    with pytest.raises(StoredFormError, match="slot_held"):
        decode("slot_held", text)


def test_bytes_that_are_not_utf8_are_refused() -> None:
    with pytest.raises(StoredFormError):
        decode("slot_held", GOOD.encode().replace(b'"c"', b'"\xff"'))


def test_a_field_of_a_later_version_is_passed_over() -> None:
    assert decode("slot_held", GOOD.replace('"booking_id"', '"mood":"good","booking_id"')).facts == held()


def test_hours_of_a_single_day_are_stored_and_read_again() -> None:
    event = shifts(days={MONDAY: hours("12:00-18:00")})

    assert decode("shifts_published", encode(event, by=SYSTEM, at=NOW, cause="c")).facts == event
