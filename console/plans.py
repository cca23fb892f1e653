"""The plan as it is shown: its JSON form, its code, and in what a plan that was shown differs from that of now."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from console.crm_wiring import open_crm
from console.errors import UsageError
from console.wiring import House
from ledger.values import BookingId, booking_code
from projections.integration import integration
from projections.queue import live_since
from sync.plan import Past, PlanItem, conflicts, present_plan
from sync.projector import LIVE_FOR
from sync.wire import CrmRecord

Clashes = Mapping[BookingId, list[CrmRecord]]
_PAGE = 2_000
_CODE = re.compile(r"[0-9a-f]{8}")


class ShownItem(msgspec.Struct, frozen=True):
    """A booking in a plan: `operation` is what is to come of its `step`, a conflict if its time is taken in the CRM."""

    booking_id: BookingId
    code: str
    operation: str
    step: str
    reason: str
    staff_id: int
    starts_at: datetime

    @property
    def place(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M} with {self.staff_id}"


class ShownPlan(msgspec.Struct, frozen=True):
    """What `zapisnik sync plan --json` printed; `conflict` is None when the CRM could not be asked."""

    code: str
    past_choice: Past
    conflict: int | None
    items: tuple[ShownItem, ...]


def current_plan(house: House, past: Past | None = None) -> tuple[list[PlanItem], Clashes | None]:
    """The plan, and which of its creates would meet somebody else's record; None when the CRM can't be asked.

    `past` is what is to become of visits whose time has gone by; without it what was chosen last.
    """
    state = integration(house.ledger)
    since = live_since(house.database, state.resumed_at, LIVE_FOR)
    items = list(present_plan(house.database, house.clock.now(), past or state.past, since, page=_PAGE))
    if not house.settings.has_crm():
        return items, None
    with open_crm(house) as crm:
        return items, conflicts(crm, items)


def plan_code(items: Sequence[PlanItem]) -> str:
    """Eight characters that change with any item, its step, its time or the order; not with what the CRM says."""
    digest = hashlib.sha256()
    for item in items:
        slot = item.state.slot
        digest.update(f"{item.booking_id} {item.step} {slot.staff_id} {slot.starts_at.timestamp()}\n".encode())
    return digest.hexdigest()[:8]


def plan_json(items: Sequence[PlanItem], clashing: Clashes | None, past: Past) -> dict[str, Any]:
    """The form the contract promises."""
    shown = [_shown(item, clashing) for item in items]
    counted = Counter(item.operation for item in shown)
    return {
        "code": plan_code(items),
        "past_choice": past,
        **{operation: counted[operation] for operation in ("create", "move", "cancel", "skip")},
        "conflict": counted["conflict"] if clashing is not None else None,
        "past": counted["past"],
        "look_up": counted["look_up"],
        "items": [msgspec.structs.asdict(item) for item in shown],
    }


def reason_of(item: PlanItem, clashing: Clashes | None) -> str:
    if clashing and item.booking_id in clashing:
        return f"the time is taken in the CRM by record {clashing[item.booking_id][0].record_id}"
    return item.reason


def read_plan(text: str) -> ShownPlan | str:
    """A plan from the file of this name, or a plan's code. Raises UsageError when it is neither."""
    path = Path(text)
    if not path.is_file():
        if _CODE.fullmatch(text):
            return text
        raise UsageError(f"--plan: {text} is neither a file nor the code of a plan, like 3f9a01c2")
    try:
        return msgspec.json.decode(path.read_bytes(), type=ShownPlan)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UsageError(f"--plan: {text} is not what `zapisnik sync plan --json` prints: {error}") from error


def differences(shown: ShownPlan, items: Sequence[PlanItem], clashing: Clashes | None) -> Iterator[str]:
    """In words, what is to be done now that was not shown, or not so; conflicts only where both plans know them."""
    by_outcome = shown.conflict is not None and clashing is not None
    before = {item.booking_id: item for item in shown.items}
    after = {item.booking_id: _shown(item, clashing) for item in items}
    for booking_id, item in after.items():
        if booking_id not in before:
            yield f"new      {item.code}  {_said(item, by_outcome=by_outcome)}"
    for booking_id, item in before.items():
        if booking_id not in after:
            yield f"gone     {item.code}  {_said(item, by_outcome=by_outcome)}"
    same = [booking_id for booking_id in before if booking_id in after]
    changed = False
    for booking_id in same:
        was, is_ = (_said(one[booking_id], by_outcome=by_outcome) for one in (before, after))
        if was != is_:
            changed = True
            yield f"changed  {booking_code(booking_id)}  {is_}; was {was}"
    if not changed and same != [booking_id for booking_id in after if booking_id in before]:
        yield "order    the same bookings, in another order"


def _contract_step(item: PlanItem) -> str:
    """The contract knows one kind of removal."""
    return "cancel" if item.step == "remove" else item.step


def _said(item: ShownItem, *, by_outcome: bool) -> str:
    return f"{item.operation if by_outcome else item.step} {item.place}"


def _shown(item: PlanItem, clashing: Clashes | None) -> ShownItem:
    is_conflict = item.step == "parked" or bool(clashing and item.booking_id in clashing)
    return ShownItem(
        item.booking_id,
        booking_code(item.booking_id),
        "conflict" if is_conflict else _contract_step(item),
        item.step,
        reason_of(item, clashing),
        item.state.slot.staff_id,
        item.state.slot.starts_at,
    )
