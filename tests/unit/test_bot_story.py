"""A booking's life in plain words: every event has its sentence, in either language."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import get_args

import msgspec
import pytest

from bot.texts.story import story_lines
from ledger import events as e
from projections.catalog import Catalog
from tests.builders import (
    MOSCOW,
    NOW,
    RECORD,
    attempted,
    cancelled,
    catalog,
    consent,
    failed,
    held,
    history,
    lapsed,
    made,
    moved,
    seen_in_crm,
    slot,
    succeeded,
)
from tests.examples import EXAMPLES

CATALOG = Catalog(catalog(), datetime(2030, 1, 1, tzinfo=UTC))


LANGUAGES: tuple[e.Language, ...] = get_args(e.Language)


def told(*events: e.AnyEvent, language: e.Language = "ru") -> str:
    lines = story_lines(history(*events), CATALOG, MOSCOW, language)
    return "\n".join(lines)


def test_a_story_is_told_in_order_with_the_salons_times() -> None:
    events = history(held(), made(), attempted(), succeeded(seen_by="look_up"))
    assert story_lines(events, CATALOG, MOSCOW, "ru") == [
        "6 января 2030, 12:00 — Время за клиентом до 12:10: Стрижка, Анна, понедельник, 7 января, 10:00–11:00. "
        "Ждём подтверждения.",
        "6 января 2030, 12:00 — Запись сделана: Стрижка, Анна, понедельник, 7 января, 10:00–11:00, 1\xa0500\xa0₽.",
        "6 января 2030, 12:00 — Попытка 1: создаём запись в CRM (передаётся 1 событие).",
        "6 января 2030, 12:00 — Получилось: запись есть в CRM, № 9001 (нашли поиском).",
    ]
    assert story_lines(events, CATALOG, MOSCOW, "en") == [
        "6 January 2030, 12:00 — The time is kept for the client until 12:10: Стрижка, Анна, Monday, 7 January, "
        "10:00–11:00. Waiting for confirmation.",
        "6 January 2030, 12:00 — Booked: Стрижка, Анна, Monday, 7 January, 10:00–11:00, ₽1,500.",
        "6 January 2030, 12:00 — Attempt 1: creating the record in the CRM (passing on 1 event).",
        "6 January 2030, 12:00 — Done: the CRM has the record, no. 9001 (found by looking it up).",
    ]


def test_plurals_follow_the_language() -> None:
    assert "передаётся 2 события" in told(attempted(covers=(1, 2)))
    assert "передаётся 5 событий" in told(attempted(covers=(1, 2, 3, 4, 5)))
    assert "passing on 2 events" in told(attempted(covers=(1, 2)), language="en")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("outcome", ["not_sent", "refused", "unknown", "absent"])
def test_every_outcome_of_an_attempt_is_told(outcome: str, language: e.Language) -> None:
    assert "CRM" in told(failed(outcome=outcome), language=language)


def test_a_failure_tells_its_kind_its_status_and_what_follows() -> None:
    later = failed(outcome="not_sent", kind="not_sent", retry_at=NOW + timedelta(minutes=5))
    assert "нет связи). Следующая попытка не раньше 6 января 2030, 12:05." in told(later)
    parked = told(failed(kind="invalid", status=422, parked=True))
    assert "(запрос не принят, HTTP 422). Дальше решает человек." in parked
    assert "something_new" in told(failed(kind="something_new"))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reason", get_args(e.LapseReason))
def test_every_lapse_is_told(reason: e.LapseReason, language: e.Language) -> None:
    event = lapsed()
    assert told(e.HoldLapsed(event.booking_id, event.client_id, event.slot, reason), language=language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", get_args(e.ConflictKind))
def test_every_conflict_is_told_with_its_records(kind: e.ConflictKind, language: e.Language) -> None:
    assert told(e.ConflictFound(held().booking_id, kind), language=language).endswith(".")
    assert "9001" in told(e.ConflictFound(held().booking_id, kind, (RECORD,)), language=language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reason", get_args(e.SkipReason))
def test_every_skip_is_told(reason: e.SkipReason, language: e.Language) -> None:
    assert "CRM" in told(e.SyncSkipped(held().booking_id, (1,), reason), language=language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", [None, *get_args(e.ConflictKind)])
@pytest.mark.parametrize("answer", get_args(e.Answer))
def test_every_answer_to_a_conflict_is_told(
    kind: e.ConflictKind | None, answer: e.Answer, language: e.Language
) -> None:
    resolved = e.ConflictResolved(held().booking_id, held().client_id, answer, kind)
    assert told(resolved, language=language).endswith(".")


def test_an_answer_is_told_by_what_it_means_for_its_question() -> None:
    about = held().booking_id, held().client_id
    assert "одну из записей оставляем" in told(e.ConflictResolved(*about, "ours", "duplicate"))
    assert "создаём её в CRM заново" in told(e.ConflictResolved(*about, "ours", "removed_in_crm"))
    assert "отказываемся от нашей записи" in told(e.ConflictResolved(*about, "theirs", "slot_busy"))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reason", get_args(e.UntoldReason))
def test_every_reason_why_a_client_could_not_be_told_is_told(reason: e.UntoldReason, language: e.Language) -> None:
    assert told(e.ClientNoticeFailed(held().booking_id, held().client_id, (1,), reason), language=language)


def test_what_staff_did_in_the_crm_is_told_with_the_time_before() -> None:
    said = told(EXAMPLES["crm_booking_moved"])
    assert "Ольга, понедельник, 7 января, 16:00–17:00" in said
    assert "10:00–11:00" in said


def test_the_rest_of_a_booking_is_told() -> None:
    assert "запись отменена" in told(cancelled())
    assert "запись перенесена: Стрижка, Анна, понедельник, 7 января, 16:00–17:00." in told(moved(slot("16:00")))
    assert "уже было занято" in told(msgspec.structs.replace(made(), overlap_allowed=True))
    assert "№ 9001" in told(seen_in_crm())
    assert "обе записи оставлены" in told(seen_in_crm(overlap_allowed=True))


def test_what_came_from_an_older_system_says_so() -> None:
    items = [msgspec.structs.replace(item, cause="import:old-bot:ab") for item in history(lapsed(), made())]
    hold, booking = story_lines(items, CATALOG, MOSCOW, "ru")
    assert "Перенесено из прежней программы. Запись сделана" in booking
    assert "Перенесено" not in hold, "the hold was the bot's own"
    assert "Перенесено" not in told(made())


def test_what_is_about_something_else_is_left_out_and_what_is_gone_is_told_by_number() -> None:
    assert told(catalog(), consent()) == ""
    assert "услуга № 1, мастер № 7" in story_lines(history(made()), None, MOSCOW, "ru")[0]
    assert "service no. 1, master no. 7" in story_lines(history(made()), None, MOSCOW, "en")[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_event_of_a_booking_has_a_sentence(language: e.Language) -> None:
    one_of_each: list[e.AnyEvent] = [
        held(), lapsed(), made(), moved(slot("16:00")), cancelled(), seen_in_crm(), attempted(), succeeded(), failed(),
        e.SyncSkipped(held().booking_id, (1,), "past"), e.ConflictFound(held().booking_id, "overlap"),
    ]  # fmt: skip
    one_of_each += [
        e.VisitConfirmed(held().booking_id, held().client_id, slot()),
        *(
            shape(held().booking_id, held().client_id, "day_before", NOW)
            for shape in (e.ReminderAttempted, e.ReminderSent)
        ),
        e.ReminderFailed(held().booking_id, held().client_id, "hours_before", NOW, "blocked"),
    ]
    one_of_each += [
        EXAMPLES[name]
        for name in (
            "crm_booking_moved",
            "crm_booking_removed",
            "conflict_resolved",
            "client_notice_sent",
            "client_notice_failed",
        )
    ]
    shapes = [
        *get_args(e.BookingEvent),
        *get_args(e.SyncEvent),
        *get_args(e.ReminderEvent),
        *get_args(e.ClientNoticeEvent),
        e.VisitConfirmed,
    ]
    assert {type(event) for event in one_of_each} == set(shapes)
    lines = story_lines(history(*one_of_each), CATALOG, MOSCOW, language)
    assert len(lines) == len(one_of_each)
    assert all(line.endswith(".") for line in lines)
