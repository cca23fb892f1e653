"""Which timelines an event belongs to."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ledger import events as e
from ledger.codec import STORED_NAMES
from ledger.tags import command_tag, tags_of
from ledger.values import RecordId
from tests.builders import (
    BOOKING,
    MARIA,
    MONDAY,
    RECORD,
    attempted,
    catalog,
    consent,
    held,
    made,
    registered,
    seen_in_crm,
    shifts,
    slot,
    succeeded,
)
from tests.examples import EXAMPLES

BOOKING_TAGS = ["booking:501", "client:1001", "staff:7", "day:7:2030-01-07"]


@pytest.mark.parametrize(
    ("event", "tags"),
    [
        (catalog(), ["catalog"]),
        (shifts(), ["catalog", "shifts:7"]),
        (consent(), ["client:1001"]),
        (registered(), ["client:1001"]),
        (e.ConsentWithdrawn(MARIA, "booking", "1"), ["client:1001"]),
        (e.ErasureRequested(MARIA, MONDAY), ["client:1001", "erasures"]),
        (e.ErasureCalledOff(MARIA), ["client:1001", "erasures"]),
        (e.PersonalDataViewed(MARIA, ("name",), "web:/conflicts"), ["client:1001"]),
        (held(), BOOKING_TAGS),
        (made(), BOOKING_TAGS),
        (seen_in_crm(), ["booking:502", "record:9001", "staff:7", "day:7:2030-01-07"]),
        (e.IntegrationResumed(), ["integration"]),
        (attempted(), ["booking:501"]),
        (attempted(operation="cancel", record_id=RECORD), ["booking:501", "record:9001"]),
        (succeeded(), ["booking:501", "record:9001"]),
        (
            e.ConflictFound(BOOKING, "duplicate", (RECORD, RecordId(2))),
            ["booking:501", "record:9001", "record:2"],
        ),
    ],
)
def test_an_event_carries_its_timelines(event: e.AnyEvent, tags: list[str]) -> None:
    assert tags_of(event) == tags


def test_a_booking_over_midnight_belongs_to_both_days() -> None:
    over_midnight = made(slot("23:30"))

    assert tags_of(over_midnight)[3:] == ["day:7:2030-01-07", "day:7:2030-01-08"]


def test_the_day_is_the_salons_not_utcs() -> None:
    shortly_after_midnight = made(slot("00:30"))
    assert shortly_after_midnight.slot.starts_at.utcoffset() == timedelta(hours=3)

    assert "day:7:2030-01-07" in tags_of(shortly_after_midnight)


@pytest.mark.parametrize("name", STORED_NAMES)
def test_every_event_has_a_timeline_and_none_twice(name: str) -> None:
    tags = tags_of(EXAMPLES[name])

    assert tags
    assert len(tags) == len(set(tags))


def test_a_command_has_a_timeline_of_its_own() -> None:
    assert command_tag("tg:1:2:hold") == "command:tg:1:2:hold"
