"""The audit at the end of the demo: raw events on one side, plain GETs from the CRM on the other."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
import msgspec

from ledger.integrity import verify_chain
from ledger.recorder import PostgresRecorder

Json = dict[str, Any]  # somebody else's JSON has no type of ours
INVARIANTS = ("overlap", "duplicate", "missing", "extra", "chain", "unsettled", "unanswered")


@dataclass
class Audit:
    """What was counted, and what is broken: invariant and detail."""

    made: int = 0
    moved: int = 0
    cancelled: int = 0
    events: int = 0
    attempts: int = 0
    crm_records: int = 0
    overlaps: int = 0
    duplicates: int = 0
    missing: int = 0
    extra: int = 0
    unsettled: int = 0
    unanswered: int = 0
    verified: bool = False
    broken: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class CrmAddress:
    """Where to GET from, and with which header."""

    url: str
    company_id: int
    authorization: str


def audit(recorder: PostgresRecorder, crm: CrmAddress, unanswered: list[int]) -> Audit:
    """Counts everything and names each broken invariant."""
    result = Audit()
    active = _read_log(recorder, result)
    _check_overlaps(active, result)
    _check_crm(active, crm_records(crm), result)
    chain = verify_chain(recorder)
    result.verified = chain.ok
    if not chain.ok:
        result.broken.append(("chain", f"the log is broken at position {chain.first_bad_position}: {chain.reason}"))
    result.unanswered = len(unanswered)
    if unanswered:
        result.broken.append(("unanswered", f"updates without an answer: {unanswered[:5]}"))
    return result


def crm_records(crm: CrmAddress) -> list[Json]:
    """The CRM's live records by plain GETs, page by page."""
    headers = {"Authorization": crm.authorization, "Accept": "application/vnd.yclients.v2+json"}
    records: list[Json] = []
    page = 1
    while True:
        answer = httpx.get(
            f"{crm.url}/api/v1/records/{crm.company_id}",
            params={"page": page, "count": 100},
            headers=headers,
            trust_env=False,
        )
        answer.raise_for_status()
        body = answer.json()
        records += body["data"]
        if len(records) >= body["meta"]["total_count"] or not body["data"]:
            return [record for record in records if not record["deleted"]]
        page += 1


def _read_log(recorder: PostgresRecorder, result: Audit) -> dict[int, Json]:
    """The active bookings' facts; counts events and finds booking events that never ended."""
    active: dict[int, Json] = {}
    unsettled: set[int] = set()
    for item in recorder.read():
        facts = msgspec.json.decode(item.event.data)["facts"]
        result.events += 1
        match item.event.type:
            case "booking_made":
                result.made += 1
                active[facts["booking_id"]] = facts
                unsettled.add(item.position)
            case "booking_moved":
                result.moved += 1
                active[facts["booking_id"]] = facts
                unsettled.add(item.position)
            case "booking_cancelled":
                result.cancelled += 1
                active.pop(facts["booking_id"], None)
                unsettled.add(item.position)
            case "sync_attempted":
                result.attempts += 1
            case "sync_succeeded" | "sync_skipped":
                unsettled -= set(facts["covers"])
    result.unsettled = len(unsettled)
    if unsettled:
        result.broken.append(("unsettled", f"booking events that did not end: positions {sorted(unsettled)[:5]}"))
    return active


def _check_overlaps(active: dict[int, Json], result: Audit) -> None:
    by_staff: dict[int, list[tuple[datetime, datetime, int]]] = defaultdict(list)
    for booking_id, facts in active.items():
        slot = facts["slot"]
        starts_at, ends_at = (datetime.fromisoformat(slot[end]) for end in ("starts_at", "ends_at"))
        by_staff[slot["staff_id"]].append((starts_at, ends_at, booking_id))
    for staff_id, slots in by_staff.items():
        slots.sort()
        for n, (_, ends_at, booking_id) in enumerate(slots):
            for starts_at, _, other_id in slots[n + 1 :]:
                if starts_at >= ends_at:
                    break
                result.overlaps += 1
                result.broken.append(("overlap", f"staff {staff_id}: bookings {booking_id} and {other_id}"))


def _check_crm(active: dict[int, Json], records: list[Json], result: Audit) -> None:
    """Each active booking once, at its master and time, and nothing else."""
    result.crm_records = len(records)
    held = Counter(_place(record) for record in records)
    wanted = Counter(_slot_place(facts) for facts in active.values())
    for place, times in wanted.items():
        where = f"staff {place[0]} at {place[1]}"
        if held[place] < times:
            result.missing += times - held[place]
            result.broken.append(("missing", f"booked here {times} times, in the CRM {held[place]} times: {where}"))
        elif held[place] > times:
            result.duplicates += held[place] - times
            result.broken.append(("duplicate", f"booked here {times} times, in the CRM {held[place]} times: {where}"))
    for place in held.keys() - wanted.keys():
        result.extra += held[place]
        result.broken.append(("extra", f"the CRM holds what nobody has booked: staff {place[0]} at {place[1]}"))


def _place(record: Json) -> tuple[int, str, int]:
    return int(record["staff_id"]), str(record["date"])[:16], int(record["seance_length"]) // 60


def _slot_place(facts: Json) -> tuple[int, str, int]:
    slot = facts["slot"]
    starts_at, ends_at = datetime.fromisoformat(slot["starts_at"]), datetime.fromisoformat(slot["ends_at"])
    return slot["staff_id"], f"{starts_at:%Y-%m-%d %H:%M}", int((ends_at - starts_at).total_seconds()) // 60
