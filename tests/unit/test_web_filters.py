"""The log's filters: understood, or said by the field; never an error, and kept in every link."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qsl, urlsplit

import pytest
from starlette.datastructures import QueryParams

from console.web.filters import Filters, by_tag, read_filters
from console.web.texts.ru import RU
from tests.builders import BOOKING, MOSCOW

CODE = "0000-0000-FN"
"""Of BOOKING."""


def read(**given: str) -> Filters:
    return read_filters(QueryParams(given), RU, MOSCOW)


def test_nothing_given_is_the_whole_log() -> None:
    filters = read()

    assert not filters.is_narrowed
    assert (filters.wanted.tags, filters.wanted.types, filters.problems) == ((), (), {})
    assert filters.link() == "/?"


def test_each_filter_becomes_a_tag_the_most_telling_one_first() -> None:
    filters = read(staff="7", tag="day:7:2030-01-07", client="1001", booking=CODE)

    assert filters.wanted.tags == (f"booking:{BOOKING}", "client:1001", "day:7:2030-01-07", "staff:7")


@pytest.mark.parametrize("text", [CODE, "0000 0000 FN".replace(" ", ""), str(BOOKING), f" {BOOKING} "])
def test_a_booking_is_named_by_number_or_code(text: str) -> None:
    assert read(booking=text).wanted.tags == (f"booking:{BOOKING}",)


def test_times_are_the_salons_wall_clock_unless_they_say_otherwise() -> None:
    filters = read(since="2030-01-07T10:00", until="2030-01-07T10:00+00:00")

    assert filters.wanted.since == datetime(2030, 1, 7, 10, 0, tzinfo=timezone(timedelta(hours=3)))
    assert filters.wanted.until == datetime(2030, 1, 7, 13, 0, tzinfo=timezone(timedelta(hours=3)))


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("booking", "zz"),
        ("booking", "0"),
        ("booking", "1125899906842624"),
        ("client", "Мария"),
        ("client", "-1"),
        ("client", "1" * 150),
        ("client", "٣"),
        ("staff", "0"),
        ("staff", "7; DROP TABLE events"),
        ("tag", "booking:\x001"),
        ("tag", "a\nb"),
        ("since", "yesterday"),
        ("since", "0001-01-01T00:00"),
        ("until", "9999-12-31T23:59"),
        ("until", "2030-01-07T10:00+99:00"),
        ("type", "booking_updated"),
    ],
)
def test_what_cannot_be_understood_is_said_by_its_field(field: str, text: str) -> None:
    filters = read(**{field: text})

    assert list(filters.problems) == [field]
    assert filters.problems[field].endswith(".")


def test_an_end_before_the_beginning_is_said() -> None:
    assert list(read(since="2030-01-07T10:00", until="2030-01-07T09:00").problems) == ["until"]


@pytest.mark.parametrize("place", ["x", "-1", "1.5", "9" * 30])
def test_a_place_that_is_none_is_said(place: str) -> None:
    assert list(read(before=place).problems) == ["place"]
    assert list(read(after=place).problems) == ["place"]


def test_links_keep_the_filters_and_change_only_the_place() -> None:
    query = QueryParams([("booking", CODE), ("type", "slot_held"), ("type", "booking_made"), ("before", "9")])
    link = read_filters(query, RU, MOSCOW).link(before=4)

    assert parse_qsl(urlsplit(link).query) == [
        ("booking", CODE), ("type", "slot_held"), ("type", "booking_made"), ("before", "4"),
    ]  # fmt: skip


def test_a_filter_with_signs_of_its_own_stays_one_filter() -> None:
    link = read(tag="a&staff=8#x").link()

    assert parse_qsl(urlsplit(link).query) == [("tag", "a&staff=8#x")]


@pytest.mark.parametrize(
    ("tag", "link"),
    [
        (f"booking:{BOOKING}", f"/?booking={CODE}"),
        ("client:1001", "/?client=1001"),
        ("staff:7", "/?staff=7"),
        ("day:7:2030-01-07", "/?tag=day%3A7%3A2030-01-07"),
        ("catalog", "/?tag=catalog"),
        ("booking:", "/?tag=booking%3A"),
    ],
)
def test_a_tag_leads_to_the_filter_people_know(tag: str, link: str) -> None:
    assert by_tag(tag) == link
