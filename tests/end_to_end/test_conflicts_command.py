"""`sync conflicts`, `resolve` and `retry` as an operator's shell and scripts meet them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ledger import events as e
from ledger.decisions import boundaries
from ledger.decisions.note_sync import BeginAttempt, NoteConflict, NoteOutcome
from ledger.values import BookingId, RecordId, Slot, booking_code
from projections import schedule
from tests.builders import NOW, slot
from tests.salon import Salon
from tests.shell import Shell

SIX = slot("18:00")


@pytest.fixture
def parked(salon: Salon) -> BookingId:
    return asked(salon, "slot_busy")


def asked(salon: Salon, kind: e.ConflictKind, their_slot: Slot | None = None) -> BookingId:
    booking_id = salon.book(slot("10:00"))
    note = NoteConflict(salon.order(), booking_id, kind, (RecordId(4711),), their_slot=their_slot)
    salon.ledger.execute(note)
    settled(salon)
    return booking_id


def settled(salon: Salon) -> None:
    """The read models at the head, and their leadership free for a process of its own."""
    salon.catch_up()
    salon.follower.step_down()


def answers(salon: Salon, booking_id: BookingId) -> list[e.Answer]:
    history = salon.ledger.history(boundaries.booking(booking_id))
    return [item.event.answer for item in history if isinstance(item.event, e.ConflictResolved)]


def listed(shell: Shell) -> list[dict[str, Any]]:
    """Any: JSON. The exit code says whether something waits."""
    done = shell.run("sync", "conflicts", "--json")
    found: list[dict[str, Any]] = json.loads(done.stdout)
    assert done.returncode == (1 if found else 0), done.stderr
    return found


def test_nothing_that_waits_is_good(shell: Shell, salon: Salon) -> None:
    settled(salon)
    done = shell.run("sync", "conflicts")
    assert (done.returncode, done.stdout) == (0, "No booking waits for anybody's decision.\n")
    assert listed(shell) == []


def test_what_waits_is_listed_with_both_sides_and_every_answer(shell: Shell, salon: Salon) -> None:
    booking_id = asked(salon, "moved_in_crm", SIX)
    code = booking_code(booking_id)
    shown = shell.run("sync", "conflicts")
    assert shown.returncode == 1
    for said in (
        f"{code}  Moved here and in the CRM as well",
        "Мария, +7",
        "Ours: Monday, 7 January, 10:00–11:00, Анна",
        "CRM: Monday, 7 January, 18:00–19:00, Анна",
        f"`zapisnik sync resolve {code} theirs`",
        f"`zapisnik sync retry {code}`",
    ):
        assert said in shown.stdout
    (one,) = listed(shell)
    assert (one["code"], one["reason"], one["records"], one["offered"]) == (code, "moved_in_crm", [4711], False)
    assert one["theirs"]["starts_at"].startswith("2030-01-07T18:00")
    assert {answer["answer"]: answer["effect"] for answer in one["answers"]} == {
        "ours": "bring_back",
        "theirs": "follow",
        "offer": "ask_client",
        "retry": "look_again",
    }


@pytest.mark.parametrize("answer", ["ours", "theirs", "offer"])
def test_an_answer_is_an_event_and_says_what_it_does(
    shell: Shell, salon: Salon, parked: BookingId, answer: str
) -> None:
    done = shell.run("sync", "resolve", booking_code(parked), answer)
    assert done.returncode == 0, done.stderr
    assert "Мария" in done.stdout
    assert answers(salon, parked) == [answer]
    booking = schedule.booking(salon.database, parked)
    assert booking is not None
    assert booking.status == ("cancelled" if answer == "theirs" else "booked")
    story = shell.run("story", str(parked)).stdout
    assert {"ours": "оставляем обе", "theirs": "отказываемся от нашей", "offer": "просим клиента"}[answer] in story


def test_retry_takes_the_number_as_well_and_warns_while_nothing_is_sent(
    shell: Shell, salon: Salon, parked: BookingId
) -> None:
    done = shell.run("sync", "retry", str(parked))
    assert (done.returncode, answers(salon, parked)) == (0, ["retry"])
    assert "sync resume" in done.stderr
    assert listed(shell) == []


def test_events_tell_what_waits_and_what_no_longer_does(shell: Shell, salon: Salon, parked: BookingId) -> None:
    def sync_of_made() -> tuple[str, str | None]:
        made = next(one for one in shell.lines("events", "--booking", str(parked)) if one["type"] == "booking_made")
        return made["sync"], made.get("sync_reason")

    assert sync_of_made() == ("parked", "slot_busy")
    shell.run("sync", "resolve", str(parked), "offer")
    settled(salon)
    assert sync_of_made() == ("parked", "slot_busy"), "it waits for the client now"
    salon.move(parked, slot("16:00"))
    settled(salon)
    assert sync_of_made() == ("pending", None)


def test_the_crms_words_are_shown_to_whoever_answers(shell: Shell, salon: Salon) -> None:
    salon.resume()
    booking_id = salon.book(slot("10:00"))
    attempt = salon.ledger.execute(BeginAttempt(salon.order(), booking_id, 7, "create", NOW, slot("10:00"))).answer
    message = salon.vault.seal(attempt.client_id, "Клиент в чёрном списке", "sync_failed.message")
    refused = e.SyncFailed(
        *(booking_id, attempt.client_id, 7, "create", "refused", "invalid", message, 422), parked=True
    )
    found = e.ConflictFound(booking_id, "client_refused")
    salon.ledger.execute(NoteOutcome(salon.order(), refused, found))
    settled(salon)
    (one,) = listed(shell)
    assert (one["reason"], one["said"]) == ("client_refused", "Клиент в чёрном списке")
    assert [answer["answer"] for answer in one["answers"]] == ["theirs", "retry"], "it cannot be forced on the CRM"
    assert "чёрном списке" not in shell.run("events", "--json").stdout


def test_what_cannot_be_answered_like_that_is_refused_with_the_remedy(shell: Shell, salon: Salon) -> None:
    booking_id = asked(salon, "removed_in_crm")
    done = shell.run("sync", "retry", str(booking_id))
    assert done.returncode == 2
    assert "The record was removed in the CRM" in done.stderr
    assert f"sync resolve {booking_code(booking_id)} ours" in done.stderr
    assert answers(salon, booking_id) == []


def test_a_booking_that_waits_for_nobody_is_exit_1_and_no_booking_at_all_is_2(shell: Shell, salon: Salon) -> None:
    booking_id = salon.book(slot("10:00"))
    done = shell.run("sync", "resolve", str(booking_id), "ours")
    assert (done.returncode, f"zapisnik story {booking_code(booking_id)}" in done.stderr) == (1, True)
    assert "there is no booking 7777-7777-77" in shell.run("sync", "retry", "7777-7777-77").stderr
    assert shell.run("sync", "resolve", "nonsense", "ours").returncode == 2
    assert shell.run("sync", "resolve", str(booking_id), "mine").returncode == 2


def test_a_client_who_was_asked_already_is_not_asked_again(shell: Shell, salon: Salon, parked: BookingId) -> None:
    assert shell.run("sync", "resolve", str(parked), "offer").returncode == 0
    again = shell.run("sync", "resolve", str(parked), "offer")
    assert (again.returncode, "has been asked already" in again.stderr) == (1, True)
    assert answers(salon, parked) == ["offer"]


def test_the_second_of_two_operators_is_told_that_it_is_answered(shell: Shell, salon: Salon, parked: BookingId) -> None:
    assert shell.run("sync", "resolve", str(parked), "theirs").returncode == 0
    assert shell.run("sync", "resolve", str(parked), "ours").returncode == 1
    assert answers(salon, parked) == ["theirs"]
