"""`--check`: the live rows held against the log, both ways, while appends go on; nothing is changed by it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ledger.errors import SchemaVersionError
from ledger.values import BookingId
from projections.backlog import BacklogProjection
from projections.comparison import SHOWN, Difference, compare
from projections.errors import SwitchBlockedError
from projections.projector import Follower
from projections.rebuild import Progress, rebuild
from projections.schedule import Schedule
from tests.builders import BOOKING, DARIA, OTHER_BOOKING, slot
from tests.store import Salon, contents, read_models


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projections.projector.PAGE", 3)


@pytest.fixture
def kept(busy: Salon) -> Salon:
    """All read models at the head."""
    Follower(busy.recorder, read_models(), "a").catch_up()
    return busy


def spoil(salon: Salon, *statements: str) -> None:
    with salon.database.transaction() as connection:
        for statement in statements:
            connection.execute(statement.encode())


def differences(salon: Salon) -> list[Difference]:
    found = [compare(salon.recorder, model) for model in read_models()]
    assert [one.equal for one in found] == [not one.differences for one in found]
    assert sum(one.count for one in found) == sum(len(one.differences) for one in found)
    return [one for comparison in found for one in comparison.differences]


def test_untouched_rows_are_as_the_log_says(kept: Salon) -> None:
    assert differences(kept) == []


@pytest.mark.parametrize(
    ("spoiled", "found"),
    [
        (
            f"UPDATE schedule SET status = 'booked', version = 7 WHERE booking_id = {BOOKING}",
            Difference("schedule", "different", {"booking_id": BOOKING}, ["version", "status"]),
        ),
        (
            f"DELETE FROM schedule WHERE booking_id = {OTHER_BOOKING}",
            Difference("schedule", "missing", {"booking_id": OTHER_BOOKING}),
        ),
        (
            """INSERT INTO schedule (booking_id, version, staff_id, starts_at, ends_at, service_ids, status, origin)
               VALUES (9, 1, 9, now(), now(), '{}', 'booked', 'bot')""",
            Difference("schedule", "extra", {"booking_id": 9}),
        ),
        (
            f"UPDATE backlog SET state = replace(state::text, ':', ': ')::json WHERE booking_id = {OTHER_BOOKING}",
            Difference("backlog", "different", {"booking_id": OTHER_BOOKING}, ["state"]),
        ),
        (
            "UPDATE catalog_shifts SET facts = '{}' WHERE staff_id = 7",
            Difference("catalog_shifts", "different", {"staff_id": 7}, ["facts"]),
        ),
        (
            "ALTER TABLE backlog ALTER record_id TYPE text",
            Difference("backlog", "shape", columns=["record_id"]),
        ),
        ("DROP TABLE backlog_failures", Difference("backlog_failures", "missing")),
    ],
)  # fmt: skip
def test_what_was_altered_behind_the_log_is_named_and_a_rebuild_mends_it(
    kept: Salon, spoiled: str, found: Difference
) -> None:
    spoil(kept, spoiled)

    assert differences(kept) == [found]
    assert differences(kept) == [found]  # looking changes nothing

    for model in read_models():
        rebuild(kept.recorder, model, "a")
    assert differences(kept) == []


def test_a_guard_that_was_taken_off_is_named(kept: Salon) -> None:
    spoil(kept, "ALTER TABLE schedule DROP CONSTRAINT schedule_no_overlap")

    [found] = differences(kept)

    assert (found.table, found.kind) == ("schedule", "shape")
    assert found.columns[0].startswith("EXCLUDE USING gist (staff_id WITH =, tstzrange(starts_at, ends_at) WITH &&)")


def test_many_differences_are_all_counted_and_the_first_named(kept: Salon) -> None:
    spoil(kept, "INSERT INTO backlog_events SELECT n, 1, 'parked' FROM generate_series(1000, 1099) n")

    found = compare(kept.recorder, BacklogProjection())

    assert (found.count, len(found.differences)) == (100, SHOWN)
    assert [one.key["position"] for one in found.differences] == list(range(1000, 1000 + SHOWN))


def test_nothing_personal_is_told_of_a_row_that_differs(kept: Salon) -> None:
    spoil(kept, f'UPDATE backlog SET state = \'{{"phone": "+79160000001"}}\' WHERE booking_id = {OTHER_BOOKING}')

    assert "7916" not in repr(differences(kept))


def interfering(what: Callable[[], object]) -> Callable[[Progress], None]:
    """Something happens in the middle of the check, once."""
    left = [what]

    def watch(_: Progress) -> None:
        if left:
            left.pop()()

    return watch


@pytest.mark.parametrize("model", read_models(), ids=lambda model: model.name)
def test_what_is_appended_and_followed_meanwhile_does_not_count(kept: Salon, model: Schedule) -> None:
    head = kept.recorder.head()

    def book() -> None:
        kept.book(slot("18:00"), BookingId(77), DARIA)
        Follower(kept.recorder, read_models(), "a").catch_up()

    found = compare(kept.recorder, model, watch=interfering(book))

    assert found.equal
    assert found.progress.events == head < kept.recorder.head()
    assert compare(kept.recorder, model).equal


def test_a_following_model_is_held_against_the_log_as_far_as_it_has_come(busy: Salon) -> None:
    found = compare(busy.recorder, BacklogProjection())

    assert (found.equal, found.progress.events) == (True, 0)


def test_a_model_that_was_rebuilt_just_before_is_compared_with_the_new_rows(kept: Salon) -> None:
    spoil(kept, "DELETE FROM schedule")
    rebuild(kept.recorder, Schedule(), "a")
    live = contents(kept)

    assert differences(kept) == []
    assert contents(kept) == live


def test_a_rebuild_that_would_end_meanwhile_waits_for_the_check(kept: Salon, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables put in place after the check began would look empty to it."""
    monkeypatch.setattr("projections.rebuild.PATIENCE_SECONDS", 0.0)

    def rebuild_now() -> None:
        with pytest.raises(SwitchBlockedError, match="session"):
            rebuild(kept.recorder, Schedule(), "a")

    assert compare(kept.recorder, Schedule(), watch=interfering(rebuild_now)).equal


def test_a_model_of_another_version_cannot_be_checked(kept: Salon) -> None:
    spoil(kept, "UPDATE projections SET version = 1 WHERE name = 'schedule'")

    with pytest.raises(SchemaVersionError, match="schedule stands at version 1"):
        compare(kept.recorder, Schedule())
