"""`zapisnik sync reconcile`: the ledger and the CRM side by side, and which event explains each difference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Annotated, Any

import typer

from console.cli.common import caught_up, house_of, named, print_json
from console.cli.reconcile_table import print_reconciliation
from console.crm_wiring import open_crm
from console.errors import FoundError, UsageError
from console.wiring import House
from ledger.values import BookingId
from projections.catalog import current_catalog
from sync.differences import Difference, OurBooking, has_other_phone, minutes_of
from sync.errors import (
    AuthError,
    GoneError,
    InvalidError,
    LicenceError,
    RateLimitedError,
    RightsError,
    SyncError,
)
from sync.reconcile import Reconciler, Reconciliation, Told
from sync.turns import Turns
from sync.wire import CrmRecord

_REMEDIES: dict[type[SyncError], str] = {
    AuthError: "it refuses our credentials: YCLIENTS_PARTNER_TOKEN, YCLIENTS_USER_TOKEN or YCLIENTS_PARTNER_ID",
    LicenceError: "the salon's licence with it has to be renewed",
    RightsError: "the user of YCLIENTS_USER_TOKEN may not read the diary of YCLIENTS_COMPANY_ID",
    GoneError: "it knows no such branch or address: YCLIENTS_COMPANY_ID or YCLIENTS_URL",
    InvalidError: "that is not how the CRM answers there: YCLIENTS_URL",
    RateLimitedError: "it asks for a pause; try again in a few minutes",
}
_AWAY = "it cannot be reached now, or YCLIENTS_URL is not its address"


def reconcile(
    from_on: Annotated[str | None, typer.Option("--from", help="First day; today without it.")] = None,
    until_on: Annotated[str | None, typer.Option("--until", help="Last day; that of the horizon without it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare the ledger with the CRM's diary, day by day, and explain each difference; changes nothing."""
    with house_of() as house:
        caught_up(house)
        first, last = _period(house, from_on, until_on)
        found = _reconciled(house, first, last)
        if as_json:
            print_json(reconciliation_json(found, house))
        else:
            print_reconciliation(found, current_catalog(house.database), house.zone)
    if found.told:
        unexplained = sum(one.explanation is None for one in found.told)
        raise FoundError(f"differences between ledger and CRM: {len(found.told)}, unexplained: {unexplained}")


def _period(house: House, from_on: str | None, until_on: str | None) -> tuple[date, date]:
    catalog = current_catalog(house.database)
    if catalog is None:
        raise UsageError("no catalogue yet, so the salon's time zone is not known: run `zapisnik catalog load` first")
    first = _day(from_on, "--from") or house.clock.now().date()
    last = _day(until_on, "--until") or max(
        first, house.clock.now().date() + timedelta(days=catalog.facts.policy.horizon_days)
    )
    if last < first:
        raise UsageError(f"--until: {last} is before the first day, {first}")
    return first, last


def _day(text: str | None, option: str) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{option}: {text!r} is not a day like 2026-11-23") from error


def _reconciled(house: House, first: date, last: date) -> Reconciliation:
    """Raises UsageError, with the CRM's own words and the setting to look at, when it cannot be read."""
    turns = Turns(house.database, timedelta(seconds=house.settings.sync_spacing_seconds))
    with open_crm(house, turns) as crm:
        reconciler = Reconciler(house.ledger, house.vault, crm, house.clock, lambda: caught_up(house))
        try:
            return reconciler.reconcile(first, last)
        except SyncError as failure:
            if isinstance(failure, RateLimitedError):
                turns.hold_back(timedelta(seconds=failure.retry_after or 60))
            raise UsageError(refusal(failure)) from failure


def refusal(failure: SyncError) -> str:
    """Why nothing can be compared: what is wrong, the CRM's own words, and where to look."""
    remedy = next((text for kind, text in _REMEDIES.items() if isinstance(failure, kind)), _AWAY)
    return f"the CRM's diary cannot be read: {remedy} ({failure}). Run `zapisnik sync doctor`; nothing was compared"


def reconciliation_json(found: Reconciliation, house: House) -> dict[str, Any]:
    """The form the contract promises, and a little more. No phone is in it, only whether it differs."""
    comparison = found.comparison
    return {
        "from": found.from_on,
        "until": found.until_on,
        "checked": comparison.checked,
        "equal": comparison.equal,
        "unexplained": sum(one.explanation is None for one in found.told),
        "in_motion": found.moving,
        "kinds": Counter(one.difference.kind for one in found.told),
        "digest": {"ours": comparison.ours_digest, "theirs": comparison.theirs_digest},
        "differences": [difference_json(one, lambda at: at.astimezone(house.zone)) for one in found.told],
        "notes": [
            {"kind": "api_id_lost", **named(booking.booking_id), "record_id": record.record_id}
            for booking, record in comparison.numberless
        ],
    }


def difference_json(told: Told, local: Callable[[datetime], datetime]) -> dict[str, Any]:
    one, why = told.difference, told.explanation
    return {
        "kind": one.kind,
        **_named(one),
        "record_id": one.record.record_id if one.record else None,
        "ours": _ours_json(one, local),
        "theirs": _theirs_json(one, local),
        "explained_by": None if why is None else {"position": why.position, "type": why.type},
        "sentence": None if why is None else why.sentence,
    }


def _named(one: Difference) -> dict[str, int | str | None]:
    if one.booking is None:
        return {"booking_id": None, "code": None}
    return {**named(BookingId(one.booking.booking_id))}


def _ours_json(one: Difference, local: Callable[[datetime], datetime]) -> dict[str, Any] | None:
    if one.kind == "empty_answer":
        return {"expected": one.expected}
    booking: OurBooking | None = one.booking
    if booking is None:
        return None
    return {
        "status": "booked" if booking.is_standing else "cancelled",
        "staff_id": booking.slot.staff_id,
        "starts_at": local(booking.slot.starts_at),
        "minutes": booking.minutes,
        "service_ids": booking.service_ids,
    }


def _theirs_json(one: Difference, local: Callable[[datetime], datetime]) -> dict[str, Any] | None:
    record: CrmRecord | None = one.record
    if record is None:
        return None
    return {
        "status": "removed" if record.deleted else "stands",
        "staff_id": record.staff_id,
        "starts_at": local(record.slot_start),
        "minutes": minutes_of(record),
        "service_ids": record.service_ids,
        "other_phone": one.booking is not None and has_other_phone(one.booking, record),
        "beside": one.beside.record_id if one.beside else None,
    }
