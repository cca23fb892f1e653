"""What an operator reads about a catalogue: its source, its age, and what the CRM has otherwise."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from console.cli.catalog_words import age_words, change_lines, left_out_lines, loss_words, source_words
from console.errors import UsageError
from console.settings import load_settings
from sync.catalog_changes import Loss
from sync.catalog_pull import LastReading, decide
from tests.builders import ANNA, MONDAY, NOW, OLGA
from tests.price_list import (
    ANNA_THERE,
    COLOURING_THERE,
    HAIRCUT_THERE,
    every_day,
    from_crm,
    master,
    read,
    service,
    works,
)


def ago(**age: float) -> datetime:
    return NOW - timedelta(**age)


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(seconds=60), "1 minute ago"),
        (timedelta(minutes=12), "12 minutes ago"),
        (timedelta(hours=1), "1 hour ago"),
        (timedelta(hours=47), "1 day ago"),
        (timedelta(days=3), "3 days ago"),
    ],
)
def test_an_age_is_told_in_its_largest_unit(age: timedelta, words: str) -> None:
    assert age_words(age) == words


@pytest.mark.parametrize(
    ("source", "last", "words"),
    [
        ("yclients", None, "from Yclients, 3 days ago"),
        ("yclients", LastReading(ago(minutes=12), "unchanged"), "from Yclients, 12 minutes ago"),
        (
            "yclients",
            LastReading(ago(minutes=12), "braked"),
            "from Yclients, 3 days ago; it was read 12 minutes ago and not taken, since too much would be gone "
            "(zapisnik catalog pull says what)",
        ),
        ("file", None, "from salon.toml, 3 days ago"),
        (
            "file",
            LastReading(ago(minutes=12), "overruled"),
            "from salon.toml, 3 days ago; the CRM's was last read 12 minutes ago: it had not changed, "
            "so the file counts",
        ),
        (
            "file",
            LastReading(ago(minutes=12), "braked"),
            "from salon.toml, 3 days ago; the CRM's was last read 12 minutes ago: too much would have been gone",
        ),
        (
            "file",
            LastReading(ago(days=4), "published"),
            "from salon.toml, 3 days ago; the CRM's was last read 4 days ago, before the file was loaded",
        ),
    ],
)
def test_the_source_in_force_is_told_with_its_age(source: str, last: LastReading | None, words: str) -> None:
    assert source_words(source, ago(days=3), last, NOW) == words


def test_each_change_is_one_line() -> None:
    dearer = service(price_from=170_050, price_to=170_050, lengths={ANNA: timedelta(minutes=75)})
    shorter = every_day("10:00-14:00", "15:00-20:00", staff_ids=(ANNA,))
    pull = decide(
        read(
            (
                dearer,
                service(service_id=3, title="Укладка"),
                service(COLOURING_THERE, title="Цвет"),
                service(service_id=4, lengths={}),
            ),
            (ANNA_THERE, master(staff_id=9, name="Вера")),
            [one for one in shorter if one.starts_at.date() != MONDAY] + works(ANNA, MONDAY, "12:00-18:00"),
        ),
        from_crm(read((HAIRCUT_THERE, COLOURING_THERE, service(service_id=5, title="Чёлка")))),
        None,
    )

    assert list(change_lines(pull.changes, "RUB")) == [
        "new service      Укладка: 1500 RUB, 60 min",
        "service gone     Чёлка",
        "service changed  Стрижка: 1500 RUB becomes 1700.50 RUB; 60 min becomes 75 min; masters 7, 8 become 7",
        "service changed  Окрашивание: now called Цвет",
        "new master       Вера",
        "master gone      Ольга",
        "other shifts     Анна: 2030-01-07 12:00-18:00 instead of 10:00-14:00, 15:00-20:00, on that day",
    ]
    assert list(left_out_lines(pull.left_out)) == [
        "left out         Стрижка: none of the masters offered online does it"
    ]
    assert OLGA not in pull.catalog.services[0].staff_ids


def test_what_would_be_gone_is_told_in_numbers() -> None:
    assert (
        loss_words((Loss("services", 9, 12), Loss("masters at work", 4, 4)))
        == "9 of 12 services, 4 of 4 masters at work"
    )


def test_an_unknown_source_is_a_wrong_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CATALOG_SOURCE", "both")
    with pytest.raises(UsageError, match=r"CATALOG_SOURCE: .*'file' or 'yclients'"):
        load_settings()
