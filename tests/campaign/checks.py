"""What must be true once the faults have stopped and every question was answered."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from ledger import events as e
from ledger.codec import Recorded
from ledger.integrity import verify_chain
from ledger.ledger import recorded
from ledger.values import BookingId
from projections import schedule
from projections.projector import scratch
from projections.schedule import Schedule
from tests.builders import MOSCOW
from tests.campaign.line import ELSEWHERE, Sent
from tests.campaign.telling import Told, place, tell, where
from tests.campaign.world import World

PER_SECOND, PER_MINUTE = 5, 200


@dataclass(frozen=True)
class Broken:
    """An invariant that does not hold, and the bookings it is about."""

    invariant: str
    detail: str
    booking_ids: tuple[int, ...] = ()


def check(world: World) -> list[Broken]:
    """Everything that is wrong with a world that has come to rest."""
    log = read_log(world)
    told = tell(log)
    return [
        *_equal(world, told),
        *_wanted_records(world, told),
        *_once(world),
        *_not_resurrected(world, told),
        *_wishes_stand(world, told),
        *_settled(world, log),
        *_within_limits(world.journal.sent),
        *_kept_apart(world),
        *_replayable(world, told),
    ]


def read_log(world: World) -> list[Recorded]:
    """The whole log."""
    return [recorded(one) for one in world.ground.recorder.page(None, 0, 100_000)[0]]


def _equal(world: World, told: dict[BookingId, Told]) -> Iterator[Broken]:
    """Each booking stands in the CRM where the ledger has it, once, or not at all."""
    entries = {entry.record_id: entry for entry in world.simulator.entries()}
    owned = {one.record_id for one in told.values() if one.stands}
    for one in told.values():
        if _is_over_and_touched(world, one.slot.starts_at, one.record_id):
            continue
        entry = entries.get(one.record_id or 0)
        is_live = entry is not None and not entry.deleted
        if not one.stands:
            if is_live and one.record_id not in owned:
                yield Broken("removed here, standing in the CRM", f"record {one.record_id}", (one.booking_id,))
        elif not is_live:
            if not (one.is_ours and one.is_past_skipped):
                yield Broken("standing here, not in the CRM", f"record {one.record_id}", (one.booking_id,))
        elif entry is not None and place(entry) != where(one.slot):
            detail = f"here {where(one.slot)}, there {place(entry)}"
            if not (one.is_ours and one.is_past_skipped):
                yield Broken("at another place in the CRM", detail, (one.booking_id,))


def _wanted_records(world: World, told: dict[BookingId, Told]) -> Iterator[Broken]:
    """Each record of the CRM is one standing booking's, and carries its services."""
    owners: dict[int, list[Told]] = {}
    for one in told.values():
        if one.record_id is not None:
            owners.setdefault(one.record_id, []).append(one)
    for entry in world.simulator.entries():
        ours = [one for one in owners.get(entry.record_id, []) if one.stands]
        if entry.deleted or _is_over_and_touched(world, place(entry)[1], entry.record_id):
            continue
        if len(ours) != 1:
            about = tuple(one.booking_id for one in ours) or _by_number(world, entry.record_id)
            yield Broken(f"a record of {len(ours)} bookings", f"record {entry.record_id} at {place(entry)}", about)
        elif sorted(str(service["id"]) for service in entry.new.services) != sorted(map(str, ours[0].service_ids)):
            yield Broken("other services in the CRM", f"record {entry.record_id}", (ours[0].booking_id,))


def _is_over_and_touched(world: World, starts_at: datetime, record_id: int | None) -> bool:
    """What staff do to visits of days that are over is nobody's business any more: the diary is read from today on."""
    by_hand = {entry.record_id for entry in world.simulator.entries() if entry.is_by_hand}
    touched = by_hand | {touch.record_id for touch in world.staff.touches}
    return record_id in touched and starts_at.astimezone(MOSCOW).date() < world.hand.now().date()


def _by_number(world: World, record_id: int) -> tuple[int, ...]:
    return tuple(int(one.api_id) for one in world.births.all if one.record_id == record_id and one.api_id)


def _once(world: World) -> Iterator[Broken]:
    """No booking has two records that stand, whatever number they carry by now."""
    live = {entry.record_id for entry in world.simulator.entries() if not entry.deleted}
    for api_id in sorted({one.api_id for one in world.births.all}):
        standing = [one.record_id for one in world.births.of(int(api_id)) if one.record_id in live]
        if len(standing) > 1:
            yield Broken("a record twice", f"records {standing}", (int(api_id),))
    born = {birth.record_id for birth in world.births.all}
    visits: dict[tuple[object, ...], list[int]] = {}
    for entry in world.simulator.entries():
        if not entry.deleted and entry.new.client.get("phone"):
            services = tuple(str(service["id"]) for service in entry.new.services)
            visits.setdefault((entry.new.client["phone"], services, *place(entry)[:2]), []).append(entry.record_id)
    for visit, records in visits.items():
        if any(record in born and record > min(records) for record in records):  # what staff write twice is theirs
            about = {one for record in records for one in _by_number(world, record)}
            yield Broken("a visit twice", f"records {records}: {visit[1:]}", tuple(sorted(about)))


def _not_resurrected(world: World, told: dict[BookingId, Told]) -> Iterator[Broken]:
    """What staff removed comes back only by an operator's answer or a client's new wish."""
    removed = {touch.record_id: touch.at for touch in world.staff.touches if touch.what == "removed"}
    for one in told.values():
        births = world.births.of(one.booking_id)
        for first in births:
            gone_at = removed.get(first.record_id)
            later = [birth for birth in births if gone_at is not None and birth.at > gone_at]
            if gone_at is not None and later and not _woken_since(world, one, gone_at):
                yield Broken("resurrected", f"record {later[0].record_id} after {first.record_id}", (one.booking_id,))


def _woken_since(world: World, one: Told, gone_at: float) -> bool:
    return any(
        isinstance(item.event, e.ConflictResolved | e.BookingMoved)
        and (item.recorded_at - world.hand.began).total_seconds() >= gone_at
        for item in one.history
    )


def _wishes_stand(world: World, told: dict[BookingId, Told]) -> Iterator[Broken]:
    """The client's last acknowledged wish stands, unless staff or an operator overruled it."""
    for booking_id, wish in world.clients.wishes.items():
        one = told[booking_id]
        records = {one.record_id, *(birth.record_id for birth in world.births.of(booking_id))}
        touches = [touch for touch in world.staff.touches if touch.record_id in records]
        stands = one.slot if one.stands else None
        if stands == wish.slot or "theirs" in wish.answers:
            continue
        if one.stands and where(one.slot) in [touch.place for touch in touches]:
            continue
        if not one.stands and any(touch.what == "removed" for touch in touches):
            continue
        yield Broken("a wish lost", f"wished {wish.slot}, standing {stands}", (booking_id,))


def _settled(world: World, log: Sequence[Recorded]) -> Iterator[Broken]:
    """Every attempt has an outcome, every booking event an end, nobody waits."""
    open_attempts: dict[int, e.SyncAttempted] = {}
    for item in log:
        match item.event:
            case e.SyncAttempted() as attempt:
                open_attempts[attempt.attempt_id] = attempt
            case e.SyncSucceeded(attempt_id=done):
                open_attempts.pop(done, None)
            case e.SyncFailed(attempt_id=done, outcome="refused" | "absent" | "not_sent"):
                open_attempts.pop(done, None)
            case e.ConflictFound(booking_id=booking_id, kind=kind) if kind not in ("overlap", "unsendable"):
                for done in [one for one, attempt in open_attempts.items() if attempt.booking_id == booking_id]:
                    del open_attempts[done]
            case _:
                pass  # nothing to do with attempts
    for attempt in open_attempts.values():
        yield Broken("an attempt left open", f"attempt {attempt.attempt_id}", (attempt.booking_id,))
    with world.ground.database.transaction() as connection:
        rows = connection.execute("SELECT position, booking_id, sync FROM backlog_events ORDER BY position").fetchall()
        waiting = connection.execute(
            "SELECT booking_id, status FROM backlog WHERE status NOT IN ('synced', 'skipped') ORDER BY booking_id"
        ).fetchall()
    for position, booking_id, sync in rows:
        if sync not in ("succeeded", "skipped"):
            yield Broken("a booking event without an end", f"event {position} is {sync}", (booking_id,))
    for booking_id, status in waiting:
        yield Broken("not at rest", status, (booking_id,))


def _within_limits(sent: Sequence[Sent]) -> Iterator[Broken]:
    """Never above the vendor's limits, over all processes; and no 429 of our own making."""
    at = sorted(one.at for one in sent)
    for most, seconds in ((PER_SECOND, 1.0), (PER_MINUTE, 60.0)):
        for number, moment in enumerate(at):
            in_window = bisect_right(at, moment + seconds - 1e-6) - number
            if in_window > most:
                yield Broken("over the rate limit", f"{in_window} in {seconds:g} s from {moment:.2f} s")
                break
    for one in sent:
        if one.status == 429 and not any(fault.startswith("rate_limited") for fault in one.faults):
            yield Broken("a 429 of our own making", str(one))


def _kept_apart(world: World) -> Iterator[Broken]:
    """Nothing went to a stranger; nothing was stored under a lease that had passed on; nobody was asked in vain."""
    for booking_id, detail in world.in_vain:
        yield Broken("asked in vain", f"the busy time was its own: {detail}", (booking_id,))
    for one in world.journal.sent:
        if one.said == ELSEWHERE:
            yield Broken("a request to a stranger", str(one))
    for sender in world.senders:
        for crash in sender.crashes:
            yield Broken("a sender crashed", crash)
        for what in sender.ledger.usurped:
            yield Broken("stored under a lost lease", what)


def _replayable(world: World, told: dict[BookingId, Told]) -> Iterator[Broken]:
    """The chain verifies; the schedule is what the log gives when it is folded anew, by the product and by us."""
    if not verify_chain(world.ground.recorder).ok:
        yield Broken("the chain does not verify", "")
    with world.ground.database.transaction() as connection:
        live = schedule.all_bookings(connection)
    with scratch(world.ground.recorder, [Schedule()], lambda _: True) as (connection, _):
        if schedule.all_bookings(connection) != live:
            yield Broken("the schedule is not its replay", "")
    ours = {one.booking_id: where(one.slot) for one in told.values() if one.stands}
    theirs = {row.booking_id: (row.staff_id, row.starts_at, row.ends_at) for row in live if row.status == "booked"}
    for booking_id in sorted(ours.keys() | theirs.keys()):
        if ours.get(booking_id) != theirs.get(booking_id):
            yield Broken("the schedule is not what the log tells", "", (booking_id,))
